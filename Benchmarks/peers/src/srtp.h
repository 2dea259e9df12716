// SRTP for RTP packets over OpenSSL EVP: AEAD_AES_128_GCM (RFC 7714) and AES_CM_128_HMAC_SHA1_80 (RFC 3711).
// One struct for one direction of one SSRC; the cipher's contexts live as long as it does.
#pragma once
#define OPENSSL_SUPPRESS_DEPRECATED // SHA_CTX, so that the HMAC's padded keys are hashed once
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum suite { SUITE_GCM, SUITE_CM80 };

struct srtp {
    enum suite suite;
    EVP_CIPHER_CTX *cipher;
    EVP_CIPHER_CTX *block; // AES-ECB, for srtp_peek; receivers of the sink only
    SHA_CTX inner, outer;  // HMAC-SHA1 after its padded key
    uint8_t salt[14];
    bool started;
    uint32_t rollover;
    uint16_t highest;
    uint64_t newest;            // highest index received
    unsigned __int128 received; // bit i: newest - i
};

enum srtp_role { SRTP_SENDER, SRTP_RECEIVER, SRTP_PEEKER };

int srtp_tag_length(enum suite suite);
int srtp_key_length(enum suite suite); // master key and master salt

// Keys by the derivation of RFC 3711 section 4.3.
void srtp_open(struct srtp *s, enum suite suite, enum srtp_role role, const uint8_t *master);
void srtp_close(struct srtp *s);

// Length of the RTP header with CSRCs and extension, or -1 where the packet is no RTP.
int rtp_header_length(const uint8_t *packet, int length);

// Both work in place and return the new length, or -1: no RTP, wrong tag, or a replay.
int srtp_protect(struct srtp *s, uint8_t *packet, int length);
int srtp_unprotect(struct srtp *s, uint8_t *packet, int length);

// The first 16 payload bytes in the clear, unchecked, the packet left as it is. False if the packet is too short.
bool srtp_peek(struct srtp *s, const uint8_t *packet, int length, uint8_t out[16]);
