/* Cipher suites: which cipher and which hashes a number stands for. Constant tables; pure. */
#ifndef TK_SENSOR_PROTO_TLS_TLS_SUITE_H
#define TK_SENSOR_PROTO_TLS_TLS_SUITE_H

#include "core/base/slice.h"

enum tls_hash { TLS_HASH_NONE, TLS_HASH_MD5, TLS_HASH_SHA1, TLS_HASH_SHA256, TLS_HASH_SHA384 };

enum tls_mode {
	TLS_MODE_NULL, /* no encryption, but a MAC */
	TLS_MODE_CBC,
	TLS_MODE_AEAD,
	TLS_MODE_CCM   /* an AEAD that must know the length beforehand */
};

enum tls_cipher_id {
#define CIPHER(id, name, mode, key, fixed, tag) TLS_CIPHER_##id,
#include "sensor/proto/tls/tls_ciphers.def"
#undef CIPHER
	TLS_CIPHERS
};

struct tls_cipher {
	const char *name; /* OpenSSL's */
	uint8_t mode, key, fixed, tag;
};

struct tls_suite {
	uint16_t code;
	uint8_t cipher; /* enum tls_cipher_id */
	uint8_t mac;    /* enum tls_hash; CBC and NULL */
	uint8_t hash;   /* of the key schedule, TLS 1.2 and 1.3 */
};

const struct tls_suite *tls_suite_find(uint16_t code); /* NULL: cannot be read */
const struct tls_cipher *tls_cipher_of(uint8_t id);    /* id < TLS_CIPHERS */

#endif
