/* Which keys and which number open the next record; and what is said of those that do not open. */
#include "sensor/proto/tls/tls_state.h"

#define PROBES 3  /* changes of keys that can hide in one hole */
#define TICKETS 4 /* a server's first records under its last keys hold tickets, no application data */

/* ---- what is missing ---- */

/* Could application data be among what this direction sends now? */
static bool carries_data(const struct tls_half *h)
{
	if (h->early_skip)
		return true;
	switch (h->seal.on ? h->epoch : TLS_EPOCH_NONE) {
	case TLS_EPOCH_EARLY:
	case TLS_EPOCH_TRAFFIC: return true;
	case TLS_EPOCH_SECURED: return h->seq > 0; /* Finished is the first */
	default: return false;
	}
}

void tls_protect_gap(struct tls *t, int side, uint64_t bytes)
{
	struct tls_half *h = &t->half[side];

	if (!carries_data(h)) {
		h->owed = true;
		return;
	}
	if (h->early_skip || (side == TLS_SERVER && h->epoch == TLS_EPOCH_TRAFFIC && h->seq < TICKETS))
		bytes = 0; /* the record may hold something else */
	if (t->sink->gap != NULL)
		t->sink->gap(t->sink->ctx, side, bytes, &h->at);
}

/* A record was opened: the first under its keys proves that nothing before it is missing. */
static void settle(struct tls *t, int side, uint64_t seq)
{
	struct tls_half *h = &t->half[side];
	bool first = seq == 0 || (h->epoch == TLS_EPOCH_SECURED && seq == 1);

	if (!h->owed || !carries_data(h))
		return;
	h->owed = false;
	if (!first || (side == TLS_CLIENT && t->early == TLS_EARLY_TAKEN))
		tls_protect_gap(t, side, 0);
}

void tls_protect_missed(struct tls *t, int side, size_t payload, struct slice end)
{
	struct tls_half *h = &t->half[side];

	if (h->early_skip && t->early == TLS_EARLY_REFUSED)
		return;
	tls_early_lost(t, side);
	t->counts.unread[side]++;
	tls_protect_gap(t, side, tls_seal_content(&h->seal, payload));
	tls_seal_passed(&h->seal, end);
	if (!h->early_skip)
		h->seq++;
}

/* ---- keys ---- */

static enum tls_ready enter(struct tls *t, int side)
{
	struct tls_half *h = &t->half[side];
	struct tls_keys k;
	enum tls_ready r = tls_keys_of(t, side, h->wanted, &k, h->secret);

	if (r == TLS_READY && !tls_seal_set(&h->seal, &t->pool->ciphers, &k))
		r = TLS_NEVER;
	if (r == TLS_READY)
		h->epoch = h->wanted;
	explicit_bzero(&k, sizeof k);
	return r;
}

/* The first encrypted record of a direction. */
static enum tls_ready first_epoch(struct tls *t, int side)
{
	struct tls_half *h = &t->half[side];

	if (!tls_is_1_3(t)) { /* what said so was lost */
		h->wanted = TLS_EPOCH_SECURED;
		h->unsure = true;
		return TLS_READY;
	}
	if (side == TLS_CLIENT && t->early == TLS_EARLY_REFUSED) {
		h->early_skip = true;
	} else if (side == TLS_CLIENT && t->early != TLS_EARLY_NONE) {
		/* Clients log the early secret first: with a later one and without this it will not come. */
		if (tls_keys_has(t, KEY_LOG_CLIENT_EARLY))
			h->wanted = TLS_EPOCH_EARLY;
		else if (!tls_keys_has(t, KEY_LOG_CLIENT_HANDSHAKE))
			return t->keys == NULL ? TLS_NEVER : TLS_NOT_YET;
		else
			h->early_skip = true;
	}
	if (h->wanted == TLS_EPOCH_NONE)
		h->wanted = TLS_EPOCH_HANDSHAKE;
	return TLS_READY;
}

enum tls_ready tls_protect_ready(struct tls *t, int side)
{
	struct tls_half *h = &t->half[side];
	enum tls_ready r;

	if (h->wanted == TLS_EPOCH_NONE && (r = first_epoch(t, side)) != TLS_READY)
		return r;
	return h->seal.on && h->epoch == h->wanted ? TLS_READY : enter(t, side);
}

