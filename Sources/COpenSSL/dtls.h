// DTLS without sockets and without a clock: what OpenSSL has no functions for, or only macros.
//
// Datagrams go in and out through a BIO of our own, which keeps their boundaries. OpenSSL 3.0 asks the system's clock when its
// retransmission timer expires, and nothing else can tell it; but it shows its BIO the very place where it keeps the expiry
// (BIO_CTRL_DGRAM_SET_NEXT_TIMEOUT). There the BIO writes a time that never comes, and `lens_dtls_expire` one that is long past.
// From 3.2 on that place is a copy: there OpenSSL's clock decides whether it was time.
#pragma once

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

enum {
    LENS_DTLS_DIGESTS = 8,
    /// Bytes that may wait to be sent; what is beyond is lost, as in a network.
    LENS_DTLS_ROOM = 65536,
};

struct lens_dtls_digest {
    const EVP_MD *hash;
    unsigned int length;
    uint8_t bytes[EVP_MAX_MD_SIZE];
};

/// One connection.
struct lens_dtls {
    SSL *ssl;
    /// The datagram that is being read.
    const uint8_t *incoming;
    size_t incoming_length;
    /// Datagrams to be sent: two bytes of length before each, in the machine's order.
    uint8_t *outgoing;
    size_t outgoing_length;
    /// Where OpenSSL keeps its expiry; 0 while it waits for nothing.
    struct timeval *timer;
    /// How often it began to wait.
    uint32_t timer_starts;
    /// The peer's certificate has to have one of these.
    struct lens_dtls_digest expected[LENS_DTLS_DIGESTS];
    int expected_count;
    int certificate_refused;
};

static inline int lens_dtls_read(BIO *bio, char *bytes, int room) {
    struct lens_dtls *dtls = (struct lens_dtls *)BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (!dtls || !dtls->incoming || room <= 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    size_t length = dtls->incoming_length < (size_t)room ? dtls->incoming_length : (size_t)room;
    memcpy(bytes, dtls->incoming, length);
    dtls->incoming = NULL;
    return (int)length;
}

static inline int lens_dtls_write(BIO *bio, const char *bytes, int length) {
    struct lens_dtls *dtls = (struct lens_dtls *)BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (!dtls || length <= 0 || length > UINT16_MAX) return -1;
    size_t wanted = sizeof(uint16_t) + (size_t)length;
    if (!dtls->outgoing) dtls->outgoing = (uint8_t *)malloc(LENS_DTLS_ROOM);
    if (!dtls->outgoing || wanted > LENS_DTLS_ROOM - dtls->outgoing_length) return length;
    uint16_t size = (uint16_t)length;
    memcpy(dtls->outgoing + dtls->outgoing_length, &size, sizeof size);
    memcpy(dtls->outgoing + dtls->outgoing_length + sizeof size, bytes, (size_t)length);
    dtls->outgoing_length += wanted;
    return length;
}

static inline void lens_dtls_note_timer(struct lens_dtls *dtls, struct timeval *next) {
    if (!next || (next->tv_sec == 0 && next->tv_usec == 0)) {
        dtls->timer = NULL;
        return;
    }
    dtls->timer = next;
    dtls->timer_starts++;
    next->tv_sec = (time_t)1 << 40;
    next->tv_usec = 0;
}

static inline long lens_dtls_control(BIO *bio, int command, long number, void *pointer) {
    struct lens_dtls *dtls = (struct lens_dtls *)BIO_get_data(bio);
    (void)number;
    switch (command) {
    case BIO_CTRL_FLUSH: return 1;
    case BIO_CTRL_DGRAM_SET_NEXT_TIMEOUT:
        if (dtls) lens_dtls_note_timer(dtls, (struct timeval *)pointer);
        return 1;
    default: return 0;
    }
}

/// The kind of BIO; 0 without memory. Never freed: there is one in a process.
static inline BIO_METHOD *lens_dtls_method(void) {
    BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "datagrams in memory");
    if (!method) return NULL;
    BIO_meth_set_read(method, lens_dtls_read);
    BIO_meth_set_write(method, lens_dtls_write);
    BIO_meth_set_ctrl(method, lens_dtls_control);
    return method;
}

