// AES-GCM of OpenSSL's default provider, called directly.
//
// EVP makes the same calls, but around them it asks the context for its parameters by name, once or twice for each packet, and that
// takes longer than the encryption of a short one. These are the public interfaces of provider-cipher(7); the provider is
// loaded in a library context of its own, so that nobody else's OpenSSL is touched.
#pragma once

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/provider.h>
#include <stddef.h>
#include <string.h>

/// The functions of one cipher.
struct lens_gcm {
    void *provider_context;
    OSSL_FUNC_cipher_newctx_fn *new_context;
    OSSL_FUNC_cipher_freectx_fn *free_context;
    OSSL_FUNC_cipher_encrypt_init_fn *encrypt_init;
    OSSL_FUNC_cipher_decrypt_init_fn *decrypt_init;
    OSSL_FUNC_cipher_cipher_fn *cipher;
    OSSL_FUNC_cipher_get_ctx_params_fn *get_parameters;
};

enum { LENS_GCM_NONCE = 12, LENS_GCM_TAG = 16 };

/// A library context with the default provider, never unloaded; 0 if there is none.
static inline OSSL_PROVIDER *lens_gcm_provider(void) {
    OSSL_LIB_CTX *library = OSSL_LIB_CTX_new();
    return library ? OSSL_PROVIDER_load(library, "default") : NULL;
}

/// Finds a cipher by the first of its names, such as "AES-128-GCM". False if the provider does not have it.
static inline int lens_gcm_find(OSSL_PROVIDER *provider, const char *name, struct lens_gcm *gcm) {
    memset(gcm, 0, sizeof *gcm);
    if (!provider) return 0;
    int no_store = 0;
    const OSSL_ALGORITHM *found = OSSL_PROVIDER_query_operation(provider, OSSL_OP_CIPHER, &no_store);
    const size_t length = strlen(name);
    while (found && found->algorithm_names
           && (strncmp(found->algorithm_names, name, length)
               || (found->algorithm_names[length] && found->algorithm_names[length] != ':')))
        found++;
    if (!found || !found->algorithm_names) return 0;
    gcm->provider_context = OSSL_PROVIDER_get0_provider_ctx(provider);
    for (const OSSL_DISPATCH *entry = found->implementation; entry->function_id; entry++) {
        switch (entry->function_id) {
        case OSSL_FUNC_CIPHER_NEWCTX: gcm->new_context = OSSL_FUNC_cipher_newctx(entry); break;
        case OSSL_FUNC_CIPHER_FREECTX: gcm->free_context = OSSL_FUNC_cipher_freectx(entry); break;
        case OSSL_FUNC_CIPHER_ENCRYPT_INIT: gcm->encrypt_init = OSSL_FUNC_cipher_encrypt_init(entry); break;
        case OSSL_FUNC_CIPHER_DECRYPT_INIT: gcm->decrypt_init = OSSL_FUNC_cipher_decrypt_init(entry); break;
        case OSSL_FUNC_CIPHER_CIPHER: gcm->cipher = OSSL_FUNC_cipher_cipher(entry); break;
        case OSSL_FUNC_CIPHER_GET_CTX_PARAMS: gcm->get_parameters = OSSL_FUNC_cipher_get_ctx_params(entry); break;
        }
    }
    return gcm->new_context && gcm->free_context && gcm->encrypt_init && gcm->decrypt_init && gcm->cipher
        && gcm->get_parameters;
}

/// A context with a key set, for one direction; 0 if the library fails.
static inline void *lens_gcm_open_context(const struct lens_gcm *gcm, const void *key, size_t length, int opening) {
    static const unsigned char nonce[LENS_GCM_NONCE] = {0};
    void *context = gcm->new_context ? gcm->new_context(gcm->provider_context) : NULL;
    if (!context) return NULL;
    OSSL_FUNC_cipher_encrypt_init_fn *init = opening ? gcm->decrypt_init : gcm->encrypt_init;
    if (init(context, (const unsigned char *)key, length, nonce, sizeof nonce, NULL)) return context;
    gcm->free_context(context);
    return NULL;
}

static inline void lens_gcm_close_context(const struct lens_gcm *gcm, void *context) {
    if (context) gcm->free_context(context);
}

/// `tag` as the parameter of that name, and the end of the list.
#define LENS_GCM_TAG_PARAMETER(tag)                                                                                  \
    {                                                                                                                \
        {OSSL_CIPHER_PARAM_AEAD_TAG, OSSL_PARAM_OCTET_STRING, (tag), LENS_GCM_TAG, OSSL_PARAM_UNMODIFIED},           \
            {NULL, 0, NULL, 0, 0},                                                                                   \
    }

/// The associated bytes, then the text. `output` may be `input`.
static inline int lens_gcm_run(const struct lens_gcm *gcm, void *context, const void *associated, size_t associated_length,
                               const void *input, void *output, size_t length) {
    size_t written = 0;
    return gcm->cipher(context, NULL, &written, associated_length, (const unsigned char *)associated, associated_length)
        && (length == 0
            || gcm->cipher(context, (unsigned char *)output, &written, length, (const unsigned char *)input, length));
}

/// Encrypts, and writes the tag of 16 bytes. False if the library fails.
static inline int lens_gcm_seal(const struct lens_gcm *gcm, void *context, const void *nonce, const void *associated,
                                size_t associated_length, const void *input, void *output, size_t length, void *tag) {
    OSSL_PARAM parameters[] = LENS_GCM_TAG_PARAMETER(tag);
    size_t written = 0;
    return gcm->encrypt_init(context, NULL, 0, (const unsigned char *)nonce, LENS_GCM_NONCE, NULL)
        && lens_gcm_run(gcm, context, associated, associated_length, input, output, length)
        && gcm->cipher(context, (unsigned char *)tag, &written, 0, NULL, 0) && gcm->get_parameters(context, parameters);
}

/// Decrypts in place. False if the tag does not fit; what stands in `text` is then not authentic.
static inline int lens_gcm_unseal(const struct lens_gcm *gcm, void *context, const void *nonce, const void *associated,
                                  size_t associated_length, void *text, size_t length, const void *tag) {
    unsigned char received[LENS_GCM_TAG];
    memcpy(received, tag, sizeof received);
    const OSSL_PARAM parameters[] = LENS_GCM_TAG_PARAMETER(received);
    size_t written = 0;
    return gcm->decrypt_init(context, NULL, 0, (const unsigned char *)nonce, LENS_GCM_NONCE, parameters)
        && lens_gcm_run(gcm, context, associated, associated_length, text, text, length)
        && gcm->cipher(context, received, &written, 0, NULL, 0);
}
