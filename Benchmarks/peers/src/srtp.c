#include "srtp.h"
#include "common.h"
#include <openssl/crypto.h>

int srtp_tag_length(enum suite suite) { return suite == SUITE_GCM ? 16 : 10; }
int srtp_key_length(enum suite suite) { return suite == SUITE_GCM ? 28 : 30; }

int rtp_header_length(const uint8_t *p, int length) {
    if (length < 12 || p[0] >> 6 != 2) return -1;
    int header = 12 + 4 * (p[0] & 15);
    if (p[0] & 0x10) {
        if (header + 4 > length) return -1;
        header += 4 + 4 * get16(p + header + 2);
    }
    return header <= length ? header : -1;
}

static void derive(const uint8_t *key, const uint8_t salt[14], int label, uint8_t *out, int count) {
    uint8_t iv[16] = {0}, zero[32] = {0};
    int written;
    memcpy(iv, salt, 14);
    iv[7] ^= label;
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    EVP_EncryptInit_ex(c, EVP_aes_128_ctr(), NULL, key, iv);
    EVP_EncryptUpdate(c, out, &written, zero, count);
    EVP_CIPHER_CTX_free(c);
}

void srtp_open(struct srtp *s, enum suite suite, enum srtp_role role, const uint8_t *master) {
    memset(s, 0, sizeof *s);
    s->suite = suite;
    uint8_t master_salt[14] = {0}, key[16];
    memcpy(master_salt, master + 16, srtp_key_length(suite) - 16);
    derive(master, master_salt, 0, key, 16);
    derive(master, master_salt, 2, s->salt, srtp_key_length(suite) - 16);
    s->cipher = EVP_CIPHER_CTX_new();
    if (suite == SUITE_CM80) {
        uint8_t authentication[20], pad[64];
        derive(master, master_salt, 1, authentication, 20);
        for (int i = 0; i < 64; i++) pad[i] = 0x36 ^ (i < 20 ? authentication[i] : 0);
        SHA1_Init(&s->inner);
        SHA1_Update(&s->inner, pad, 64);
        for (int i = 0; i < 64; i++) pad[i] ^= 0x36 ^ 0x5c;
        SHA1_Init(&s->outer);
        SHA1_Update(&s->outer, pad, 64);
        EVP_EncryptInit_ex(s->cipher, EVP_aes_128_ctr(), NULL, key, NULL);
    } else if (role == SRTP_SENDER) {
        EVP_EncryptInit_ex(s->cipher, EVP_aes_128_gcm(), NULL, key, NULL);
    } else {
        EVP_DecryptInit_ex(s->cipher, EVP_aes_128_gcm(), NULL, key, NULL);
    }
    if (role == SRTP_PEEKER) {
        s->block = EVP_CIPHER_CTX_new();
        EVP_EncryptInit_ex(s->block, EVP_aes_128_ecb(), NULL, key, NULL);
        EVP_CIPHER_CTX_set_padding(s->block, 0);
    }
}

void srtp_close(struct srtp *s) {
    EVP_CIPHER_CTX_free(s->cipher);
    EVP_CIPHER_CTX_free(s->block);
}

// RFC 7714 section 8.1 and RFC 3711 section 4.1.1.
static void make_iv(const struct srtp *s, const uint8_t *packet, uint32_t rollover, uint8_t iv[16]) {
    uint8_t index[6];
    put32(index, rollover);
    memcpy(index + 4, packet + 2, 2);
    int at = s->suite == SUITE_GCM ? 2 : 4;
    memset(iv, 0, 16);
    memcpy(iv, s->salt, s->suite == SUITE_GCM ? 12 : 14);
    for (int i = 0; i < 4; i++) iv[at + i] ^= packet[8 + i];
    for (int i = 0; i < 6; i++) iv[at + 4 + i] ^= index[i];
}

static void make_tag(const struct srtp *s, const uint8_t *packet, int length, uint32_t rollover, uint8_t tag[20]) {
    uint8_t be[4];
    put32(be, rollover);
    SHA_CTX c = s->inner;
    SHA1_Update(&c, packet, length);
    SHA1_Update(&c, be, 4);
    SHA1_Final(tag, &c);
    c = s->outer;
    SHA1_Update(&c, tag, 20);
    SHA1_Final(tag, &c);
}

// RFC 3711 appendix A.
static uint32_t guess_rollover(const struct srtp *s, uint16_t sequence) {
    if (!s->started) return 0;
    int distance = (int)sequence - (int)s->highest;
    if (s->highest < 32768) return distance > 32768 && s->rollover > 0 ? s->rollover - 1 : s->rollover;
    return distance < -32768 ? s->rollover + 1 : s->rollover;
}

