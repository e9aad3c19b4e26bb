/* The connections that are followed: a fixed pool, found by their pair of addresses and ports in either
 * direction, listed by silence and by opening. Knows nothing of what a connection says. */
#ifndef TK_SENSOR_PROTO_TCP_FLOW_TABLE_H
#define TK_SENSOR_PROTO_TCP_FLOW_TABLE_H

#include "sensor/proto/tcp/half.h"
#include "core/base/index_list.h"
#include "sensor/proto/tcp/stream.h"

enum flow_state {
	FLOW_FREE,
	FLOW_LIVE,
	FLOW_CLOSED /* close was told; it stays a while, so that late packets open nothing (TIME-WAIT) */
};

struct flow {
	struct stream_key key;
	uint32_t hash, chain; /* next in its bucket, or of the free ones */
	uint8_t state;
	void *conn;      /* the sink's; NULL: it wants to hear nothing */
	uint64_t silent; /* streams.mono of its last packet; of its end when it is closed */
	struct half half[2];
};

struct flow_table {
	struct flow *flows; /* [0] is nobody */
	uint32_t *buckets;
	struct index_link *silence_links, *opening_links;
	struct index_list live, closed; /* by silence, the longest first */
	struct index_list opened;       /* those that live, in the order of their opening */
	uint64_t seed;
	uint32_t mask, limit, fresh, free; /* above `fresh` no memory was touched yet */
	uint32_t n_live;
	uint32_t last; /* found last: packets come in trains */
};

bool flow_table_init(struct flow_table *t, uint32_t flows); /* false: no memory; free it all the same */
void flow_table_free(struct flow_table *t);

/* Live or closed; NULL: not known. `side` is which of its sides sent the segment. */
struct flow *flow_find(struct flow_table *t, const struct segment *seg, int *side);
/* A new live one, empty. A closed one makes room when there is no other; NULL: all live. */
struct flow *flow_add(struct flow_table *t, const struct stream_key *key);
/* It was heard of just now. */
void flow_heard(struct flow_table *t, struct flow *f, uint64_t mono);
/* From live to closed. */
void flow_retire(struct flow_table *t, struct flow *f, uint64_t mono);
/* Forgets it, live or closed. */
void flow_drop(struct flow_table *t, struct flow *f);

/* The first of a list, NULL when it is empty. */
static inline struct flow *flow_first(const struct flow_table *t, const struct index_list *l)
{
	return l->head == 0 ? NULL : &t->flows[l->head];
}

#endif
