#include "memory_hints.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

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

static void store_record_plain(void *place, const void *record, const void *bytes, size_t length) {
    typedef long long block __attribute__((vector_size(16)));
    typedef long long loose __attribute__((vector_size(16), aligned(1)));
    block *to = place;
    __builtin_nontemporal_store(((const loose *)record)[0], to);
    __builtin_nontemporal_store(((const loose *)record)[1], to + 1);
    to += 2;
    const char *from = bytes;
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

#if defined(__x86_64__)
// A cache line with each store: none waits for the rest of its line.
__attribute__((target("avx512f,avx512bw"))) static void store_record_by_lines(
    void *place, const void *record, const void *bytes, size_t length) {
    __m512i *to = place;
    const char *from = bytes;
    size_t first = length < 32 ? length : 32;
    __m512i line = _mm512_maskz_loadu_epi8(((1ull << first) - 1) << 32, from - 32);
    _mm512_stream_si512(to++, _mm512_inserti64x4(line, _mm256_loadu_si256(record), 0));
    from += first, length -= first;
    for (; length >= 64; length -= 64, from += 64) _mm512_stream_si512(to++, _mm512_loadu_si512(from));
    if (length > 0) _mm512_stream_si512(to, _mm512_maskz_loadu_epi8(~0ull >> (64 - length), from));
}
#endif

void lens_store_record(void *place, const void *record, const void *bytes, size_t length) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512bw")) return store_record_by_lines(place, record, bytes, length);
#endif
    store_record_plain(place, record, bytes, length);
}
