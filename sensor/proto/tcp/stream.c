#include "sensor/proto/tcp/stream.h"

#include <stdlib.h>

#include "sensor/proto/tcp/deliver.h"

#define TIME_WAIT_NS (UINT64_C(60) * 1000000000)
#define FLOWS_MAX (UINT32_C(1) << 28)
#define PADDING_MAX 6 /* bytes, behind the headers of IPv4 and TCP in the shortest frame */

static uint32_t within(uint32_t v, uint32_t low, uint32_t high)
{
	return v < low ? low : v > high ? high : v;
}

/* Both are taken, so that both can be given back. */
static bool take_memory(struct streams *s)
{
	bool flows = flow_table_init(&s->table, s->limits.flows);
	bool blocks = waiting_init(&s->waiting, s->limits.segments);

	s->still_links = calloc(2 * ((size_t)s->limits.flows + 1), sizeof *s->still_links);
	return flows && blocks && s->still_links != NULL;
}

struct streams *streams_new(const struct stream_limits *limits, const struct stream_sink *sink,
			    struct losses *losses)
{
	struct streams *s = calloc(1, sizeof *s);

	if (s == NULL)
		return NULL;
	s->limits.flows = within(limits->flows, 1, FLOWS_MAX);
	s->limits.segments = within(limits->segments, 1, UINT32_MAX - 1);
	s->limits.half_blocks = within(limits->half_blocks, 1, s->limits.segments);
	s->sink = *sink;
	s->losses = losses;
	if (!take_memory(s)) {
		streams_free(s);
		return NULL;
	}
	return s;
}

void streams_free(struct streams *s)
{
	if (s == NULL)
		return;
	flow_table_free(&s->table);
	waiting_free(&s->waiting);
	free(s->still_links);
	free(s);
}

size_t streams_open(const struct streams *s)
{
	return s->table.n_live;
}

size_t streams_waiting(const struct streams *s)
{
	return s->waiting.used;
}

/* ---- the ends ---- */

void stream_close(struct streams *s, struct flow *f, enum stream_end how, int64_t ns)
{
	if (f->conn != NULL)
		deliver_rest(s, f);
	if (deliver_over(f))
		how = STREAM_FIN;
	s->sink.close(s->sink.ctx, f->conn, how, ns);
	if (how == STREAM_LOST)
		flow_drop(&s->table, f);
	else
		flow_retire(&s->table, f, s->mono);
}

static void close_first(struct streams *s, const struct index_list *l, int64_t ns)
{
	stream_close(s, flow_first(&s->table, l), STREAM_LOST, ns);
}

void streams_finish(struct streams *s, int64_t ns)
{
	while (s->table.opened.head != 0)
		close_first(s, &s->table.opened, ns);
	while (s->table.closed.head != 0)
		flow_drop(&s->table, flow_first(&s->table, &s->table.closed));
}

/* ---- time ---- */

static void set_time(struct streams *s, int64_t ns)
{
	uint64_t step = (uint64_t)ns - (uint64_t)s->last;

	if (!s->timed) {
		s->timed = true;
		s->last = ns;
	} else if (ns >= s->last) {
		/* more than that changes nothing, and leaves the sum far from wrapping */
		s->mono += step < (uint64_t)STREAM_IDLE_NS ? step : (uint64_t)STREAM_IDLE_NS;
		s->last = ns;
	} else if (-step > (uint64_t)STREAM_WAIT_NS) {
		s->last = ns; /* not packets that changed places: another clock */
	}
}

static bool silent_for(const struct streams *s, const struct flow *f, uint64_t ns)
{
	return f != NULL && s->mono - f->silent >= ns;
}

void streams_time(struct streams *s, int64_t ns)
{
	struct flow_table *t = &s->table;

	set_time(s, ns);
	deliver_overdue(s);
	while (silent_for(s, flow_first(t, &t->live), (uint64_t)STREAM_IDLE_NS))
		close_first(s, &t->live, s->last);
	while (silent_for(s, flow_first(t, &t->closed), TIME_WAIT_NS))
		flow_drop(t, flow_first(t, &t->closed));
}

/* ---- the beginning ---- */

/* Does this segment begin another connection on the ports of one that is known? */
static bool begins_another(const struct flow *f, int side, const struct segment *seg)
{
	const struct half *h = &f->half[side];
	bool same = (h->flags & HALF_KNOWN) != 0 && seg->seq + 1 == h->first, stands;

	if ((seg->flags & (TCP_SYN | TCP_RST)) != TCP_SYN || same)
		return false;
	if (f->state == FLOW_CLOSED)
		return true;
	/* an inferred beginning gives way to the SYN, unless the other side was there before */
	stands = (seg->flags & TCP_ACK) == 0 && (f->half[!side].flags & HALF_SEEN) != 0;
	return (h->flags & HALF_KNOWN) != 0 && (stands || (h->flags & (HALF_SYN | HALF_BEGUN)) != 0);
}

/* Bytes that may be none of the stream: a keep-alive probe (RFC 9293 3.8.4) sends a byte again that was
 * acknowledged, and not the one that it was, today a zero; and some devices count Ethernet's padding as
 * payload of an acknowledgement. Who writes bytes pushes them. */
static bool like_filler(const struct segment *seg)
{
	static const uint8_t zeros[PADDING_MAX];

	return seg->payload_len == seg->payload.n && seg->payload.n > 0 && seg->payload.n <= PADDING_MAX &&
	       memcmp(seg->payload.p, zeros, seg->payload.n) == 0 &&
	       (seg->flags & (TCP_PSH | TCP_FIN | TCP_SYN)) == 0;
}

