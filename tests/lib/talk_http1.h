/* Conversations in HTTP/1 for talk.h: lengths, chunks, codings, interim responses, pipelines, answers before
 * the question is over, tunnels. */
#ifndef TK_TESTS_TALK_HTTP1_H
#define TK_TESTS_TALK_HTTP1_H

#include "tests/lib/talk.h"

struct http1_made {	       /* a call's bytes */
	struct buf head, body; /* of the request */
	struct buf answer;
	bool expects; /* 100 Continue between the two */
};

static inline void http1_made_begin(struct http1_made *m)
{
	buf_init(&m->head, 1 << 20);
	buf_init(&m->body, 1 << 20);
	buf_init(&m->answer, 1 << 20);
	m->expects = false;
}

static inline void http1_made_end(struct http1_made *m)
{
	buf_free(&m->head);
	buf_free(&m->body);
	buf_free(&m->answer);
}

static inline void http1_chunked(struct talk *t, struct slice body, struct buf *out)
{
	while (body.n > 0) {
		struct slice some = slice_head(body, 1 + choose(t->c, once_in(t->c, 3) ? 4000 : 40));

		buf_fmt(out, once_in(t->c, 5) ? "%zX ;x=\"y\"\r\n" : "%zx\r\n", some.n);
		buf_add(out, some);
		buf_str(out, "\r\n");
		body = slice_from(body, some.n);
	}
	buf_str(out, once_in(t->c, 4) ? "00\r\nX-Checksum: 1\r\nHost: trailer\r\n\r\n" : "0\r\n\r\n");
}

/* The rest of a head from its framing on, and the body. */
static inline void http1_framed(struct talk *t, struct slice plain, struct buf *head, struct buf *body)
{
	struct buf coded;
	const char *coding;

	buf_init(&coded, 1 << 20);
	buf_byte(&coded, 0);
	buf_clear(&coded);
	coding = talk_code(t, plain, &coded);
	if (coding != NULL)
		buf_fmt(head, "Content-Encoding: %s\r\n", coding);
	if (once_in(t->c, 2)) {
		buf_str(head, "Transfer-Encoding: chunked\r\n\r\n");
		http1_chunked(t, buf_slice(&coded), body);
	} else {
		buf_fmt(head, "Content-Length: %zu\r\n\r\n", coded.n);
		buf_add(body, buf_slice(&coded));
	}
	buf_free(&coded);
}

static inline void http1_request(struct talk *t, struct talk_call *k, struct http1_made *m)
{
	struct buf plain;
	bool absolute = once_in(t->c, 12);

	buf_init(&plain, 1 << 20);
	talk_request_body(t, k, &plain);
	k->request = (int64_t)plain.n;
	if (!t->plain && once_in(t->c, 10))
		buf_str(&m->head, "\r\n");
	buf_fmt(&m->head, "%s %s%s%s HTTP/1.1\r\nHost: %s\r\nX-Request-ID: %s\r\n", k->method,
		absolute ? "http://" : "", absolute ? k->host : "", k->path, k->host, k->id);
	if (once_in(t->c, 3))
		buf_str(&m->head,
			"User-Agent: made/1\r\nAuthorization: Bearer sk-canary-0123456789abcdef\r\n");
	if (talk_is_llm(k))
		buf_str(&m->head, "Content-Type: application/json\r\n");
	m->expects = plain.n > 0 && once_in(t->c, 6);
	if (m->expects)
		buf_str(&m->head, "Expect: 100-continue\r\n");
	if (plain.n > 0)
		http1_framed(t, buf_slice(&plain), &m->head, &m->body);
	else
		buf_str(&m->head, "\r\n");
	buf_free(&plain);
}

