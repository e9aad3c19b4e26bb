/* HMAC (RFC 2104) with the hashes of TLS, and what TLS derives keys with. Nothing is allocated; pure. */
#ifndef TK_SENSOR_PROTO_TLS_TLS_MAC_H
#define TK_SENSOR_PROTO_TLS_TLS_MAC_H

#include "sensor/proto/tls/tls_suite.h"

#define TLS_HASH_MAX 48

size_t tls_hash_size(enum tls_hash h); /* bytes; 0 for none */
/* `h` is no NONE; key of at most 64 bytes; `out` has room for the hash. */
void tls_hmac(enum tls_hash h, struct slice key, const struct slice *parts, size_t n_parts,
	      uint8_t out[TLS_HASH_MAX]);
/* HKDF-Expand-Label without context (RFC 8446 7.1); n is at most the hash's size. */
void tls_expand_label(enum tls_hash h, struct slice secret, const char *label, uint8_t *out, size_t n);
/* The PRF of RFC 5246 5, or with TLS_HASH_NONE that of TLS 1.0 and 1.1 (RFC 4346 5). */
void tls_prf(enum tls_hash h, struct slice secret, const char *label, struct slice seed, uint8_t *out,
	     size_t n);

#endif
