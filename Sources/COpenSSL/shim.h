#pragma once
// The SHA-1 of <openssl/sha.h> is marked deprecated in favour of EVP, which cannot start from a state computed before.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include "dtls.h"
#include "farewell.h"
#include "gcm.h"
