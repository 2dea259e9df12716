// AES-GCM (NIST SP 800-38D) for packets, with VAES and VPCLMULQDQ: four blocks an instruction, sixteen at a time.
//
// A relay that wakes for each frame finds little of its code and of a stream's keys in the near caches. So both are kept small here:
// one loop for every length, and sixteen powers of the hash key, where libraries that were written for long messages have forty-eight
// and code of many KiB.
#pragma once

#include <stddef.h>
#include <stdint.h>

/// Bytes of an expanded key; it stands on 64.
#define LENS_VECTOR_GCM_KEY_SIZE 512

/// 1 where processor and system have what the functions below need.
int lens_vector_gcm_is_available(void);

/// Expands an AES key of 16 or 32 bytes. `expanded` holds LENS_VECTOR_GCM_KEY_SIZE bytes.
void lens_vector_gcm_set_key(void *expanded, const uint8_t *key, size_t key_length);

/// Encrypts `length` bytes and writes a tag of 16. `output` is `input` or does not overlap it; the tag is written last.
/// `nonce` has 12 bytes.
void lens_vector_gcm_seal(
    const void *expanded, const void *nonce, const void *associated, size_t associated_length, const void *input,
    void *output, size_t length, void *tag);

/// Decrypts in place. 1 if the tag, compared in constant time, is right; if not, what is then in `payload` is not to be used.
int lens_vector_gcm_open(
    const void *expanded, const void *nonce, const void *associated, size_t associated_length, void *payload,
    size_t length, const void *tag);
