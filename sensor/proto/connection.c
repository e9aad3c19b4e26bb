#include "sensor/proto/connection.h"

static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"; /* RFC 9113 3.4 */
#define PREFACE_N (sizeof preface - 1)

void connection_open(struct connection *c, const struct stream_key *key, bool from_start)
{
	*c = (struct connection){ .key = *key, .from_start = from_start, .settled = from_start };
	c->first = c->last = EXCHANGE_NONE;
	http1_session_begin(c, from_start);
}

static enum direction direction_of(const struct connection *c, int side)
{
	return side == c->client ? REQUEST : RESPONSE;
}

static void enter(struct workshop *w, struct connection *c, struct slice piece, const struct stream_at *at,
		  int64_t until)
{
	w->conn = c;
	w->piece = piece;
	w->at = *at;
	w->until = until;
}

/* Of a record that begins with the client's hello or the server's (RFC 8446 4): who is the client; -1: it
 * does not. */
static int client_of_hello(int side, struct slice bytes)
{
	if (bytes.n < 6 || bytes.p[0] != 22 || !tls_begins(bytes, true) ||
	    (bytes.p[5] != 1 && bytes.p[5] != 2))
		return -1;
	return bytes.p[5] == 1 ? side : !side;
}

/* The side that sends requests, by what a side says that begins to speak; -1: it does not tell. */
static int client_by(struct workshop *w, struct connection *c, int side, struct slice bytes)
{
	enum direction d = direction_of(c, side);
	bool turn = (c->spoke & 1u << d) == 0 || !c->seen[!d];
	int frames = http2_looks_like(bytes), client = client_of_hello(side, bytes);

	if (client >= 0)
		return client;
	if (turn && http1_looks_like(HTTP1_REQUEST, bytes) == 1)
		return side;
	if (turn && http1_looks_like(HTTP1_RESPONSE, bytes) == 1)
		return !side;
	if (frames >= 0 && http2_session_begin(w, c, HTTP2_MIDWAY))
		return frames == REQUEST ? side : !side;
	return -1;
}

/* A connection met midway: who is the client is told where no message is being read yet. */
static void settle(struct workshop *w, struct connection *c, int side, struct slice bytes)
{
	bool reading = c->found || c->http[REQUEST].line >= 0 || c->http[RESPONSE].line >= 0;
	int client = reading ? -1 : client_by(w, c, side, bytes);

	if (reading)
		c->settled = c->found;
	if (client < 0)
		return;
	if (client != c->client) { /* what was passed over was said by the other */
		bool seen = c->seen[REQUEST];

		c->seen[REQUEST] = c->seen[RESPONSE];
		c->seen[RESPONSE] = seen;
		c->spoke = 0;
	}
	c->client = (uint8_t)client;
	c->settled = true;
	/* the first that was captured of it: there is nothing missing that this could be the middle of but a
	 * body's noise, and a line so complete is none */
	if (side == client && !c->found && !c->seen[REQUEST] && http1_asks(bytes)) {
		http1_reset(&c->http[REQUEST], w->lines);
		c->apart[REQUEST] = false;
	}
}

/* ---- what is not encrypted ---- */

static void as_http(struct workshop *w, struct connection *c, enum direction d, struct slice bytes)
{
	if (c->http2 != NULL)
		http2_session_data(w, c, d, bytes);
	else
		http1_session_data(w, c, d, bytes);
}

/* The client's first bytes, held back while they may be the preface of HTTP/2. True: nothing is left to do.
 */
static bool hold_preface(struct workshop *w, struct connection *c, struct slice *bytes)
{
	struct slice held = slice_of(preface, c->preface_n);
	struct stream_at at = w->at;
	size_t n = 0;

	while (n < bytes->n && c->preface_n + n < PREFACE_N &&
	       bytes->p[n] == (uint8_t)preface[c->preface_n + n])
		n++;
	if (c->preface_n == 0)
		c->preface_at = at;
	if (c->preface_n + n == PREFACE_N) {
		if (http2_session_begin(w, c, HTTP2_PREFACE))
			http2_session_data(w, c, REQUEST, slice_of(preface, PREFACE_N));
		*bytes = slice_from(*bytes, n);
		w->at.seq += (uint32_t)n;
		w->piece = *bytes;
		return c->http2 == NULL || bytes->n == 0;
	}
	if (n == bytes->n) {
		c->preface_n += (uint8_t)n;
		return true;
	}
	/* It is none: what was held comes first. */
	if (held.n > 0) {
		enter(w, c, held, &c->preface_at, c->preface_at.ns);
		as_http(w, c, REQUEST, held);
		enter(w, c, *bytes, &at, at.ns);
	}
	return false;
}

