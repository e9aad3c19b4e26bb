#include "sensor/proto/tap.h"

#include <stdlib.h>

#include "core/base/hash.h"
#include "sensor/llm/estimate.h"
#include "sensor/proto/tries.h"
#include "sensor/proto/connection.h"
#include "sensor/proto/packet/fragments.h"
#include "sensor/proto/packet/frame.h"
#include "sensor/proto/linger.h"
#include "sensor/proto/quic/quic.h"
#include "sensor/proto/sealed.h"

#define FRAGMENTED_MAX 4 /* fragments in tunnels that are fragmented themselves */

struct tap {
	struct tap_sink sink;
	struct losses losses;
	struct streams *streams;
	struct fragments *fragments;
	struct connection *connections;
	uint32_t *free; /* numbers of connections that are not in use */
	uint32_t n_free;
	uint32_t reached; /* below it are all connections that ever were in use */
	struct linger linger;
	struct quic_pool *quic;
	struct greeting quic_greeting; /* of the one that is told */
	struct workshop workshop;
	struct parse_context fields;
	struct scratch scratch;
	struct sha256 *sha;
	struct flat_event event;
	uint64_t packets;
	int64_t now;
};

/* ---- from exchanges to events ---- */

static void exchange_done(void *ctx, struct exchange *x, const struct exchange_ends *ends)
{
	struct tap *t = ctx;

	for (int d = 0; d < 2; d++)
		if (x->message[d].head && x->message[d].coding != CONTENT_OK &&
		    x->message[d].coding != CONTENT_CUT)
			losses_add(&t->losses, LOSS_UNDECODED, 1, x->message[d].content.in);
	t->scratch.n = 0;
	flat_event_reset(&t->event);
	exchange_event(x, ends, &t->fields, &t->event.ev);
	exchange_digest(x, ends, t->sha, t->event.ev.digest);
	t->sink.event(t->sink.ctx, &t->event.ev);
}

static void tell_sealed(struct tap *t, const struct sealed *sealed)
{
	t->scratch.n = 0;
	flat_event_reset(&t->event);
	sealed_event(sealed, &t->fields, t->sha, &t->event.ev);
	t->sink.event(t->sink.ctx, &t->event.ev);
}

static void connection_sealed(void *ctx, const struct connection *c, const struct exchange_ends *ends)
{
	const struct tls_counts *n = tls_counts(c->tls);
	const struct sealed sealed = { .protocol = "tls",
				       .ends = *ends,
				       .first_ns = c->first_ns,
				       .last_ns =
					       c->last_ns[0] > c->last_ns[1] ? c->last_ns[0] : c->last_ns[1],
				       .bytes = { n->bytes[0], n->bytes[1] },
				       .number = c->first_seq };

	tell_sealed(ctx, &sealed);
}

static void quic_closed(void *ctx, const struct quic_connection *c, enum quic_end how)
{
	struct tap *t = ctx;
	struct sealed sealed = { .protocol = "quic",
				 .ends = { .greeting = &t->quic_greeting },
				 .first_ns = c->first_ns,
				 .last_ns = c->last_ns };

	(void)how;
	if (c->hello_is != QUIC_HELLO_WHOLE) {
		losses_add(&t->losses, LOSS_QUIC, 1, c->bytes[QUIC_CLIENT] + c->bytes[QUIC_SERVER]);
		return;
	}
	for (int side = 0; side < 2; side++) {
		sealed.ends.addr[side] = c->addr[side];
		sealed.ends.port[side] = c->port[side];
		sealed.bytes[side] = c->bytes[side];
	}
	memcpy(&sealed.number, c->cid, c->cid_n < sizeof sealed.number ? c->cid_n : sizeof sealed.number);
	t->quic_greeting.said = true;
	t->quic_greeting.hello = c->hello;
	tell_sealed(t, &sealed);
}

/* ---- from streams to connections ---- */

static void give_back(struct tap *t, struct connection *c)
{
	connection_close(&t->workshop, c);
	t->free[t->n_free++] = (uint32_t)(c - t->connections);
}

/* Those whose secrets did not come in time. */
static void let_go(struct tap *t, int64_t now)
{
	struct connection *c;

	while ((c = linger_over(&t->linger, now)) != NULL)
		give_back(t, c);
}

