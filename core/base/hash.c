#include "core/base/hash.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

/* The digest is fetched once and the context reused: an implicit fetch for each hash costs more
 * than hashing a log line. */
struct sha256 {
	EVP_MD *md;
	EVP_MD_CTX *ctx;
};

struct sha256 *sha256_new(void)
{
	struct sha256 *s = calloc(1, sizeof *s);

	if (s == NULL)
		return NULL;
	s->md = EVP_MD_fetch(NULL, "SHA2-256", NULL);
	s->ctx = EVP_MD_CTX_new();
	if (s->md == NULL || s->ctx == NULL || EVP_DigestInit_ex2(s->ctx, s->md, NULL) != 1) {
		sha256_free(s);
		return NULL;
	}
	return s;
}

void sha256_free(struct sha256 *s)
{
	if (s == NULL)
		return;
	EVP_MD_CTX_free(s->ctx);
	EVP_MD_free(s->md);
	free(s);
}

/* After a good sha256_new only a broken library can fail here. A made-up hash in the trail would
 * be worse than a stop. */
static void must(int rc)
{
	if (rc == 1)
		return;
	fputs("tochoku: OpenSSL failed to compute a SHA-256\n", stderr);
	abort();
}

void sha256_begin(struct sha256 *s)
{
	must(EVP_DigestInit_ex2(s->ctx, s->md, NULL));
}

void sha256_add(struct sha256 *s, struct slice in)
{
	if (in.n != 0)
		must(EVP_DigestUpdate(s->ctx, in.p, in.n));
}

void sha256_end(struct sha256 *s, uint8_t out[32])
{
	must(EVP_DigestFinal_ex(s->ctx, out, NULL));
}

void sha256_of(struct sha256 *s, struct slice in, uint8_t out[32])
{
	sha256_begin(s);
	sha256_add(s, in);
	sha256_end(s, out);
}

bool hmac_sha256(struct slice key, struct slice in, uint8_t out[32])
{
	static const uint8_t none[1] = { 0 }; /* HMAC() takes a NULL key for "the last one" */

	if (key.n > INT32_MAX)
		return false;
	return HMAC(EVP_sha256(), key.n == 0 ? none : key.p, (int)key.n, in.n == 0 ? none : in.p, in.n, out,
		    NULL) != NULL;
}

/* SipHash-1-3 (Aumasson, Bernstein 2012). The wyhash family is somewhat faster, but has inputs that
 * collide under every seed, and the keys of our tables come from outside. */
struct sip {
	uint64_t a, b, c, d;
};

static inline uint64_t rotl(uint64_t x, unsigned k)
{
	return x << k | x >> (64 - k);
}

static inline void sip_round(struct sip *s)
{
	s->a += s->b;
	s->c += s->d;
	s->b = rotl(s->b, 13) ^ s->a;
	s->d = rotl(s->d, 16) ^ s->c;
	s->a = rotl(s->a, 32) + s->d;
	s->c += s->b;
	s->d = rotl(s->d, 21) ^ s->a;
	s->b = rotl(s->b, 17) ^ s->c;
	s->c = rotl(s->c, 32);
}

/* The up to seven bytes behind the whole words. */
static uint64_t sip_tail(const uint8_t *p, size_t n)
{
	uint64_t w = 0;

	for (size_t i = 0; i < n; i++)
		w |= (uint64_t)p[i] << (8 * i);
	return w;
}

uint64_t hash64(struct slice in, uint64_t seed)
{
	uint64_t k1 = rotl(seed * UINT64_C(0x9e3779b97f4a7c15), 29) ^ UINT64_C(0xd6e8feb86659fd93), w;
	struct sip s = { seed ^ UINT64_C(0x736f6d6570736575), k1 ^ UINT64_C(0x646f72616e646f6d),
			 seed ^ UINT64_C(0x6c7967656e657261), k1 ^ UINT64_C(0x7465646279746573) };
	size_t i = 0;

	for (; in.n - i >= 8; i += 8) {
		memcpy(&w, in.p + i, 8); /* the host's byte order: never stored, so it need not travel */
		s.d ^= w;
		sip_round(&s);
		s.a ^= w;
	}
	w = sip_tail(in.p + i, in.n - i) | (uint64_t)in.n << 56;
	s.d ^= w;
	sip_round(&s);
	s.a ^= w;
	s.c ^= 0xff;
	for (int k = 0; k < 3; k++)
		sip_round(&s);
	return s.a ^ s.b ^ s.c ^ s.d;
}

bool random_bytes(void *out, size_t n)
{
	return n <= INT32_MAX && RAND_bytes(out, (int)n) == 1;
}

void hex_encode(struct slice in, char *out)
{
	static const char digit[] = "0123456789abcdef";

	for (size_t i = 0; i < in.n; i++) {
		*out++ = digit[in.p[i] >> 4];
		*out++ = digit[in.p[i] & 15];
	}
	*out = 0;
}

static int hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool hex_decode(struct slice hex, uint8_t *out, size_t n)
{
	if (hex.n != 2 * n)
		return false;
	for (size_t i = 0; i < n; i++) {
		int high = hex_value(hex.p[2 * i]), low = hex_value(hex.p[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}
