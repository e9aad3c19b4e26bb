/* QUIC's Initial packets for tests, sealed with OpenSSL's own HKDF and independently of the program: RFC 9001
 * and 9369, and draft 29. What breaks here aborts. */
#ifndef TK_TESTS_QUIC_SEAL_H
#define TK_TESTS_QUIC_SEAL_H

#include <stdlib.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "core/base/slice.h"

#define SEAL_V1 0x00000001u
#define SEAL_V2 0x6b3343cfu
#define SEAL_29 0xff00001du
#define SEAL_MAX 65536

struct seal {
	uint32_t version;
	struct slice keys_of;    /* the connection id that the keys come from */
	struct slice dcid, scid, token;
	uint64_t number;
	int number_size;         /* bytes, 1 to 4; 0: 1 */
	size_t datagram;         /* at least that long; 0: as it comes */
	bool by_server;
	uint8_t type;            /* of version 1: 0 Initial, 2 Handshake */
};

struct wire {
	uint8_t b[SEAL_MAX];
	size_t n;
};

static inline void seal_must(bool good)
{
	if (!good)
		abort();
}

static inline void wire_add(struct wire *w, struct slice s)
{
	seal_must(s.n <= sizeof w->b - w->n);
	if (s.n > 0)
		memcpy(w->b + w->n, s.p, s.n);
	w->n += s.n;
}

static inline void wire_int(struct wire *w, uint64_t v, int bytes)
{
	for (int i = bytes - 1; i >= 0; i--) {
		uint8_t b = (uint8_t)(v >> 8 * i);

		wire_add(w, slice_of(&b, 1));
	}
}

/* In 1, 2, 4 or 8 bytes; 0: as few as it takes. */
static inline void wire_varint(struct wire *w, uint64_t v, int bytes)
{
	static const uint8_t prefix[] = { 0, 0x00, 0x40, 0, 0x80, 0, 0, 0, 0xc0 };

	if (bytes == 0)
		bytes = v < 64 ? 1 : v < 16384 ? 2 : v < 1 << 30 ? 4 : 8;
	wire_int(w, v | (uint64_t)prefix[bytes] << 8 * (bytes - 1), bytes);
}

static inline void wire_vector(struct wire *w, struct slice s)
{
	wire_int(w, s.n, 1);
	wire_add(w, s);
}

static inline void wire_crypto(struct wire *w, struct slice stream, size_t offset, size_t n)
{
	wire_int(w, 0x06, 1);
	wire_varint(w, offset, 0);
	wire_varint(w, n, 0);
	wire_add(w, slice_head(slice_from(stream, offset), n));
}

static inline void seal_hkdf(bool extract, struct slice key, struct slice other, uint8_t *out, size_t n)
{
	int mode = extract ? EVP_KDF_HKDF_MODE_EXTRACT_ONLY : EVP_KDF_HKDF_MODE_EXPAND_ONLY;
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
	OSSL_PARAM p[] = {
		OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)(uintptr_t)"SHA256", 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)(uintptr_t)key.p, key.n),
		OSSL_PARAM_construct_octet_string(extract ? OSSL_KDF_PARAM_SALT : OSSL_KDF_PARAM_INFO,
						  (void *)(uintptr_t)other.p, other.n),
		OSSL_PARAM_construct_end()
	};

	seal_must(EVP_KDF_derive(ctx, out, n, p) == 1);
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
}

static inline void seal_label(const uint8_t secret[32], const char *label, uint8_t *out, size_t n)
{
	static struct wire info;

	info.n = 0;
	wire_int(&info, n, 2);
	wire_int(&info, 6 + strlen(label), 1);
	wire_add(&info, SLICE("tls13 "));
	wire_add(&info, slice_str(label));
	wire_int(&info, 0, 1);
	seal_hkdf(false, slice_of(secret, 32), slice_of(info.b, info.n), out, n);
}

struct seal_keys {
	uint8_t key[16], iv[12], hp[16];
};

static inline void seal_derive(const struct seal *s, struct seal_keys *k)
{
	static const uint8_t salt_1[] =
		"\x38\x76\x2c\xf7\xf5\x59\x34\xb3\x4d\x17\x9a\xe6\xa4\xc8\x0c\xad\xcc\xbb\x7f\x0a";
	static const uint8_t salt_2[] =
		"\x0d\xed\xe3\xde\xf7\x00\xa6\xdb\x81\x93\x81\xbe\x6e\x26\x9d\xcb\xf9\xbd\x2e\xd9";
	static const uint8_t salt_29[] =
		"\xaf\xbf\xec\x28\x99\x93\xd2\x4c\x9e\x97\x86\xf1\x9c\x61\x11\xe0\x43\x90\xa8\x99";
	const uint8_t *salt = s->version == SEAL_V2 ? salt_2 : s->version == SEAL_29 ? salt_29 : salt_1;
	bool two = s->version == SEAL_V2;
	uint8_t initial[32], secret[32];

	seal_hkdf(true, s->keys_of, slice_of(salt, 20), initial, 32);
	seal_label(initial, s->by_server ? "server in" : "client in", secret, 32);
	seal_label(secret, two ? "quicv2 key" : "quic key", k->key, 16);
	seal_label(secret, two ? "quicv2 iv" : "quic iv", k->iv, 12);
	seal_label(secret, two ? "quicv2 hp" : "quic hp", k->hp, 16);
}

