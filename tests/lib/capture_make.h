/* Captures out of a seed, or of a fuzzer's bytes: the conversations of talk.h as a pcap file, in packets that
 * were cut, doubled, overlapping, out of order, in fragments and tunnels, and not all captured. What was said
 * and how it travelled are decided apart, so that one conversation can travel in many ways. */
#ifndef TK_TESTS_CAPTURE_MAKE_H
#define TK_TESTS_CAPTURE_MAKE_H

#include "sensor/proto/packet/frame.h"
#include "tests/lib/capture_layers.h"
#include "tests/lib/talk_http1.h"
#include "tests/lib/talk_http2.h"

#define MADE_TALKS 4
#define MADE_SEGMENTS 60000
#define MADE_PIECES 8000 /* into more than some so many nothing is cut: the longest segment grows */
#define MADE_T0 (INT64_C(1795400040) * 1000000000) /* the beginning of a minute */

struct made_talk {
	struct talk talk;
	uint32_t isn[2];
	bool v6, reset;
};

struct made_segment {
	uint8_t talk, side, flags;
	uint32_t from, n; /* bytes of the side */
	uint32_t acked;	  /* of the other side, + 1 for its FIN */
	uint64_t order;	  /* no two have the same */
};

/* How it travels. Numbers are "once in so many"; 0: never. */
struct made_way {
	struct choice *c;
	uint32_t segment;		/* the longest, in bytes */
	uint32_t again, overlap, swap;	/* the same twice; with bytes from before; out of order */
	uint32_t fragment, frame_again; /* IP fragments; the very same packet twice */
	uint32_t lose, damage, snap;	/* not captured; a byte that is another; cut behind its headers */
	uint32_t skip, stop;		/* segments at the beginning and the end that were not captured */
	int only;			/* -1; else the one side that was captured */
	enum link_layer link;
	enum tunnel tunnel;
};

struct made {
	struct made_talk talk[MADE_TALKS];
	size_t talks;
	struct made_segment *segment;
	size_t segments;
	struct buf pcap;
	uint32_t clients; /* number of the first one: its address */
	int64_t begin_ns, ns;
	uint32_t id; /* of fragmented packets */
	struct layers layers;
};

/* ---- what is said ---- */

static inline struct made *made_new(struct choice *c, uint32_t calls, bool plain)
{
	struct made *m = calloc(1, sizeof *m);

	m->segment = malloc(MADE_SEGMENTS * sizeof *m->segment);
	m->begin_ns = MADE_T0;
	m->talks = 1 + choose(c, MADE_TALKS);
	buf_init(&m->pcap, 1 << 28);
	for (size_t i = 0; i < m->talks; i++) {
		struct made_talk *k = &m->talk[i];

		for (int side = 0; side < 2; side++)
			k->isn[side] = once_in(c, 3) ? UINT32_MAX - choose(c, 6000) : choose(c, UINT32_MAX);
		k->v6 = once_in(c, 3);
		talk_begin(&k->talk, c, (uint32_t)i * TALK_CALLS);
		k->talk.plain = plain;
		if (once_in(c, 3))
			talk_http2(&k->talk, calls);
		else
			talk_http1(&k->talk, calls);
		k->reset = !k->talk.until_close && once_in(c, 4);
	}
	return m;
}

static inline void made_free(struct made *m)
{
	for (size_t i = 0; i < m->talks; i++)
		talk_end(&m->talk[i].talk);
	free(m->segment);
	buf_free(&m->pcap);
	free(m);
}

/* ---- into segments ---- */

struct made_cut { /* of a conversation */
	struct made *m;
	const struct made_way *way;
	uint8_t talk;
	uint64_t place;
	uint32_t sent[2];
};

static inline bool now_and_then(const struct made_way *way, uint32_t once_in_so_many)
{
	return once_in_so_many > 0 && once_in(way->c, once_in_so_many);
}

/* Packets change places with at most four others; the first of a connection stays. */
static inline void made_send(struct made_cut *k, int side, uint8_t flags, uint32_t from, uint32_t n,
			     uint32_t acked)
{
	struct made *m = k->m;
	uint64_t late;

	if (m->segments == MADE_SEGMENTS)
		abort();
	late = k->place > 0 && now_and_then(k->way, k->way->swap) ? choose(k->way->c, 33) : 0;
	m->segment[m->segments] = (struct made_segment){
		k->talk, (uint8_t)side, flags, from, n, acked, (k->place++ * 8 + late) << 20 | m->segments,
	};
	m->segments++;
}

static inline void made_turn(struct made_cut *k, const struct talk_turn *turn)
{
	const struct made_way *way = k->way;
	int side = turn->side;
	uint32_t start = k->sent[side], end = start + turn->n, acked = k->sent[!side];

	for (uint32_t at = start; at < end;) {
		uint32_t n =
			way->swap == 0 && way->again == 0 ? way->segment : 1 + choose(way->c, way->segment);
		uint32_t back = now_and_then(way, way->overlap) ? choose(way->c, at - start + 1) : 0;

		n = n < end - at ? n : end - at;
		back = back < 3000 ? back : 3000;
		made_send(k, side, TCP_ACK, at - back, n + back, acked);
		if (now_and_then(way, way->again))
			made_send(k, side, TCP_ACK, at - back, n + back, acked);
		at += n;
		if (once_in(way->c, 3))
			made_send(k, !side, TCP_ACK, acked, 0, at);
	}
	k->sent[side] = end;
}