void connection_plain(struct workshop *w, struct connection *c, enum direction d, struct slice bytes,
		      const struct stream_at *at, int64_t until)
{
	bool first = !c->seen[d];

	if (c->tunnel || bytes.n == 0)
		return;
	enter(w, c, bytes, at, until);
	c->last_ns[d] = until;
	if (first && d == REQUEST)
		c->first_seq = at->seq;
	c->seen[d] = true;
	/* A server's settings may come before the client's preface. */
	if (d == RESPONSE && first && !c->seen[REQUEST] && c->http2 == NULL && c->from_start &&
	    http2_looks_like(bytes) == RESPONSE)
		http2_session_begin(w, c, HTTP2_PREFACE);
	if (d == REQUEST && c->http2 == NULL && c->from_start && !c->found && (first || c->preface_n > 0)) {
		if (hold_preface(w, c, &bytes))
			return;
		c->preface_n = 0;
	}
	as_http(w, c, d, bytes);
}

void connection_plain_gap(struct workshop *w, struct connection *c, enum direction d, uint64_t bytes,
			  const struct stream_at *at)
{
	if (c->tunnel)
		return;
	c->seen[d] = true;
	enter(w, c, slice_of(NULL, 0), at, at->ns);
	if (c->http2 != NULL)
		http2_session_gap(w, c, d, bytes);
	else
		http1_session_gap(w, c, d, bytes);
}

static void finish(struct workshop *w, struct connection *c, enum direction d, bool in_order)
{
	const struct stream_at at = { .ns = c->last_ns[d] };

	enter(w, c, slice_of(NULL, 0), &at, at.ns);
	if (c->http2 != NULL)
		http2_session_finish(w, c, d);
	else if (!c->tunnel)
		http1_session_finish(w, c, d, in_order);
}

/* What is kept comes before the end that came behind it. */
static void finish_ended(struct workshop *w, struct connection *c)
{
	if ((!c->ended[REQUEST] && !c->ended[RESPONSE]) || connection_waits(c))
		return;
	for (int d = REQUEST; d <= RESPONSE; d++)
		if (c->ended[d]) {
			c->ended[d] = false;
			finish(w, c, d, true);
		}
}

/* ---- what comes from the stream ---- */

/* Inside of a tunnel everything begins anew. */
static void begin_inside(struct workshop *w, struct connection *c)
{
	http1_session_end(w, c);
	http1_session_begin(c, true);
	c->tunnel = c->found = c->seen[REQUEST] = c->seen[RESPONSE] = false;
}

/* A record that holds a ClientHello (RFC 8446 4, 5.1): behind SOCKS or STARTTLS it comes in the middle. */
static bool is_client_hello(enum direction d, struct slice bytes)
{
	return d == REQUEST && bytes.n > 5 && bytes.p[5] == 1 && tls_begins(bytes, true);
}

static void begin_encrypted(struct workshop *w, struct connection *c)
{
	if (!tls_session_begin(w, c))
		c->opaque = true;
	else
		begin_inside(w, c);
}

/* Is this the beginning of TLS? At the connection's beginning, a tunnel's, or behind what is no HTTP. */
static bool begins_encrypted(struct workshop *w, struct connection *c, enum direction d, struct slice bytes)
{
	bool beginning = c->tunnel || (!c->found && (!c->seen[d] || is_client_hello(d, bytes)));

	if (!beginning || c->http2 != NULL || !tls_begins(slice_head(bytes, 5), c->from_start))
		return false;
	begin_encrypted(w, c);
	return true;
}