static inline void seal_gcm(const struct seal_keys *k, uint64_t number, struct slice head, struct slice plain,
			    uint8_t *out)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t nonce[12];
	int n;

	memcpy(nonce, k->iv, 12);
	for (int i = 0; i < 8; i++)
		nonce[11 - i] ^= (uint8_t)(number >> 8 * i);
	seal_must(EVP_EncryptInit_ex(ctx, EVP_aes_128_gcm(), NULL, k->key, nonce) == 1 &&
		  EVP_EncryptUpdate(ctx, NULL, &n, head.p, (int)head.n) == 1 &&
		  EVP_EncryptUpdate(ctx, out, &n, plain.p, (int)plain.n) == 1 &&
		  EVP_EncryptFinal_ex(ctx, out + plain.n, &n) == 1 &&
		  EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, 16, out + plain.n) == 1);
	EVP_CIPHER_CTX_free(ctx);
}

static inline void seal_mask(const struct seal_keys *k, const uint8_t *sample, uint8_t mask[16])
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n;

	seal_must(EVP_EncryptInit_ex(ctx, EVP_aes_128_ecb(), NULL, k->hp, NULL) == 1 &&
		  EVP_EncryptUpdate(ctx, mask, &n, sample, 16) == 1);
	EVP_CIPHER_CTX_free(ctx);
}

static inline uint8_t seal_first(uint32_t version, uint8_t type)
{
	return (uint8_t)(0xc0 | (version == SEAL_V2 ? (type + 1) & 3 : type) << 4);
}

/* Appends a packet with these frames to a datagram. */
static inline void seal(struct wire *w, const struct seal *s, struct slice frames)
{
	static uint8_t plain[SEAL_MAX];
	int size = s->number_size == 0 ? 1 : s->number_size;
	size_t start = w->n, before, n = frames.n < 4 ? 4 : frames.n, number_at;
	struct seal_keys k;
	uint8_t mask[16];

	seal_derive(s, &k);
	wire_int(w, (uint64_t)seal_first(s->version, s->type) | (uint64_t)(size - 1), 1);
	wire_int(w, s->version, 4);
	wire_vector(w, s->dcid);
	wire_vector(w, s->scid);
	if (s->type == 0)
		wire_varint(w, s->token.n, 0);
	wire_add(w, s->token);
	before = w->n + 2 + (size_t)size + 16;
	if (before + n < s->datagram)
		n = s->datagram - before;
	memset(plain, 0, n); /* PADDING */
	if (frames.n > 0)
		memcpy(plain, frames.p, frames.n);
	wire_varint(w, (uint64_t)size + n + 16, 2);
	number_at = w->n;
	wire_int(w, s->number, size);
	seal_must(w->n + n + 16 <= sizeof w->b);
	seal_gcm(&k, s->number, slice_of(w->b + start, w->n - start), slice_of(plain, n), w->b + w->n);
	w->n += n + 16;
	seal_mask(&k, w->b + number_at + 4, mask);
	w->b[start] ^= mask[0] & 0x0f;
	for (int i = 0; i < size; i++)
		w->b[number_at + (size_t)i] ^= mask[1 + i];
}

/* A Retry, whose tag is true. */
static inline void seal_retry(struct wire *w, const struct seal *s)
{
	static const struct seal_keys one = {
		.key = "\xbe\x0c\x69\x0b\x9f\x66\x57\x5a\x1d\x76\x6b\x54\xe3\x68\xc8\x4e",
		.iv = "\x46\x15\x99\xd3\x5d\x63\x2b\xf2\x23\x98\x25\xbb"
	};
	static struct wire pseudo;
	size_t start = w->n;

	seal_must(s->version == SEAL_V1);
	wire_int(w, 0xff, 1);
	wire_int(w, s->version, 4);
	wire_vector(w, s->dcid);
	wire_vector(w, s->scid);
	wire_add(w, s->token);
	pseudo.n = 0;
	wire_vector(&pseudo, s->keys_of);
	wire_add(&pseudo, slice_of(w->b + start, w->n - start));
	seal_gcm(&one, 0, slice_of(pseudo.b, pseudo.n), slice_of("", 0), w->b + w->n);
	w->n += 16;
}

/* A ClientHello for a name, of about `size` bytes (as long as it must be, when that is more). */
static inline void seal_hello(struct wire *w, const char *name, size_t size)
{
	struct slice sni = slice_str(name);
	size_t fixed = 4 + 2 + 32 + 1 + 4 + 2 + 2, extensions = 9 + sni.n + 9 + 7 + 4, pad;

	w->n = 0;
	pad = fixed + extensions < size ? size - fixed - extensions : 0;
	extensions += pad;
	wire_int(w, 1, 1);
	wire_int(w, fixed - 4 + extensions, 3);
	wire_int(w, 0x0303, 2);
	for (int i = 0; i < 32; i++)
		wire_int(w, (uint64_t)i, 1);
	wire_int(w, 0, 1);
	wire_int(w, 0x00021301, 4);
	wire_int(w, 0x0100, 2);
	wire_int(w, extensions, 2);
	wire_int(w, 0, 2); /* server_name */
	wire_int(w, sni.n + 5, 2);
	wire_int(w, sni.n + 3, 2);
	wire_int(w, 0, 1);
	wire_int(w, sni.n, 2);
	wire_add(w, sni);
	wire_add(w, slice_of("\0\x10\0\5\0\3\2h3", 9));
	wire_add(w, slice_of("\0\x2b\0\3\2\3\4", 7));
	wire_int(w, 21, 2); /* padding */
	wire_int(w, pad, 2);
	for (size_t i = 0; i < pad; i++)
		wire_int(w, i & 0xff, 1);
}

#endif
