/* Conversations of two sides, cut, doubled, overlapping and out of order at random: what is heard is what
 * was said, in the order of its turns. And with random losses: every byte that was captured is heard at
 * its place, once, and nothing else. */
#include <stdlib.h>

#include "core/base/buf.h"
#include "sensor/proto/tcp/stream.h"
#include "tests/lib/tap.h"

#define SEEDS 300
#define SIDE_MAX 40000
#define SEGMENTS_MAX 200000
#define STEP_NS INT64_C(1000000)

struct sent {
	uint8_t side, flags;
	uint32_t from, n; /* bytes of the side */
	uint32_t acked;   /* bytes of the other side, + 1 for its FIN */
	uint64_t order;
};

struct talk {
	uint64_t rng;
	uint8_t said[2][SIDE_MAX];
	uint32_t n[2], isn[2];
	struct sent *sent;
	size_t n_sent;
	bool handshake;
	struct buf want;
	/* what is heard */
	struct buf heard;
	int last;
	uint32_t at[2];
	uint8_t got[2][SIDE_MAX], captured[2][SIDE_MAX];
	int bad;
};

static uint32_t below(struct talk *t, uint32_t n)
{
	t->rng ^= t->rng << 13;
	t->rng ^= t->rng >> 7;
	t->rng ^= t->rng << 17;
	return (uint32_t)(t->rng >> 20) % n;
}

static void note(struct buf *b, int *last, int side, struct slice bytes)
{
	if (*last != side)
		buf_byte(b, "<>"[side]);
	*last = side;
	buf_add(b, bytes);
}

static void send(struct talk *t, int side, uint8_t flags, uint32_t from, uint32_t n, uint32_t acked)
{
	struct sent *s = &t->sent[t->n_sent];

	if (t->n_sent == SEGMENTS_MAX)
		abort();
	*s = (struct sent){ (uint8_t)side, flags, from, n, acked, t->n_sent * 8 };
	t->n_sent++;
}

/* One side speaks, in segments of at most `mss`; some are sent again, some together with bytes before
 * them, and some are acknowledged at once. */
static void turn(struct talk *t, int side, uint32_t n, uint32_t mss)
{
	uint32_t start = t->n[side], end = start + n, acked = t->n[!side];

	for (uint32_t at = start; at < end;) {
		uint32_t len = 1 + below(t, mss), back = 0;

		if (len > end - at)
			len = end - at;
		if (below(t, 6) == 0)
			back = below(t, at - start + 1);
		if (back > 3000)
			back = 3000;
		send(t, side, TCP_ACK, at - back, len + back, acked);
		if (below(t, 8) == 0)
			send(t, side, TCP_ACK, at - back, len + back, acked);
		at += len;
		if (below(t, 3) == 0)
			send(t, !side, TCP_ACK, t->n[!side], 0, at);
	}
	t->n[side] = end;
}

static int by_order(const void *a, const void *b)
{
	uint64_t x = ((const struct sent *)a)->order, y = ((const struct sent *)b)->order;

	return (x > y) - (x < y);
}

static void invent(struct talk *t, uint32_t seed, bool handshake)
{
	static const uint32_t sizes[] = { 5, 100, 1460 };
	uint32_t mss, turns;
	int last = -1;

	t->rng = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	t->n_sent = t->n[0] = t->n[1] = 0;
	mss = sizes[below(t, 3)];
	turns = 1 + below(t, 7);
	for (int i = 0; i < 2; i++)
		t->isn[i] = below(t, 3) == 0 ? UINT32_MAX - below(t, 3000) : below(t, UINT32_MAX);
	t->handshake = handshake;
	buf_clear(&t->want);
	if (handshake) {
		send(t, 0, TCP_SYN, 0, 0, 0);
		send(t, 1, TCP_SYN | TCP_ACK, 0, 0, 0);
		send(t, 0, TCP_ACK, 0, 0, 0);
	}
	for (uint32_t i = 0; i < turns; i++) {
		int side = (int)(i % 2);
		uint32_t n = 2 + below(t, mss == 5 ? 400 : 8000);

		for (uint32_t k = 0; k < n; k++)
			t->said[side][t->n[side] + k] = (uint8_t)below(t, 256);
		note(&t->want, &last, side, slice_of(t->said[side] + t->n[side], n));
		turn(t, side, n, mss);
	}
	send(t, 0, TCP_FIN | TCP_ACK, t->n[0], 0, t->n[1]);
	send(t, 1, TCP_FIN | TCP_ACK, t->n[1], 0, t->n[0] + 1);
	send(t, 0, TCP_ACK, t->n[0] + 1, 0, t->n[1] + 1);
	buf_str(&t->want, "ends");
	/* each changes places with at most four others; the first stays: it tells that there is a
	 * connection */
	for (size_t i = 1; i < t->n_sent; i++)
		t->sent[i].order += below(t, 4 * 8 + 1);
	if (!handshake) /* met midway with one byte that is not pushed, it looks like a keep-alive probe */
		t->sent[0].flags |= TCP_PSH;
	qsort(t->sent, t->n_sent, sizeof *t->sent, by_order);
}

