/* HTTP/2 on a connection: a stream is an exchange. */
#include "sensor/proto/connection.h"

static struct exchange *find(struct workshop *w, uint32_t stream)
{
	struct exchange *x = exchange_at(w->exchanges, w->conn->first);

	while (x != NULL && x->stream != stream)
		x = exchange_at(w->exchanges, x->next);
	return x;
}

/* The stream's exchange, begun in that direction; NULL: it is not followed (any more). */
static struct exchange *begun(struct workshop *w, uint32_t stream, enum direction d)
{
	struct connection *c = w->conn;
	struct exchange *x = find(w, stream);
	struct message *m;

	/* A response alone is a call whose request nobody saw, where requests may be missing. */
	if (x == NULL && d == RESPONSE && !c->doubtful)
		return NULL;
	if (x == NULL) {
		x = connection_exchange(w, c);
		x->stream = stream;
		x->message[REQUEST].ended = d == RESPONSE;
		exchange_keep(x, KEPT_VERSION, SLICE("2"), EXCHANGE_TEXT_MAX);
	}
	m = &x->message[d];
	if (m->begun)
		return x;
	m->begun = true;
	m->first_ns = m->last_ns = w->at.ns;
	m->seq = c->first_seq;
	c->waiting -= d == RESPONSE;
	c->found = true;
	return x;
}

static void take_status(struct exchange *x, struct slice value)
{
	unsigned status = 0;

	if (value.n != 3)
		return;
	for (size_t i = 0; i < 3; i++) {
		if (value.p[i] < '0' || value.p[i] > '9')
			return;
		status = status * 10 + (value.p[i] - '0');
	}
	x->status = (uint16_t)status;
}

static void take_pseudo(struct exchange *x, struct slice name, struct slice value)
{
	if (slice_is(name, ":method"))
		exchange_keep(x, KEPT_METHOD, value, EXCHANGE_TEXT_MAX);
	else if (slice_is(name, ":path"))
		exchange_keep(x, KEPT_TARGET, value, EXCHANGE_TARGET_MAX);
	else if (slice_is(name, ":authority"))
		exchange_keep(x, KEPT_HOST, value, EXCHANGE_TEXT_MAX);
	else if (slice_is(name, ":status"))
		take_status(x, value);
}

static void header(void *ctx, uint32_t stream, enum direction d, struct slice name, struct slice value)
{
	struct workshop *w = ctx;
	struct exchange *x = begun(w, stream, d);

	if (x == NULL)
		return;
	x->anomalies |= http2_odd_field(&x->message[d].http2, d, name, value);
	if (name.n > 0 && name.p[0] == ':')
		take_pseudo(x, name, value);
	else
		exchange_header(x, d, name, value, w->fields);
}

static void head(void *ctx, uint32_t stream, enum direction d, bool all)
{
	struct workshop *w = ctx;
	struct exchange *x = begun(w, stream, d);
	enum kept coding = d == REQUEST ? KEPT_REQUEST_CODING : KEPT_RESPONSE_CODING;

	if (x == NULL)
		return;
	x->doubtful |= !all;
	x->message[d].unsized = !all && x->kept[coding].n == 0;
	if (d == REQUEST)
		exchange_request_head(w->exchanges, x, w->fields);
	else
		exchange_response_head(w->exchanges, x);
}

static void body(void *ctx, uint32_t stream, enum direction d, struct slice bytes)
{
	struct exchange *x = find(ctx, stream);

	if (x == NULL)
		return;
	http2_odd_data(&x->message[d].http2, bytes.n);
	exchange_body(x, d, bytes);
}

static void body_gap(void *ctx, uint32_t stream, enum direction d, uint64_t bytes)
{
	struct exchange *x = find(ctx, stream);

	if (x != NULL)
		exchange_body_gap(x, d, bytes);
}

/* It may say a length of what it does not send (RFC 9110 8.6). */
static bool may_be_bodiless(const struct exchange *x, enum direction d)
{
	bool get = x->message[REQUEST].begun && !slice_is(x->kept[KEPT_METHOD], "HEAD");

	return d == RESPONSE && (!get || x->status == 304);
}

static void end(void *ctx, uint32_t stream, enum direction d, bool whole)
{
	struct workshop *w = ctx;
	struct exchange *x = find(w, stream);

	if (x == NULL || x->message[d].ended)
		return;
	x->message[d].last_ns = w->until;
	x->doubtful |= d == REQUEST && x->kept[KEPT_METHOD].n == 0; /* trailers of one that was given up */
	exchange_body_end(x, d, whole);
	if (x->message[d].whole)
		x->anomalies |= http2_odd_end(&x->message[d].http2, may_be_bodiless(x, d));
	if (x->message[REQUEST].ended && x->message[RESPONSE].ended)
		connection_conclude(w, w->conn, x);
}

static void lost(void *ctx, enum direction d, enum http2_lost what)
{
	struct workshop *w = ctx;

	(void)d;
	w->conn->doubtful = true;
	losses_add(w->losses, what == HTTP2_LOST_STREAM ? LOSS_EXCHANGE_LIMIT : LOSS_RESYNC, 1, 0);
}

static struct http2_sink sink_of(struct workshop *w)
{
	return (struct http2_sink){ w, header, head, body, body_gap, end, lost };
}

bool http2_session_begin(struct workshop *w, struct connection *c, enum http2_begin how)
{
	c->http2 = http2_open(w->http2, how);
	c->doubtful = how == HTTP2_MIDWAY;
	if (c->http2 == NULL)
		losses_add(w->losses, LOSS_FLOW_LIMIT, 1, 0);
	return c->http2 != NULL;
}

void http2_session_data(struct workshop *w, struct connection *c, enum direction d, struct slice bytes)
{
	const struct http2_sink sink = sink_of(w);

	http2_data(c->http2, d, bytes, &sink);
}

void http2_session_gap(struct workshop *w, struct connection *c, enum direction d, uint64_t bytes)
{
	const struct http2_sink sink = sink_of(w);

	http2_gap(c->http2, d, bytes, &sink);
}

void http2_session_finish(struct workshop *w, struct connection *c, enum direction d)
{
	const struct http2_sink sink = sink_of(w);

	http2_finish(c->http2, d, &sink);
}

void http2_session_end(struct connection *c)
{
	http2_close(c->http2);
	c->http2 = NULL;
}
