// What is left of a DTLS connection that only waits for its end: OpenSSL keeps 60 KiB for each as long as it lives.
#pragma once

#include "dtls.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>

enum {
    LENS_FAREWELL_DATAGRAM = 64,
    /// An alert under AES-GCM (RFC 5288, RFC 6347 section 4.1): record header, explicit nonce, two bytes, tag.
    LENS_FAREWELL_RECORD = 13 + 8 + 2 + 16,
};

struct lens_farewell {
    /// The good-bye to send, sealed already.
    uint8_t goodbye[LENS_FAREWELL_DATAGRAM];
    size_t goodbye_length;
    /// What the peer seals with.
    uint8_t key[32];
    size_t key_length;
    uint8_t salt[4];
};

/// The peer's write key and salt (RFC 5246 section 6.3). 0 if the cipher is none of AES-GCM, or the library fails.
static inline int lens_farewell_keys(SSL *ssl, int is_client, struct lens_farewell *farewell) {
    const SSL_CIPHER *cipher = SSL_get_current_cipher(ssl);
    int kind = cipher ? SSL_CIPHER_get_cipher_nid(cipher) : NID_undef;
    size_t key_length = kind == NID_aes_128_gcm ? 16 : kind == NID_aes_256_gcm ? 32 : 0;
    SSL_SESSION *session = SSL_get_session(ssl);
    const EVP_MD *digest = cipher ? SSL_CIPHER_get_handshake_digest(cipher) : NULL;
    uint8_t master[48], seed[13 + 64] = "key expansion", block[2 * (32 + 4)];
    if (key_length == 0 || SSL_version(ssl) != DTLS1_2_VERSION || !session || !digest
        || SSL_SESSION_get_master_key(session, master, sizeof master) != sizeof master
        || SSL_get_server_random(ssl, seed + 13, 32) != 32 || SSL_get_client_random(ssl, seed + 45, 32) != 32)
        return 0;
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "TLS1-PRF", NULL);
    EVP_KDF_CTX *context = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)EVP_MD_get0_name(digest), 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET, master, sizeof master),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, seed, sizeof seed),
        OSSL_PARAM_construct_end(),
    };
    size_t length = 2 * (key_length + 4);
    int is_derived = context && EVP_KDF_derive(context, block, length, parameters) == 1;
    EVP_KDF_CTX_free(context);
    EVP_KDF_free(kdf);
    if (is_derived) {
        // The client's key, the server's, the client's salt, the server's.
        memcpy(farewell->key, block + (is_client ? key_length : 0), key_length);
        memcpy(farewell->salt, block + 2 * key_length + (is_client ? 4 : 0), sizeof farewell->salt);
        farewell->key_length = key_length;
    }
    OPENSSL_cleanse(master, sizeof master);
    OPENSSL_cleanse(block, sizeof block);
    return is_derived;
}

/// Makes the farewell of a connected connection, after which that can be freed. 0 if it has to stay; then nothing has happened to it.
static inline int lens_farewell_make(struct lens_dtls *dtls, int is_client, struct lens_farewell *farewell) {
    ERR_clear_error();
    if (dtls->outgoing_length > 0 || !lens_farewell_keys(dtls->ssl, is_client, farewell)) {
        ERR_clear_error();
        return 0;
    }
    lens_dtls_close(dtls);
    // One record in one datagram, behind the two bytes of its length; without it the end is a silent one.
    size_t length = dtls->outgoing_length > 2 ? dtls->outgoing_length - 2 : 0;
    farewell->goodbye_length = length <= LENS_FAREWELL_DATAGRAM ? length : 0;
    if (farewell->goodbye_length > 0) memcpy(farewell->goodbye, dtls->outgoing + 2, length);
    return 1;
}

static inline void lens_farewell_forget(struct lens_farewell *farewell) { OPENSSL_cleanse(farewell, sizeof *farewell); }

/// Whether a datagram begins with the peer's good-bye (close_notify, RFC 5246 section 7.2.1).
static inline int lens_farewell_is_goodbye(const struct lens_farewell *farewell, const uint8_t *bytes, size_t length) {
    const uint8_t alert = 21, zero = 0;
    if (length < LENS_FAREWELL_RECORD || bytes[0] != alert || bytes[1] != 0xFE || bytes[2] != 0xFD
        || (bytes[3] == zero && bytes[4] == zero) || bytes[11] != 0 || bytes[12] != LENS_FAREWELL_RECORD - 13)
        return 0;
    uint8_t nonce[12], associated[13], plain[2];
    memcpy(nonce, farewell->salt, 4);
    memcpy(nonce + 4, bytes + 13, 8);
    // Epoch and number, kind and version, bytes of the plain text.
    memcpy(associated, bytes + 3, 8);
    memcpy(associated + 8, bytes, 3);
    associated[11] = 0, associated[12] = sizeof plain;
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    const EVP_CIPHER *cipher = farewell->key_length == 16 ? EVP_aes_128_gcm() : EVP_aes_256_gcm();
    int count = 0;
    int is_genuine = context && EVP_DecryptInit_ex(context, cipher, NULL, farewell->key, nonce) == 1
                     && EVP_DecryptUpdate(context, NULL, &count, associated, sizeof associated) == 1
                     && EVP_DecryptUpdate(context, plain, &count, bytes + 21, sizeof plain) == 1
                     && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, 16, (void *)(bytes + 23)) == 1
                     && EVP_DecryptFinal_ex(context, plain + count, &count) == 1;
    EVP_CIPHER_CTX_free(context);
    ERR_clear_error();
    return is_genuine && plain[1] == 0;
}
