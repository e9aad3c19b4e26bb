/* HTTP/1 on a connection: responses answer requests in order (RFC 9112 9.3.2); where bytes are missing, what
 * is certain is kept and the rest is marked. */
#include "sensor/proto/connection.h"

/* A request may be missing whose answer is still to come, and then each answer that is seen is that of the
 * one before. Who waits for each answer cannot be told from who always has one more under way, but by an
 * answer too many in the end. So often a client must be seen to wait before a pair is called complete. */
#define DOUBT 3

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

static struct exchange *first_unanswered(struct workshop *w)
{
	struct exchange *x = exchange_at(w->exchanges, w->conn->first);

	while (x != NULL && x->message[RESPONSE].begun)
		x = exchange_at(w->exchanges, x->next);
	return x;
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
		if (c->seen[RESPONSE] && !x->message[RESPONSE].begun)
			connection_swallow(c, x);
		connection_conclude(w, c, x);
	}
}

/* Something is missing, and a request begins. A client that waits for each answer has them all: those that
 * were not seen will not come any more. */
static void settle_requests(struct workshop *w)
{
	struct connection *c = w->conn;

	c->unpaired |= c->torn && c->pipelined;
	if (c->unpaired || (!c->missed[REQUEST] && !c->missed[RESPONSE]))
		return;
	while (c->waiting > 0 && c->seen[RESPONSE])
		connection_conclude(w, c, first_unanswered(w));
	c->missed[REQUEST] = c->missed[RESPONSE] = false;
}

static void request_start(void *ctx, const struct http1_start *s)
{
	struct workshop *w = ctx;
	struct connection *c = w->conn;
	struct exchange *x;

	conclude_unanswered(w);
	if (c->doubt > 0 && c->paired && c->waiting == 0 && c->current[RESPONSE] == EXCHANGE_NONE)
		c->doubt--;
	c->paired = false;
	/* Without an answer to the one before, unless that is what is missing. */
	c->pipelined |= c->waiting > 0 && !c->missed[RESPONSE];
	settle_requests(w);
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

	if (x == NULL)
		return;
	exchange_body_gap(x, d, bytes);
	/* a FIN counts like a byte */
	x->message[d].unsized |= http1_open_ended(&w->conn->http[d]) || !x->message[REQUEST].begun;
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

	w->conn->missed[REQUEST] = w->conn->torn = true;
	w->conn->doubt = DOUBT;
	w->conn->paired = false; /* was one before */
	w->conn->apart[REQUEST] |= !w->conn->seen[RESPONSE];
	losses_add(w->losses, LOSS_RESYNC, 1, 0);
}

/* ---- responses ---- */

/* Something is missing, and a response begins. It is not certain which request it answers, if any: of those
 * that wait, the last one, where no request is missing and the client waits for each answer. */
static void settle_responses(struct workshop *w)
{
	struct connection *c = w->conn;
	uint32_t keep = !c->unpaired && !c->missed[REQUEST];

	while (c->waiting > keep)
		connection_conclude(w, c, first_unanswered(w));
	c->missed[RESPONSE] = false;
}

static struct exchange *answered_by(struct workshop *w)
{
	struct connection *c = w->conn;
	struct exchange *x;

	if (c->swallow > 0) {
		c->swallow--;
		c->bodiless = (c->swallow_head & 1) != 0;
		c->swallow_head >>= 1;
		return NULL;
	}
	c->unpaired |= c->torn && c->pipelined;
	if (c->unpaired || c->missed[RESPONSE])
		settle_responses(w);
	x = first_unanswered(w);
	if (x != NULL && c->torn && !x->message[REQUEST].head && !x->message[REQUEST].ended)
		x = NULL; /* out of order: nobody answers half a head */
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
	c->informational = c->interim = s->status >= 100 && s->status < 200 && s->status != 101;
	if (c->informational)
		return;
	x = answered_by(w);
	c->current[RESPONSE] = exchange_number(w->exchanges, x);
	if (x == NULL) {
		c->bodiless |= s->status == 204 || s->status == 304;
		return;
	}
	if (x->message[REQUEST].begun) {
		x->doubtful |= c->doubt > 0;
		c->paired = true;
	} else if (!c->missed[REQUEST]) {
		/* it asked more than was seen, and before the last answer, or answers came before their
		 * questions */
		c->pipelined = c->torn = true;
	}
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

