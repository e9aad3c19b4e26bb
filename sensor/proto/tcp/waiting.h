/* What of the streams waits: pieces in blocks from one fixed pool, for each direction in a queue by
 * sequence number without overlaps. Knows nothing of connections. */
#ifndef TK_SENSOR_PROTO_TCP_WAITING_H
#define TK_SENSOR_PROTO_TCP_WAITING_H

#include "core/base/slice.h"

enum piece_kind {
	PIECE_BYTES,
	PIECE_CUT, /* sent, but taken away by the snap length: its length alone */
	PIECE_FIN  /* takes one sequence number, as on the wire */
};

struct piece {
	uint64_t seq;  /* 64 bits wide: see half.h */
	uint64_t gate; /* what the other direction must have reached before; 0: nothing */
	int64_t ns;    /* when its packet was captured */
	uint32_t n;
	uint32_t next; /* piece of the queue, or of the free ones */
	uint8_t kind;
	bool filler; /* perhaps none of the stream: it waits for what comes behind it or instead */
};

struct queue {
	uint32_t head, tail, count; /* 0: none */
};

struct waiting {
	struct piece *pieces; /* [0] is nobody */
	uint8_t *bytes;       /* STREAM_BLOCK for each */
	uint32_t limit, fresh, free; /* above `fresh` no memory was touched yet */
	uint32_t used;
};

bool waiting_init(struct waiting *w, uint32_t blocks); /* false: no memory; free it all the same */
void waiting_free(struct waiting *w);

static inline uint64_t piece_end(const struct piece *p)
{
	return p->seq + p->n;
}

static inline bool waiting_full(const struct waiting *w)
{
	return w->used == w->limit;
}

struct slice waiting_bytes(const struct waiting *w, uint32_t i);
/* The last piece that begins at or before `seq`, searched from piece `from` on (0: from the first); 0:
 * none. */
uint32_t waiting_before(const struct waiting *w, const struct queue *q, uint32_t from, uint64_t seq);
/* Behind piece `at` (0: as the first). Not when full; at most STREAM_BLOCK of bytes, which are copied. */
uint32_t waiting_insert(struct waiting *w, struct queue *q, uint32_t at, const struct piece *p,
			const uint8_t *bytes);
/* These are the bytes and the end of a piece, not those that were kept as filler. */
void waiting_replace(struct waiting *w, uint32_t i, uint32_t from, struct slice bytes);
void waiting_pop(struct waiting *w, struct queue *q); /* the first one */
void waiting_clear(struct waiting *w, struct queue *q);

#endif