static void *on_open(void *ctx, const struct stream_key *key, bool from_start, int64_t ns)
{
	struct talk *t = ctx;

	(void)key;
	(void)ns;
	t->bad += from_start != t->handshake;
	return t;
}

static void on_data(void *ctx, void *conn, int side, struct slice bytes, const struct stream_at *at)
{
	struct talk *t = ctx;
	uint32_t off = at->seq - t->isn[side] - 1;

	(void)conn;
	note(&t->heard, &t->last, side, bytes);
	if (off != t->at[side] || bytes.n == 0 || off > t->n[side] || bytes.n > t->n[side] - off ||
	    memcmp(bytes.p, t->said[side] + off, bytes.n) != 0) {
		t->bad++;
		return;
	}
	memset(t->got[side] + off, 1, bytes.n);
	t->at[side] += (uint32_t)bytes.n;
}

static void on_gap(void *ctx, void *conn, int side, uint64_t bytes, const struct stream_at *at)
{
	struct talk *t = ctx;

	(void)conn;
	t->bad += at->seq - t->isn[side] - 1 != t->at[side] || bytes == 0;
	t->at[side] += (uint32_t)bytes;
	buf_str(&t->heard, "gap");
}

static void on_fin(void *ctx, void *conn, int side, int64_t ns)
{
	struct talk *t = ctx;

	(void)conn;
	(void)ns;
	t->bad += t->at[side] != t->n[side];
}

static void on_close(void *ctx, void *conn, enum stream_end how, int64_t ns)
{
	struct talk *t = ctx;

	(void)conn;
	(void)ns;
	if (how == STREAM_FIN)
		buf_str(&t->heard, "ends");
}

static void put(struct talk *t, struct streams *s, const struct sent *x, int64_t ns)
{
	struct segment g = { .flags = x->flags };

	g.src.b[15] = x->side;
	g.dst.b[15] = !x->side;
	g.sport = x->side == 0 ? 50000 : 80;
	g.dport = x->side == 0 ? 80 : 50000;
	g.seq = t->isn[x->side] + ((x->flags & TCP_SYN) != 0 ? 0 : 1) + x->from;
	g.ack = t->isn[!x->side] + 1 + x->acked;
	g.payload = slice_of(t->said[x->side] + x->from, x->n);
	g.payload_len = x->n;
	if (x->n > 0)
		memset(t->captured[x->side] + x->from, 1, x->n);
	streams_segment(s, &g, ns);
}

/* Returns the blocks that are still in use. */
static size_t listen(struct talk *t, uint32_t lost_percent)
{
	static const struct stream_limits limits = { 4, 4096, 4096 };
	struct stream_sink sink = { t, on_open, on_data, on_gap, on_fin, on_close };
	struct losses losses = { 0 };
	struct streams *s = streams_new(&limits, &sink, &losses);
	int64_t ns = INT64_C(1800000000000000000);
	size_t left;

	if (s == NULL)
		abort();
	buf_clear(&t->heard);
	memset(t->got, 0, sizeof t->got);
	memset(t->captured, 0, sizeof t->captured);
	t->at[0] = t->at[1] = 0;
	t->last = -1;
	t->bad = 0;
	for (size_t i = 0; i < t->n_sent; i++, ns += STEP_NS)
		if ((t->sent[i].flags & TCP_SYN) != 0 || lost_percent == 0 || below(t, 100) >= lost_percent)
			put(t, s, &t->sent[i], ns);
	streams_finish(s, ns);
	left = streams_waiting(s) + streams_open(s);
	streams_free(s);
	return left;
}

static void whole(struct talk *t, bool handshake)
{
	int failed = 0;
	uint32_t first = 0;

	for (uint32_t seed = 1; seed <= SEEDS; seed++) {
		size_t left;

		invent(t, seed, handshake);
		left = listen(t, 0);
		if (t->bad != 0 || left != 0 || !slice_eq(buf_slice(&t->heard), buf_slice(&t->want)))
			first = failed++ == 0 ? seed : first;
	}
	if (!ok_int(failed, 0, handshake ? "heard as it was said" : "heard as it was said, met midway"))
		printf("#   first with seed %u\n", first);
}

static void with_losses(struct talk *t, uint32_t percent)
{
	int failed = 0;
	uint32_t first = 0;
	char name[64];

	for (uint32_t seed = 1; seed <= SEEDS; seed++) {
		size_t left;

		invent(t, seed, true);
		left = listen(t, percent);
		if (t->bad != 0 || left != 0 || memcmp(t->got, t->captured, sizeof t->got) != 0)
			first = failed++ == 0 ? seed : first;
	}
	snprintf(name, sizeof name, "with %u %% lost, what was captured is heard", percent);
	if (!ok_int(failed, 0, name))
		printf("#   first with seed %u\n", first);
}

int main(void)
{
	struct talk *t = calloc(1, sizeof *t);

	t->sent = calloc(SEGMENTS_MAX, sizeof *t->sent);
	buf_init(&t->want, 1 << 20);
	buf_init(&t->heard, 1 << 20);
	whole(t, true);
	whole(t, false);
	with_losses(t, 1);
	with_losses(t, 10);
	with_losses(t, 60);
	buf_free(&t->want);
	buf_free(&t->heard);
	free(t->sent);
	free(t);
	return tap_done();
}