static inline void http1_response(struct talk *t, struct talk_call *k, struct http1_made *m, bool last)
{
	struct buf plain, body;

	buf_init(&plain, 1 << 20);
	buf_init(&body, 1 << 20);
	if (!t->plain && once_in(t->c, 10))
		buf_str(&m->answer, "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n");
	buf_fmt(&m->answer, "HTTP/1.1 %d %s\r\nX-Request-ID: %s\r\n", k->status,
		once_in(t->c, 4) ? "" : "Reason", k->id);
	if (talk_is_llm(k))
		buf_fmt(&m->answer, "Content-Type: %s\r\n",
			k->event_stream ? "text/event-stream" : "application/json");
	talk_response_body(t, k, &plain);
	if (!talk_has_body(k)) {
		if (k->status != 204 && !(k->status == 304 && t->plain))
			buf_fmt(&m->answer, "Content-Length: %zu\r\n", plain.n);
		buf_str(&m->answer, "\r\n");
	} else if (last && once_in(t->c, 3)) {
		t->until_close = true;
		buf_str(&m->answer, "Connection: close\r\n\r\n");
		buf_add(&m->answer, buf_slice(&plain));
	} else {
		http1_framed(t, buf_slice(&plain), &m->answer, &body);
		buf_add(&m->answer, buf_slice(&body));
	}
	k->response = talk_has_body(k) ? (int64_t)plain.n : 0;
	buf_free(&plain);
	buf_free(&body);
}

/* One call after another, each answered before the next is asked. */
static inline void http1_single(struct talk *t, bool last)
{
	struct talk_call *k = talk_call(t, "1.1");
	struct http1_made m;
	size_t half;

	http1_made_begin(&m);
	http1_request(t, k, &m);
	http1_response(t, k, &m, last);
	talk_say(t, 0, buf_slice(&m.head));
	if (m.expects)
		talk_say(t, 1, SLICE("HTTP/1.1 100 Continue\r\n\r\n"));
	half = once_in(t->c, 20) ? m.body.n / 2 : m.body.n; /* the server does not wait for the rest */
	talk_say(t, 0, slice_head(buf_slice(&m.body), half));
	talk_say(t, 1, buf_slice(&m.answer));
	talk_say(t, 0, slice_from(buf_slice(&m.body), half));
	http1_made_end(&m);
}

static inline void http1_pipeline(struct talk *t)
{
	struct http1_made m[6];
	uint32_t n = 2 + choose(t->c, 5);

	t->pipelined = true;
	for (uint32_t i = 0; i < n; i++) {
		struct talk_call *k = talk_call(t, "1.1");

		http1_made_begin(&m[i]);
		http1_request(t, k, &m[i]);
		http1_response(t, k, &m[i], false);
	}
	for (uint32_t asked = 0, answered = 0; answered < n;) {
		if (asked < n && (asked == answered || choose(t->c, 3) > 0)) {
			talk_say(t, 0, buf_slice(&m[asked].head));
			talk_say(t, 0, buf_slice(&m[asked++].body));
		} else {
			talk_say(t, 1, buf_slice(&m[answered++].answer));
		}
	}
	for (uint32_t i = 0; i < n; i++)
		http1_made_end(&m[i]);
}

/* The last call: from here on nobody speaks HTTP. */
static inline void http1_tunnel(struct talk *t)
{
	struct talk_call *k = talk_call(t, "1.1");
	char text[256];
	bool connect = once_in(t->c, 2);

	k->input = k->output = -1;
	k->event_stream = false;
	k->tunnel = true;
	k->request = k->response = 0;
	k->method = connect ? "CONNECT" : "GET";
	k->status = connect ? 200 : 101;
	snprintf(k->host, sizeof k->host, "host%u.example", k->number % 3);
	snprintf(k->path, sizeof k->path, "/n/%u", k->number);
	snprintf(text, sizeof text, "%s %s%s HTTP/1.1\r\nHost: %s\r\nX-Request-ID: %s\r\n%s\r\n", k->method,
		 connect ? k->host : k->path, connect ? ":443" : "", k->host, k->id,
		 connect ? "" : "Connection: Upgrade\r\nUpgrade: websocket\r\n");
	talk_say(t, 0, slice_str(text));
	talk_say(t, 1,
		 slice_str(connect ? "HTTP/1.1 200 Connection established\r\n\r\n"
				   : "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"));
	talk_say(t, 0, SLICE("\x81\x85....inner GET /trap HTTP/1.1\r\nHost: trap\r\n\r\n"));
	talk_say(t, 1, SLICE("\x81\x05 HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
}

static inline void talk_http1(struct talk *t, uint32_t most)
{
	uint32_t n = 1 + choose(t->c, most);

	while (t->calls < n)
		if (n - t->calls >= 6 && once_in(t->c, 4))
			http1_pipeline(t);
		else
			http1_single(t, t->calls + 1 == n);
	if (!t->until_close && once_in(t->c, 8))
		http1_tunnel(t);
}

#endif
