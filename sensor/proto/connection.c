#include "sensor/proto/connection.h"

void connection_open(struct connection *c, const struct stream_key *key, bool from_start)
{
	*c = (struct connection){ .key = *key, .from_start = from_start, .settled = from_start };
	c->first = c->last = c->current[REQUEST] = c->current[RESPONSE] = EXCHANGE_NONE;
	http1_session_begin(c);
}

/* A connection met midway: who is the client is told by what it sends. */
static void settle(struct connection *c, int side, struct slice bytes)
{
	if (http1_looks_like(HTTP1_REQUEST, bytes) == 1)
		c->client = (uint8_t)side;
	else if (http1_looks_like(HTTP1_RESPONSE, bytes) == 1)
		c->client = (uint8_t)!side;
	else
		return;
	c->settled = true;
}

static bool is_encrypted(struct connection *c, enum direction d, struct slice bytes)
{
	if (!c->encrypted && !c->found && !c->seen[d])
		c->encrypted = tls_records_begin(slice_head(bytes, 5), c->from_start);
	return c->encrypted;
}

static enum direction direction_of(const struct connection *c, int side)
{
	return side == c->client ? REQUEST : RESPONSE;
}

static void enter(struct workshop *w, struct connection *c, struct slice piece, const struct stream_at *at)
{
	w->conn = c;
	w->piece = piece;
	w->at = *at;
}

void connection_data(struct workshop *w, struct connection *c, int side, struct slice bytes, const struct stream_at *at)
{
	enum direction d;
	bool encrypted;

	if (c->tunnel || bytes.n == 0)
		return;
	if (!c->settled)
		settle(c, side, bytes);
	d = direction_of(c, side);
	encrypted = is_encrypted(c, d, bytes);
	c->seen[d] = true;
	if (encrypted) {
		losses_add(w->losses, LOSS_TLS, tls_records_count(&c->tls[side], bytes), bytes.n);
		return;
	}
	enter(w, c, bytes, at);
	c->last_ns[d] = at->ns;
	http1_session_data(w, c, d, bytes);
}

void connection_gap(struct workshop *w, struct connection *c, int side, uint64_t bytes, const struct stream_at *at)
{
	enum direction d = direction_of(c, side);

	if (c->encrypted)
		c->tls[side].lost = true;
	if (c->tunnel || c->encrypted)
		return;
	c->seen[d] = true;
	enter(w, c, slice_of(NULL, 0), at);
	http1_session_gap(w, c, d, bytes);
}

static void finish(struct workshop *w, struct connection *c, enum direction d, bool in_order)
{
	const struct stream_at at = { .ns = c->last_ns[d] };

	enter(w, c, slice_of(NULL, 0), &at);
	if (!c->tunnel && !c->encrypted)
		http1_session_finish(w, c, d, in_order);
}

void connection_fin(struct workshop *w, struct connection *c, int side)
{
	finish(w, c, direction_of(c, side), true);
}

void connection_close(struct workshop *w, struct connection *c)
{
	struct exchange *x;

	finish(w, c, REQUEST, false);
	finish(w, c, RESPONSE, false);
	http1_session_end(w, c);
	while ((x = exchange_at(w->exchanges, c->first)) != NULL)
		connection_conclude(w, c, x);
	if (!c->found && !c->encrypted && (c->seen[REQUEST] || c->seen[RESPONSE]))
		losses_add(w->losses, LOSS_NOT_HTTP, 1, 0);
}