static bool can_be_read(struct tls *t, int side)
{
	struct tls_keys k;
	uint8_t secret[TLS_HASH_MAX];
	enum tls_ready r =
		tls_keys_of(t, side, tls_is_1_3(t) ? TLS_EPOCH_TRAFFIC : TLS_EPOCH_SECURED, &k, secret);

	explicit_bzero(&k, sizeof k);
	explicit_bzero(secret, sizeof secret);
	return r == TLS_READY;
}

void tls_protect_unseal(struct tls *t)
{
	if (!can_be_read(t, TLS_CLIENT) && !can_be_read(t, TLS_SERVER))
		return;
	t->sealed = false;
	for (int side = 0; side < 2; side++) {
		struct tls_half *h = &t->half[side];

		if (h->wanted == TLS_EPOCH_NONE || h->seq == 0)
			continue;
		/* With TLS 1.3 the records of the handshake were counted with those after it. */
		if (tls_is_1_3(t))
			h->seq = h->seq < TLS_TRIES ? 0 : h->seq - (TLS_TRIES - 1);
		h->unsure = true;
		h->owed = true;
	}
}

/* ---- opening ---- */

static bool open_among(struct tls *t, struct tls_half *h, struct tls_seal *s, uint64_t from,
		       struct slice payload, uint64_t *seq, struct tls_opened *o)
{
	uint64_t n = h->unsure ? TLS_TRIES : 1;

	for (*seq = from; *seq - from < n; (*seq)++)
		if (tls_seal_open(s, h->head, payload, *seq, t->pool->plain, o))
			return true;
	return false;
}

/* The keys that may come after those of epoch `e`, made of `secret`. */
static bool next_keys(struct tls *t, int side, uint8_t *e, struct tls_keys *k, uint8_t *secret)
{
	switch (*e) {
	case TLS_EPOCH_EARLY: *e = TLS_EPOCH_HANDSHAKE; break;
	case TLS_EPOCH_HANDSHAKE: *e = TLS_EPOCH_TRAFFIC; break;
	case TLS_EPOCH_TRAFFIC:
		k->suite = t->half[side].seal.suite;
		tls_keys_update(t, k, secret);
		return true;
	default: return false;
	}
	return tls_keys_of(t, side, *e, k, secret) == TLS_READY;
}

/* The change of keys was lost, or, where it is not known whether the server took 0-RTT, there was none: then
 * what was said early may come again. */
static bool open_with_next(struct tls *t, int side, struct slice payload, uint64_t *seq, struct tls_opened *o)
{
	struct tls_half *h = &t->half[side];
	struct tls_seal *probe = &t->pool->probe;
	struct tls_keys k;
	uint8_t secret[TLS_HASH_MAX], e = h->epoch;
	bool found = false;

	memset(&k, 0, sizeof k);
	memcpy(secret, h->secret, sizeof secret);
	for (int i = 0; i < PROBES && !found && next_keys(t, side, &e, &k, secret); i++)
		found = tls_seal_set(probe, &t->pool->ciphers, &k) &&
			open_among(t, h, probe, 0, payload, seq, o);
	if (found && tls_seal_set(&h->seal, &t->pool->ciphers, &k)) {
		memcpy(h->secret, secret, sizeof secret);
		h->owed |= h->epoch == TLS_EPOCH_EARLY;
		h->epoch = h->wanted = e;
	}
	tls_seal_wipe(probe);
	explicit_bzero(&k, sizeof k);
	explicit_bzero(secret, sizeof secret);
	return found;
}

static void failed(struct tls *t, int side, struct slice payload)
{
	struct tls_half *h = &t->half[side];
	bool hopeless = h->seal.chained && !h->seal.iv_known; /* for want of the record before it */

	tls_protect_missed(t, side, payload.n, payload);
	if (h->early_skip || hopeless)
		return;
	if (h->unsure) {
		h->seq += TLS_TRIES;
		h->dead = ++h->attempts >= TLS_ATTEMPTS;
	}
	h->unsure = true;
}

bool tls_protect_open(struct tls *t, int side, struct slice payload, struct tls_opened *o)
{
	struct tls_half *h = &t->half[side];
	uint64_t seq;

	if (!open_among(t, h, &h->seal, h->seq, payload, &seq, o) &&
	    !((h->unsure || h->epoch == TLS_EPOCH_EARLY) && open_with_next(t, side, payload, &seq, o))) {
		failed(t, side, payload);
		return false;
	}
	h->seq = seq + 1;
	h->unsure = false;
	h->early_skip = false;
	h->attempts = 0;
	tls_seal_passed(&h->seal, payload);
	settle(t, side, seq);
	return true;
}
