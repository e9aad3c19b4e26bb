/* Conversations in HTTP/2 for talk.h, with prior knowledge or behind an upgrade (h2c): interleaved streams,
 * padding, priorities, continued header blocks, interim responses, trailers. */
#ifndef TK_TESTS_TALK_HTTP2_H
#define TK_TESTS_TALK_HTTP2_H

#include "tests/lib/http2_wire.h"
#include "tests/lib/talk.h"

#define HTTP2_OPEN 8 /* streams at a time */

enum http2_step { HTTP2_ASK, HTTP2_ASK_BODY, HTTP2_HINT, HTTP2_ANSWER, HTTP2_ANSWER_BODY, HTTP2_DONE };

struct http2_made { /* a stream */
	struct talk_call *call;
	enum http2_step step;
	struct buf body; /* of the message under way, as it goes over the wire */
	size_t at;
	const char *coding;
};

struct http2_maker {
	struct talk *t;
	struct script hpack; /* its encoders alone */
	uint32_t next;	     /* stream */
};

static inline void http2_say(struct http2_maker *m, int side, uint8_t type, uint8_t flags, uint32_t stream,
			     struct slice payload)
{
	struct script s = { .hd = { NULL, NULL } };

	buf_init(&s.b, 1 << 25);
	script_frame(&s, REQUEST, type, flags, stream, payload);
	for (struct slice in = buf_slice(&s.b); in.n > 0;) { /* off the records */
		size_t n = (size_t)in.p[1] << 8 | in.p[2];

		talk_say(m->t, side, slice_head(slice_from(in, 3), n));
		in = slice_from(in, 3 + n);
	}
	buf_free(&s.b);
}

/* With padding now and then. */
static inline void http2_say_padded(struct http2_maker *m, int side, uint8_t type, uint8_t flags,
				    uint32_t stream, struct slice prefix, struct slice content)
{
	uint32_t pad = once_in(m->t->c, 6) ? choose(m->t->c, 200) : 0;
	bool padded = pad > 0 || once_in(m->t->c, 20);
	struct buf b;

	buf_init(&b, 1 << 20);
	if (padded)
		buf_byte(&b, (uint8_t)pad);
	buf_add(&b, prefix);
	buf_add(&b, content);
	while (pad-- > 0)
		buf_byte(&b, 0);
	http2_say(m, side, type, (uint8_t)(flags | (padded ? PADDED : 0)), stream, buf_slice(&b));
	buf_free(&b);
}

static inline void http2_say_head(struct http2_maker *m, int side, uint32_t stream, const char *fields,
				  bool end)
{
	uint8_t flags = end ? END_STREAM : 0;
	bool priority = side == 0 && once_in(m->t->c, 6);
	struct slice prefix = priority ? SLICE("\0\0\0\0\x10") : slice_of(NULL, 0), rest;
	struct buf b;

	buf_init(&b, 1 << 20);
	script_block(&m->hpack, side == 0 ? REQUEST : RESPONSE, fields, &b);
	rest = buf_slice(&b);
	if (priority)
		flags |= PRIORITY;
	if (once_in(m->t->c, 5)) {
		size_t n = choose(m->t->c, (uint32_t)rest.n);

		http2_say_padded(m, side, 1, flags, stream, prefix, slice_head(rest, n));
		http2_say(m, side, 9, 0, stream, slice_head(slice_from(rest, n), 7));
		http2_say(m, side, 9, END_HEADERS, stream, slice_from(rest, n + 7));
	} else {
		http2_say_padded(m, side, 1, flags | END_HEADERS, stream, prefix, rest);
	}
	buf_free(&b);
}

/* The message's body, coded. Returns its decoded size. */
static inline int64_t http2_body_of(struct http2_maker *m, struct http2_made *x, bool answer)
{
	struct buf plain;
	int64_t n;

	buf_init(&plain, 1 << 20);
	if (answer && talk_has_body(x->call))
		talk_response_body(m->t, x->call, &plain);
	else if (!answer)
		talk_request_body(m->t, x->call, &plain);
	buf_clear(&x->body);
	x->at = 0;
	x->coding = plain.n == 0 ? NULL : talk_code(m->t, buf_slice(&plain), &x->body);
	n = (int64_t)plain.n;
	buf_free(&plain);
	return n;
}

static inline void http2_ask(struct http2_maker *m, struct http2_made *x)
{
	struct talk_call *k = x->call;
	char text[1024];
	int n;

	k->stream = m->next;
	m->next += 2;
	k->request = http2_body_of(m, x, false);
	n = snprintf(text, sizeof text, ":method=%s|:scheme=http|:authority=%s|:path=%s|x-request-id=%s",
		     k->method, k->host, k->path, k->id);
	if (talk_is_llm(k))
		n += snprintf(text + n, sizeof text - (size_t)n, "|content-type=application/json");
	if (x->coding != NULL)
		n += snprintf(text + n, sizeof text - (size_t)n, "|content-encoding=%s", x->coding);
	if (once_in(m->t->c, 3))
		snprintf(text + n, sizeof text - (size_t)n, "|user-agent=made/1|x-noise=%u",
			 choose(m->t->c, 1000));
	http2_say_head(m, 0, k->stream, text, x->body.n == 0);
	x->step = x->body.n == 0 ? HTTP2_HINT : HTTP2_ASK_BODY;
}

