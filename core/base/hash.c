/* OpenSSL 3 would have callers use EVP_Digest..., which costs a tenth of the time that hashing a log line
 * takes, and HMAC(), which costs six times what it computes. The functions below are the same code without
 * the way there. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "core/base/hash.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include <openssl/crypto.h>
#include <openssl/sha.h>

#define BLOCK SHA256_CBLOCK

struct sha256 {
	SHA256_CTX ctx;
};

/* They can only fail in a broken library. A made-up hash in the trail would be worse than a stop. */
static void must(int rc)
{
	if (rc == 1)
		return;
	fputs("tochoku: OpenSSL failed to compute a SHA-256\n", stderr);
	abort();
}

struct sha256 *sha256_new(void)
{
	struct sha256 *s = malloc(sizeof *s);

	if (s != NULL)
		sha256_begin(s);
	return s;
}

void sha256_free(struct sha256 *s)
{
	free(s);
}

void sha256_begin(struct sha256 *s)
{
	must(SHA256_Init(&s->ctx));
}

void sha256_add(struct sha256 *s, struct slice in)
{
	if (in.n != 0)
		must(SHA256_Update(&s->ctx, in.p, in.n));
}

void sha256_end(struct sha256 *s, uint8_t out[32])
{
	must(SHA256_Final(out, &s->ctx));
}

void sha256_of(struct sha256 *s, struct slice in, uint8_t out[32])
{
	sha256_begin(s);
	sha256_add(s, in);
	sha256_end(s, out);
}

/* Not SHA256(), which allocates, may fail for it, and then leaves `out` as it was. */
void sha256_once(struct slice in, uint8_t out[32])
{
	struct sha256 s;

	sha256_of(&s, in, out);
}

bool crypto_begin(void)
{
	return OPENSSL_init_crypto(0, NULL) == 1 && OSSL_LIB_CTX_get0_global_default() != NULL;
}

/* One of the two nested hashes of RFC 2104: over the padded key and then `in`. */
static void keyed(struct sha256 *s, const uint8_t key[BLOCK], uint8_t pad, struct slice in, uint8_t out[32])
{
	uint8_t block[BLOCK];

	for (size_t i = 0; i < BLOCK; i++)
		block[i] = key[i] ^ pad;
	sha256_begin(s);
	sha256_add(s, slice_of(block, BLOCK));
	sha256_add(s, in);
	sha256_end(s, out);
	OPENSSL_cleanse(block, sizeof block);
}

bool hmac_sha256(struct slice key, struct slice in, uint8_t out[32])
{
	struct sha256 s;
	uint8_t padded[BLOCK] = { 0 };

	if (key.n > BLOCK)
		sha256_of(&s, key, padded);
	else if (key.n > 0)
		memcpy(padded, key.p, key.n);
	keyed(&s, padded, 0x36, in, out);
	keyed(&s, padded, 0x5c, slice_of(out, 32), out);
	OPENSSL_cleanse(padded, sizeof padded);
	OPENSSL_cleanse(&s, sizeof s);
	return true;
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

static inline struct sip sip_begin(uint64_t k0, uint64_t k1)
{
	return (struct sip){ k0 ^ UINT64_C(0x736f6d6570736575), k1 ^ UINT64_C(0x646f72616e646f6d),
			     k0 ^ UINT64_C(0x6c7967656e657261), k1 ^ UINT64_C(0x7465646279746573) };
}

static inline void sip_word(struct sip *s, uint64_t w)
{
	s->d ^= w;
	sip_round(s);
	s->a ^= w;
}

static inline void sip_text(struct sip *s, struct slice in)
{
	uint64_t w;
	size_t i = 0;

	for (; in.n - i >= 8; i += 8) {
		memcpy(&w, in.p + i, 8); /* the host's byte order: so a ledger stays on its kind */
		sip_word(s, w);
	}
	sip_word(s, (i < in.n ? sip_tail(in.p + i, in.n - i) : 0) | (uint64_t)in.n << 56);
}

static inline uint64_t sip_end(struct sip *s)
{
	for (int k = 0; k < 3; k++)
		sip_round(s);
	return s->a ^ s->b ^ s->c ^ s->d;
}

uint64_t hash64(struct slice in, uint64_t seed)
{
	struct sip s = sip_begin(seed, rotl(seed * UINT64_C(0x9e3779b97f4a7c15), 29) ^
					       UINT64_C(0xd6e8feb86659fd93));

	sip_text(&s, in);
	s.c ^= 0xff;
	return sip_end(&s);
}

/* Its form of 128 bits. */
struct hash128 hash128(struct slice in, const uint64_t seed[2])
{
	struct sip s = sip_begin(seed[0], seed[1]);
	struct hash128 h;

	s.b ^= 0xee;
	sip_text(&s, in);
	s.c ^= 0xee;
	h.a = sip_end(&s);
	s.b ^= 0xdd;
	h.b = sip_end(&s);
	return h;
}

/* Of the kernel: libcrypto's own generator crashes where there is no memory to begin with it. */
bool random_bytes(void *out, size_t n)
{
	uint8_t *p = out;
	ssize_t got;

	for (; n > 0; p += got, n -= (size_t)got) {
		got = getrandom(p, n, 0);
		if (got < 0 && errno != EINTR)
			return false;
		if (got < 0)
			got = 0;
	}
	return true;
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