/* Room is needed. */
static void let_oldest_go(struct tap *t)
{
	struct connection *c = linger_over(&t->linger, INT64_MAX);

	if (c != NULL)
		give_back(t, c);
}

static void *stream_opened(void *ctx, const struct stream_key *key, bool from_start, int64_t ns)
{
	struct tap *t = ctx;
	struct connection *c;

	(void)ns;
	if (t->n_free == 0)
		let_oldest_go(t);
	if (t->n_free == 0)
		return NULL;
	c = &t->connections[t->free[--t->n_free]];
	if (t->reached <= t->free[t->n_free])
		t->reached = t->free[t->n_free] + 1;
	connection_open(c, key, from_start);
	return c;
}

static void stream_data(void *ctx, void *conn, int side, struct slice bytes, const struct stream_at *at)
{
	struct tap *t = ctx;

	connection_data(&t->workshop, conn, side, bytes, at);
}

static void stream_gap(void *ctx, void *conn, int side, uint64_t bytes, const struct stream_at *at)
{
	struct tap *t = ctx;

	connection_gap(&t->workshop, conn, side, bytes, at);
}

static void stream_fin(void *ctx, void *conn, int side, int64_t ns)
{
	struct tap *t = ctx;

	(void)ns;
	connection_fin(&t->workshop, conn, side);
}

static void stream_closed(void *ctx, void *conn, enum stream_end how, int64_t ns)
{
	struct tap *t = ctx;
	struct connection *c = conn;

	(void)how;
	(void)ns;
	if (c == NULL)
		return;
	if (t->linger.list == NULL || !connection_waits(c)) {
		give_back(t, c);
		return;
	}
	if (linger_full(&t->linger))
		let_oldest_go(t);
	linger_add(&t->linger, c, t->now);
}

/* ---- birth and end ---- */

static bool make_pools(struct tap *t, const struct tap_limits *limits)
{
	const struct fragments_limits fragments = FRAGMENTS_LIMITS_DEFAULT;
	const struct stream_sink sink = {
		t, stream_opened, stream_data, stream_gap, stream_fin, stream_closed
	};
	uint32_t flows = limits->streams.flows;

	t->connections = calloc(flows, sizeof *t->connections);
	t->free = malloc(flows * sizeof *t->free);
	t->scratch = (struct scratch){ malloc(SCRATCH_SIZE), 0, SCRATCH_SIZE };
	t->sha = sha256_new();
	t->workshop.exchanges = exchanges_new(limits->exchanges, limits->decoders);
	t->workshop.lines = http1_lines_new(limits->lines);
	t->workshop.tls = tls_pool_new(limits->tls, limits->tls_bytes);
	t->workshop.greetings = greetings_new(limits->tls);
	t->workshop.http2 = http2_pool_new(limits->http2, limits->http2_bytes);
	t->streams = streams_new(&limits->streams, &sink, &t->losses);
	t->fragments = fragments_new(&fragments, &t->losses);
	t->quic = quic_pool_new(limits->quic);
	if (t->connections == NULL || t->free == NULL || t->scratch.p == NULL || t->sha == NULL ||
	    t->workshop.exchanges == NULL || t->workshop.lines == NULL || t->streams == NULL ||
	    t->fragments == NULL || t->workshop.tls == NULL || t->workshop.greetings == NULL ||
	    t->workshop.http2 == NULL || t->quic == NULL)
		return false;
	while (t->n_free < flows) {
		t->free[t->n_free] = flows - 1 - t->n_free;
		t->n_free++;
	}
	return true;
}

struct tap *tap_new(const struct tap_limits *limits, const struct parse_context *fields,
		    const struct tap_sink *sink)
{
	struct tap *t = calloc(1, sizeof *t);

	if (t == NULL)
		return NULL;
	t->sink = *sink;
	t->now = INT64_MIN;
	t->fields = *fields;
	t->fields.scratch = &t->scratch;
	t->fields.estimates = estimates_new();
	t->fields.tries = tries_new();
	t->workshop.fields = &t->fields;
	t->workshop.losses = &t->losses;
	t->workshop.done = exchange_done;
	t->workshop.sealed = connection_sealed;
	t->workshop.ctx = t;
	if (t->fields.estimates != NULL && t->fields.tries != NULL && make_pools(t, limits))
		return t;
	tap_free(t);
	return NULL;
}