static void take_bytes(struct workshop *w, struct connection *c, int side, struct slice bytes,
		       const struct stream_at *at)
{
	enum direction d;

	if (c->opaque)
		return;
	if (c->first_ns == 0)
		c->first_ns = at->ns;
	if (!c->settled && c->tls == NULL) /* what is encrypted looks like anything */
		settle(w, c, side, bytes);
	d = direction_of(c, side);
	c->last_ns[d] = at->ns;
	if (c->tls == NULL && !begins_encrypted(w, c, d, bytes))
		connection_plain(w, c, d, bytes, at, at->ns);
	else if (c->tls != NULL)
		tls_session_data(w, c, side, bytes, at);
	finish_ended(w, c);
}

/* Met midway, a connection is in TLS where a whole head of a record says so, and the first segment may hold
 * less than one. */
static bool hold_head(struct connection *c, int side, struct slice bytes, const struct stream_at *at)
{
	if (c->from_start || c->tls != NULL || c->http2 != NULL || c->found ||
	    c->seen[direction_of(c, side)] || bytes.n > sizeof c->head || !tls_begins(bytes, true))
		return false;
	memcpy(c->head, bytes.p, bytes.n);
	c->head_n = (uint8_t)bytes.n;
	c->head_side = (uint8_t)side;
	c->head_at = *at;
	return true;
}

static void give_head(struct workshop *w, struct connection *c)
{
	uint8_t held[sizeof c->head];
	size_t n = c->head_n;

	memcpy(held, c->head, n);
	c->head_n = 0;
	if (n > 0)
		take_bytes(w, c, c->head_side, slice_of(held, n), &c->head_at);
}

/* What was held, with what comes behind it. True: it is still too little. */
static bool join_head(struct workshop *w, struct connection *c, int side, struct slice bytes)
{
	const struct stream_at at = c->head_at;
	uint8_t joined[sizeof c->head + 1];
	struct slice more = slice_head(bytes, sizeof joined - c->head_n), all;

	if (c->head_n > 0 && side == c->head_side) {
		memcpy(joined, c->head, c->head_n);
		memcpy(joined + c->head_n, more.p, more.n);
		all = slice_of(joined, c->head_n + more.n);
		if (all.n < sizeof joined && hold_head(c, side, all, &at))
			return true;
		if (tls_begins(all, false))
			begin_encrypted(w, c);
	}
	give_head(w, c);
	return false;
}

void connection_data(struct workshop *w, struct connection *c, int side, struct slice bytes,
		     const struct stream_at *at)
{
	if (bytes.n > 0 && !c->opaque && !join_head(w, c, side, bytes) && !hold_head(c, side, bytes, at))
		take_bytes(w, c, side, bytes, at);
}

void connection_gap(struct workshop *w, struct connection *c, int side, uint64_t bytes,
		    const struct stream_at *at)
{
	give_head(w, c);
	if (c->tls != NULL)
		tls_session_gap(w, c, side, bytes, at);
	else if (!c->opaque)
		connection_plain_gap(w, c, direction_of(c, side), bytes, at);
}

void connection_fin(struct workshop *w, struct connection *c, int side)
{
	if (c->tls != NULL)
		tls_session_fin(w, c, side);
	c->ended[direction_of(c, side)] = true;
	finish_ended(w, c);
}

bool connection_waits(const struct connection *c)
{
	return c->tls != NULL && tls_state(c->tls) == TLS_WAITING;
}

void connection_retry(struct workshop *w, struct connection *c)
{
	const struct stream_at nowhere = { .ns = 0 };

	tls_session_data(w, c, c->client, slice_of(NULL, 0), &nowhere);
	finish_ended(w, c);
}

void connection_close(struct workshop *w, struct connection *c)
{
	struct exchange *x;

	if (c->tls != NULL)
		tls_session_end(w, c);
	finish_ended(w, c);
	finish(w, c, REQUEST, false);
	finish(w, c, RESPONSE, false);
	while ((x = exchange_at(w->exchanges, c->first)) != NULL)
		connection_conclude(w, c, x);
	if (!c->found && c->tls == NULL && !c->opaque && (c->seen[REQUEST] || c->seen[RESPONSE]))
		losses_add(w->losses, LOSS_NOT_HTTP, 1, 0);
	http1_session_end(w, c);
	if (c->http2 != NULL)
		http2_session_end(c);
	if (c->tls != NULL)
		tls_close(c->tls);
	c->tls = NULL;
	greeting_give(w->greetings, c->greeting);
}
