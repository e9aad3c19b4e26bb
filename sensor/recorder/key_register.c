#include "sensor/recorder/key_register.h"

#include <stdlib.h>

#include "core/base/hash.h"
#include "core/base/map.h"
#include "core/base/zone.h"
#include "core/config/keep.h"

#define MET 4096

struct key_register {
	struct registered_key *key;
	size_t n;
	struct map *places; /* fingerprint text -> place in key[] */
	/* Found before, by the place of the text: guesses that are checked. Place in key[], + 1. */
	uint32_t met[MET];
	struct keep keep;
	uint8_t chain[FINGERPRINT_KEYS_MAX * FINGERPRINT_KEY_BYTES];
	size_t chain_n;
};

static struct slice copied(struct key_register *r, struct slice s)
{
	return s.n == 0 ? slice_of(NULL, 0) : slice_of(keep_copy(&r->keep, s), s.n);
}

/* The strings of `k` are copied. */
static bool add(struct key_register *r, struct slice fingerprint, const struct registered_key *k)
{
	struct registered_key *more = realloc(r->key, (r->n + 1) * sizeof *more), *new;
	int64_t *at;

	if (more == NULL)
		return false;
	r->key = more;
	if (fingerprint.n != sizeof more->fingerprint)
		return true; /* not one of ours: nothing can bear it */
	if ((at = map_put(r->places, fingerprint, (int64_t)r->n)) == NULL)
		return false;
	if (*at != (int64_t)r->n)
		return true; /* the configuration came first */
	new = &more[r->n++];
	*new = *k;
	memcpy(new->fingerprint, fingerprint.p, sizeof new->fingerprint);
	new->id = copied(r, k->id);
	new->user = copied(r, k->user);
	new->owner = copied(r, k->owner);
	new->department = copied(r, k->department);
	new->kind = copied(r, k->kind);
	new->models = copied(r, k->models);
	new->paths = copied(r, k->paths);
	return !r->keep.failed;
}

/* Calls from before a revocation were made with a good key, whenever they are imported. */
static int add_ledger_key(void *ctx, const struct key_entry *k)
{
	bool active = slice_is(k->state, "active");
	const struct registered_key key = {
		.id = k->id,
		.user = k->user,
		.owner = k->owner,
		.department = k->department,
		.kind = k->kind,
		.models = k->models,
		.paths = k->paths,
		.issued_ns = k->issued_ns == 0 ? INT64_MIN : k->issued_ns,
		.from_ns = k->from_ns == 0 ? INT64_MIN : k->from_ns,
		.expires_ns = k->expires_ns == 0 ? INT64_MAX : k->expires_ns,
		.revoked_ns = active ? INT64_MAX : k->revoked_ns,
	};

	if (slice_is(k->state, "lost"))
		return TK_OK;
	return add(ctx, k->fingerprint, &key) ? TK_OK : TK_ENOMEM;
}

static int64_t day_start(struct date d, int32_t later, int64_t otherwise)
{
	return d.year == 0 ? otherwise : zone_day_start(date_to_days(d) + later) * NS_PER_SEC;
}

static bool add_configured(struct key_register *r, const struct cfg_key *k)
{
	const struct registered_key key = {
		.id = slice_str(k->id),
		.user = slice_str(k->user),
		.owner = slice_str(k->owner),
		.department = slice_str(k->department),
		.kind = slice_str(k->kind),
		.models = slice_str(k->models),
		.paths = slice_str(k->paths),
		.issued_ns = day_start(k->issued, 0, INT64_MIN),
		.from_ns = day_start(k->valid_from, 0, INT64_MIN),
		.expires_ns = k->state != NULL && strcmp(k->state, "expired") == 0
				      ? INT64_MIN
				      : day_start(k->expires, 1, INT64_MAX),
		.revoked_ns = day_start(k->revoked, 0,
					k->state != NULL && strcmp(k->state, "revoked") == 0 ? INT64_MIN
											     : INT64_MAX),
	};
	uint8_t bytes[FINGERPRINT_BYTES];
	char hex[FINGERPRINT_TEXT + 1];

	if (k->key == NULL || !fingerprint_make(slice_of(r->chain, r->chain_n), slice_str(k->key), bytes))
		return true;
	hex_encode(slice_of(bytes, sizeof bytes), hex);
	return add(r, slice_of(hex, FINGERPRINT_TEXT), &key);
}

struct key_register *key_register_new(const struct config *cfg, struct ledger *l, struct slice chain,
				      struct err *e)
{
	struct key_register *r = calloc(1, sizeof *r);
	bool good =
		r != NULL && chain.n <= sizeof r->chain && (r->places = map_new(1 << 20, 64u << 20)) != NULL;

	if (good && chain.n > 0)
		memcpy(r->chain, chain.p, r->chain_n = chain.n);
	for (size_t i = 0; good && i < cfg->n_keys; i++)
		good = add_configured(r, &cfg->keys[i]);
	if (!good)
		err_set(e, TK_ENOMEM, "no memory for the key register");
	if (good && ledger_key_list(l, add_ledger_key, r, e) == TK_OK)
		return r;
	key_register_free(r);
	return NULL;
}

void key_register_free(struct key_register *r)
{
	if (r == NULL)
		return;
	free(r->key);
	map_free(r->places);
	keep_free(&r->keep);
	explicit_bzero(r->chain, sizeof r->chain);
	free(r);
}

size_t key_register_count(const struct key_register *r)
{
	return r->n;
}

/* A sensor that has not yet been told of a new link of the chain computes with those before it. */
static int64_t *find_later(const struct key_register *r, struct slice text)
{
	char hex[FINGERPRINT_TEXT + 1];
	int64_t *at = NULL;

	for (size_t n = FINGERPRINT_KEY_BYTES; n < r->chain_n && at == NULL; n += FINGERPRINT_KEY_BYTES) {
		memcpy(hex, text.p, FINGERPRINT_TEXT);
		hex[FINGERPRINT_TEXT] = '\0';
		if (!fingerprint_next_text(slice_of(r->chain + n, r->chain_n - n), hex))
			return NULL;
		at = map_get(r->places, slice_of(hex, FINGERPRINT_TEXT));
	}
	return at;
}

const struct registered_key *key_register_find(struct key_register *r, struct slice fingerprint)
{
	/* A definition's strings lie at one place for many events. */
	uint32_t *met = &r->met[((uintptr_t)fingerprint.p >> 3) % MET];
	int64_t *at;

	if (fingerprint.n != sizeof r->key->fingerprint)
		return NULL;
	if (*met != 0 && memcmp(r->key[*met - 1].fingerprint, fingerprint.p, fingerprint.n) == 0)
		return &r->key[*met - 1];
	at = map_get(r->places, fingerprint);
	if (at == NULL && (at = find_later(r, fingerprint)) == NULL)
		return NULL;
	*met = (uint32_t)*at + 1;
	return &r->key[*at];
}

const char *registered_key_state(const struct registered_key *k, int64_t at_ns, bool *varies)
{
	bool always = k->revoked_ns == INT64_MIN;

	*varies = !always && (k->revoked_ns != INT64_MAX || k->from_ns != INT64_MIN ||
			      (k->expires_ns != INT64_MAX && k->expires_ns != INT64_MIN));
	if (at_ns >= k->revoked_ns)
		return "revoked";
	if (at_ns >= k->expires_ns)
		return "expired";
	return at_ns < k->from_ns ? "not_yet_valid" : "active";
}
