#include "sensor/proto/quic/quic_table.h"

#include <stdlib.h>

#include "core/base/hash.h"
#include "sensor/proto/packet/ends.h"

bool quic_table_init(struct quic_table *t, uint32_t flows)
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
	t->waiting_links = calloc((size_t)flows + 1, sizeof *t->waiting_links);
	return t->flows != NULL && t->buckets != NULL && t->silence_links != NULL &&
	       t->waiting_links != NULL && random_bytes(&t->seed, sizeof t->seed);
}

void quic_table_free(struct quic_table *t)
{
	free(t->flows);
	free(t->buckets);
	free(t->silence_links);
	free(t->waiting_links);
}

static uint32_t hash_of(const struct quic_table *t, const struct segment *s)
{
	return ends_hash(t->seed, &s->src, s->sport, &s->dst, s->dport);
}

static bool sent_by(const struct quic_connection *c, const struct segment *s, int side)
{
	return c->port[side] == s->sport && c->port[!side] == s->dport && addr_eq(&c->addr[side], &s->src) &&
	       addr_eq(&c->addr[!side], &s->dst);
}

struct quic_flow *quic_table_find(struct quic_table *t, const struct segment *udp, int *sender)
{
	uint32_t hash;

	if (t->used == 0)
		return NULL;
	hash = hash_of(t, udp);
	for (uint32_t i = t->buckets[hash & t->mask]; i != 0; i = t->flows[i].chain) {
		struct quic_flow *f = &t->flows[i];

		if (f->hash != hash)
			continue;
		for (int side = 0; side < 2; side++)
			if (sent_by(&f->c, udp, side)) {
				*sender = side;
				return f;
			}
	}
	return NULL;
}

static uint32_t number(const struct quic_table *t, const struct quic_flow *f)
{
	return (uint32_t)(f - t->flows);
}

struct quic_flow *quic_table_add(struct quic_table *t, const struct segment *udp, bool by_client)
{
	uint32_t i = t->free, *bucket;
	struct quic_flow *f;

	if (i != 0)
		t->free = t->flows[i].chain;
	else if (t->fresh < t->limit)
		i = ++t->fresh;
	else
		return NULL;
	f = &t->flows[i];
	memset(f, 0, sizeof *f);
	f->c.addr[!by_client] = udp->src;
	f->c.addr[by_client] = udp->dst;
	f->c.port[!by_client] = udp->sport;
	f->c.port[by_client] = udp->dport;
	f->hash = hash_of(t, udp);
	bucket = &t->buckets[f->hash & t->mask];
	f->chain = *bucket;
	*bucket = i;
	index_list_append(&t->live, t->silence_links, i);
	t->used++;
	return f;
}

void quic_table_heard(struct quic_table *t, struct quic_flow *f, int64_t ns)
{
	uint32_t i = number(t, f);

	f->heard = ns;
	if (t->live.tail == i)
		return;
	index_list_remove(&t->live, t->silence_links, i);
	index_list_append(&t->live, t->silence_links, i);
}

void quic_table_wait(struct quic_table *t, struct quic_flow *f, bool waits)
{
	if (waits == f->waits)
		return;
	f->waits = waits;
	if (waits)
		index_list_append(&t->waiting, t->waiting_links, number(t, f));
	else
		index_list_remove(&t->waiting, t->waiting_links, number(t, f));
}

void quic_table_drop(struct quic_table *t, struct quic_flow *f)
{
	uint32_t i = number(t, f), *at = &t->buckets[f->hash & t->mask];

	index_list_remove(&t->live, t->silence_links, i);
	while (*at != i)
		at = &t->flows[*at].chain;
	*at = f->chain;
	f->chain = t->free;
	t->free = i;
	t->used--;
}
