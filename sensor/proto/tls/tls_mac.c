/* As in core/base/hash.c: EVP costs more than the hash itself, and needs memory. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "sensor/proto/tls/tls_mac.h"

#include <openssl/md5.h>
#include <openssl/sha.h>

#define BLOCK_MAX 128

union hash {
	MD5_CTX md5;
	SHA_CTX sha1;
	SHA256_CTX sha256;
	SHA512_CTX sha384;
};

size_t tls_hash_size(enum tls_hash h)
{
	static const uint8_t size[] = { 0, MD5_DIGEST_LENGTH, SHA_DIGEST_LENGTH, SHA256_DIGEST_LENGTH,
					SHA384_DIGEST_LENGTH };

	return size[h];
}

static void begin(enum tls_hash h, union hash *u)
{
	switch (h) {
	case TLS_HASH_MD5: MD5_Init(&u->md5); break;
	case TLS_HASH_SHA1: SHA1_Init(&u->sha1); break;
	case TLS_HASH_SHA384: SHA384_Init(&u->sha384); break;
	default: SHA256_Init(&u->sha256);
	}
}

static void add(enum tls_hash h, union hash *u, struct slice s)
{
	if (s.n == 0)
		return;
	switch (h) {
	case TLS_HASH_MD5: MD5_Update(&u->md5, s.p, s.n); break;
	case TLS_HASH_SHA1: SHA1_Update(&u->sha1, s.p, s.n); break;
	case TLS_HASH_SHA384: SHA384_Update(&u->sha384, s.p, s.n); break;
	default: SHA256_Update(&u->sha256, s.p, s.n);
	}
}

static void end(enum tls_hash h, union hash *u, uint8_t *out)
{
	switch (h) {
	case TLS_HASH_MD5: MD5_Final(out, &u->md5); break;
	case TLS_HASH_SHA1: SHA1_Final(out, &u->sha1); break;
	case TLS_HASH_SHA384: SHA384_Final(out, &u->sha384); break;
	default: SHA256_Final(out, &u->sha256);
	}
}

/* The key, padded to a block. */
static void begin_keyed(enum tls_hash h, union hash *u, struct slice key, uint8_t pad)
{
	size_t size = h == TLS_HASH_SHA384 ? 128 : 64;
	uint8_t block[BLOCK_MAX];

	memset(block, pad, size);
	for (size_t i = 0; i < key.n && i < size; i++)
		block[i] ^= key.p[i];
	begin(h, u);
	add(h, u, slice_of(block, size));
	explicit_bzero(block, sizeof block);
}

void tls_hmac(enum tls_hash h, struct slice key, const struct slice *parts, size_t n_parts,
	      uint8_t out[TLS_HASH_MAX])
{
	union hash u;

	begin_keyed(h, &u, key, 0x36);
	for (size_t i = 0; i < n_parts; i++)
		add(h, &u, parts[i]);
	end(h, &u, out);
	begin_keyed(h, &u, key, 0x5c);
	add(h, &u, slice_of(out, tls_hash_size(h)));
	end(h, &u, out);
	explicit_bzero(&u, sizeof u);
}

void tls_expand_label(enum tls_hash h, struct slice secret, const char *label, uint8_t *out, size_t n)
{
	uint8_t head[3] = { (uint8_t)(n >> 8), (uint8_t)n, (uint8_t)(6 + strlen(label)) },
		block[TLS_HASH_MAX];
	const struct slice parts[] = {
		slice_of(head, sizeof head), SLICE("tls13 "), slice_str(label), slice_of("\0\1", 2)
	};

	tls_hmac(h, secret, parts, COUNT(parts), block);
	memcpy(out, block, n);
	explicit_bzero(block, sizeof block);
}

/* P_hash of RFC 5246 5, laid over what is in `out` by exclusive or. */
static void p_hash(enum tls_hash h, struct slice secret, const char *label, struct slice seed, uint8_t *out,
		   size_t n)
{
	const struct slice parts[] = { slice_str(label), seed };
	size_t size = tls_hash_size(h);
	uint8_t a[TLS_HASH_MAX], block[TLS_HASH_MAX];

	tls_hmac(h, secret, parts, 2, a);
	for (size_t at = 0; at < n; at += size) {
		const struct slice next[] = { slice_of(a, size), parts[0], parts[1] };

		tls_hmac(h, secret, next, 3, block);
		for (size_t i = 0; i < size && at + i < n; i++)
			out[at + i] ^= block[i];
		tls_hmac(h, secret, next, 1, block);
		memcpy(a, block, size);
	}
	explicit_bzero(a, sizeof a);
	explicit_bzero(block, sizeof block);
}

void tls_prf(enum tls_hash h, struct slice secret, const char *label, struct slice seed, uint8_t *out,
	     size_t n)
{
	size_t half = (secret.n + 1) / 2;

	memset(out, 0, n);
	if (h != TLS_HASH_NONE) {
		p_hash(h, secret, label, seed, out, n);
		return;
	}
	p_hash(TLS_HASH_MD5, slice_head(secret, half), label, seed, out, n);
	p_hash(TLS_HASH_SHA1, slice_from(secret, secret.n - half), label, seed, out, n);
}
