#include "sensor/proto/quic/quic.h"

#include <stdlib.h>

#include "sensor/proto/quic/quic_table.h"
#include "sensor/proto/tls/tls_bytes.h"

#define CLIENT_HELLO 1         /* RFC 8446 4 */
#define HANDSHAKE_HEAD 4       /* type and length */
#define INITIAL_DATAGRAM 1200  /* one with an Initial is no shorter (RFC 9000 14.1) */
#define BLOCKS_LEAST 16
#define TELLING_ID 3           /* bytes of a connection id that no two connections in a row share by chance */

struct quic_pool {
	struct quic_table table;
	struct quic_blocks blocks;
	struct quic_opener opener;
	struct quic_counts counts;
	int64_t now;
	struct quic_origin trial; /* whose keys `trial_keys` are: a datagram's packets mostly have the same */
	struct quic_keys trial_keys;
	uint8_t hello[QUIC_CRYPTO_MAX];
};

/* One datagram on its way in. */
struct visit {
	struct quic_pool *q;
	const struct segment *udp;
	const struct quic_sink *sink;
	int64_t ns;
	struct quic_flow *f; /* NULL: none yet */
	int sender;          /* enum quic_side */
};

/* ---- birth and end ---- */

struct quic_pool *quic_pool_new(uint32_t n)
{
	struct quic_pool *q = calloc(1, sizeof *q);
	uint32_t blocks = n / 4 < BLOCKS_LEAST ? BLOCKS_LEAST : n / 4;

	if (q == NULL)
		return NULL;
	q->now = INT64_MIN;
	if (quic_table_init(&q->table, n == 0 ? 1 : n) && quic_blocks_init(&q->blocks, blocks) &&
	    quic_opener_init(&q->opener))
		return q;
	quic_pool_free(q);
	return NULL;
}

void quic_pool_free(struct quic_pool *q)
{
	if (q == NULL)
		return;
	quic_table_free(&q->table);
	quic_blocks_free(&q->blocks);
	quic_opener_free(&q->opener);
	free(q);
}

const struct quic_counts *quic_counts(const struct quic_pool *q)
{
	return &q->counts;
}

uint32_t quic_open_connections(const struct quic_pool *q)
{
	return q->table.used;
}

uint32_t quic_blocks_used(const struct quic_pool *q)
{
	return q->blocks.used;
}

static void stop_reading(struct quic_pool *q, struct quic_flow *f)
{
	f->reading = false;
	quic_crypto_drop(&q->blocks, &f->crypto);
	quic_table_wait(&q->table, f, false);
}

static void close_flow(struct quic_pool *q, struct quic_flow *f, enum quic_end how,
		       const struct quic_sink *sink)
{
	stop_reading(q, f);
	q->counts.evicted += how == QUIC_EVICTED;
	sink->closed(sink->ctx, &f->c, how);
	quic_table_drop(&q->table, f);
}

void quic_time(struct quic_pool *q, int64_t ns, const struct quic_sink *sink)
{
	struct quic_flow *f;

	if (ns <= q->now)
		return;
	q->now = ns;
	while ((f = quic_table_first(&q->table, &q->table.live)) != NULL &&
	       (uint64_t)q->now - (uint64_t)f->heard >= (uint64_t)QUIC_IDLE_NS)
		close_flow(q, f, QUIC_IDLE, sink);
}

void quic_finish(struct quic_pool *q, const struct quic_sink *sink)
{
	struct quic_flow *f;

	while ((f = quic_table_first(&q->table, &q->table.live)) != NULL)
		close_flow(q, f, QUIC_FINISHED, sink);
}

static void open_flow(struct visit *v, bool by_client)
{
	struct quic_table *t = &v->q->table;

	if (t->used == t->limit)
		close_flow(v->q, quic_table_first(t, &t->live), QUIC_EVICTED, v->sink);
	v->f = quic_table_add(t, v->udp, by_client);
	v->f->c.first_ns = v->f->c.last_ns = v->ns;
	v->sender = by_client ? QUIC_CLIENT : QUIC_SERVER;
}

/* ---- the ClientHello ---- */

