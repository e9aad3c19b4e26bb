/* The QUIC connections that are followed: a fixed pool, found by their pair of addresses and ports in either
 * direction, listed by silence, and those with an incomplete ClientHello by age. Private to quic.c. */
#ifndef TK_SENSOR_PROTO_QUIC_QUIC_TABLE_H
#define TK_SENSOR_PROTO_QUIC_QUIC_TABLE_H

#include "core/base/index_list.h"
#include "sensor/proto/quic/quic.h"
#include "sensor/proto/quic/quic_crypto.h"
#include "sensor/proto/quic/quic_keys.h"

struct quic_cid {
	uint8_t n, b[QUIC_CID_MAX];
};

/* Whose keys a client's Initials have. */
struct quic_origin {
	uint32_t version; /* 0: nobody's */
	struct quic_cid cid;
};

struct quic_flow {
	struct quic_connection c; /* first: what is told */
	uint32_t hash, chain;     /* next in its bucket, or of the free ones */
	int64_t heard;            /* packet time of its last datagram */
	struct quic_origin origin, stale; /* in force; and before the last Retry or Version Negotiation */
	struct quic_keys keys;
	uint64_t next;            /* packet number */
	struct quic_cid client, server; /* the connection ids they chose for themselves */
	bool server_known, restart;     /* restart: the server asked for a new attempt */
	bool by_token;            /* the client's Initials have a token */
	bool reading;             /* the ClientHello is waited for */
	bool waits;               /* is in `waiting` */
	struct quic_crypto crypto;
};

struct quic_table {
	struct quic_flow *flows; /* [0] is nobody */
	uint32_t *buckets;
	struct index_link *silence_links, *waiting_links;
	struct index_list live;    /* the longest silent first */
	struct index_list waiting; /* those that hold blocks, the oldest first */
	uint64_t seed;
	uint32_t mask, limit, fresh, free, used;
};

bool quic_table_init(struct quic_table *t, uint32_t flows); /* false: no memory; free it all the same */
void quic_table_free(struct quic_table *t);
/* NULL: not known. */
struct quic_flow *quic_table_find(struct quic_table *t, const struct segment *udp, int *sender);
/* A new one, all zero but for its ends, whose client is the sender if `by_client`. NULL: the pool is full. */
struct quic_flow *quic_table_add(struct quic_table *t, const struct segment *udp, bool by_client);
void quic_table_heard(struct quic_table *t, struct quic_flow *f, int64_t ns);
void quic_table_wait(struct quic_table *t, struct quic_flow *f, bool waits);
/* Forgets it; it must hold no blocks and not be waiting. */
void quic_table_drop(struct quic_table *t, struct quic_flow *f);

/* The first of a list, NULL when it is empty. */
static inline struct quic_flow *quic_table_first(const struct quic_table *t, const struct index_list *l)
{
	return l->head == 0 ? NULL : &t->flows[l->head];
}

#endif
