/* Ed25519 (RFC 8032) by OpenSSL. Any thread. */
#ifndef TK_TRAIL_SIGNATURE_H
#define TK_TRAIL_SIGNATURE_H

#include "core/base/err.h"
#include "core/base/slice.h"

#define SEED_LEN 32
#define PUBLIC_LEN 32
#define SIGNATURE_LEN 64

/* The public key of a private one. False when OpenSSL refuses. */
bool ed25519_public(const uint8_t seed[SEED_LEN], uint8_t out[PUBLIC_LEN]);
bool ed25519_sign(const uint8_t seed[SEED_LEN], struct slice message, uint8_t out[SIGNATURE_LEN]);
/* Also refuses keys that are no canonical point or of small order, which sign anything. */
/* TK_EMALFORMED: it is not that key's signature. TK_ENOMEM: OpenSSL could not look. */
int ed25519_check(const uint8_t key[PUBLIC_LEN], struct slice message, struct slice signature);
bool ed25519_verify(const uint8_t key[PUBLIC_LEN], struct slice message, struct slice signature);
bool ed25519_key_sound(const uint8_t key[PUBLIC_LEN]);

#endif
