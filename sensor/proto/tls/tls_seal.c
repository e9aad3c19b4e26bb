#include "sensor/proto/tls/tls_seal.h"

#include "sensor/proto/tls/tls_bytes.h"

#define NONCE 12
#define EXPLICIT 8 /* bytes of the nonce that stand before the record (RFC 5288 3) */
#define TLS_1_3 0x0304
#define TLS_1_1 0x0302

void tls_ciphers_init(struct tls_ciphers *c)
{
	for (uint8_t i = 0; i < TLS_CIPHERS; i++) {
		const char *name = tls_cipher_of(i)->name;

		c->of[i] = name == NULL ? NULL : EVP_CIPHER_fetch(NULL, name, NULL);
	}
}

void tls_ciphers_free(struct tls_ciphers *c)
{
	for (size_t i = 0; i < TLS_CIPHERS; i++)
		EVP_CIPHER_free(c->of[i]);
}

/* ---- keys in, keys out ---- */

/* The context is made ready for the cipher once; a new key alone needs no memory. */
static bool load(struct tls_seal *s, const struct tls_ciphers *c, uint8_t id, const uint8_t *key)
{
	const struct tls_cipher *k = tls_cipher_of(id);

	if (s->ctx == NULL && (s->ctx = EVP_CIPHER_CTX_new()) == NULL)
		return false;
	if (s->loaded != id) {
		s->loaded = TLS_CIPHER_NULL;
		if (c->of[id] == NULL || EVP_DecryptInit_ex2(s->ctx, c->of[id], NULL, NULL, NULL) != 1)
			return false;
		if (k->tag != 0 && EVP_CIPHER_CTX_ctrl(s->ctx, EVP_CTRL_AEAD_SET_IVLEN, NONCE, NULL) != 1)
			return false;
		if (k->mode == TLS_MODE_CCM &&
		    EVP_CIPHER_CTX_ctrl(s->ctx, EVP_CTRL_AEAD_SET_TAG, k->tag, NULL) != 1)
			return false;
		s->loaded = id;
	}
	return EVP_DecryptInit_ex2(s->ctx, NULL, key, NULL, NULL) == 1 &&
	       EVP_CIPHER_CTX_set_padding(s->ctx, 0) == 1;
}

bool tls_seal_set(struct tls_seal *s, const struct tls_ciphers *c, const struct tls_keys *k)
{
	s->cipher = tls_cipher_of(k->suite->cipher);
	s->on = s->cipher->mode == TLS_MODE_NULL || load(s, c, k->suite->cipher, k->key);
	s->version = k->version;
	s->suite = k->suite;
	s->encrypt_then_mac = k->encrypt_then_mac && s->cipher->mode == TLS_MODE_CBC;
	s->chained = s->cipher->mode == TLS_MODE_CBC && k->version < TLS_1_1;
	s->iv_known = true;
	memcpy(s->iv, k->iv, sizeof s->iv);
	memcpy(s->mac, k->mac, sizeof s->mac);
	return s->on;
}

void tls_seal_wipe(struct tls_seal *s)
{
	static const uint8_t nothing[32];

	s->on = false;
	explicit_bzero(s->iv, sizeof s->iv);
	explicit_bzero(s->mac, sizeof s->mac);
	if (s->loaded != TLS_CIPHER_NULL)
		(void)EVP_DecryptInit_ex2(s->ctx, NULL, nothing, NULL, NULL);
}

void tls_seal_free(struct tls_seal *s)
{
	EVP_CIPHER_CTX_free(s->ctx);
	explicit_bzero(s, sizeof *s);
}

/* ---- AEAD ---- */

