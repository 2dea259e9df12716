#include "memory_hints.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

void *lens_allocate_zeroed(size_t length) { return calloc(1, length); }

void lens_free(void *memory) { free(memory); }

void lens_populate(void *memory, size_t length) {
    uintptr_t page = 4096, start = ((uintptr_t)memory + page - 1) & ~(page - 1), end = (uintptr_t)memory + length;
#ifdef MADV_HUGEPAGE
    if (end > start) (void)madvise((void *)start, end - start, MADV_HUGEPAGE);
#endif
    // Writing back what is there is enough for a page to be made.
    for (uintptr_t at = start; at < end; at += page) *(volatile char *)at = *(volatile char *)at;
}
