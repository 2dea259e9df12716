#define _GNU_SOURCE
#include "allocation_counter.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <link.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

// glibc's own allocator under the names that it keeps for replacements such as this one.
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *memory);

// One place for each thread that has ever allocated. On whole pages, so that a file can be mapped in its stead.
#define MAXIMUM_THREADS 4096
static struct thread_place {
    uint64_t thread;
    struct allocation_counts counts;
} places[MAXIMUM_THREADS] __attribute__((aligned(4096)));
static atomic_uint places_taken;

// In the thread's initial block, so that reading it never allocates.
static __thread struct thread_place *place __attribute__((tls_model("initial-exec")));

static struct thread_place *take_place(void) {
    unsigned index = atomic_fetch_add_explicit(&places_taken, 1, memory_order_relaxed);
    // Threads beyond the last place share it; their counts may then be a little low.
    place = &places[index < MAXIMUM_THREADS ? index : MAXIMUM_THREADS - 1];
    place->thread = (uint64_t)gettid();
    return place;
}

static inline struct allocation_counts *counts(void) {
    struct thread_place *own = place;
    return own != NULL ? &own->counts : &take_place()->counts;
}

struct range {
    uintptr_t start;
    uintptr_t end;
};

// Code of the program and of the Swift libraries. Written once, before anything is measured.
#define MAXIMUM_RANGES 64
static struct range ranges[MAXIMUM_RANGES];
static int range_count;

static int collect(struct dl_phdr_info *info, size_t size, void *context) {
    (void)size;
    (void)context;
    // The program itself has an empty name.
    bool is_swift = info->dlpi_name[0] == 0 || strstr(info->dlpi_name, "/libswift") != NULL;
    if (!is_swift) return 0;
    for (int index = 0; index < info->dlpi_phnum; index++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[index];
        if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_X) || range_count == MAXIMUM_RANGES) continue;
        uintptr_t start = info->dlpi_addr + segment->p_vaddr;
        ranges[range_count++] = (struct range){start, start + segment->p_memsz};
    }
    return 0;
}

void allocation_counter_start(void) {
    range_count = 0;
    dl_iterate_phdr(collect, NULL);
}

struct allocation_counts allocation_counter_read(void) { return *counts(); }

// Adds up the threads whose name is `name`.
struct allocation_counts allocation_counter_read_threads(const char *name) {
    struct allocation_counts sum = {0};
    unsigned taken = atomic_load_explicit(&places_taken, memory_order_relaxed);
    for (unsigned index = 0; index < taken && index < MAXIMUM_THREADS; index++) {
        char path[64], comm[32] = "";
        snprintf(path, sizeof path, "/proc/self/task/%" PRIu64 "/comm", places[index].thread);
        int file = open(path, O_RDONLY | O_CLOEXEC);
        if (file < 0) continue;
        ssize_t length = read(file, comm, sizeof comm - 1);
        close(file);
        if (length < 1) continue;
        comm[length - 1] = 0;
        if (strcmp(comm, name) != 0) continue;
        // Another thread writes these; each is one aligned word.
        volatile struct allocation_counts *other = &places[index].counts;
        sum.by_swift += other->by_swift;
        sum.by_libraries += other->by_libraries;
        sum.frees += other->frees;
    }
    return sum;
}

// Loaded before a program, the counter keeps its places in the file that LENS_ALLOCATION_TABLE names, for others to read while
// the program runs.
__attribute__((constructor)) static void map_places(void) {
    const char *path = getenv("LENS_ALLOCATION_TABLE");
    if (path == NULL) return;
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    bool mapped = file >= 0 && write(file, places, sizeof places) == sizeof places &&
                  mmap(places, sizeof places, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file, 0) == places;
    if (!mapped) {
        perror(path);
        _exit(1);
    }
    close(file);
    allocation_counter_start();
}

static inline void note(void *caller) {
    uintptr_t address = (uintptr_t)caller;
    for (int index = 0; index < range_count; index++) {
        if (address >= ranges[index].start && address < ranges[index].end) {
            counts()->by_swift++;
            return;
        }
    }
    counts()->by_libraries++;
}

// The caller tells who asked. A tail call hides one step, never more than within the same library or its caller.
#define NOTE_CALLER() note(__builtin_return_address(0))

void *malloc(size_t size) {
    NOTE_CALLER();
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
    NOTE_CALLER();
    return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size) {
    NOTE_CALLER();
    return __libc_realloc(memory, size);
}

void *reallocarray(void *memory, size_t count, size_t size) {
    NOTE_CALLER();
    size_t total;
    if (__builtin_mul_overflow(count, size, &total)) {
        errno = ENOMEM;
        return NULL;
    }
    return __libc_realloc(memory, total);
}

int posix_memalign(void **result, size_t alignment, size_t size) {
    NOTE_CALLER();
    if (alignment % sizeof(void *) != 0 || alignment == 0 || (alignment & (alignment - 1)) != 0) return EINVAL;
    void *memory = __libc_memalign(alignment, size);
    if (memory == NULL) return ENOMEM;
    *result = memory;
    return 0;
}

void *aligned_alloc(size_t alignment, size_t size) {
    NOTE_CALLER();
    return __libc_memalign(alignment, size);
}

void *memalign(size_t alignment, size_t size) {
    NOTE_CALLER();
    return __libc_memalign(alignment, size);
}

void free(void *memory) {
    if (memory != NULL) counts()->frees++;
    __libc_free(memory);
}

void allocation_counter_exercise(void) {
    // Volatile, so that the compiler leaves out neither the calls nor the memory.
    void *volatile kept[6] = {malloc(100), calloc(3, 33), aligned_alloc(64, 128), memalign(64, 100), NULL, NULL};
    void *aligned = NULL;
    if (posix_memalign(&aligned, 64, 100) == 0) kept[4] = aligned;
    kept[0] = realloc(kept[0], 1000);
    kept[5] = reallocarray(NULL, 5, 50);
    for (int index = 0; index < 6; index++) free(kept[index]);
}

void allocation_counter_exercise_library(void) {
    char *volatile copy = strdup("allocated within the C library");
    free(copy);
}