static bool decrypt_aead(struct tls_seal *s, const uint8_t nonce[NONCE], struct slice aad, struct slice in,
			 uint8_t *out)
{
	uint8_t *tag = (uint8_t *)(uintptr_t)(in.p + in.n); /* behind the text; OpenSSL only reads it */
	bool ccm = s->cipher->mode == TLS_MODE_CCM;
	int n, text = (int)in.n;

	if (EVP_CIPHER_CTX_ctrl(s->ctx, EVP_CTRL_AEAD_SET_TAG, s->cipher->tag, tag) != 1 ||
	    EVP_DecryptInit_ex2(s->ctx, NULL, NULL, nonce, NULL) != 1)
		return false;
	if (ccm && EVP_DecryptUpdate(s->ctx, NULL, &n, NULL, text) != 1)
		return false;
	if (EVP_DecryptUpdate(s->ctx, NULL, &n, aad.p, (int)aad.n) != 1 ||
	    ((ccm || text > 0) && EVP_DecryptUpdate(s->ctx, out, &n, in.p, text) != 1))
		return false;
	return ccm || EVP_DecryptFinal_ex(s->ctx, out + text, &n) == 1;
}

static void xor_sequence(const struct tls_seal *s, uint64_t seq, uint8_t nonce[NONCE])
{
	uint8_t number[8];

	tls_put_u64(number, seq);
	memcpy(nonce, s->iv, NONCE);
	for (int i = 0; i < 8; i++)
		nonce[NONCE - 8 + i] ^= number[i];
}

static bool open_1_3(struct tls_seal *s, const uint8_t *head, struct slice payload, uint64_t seq,
		     uint8_t *out, struct tls_opened *o)
{
	uint8_t nonce[NONCE];
	size_t n;

	if (payload.n < (size_t)s->cipher->tag + 1)
		return false;
	n = payload.n - s->cipher->tag;
	xor_sequence(s, seq, nonce);
	if (!decrypt_aead(s, nonce, slice_of(head, TLS_RECORD_HEAD), slice_head(payload, n), out))
		return false;
	while (n > 0 && out[n - 1] == 0) /* padding (RFC 8446 5.4) */
		n--;
	if (n == 0)
		return false;
	*o = (struct tls_opened){ out[n - 1], slice_of(out, n - 1) };
	return true;
}

/* Number, type, version and length: what every MAC before TLS 1.3 is also over. */
static void pseudo_head(const uint8_t *head, uint64_t seq, size_t n, uint8_t out[13])
{
	tls_put_u64(out, seq);
	memcpy(out + 8, head, 3);
	out[11] = (uint8_t)(n >> 8);
	out[12] = (uint8_t)n;
}

static bool open_aead(struct tls_seal *s, const uint8_t *head, struct slice payload, uint64_t seq,
		      uint8_t *out, struct tls_opened *o)
{
	size_t before = s->cipher->fixed == NONCE ? 0 : EXPLICIT, n;
	uint8_t nonce[NONCE], aad[13];

	if (payload.n < before + s->cipher->tag)
		return false;
	n = payload.n - before - s->cipher->tag;
	if (before == 0) {
		xor_sequence(s, seq, nonce);
	} else {
		memcpy(nonce, s->iv, NONCE - EXPLICIT);
		memcpy(nonce + NONCE - EXPLICIT, payload.p, EXPLICIT);
	}
	pseudo_head(head, seq, n, aad);
	if (!decrypt_aead(s, nonce, slice_of(aad, sizeof aad), slice_head(slice_from(payload, before), n),
			  out))
		return false;
	*o = (struct tls_opened){ head[0], slice_of(out, n) };
	return true;
}

/* ---- CBC and NULL ---- */

/* Nobody measures how long a passive listener takes: plain comparisons do. */
static bool mac_is(const struct tls_seal *s, const uint8_t *head, uint64_t seq, struct slice text, size_t n,
		   const uint8_t *mac)
{
	size_t size = tls_hash_size(s->suite->mac);
	uint8_t before[13], want[TLS_HASH_MAX];
	const struct slice parts[] = { slice_of(before, sizeof before), text };

	pseudo_head(head, seq, n, before);
	tls_hmac(s->suite->mac, slice_of(s->mac, size), parts, 2, want);
	return memcmp(want, mac, size) == 0;
}