void tap_free(struct tap *t)
{
	if (t == NULL)
		return;
	estimates_free(t->fields.estimates);
	tries_free(t->fields.tries);
	streams_free(t->streams);
	fragments_free(t->fragments);
	quic_pool_free(t->quic);
	http1_lines_free(t->workshop.lines);
	tls_pool_free(t->workshop.tls);
	greetings_free(t->workshop.greetings);
	http2_pool_free(t->workshop.http2);
	exchanges_free(t->workshop.exchanges);
	sha256_free(t->sha);
	if (t->scratch.p != NULL)
		explicit_bzero(t->scratch.p, t->scratch.cap); /* it has held keys */
	free(t->scratch.p);
	linger_free(&t->linger);
	free(t->free);
	free(t->connections);
	free(t);
}

void tap_use_keys(struct tap *t, struct key_log *keys)
{
	t->workshop.keys = keys;
}

/* ---- packets ---- */

static struct quic_sink quic_sink_of(struct tap *t)
{
	return (struct quic_sink){ t, quic_closed };
}

static void count(struct tap *t, enum frame_verdict v, uint32_t wire_len)
{
	static const uint8_t reason[] = {
		[FRAME_FRAGMENT] = LOSS_FRAGMENT, [FRAME_BAD] = LOSS_BAD_PACKET, [FRAME_CUT] = LOSS_CUT_PACKET
	};

	if (v < COUNT(reason) && reason[v] != LOSS_NONE)
		losses_add(&t->losses, reason[v], 1, wire_len);
}

void tap_packet(struct tap *t, int64_t ns, uint32_t link_type, struct slice bytes, uint32_t wire_len)
{
	struct segment seg;
	struct fragment frag;
	enum frame_verdict v = frame_parse(link_type, bytes, wire_len, &seg, &frag);

	t->packets++;
	if (ns > t->now)
		t->now = ns;
	if (t->linger.n > 0)
		let_go(t, t->now);
	for (int i = 0; v == FRAME_FRAGMENT && i < FRAGMENTED_MAX; i++) {
		if (!fragments_add(t->fragments, &frag, ns, &frag))
			return;
		v = frame_parse_whole(&frag, &seg, &frag);
	}
	if (v == FRAME_UDP) {
		const struct quic_sink sink = quic_sink_of(t);

		quic_datagram(t->quic, &seg, ns, &sink);
		return;
	}
	if (v != FRAME_TCP) {
		count(t, v, wire_len);
		return;
	}
	if (seg.payload_len > seg.payload.n)
		losses_add(&t->losses, LOSS_CUT_PACKET, 1, seg.payload_len - seg.payload.n);
	streams_segment(t->streams, &seg, ns);
}

void tap_time(struct tap *t, int64_t ns)
{
	const struct quic_sink sink = quic_sink_of(t);

	if (ns <= t->now)
		return;
	t->now = ns;
	fragments_time(t->fragments, ns);
	streams_time(t->streams, ns);
	quic_time(t->quic, ns, &sink);
	let_go(t, t->now);
}

void tap_retry(struct tap *t)
{
	if (tls_pool_waiting(t->workshop.tls) == 0)
		return;
	for (uint32_t i = 0; i < t->reached; i++)
		if (connection_waits(&t->connections[i]))
			connection_retry(&t->workshop, &t->connections[i]);
	for (uint32_t i = 0; i < t->linger.n; i++) {
		struct connection **c = linger_at(&t->linger, i);

		if (*c == NULL || connection_waits(*c))
			continue;
		give_back(t, *c);
		*c = NULL;
	}
}

bool tap_linger(struct tap *t, int64_t ns)
{
	return linger_init(&t->linger, ns);
}

void tap_finish(struct tap *t)
{
	const struct quic_sink sink = quic_sink_of(t);

	fragments_finish(t->fragments);
	streams_finish(t->streams, t->now);
	quic_finish(t->quic, &sink);
	let_go(t, INT64_MAX);
}

size_t tap_in_flight(const struct tap *t)
{
	return exchanges_in_use(t->workshop.exchanges);
}

uint64_t tap_packets(const struct tap *t)
{
	return t->packets;
}

void tap_losses(struct tap *t, struct losses *out)
{
	*out = t->losses;
	memset(&t->losses, 0, sizeof t->losses);
}
