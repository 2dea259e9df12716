// Hints to the processor that Swift has no words for.
#pragma once

#include <stddef.h>

/// Brings `length` bytes at `memory` near, to be written soon. Never faults.
static inline void lens_prefetch_write(const void *memory, size_t length) {
    for (size_t offset = 0; offset < length; offset += 64) __builtin_prefetch((const char *)memory + offset, 1, 3);
}

/// As above, to be read.
static inline void lens_prefetch_read(const void *memory, size_t length) {
    for (size_t offset = 0; offset < length; offset += 64) __builtin_prefetch((const char *)memory + offset, 0, 3);
}