static bool open_null(struct tls_seal *s, const uint8_t *head, struct slice payload, uint64_t seq,
		      uint8_t *out, struct tls_opened *o)
{
	size_t size = tls_hash_size(s->suite->mac), n;

	if (payload.n < size)
		return false;
	n = payload.n - size;
	if (!mac_is(s, head, seq, slice_head(payload, n), n, payload.p + n))
		return false;
	memcpy(out, payload.p, n);
	*o = (struct tls_opened){ head[0], slice_of(out, n) };
	return true;
}

static bool decrypt_cbc(struct tls_seal *s, const uint8_t *iv, struct slice in, uint8_t *out)
{
	int n;

	return EVP_DecryptInit_ex2(s->ctx, NULL, NULL, iv, NULL) == 1 &&
	       EVP_DecryptUpdate(s->ctx, out, &n, in.p, (int)in.n) == 1 && (size_t)n == in.n;
}

/* Bytes of text before the padding; SIZE_MAX: this is no padding (RFC 5246 6.2.3.2). */
static size_t without_padding(const uint8_t *text, size_t n)
{
	size_t pad = n == 0 ? 0 : text[n - 1] + 1u;

	if (n == 0 || pad > n)
		return SIZE_MAX;
	for (size_t i = n - pad; i < n; i++)
		if (text[i] != pad - 1)
			return SIZE_MAX;
	return n - pad;
}

static bool open_cbc(struct tls_seal *s, const uint8_t *head, struct slice payload, uint64_t seq,
		     uint8_t *out, struct tls_opened *o)
{
	size_t block = s->cipher->fixed, size = tls_hash_size(s->suite->mac), n = payload.n;
	struct slice text = payload;
	const uint8_t *iv = s->iv;

	if (s->encrypt_then_mac) {
		if (n < size ||
		    !mac_is(s, head, seq, slice_head(payload, n - size), n - size, payload.p + n - size))
			return false;
		text = slice_head(payload, n - size);
	}
	if (!s->chained) {
		iv = text.p;
		if (text.n < block)
			return false;
		text = slice_from(text, block);
	}
	if (text.n == 0 || text.n % block != 0 || !s->iv_known || !decrypt_cbc(s, iv, text, out))
		return false;
	n = without_padding(out, text.n);
	if (n == SIZE_MAX)
		return false;
	if (!s->encrypt_then_mac) {
		if (n < size || !mac_is(s, head, seq, slice_of(out, n - size), n - size, out + n - size))
			return false;
		n -= size;
	}
	*o = (struct tls_opened){ head[0], slice_of(out, n) };
	return true;
}

/* ---- records ---- */

bool tls_seal_open(struct tls_seal *s, const uint8_t head[TLS_RECORD_HEAD], struct slice payload,
		   uint64_t seq, uint8_t *out, struct tls_opened *o)
{
	if (!s->on || payload.n > TLS_PAYLOAD_MAX)
		return false;
	if (s->version >= TLS_1_3)
		return open_1_3(s, head, payload, seq, out, o);
	switch (s->cipher->mode) {
	case TLS_MODE_NULL: return open_null(s, head, payload, seq, out, o);
	case TLS_MODE_CBC: return open_cbc(s, head, payload, seq, out, o);
	default: return open_aead(s, head, payload, seq, out, o);
	}
}

void tls_seal_passed(struct tls_seal *s, struct slice end)
{
	size_t mac, block;

	if (!s->chained)
		return;
	block = s->cipher->fixed;
	mac = s->encrypt_then_mac ? tls_hash_size(s->suite->mac) : 0;
	s->iv_known = end.n >= mac + block;
	if (s->iv_known)
		memcpy(s->iv, end.p + end.n - mac - block, block);
}

size_t tls_seal_content(const struct tls_seal *s, size_t payload)
{
	size_t around;

	if (!s->on || s->cipher->mode == TLS_MODE_CBC)
		return 0;
	if (s->version >= TLS_1_3)
		around = s->cipher->tag + 1u;
	else if (s->cipher->mode == TLS_MODE_NULL)
		around = tls_hash_size(s->suite->mac);
	else
		around = s->cipher->tag + (s->cipher->fixed == NONCE ? 0 : EXPLICIT);
	return payload > around ? payload - around : 0;
}