int srtp_protect(struct srtp *s, uint8_t *p, int length) {
    int header = rtp_header_length(p, length), written;
    if (header < 0) return -1;
    uint16_t sequence = get16(p + 2);
    if (s->started && sequence < s->highest && s->highest - sequence > 32768) s->rollover++;
    s->highest = sequence;
    s->started = true;
    uint8_t iv[16];
    make_iv(s, p, s->rollover, iv);
    EVP_EncryptInit_ex(s->cipher, NULL, NULL, NULL, iv);
    if (s->suite == SUITE_GCM) {
        EVP_EncryptUpdate(s->cipher, NULL, &written, p, header);
        EVP_EncryptUpdate(s->cipher, p + header, &written, p + header, length - header);
        EVP_EncryptFinal_ex(s->cipher, p + length, &written);
        EVP_CIPHER_CTX_ctrl(s->cipher, EVP_CTRL_AEAD_GET_TAG, 16, p + length);
        return length + 16;
    }
    uint8_t tag[20];
    EVP_EncryptUpdate(s->cipher, p + header, &written, p + header, length - header);
    make_tag(s, p, length, s->rollover, tag);
    memcpy(p + length, tag, 10);
    return length + 10;
}

static bool is_replay(const struct srtp *s, uint64_t index) {
    if (!s->started || index > s->newest) return false;
    uint64_t age = s->newest - index;
    return age >= 128 || (s->received >> age & 1);
}

static void accept(struct srtp *s, uint64_t index) {
    if (!s->started || index > s->newest) {
        uint64_t step = s->started ? index - s->newest : 128;
        s->received = step >= 128 ? 1 : s->received << step | 1;
        s->newest = index;
        s->rollover = index >> 16;
        s->highest = index;
        s->started = true;
    } else {
        s->received |= (unsigned __int128)1 << (s->newest - index);
    }
}

int srtp_unprotect(struct srtp *s, uint8_t *p, int length) {
    int header = rtp_header_length(p, length), written, clear = length - srtp_tag_length(s->suite);
    if (header < 0 || clear < header) return -1;
    uint16_t sequence = get16(p + 2);
    uint32_t rollover = guess_rollover(s, sequence);
    uint64_t index = (uint64_t)rollover << 16 | sequence;
    if (is_replay(s, index)) return -1;
    uint8_t iv[16];
    make_iv(s, p, rollover, iv);
    if (s->suite == SUITE_GCM) {
        EVP_DecryptInit_ex(s->cipher, NULL, NULL, NULL, iv);
        EVP_DecryptUpdate(s->cipher, NULL, &written, p, header);
        EVP_DecryptUpdate(s->cipher, p + header, &written, p + header, clear - header);
        EVP_CIPHER_CTX_ctrl(s->cipher, EVP_CTRL_AEAD_SET_TAG, 16, p + clear);
        if (EVP_DecryptFinal_ex(s->cipher, p + clear, &written) <= 0) return -1;
    } else {
        uint8_t tag[20];
        make_tag(s, p, clear, rollover, tag);
        if (CRYPTO_memcmp(tag, p + clear, 10)) return -1;
        EVP_EncryptInit_ex(s->cipher, NULL, NULL, NULL, iv);
        EVP_EncryptUpdate(s->cipher, p + header, &written, p + header, clear - header);
    }
    accept(s, index);
    return clear;
}

bool srtp_peek(struct srtp *s, const uint8_t *p, int length, uint8_t out[16]) {
    int header = rtp_header_length(p, length), written;
    if (header < 0 || length - srtp_tag_length(s->suite) < header + 16) return false;
    uint16_t sequence = get16(p + 2);
    uint32_t rollover = guess_rollover(s, sequence);
    uint8_t iv[16], stream[16];
    make_iv(s, p, rollover, iv);
    if (s->suite == SUITE_GCM) iv[15] = 2; // counter 1 is the tag's
    EVP_EncryptUpdate(s->block, stream, &written, iv, 16);
    for (int i = 0; i < 16; i++) out[i] = p[header + i] ^ stream[i];
    uint64_t index = (uint64_t)rollover << 16 | sequence;
    if (!s->started || index > ((uint64_t)s->rollover << 16 | s->highest)) {
        s->started = true;
        s->rollover = rollover;
        s->highest = sequence;
    }
    return true;
}
