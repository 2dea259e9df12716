// What Swift has no words for: memory that the system zeroes as it is touched, and hints to processor and system.
#pragma once

#include <stddef.h>
#include <stdint.h>

/// Brings the cache lines of `length` bytes at `memory` near, to be read soon. Never faults.
static inline void lens_prefetch_read(const void *memory, size_t length) {
    const char *end = (const char *)memory + length;
    for (const char *line = (const char *)((uintptr_t)memory & ~(uintptr_t)63); line < end; line += 64)
        __builtin_prefetch(line, 0, 3);
}

/// The same for what is to be written soon.
static inline void lens_prefetch_write(const void *memory, size_t length) {
    const char *end = (const char *)memory + length;
    for (const char *line = (const char *)((uintptr_t)memory & ~(uintptr_t)63); line < end; line += 64)
        __builtin_prefetch(line, 1, 3);
}

/// Zeroed memory, or 0. Large pieces take no room until they are touched.
void *lens_allocate_zeroed(size_t length);
void lens_free(void *memory);

/// Asks for large pages below `length` bytes at `memory`, where the system has them.
void lens_prefer_large_pages(void *memory, size_t length);

/// Touches each page below `length` bytes at `memory`.
void lens_populate(void *memory, size_t length);

/// Writes a record, 32 bytes, and behind it `length` bytes, past the caches: what is written will hardly be read again. `place` is on a
/// boundary of 64 bytes; what is left of the last 64 bytes may be overwritten too.
void lens_store_record(void *place, const void *record, const void *bytes, size_t length);