/* Too many are incomplete: the oldest other one is given up. False: there is none. */
static bool make_room(struct quic_pool *q, const struct quic_flow *f)
{
	struct quic_table *t = &q->table;
	uint32_t i = t->waiting.head;

	if (i != 0 && &t->flows[i] == f)
		i = t->waiting_links[i].next;
	if (i == 0)
		return false;
	q->counts.crowded++;
	stop_reading(q, &t->flows[i]);
	return true;
}

static void odd_hello(struct quic_pool *q, struct quic_flow *f)
{
	q->counts.odd++;
	if (f->c.hello_is != QUIC_HELLO_WHOLE)
		f->c.hello_is = QUIC_HELLO_ODD;
	stop_reading(q, f);
}

static void look_for_hello(struct quic_pool *q, struct quic_flow *f)
{
	size_t need = HANDSHAKE_HEAD;
	struct slice body;

	if (f->crypto.ready < need)
		return;
	quic_crypto_copy(&q->blocks, &f->crypto, q->hello, need);
	need += tls_u24(q->hello + 1);
	if (q->hello[0] != CLIENT_HELLO || need > QUIC_CRYPTO_MAX) {
		odd_hello(q, f);
		return;
	}
	if (f->crypto.ready < need)
		return;
	quic_crypto_copy(&q->blocks, &f->crypto, q->hello, need);
	body = slice_of(q->hello + HANDSHAKE_HEAD, need - HANDSHAKE_HEAD);
	if (!tls_hello_client(body, 'q', &f->c.hello)) {
		f->c.hello_is = QUIC_HELLO_ODD; /* an earlier attempt's is overwritten, too */
		odd_hello(q, f);
		return;
	}
	f->c.hello_is = QUIC_HELLO_WHOLE;
	stop_reading(q, f);
}

static void read_frames(struct quic_pool *q, struct quic_flow *f, struct slice plain)
{
	enum quic_frames kind;
	struct slice data;
	uint64_t offset;

	while ((kind = quic_frame_crypto(f->origin.version, &plain, &offset, &data)) != QUIC_FRAMES_END) {
		if (kind == QUIC_FRAMES_BAD) {
			q->counts.bad++;
			break;
		}
		while (!quic_crypto_add(&q->blocks, &f->crypto, offset, data) && make_room(q, f))
			;
	}
	quic_table_wait(&q->table, f, quic_crypto_holds(&f->crypto));
	look_for_hello(q, f);
}

/* ---- whose keys ---- */

static void keep(struct quic_cid *c, struct slice s)
{
	c->n = (uint8_t)s.n;
	if (s.n != 0)
		memcpy(c->b, s.p, s.n);
}

static bool is_cid(const struct quic_cid *c, struct slice s)
{
	return slice_eq(slice_of(c->b, c->n), s);
}

static bool is_origin(const struct quic_origin *o, const struct quic_packet *p)
{
	return o->version == p->number && is_cid(&o->cid, p->dcid);
}

/* With keys from its own connection id: what a client's first flight has. */
static bool open_as_first(struct quic_pool *q, const struct quic_packet *p, uint64_t *next,
			  struct slice *plain)
{
	if (!is_origin(&q->trial, p)) {
		q->trial.version = p->number;
		keep(&q->trial.cid, p->dcid);
		quic_keys_client(p->version, p->dcid, &q->trial_keys);
	}
	return quic_open(&q->opener, &q->trial_keys, p, next, plain);
}

/* The Initial `p` was opened as a first one: from now on its keys hold. */
static void begin_attempt(struct quic_pool *q, struct quic_flow *f, const struct quic_packet *p,
			  uint64_t next)
{
	struct quic_connection *c = &f->c;

	stop_reading(q, f);
	if (c->cid_n == 0 && p->dcid.n != 0) {
		c->cid_n = (uint8_t)p->dcid.n;
		memcpy(c->cid, p->dcid.p, p->dcid.n);
	}
	f->stale = f->origin;
	f->origin = q->trial;
	f->keys = q->trial_keys;
	f->next = next;
	keep(&f->client, p->scid);
	f->restart = false;
	f->by_token = p->token.n > 0;
	f->reading = true;
	c->token |= p->token.n > 0;
	c->version = p->number;
	c->sure = true;
	if (c->hello_is == QUIC_HELLO_UNREAD)
		c->hello_is = QUIC_HELLO_PART;
}

