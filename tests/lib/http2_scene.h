/* The calls of the HTTP/2 reader as text: "Q1 :method=GET|Q1--|Q1 body|Q1.|"; Q a request, R a response,
 * the stream's number; "--" the head is over ("-?" not all of it is known), "." the message is whole, "!"
 * it is not, and of stream 0 what was lost. */
#ifndef TK_TESTS_HTTP2_SCENE_H
#define TK_TESTS_HTTP2_SCENE_H

#include "core/base/buf.h"
#include "sensor/proto/http/http2.h"

struct scene {
	struct buf out;
	uint32_t body; /* the stream whose body was told last, and its direction */
	enum direction d;
};

static void call(struct scene *s, uint32_t stream, enum direction d, const char *what)
{
	if (s->body != 0)
		buf_byte(&s->out, '|');
	s->body = 0;
	buf_fmt(&s->out, "%c%u%s", "QR"[d], stream, what);
}

/* Runs of one letter as "*number". */
static void put(struct scene *s, struct slice text)
{
	for (size_t i = 0, n; i < text.n; i += n) {
		for (n = 1; i + n < text.n && text.p[i + n] == text.p[i]; n++)
			;
		buf_byte(&s->out, text.p[i]);
		if (n > 8)
			buf_fmt(&s->out, "*%zu", n);
		else
			buf_add(&s->out, slice_of(text.p + i + 1, n - 1));
	}
}

static void on_header(void *ctx, uint32_t stream, enum direction d, struct slice name, struct slice value)
{
	struct scene *s = ctx;

	call(s, stream, d, " ");
	put(s, name);
	buf_byte(&s->out, '=');
	put(s, value);
	buf_byte(&s->out, '|');
}

static void on_head(void *ctx, uint32_t stream, enum direction d, bool all)
{
	call(ctx, stream, d, all ? "--|" : "-?|");
}

static void on_body(void *ctx, uint32_t stream, enum direction d, struct slice bytes)
{
	struct scene *s = ctx;

	if (bytes.n == 0)
		call(s, stream, d, "EMPTY");
	if (s->body != stream || s->d != d)
		call(s, stream, d, " ");
	s->body = stream;
	s->d = d;
	buf_add(&s->out, bytes);
}

static void on_gap(void *ctx, uint32_t stream, enum direction d, uint64_t bytes)
{
	call(ctx, stream, d, " gap");
	buf_fmt(&((struct scene *)ctx)->out, "%llu|", (unsigned long long)bytes);
}

static void on_end(void *ctx, uint32_t stream, enum direction d, bool whole)
{
	call(ctx, stream, d, whole ? ".|" : "!|");
}

static void on_lost(void *ctx, enum direction d, enum http2_lost what)
{
	call(ctx, 0, d,
	     what == HTTP2_LOST_PLACE	  ? "PLACE|"
	     : what == HTTP2_LOST_HEADERS ? "HEADERS|"
					  : "STREAM|");
}

static struct http2_sink scene_sink(struct scene *s)
{
	return (struct http2_sink){ s, on_header, on_head, on_body, on_gap, on_end, on_lost };
}

#endif
