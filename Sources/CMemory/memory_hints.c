#include "memory_hints.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

void *lens_allocate_zeroed(size_t length) { return calloc(1, length); }

void lens_free(void *memory) { free(memory); }

void lens_prefer_large_pages(void *memory, size_t length) {
#ifdef MADV_HUGEPAGE
    uintptr_t page = 4096, start = ((uintptr_t)memory + page - 1) & ~(page - 1), end = (uintptr_t)memory + length;
    if (end > start) (void)madvise((void *)start, end - start, MADV_HUGEPAGE);
#else
    (void)memory, (void)length;
#endif
}

void lens_populate(void *memory, size_t length) {
    // Writing back what is there is enough for a page to be made.
    for (char *at = memory, *end = at + length; at < end; at += 4096) *(volatile char *)at = *(volatile char *)at;
}