/* Does the client's own connection id say that it is the same connection? */
static bool same_client(const struct quic_flow *f, const struct quic_packet *p)
{
	return p->scid.n >= TELLING_ID && is_cid(&f->client, p->scid);
}

/* A first flight between ports that are in use: another try at the same connection, after a Retry or a
 * Version Negotiation that was seen or not, or a connection of its own? */
static bool same_connection(const struct quic_flow *f, const struct quic_packet *p)
{
	if (!f->c.sure || same_client(f, p))
		return true;
	if (f->c.answered)
		return false;
	return f->restart ||
	       (is_cid(&f->client, p->scid) && (p->token.n > 0 || p->number != f->origin.version));
}

/* From before a Retry, and late: with the token, all packets have it (RFC 9000 17.2.5.3). */
static bool is_straggler(const struct quic_flow *f, const struct quic_packet *p)
{
	return f->by_token && p->token.n == 0 && p->number == f->origin.version &&
	       !is_cid(&f->origin.cid, p->dcid) &&
	       (same_client(f, p) || (!f->c.answered && is_cid(&f->client, p->scid)));
}

/* ---- packets ---- */

static void turn_round(struct quic_flow *f)
{
	struct quic_connection *c = &f->c, old = *c;

	for (int i = 0; i < 2; i++) {
		c->addr[i] = old.addr[!i];
		c->port[i] = old.port[!i];
		c->datagrams[i] = old.datagrams[!i];
		c->bytes[i] = old.bytes[!i];
	}
}

/* Opened as a first flight: so it is the client's. */
static void first_flight(struct visit *v, const struct quic_packet *p, uint64_t next, struct slice plain)
{
	if (v->f != NULL && !same_connection(v->f, p)) {
		close_flow(v->q, v->f, QUIC_FOLLOWED, v->sink);
		v->f = NULL;
	}
	if (v->f == NULL) {
		open_flow(v, true);
	} else if (v->sender == QUIC_SERVER) {
		turn_round(v->f);
		v->sender = QUIC_CLIENT;
	}
	begin_attempt(v->q, v->f, p, next);
	read_frames(v->q, v->f, plain);
}

/* Nothing opens it, and nothing is known of these two: its size must speak for it. The higher port is mostly
 * the client's, and only a client has a token. */
static void unread_first(struct visit *v, const struct quic_packet *p)
{
	if (v->udp->payload_len < INITIAL_DATAGRAM)
		return;
	open_flow(v, p->token.n > 0 || v->udp->sport >= v->udp->dport);
	v->f->c.version = p->number;
	v->f->reading = true;
}

/* May it be from the client? False: there is nothing to learn from it. */
static bool worth_opening(const struct visit *v, const struct quic_packet *p)
{
	const struct quic_flow *f = v->f;

	if (f == NULL || !f->c.sure)
		return true;
	if (is_origin(&f->stale, p) || is_straggler(f, p))
		return false;
	return f->reading ||
	       !(is_origin(&f->origin, p) || (f->server_known && is_cid(&f->server, p->dcid)));
}

static void client_initial(struct visit *v, const struct quic_packet *p, bool whole)
{
	struct quic_pool *q = v->q;
	struct quic_flow *f = v->f;
	struct slice plain;
	uint64_t next = 0;

	if (!worth_opening(v, p))
		return;
	if (whole && f != NULL && f->reading && f->c.sure &&
	    quic_open(&q->opener, &f->keys, p, &f->next, &plain)) {
		read_frames(q, f, plain);
		return;
	}
	if (whole && !(f != NULL && is_origin(&f->origin, p)) && open_as_first(q, p, &next, &plain)) {
		first_flight(v, p, next, plain);
		return;
	}
	if (f == NULL)
		unread_first(v, p);
	if (v->f != NULL && v->f->reading) {
		q->counts.unopened += whole;
		q->counts.cut += !whole;
	}
}