/// Takes a certificate that has one of the announced digests; whoever signed it.
static inline int lens_dtls_verify(X509_STORE_CTX *store, void *unused) {
    (void)unused;
    SSL *ssl = (SSL *)X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct lens_dtls *dtls = ssl ? (struct lens_dtls *)SSL_get_ex_data(ssl, 0) : NULL;
    X509 *certificate = X509_STORE_CTX_get0_cert(store);
    for (int i = 0; dtls && certificate && i < dtls->expected_count; i++) {
        const struct lens_dtls_digest *expected = &dtls->expected[i];
        uint8_t digest[EVP_MAX_MD_SIZE];
        unsigned int length = 0;
        if (X509_digest(certificate, expected->hash, digest, &length) && length == expected->length
            && CRYPTO_memcmp(digest, expected->bytes, length) == 0)
            return 1;
    }
    if (dtls) dtls->certificate_refused = 1;
    X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
    return 0;
}

/// What all connections with one certificate share; 0 if OpenSSL refuses. `profiles` are OpenSSL's names of SRTP profiles, the best
/// first, with colons.
static inline SSL_CTX *lens_dtls_context_new(X509 *certificate, EVP_PKEY *key, const char *profiles) {
    SSL_CTX *context = SSL_CTX_new(DTLS_method());
    if (!context) return NULL;
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET | SSL_OP_NO_QUERY_MTU | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_set_cert_verify_callback(context, lens_dtls_verify, NULL);
    // set_tlsext_use_srtp answers 0 for success, unlike the others.
    if (SSL_CTX_set_min_proto_version(context, DTLS1_2_VERSION)
        && SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") && SSL_CTX_use_certificate(context, certificate)
        && SSL_CTX_use_PrivateKey(context, key) && SSL_CTX_check_private_key(context)
        && SSL_CTX_set_tlsext_use_srtp(context, profiles) == 0)
        return context;
    SSL_CTX_free(context);
    return NULL;
}

/// A connection that has sent nothing yet; 0 without memory. Its datagrams are at most `mtu` bytes.
static inline struct lens_dtls *lens_dtls_new(SSL_CTX *context, BIO_METHOD *method, int is_client, long mtu) {
    struct lens_dtls *dtls = (struct lens_dtls *)calloc(1, sizeof *dtls);
    BIO *bio = dtls && method ? BIO_new(method) : NULL;
    SSL *ssl = bio ? SSL_new(context) : NULL;
    if (!ssl) {
        BIO_free(bio);
        free(dtls);
        return NULL;
    }
    BIO_set_data(bio, dtls);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl, bio, bio);
    SSL_set_ex_data(ssl, 0, dtls);
    SSL_set_mtu(ssl, mtu);
    if (is_client) SSL_set_connect_state(ssl);
    else SSL_set_accept_state(ssl);
    dtls->ssl = ssl;
    return dtls;
}

static inline void lens_dtls_free(struct lens_dtls *dtls) {
    if (!dtls) return;
    // Frees the BIO too.
    SSL_free(dtls->ssl);
    free(dtls->outgoing);
    free(dtls);
}

/// What was to be sent is gone, and its memory.
static inline void lens_dtls_sent(struct lens_dtls *dtls) {
    free(dtls->outgoing);
    dtls->outgoing = NULL;
    dtls->outgoing_length = 0;
}

/// False if there are too many already.
static inline int lens_dtls_expect(struct lens_dtls *dtls, const EVP_MD *hash, const uint8_t *digest, size_t length) {
    if (dtls->expected_count == LENS_DTLS_DIGESTS || length > EVP_MAX_MD_SIZE) return 0;
    struct lens_dtls_digest *expected = &dtls->expected[dtls->expected_count++];
    expected->hash = hash;
    expected->length = (unsigned int)length;
    memcpy(expected->bytes, digest, length);
    return 1;
}

enum { LENS_DTLS_WAITING, LENS_DTLS_CONNECTED, LENS_DTLS_CLOSED, LENS_DTLS_FAILED };

