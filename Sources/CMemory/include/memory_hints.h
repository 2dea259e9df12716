// What Swift has no words for: memory that the system zeroes as it is touched, and hints to processor and system.
#pragma once

#include <stddef.h>

/// Brings `length` bytes at `memory` near, to be read soon. Never faults.
static inline void lens_prefetch_read(const void *memory, size_t length) {
    for (size_t offset = 0; offset < length; offset += 64) __builtin_prefetch((const char *)memory + offset, 0, 3);
}

/// The same for what is to be written soon.
static inline void lens_prefetch_write(const void *memory, size_t length) {
    for (size_t offset = 0; offset < length; offset += 64) __builtin_prefetch((const char *)memory + offset, 1, 3);
}

/// Zeroed memory, or 0. Large pieces take no room until they are touched.
void *lens_allocate_zeroed(size_t length);
void lens_free(void *memory);

/// Asks for large pages below `length` bytes at `memory`, where the system has them.
void lens_prefer_large_pages(void *memory, size_t length);

/// Touches each page below `length` bytes at `memory`.
void lens_populate(void *memory, size_t length);

/// Writes a record, 32 bytes, and behind it `length` bytes, past the caches: what is written will hardly be read again. Up to 15
/// bytes behind them are written too. `place` is on a boundary of 16 bytes.
static inline void lens_store_record(void *place, const void *record, const void *bytes, size_t length) {
    typedef long long block __attribute__((vector_size(16)));
    typedef long long loose __attribute__((vector_size(16), aligned(1)));
    block *to = (block *)place;
    __builtin_nontemporal_store(((const loose *)record)[0], to);
    __builtin_nontemporal_store(((const loose *)record)[1], to + 1);
    to += 2;
    const char *from = (const char *)bytes;
    for (; length >= 64; length -= 64, from += 64, to += 4) {
        __builtin_nontemporal_store(((const loose *)from)[0], to);
        __builtin_nontemporal_store(((const loose *)from)[1], to + 1);
        __builtin_nontemporal_store(((const loose *)from)[2], to + 2);
        __builtin_nontemporal_store(((const loose *)from)[3], to + 3);
    }
    for (; length >= 16; length -= 16, from += 16) __builtin_nontemporal_store(*(const loose *)from, to++);
    if (length > 0) {
        block last = {0, 0};
        __builtin_memcpy(&last, from, length);
        __builtin_nontemporal_store(last, to);
    }
}
