/* From the secrets of the key log to the keys of a direction (RFC 8446 7.3, RFC 5246 6.3). */
#include "sensor/proto/tls/tls_state.h"

#define KEY_BLOCK_MAX (2 * (TLS_HASH_MAX + 32 + 16))

bool tls_keys_has(struct tls *t, enum key_log_label label)
{
	return t->keys != NULL && t->have_hello && key_log_secret(t->keys, t->client_random, label).n != 0;
}

/* Versions before the final one (0x7fNN) protect records as it does, the last drafts at least. */
static bool is_1_3_suite(uint16_t code)
{
	return code >> 8 == 0x13;
}

static const struct tls_suite *chosen_suite(const struct tls *t)
{
	const struct tls_suite *s = tls_suite_find(t->choice.suite);
	bool aead;

	if (s == NULL || t->choice.version < TLS_1_0 || tls_is_1_3(t) != is_1_3_suite(s->code))
		return NULL;
	aead = s->mac == TLS_HASH_NONE;
	return aead && t->choice.version < TLS_1_2 ? NULL : s;
}

/* ---- TLS 1.3 ---- */

static void traffic_keys(const struct tls *t, const uint8_t *secret, struct tls_keys *k)
{
	enum tls_hash h = k->suite->hash;
	struct slice from = slice_of(secret, tls_hash_size(h));

	k->version = t->choice.version;
	tls_expand_label(h, from, "key", k->key, tls_cipher_of(k->suite->cipher)->key);
	tls_expand_label(h, from, "iv", k->iv, 12);
}

static enum key_log_label label_of(int side, enum tls_epoch e)
{
	switch (e) {
	case TLS_EPOCH_EARLY: return KEY_LOG_CLIENT_EARLY;
	case TLS_EPOCH_HANDSHAKE:
		return side == TLS_CLIENT ? KEY_LOG_CLIENT_HANDSHAKE : KEY_LOG_SERVER_HANDSHAKE;
	case TLS_EPOCH_TRAFFIC: return side == TLS_CLIENT ? KEY_LOG_CLIENT_TRAFFIC : KEY_LOG_SERVER_TRAFFIC;
	default: return KEY_LOG_MASTER;
	}
}

void tls_keys_update(const struct tls *t, struct tls_keys *k, uint8_t *secret)
{
	size_t n = tls_hash_size(k->suite->hash);
	uint8_t next[TLS_HASH_MAX];

	tls_expand_label(k->suite->hash, slice_of(secret, n), "traffic upd", next, n);
	memcpy(secret, next, n);
	explicit_bzero(next, sizeof next);
	traffic_keys(t, secret, k);
}

/* ---- TLS 1.2 and before ---- */

static void key_block(const struct tls *t, int side, struct slice master, struct tls_keys *k)
{
	const struct tls_cipher *c = tls_cipher_of(k->suite->cipher);
	size_t mac = tls_hash_size(k->suite->mac), at = 0;
	uint8_t seed[2 * TLS_RANDOM], block[KEY_BLOCK_MAX];

	memcpy(seed, t->choice.random, TLS_RANDOM);
	memcpy(seed + TLS_RANDOM, t->client_random, TLS_RANDOM);
	k->version = t->choice.version;
	k->encrypt_then_mac = t->choice.encrypt_then_mac;
	tls_prf(t->choice.version < TLS_1_2 ? TLS_HASH_NONE : k->suite->hash, master, "key expansion",
		slice_of(seed, sizeof seed), block, 2 * (mac + c->key + c->fixed));
	memcpy(k->mac, block + at + (side == TLS_SERVER ? mac : 0), mac);
	at += 2 * mac;
	memcpy(k->key, block + at + (side == TLS_SERVER ? c->key : 0), c->key);
	at += 2u * c->key;
	memcpy(k->iv, block + at + (side == TLS_SERVER ? c->fixed : 0), c->fixed);
	explicit_bzero(block, sizeof block);
}

/* ---- both ---- */

enum tls_ready tls_keys_of(struct tls *t, int side, enum tls_epoch e, struct tls_keys *k, uint8_t *secret)
{
	struct slice s;

	if (t->keys == NULL || !t->have_hello || !t->have_choice)
		return TLS_NEVER;
	memset(k, 0, sizeof *k);
	k->suite = chosen_suite(t);
	if (k->suite == NULL)
		return TLS_NEVER;
	s = key_log_secret(t->keys, t->client_random, label_of(side, e));
	if (s.n == 0)
		return TLS_NOT_YET;
	if (e == TLS_EPOCH_SECURED) {
		key_block(t, side, s, k);
		return TLS_READY;
	}
	if (s.n != tls_hash_size(k->suite->hash))
		return TLS_NEVER;
	memcpy(secret, s.p, s.n);
	traffic_keys(t, secret, k);
	return TLS_READY;
}
