// What Swift has no words for: memory that the system zeroes as it is touched, and hints to processor and system.
#pragma once

#include <stddef.h>

/// Brings `length` bytes at `memory` near, to be written soon. Never faults.
static inline void lens_prefetch_write(const void *memory, size_t length) {
    for (size_t offset = 0; offset < length; offset += 64) __builtin_prefetch((const char *)memory + offset, 1, 3);
}

/// Zeroed memory, or 0. Large pieces take no room until they are touched.
void *lens_allocate_zeroed(size_t length);
void lens_free(void *memory);

/// Asks for large pages below `length` bytes at `memory`, where the system has them, and touches each page.
void lens_populate(void *memory, size_t length);
