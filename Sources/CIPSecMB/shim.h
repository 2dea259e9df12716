// What Swift does not import of Intel's multi-buffer library: macros over function pointers, and jobs full of unions.
#pragma once

#include <intel-ipsec-mb.h>
#include <stddef.h>

/// True if the processor has what the fast paths need: AES and carry-less multiplication on 256-bit registers or wider.
static inline int lens_imb_is_fast(const IMB_MGR *manager) {
    const uint64_t needed = IMB_FEATURE_AESNI | IMB_FEATURE_PCLMULQDQ | IMB_FEATURE_AVX2;
    return (manager->features & needed) == needed && manager->used_arch >= IMB_ARCH_AVX2;
}

static inline void lens_imb_gcm_key(IMB_MGR *manager, int is_256, const void *key, void *expanded) {
    if (is_256) manager->gcm256_pre(key, (struct gcm_key_data *)expanded);
    else manager->gcm128_pre(key, (struct gcm_key_data *)expanded);
}

/// Encrypts `length` bytes and writes a tag of 16 bytes. `nonce` has 12 bytes.
static inline void lens_imb_gcm_seal(
    const IMB_MGR *manager, int is_256, const void *key, void *output, const void *input, uint64_t length,
    const void *nonce, const void *associated, uint64_t associated_length, void *tag
) {
    struct gcm_context_data context;
    const aes_gcm_enc_dec_t seal = is_256 ? manager->gcm256_enc : manager->gcm128_enc;
    seal((const struct gcm_key_data *)key, &context, (uint8_t *)output, (const uint8_t *)input, length,
         (const uint8_t *)nonce, (const uint8_t *)associated, associated_length, (uint8_t *)tag, 16);
}

/// Decrypts `length` bytes and writes the tag of 16 bytes that the packet should have; the caller compares.
static inline void lens_imb_gcm_open(
    const IMB_MGR *manager, int is_256, const void *key, void *output, const void *input, uint64_t length,
    const void *nonce, const void *associated, uint64_t associated_length, void *tag
) {
    struct gcm_context_data context;
    const aes_gcm_enc_dec_t open = is_256 ? manager->gcm256_dec : manager->gcm128_dec;
    open((const struct gcm_key_data *)key, &context, (uint8_t *)output, (const uint8_t *)input, length,
         (const uint8_t *)nonce, (const uint8_t *)associated, associated_length, (uint8_t *)tag, 16);
}

/// Expands an AES-128 key for counter mode into 176 bytes.
static inline void lens_imb_counter_key(IMB_MGR *manager, const void *key, void *expanded) {
    uint8_t unused[16 * 15] __attribute__((aligned(16)));
    manager->keyexp_128(key, expanded, unused);
}

/// The state of SHA-1 behind one block of 64 bytes, in 20 bytes.
static inline void lens_imb_sha1_block(IMB_MGR *manager, const void *block, void *state) {
    manager->sha1_one_block(block, state);
}

static inline void lens_imb_hash_job(
    IMB_JOB *job, const void *bytes, uint64_t length, const void *inner, const void *outer, void *tag
) {
    job->src = (const uint8_t *)bytes;
    job->hash_start_src_offset_in_bytes = 0;
    job->msg_len_to_hash_in_bytes = length;
    job->auth_tag_output = (uint8_t *)tag;
    job->auth_tag_output_len_in_bytes = 20;
    job->u.HMAC._hashed_auth_key_xor_ipad = (const uint8_t *)inner;
    job->u.HMAC._hashed_auth_key_xor_opad = (const uint8_t *)outer;
}

static inline void lens_imb_counter_job(
    IMB_JOB *job, const void *input, void *output, uint64_t length, const void *key, const void *nonce
) {
    job->src = (const uint8_t *)input;
    job->dst = (uint8_t *)output;
    job->cipher_start_src_offset_in_bytes = 0;
    job->msg_len_to_cipher_in_bytes = length;
    job->enc_keys = key;
    job->dec_keys = key;
    job->key_len_in_bytes = 16;
    job->iv = (const uint8_t *)nonce;
    job->iv_len_in_bytes = 16;
}

/// HMAC-SHA1 of up to 128 jobs; answers how many are done, which is all of them unless a job is malformed.
static inline uint32_t lens_imb_hash(IMB_MGR *manager, IMB_JOB *jobs, uint32_t count) {
    return manager->submit_hash_burst(manager, jobs, count, IMB_AUTH_HMAC_SHA_1);
}

/// AES-128 in counter mode over up to 128 jobs; answers how many are done.
static inline uint32_t lens_imb_counter(IMB_MGR *manager, IMB_JOB *jobs, uint32_t count) {
    return manager->submit_cipher_burst(manager, jobs, count, IMB_CIPHER_CNTR, IMB_DIR_ENCRYPT, IMB_KEY_128_BYTES);
}
