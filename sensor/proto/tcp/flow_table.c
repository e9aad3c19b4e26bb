#include "sensor/proto/tcp/flow_table.h"

#include <stdlib.h>

#include "core/base/hash.h"
#include "sensor/proto/packet/ends.h"

bool flow_table_init(struct flow_table *t, uint32_t flows)
{
	uint32_t buckets = 1;

	while (buckets < flows)
		buckets *= 2;
	memset(t, 0, sizeof *t);
	t->limit = flows;
	t->mask = buckets - 1;
	t->flows = calloc((size_t)flows + 1, sizeof *t->flows);
	t->buckets = calloc(buckets, sizeof *t->buckets);
	t->silence_links = calloc((size_t)flows + 1, sizeof *t->silence_links);
	t->opening_links = calloc((size_t)flows + 1, sizeof *t->opening_links);
	return t->flows != NULL && t->buckets != NULL && t->silence_links != NULL &&
	       t->opening_links != NULL && random_bytes(&t->seed, sizeof t->seed);
}

void flow_table_free(struct flow_table *t)
{
	free(t->flows);
	free(t->buckets);
	free(t->silence_links);
	free(t->opening_links);
}

static bool sent_by(const struct stream_key *k, const struct segment *seg, int side)
{
	return k->port[side] == seg->sport && k->port[!side] == seg->dport &&
	       addr_eq(&k->addr[side], &seg->src) && addr_eq(&k->addr[!side], &seg->dst);
}

/* -1: neither side sent it. */
static int side_of(const struct flow *f, const struct segment *seg)
{
	return sent_by(&f->key, seg, 0) ? 0 : sent_by(&f->key, seg, 1) ? 1 : -1;
}

static struct flow *find_by_hash(struct flow_table *t, const struct segment *seg, int *side)
{
	uint32_t hash = ends_hash(t->seed, &seg->src, seg->sport, &seg->dst, seg->dport);

	for (uint32_t i = t->buckets[hash & t->mask]; i != 0; i = t->flows[i].chain) {
		struct flow *f = &t->flows[i];

		if (f->hash == hash && (*side = side_of(f, seg)) >= 0) {
			t->last = i;
			return f;
		}
	}
	return NULL;
}

struct flow *flow_find(struct flow_table *t, const struct segment *seg, int *side)
{
	struct flow *f = &t->flows[t->last];

	if (f->state != FLOW_FREE && (*side = side_of(f, seg)) >= 0)
		return f;
	return find_by_hash(t, seg, side);
}

static uint32_t number(const struct flow_table *t, const struct flow *f)
{
	return (uint32_t)(f - t->flows);
}

static struct flow *get(struct flow_table *t)
{
	if (t->free == 0 && t->fresh == t->limit && t->closed.head != 0)
		flow_drop(t, flow_first(t, &t->closed));
	if (t->free != 0) {
		struct flow *f = &t->flows[t->free];

		t->free = f->chain;
		return f;
	}
	return t->fresh == t->limit ? NULL : &t->flows[++t->fresh];
}

struct flow *flow_add(struct flow_table *t, const struct stream_key *key)
{
	struct flow *f = get(t);
	uint32_t *bucket;

	if (f == NULL)
		return NULL;
	memset(f, 0, sizeof *f);
	f->key = *key;
	f->state = FLOW_LIVE;
	f->hash = ends_hash(t->seed, &key->addr[0], key->port[0], &key->addr[1], key->port[1]);
	bucket = &t->buckets[f->hash & t->mask];
	f->chain = *bucket;
	*bucket = number(t, f);
	index_list_append(&t->live, t->silence_links, number(t, f));
	index_list_append(&t->opened, t->opening_links, number(t, f));
	t->n_live++;
	return f;
}

void flow_heard(struct flow_table *t, struct flow *f, uint64_t mono)
{
	uint32_t i = number(t, f);

	f->silent = mono;
	if (t->live.tail == i)
		return;
	index_list_remove(&t->live, t->silence_links, i);
	index_list_append(&t->live, t->silence_links, i);
}

static void leave_live(struct flow_table *t, uint32_t i)
{
	index_list_remove(&t->live, t->silence_links, i);
	index_list_remove(&t->opened, t->opening_links, i);
	t->n_live--;
}

void flow_retire(struct flow_table *t, struct flow *f, uint64_t mono)
{
	uint32_t i = number(t, f);

	leave_live(t, i);
	index_list_append(&t->closed, t->silence_links, i);
	f->state = FLOW_CLOSED;
	f->silent = mono;
	f->conn = NULL;
}

void flow_drop(struct flow_table *t, struct flow *f)
{
	uint32_t i = number(t, f), *at = &t->buckets[f->hash & t->mask];

	if (f->state == FLOW_LIVE)
		leave_live(t, i);
	else
		index_list_remove(&t->closed, t->silence_links, i);
	while (*at != i)
		at = &t->flows[*at].chain;
	*at = f->chain;
	f->chain = t->free;
	f->state = FLOW_FREE;
	t->free = i;
}
