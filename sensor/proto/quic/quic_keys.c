#include "sensor/proto/quic/quic_keys.h"

#include <stdlib.h>

#include "sensor/proto/tls/tls_bytes.h"
#include "sensor/proto/tls/tls_mac.h"

#define TAG 16
#define NONCE 12
#define SAMPLE 16
#define NUMBER_MAX 4 /* bytes of a packet number */
#define PLAIN_MAX 65536

/* ---- ciphers ---- */

bool quic_opener_init(struct quic_opener *o)
{
	memset(o, 0, sizeof *o);
	o->gcm = EVP_CIPHER_fetch(NULL, "AES-128-GCM", NULL);
	o->ecb = EVP_CIPHER_fetch(NULL, "AES-128-ECB", NULL);
	o->aead = EVP_CIPHER_CTX_new();
	o->mask = EVP_CIPHER_CTX_new();
	o->plain = malloc(PLAIN_MAX);
	return o->gcm != NULL && o->ecb != NULL && o->aead != NULL && o->mask != NULL && o->plain != NULL &&
	       EVP_DecryptInit_ex2(o->aead, o->gcm, NULL, NULL, NULL) == 1 &&
	       EVP_CIPHER_CTX_ctrl(o->aead, EVP_CTRL_AEAD_SET_IVLEN, NONCE, NULL) == 1 &&
	       EVP_EncryptInit_ex2(o->mask, o->ecb, NULL, NULL, NULL) == 1;
}

void quic_opener_free(struct quic_opener *o)
{
	EVP_CIPHER_CTX_free(o->aead);
	EVP_CIPHER_CTX_free(o->mask);
	EVP_CIPHER_free(o->gcm);
	EVP_CIPHER_free(o->ecb);
	free(o->plain);
}

/* The text, with a tag behind it, over `n` parts that are authenticated alone. */
static bool decrypt(struct quic_opener *o, const uint8_t *key, const uint8_t nonce[NONCE],
		    const struct slice *parts, int n, struct slice text)
{
	uint8_t *tag = (uint8_t *)(uintptr_t)(text.p + text.n); /* OpenSSL only reads it */
	int done;

	if (EVP_DecryptInit_ex2(o->aead, NULL, key, nonce, NULL) != 1 ||
	    EVP_CIPHER_CTX_ctrl(o->aead, EVP_CTRL_AEAD_SET_TAG, TAG, tag) != 1)
		return false;
	for (int i = 0; i < n; i++)
		if (parts[i].n > 0 &&
		    EVP_DecryptUpdate(o->aead, NULL, &done, parts[i].p, (int)parts[i].n) != 1)
			return false;
	if (text.n > 0 && EVP_DecryptUpdate(o->aead, o->plain, &done, text.p, (int)text.n) != 1)
		return false;
	return EVP_DecryptFinal_ex(o->aead, o->plain + text.n, &done) == 1;
}

/* ---- Initial ---- */

void quic_keys_client(const struct quic_version *v, struct slice cid, struct quic_keys *k)
{
	static const char *const labels[][3] = {
		{ "quic key", "quic iv", "quic hp" }, { "quicv2 key", "quicv2 iv", "quicv2 hp" }
	};
	const char *const *label = labels[v->kind == 2];
	uint8_t initial[TLS_HASH_MAX], secret[32] = { 0 };
	struct slice from = slice_of(secret, sizeof secret);

	tls_hmac(TLS_HASH_SHA256, slice_of(v->salt, sizeof v->salt), &cid, 1, initial); /* HKDF-Extract */
	tls_expand_label(TLS_HASH_SHA256, slice_of(initial, 32), "client in", secret, sizeof secret);
	tls_expand_label(TLS_HASH_SHA256, from, label[0], k->key, sizeof k->key);
	tls_expand_label(TLS_HASH_SHA256, from, label[1], k->iv, sizeof k->iv);
	tls_expand_label(TLS_HASH_SHA256, from, label[2], k->hp, sizeof k->hp);
}

/* RFC 9000 A.3: the number nearest to `next` that ends in these bits. */
static uint64_t whole_number(uint64_t next, uint64_t low, unsigned bits)
{
	uint64_t window = UINT64_C(1) << bits, number = (next & ~(window - 1)) | low;

	if (number + window / 2 <= next && number < (UINT64_C(1) << 62) - window)
		return number + window;
	return number > next + window / 2 && number >= window ? number - window : number;
}

bool quic_open(struct quic_opener *o, const struct quic_keys *k, const struct quic_packet *p, uint64_t *next,
	       struct slice *plain)
{
	const uint8_t *at = p->whole.p + p->protected_at;
	size_t n = p->whole.n - p->protected_at, size;
	uint8_t mask[SAMPLE], first, number[NUMBER_MAX], nonce[NONCE];
	uint64_t low = 0, full;
	int done;

	if (n < NUMBER_MAX + SAMPLE || n > PLAIN_MAX ||
	    EVP_EncryptInit_ex2(o->mask, NULL, k->hp, NULL, NULL) != 1 ||
	    EVP_EncryptUpdate(o->mask, mask, &done, at + NUMBER_MAX, SAMPLE) != 1)
		return false;
	first = p->whole.p[0] ^ (mask[0] & 0x0f);
	size = (first & 3u) + 1;
	for (size_t i = 0; i < size; i++) {
		number[i] = at[i] ^ mask[1 + i];
		low = low << 8 | number[i];
	}
	full = whole_number(*next, low, (unsigned)size * 8);
	tls_put_u64(nonce + NONCE - 8, full);
	memset(nonce, 0, NONCE - 8);
	for (size_t i = 0; i < NONCE; i++)
		nonce[i] ^= k->iv[i];
	const struct slice parts[] = {
		{ &first, 1 }, { p->whole.p + 1, p->protected_at - 1 }, { number, size }
	};
	*plain = slice_of(o->plain, n - size - TAG);
	if (!decrypt(o, k->key, nonce, parts, COUNT(parts), slice_of(at + size, plain->n)))
		return false;
	if (full >= *next)
		*next = full + 1;
	return true;
}

/* ---- Retry ---- */

bool quic_retry_answers(struct quic_opener *o, const struct quic_packet *p, struct slice cid)
{
	struct slice rest = slice_from(p->whole, p->rest_at), named;
	uint8_t length = (uint8_t)cid.n;

	if (!p->version->tagged)
		return tls_take_vector(&rest, 1, &named) && slice_eq(named, cid);
	if (rest.n < TAG)
		return false;
	const struct slice parts[] = { { &length, 1 }, cid, slice_head(p->whole, p->whole.n - TAG) };
	return decrypt(o, p->version->retry_key, p->version->retry_nonce, parts, COUNT(parts),
		       slice_of(p->whole.p + p->whole.n - TAG, 0));
}
