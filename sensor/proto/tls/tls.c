#include "sensor/proto/tls/tls.h"

#include <stddef.h>
#include <stdlib.h>

#include "sensor/proto/tls/tls_state.h"

enum kept { KEPT_NONE, KEPT_BYTES, KEPT_GAP, KEPT_END };

static const struct tls_sink nobody;

/* ---- the pool ---- */

struct tls_pool *tls_pool_new(uint32_t n, size_t bytes)
{
	struct tls_pool *p = calloc(1, sizeof *p);

	if (p == NULL)
		return NULL;
	p->n = n;
	p->all = calloc((size_t)n + 1, sizeof *p->all);
	p->links = calloc((size_t)n + 1, sizeof *p->links);
	p->free = calloc((size_t)n + 1, sizeof *p->free);
	p->record = malloc(TLS_PAYLOAD_MAX);
	p->plain = malloc(TLS_PAYLOAD_MAX + 64); /* a cipher may write a block more than it says */
	p->message = malloc(TLS_MESSAGE_MAX);
	tls_ciphers_init(&p->ciphers);
	if (!tls_store_init(&p->store, bytes) || p->all == NULL || p->links == NULL || p->free == NULL ||
	    p->record == NULL || p->plain == NULL || p->message == NULL) {
		tls_pool_free(p);
		return NULL;
	}
	while (p->n_free < n) {
		p->free[p->n_free] = n - p->n_free;
		p->n_free++;
	}
	return p;
}

static void wipe(void *p, size_t n)
{
	if (p != NULL)
		explicit_bzero(p, n);
	free(p);
}

void tls_pool_free(struct tls_pool *p)
{
	if (p == NULL)
		return;
	for (uint32_t i = 1; p->all != NULL && i <= p->n; i++)
		for (int side = 0; side < 2; side++)
			tls_seal_free(&p->all[i].half[side].seal);
	tls_seal_free(&p->probe);
	tls_ciphers_free(&p->ciphers);
	tls_store_free(&p->store);
	wipe(p->all, ((size_t)p->n + 1) * sizeof *p->all);
	wipe(p->record, TLS_PAYLOAD_MAX);
	wipe(p->plain, TLS_PAYLOAD_MAX);
	wipe(p->message, TLS_MESSAGE_MAX);
	free(p->links);
	free(p->free);
	free(p);
}

size_t tls_pool_used(const struct tls_pool *p)
{
	return p->n - p->n_free;
}

size_t tls_pool_waiting(const struct tls_pool *p)
{
	return (size_t)p->store.used * TLS_BLOCK;
}

/* ---- a connection ---- */

struct tls *tls_open(struct tls_pool *p, struct key_log *keys)
{
	struct tls *t;

	if (p->n_free == 0)
		return NULL;
	t = &p->all[p->free[--p->n_free]];
	t->pool = p;
	t->keys = keys;
	t->sink = &nobody;
	return t;
}

static uint32_t number(const struct tls *t)
{
	return (uint32_t)(t - t->pool->all);
}

static void unlist(struct tls *t)
{
	if (t->listed)
		index_list_remove(&t->pool->waiting, t->pool->links, number(t));
	t->listed = false;
}

static void list(struct tls *t)
{
	unlist(t);
	index_list_append(&t->pool->waiting, t->pool->links, number(t));
	t->listed = true;
}

/* Clean but for OpenSSL's contexts, which the next connection in this place uses. */
void tls_close(struct tls *t)
{
	struct tls_pool *p = t->pool;
	struct tls_half clean;

	unlist(t);
	for (int side = 0; side < 2; side++) {
		struct tls_half *h = &t->half[side];

		tls_chain_clear(&p->store, &t->kept[side]);
		tls_chain_clear(&p->store, &h->payload);
		tls_chain_clear(&p->store, &h->message.body);
		tls_seal_wipe(&h->seal);
		memset(&clean, 0, sizeof clean);
		clean.seal.ctx = h->seal.ctx;
		clean.seal.loaded = h->seal.loaded;
		explicit_bzero(h, sizeof *h);
		*h = clean;
	}
	p->free[p->n_free++] = number(t);
	explicit_bzero((uint8_t *)t + offsetof(struct tls, counts), sizeof *t - offsetof(struct tls, counts));
}

enum tls_state tls_state(const struct tls *t)
{
	if (t->wait != TLS_WAIT_NONE)
		return TLS_WAITING;
	if (t->sealed)
		return TLS_SEALED;
	return t->half[0].seal.on || t->half[1].seal.on ? TLS_READ : TLS_GREETING;
}

const struct tls_counts *tls_counts(const struct tls *t)
{
	return &t->counts;
}

/* ---- what waits ---- */

static bool has_to_wait(const struct tls *t, int side)
{
	return t->wait == TLS_WAIT_SECRET || (t->wait == TLS_WAIT_SERVER && side == TLS_CLIENT);
}

/* The first of what is kept of a side; NULL: nothing. */
static struct tls_kept *first_kept(struct tls *t, int side)
{
	struct tls_kept *k = &t->current[side];

	if (k->kind == KEPT_NONE && t->kept[side].n > 0)
		tls_chain_take(&t->pool->store, &t->kept[side], sizeof *k, (uint8_t *)k);
	return k->kind == KEPT_NONE ? NULL : k;
}

/* Whose turn it is, in the order in which it came; -1: nothing is kept that need not wait. */
static int next_side(struct tls *t)
{
	const struct tls_kept *first[2];

	for (int side = 0; side < 2; side++)
		first[side] = has_to_wait(t, side) ? NULL : first_kept(t, side);
	if (first[0] != NULL && first[1] != NULL)
		return first[0]->order < first[1]->order ? 0 : 1;
	return first[0] != NULL ? 0 : first[1] != NULL ? 1 : -1;
}