static inline void made_cut(struct made *m, uint8_t talk, const struct made_way *way)
{
	const struct made_talk *t = &m->talk[talk];
	struct made_cut k = { .m = m, .way = way, .talk = talk };

	made_send(&k, 0, TCP_SYN, 0, 0, 0);
	made_send(&k, 1, TCP_SYN | TCP_ACK, 0, 0, 0);
	made_send(&k, 0, TCP_ACK, 0, 0, 0);
	for (size_t i = 0; i < t->talk.turns; i++)
		made_turn(&k, &t->talk.turn[i]);
	if (t->reset) { /* behind everything */
		k.place += 8;
		made_send(&k, 0, TCP_RST | TCP_ACK, k.sent[0], 0, k.sent[1]);
		return;
	}
	made_send(&k, 1, TCP_FIN | TCP_ACK, k.sent[1], 0, k.sent[0]);
	made_send(&k, 0, TCP_FIN | TCP_ACK, k.sent[0], 0, k.sent[1] + 1);
	made_send(&k, 1, TCP_ACK, k.sent[1] + 1, 0, k.sent[0] + 1);
}

static inline int made_by_order(const void *a, const void *b)
{
	uint64_t x = ((const struct made_segment *)a)->order, y = ((const struct made_segment *)b)->order;

	return (x > y) - (x < y);
}

/* ---- into packets ---- */

static inline void put32_little(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

static inline void made_record(struct made *m, const struct made_way *way, struct slice frame)
{
	uint8_t h[16];
	size_t n = frame.n;

	if (now_and_then(way, way->snap))
		n = choose(way->c, (uint32_t)n);
	put32_little(h, (uint32_t)(m->ns / 1000000000));
	put32_little(h + 4, (uint32_t)(m->ns % 1000000000));
	put32_little(h + 8, (uint32_t)n);
	put32_little(h + 12, (uint32_t)frame.n);
	buf_add(&m->pcap, slice_of(h, sizeof h));
	buf_add(&m->pcap, slice_head(frame, n));
	if (n > 0 && now_and_then(way, way->damage))
		m->pcap.p[m->pcap.n - 1 - choose(way->c, (uint32_t)n)] ^= (uint8_t)(1 + choose(way->c, 255));
	m->ns += 100000;
}

/* IP is in front. */
static inline void made_frame(struct made *m, const struct made_way *way, bool v6)
{
	tunnel_add(&m->layers, way->tunnel, v6);
	link_add(&m->layers, way->link);
	if (!now_and_then(way, way->lose))
		made_record(m, way, layers_slice(&m->layers));
	if (now_and_then(way, way->frame_again))
		made_record(m, way, layers_slice(&m->layers));
}

static inline void made_packet(struct made *m, const struct made_way *way, const struct made_segment *s)
{
	const struct made_talk *t = &m->talk[s->talk];
	uint32_t client = m->clients + s->talk;
	uint8_t host[2] = { (uint8_t)(16 + client / 250), (uint8_t)(1 + client % 250) };
	struct ends e = { t->v6, { host[0], host[1] }, { 2, 1 }, (uint16_t)(40000 + s->talk), 8080 };
	uint32_t seq = t->isn[s->side] + ((s->flags & TCP_SYN) != 0 ? 0 : 1) + s->from;
	uint32_t ack = (s->flags & TCP_ACK) == 0 ? 0 : t->isn[!s->side] + 1 + s->acked;
	struct piece f = { ++m->id, 0, false };
	static uint8_t whole[LAYERS_MAX];
	size_t n, step, pieces;
	bool backwards;

	if (s->side == 1)
		e = (struct ends){ t->v6, { 2, 1 }, { host[0], host[1] }, 8080, (uint16_t)(40000 + s->talk) };
	layers_begin(&m->layers, slice_of(t->talk.said[s->side].p + s->from, s->n));
	tcp_add(&m->layers, &e, seq, ack, s->flags);
	n = layers_n(&m->layers);
	if (n < 40 || !now_and_then(way, way->fragment)) {
		ip_add(&m->layers, &e, 6, &f);
		made_frame(m, way, t->v6);
		return;
	}
	memcpy(whole, m->layers.b + m->layers.at, n);
	step = 24 + 8 * choose(way->c, (uint32_t)n / 8);
	pieces = (n + step - 1) / step;
	backwards = once_in(way->c, 2);
	for (size_t i = 0; i < pieces; i++) {
		f.offset = (backwards ? pieces - 1 - i : i) * step;
		f.more = f.offset + step < n;
		layers_begin(&m->layers, slice_head(slice_of(whole + f.offset, n - f.offset), step));
		ip_add(&m->layers, &e, 6, &f);
		made_frame(m, way, t->v6);
	}
}

/* The capture file: the conversations as they travel that way. Borrowed until the next one. */
static inline struct slice made_capture(struct made *m, const struct made_way *asked)
{
	struct made_way way = *asked;
	size_t bytes = 0;
	uint8_t h[24] = { 0x4d, 0x3c, 0xb2, 0xa1, 2, 0, 4 };

	for (size_t i = 0; i < m->talks; i++)
		bytes += m->talk[i].talk.said[0].n + m->talk[i].talk.said[1].n;
	if (way.segment < bytes / MADE_PIECES)
		way.segment = (uint32_t)(bytes / MADE_PIECES);
	buf_clear(&m->pcap);
	put32_little(h + 16, 262144);
	put32_little(h + 20, link_number(way.link));
	buf_add(&m->pcap, slice_of(h, sizeof h));
	m->segments = 0;
	m->ns = m->begin_ns;
	m->id = 0;
	for (size_t i = 0; i < m->talks; i++)
		made_cut(m, (uint8_t)i, &way);
	qsort(m->segment, m->segments, sizeof *m->segment, made_by_order);
	for (size_t i = way.skip; i + way.stop < m->segments; i++)
		if (way.only < 0 || m->segment[i].side == way.only)
			made_packet(m, &way, &m->segment[i]);
	return buf_slice(&m->pcap);
}

#endif
