/* HTTP/1 on a connection: responses answer requests in order (RFC 9112 9.3.2); where bytes are missing, what
 * is certain is kept and the rest is marked. */
#include "sensor/proto/connection.h"

static struct exchange *current(struct workshop *w, enum direction d)
{
	return exchange_at(w->exchanges, w->conn->current[d]);
}

static void conclude_if_over(struct workshop *w, struct exchange *x)
{
	if (x->message[REQUEST].ended && x->message[RESPONSE].ended)
		connection_conclude(w, w->conn, x);
}

static void begin_message(struct workshop *w, struct exchange *x, enum direction d, struct slice text)
{
	const struct line_start *cut = &w->conn->line[d];
	struct message *m = &x->message[d];
	bool here = text.p >= w->piece.p && text.p < w->piece.p + w->piece.n;

	m->begun = true;
	m->first_ns = here ? w->at.ns : cut->ns;
	m->seq = here ? w->at.seq + (uint32_t)(text.p - w->piece.p) : cut->seq;
	m->last_ns = w->until;
	w->conn->found = true;
}

/* ---- requests ---- */

/* One direction is missing: nothing will ever answer these. */
static void conclude_unanswered(struct workshop *w)
{
	struct connection *c = w->conn;
	struct exchange *x;

	while ((x = exchange_at(w->exchanges, c->first)) != NULL && c->waiting > 0 &&
	       (c->waiting >= PIPELINE_MAX || (!c->seen[RESPONSE] && x->message[REQUEST].ended &&
					       w->at.ns - x->message[REQUEST].last_ns > STREAM_WAIT_NS))) {
		c->swallow += c->seen[RESPONSE] && !x->message[RESPONSE].begun;
		connection_conclude(w, c, x);
	}
}

static void request_start(void *ctx, const struct http1_start *s)
{
	struct workshop *w = ctx;
	struct exchange *x;

	conclude_unanswered(w);
	/* Without an answer to the one before, unless that is what was lost. */
	w->conn->pipelined |= w->conn->waiting > 0 && w->conn->seen[RESPONSE] && !w->conn->response_lost;
	x = connection_exchange(w, w->conn);
	begin_message(w, x, REQUEST, s->method);
	exchange_keep(x, KEPT_METHOD, s->method, EXCHANGE_TEXT_MAX);
	exchange_keep(x, KEPT_TARGET, s->target, EXCHANGE_TARGET_MAX);
	exchange_keep(x, KEPT_VERSION, s->version, EXCHANGE_TEXT_MAX);
	w->conn->current[REQUEST] = exchange_number(w->exchanges, x);
}

static void request_header(void *ctx, struct slice name, struct slice value)
{
	struct workshop *w = ctx;
	struct exchange *x = current(w, REQUEST);

	if (x != NULL)
		exchange_header(x, REQUEST, name, value, w->fields);
}

static enum http1_body request_head(void *ctx)
{
	struct workshop *w = ctx;
	struct exchange *x = current(w, REQUEST);

	if (x == NULL)
		return HTTP1_BODY_FRAMED;
	x->anomalies |= w->conn->http[REQUEST].odd; /* here too: the end may come when the event is made */
	exchange_request_head(w->exchanges, x, w->fields);
	return HTTP1_BODY_FRAMED;
}

static void body(struct workshop *w, enum direction d, struct slice bytes)
{
	struct exchange *x = current(w, d);

	if (x != NULL)
		exchange_body(x, d, bytes);
}

static void request_body(void *ctx, struct slice bytes)
{
	body(ctx, REQUEST, bytes);
}

static void body_gap(struct workshop *w, enum direction d, uint64_t bytes)
{
	struct exchange *x = current(w, d);

	if (x != NULL)
		exchange_body_gap(x, d, bytes);
}

static void request_gap(void *ctx, uint64_t bytes)
{
	body_gap(ctx, REQUEST, bytes);
}

static void message_end(struct workshop *w, enum direction d, bool whole)
{
	struct exchange *x = current(w, d);

	w->conn->current[d] = EXCHANGE_NONE;
	if (x == NULL)
		return;
	x->message[d].last_ns = w->until;
	x->anomalies |= w->conn->http[d].odd;
	exchange_body_end(x, d, whole);
	conclude_if_over(w, x);
}

static void request_end(void *ctx, bool whole)
{
	message_end(ctx, REQUEST, whole);
}

static void request_lost(void *ctx)
{
	struct workshop *w = ctx;

	losses_add(w->losses, LOSS_RESYNC, 1, 0);
}

/* ---- responses ---- */

static struct exchange *first_unanswered(struct workshop *w)
{
	struct exchange *x = exchange_at(w->exchanges, w->conn->first);

	while (x != NULL && x->message[RESPONSE].begun)
		x = exchange_at(w->exchanges, x->next);
	return x;
}

/* Responses are missing. A client that waits for each answer has sent nothing behind the request that this
 * response answers; of one that does not, nobody can tell how many are missing. */
static void settle_lost(struct workshop *w)
{
	struct connection *c = w->conn;

	c->response_lost = false;
	while (!c->pipelined && c->waiting > 1)
		connection_conclude(w, c, first_unanswered(w));
	for (struct exchange *x = first_unanswered(w); c->pipelined && x != NULL;
	     x = exchange_at(w->exchanges, x->next))
		x->doubtful = true;
}

static struct exchange *answered_by(struct workshop *w)
{
	struct connection *c = w->conn;
	struct exchange *x;

	if (c->swallow > 0) {
		c->swallow--;
		return NULL;
	}
	if (c->response_lost)
		settle_lost(w);
	x = first_unanswered(w);
	if (x == NULL) { /* its request was before the capture, or is missing */
		x = connection_exchange(w, w->conn);
		x->message[REQUEST].ended = true;
	}
	return x;
}

