/* A connection of a client and a server, segment by segment, and what is heard of it. */
#ifndef TK_TESTS_STREAM_RIG_H
#define TK_TESTS_STREAM_RIG_H

#include <stdlib.h>

#include "core/base/buf.h"
#include "sensor/proto/tcp/stream.h"
#include "tests/lib/tap.h"

/* What a sink hears, as text: "[" or "(" a connection was met with its SYN or midway, "c:bytes " and
 * "s:bytes " (what comes in several pieces is one), "c-5 " a gap, "c. " no more, "F] " "R] " "L] " closed.
 * c is side 0. */
struct rig {
	struct streams *s;
	struct losses losses;
	struct buf log;
	uint16_t port;  /* the client's */
	uint16_t server;
	int last;       /* whose bytes end the log; -1: nobody's */
	bool deaf;      /* open returns NULL */
	bool quiet;     /* counts alone */
	uint64_t heard[2], opened, closed;
	struct stream_at at; /* of the last bytes or gap */
	int64_t fin_ns;
	struct stream_key key;
};

#define C 0
#define S 1
#define MS INT64_C(1000000)
#define SEC INT64_C(1000000000)
#define START (INT64_C(1800000000) * SEC)
#define A TCP_ACK

static inline void word(struct rig *r, const char *text)
{
	if (r->last >= 0)
		buf_byte(&r->log, ' ');
	r->last = -1;
	buf_fmt(&r->log, "%s", text);
}

static void *on_open(void *ctx, const struct stream_key *key, bool from_start, int64_t ns)
{
	struct rig *r = ctx;

	(void)ns;
	r->opened++;
	r->key = *key;
	if (!r->quiet)
		word(r, from_start ? "[" : "(");
	return r->deaf ? NULL : r;
}

static void on_data(void *ctx, void *conn, int side, struct slice bytes, const struct stream_at *at)
{
	struct rig *r = ctx;

	(void)conn;
	r->heard[side] += bytes.n;
	r->at = *at;
	if (r->quiet)
		return;
	if (r->last != side) {
		word(r, side == C ? "c:" : "s:");
		r->last = side;
	}
	for (size_t i = 0; i < bytes.n; i++)
		buf_byte(&r->log, bytes.p[i]);
}

static void on_gap(void *ctx, void *conn, int side, uint64_t bytes, const struct stream_at *at)
{
	struct rig *r = ctx;
	char text[64];

	(void)conn;
	r->at = *at;
	snprintf(text, sizeof text, "%c-%llu ", "cs"[side], (unsigned long long)bytes);
	if (!r->quiet)
		word(r, text);
}

static void on_fin(void *ctx, void *conn, int side, int64_t ns)
{
	struct rig *r = ctx;

	(void)conn;
	r->fin_ns = ns;
	if (!r->quiet)
		word(r, side == C ? "c. " : "s. ");
}

static void on_close(void *ctx, void *conn, enum stream_end how, int64_t ns)
{
	static const char *const text[] = { "F] ", "R] ", "L] " };
	struct rig *r = ctx;

	(void)ns;
	(void)conn;
	r->closed++;
	if (!r->quiet)
		word(r, text[how]);
}

static inline void rig_limits(struct rig *r, uint32_t flows, uint32_t segments, uint32_t half_blocks)
{
	struct stream_limits limits = { flows, segments, half_blocks };
	struct stream_sink sink = { r, on_open, on_data, on_gap, on_fin, on_close };

	memset(r, 0, sizeof *r);
	buf_init(&r->log, 1 << 20);
	r->port = 40000;
	r->server = 8080;
	r->last = -1;
	r->s = streams_new(&limits, &sink, &r->losses);
	if (r->s == NULL)
		abort();
}

static inline void rig_init(struct rig *r)
{
	rig_limits(r, 8, 64, 32);
}

/* Compares what was heard, and that nothing is left behind. */
static inline void rig_done(struct rig *r, const char *want, const char *name)
{
	word(r, "");
	ok_slice(buf_slice(&r->log), slice_str(want), name);
	streams_finish(r->s, START + 100 * SEC);
	if (r->opened != r->closed || streams_waiting(r->s) != 0 || streams_open(r->s) != 0)
		ok(false, "every connection closed, nothing waits");
	streams_free(r->s);
	buf_free(&r->log);
}

static inline struct addr host(uint8_t n)
{
	struct addr a = { { [10] = 0xff, [11] = 0xff, [12] = 10, [15] = n } };

	return a;
}

static inline struct segment make(const struct rig *r, int side, uint8_t flags, uint32_t seq, uint32_t ack,
			   struct slice payload)
{
	struct segment g = { .seq = seq, .ack = ack, .flags = flags, .payload = payload };

	g.src = host(side == C ? 1 : 2);
	g.dst = host(side == C ? 2 : 1);
	g.sport = side == C ? r->port : r->server;
	g.dport = side == C ? r->server : r->port;
	g.payload_len = (uint32_t)payload.n;
	return g;
}

/* A segment, `ms` after the start; the acknowledgement holds with A. */
static inline void put(struct rig *r, int ms, int side, uint8_t flags, uint32_t seq, uint32_t ack,
		       const char *text)
{
	struct segment g = make(r, side, flags, seq, ack, slice_str(text));

	streams_segment(r->s, &g, START + ms * MS);
}

/* The handshake; each side's first byte is numbered as given. */
static inline void shake(struct rig *r, uint32_t c, uint32_t s)
{
	put(r, 0, C, TCP_SYN, c - 1, 0, "");
	put(r, 0, S, TCP_SYN | A, s - 1, c, "");
	put(r, 0, C, A, c, s, "");
}

static inline void finish(struct rig *r, int ms)
{
	streams_finish(r->s, START + ms * MS);
}

#endif
