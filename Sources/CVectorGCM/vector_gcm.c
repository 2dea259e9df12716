#include "vector_gcm.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define VECTORS __attribute__((target("avx512f,avx512bw,avx512vl,vaes,vpclmulqdq,pclmul,aes,bmi,bmi2,sse4.1,ssse3")))
#define HELPER static inline __attribute__((always_inline)) VECTORS

enum { blocks_at_once = 16, bytes_at_once = 256 };

struct key {
    // Of the hash key, the 16th first, so that what n blocks need stands in a row at the end.
    __m128i powers[blocks_at_once];
    __m128i rounds[15];
    uint32_t round_count;
};
_Static_assert(sizeof(struct key) <= LENS_VECTOR_GCM_KEY_SIZE, "an expanded key is longer than announced");

int lens_vector_gcm_is_available(void) {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("vaes") &&
           __builtin_cpu_supports("vpclmulqdq") && __builtin_cpu_supports("bmi2");
}

// GHASH's polynomials have their lowest coefficient in the highest bit. Blocks are turned round, so that products are those of
// numbers, off by one bit, which the powers make good by being shifted by it (Gueron and Kounavis, "Intel Carry-Less Multiplication
// Instruction and its Usage for Computing the GCM Mode").
HELPER __m128i turned(__m128i block) {
    return _mm_shuffle_epi8(block, _mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
}

HELPER __m512i turned4(__m512i blocks) {
    return _mm512_shuffle_epi8(
        blocks, _mm512_broadcast_i32x4(_mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)));
}

HELPER __m128i polynomial(void) { return _mm_set_epi64x((long long)0xC200000000000000, 1); }

HELPER __m128i times_x(__m128i value) {
    __m128i carries = _mm_srli_epi64(value, 63);
    __m128i overflow = _mm_srai_epi32(_mm_shuffle_epi32(value, 0xFF), 31);
    __m128i shifted = _mm_or_si128(_mm_slli_epi64(value, 1), _mm_slli_si128(carries, 8));
    return _mm_xor_si128(shifted, _mm_and_si128(overflow, polynomial()));
}

HELPER __m128i multiply(__m128i a, __m128i b) {
    __m128i low = _mm_clmulepi64_si128(a, b, 0x00), high = _mm_clmulepi64_si128(a, b, 0x11);
    __m128i middle = _mm_xor_si128(_mm_clmulepi64_si128(a, b, 0x01), _mm_clmulepi64_si128(a, b, 0x10));
    middle = _mm_ternarylogic_epi64(
        middle, _mm_shuffle_epi32(low, 0x4E), _mm_clmulepi64_si128(low, polynomial(), 0x10), 0x96);
    return _mm_ternarylogic_epi64(
        high, _mm_shuffle_epi32(middle, 0x4E), _mm_clmulepi64_si128(middle, polynomial(), 0x10), 0x96);
}

VECTORS void lens_vector_gcm_set_key(void *expanded, const uint8_t *bytes, size_t key_length) {
    struct key *key = expanded;
    uint32_t *words = (uint32_t *)key->rounds;
    unsigned of_key = key_length == 32 ? 8 : 4, total = (of_key + 7) * 4, constant = 1;
    __builtin_memcpy(words, bytes, of_key * 4);
    // FIPS 197 section 5.2.
    for (unsigned i = of_key; i < total; i++) {
        __m128i assisted = _mm_aeskeygenassist_si128(_mm_set1_epi32((int)words[i - 1]), 0);
        uint32_t word = words[i - 1];
        if (i % of_key == 0) {
            word = (uint32_t)_mm_extract_epi32(assisted, 1) ^ constant;
            constant = constant << 1 ^ (constant >> 7) * 0x11B;
        } else if (of_key == 8 && i % 8 == 4) {
            word = (uint32_t)_mm_extract_epi32(assisted, 0);
        }
        words[i] = words[i - of_key] ^ word;
    }
    key->round_count = of_key + 6;
    __m128i hash = key->rounds[0];
    for (unsigned round = 1; round < key->round_count; round++) hash = _mm_aesenc_si128(hash, key->rounds[round]);
    hash = times_x(turned(_mm_aesenclast_si128(hash, key->rounds[key->round_count])));
    __m128i power = hash;
    for (int i = blocks_at_once - 1; i >= 0; i--) {
        key->powers[i] = power;
        power = multiply(power, hash);
    }
}

// The bytes of the i-th vector that a piece of `length` bytes has.
HELPER __mmask64 bytes_of(size_t length, unsigned i) {
    size_t before = 64 * (size_t)i;
    if (length <= before) return 0;
    return length - before >= 64 ? ~0ull : _bzhi_u64(~0ull, (unsigned)(length - before));
}