static void response_start(void *ctx, const struct http1_start *s)
{
	struct workshop *w = ctx;
	struct connection *c = w->conn;
	struct exchange *x;

	/* 100 Continue, 103 Early Hints come before the response (RFC 9110 15.2) */
	c->informational = s->status >= 100 && s->status < 200 && s->status != 101;
	if (c->informational)
		return;
	x = answered_by(w);
	c->current[RESPONSE] = exchange_number(w->exchanges, x);
	if (x == NULL)
		return;
	begin_message(w, x, RESPONSE, s->version);
	c->waiting--;
	x->status = s->status;
}

static void response_header(void *ctx, struct slice name, struct slice value)
{
	struct workshop *w = ctx;
	struct exchange *x = current(w, RESPONSE);

	if (x != NULL && !w->conn->informational)
		exchange_header(x, RESPONSE, name, value, w->fields);
}

static bool asks_for_http2(const struct exchange *x)
{
	struct slice s = x->kept[KEPT_UPGRADE];

	return s.n > 0 && memmem(s.p, s.n, "h2c", 3) != NULL;
}

/* The request was in HTTP/1, and its response comes on stream 1 (RFC 7540 3.2). */
static bool goes_on_as_http2(struct workshop *w, struct exchange *x)
{
	struct connection *c = w->conn;

	if (x->status != 101 || !asks_for_http2(x) || !http2_session_begin(w, c, HTTP2_UPGRADED))
		return false;
	x->stream = 1;
	x->status = 0;
	x->message[RESPONSE] = (struct message){ 0 };
	c->waiting++;
	c->current[RESPONSE] = EXCHANGE_NONE;
	return true;
}

static enum http1_body response_head(void *ctx)
{
	struct workshop *w = ctx;
	struct exchange *x = current(w, RESPONSE);
	struct slice method;

	if (w->conn->informational)
		return HTTP1_BODY_NONE;
	if (x == NULL)
		return HTTP1_BODY_FRAMED;
	if (goes_on_as_http2(w, x))
		return HTTP1_BODY_TUNNEL;
	exchange_response_head(w->exchanges, x);
	method = x->kept[KEPT_METHOD];
	if (x->status == 101 || (slice_is(method, "CONNECT") && x->status / 100 == 2)) {
		w->conn->tunnel = true;
		x->anomalies |= ANOMALY_BIT(TUNNEL);
		return HTTP1_BODY_TUNNEL;
	}
	if (x->status == 204 || x->status == 304 || slice_is(method, "HEAD"))
		return HTTP1_BODY_NONE;
	return HTTP1_BODY_FRAMED;
}

static void response_body(void *ctx, struct slice bytes)
{
	body(ctx, RESPONSE, bytes);
}

static void response_gap(void *ctx, uint64_t bytes)
{
	body_gap(ctx, RESPONSE, bytes);
}

static void response_end(void *ctx, bool whole)
{
	struct workshop *w = ctx;

	if (w->conn->informational)
		w->conn->informational = false;
	else
		message_end(w, RESPONSE, whole);
}

static void response_lost(void *ctx)
{
	struct workshop *w = ctx;

	w->conn->response_lost = true;
	w->conn->informational = false;
	losses_add(w->losses, LOSS_RESYNC, 1, 0);
}

static struct http1_sink sink_of(struct workshop *w, enum direction d)
{
	static const struct http1_sink calls[2] = {
		{ NULL, request_start, request_header, request_head, request_body, request_gap, request_end,
		  request_lost },
		{ NULL, response_start, response_header, response_head, response_body, response_gap,
		  response_end, response_lost },
	};
	struct http1_sink s = calls[d];

	s.ctx = w;
	return s;
}

/* ---- the bytes ---- */

void http1_session_begin(struct connection *c, bool from_start)
{
	c->current[REQUEST] = c->current[RESPONSE] = EXCHANGE_NONE;
	http1_init(&c->http[REQUEST], HTTP1_REQUEST);
	http1_init(&c->http[RESPONSE], HTTP1_RESPONSE);
	if (from_start)
		return;
	http1_midway(&c->http[REQUEST]);
	http1_midway(&c->http[RESPONSE]);
}

/* Where the line that the piece ended in began. */
static void note_line(struct connection *c, enum direction d, struct slice bytes, const struct stream_at *at)
{
	const struct http1 *p = &c->http[d];

	if (p->line >= 0 && p->line_n <= bytes.n)
		c->line[d] = (struct line_start){ at->seq + (uint32_t)(bytes.n - p->line_n), at->ns };
}

void http1_session_data(struct workshop *w, struct connection *c, enum direction d, struct slice bytes)
{
	struct http1_sink sink = sink_of(w, d);
	size_t taken = http1_data(&c->http[d], w->lines, bytes, &sink);

	note_line(c, d, bytes, &w->at);
	if (c->http2 != NULL && taken < bytes.n)
		http2_session_data(w, c, d, slice_from(bytes, taken));
}

void http1_session_gap(struct workshop *w, struct connection *c, enum direction d, uint64_t bytes)
{
	struct http1_sink sink = sink_of(w, d);

	http1_gap(&c->http[d], w->lines, bytes, &sink);
}

void http1_session_finish(struct workshop *w, struct connection *c, enum direction d, bool in_order)
{
	struct http1_sink sink = sink_of(w, d);

	http1_finish(&c->http[d], w->lines, in_order, &sink);
}

void http1_session_end(struct workshop *w, struct connection *c)
{
	for (int d = 0; d < 2; d++)
		http1_reset(&c->http[d], w->lines);
}