/// How it stands after a call that answered `result`.
static inline int lens_dtls_standing(struct lens_dtls *dtls, int result) {
    int error = result > 0 ? SSL_ERROR_NONE : SSL_get_error(dtls->ssl, result);
    // Errors left in this thread's queue would be taken for another connection's.
    ERR_clear_error();
    if (SSL_get_shutdown(dtls->ssl) & SSL_RECEIVED_SHUTDOWN) return LENS_DTLS_CLOSED;
    switch (error) {
    case SSL_ERROR_NONE:
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE: return SSL_is_init_finished(dtls->ssl) ? LENS_DTLS_CONNECTED : LENS_DTLS_WAITING;
    case SSL_ERROR_ZERO_RETURN: return LENS_DTLS_CLOSED;
    default: return LENS_DTLS_FAILED;
    }
}

/// Goes on with the handshake as far as it can.
static inline int lens_dtls_handshake(struct lens_dtls *dtls) {
    ERR_clear_error();
    return lens_dtls_standing(dtls, SSL_do_handshake(dtls->ssl));
}

/// Takes one datagram.
static inline int lens_dtls_receive(struct lens_dtls *dtls, const uint8_t *bytes, size_t length) {
    dtls->incoming = bytes;
    dtls->incoming_length = length;
    int standing = SSL_is_init_finished(dtls->ssl) ? LENS_DTLS_CONNECTED : lens_dtls_handshake(dtls);
    // What is behind the handshake in the datagram, or comes later: alerts, and data that nobody wants.
    while (standing == LENS_DTLS_CONNECTED) {
        char unwanted[2048];
        ERR_clear_error();
        int read = SSL_read(dtls->ssl, unwanted, sizeof unwanted);
        standing = lens_dtls_standing(dtls, read);
        if (read <= 0) break;
    }
    dtls->incoming = NULL;
    return standing;
}

/// Sends the last flight again.
static inline int lens_dtls_expire(struct lens_dtls *dtls) {
    ERR_clear_error();
    if (dtls->timer) {
        dtls->timer->tv_sec = 1;
        dtls->timer->tv_usec = 0;
    }
    int result = (int)DTLSv1_handle_timeout(dtls->ssl);
    // 0: nothing was due.
    return lens_dtls_standing(dtls, result == 0 ? 1 : result);
}

/// Says good-bye to the peer.
static inline void lens_dtls_close(struct lens_dtls *dtls) {
    ERR_clear_error();
    SSL_shutdown(dtls->ssl);
    ERR_clear_error();
}

/// The number of the SRTP profile that was agreed on (RFC 5764 section 4.1.2, RFC 7714 section 14.2); 0 if none.
static inline unsigned long lens_dtls_profile(struct lens_dtls *dtls) {
    SRTP_PROTECTION_PROFILE *profile = SSL_get_selected_srtp_profile(dtls->ssl);
    return profile ? profile->id : 0;
}

/// Keys and salts of both directions (RFC 5764 section 4.2). False before the handshake is done.
static inline int lens_dtls_export(struct lens_dtls *dtls, uint8_t *bytes, size_t length) {
    static const char label[] = "EXTRACTOR-dtls_srtp";
    return SSL_export_keying_material(dtls->ssl, bytes, length, label, sizeof label - 1, NULL, 0, 0) == 1;
}

/// A certificate signed by itself, with a P-256 key; 0 if OpenSSL refuses. Valid from a day before `now`, seconds since 1970.
static inline X509 *lens_certificate_new(EVP_PKEY *key, int64_t now, int64_t serial, const char *name) {
    X509 *certificate = X509_new();
    X509_NAME *subject = certificate ? X509_get_subject_name(certificate) : NULL;
    time_t at = (time_t)now;
    if (subject && X509_set_version(certificate, X509_VERSION_3)
        && ASN1_INTEGER_set_int64(X509_get_serialNumber(certificate), serial)
        && X509_time_adj_ex(X509_getm_notBefore(certificate), -1, 0, &at)
        && X509_time_adj_ex(X509_getm_notAfter(certificate), 3650, 0, &at)
        && X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0)
        && X509_set_issuer_name(certificate, subject) && X509_set_pubkey(certificate, key)
        && X509_sign(certificate, key, EVP_sha256()))
        return certificate;
    X509_free(certificate);
    return NULL;
}

static inline EVP_PKEY *lens_p256_key_new(void) { return EVP_EC_gen("P-256"); }