/* A connection is met with its SYN, or midway with bytes. */
static bool worth_following(const struct segment *seg)
{
	return (seg->flags & TCP_RST) == 0 &&
	       ((seg->flags & TCP_SYN) != 0 || (seg->payload.n > 0 && !like_filler(seg)));
}

/* The side that opened it: whom the handshake names; midway the sender of the first bytes, unless it looks
 * like a server: the lower port of the two, while the other's is not a well-known one. */
static bool sender_opened(const struct segment *seg)
{
	if ((seg->flags & TCP_SYN) != 0)
		return (seg->flags & TCP_ACK) == 0;
	return seg->sport >= seg->dport || seg->dport < 1024;
}

static struct flow *begin(struct streams *s, const struct segment *seg, int64_t ns, int *side)
{
	struct stream_key key;
	struct flow *f;

	*side = sender_opened(seg) ? 0 : 1;
	key.addr[*side] = seg->src;
	key.port[*side] = seg->sport;
	key.addr[!*side] = seg->dst;
	key.port[!*side] = seg->dport;
	f = flow_add(&s->table, &key);
	if (f == NULL) {
		losses_add(s->losses, LOSS_FLOW_LIMIT, 1, 0);
		close_first(s, &s->table.live, ns);
		f = flow_add(&s->table, &key); /* that one is free now, or closed and can be taken */
	}
	f->conn = s->sink.open(s->sink.ctx, &f->key, (seg->flags & TCP_SYN) != 0, ns);
	return f;
}

/* ---- a segment ---- */

/* Of a connection that nobody listens to: where it began and whether it is over is all that matters. */
static void pass_over(struct streams *s, struct flow *f, int side, const struct segment *seg, int64_t ns)
{
	struct half *h = &f->half[side];

	if ((h->flags & HALF_KNOWN) == 0)
		half_begin(h, seg->seq, HALF_GUESS);
	h->flags |= (seg->flags & TCP_FIN) != 0 ? HALF_FIN | HALF_SEEN | HALF_BEGUN : HALF_SEEN | HALF_BEGUN;
	if ((seg->flags & TCP_ACK) != 0)
		half_acked(&f->half[!side], seg->ack);
	if (deliver_over(f))
		stream_close(s, f, STREAM_FIN, ns);
}

/* Bytes, what was cut from them, and the end: in this order at their numbers. */
static void pieces(struct streams *s, struct flow *f, int side, const struct segment *seg, uint64_t gate,
		   int64_t ns)
{
	struct half *h = &f->half[side];
	uint32_t seq = seg->seq + ((seg->flags & TCP_SYN) != 0 ? 1 : 0);
	uint32_t n = seg->payload.n <= (size_t)HALF_FAR ? (uint32_t)seg->payload.n : (uint32_t)HALF_FAR;
	bool is_cut = seg->payload_len > n && seg->payload_len <= (uint32_t)HALF_FAR;
	uint32_t cut = is_cut ? seg->payload_len - n : 0;
	bool filler = like_filler(seg);
	struct piece p = { .gate = gate, .ns = ns, .n = n, .kind = PIECE_BYTES, .filler = filler };

	if (n + cut == 0 && (seg->flags & TCP_FIN) == 0)
		return;
	if ((h->flags & HALF_KNOWN) == 0)
		half_begin(h, seq, HALF_GUESS);
	if (!filler)
		half_begin_earlier(h, seq);
	if (!half_plausible(h, seq))
		return;
	p.seq = half_place(h, seq);
	deliver_piece(s, f, side, p, seg->payload.p);
	p.seq += n;
	if (cut > 0) {
		p.kind = PIECE_CUT;
		p.n = cut;
		deliver_piece(s, f, side, p, NULL);
		p.seq += cut;
	}
	if ((seg->flags & TCP_FIN) != 0) {
		p.kind = PIECE_FIN;
		p.n = 1;
		deliver_piece(s, f, side, p, NULL);
	}
}

static void follow(struct streams *s, struct flow *f, int side, const struct segment *seg, int64_t ns)
{
	struct half *h = &f->half[side];
	uint64_t gate = 0;

	if ((seg->flags & TCP_RST) != 0) {
		if (f->conn == NULL || half_plausible(h, seg->seq))
			stream_close(s, f, STREAM_RESET, ns);
		return;
	}
	if ((seg->flags & TCP_SYN) != 0 && (h->flags & (HALF_SYN | HALF_BEGUN)) == 0)
		half_begin(h, seg->seq + 1, HALF_SYN);
	if (f->conn == NULL) {
		pass_over(s, f, side, seg, ns);
		return;
	}
	h->flags |= HALF_SEEN;
	if ((seg->flags & TCP_ACK) != 0)
		gate = half_acked(&f->half[!side], seg->ack);
	if (gate != 0)
		deliver_settle(s, f); /* the other half's hole is known before what must wait for it */
	pieces(s, f, side, seg, gate, ns);
	deliver_settle(s, f);
	if (deliver_over(f))
		stream_close(s, f, STREAM_FIN, ns);
}

void streams_segment(struct streams *s, const struct segment *seg, int64_t ns)
{
	struct flow *f;
	int side;

	streams_time(s, ns);
	f = flow_find(&s->table, seg, &side);
	if (f != NULL && begins_another(f, side, seg)) {
		if (f->state == FLOW_LIVE)
			stream_close(s, f, STREAM_LOST, ns);
		f = flow_find(&s->table, seg, &side); /* it stays there if it had ended after all */
		if (f != NULL)
			flow_drop(&s->table, f);
		f = NULL;
	}
	if (f != NULL && f->state == FLOW_CLOSED)
		return;
	if (f == NULL) {
		if (!worth_following(seg))
			return;
		f = begin(s, seg, ns, &side);
	}
	flow_heard(&s->table, f, s->mono);
	follow(s, f, side, seg, ns);
}