static inline void http2_answer(struct http2_maker *m, struct http2_made *x)
{
	struct talk_call *k = x->call;
	char text[1024];
	int n;

	k->response = http2_body_of(m, x, true);
	n = snprintf(text, sizeof text, ":status=%d|x-request-id=%s", k->status, k->id);
	if (talk_is_llm(k))
		n += snprintf(text + n, sizeof text - (size_t)n, "|content-type=%s",
			      k->event_stream ? "text/event-stream" : "application/json");
	if (x->coding != NULL)
		snprintf(text + n, sizeof text - (size_t)n, "|content-encoding=%s", x->coding);
	http2_say_head(m, 1, k->stream, text, x->body.n == 0);
	x->step = x->body.n == 0 ? HTTP2_DONE : HTTP2_ANSWER_BODY;
}

/* Some of the body; the last of it ends the stream's direction, or trailers do. */
static inline void http2_some(struct http2_maker *m, struct http2_made *x, int side, enum http2_step then)
{
	struct slice some = slice_head(slice_from(buf_slice(&x->body), x->at),
				       1 + choose(m->t->c, once_in(m->t->c, 3) ? 8000 : 300));
	bool last, trailers;

	x->at += some.n;
	last = x->at == x->body.n;
	trailers = last && once_in(m->t->c, 6);
	http2_say_padded(m, side, 0, last && !trailers ? END_STREAM : 0, x->call->stream, slice_of(NULL, 0),
			 some);
	if (trailers)
		http2_say_head(m, side, x->call->stream, "x-checksum=1|grpc-status=0", true);
	if (last)
		x->step = then;
}

static inline void http2_go_on(struct http2_maker *m, struct http2_made *x)
{
	switch (x->step) {
	case HTTP2_ASK:
		http2_ask(m, x);
		break;
	case HTTP2_ASK_BODY:
		http2_some(m, x, 0, HTTP2_HINT);
		break;
	case HTTP2_HINT:
		if (once_in(m->t->c, 10))
			http2_say_head(m, 1, x->call->stream, ":status=103|link=</x>", false);
		x->step = HTTP2_ANSWER;
		break;
	case HTTP2_ANSWER:
		http2_answer(m, x);
		break;
	default:
		http2_some(m, x, 1, HTTP2_DONE);
	}
}

static inline void http2_chat(struct http2_maker *m)
{
	int side = (int)choose(m->t->c, 2);

	switch (choose(m->t->c, 12)) {
	case 0:
		http2_say(m, side, 6, 0, 0, SLICE("12345678"));
		break;
	case 1:
		http2_say(m, side, 8, 0, 0, SLICE("\0\0\x40\0"));
		break;
	case 2: /* of settings that nobody said */
		if (!m->t->plain)
			http2_say(m, side, 4, 1, 0, slice_of(NULL, 0));
		break;
	case 3:
		nghttp2_hd_deflate_change_table_size(m->hpack.hd[side], choose(m->t->c, 4096));
		break;
	default:
		break;
	}
}

/* GET with an offer to go on in HTTP/2; the answer comes there, on stream 1 (RFC 7540 3.2). */
static inline void http2_upgrade(struct http2_maker *m, struct http2_made *x)
{
	struct talk_call *k = x->call = talk_call(m->t, "1.1");
	struct buf b;

	m->t->upgraded = true;
	k->method = "GET";
	k->input = k->output = -1;
	k->event_stream = false;
	k->stream = 1;
	snprintf(k->host, sizeof k->host, "up.example");
	snprintf(k->path, sizeof k->path, "/n/%u", k->number);
	buf_init(&b, 1 << 16);
	buf_fmt(&b,
		"GET %s HTTP/1.1\r\nHost: %s\r\nX-Request-ID: %s\r\nConnection: Upgrade, HTTP2-Settings\r\n"
		"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
		k->path, k->host, k->id);
	talk_say(m->t, 0, buf_slice(&b));
	talk_say(m->t, 1,
		 SLICE("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"));
	buf_free(&b);
	x->step = HTTP2_ANSWER;
	m->next = 3;
}

static inline void http2_streams(struct http2_maker *m, struct http2_made *x, size_t n, uint32_t calls)
{
	while (n > 0 || m->t->calls < calls) {
		size_t i;

		http2_chat(m);
		if (m->t->calls < calls && n < HTTP2_OPEN && (n == 0 || once_in(m->t->c, 3))) {
			x[n].call = talk_call(m->t, "2");
			x[n++].step = HTTP2_ASK;
		}
		i = choose(m->t->c, (uint32_t)n);
		http2_go_on(m, &x[i]);
		if (x[i].step != HTTP2_DONE)
			continue;
		buf_free(&x[i].body);
		x[i] = x[--n];
		buf_init(&x[n].body, 1 << 20);
	}
}

static inline void talk_http2(struct talk *t, uint32_t most)
{
	struct http2_maker m = { .t = t, .next = 1 };
	struct http2_made x[HTTP2_OPEN] = { 0 };
	uint32_t calls = 1 + choose(t->c, most);
	bool upgrade = once_in(t->c, 4);

	for (size_t i = 0; i < HTTP2_OPEN; i++)
		buf_init(&x[i].body, 1 << 20);
	script_begin(&m.hpack);
	if (upgrade)
		http2_upgrade(&m, &x[0]);
	if (once_in(t->c, 3) || t->plain) /* the server may speak first, or never say its settings */
		http2_say(&m, 1, 4, 0, 0, SLICE("\0\3\0\0\0\x64"));
	talk_say(t, 0, SLICE("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
	http2_say(&m, 0, 4, 0, 0, slice_of(NULL, 0));
	http2_streams(&m, x, upgrade, calls);
	script_end(&m.hpack);
	for (size_t i = 0; i < HTTP2_OPEN; i++)
		buf_free(&x[i].body);
}

#endif