// Takes up to 16 blocks, turned, into the hash. Behind the last block the vectors are zero.
HELPER __m128i absorb(const struct key *key, __m128i hash, const __m512i blocks[4], size_t length) {
    const __m512i modulus = _mm512_broadcast_i32x4(polynomial());
    size_t padded = (length + 15) & ~(size_t)15;
    const char *powers = (const char *)(key->powers + blocks_at_once) - padded;
    __m512i low = _mm512_setzero_si512(), middle = low, high = low;
#pragma clang loop unroll(full)
    for (unsigned i = 0; i < 4; i++) {
        if (padded <= 64 * (size_t)i) break;
        __m512i power = _mm512_maskz_loadu_epi8(bytes_of(padded, i), powers + 64 * i);
        __m512i block = i == 0 ? _mm512_xor_si512(blocks[0], _mm512_zextsi128_si512(hash)) : blocks[i];
        low = _mm512_xor_si512(low, _mm512_clmulepi64_epi128(block, power, 0x00));
        high = _mm512_xor_si512(high, _mm512_clmulepi64_epi128(block, power, 0x11));
        middle = _mm512_ternarylogic_epi64(
            middle, _mm512_clmulepi64_epi128(block, power, 0x01), _mm512_clmulepi64_epi128(block, power, 0x10), 0x96);
    }
    middle = _mm512_ternarylogic_epi64(
        middle, _mm512_shuffle_epi32(low, 0x4E), _mm512_clmulepi64_epi128(low, modulus, 0x10), 0x96);
    high = _mm512_ternarylogic_epi64(
        high, _mm512_shuffle_epi32(middle, 0x4E), _mm512_clmulepi64_epi128(middle, modulus, 0x10), 0x96);
    __m256i half = _mm256_xor_si256(_mm512_castsi512_si256(high), _mm512_extracti64x4_epi64(high, 1));
    return _mm_xor_si128(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
}

// Both directions, which differ in what is hashed. Answers the tag.
HELPER __m128i run(
    const struct key *key, const void *nonce, const char *associated, size_t associated_length, const char *input,
    char *output, size_t length, int opens) {
    const unsigned round_count = key->round_count;
    uint64_t nonce_words[2] = {0, 0};
    __builtin_memcpy(nonce_words, nonce, 12);
    // The first counter, 1, is the tag's.
    __m128i first = _mm_set_epi64x((long long)(nonce_words[1] | 0x01000000ull << 32), (long long)nonce_words[0]);
    __m128i mask = _mm_xor_si128(first, key->rounds[0]);
    for (unsigned round = 1; round < round_count; round++) mask = _mm_aesenc_si128(mask, key->rounds[round]);
    mask = _mm_aesenclast_si128(mask, key->rounds[round_count]);

    __m128i hash = _mm_setzero_si128();
    for (size_t left = associated_length; left > 0;) {
        size_t piece = left < bytes_at_once ? left : bytes_at_once;
        __m512i blocks[4];
        for (unsigned i = 0; i < 4; i++)
            blocks[i] = turned4(_mm512_maskz_loadu_epi8(bytes_of(piece, i), associated + 64 * i));
        hash = absorb(key, hash, blocks, piece);
        associated += piece, left -= piece;
    }

    __m512i counter = _mm512_add_epi32(
        _mm512_broadcast_i32x4(turned(first)), _mm512_set_epi32(0, 0, 0, 4, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 1));
    const __m512i four = _mm512_broadcast_i32x4(_mm_set_epi32(0, 0, 0, 4));
    for (size_t left = length; left > 0;) {
        size_t piece = left < bytes_at_once ? left : bytes_at_once;
        __m512i stream[4], blocks[4];
        __m512i round_key = _mm512_broadcast_i32x4(key->rounds[0]);
        for (unsigned i = 0; i < 4; i++) {
            stream[i] = _mm512_xor_si512(turned4(counter), round_key);
            counter = _mm512_add_epi32(counter, four);
        }
#pragma clang loop unroll(disable)
        for (unsigned round = 1; round < round_count; round++) {
            round_key = _mm512_broadcast_i32x4(key->rounds[round]);
            for (unsigned i = 0; i < 4; i++) stream[i] = _mm512_aesenc_epi128(stream[i], round_key);
        }
        round_key = _mm512_broadcast_i32x4(key->rounds[round_count]);
        for (unsigned i = 0; i < 4; i++) {
            __mmask64 present = bytes_of(piece, i);
            __m512i before = _mm512_maskz_loadu_epi8(present, input + 64 * i);
            __m512i after = _mm512_xor_si512(before, _mm512_aesenclast_epi128(stream[i], round_key));
            _mm512_mask_storeu_epi8(output + 64 * i, present, after);
            blocks[i] = turned4(opens ? before : _mm512_maskz_mov_epi8(present, after));
        }
        hash = absorb(key, hash, blocks, piece);
        input += piece, output += piece, left -= piece;
    }
    __m128i lengths = _mm_set_epi64x((long long)associated_length * 8, (long long)length * 8);
    hash = multiply(_mm_xor_si128(hash, lengths), key->powers[blocks_at_once - 1]);
    return _mm_xor_si128(turned(hash), mask);
}

VECTORS void lens_vector_gcm_seal(
    const void *expanded, const void *nonce, const void *associated, size_t associated_length, const void *input,
    void *output, size_t length, void *tag) {
    _mm_storeu_si128(tag, run(expanded, nonce, associated, associated_length, input, output, length, 0));
}

VECTORS int lens_vector_gcm_open(
    const void *expanded, const void *nonce, const void *associated, size_t associated_length, void *payload,
    size_t length, const void *tag) {
    __m128i expected = run(expanded, nonce, associated, associated_length, payload, payload, length, 1);
    __m128i difference = _mm_xor_si128(expected, _mm_loadu_si128(tag));
    return _mm_testz_si128(difference, difference);
}

#else

int lens_vector_gcm_is_available(void) { return 0; }

void lens_vector_gcm_set_key(void *expanded, const uint8_t *key, size_t key_length) {
    (void)expanded, (void)key, (void)key_length;
}

void lens_vector_gcm_seal(
    const void *expanded, const void *nonce, const void *associated, size_t associated_length, const void *input,
    void *output, size_t length, void *tag) {
    (void)expanded, (void)nonce, (void)associated, (void)associated_length, (void)input, (void)output, (void)length,
        (void)tag;
}

int lens_vector_gcm_open(
    const void *expanded, const void *nonce, const void *associated, size_t associated_length, void *payload,
    size_t length, const void *tag) {
    (void)expanded, (void)nonce, (void)associated, (void)associated_length, (void)payload, (void)length, (void)tag;
    return 0;
}

#endif
