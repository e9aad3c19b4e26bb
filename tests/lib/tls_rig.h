/* A listener beside two ends of a TLS connection: hears what went over the wire, in any pieces and with what
 * is lost, and compares what it reads with what was said. */
#ifndef TK_TESTS_TLS_RIG_H
#define TK_TESTS_TLS_RIG_H

#include <stdlib.h>

#include "sensor/proto/tls/tls.h"
#include "tests/lib/tap.h"
#include "tests/lib/tls_peer.h"

struct seen {
	struct buf plain[2];
	size_t before_gap[2]; /* bytes of plaintext before the first gap */
	uint64_t missing[2];
	int gaps[2], ends[2], hellos, choices;
	struct tls_hello hello;
	struct tls_choice choice;
};

static inline void saw_hello(void *ctx, const struct tls_hello *h)
{
	struct seen *s = ctx;

	s->hellos++;
	s->hello = *h;
}

static inline void saw_choice(void *ctx, const struct tls_choice *c)
{
	struct seen *s = ctx;

	s->choices++;
	s->choice = *c;
}

static inline void saw_plain(void *ctx, int side, struct slice bytes, const struct tls_at *at)
{
	(void)at;
	buf_add(&((struct seen *)ctx)->plain[side], bytes);
}

static inline void saw_gap(void *ctx, int side, uint64_t bytes, const struct tls_at *at)
{
	struct seen *s = ctx;

	(void)at;
	if (s->gaps[side]++ == 0)
		s->before_gap[side] = s->plain[side].n;
	s->missing[side] += bytes;
}

static inline void saw_end(void *ctx, int side)
{
	((struct seen *)ctx)->ends[side]++;
}

static inline struct tls_sink sink_of(struct seen *s)
{
	return (struct tls_sink){ s, saw_hello, saw_choice, saw_plain, saw_gap, saw_end };
}

static inline void seen_init(struct seen *s)
{
	memset(s, 0, sizeof *s);
	for (int side = 0; side < 2; side++)
		buf_init(&s->plain[side], 8 << 20);
}

static inline void seen_free(struct seen *s)
{
	for (int side = 0; side < 2; side++)
		buf_free(&s->plain[side]);
}

/* ---- the listener ---- */

struct listener {
	struct tls_pool *pool;
	struct key_log *keys;
	struct peer_identity id;
};

enum when { KEYS_BEFORE, KEYS_AFTER, KEYS_NEVER };

struct lost { /* bytes of one direction that were not captured */
	int side;
	size_t from, n;
};

static inline void give_keys(struct listener *l, const struct peer *p)
{
	struct key_log_source from = { .n = 0 };

	key_log_feed(l->keys, &from, buf_slice(&p->keys));
	key_log_end(l->keys, &from);
}

/* One chunk, in pieces; what is lost of it is a gap. */
static inline void hear(struct tls *t, int side, struct slice bytes, size_t at, size_t piece,
			const struct lost *lost, const struct tls_sink *sink)
{
	while (bytes.n > 0) {
		struct slice part = slice_head(bytes, piece);
		struct stream_at here = { 1, (uint32_t)at };
		size_t end = lost->from + lost->n;

		if (side == lost->side && at >= lost->from && at < end) {
			part = slice_head(bytes, end - at);
			tls_gap(t, side, part.n, &here, sink);
		} else {
			if (side == lost->side && at < lost->from)
				part = slice_head(part, lost->from - at);
			tls_data(t, side, part, &here, sink);
		}
		at += part.n;
		bytes = slice_from(bytes, part.n);
	}
}

static inline enum tls_state listen_to(struct listener *l, const struct peer *p, size_t piece, enum when when,
				       struct lost lost, struct seen *s)
{
	struct tls_sink sink = sink_of(s);
	struct tls *t;
	size_t at[2] = { 0, 0 };
	enum tls_state state;

	key_log_free(l->keys);
	l->keys = key_log_new(64);
	t = tls_open(l->pool, l->keys);
	if (when == KEYS_BEFORE)
		give_keys(l, p);
	for (size_t i = 0; i < p->chunks; i++) {
		int side = p->chunk[i].side;

		hear(t, side, slice_head(slice_from(buf_slice(&p->wire[side]), at[side]), p->chunk[i].n),
		     at[side], piece, &lost, &sink);
		at[side] += p->chunk[i].n;
	}
	for (int side = 0; side < 2; side++)
		tls_fin(t, side, &sink);
	if (when == KEYS_AFTER) {
		give_keys(l, p);
		tls_retry(t, &sink);
	}
	state = tls_state(t);
	tls_close(t);
	return state;
}

static const struct lost nothing = { -1, 0, 0 };

/* Everything that was said was heard, and nothing else. */
static inline bool heard_all(const struct peer *p, const struct seen *s)
{
	bool good = true;

	for (int side = 0; side < 2; side++)
		good &= slice_eq(buf_slice(&p->said[side]), buf_slice(&s->plain[side])) &&
			s->gaps[side] == 0 && s->ends[side] == 1;
	return good;
}

static inline void check_all(struct listener *l, const struct peer *p, const char *name)
{
	static const struct {
		const char *how;
		size_t piece;
		enum when when;
	} ways[] = {
		{ "whole", SIZE_MAX, KEYS_BEFORE },
		{ "byte by byte", 1, KEYS_BEFORE },
		{ "in odd pieces", 1459, KEYS_BEFORE },
		{ "keys later", 700, KEYS_AFTER },
	};
	char text[200];

	for (size_t i = 0; i < COUNT(ways); i++) {
		struct seen s;
		enum tls_state state;

		seen_init(&s);
		state = listen_to(l, p, ways[i].piece, ways[i].when, nothing, &s);
		snprintf(text, sizeof text, "%s, %s", name, ways[i].how);
		if (!ok(heard_all(p, &s) && state == TLS_READ, text))
			printf("#   said %zu and %zu, heard %zu and %zu, gaps %d and %d, ends %d and %d, "
			       "state %d\n",
			       p->said[0].n, p->said[1].n, s.plain[0].n, s.plain[1].n, s.gaps[0], s.gaps[1],
			       s.ends[0], s.ends[1], (int)state);
		seen_free(&s);
	}
	if (tls_pool_used(l->pool) != 0 || tls_pool_waiting(l->pool) != 0)
		ok(false, "the pool is empty again");
}

/* ---- conversations ---- */

static inline void talk(struct peer *p)
{
	peer_say(p, 0, 300);
	peer_say(p, 1, 20000);
	peer_settle(p);
	peer_say(p, 0, 1);
	peer_say(p, 1, 17);
	peer_settle(p);
}

#endif