/* The first of what is kept of a side, as much of it as lies together and need not wait. */
static void replay_some(struct tls *t, int side)
{
	struct tls_kept *k = first_kept(t, side);
	struct tls_store *s = &t->pool->store;
	size_t n = 0;

	t->piece_at = k->at;
	if (k->kind == KEPT_BYTES) {
		n = tls_record_feed(t, side, slice_head(tls_chain_front(s, &t->kept[side]), k->n));
		tls_chain_take(s, &t->kept[side], n, NULL);
		k->n -= n;
		k->at.seq += (uint32_t)n;
		if (k->n > 0)
			return;
	} else if (k->kind == KEPT_GAP) {
		tls_record_gap(t, side, k->n);
	} else {
		tls_record_end(t, side);
	}
	k->kind = KEPT_NONE;
}

/* The record that had to wait for the server's answer, once it is there. */
static void release_client(struct tls *t)
{
	if (t->wait != TLS_WAIT_SERVER || (!tls_server_answered(t) && !t->sealed))
		return;
	t->wait = TLS_WAIT_NONE;
	(void)tls_record_feed(t, TLS_CLIENT, (struct slice){ NULL, 0 });
}

/* What is kept is read, in the order in which it came, until it has to wait again. */
static void resume(struct tls *t)
{
	int side;

	unlist(t);
	t->wait = TLS_WAIT_NONE;
	for (side = 0; side < 2; side++)
		if (!has_to_wait(t, side))
			(void)tls_record_feed(t, side,
					      (struct slice){ NULL, 0 }); /* the record that had to wait */
	release_client(t);
	while ((side = next_side(t)) >= 0) {
		replay_some(t, side);
		release_client(t);
	}
	if (t->wait != TLS_WAIT_NONE)
		list(t);
}

static void seal(struct tls *t)
{
	t->sealed = true;
	resume(t); /* nothing that is sealed waits */
}

bool tls_make_room(struct tls_pool *p, const struct tls_chain *c, size_t n)
{
	while (!tls_store_has(&p->store, c, n)) {
		struct tls *victim = &p->all[p->waiting.head];

		if (p->waiting.head == 0 || p->making_room)
			return false;
		victim->sink = &nobody;
		p->making_room = true;
		seal(victim);
		p->making_room = false;
	}
	return true;
}

/* False: there is no room, and the connection is sealed now. */
static bool keep(struct tls *t, int side, struct tls_kept k, struct slice bytes)
{
	size_t n = sizeof k + bytes.n;

	unlist(t); /* it is not to make room for itself */
	if (t->kept[0].n + t->kept[1].n + n > TLS_HELD_MAX || !tls_make_room(t->pool, &t->kept[side], n)) {
		seal(t);
		return false;
	}
	k.order = t->order++;
	tls_chain_add(&t->pool->store, &t->kept[side], slice_of(&k, sizeof k));
	tls_chain_add(&t->pool->store, &t->kept[side], bytes);
	list(t);
	return true;
}

/* Have the secrets come that were missing? */
static void wake(struct tls *t)
{
	if (t->keys == NULL || (t->wait != TLS_WAIT_SECRET && !t->sealed) ||
	    key_log_version(t->keys) == t->asked)
		return;
	t->asked = key_log_version(t->keys);
	if (t->sealed)
		tls_protect_unseal(t);
	else
		resume(t);
}

/* ---- what comes ---- */

static void begin(struct tls *t, const struct tls_sink *sink)
{
	t->sink = sink;
	wake(t);
}

/* What waited for the server need not any more, if it has answered. */
static void go_on(struct tls *t)
{
	if (t->wait == TLS_WAIT_SERVER && (tls_server_answered(t) || t->sealed))
		resume(t);
}

void tls_data(struct tls *t, int side, struct slice bytes, const struct stream_at *at,
	      const struct tls_sink *sink)
{
	struct tls_kept k = { .kind = KEPT_BYTES, .at = *at };
	size_t n;

	begin(t, sink);
	while (bytes.n > 0) {
		k.n = bytes.n;
		if (has_to_wait(t, side)) {
			if (keep(t, side, k, bytes))
				break;
			continue;
		}
		t->piece_at = k.at;
		n = tls_record_feed(t, side, bytes);
		bytes = slice_from(bytes, n);
		k.at.seq += (uint32_t)n;
		go_on(t);
	}
	t->sink = &nobody;
}

void tls_gap(struct tls *t, int side, uint64_t bytes, const struct stream_at *at, const struct tls_sink *sink)
{
	struct tls_kept k = { .kind = KEPT_GAP, .at = *at, .n = bytes };

	begin(t, sink);
	t->piece_at = *at;
	if (!has_to_wait(t, side) || !keep(t, side, k, (struct slice){ NULL, 0 }))
		tls_record_gap(t, side, bytes);
	go_on(t);
	t->sink = &nobody;
}

void tls_fin(struct tls *t, int side, const struct tls_sink *sink)
{
	struct tls_kept k = { .kind = KEPT_END };

	begin(t, sink);
	if (!has_to_wait(t, side) || !keep(t, side, k, (struct slice){ NULL, 0 }))
		tls_record_end(t, side);
	go_on(t);
	t->sink = &nobody;
}

void tls_retry(struct tls *t, const struct tls_sink *sink)
{
	begin(t, sink);
	t->sink = &nobody;
}

void tls_give_up(struct tls *t, const struct tls_sink *sink)
{
	begin(t, sink);
	if (t->wait != TLS_WAIT_NONE)
		seal(t);
	t->sink = &nobody;
}
