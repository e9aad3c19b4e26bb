/* Hashes. SHA-256 (FIPS 180-4) and HMAC-SHA-256 (RFC 2104) by OpenSSL for identity, trail and
 * fingerprints; a seeded fast hash for tables: in memory, and in a ledger that keeps its seed. */
#ifndef TK_BASE_HASH_H
#define TK_BASE_HASH_H

#include "core/base/slice.h"

struct sha256;                       /* a reusable context */
struct sha256 *sha256_new(void);     /* NULL: no memory or no OpenSSL provider */
void sha256_free(struct sha256 *s);  /* NULL is legal */
void sha256_begin(struct sha256 *s);
void sha256_add(struct sha256 *s, struct slice in);
void sha256_end(struct sha256 *s, uint8_t out[32]);
void sha256_of(struct sha256 *s, struct slice in, uint8_t out[32]);
void sha256_once(struct slice in, uint8_t out[32]);

/* False when OpenSSL refuses. */
bool hmac_sha256(struct slice key, struct slice in, uint8_t out[32]);

/* Strong enough against chosen keys while the seed is secret: random per process. */
uint64_t hash64(struct slice in, uint64_t seed);
/* Wide enough to take two texts that agree in it for equal. */
struct hash128 {
	uint64_t a, b;
};
struct hash128 hash128(struct slice in, const uint64_t seed[2]);
/* Of a list: what is before, and one more behind it. Each place counts for itself. */
static inline struct hash128 hash128_join(struct hash128 list, struct hash128 next)
{
	const uint64_t odd = UINT64_C(0x9e3779b97f4a7c15);

	return (struct hash128){ list.a * odd + next.a, list.b * odd + next.b };
}

/* Before all else that needs OpenSSL, which crashes later on where it could not begin. False: no memory. */
bool crypto_begin(void);
bool random_bytes(void *out, size_t n);
void hex_encode(struct slice in, char *out); /* 2n characters and a NUL */
bool hex_decode(struct slice hex, uint8_t *out, size_t n);

#endif
