/* TCP streams put back together from what was captured of them (RFC 9293): both directions of every
 * connection in order, holes as gaps. All memory is taken at birth. Time is packet time; nothing waits for
 * a clock. One thread.
 *
 * What is delivered does not depend on how the bytes were cut, doubled or swapped on their way. Where two
 * segments differ in the same bytes the first captured wins, and is counted, unless it looks like padding
 * that a device took for payload: a few zeros that are not pushed wait until their side goes on. A segment's
 * bytes wait until the other direction has come as far as the segment's acknowledgement says that its sender
 * had seen: so an answer never comes before its request. What is missing is waited for STREAM_WAIT_NS of
 * packet time or until too much waits; then it is a gap. A direction of which no packet was ever captured is
 * not waited for. */
#ifndef TK_SENSOR_PROTO_TCP_STREAM_H
#define TK_SENSOR_PROTO_TCP_STREAM_H

#include "core/base/addr.h"
#include "core/event/loss.h"
#include "sensor/proto/packet/frame.h"

#define STREAM_WAIT_NS INT64_C(1000000000)
#define STREAM_IDLE_NS (INT64_C(3600) * 1000000000) /* a connection silent for so long is let go */

struct stream_limits {
	uint32_t flows;       /* connections at a time; then the one silent the longest is let go */
	uint32_t segments;    /* blocks of STREAM_BLOCK bytes for what waits, all connections together */
	uint32_t half_blocks; /* of them one direction may hold */
};
#define STREAM_BLOCK 2048
#define STREAM_LIMITS_DEFAULT { 65536, 16384, 512 }

struct stream_key {
	struct addr addr[2];
	uint16_t port[2]; /* [0] is the side that opened the connection, or seems to have: see `from_start` */
};

struct stream_at {
	int64_t ns;   /* when the packet that brought the first of these bytes was captured */
	uint32_t seq; /* absolute sequence number of the first of these bytes */
};

enum stream_end {
	STREAM_FIN,   /* in order */
	STREAM_RESET,
	STREAM_LOST,  /* the capture ended, the connection was let go, or its ports began another one */
};

/* `side` is 0 or 1, an index into the key. Slices are borrowed for the call. A sink must not call back. */
struct stream_sink {
	void *ctx;
	/* A connection was met; from_start: with its SYN. What it returns is handed to the calls that follow
	 * (NULL is legal: nothing more is told of this connection but its close). */
	void *(*open)(void *ctx, const struct stream_key *key, bool from_start, int64_t ns);
	void (*data)(void *ctx, void *conn, int side, struct slice bytes, const struct stream_at *at);
	/* `bytes` were sent here and not captured. */
	void (*gap)(void *ctx, void *conn, int side, uint64_t bytes, const struct stream_at *at);
	/* This side will send no more. */
	void (*fin)(void *ctx, void *conn, int side, int64_t ns);
	/* Both are over; `conn` is not used again. */
	void (*close)(void *ctx, void *conn, enum stream_end how, int64_t ns);
};

struct streams;
/* NULL: no memory. `losses` is the caller's: gaps, limits and overlaps are added to it. */
struct streams *streams_new(const struct stream_limits *limits, const struct stream_sink *sink,
			    struct losses *losses);
void streams_free(struct streams *s); /* without telling the sink */
void streams_segment(struct streams *s, const struct segment *seg, int64_t ns);
/* Packet time has come this far: what waited too long becomes a gap, what was silent too long is let go.
 * Called by streams_segment itself; live captures call it when no packet comes. */
void streams_time(struct streams *s, int64_t ns);
/* The capture is over: everything that waits is delivered, with gaps, and every connection closed, in the
 * order in which they were met. */
void streams_finish(struct streams *s, int64_t ns);
size_t streams_open(const struct streams *s);
size_t streams_waiting(const struct streams *s); /* blocks in use, of limits.segments */

#endif
