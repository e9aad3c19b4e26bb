/* One direction of a TCP connection: where it begins, what comes next, what was acknowledged (RFC 9293
 * 3.4). Sequence numbers are counted in 64 bits whose low half is the number on the wire, so that neither
 * wrapping nor streams of more than 4 GiB are special; a FIN takes a number as it does on the wire. Pure
 * arithmetic. */
#ifndef TK_SENSOR_PROTO_TCP_HALF_H
#define TK_SENSOR_PROTO_TCP_HALF_H

#include "sensor/proto/tcp/waiting.h"

/* The largest window (RFC 7323 2.3). Numbers further from what is expected are forged or of another
 * connection. */
#define HALF_FAR (INT32_C(1) << 30)

enum half_flag {
	HALF_SEEN = 1,   /* a packet of this side was captured */
	HALF_KNOWN = 2,  /* `next` says something */
	HALF_SYN = 4,    /* its beginning was told by a SYN */
	HALF_GUESS = 8,  /* its beginning was guessed from the first bytes that came, and may be earlier */
	HALF_BEGUN = 16, /* bytes or a gap were delivered: its beginning stands */
	HALF_FIN = 32,   /* over */
	HALF_CLOCK = 64  /* it stands still, and is in the list of those that do */
};

struct half {
	uint64_t next;     /* all before was delivered, as bytes or gaps */
	uint64_t acked;    /* the other side said that it had all before this */
	uint64_t since;    /* HALF_CLOCK: since when it stands still, ... */
	uint64_t stuck_at; /* ... and where */
	uint32_t first;    /* wire number of the first byte */
	struct queue wait;
	uint8_t flags;
};

/* The first byte of this side is `seq`; why: HALF_SYN or HALF_GUESS, 0 when the other side told. */
void half_begin(struct half *h, uint32_t seq, uint8_t why);
/* The 64-bit number that is nearest to what is expected. */
static inline uint64_t half_place(const struct half *h, uint32_t seq)
{
	return h->next + (uint64_t)(int64_t)(int32_t)(seq - (uint32_t)h->next);
}

/* A guessed beginning moves back to an earlier byte. */
void half_begin_earlier(struct half *h, uint32_t seq);
/* The other side acknowledged all before `ack`. Returns the number that this direction must reach before
 * what came with that acknowledgement is delivered; 0: it is there already, or the number is absurd. */
uint64_t half_acked(struct half *h, uint32_t ack);
/* Is it within the range of numbers that this side can have sent? */
bool half_plausible(const struct half *h, uint32_t seq);

#endif