/* RFC 9000 17.2.1: it echoes the ids of the Initial that it answers. */
static void negotiation(struct quic_flow *f, const struct quic_packet *p)
{
	if (f->c.answered || !is_cid(&f->client, p->dcid) || !is_cid(&f->origin.cid, p->scid))
		return;
	f->c.negotiated = true;
	f->restart = true;
}

static void retry(struct quic_pool *q, struct quic_flow *f, const struct quic_packet *p)
{
	const struct quic_cid *cid = &f->origin.cid;

	if (f->c.answered || p->number != f->origin.version || !is_cid(&f->client, p->dcid) ||
	    !quic_retry_answers(&q->opener, p, slice_of(cid->b, cid->n)))
		return;
	f->c.retry = true;
	f->restart = true;
}

static void server_packet(struct quic_pool *q, struct quic_flow *f, const struct quic_packet *p)
{
	if (p->type == QUIC_NEGOTIATION) {
		negotiation(f, p);
	} else if (p->type == QUIC_RETRY) {
		retry(q, f, p);
	} else if (is_cid(&f->client, p->dcid)) {
		f->c.answered = true;
		f->c.version = p->number; /* a server may choose another compatible one (RFC 9368 2.3) */
		f->server_known = true;
		keep(&f->server, p->scid);
	}
}

static void packet(struct visit *v, const struct quic_packet *p, bool whole)
{
	if (v->f != NULL && v->f->c.sure && v->sender == QUIC_SERVER) {
		if (whole || p->type == QUIC_INITIAL || p->type == QUIC_HANDSHAKE)
			server_packet(v->q, v->f, p);
	} else if (p->type == QUIC_INITIAL) {
		client_initial(v, p, whole);
	}
}

/* Versions that clients offer only to see whether they are negotiated away (RFC 9000 15). */
static bool is_reserved(uint32_t version)
{
	return (version & 0x0f0f0f0f) == 0x0a0a0a0a;
}

/* All packets of a datagram have the same Destination Connection ID (RFC 9000 12.2). */
static void packets(struct visit *v)
{
	struct slice rest = v->udp->payload, dcid = { NULL, 0 };
	size_t missing = v->udp->payload_len - rest.n;
	struct quic_packet p;
	enum quic_taken t;

	for (bool first = true; rest.n > 0; first = false) {
		t = quic_packet_take(&rest, missing, &p);
		if (t == QUIC_FOREIGN && first && v->f == NULL && !is_reserved(p.number))
			v->q->counts.foreign += v->udp->payload_len >= INITIAL_DATAGRAM;
		if (t == QUIC_FOREIGN || t == QUIC_NOTHING || (!first && !slice_eq(p.dcid, dcid)))
			return;
		dcid = p.dcid;
		packet(v, &p, t == QUIC_TAKEN);
	}
}

static void count(struct visit *v)
{
	struct quic_connection *c = &v->f->c;

	c->datagrams[v->sender]++;
	c->bytes[v->sender] += v->udp->payload_len;
	if (v->ns < c->first_ns)
		c->first_ns = v->ns;
	if (v->ns > c->last_ns)
		c->last_ns = v->ns;
	quic_table_heard(&v->q->table, v->f, v->q->now);
}

void quic_datagram(struct quic_pool *q, const struct segment *udp, int64_t ns, const struct quic_sink *sink)
{
	struct visit v = { q, udp, sink, ns, NULL, QUIC_CLIENT };
	uint8_t first;

	quic_time(q, ns, sink);
	if (udp->payload.n == 0)
		return;
	first = udp->payload.p[0];
	v.f = quic_table_find(&q->table, udp, &v.sender);
	if (v.f == NULL && (first & (QUIC_LONG | QUIC_FIXED)) != (QUIC_LONG | QUIC_FIXED))
		return;
	if ((first & QUIC_LONG) != 0)
		packets(&v);
	if (v.f == NULL)
		return;
	if ((first & QUIC_LONG) == 0 && v.sender == QUIC_SERVER)
		v.f->c.answered = true;
	count(&v);
}
