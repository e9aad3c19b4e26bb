/* A conversation of a client and a server as a generator made it: what each side said, in turns, and the
 * calls that it consists of, which are the truth that a reader of the wire is held against. Calls are told
 * apart by their number: it is in the path, the request id, the tokens and the answer's id. */
#ifndef TK_TESTS_TALK_H
#define TK_TESTS_TALK_H

#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

#include "core/base/buf.h"
#include "tests/lib/choice.h"

#define TALK_CALLS 64
#define TALK_TURNS 4096

struct talk_call {
	uint32_t number, stream; /* stream: of HTTP/2, 0 in HTTP/1 */
	const char *method, *version;
	char host[32], path[48], id[24];
	int status;
	int64_t request, response; /* bytes of the bodies, decoded */
	int64_t input, output;	   /* tokens; -1: the call has none */
	bool event_stream;
	bool tunnel; /* what follows is no HTTP */
};

struct talk_turn {
	uint8_t side; /* 0 is the client */
	uint32_t n;   /* bytes */
};

struct talk {
	struct choice *c;
	struct buf said[2];
	struct talk_turn turn[TALK_TURNS];
	size_t turns;
	struct talk_call call[TALK_CALLS];
	size_t calls;
	uint32_t first;	  /* number of the first call */
	bool llm;	  /* calls of an LLM alone, a fifth of them event streams */
	bool plain;	  /* without what libhtp is known to misread: 103, a length that 304
			   * says, an empty line before a request; nor what nghttp2 ends a
			   * connection for: no settings, or their acknowledgement unasked */
	bool pipelined;	  /* the client does not always wait for the answer */
	bool upgraded;	  /* from HTTP/1 to HTTP/2 */
	bool until_close; /* the last answer's body lasts until the server's FIN */
};

static inline void talk_begin(struct talk *t, struct choice *c, uint32_t first)
{
	for (int side = 0; side < 2; side++) {
		buf_init(&t->said[side], 1 << 26);
		buf_byte(&t->said[side], 0);
		buf_clear(&t->said[side]);
	}
	t->c = c;
	t->turns = t->calls = 0;
	t->first = first;
	t->until_close = t->pipelined = t->upgraded = t->plain = t->llm = false;
}

static inline void talk_end(struct talk *t)
{
	for (int side = 0; side < 2; side++)
		buf_free(&t->said[side]);
}

static inline void talk_say(struct talk *t, int side, struct slice bytes)
{
	if (bytes.n == 0)
		return;
	if (t->turns == 0 || t->turn[t->turns - 1].side != side) {
		if (t->turns == TALK_TURNS)
			abort();
		t->turn[t->turns++] = (struct talk_turn){ (uint8_t)side, 0 };
	}
	t->turn[t->turns - 1].n += (uint32_t)bytes.n;
	buf_add(&t->said[side], bytes);
}

/* ---- a call ---- */

static inline bool talk_is_llm(const struct talk_call *k)
{
	return k->input >= 0;
}

/* A new one; its method, status and bodies are the caller's to decide. */
static inline struct talk_call *talk_call(struct talk *t, const char *version)
{
	struct talk_call *k = &t->call[t->calls];
	uint32_t n = t->first + (uint32_t)t->calls;

	if (t->calls++ == TALK_CALLS)
		abort();
	*k = (struct talk_call){ .number = n, .version = version, .input = -1, .output = -1, .status = 200 };
	snprintf(k->id, sizeof k->id, "r-%u", n);
	if (t->llm || choose(t->c, 2) == 0) {
		k->method = "POST";
		k->input = 100000 + n;
		k->output = 500000 + n;
		k->event_stream = choose(t->c, t->llm ? 5 : 2) == 0;
		snprintf(k->host, sizeof k->host, "api.openai.com");
		snprintf(k->path, sizeof k->path, "/v1/chat/completions");
		return k;
	}
	k->method = (const char *[]){ "GET", "POST", "HEAD", "PUT", "OPTIONS" }[choose(t->c, 5)];
	k->status = (const int[]){ 200, 201, 204, 304, 404, 429, 500 }[choose(t->c, 7)];
	snprintf(k->host, sizeof k->host, "host%u.example", n % 3);
	snprintf(k->path, sizeof k->path, "/n/%u", n);
	return k;
}

static inline bool talk_has_body(const struct talk_call *k)
{
	return strcmp(k->method, "HEAD") != 0 && k->status != 204 && k->status != 304;
}

/* ---- bodies ---- */

