/* Takes the protection off the records of one direction: AEAD, CBC with HMAC before or after encryption, and
 * none but a MAC (RFC 8446 5.2, RFC 5246 6.2.3, RFC 7366, RFC 5288, RFC 6655, RFC 7905). OpenSSL computes the
 * ciphers. A record opens only when its tag or MAC is right, so trying a number of keys or sequence numbers
 * is safe. Private to tls*.c. */
#ifndef TK_SENSOR_PROTO_TLS_TLS_SEAL_H
#define TK_SENSOR_PROTO_TLS_TLS_SEAL_H

#include <openssl/evp.h>

#include "sensor/proto/tls/tls_mac.h"

#define TLS_RECORD_HEAD 5
#define TLS_PAYLOAD_MAX (16384 + 2048) /* RFC 5246 6.2.3; TLS 1.3 has less */

/* The ciphers that this OpenSSL has; shared by all seals. */
struct tls_ciphers {
	EVP_CIPHER *of[TLS_CIPHERS];
};
void tls_ciphers_init(struct tls_ciphers *c);
void tls_ciphers_free(struct tls_ciphers *c); /* legal on a zeroed struct */

struct tls_keys { /* of one direction */
	uint16_t version;        /* 0x0301 to 0x0304 */
	const struct tls_suite *suite;
	bool encrypt_then_mac;
	uint8_t key[32], iv[16], mac[TLS_HASH_MAX];
};

/* A zeroed one is legal and opens nothing. */
struct tls_seal {
	EVP_CIPHER_CTX *ctx;     /* made at first use and kept: no record needs memory */
	uint8_t loaded;          /* the cipher it was made ready for */
	bool on;
	bool encrypt_then_mac, chained; /* chained: the IV is the end of the record before (TLS 1.0) */
	bool iv_known;
	uint16_t version;
	const struct tls_suite *suite;
	const struct tls_cipher *cipher;
	uint8_t iv[16], mac[TLS_HASH_MAX];
};

/* False: this OpenSSL does not have the cipher; the seal is then off. */
bool tls_seal_set(struct tls_seal *s, const struct tls_ciphers *c, const struct tls_keys *k);
void tls_seal_wipe(struct tls_seal *s); /* keys away, context kept */
void tls_seal_free(struct tls_seal *s);

struct tls_opened {
	uint8_t type;       /* of the content: with TLS 1.3 the inner one */
	struct slice bytes; /* in `out` */
};
/* `out` has room for TLS_PAYLOAD_MAX bytes. False: not with these keys and this number. */
bool tls_seal_open(struct tls_seal *s, const uint8_t head[TLS_RECORD_HEAD], struct slice payload,
		   uint64_t seq, uint8_t *out, struct tls_opened *o);
/* A record was passed over unread, or its end was seen alone (n < 16: not even that): what the next one needs
 * of it. */
void tls_seal_passed(struct tls_seal *s, struct slice end);
/* Bytes of content in a record with that much payload, if it is no padded one; 0: cannot be told. */
size_t tls_seal_content(const struct tls_seal *s, size_t payload);

#endif