	if (x->status != 101 || !asks_for_http2(x))
		return false;
	if (!http2_session_begin(w, c, HTTP2_UPGRADED)) {
		x->doubtful = true; /* its answer is not heard */
		return false;
	}
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
		return w->conn->bodiless ? HTTP1_BODY_NONE : HTTP1_BODY_FRAMED;
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

/* A body that begins as a response does is perhaps the next one, and the one under way answers HEAD. */
static void response_body(void *ctx, struct slice bytes)
{
	struct exchange *x = current(ctx, RESPONSE);

	if (x != NULL && !x->message[REQUEST].begun && x->message[RESPONSE].content.in == 0)
		x->message[RESPONSE].unsized |= http1_begins(HTTP1_RESPONSE, bytes) != 0;
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

	w->conn->missed[RESPONSE] = w->conn->torn = true;
	w->conn->apart[RESPONSE] |= !w->conn->seen[REQUEST];
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
	for (int d = REQUEST; d <= RESPONSE; d++) {
		http1_midway(&c->http[d]);
		c->apart[d] = c->missed[d] = true;
	}
	c->torn = true;
	c->doubt = DOUBT;
}

/* Where the line that the piece ended in began. */
static void note_line(struct connection *c, enum direction d, struct slice bytes, const struct stream_at *at)
{
	const struct http1 *p = &c->http[d];

	if (p->line >= 0 && p->line_n <= bytes.n)
		c->line[d] = (struct line_start){ at->seq + (uint32_t)(bytes.n - p->line_n), at->ns };
}

static enum http1_kind kind_of(enum direction d)
{
	return d == REQUEST ? HTTP1_REQUEST : HTTP1_RESPONSE;
}

/* A response whose request was not seen may be one to HEAD, and then no body comes, whatever its head says.
 * Who waits for each answer speaks again when it is over. */
static void end_lone_response(struct workshop *w)
{
	struct connection *c = w->conn;
	struct exchange *x = current(w, RESPONSE);

	if (x == NULL || x->message[REQUEST].begun || c->pipelined)
		return;
	http1_reset(&c->http[RESPONSE], w->lines);
	http1_midway(&c->http[RESPONSE]);
	c->apart[RESPONSE] = true;
	connection_conclude(w, c, x);
}

/* Bytes are missing, and the place is lost. A start line may stand in any body, too; so a message is believed
 * to begin only where its side begins to speak: a response behind a request, and a request behind a response
 * that is the last one to it. Where one side alone was captured every segment may begin a message. */
static bool may_begin(const struct workshop *w, const struct connection *c, enum direction d,
		      struct slice bytes)
{
	bool turn = (c->spoke & 1u << d) == 0 && (d == RESPONSE || !c->interim);
	bool alone = !c->seen[!d] && w->at.ns - c->first_ns > STREAM_WAIT_NS;

	return (turn || alone) && http1_begins(kind_of(d), bytes) != 0;
}

void http1_session_data(struct workshop *w, struct connection *c, enum direction d, struct slice bytes)
{
	struct http1_sink sink = sink_of(w, d);
	bool passed = c->apart[d] && http1_lost(&c->http[d]) && !may_begin(w, c, d, bytes);
	size_t taken;

	if (d == REQUEST && c->spoke == 1u << RESPONSE)
		end_lone_response(w);
	c->spoke = (uint8_t)(1u << d);
	if (passed)
		return;
	/* 101 was not captured */
	if (d == REQUEST && http1_idle(&c->http[d]) && http2_preface(bytes) == 1 &&
	    http2_session_begin(w, c, HTTP2_PREFACE)) {
		c->doubtful = true;
		http2_session_data(w, c, d, bytes);
		return;
	}
	taken = http1_data(&c->http[d], w->lines, bytes, &sink);
	c->apart[d] = c->apart[d] && (http1_lost(&c->http[d]) || c->http[d].line >= 0);
	note_line(c, d, bytes, &w->at);
	if (c->http2 != NULL && taken < bytes.n)
		http2_session_data(w, c, d, slice_from(bytes, taken));
}

void http1_session_gap(struct workshop *w, struct connection *c, enum direction d, uint64_t bytes)
{
	struct http1_sink sink = sink_of(w, d);

	/* Who waits for each answer says nothing between a request and its answer. */
	c->pipelined |= d == REQUEST && c->waiting > 0 && http1_idle(&c->http[d]) && !c->missed[RESPONSE];
	if (d == REQUEST && c->spoke == 1u << RESPONSE)
		end_lone_response(w);
	http1_gap(&c->http[d], w->lines, bytes, &sink);
	c->spoke = (uint8_t)(1u << d);
	c->torn = true;
	c->missed[d] |= http1_lost(&c->http[d]);
	c->apart[d] |= http1_lost(&c->http[d]);
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