static inline uint32_t talk_size(struct talk *t)
{
	return once_in(t->c, 8) ? choose(t->c, 20000) : choose(t->c, 400);
}

/* Bytes of any kind, also such as look like heads and frames. */
static inline void talk_noise(struct talk *t, struct buf *out)
{
	static const char *const traps[] = { "GET /trap HTTP/1.1\r\nHost: trap\r\n\r\n", "\r\n\r\n",
					     "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "0\r\n\r\n",
					     "POST /v1/chat/completions HTTP/1.1\r\n" };
	uint32_t n = talk_size(t), kind = choose(t->c, 3);

	if (kind == 2 && n > 0)
		buf_fmt(out, "%.*s\r\n%s", (int)(n % 50),
			"in front of the trap, there is always some noise..",
			traps[choose(t->c, COUNT(traps))]);
	for (; n > 0; n--)
		buf_byte(out, (uint8_t)(kind == 0   ? ' ' + n * 7 % 90
					: kind == 1 ? choose(t->c, 256)
						    : n % 7));
}

static inline void talk_text(struct talk *t, struct buf *out)
{
	for (uint32_t n = talk_size(t); n > 0; n--)
		buf_byte(out, (uint8_t)('a' + n * 11 % 26));
}

static inline void talk_request_body(struct talk *t, const struct talk_call *k, struct buf *out)
{
	if (!talk_is_llm(k)) {
		if (strcmp(k->method, "POST") == 0 || strcmp(k->method, "PUT") == 0)
			talk_noise(t, out);
		return;
	}
	buf_fmt(out,
		"{\"model\":\"gpt-4o-mini\",\"stream\":%s,\"messages\":[{\"role\":\"user\",\"content\":\"",
		k->event_stream ? "true" : "false");
	talk_text(t, out);
	buf_str(out, "\"}]}");
}

static inline void talk_usage(const struct talk_call *k, struct buf *out)
{
	buf_fmt(out, "\"usage\":{\"prompt_tokens\":%d,\"completion_tokens\":%d,\"total_tokens\":%d}",
		(int)k->input, (int)k->output, (int)(k->input + k->output));
}

static inline void talk_response_body(struct talk *t, const struct talk_call *k, struct buf *out)
{
	if (!talk_is_llm(k)) {
		talk_noise(t, out);
		return;
	}
	if (!k->event_stream) {
		buf_fmt(out,
			"{\"id\":\"c-%u\",\"model\":\"gpt-4o-mini\",\"choices\":[{\"message\":{\"content\":"
			"\"",
			k->number);
		talk_text(t, out);
		buf_str(out, "\"}}],");
		talk_usage(k, out);
		buf_str(out, "}");
		return;
	}
	for (uint32_t n = 1 + choose(t->c, 6); n > 0; n--) {
		buf_fmt(out,
			"data: "
			"{\"id\":\"c-%u\",\"model\":\"gpt-4o-mini\",\"choices\":[{\"delta\":{\"content\":\"",
			k->number);
		talk_text(t, out);
		buf_str(out, "\"}}]}\n\n");
	}
	buf_fmt(out, "data: {\"id\":\"c-%u\",\"model\":\"gpt-4o-mini\",\"choices\":[],", k->number);
	talk_usage(k, out);
	buf_str(out, "}\n\ndata: [DONE]\n\n");
}

/* ---- content codings ---- */

static inline void talk_zlib(struct slice in, int window, struct buf *out)
{
	z_stream z = { .next_in = (Bytef *)in.p, .avail_in = (uInt)in.n };
	size_t most;

	if (deflateInit2(&z, 1, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	most = deflateBound(&z, (uLong)in.n) + 64;
	z.next_out = buf_room(out, most);
	z.avail_out = (uInt)most;
	if (deflate(&z, Z_FINISH) != Z_STREAM_END)
		abort();
	out->n += z.total_out;
	deflateEnd(&z);
}

/* The body as it goes over the wire, and the value of its Content-Encoding; NULL: it has none. */
static inline const char *talk_code(struct talk *t, struct slice plain, struct buf *out)
{
	switch (choose(t->c, 6)) {
	case 0:
	case 1:
		talk_zlib(plain, 15 + 16, out);
		return "gzip";
	case 2:
		talk_zlib(plain, 15, out);
		return "deflate";
	case 3:
		buf_room(out, ZSTD_compressBound(plain.n));
		out->n += ZSTD_compress(out->p + out->n, ZSTD_compressBound(plain.n), plain.p, plain.n, 1);
		return "zstd";
	default:
		buf_add(out, plain);
		return NULL;
	}
}

#endif
