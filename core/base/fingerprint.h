/* Keyed fingerprints of credentials (llm-usage.md 7), under a chain of keys of 32 bytes: HMAC-SHA-256 under
 * the first, cut to 8 bytes; then, for each key that followed it, HMAC-SHA-256 of the 16 hex digits so far.
 * So what an old fingerprint has become can be computed from itself, without the credential, and a key that
 * leaked is of no use without its successors. Pure functions. */
#ifndef TK_BASE_FINGERPRINT_H
#define TK_BASE_FINGERPRINT_H

#include "core/base/slice.h"

#define FINGERPRINT_BYTES 8
#define FINGERPRINT_TEXT 16 /* its hex digits */
#define FINGERPRINT_KEY_BYTES 32
#define FINGERPRINT_KEYS_MAX 64

/* `chain`: the keys, one behind the other. False: no key, or OpenSSL refuses. */
bool fingerprint_make(struct slice chain, struct slice secret, uint8_t out[FINGERPRINT_BYTES]);
/* What a fingerprint of an earlier chain has become under the keys that followed. */
bool fingerprint_next(struct slice later_keys, uint8_t fingerprint[FINGERPRINT_BYTES]);
/* The same of hex digits, in place. False also where it is none. */
bool fingerprint_next_text(struct slice later_keys, char fingerprint[FINGERPRINT_TEXT + 1]);

#endif
