/* Wire bytes in, calls out; every case whole, byte by byte and cut at random: the calls are the same. */
#include <stdlib.h>

#include "core/base/buf.h"
#include "sensor/proto/http/http1.h"
#include "tests/lib/http1_cases.h"
#include "tests/lib/tap.h"

struct scene {
	struct buf out;
	char answer; /* of head(): 'f' framed, 'n' none, 't' tunnel, 0: by the status */
	uint16_t status;
	bool in_body;
	const struct http1 *parser;
	struct slice piece;
	unsigned copied; /* start lines and headers that were not in the piece */
};

static void put(struct scene *s, struct slice text)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] < ' ' || text.p[i] > '~')
			buf_fmt(&s->out, "\\%02x", text.p[i]);
		else
			buf_byte(&s->out, text.p[i]);
}

static void call(struct scene *s, const char *what)
{
	buf_str(&s->out, s->in_body ? "|" : "");
	buf_str(&s->out, what);
	s->in_body = false;
}

static void note_copy(struct scene *s, struct slice text)
{
	s->copied += text.n > 0 && (text.p < s->piece.p || text.p >= s->piece.p + s->piece.n);
}

static void on_start(void *ctx, const struct http1_start *start)
{
	struct scene *s = ctx;

	call(s, "");
	note_copy(s, start->version);
	s->status = start->status;
	if (start->method.n > 0) {
		put(s, start->method);
		buf_byte(&s->out, ' ');
		put(s, start->target);
	} else {
		buf_fmt(&s->out, "%u", start->status);
	}
	buf_byte(&s->out, ' ');
	put(s, start->version);
	buf_byte(&s->out, '|');
}

static void on_header(void *ctx, struct slice name, struct slice value)
{
	struct scene *s = ctx;

	call(s, "");
	note_copy(s, name);
	put(s, name);
	buf_byte(&s->out, '=');
	put(s, value);
	buf_byte(&s->out, '|');
}

static enum http1_body on_head(void *ctx)
{
	struct scene *s = ctx;
	char a = s->answer;

	call(s, "--|");
	if (a == 0)
		a = s->status == 101 ? 't' :
		    s->status == 204 || s->status == 304 || s->status / 100 == 1 ? 'n' : 'f';
	return a == 't' ? HTTP1_BODY_TUNNEL : a == 'n' ? HTTP1_BODY_NONE : HTTP1_BODY_FRAMED;
}

static void on_body(void *ctx, struct slice bytes)
{
	struct scene *s = ctx;

	if (bytes.n == 0)
		call(s, "EMPTY PIECE|");
	if (!s->in_body)
		buf_byte(&s->out, '"');
	s->in_body = true;
	put(s, bytes);
}

static void on_gap(void *ctx, uint64_t bytes)
{
	struct scene *s = ctx;

	call(s, "");
	buf_fmt(&s->out, "gap %llu|", (unsigned long long)bytes);
}

static void on_end(void *ctx, bool whole)
{
	struct scene *s = ctx;
	uint8_t names[ANOMALY_LIST_MAX];

	if (s->parser->odd != 0) {
		call(s, "(");
		put(s, slice_of(names, anomaly_list(s->parser->odd, names)));
		buf_str(&s->out, ")|");
	}
	call(s, whole ? "end|" : "BROKEN|");
}

static void on_lost(void *ctx)
{
	call(ctx, "lost|");
}

static struct http1_sink sink_of(struct scene *s)
{
	return (struct http1_sink){ s, on_start, on_header, on_head, on_body, on_gap, on_end, on_lost };
}

static uint64_t state = 0x9e3779b97f4a7c15u;

static size_t dice(size_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (size_t)(state % n);
}

/* The bytes up to the next mark, in pieces of at most `most` (0: random), each from a block of its own. */
static void feed(struct http1 *p, struct http1_lines *l, struct slice bytes, size_t most, struct scene *s)
{
	struct http1_sink sink = sink_of(s);

	s->parser = p;
	while (bytes.n > 0) {
		size_t n = most == 0 ? 1 + dice(dice(4) == 0 ? 40 : 5) : most;
		uint8_t *block;

		n = n < bytes.n ? n : bytes.n;
		block = malloc(n);
		memcpy(block, bytes.p, n);
		s->piece = slice_of(block, n);
		http1_data(p, l, s->piece, &sink);
		free(block);
		bytes = slice_from(bytes, n);
	}
}

static void play(struct http1 *p, struct http1_lines *l, struct slice wire, size_t most, struct scene *s)
{
	struct http1_sink sink = sink_of(s);

	s->parser = p;
	while (wire.n > 0) {
		size_t n = 0;

		while (n < wire.n && (wire.p[n] == 0 || wire.p[n] > 4))
			n++;
		feed(p, l, slice_head(wire, n), most, s);
		wire = slice_from(wire, n);
		if (wire.n == 0)
			break;
		if (wire.p[0] == 1)
			http1_gap(p, l, strtoull((const char *)wire.p + 1, NULL, 10), &sink);
		else if (wire.p[0] == 4)
			http1_midway(p);
		else
			http1_finish(p, l, wire.p[0] == 2, &sink);
		n = 1;
		while (wire.p[0] == 1 && wire.p[n - 1] != ';')
			n++;
		wire = slice_from(wire, n);
	}
	call(s, "");
}

/* All buffers of a pool of one were given back. */
static bool given_back(struct http1_lines *l)
{
	struct scene s = { .answer = 'f' };
	struct http1 probe;
	bool free_one;

	buf_init(&s.out, 64);
	http1_init(&probe, HTTP1_REQUEST);
	feed(&probe, l, SLICE("G"), 1, &s);
	free_one = probe.line >= 0;
	http1_reset(&probe, l);
	buf_free(&s.out);
	return free_one;
}

static void run_case(const char *name, enum http1_kind kind, char answer, struct slice wire,
		     struct slice want)
{
	struct http1_lines *l = http1_lines_new(1);
	struct scene s = { .answer = answer };
	char text[160];
	bool back = true;

	buf_init(&s.out, 1 << 20);
	for (int round = 0; round < 34; round++) {
		struct http1 p;

		buf_clear(&s.out);
		s.in_body = false;
		s.copied = 0;
		http1_init(&p, kind);
		play(&p, l, wire, round == 0 ? wire.n : round == 1 ? 1 : 0, &s);
		http1_reset(&p, l);
		back = back && given_back(l);
		if (!slice_eq(buf_slice(&s.out), want) || round == 0) {
			snprintf(text, sizeof text, "%s, cut %s", name, round == 0 ? "nowhere" : "somewhere");
			ok_slice(buf_slice(&s.out), want, text);
		}
		if (!slice_eq(buf_slice(&s.out), want))
			break;
	}
	snprintf(text, sizeof text, "%s, however it is cut; buffers given back", name);
	ok(back && slice_eq(buf_slice(&s.out), want), text);
	buf_free(&s.out);
	http1_lines_free(l);
}

struct long_case {
	const char *name, *before;
	size_t n; /* of letters in between */
	const char *behind, *want; /* there they are "@" and their number */
};

static const struct long_case longs[] = {
	{ "target just short enough", "GET /", HTTP1_LINE_MAX - 16, " HTTP/1.1\r\nA: b\r\n\r\n",
	  "GET /@16368 1.1|A=b|--|end|" },
	{ "target too long", "GET /", HTTP1_LINE_MAX - 15, " HTTP/1.1\r\n C: d\r\nA: b\r\n\r\n",
	  "GET /@16369 1.1|A=b|--|(bad_header,long_line)|end|" },
	{ "target much too long", "GET /", 70000, " HTTP/1.1\r\nA: b\r\n\r\n",
	  "GET /@16379 |A=b|--|(long_line)|end|" },
	{ "long junk", "@", 70000, "\r\n\r\n" GET, "lost|" GET_OUT },
	{ "header too long", "GET / HTTP/1.1\r\nA: b\r\nC: ", 70000, "\r\n x: y\r\nD: e\r\n\r\n" GET,
	  "GET / 1.1|A=b|C=@16381|D=e|--|(bad_header,long_line)|end|" GET_OUT },
	{ "header too long where it is folded", "GET / HTTP/1.1\r\nC: d\r\n ", HTTP1_LINE_MAX - 7,
	  "\r\n x: y\r\nD: e\r\n\r\n", "GET / 1.1|C=d @16377|D=e|--|(obs_fold,bad_header,long_line)|end|" },
	{ "head just short enough", "GET / HTTP/1.1\r\nA: b\r\nC: ", HTTP1_HEAD_MAX - 29, "\r\n\r\n" GET,
	  "GET / 1.1|A=b|C=@16381|--|(long_line)|end|" GET_OUT },
	{ "head too long", "GET / HTTP/1.1\r\nA: b\r\nC: ", HTTP1_HEAD_MAX - 28, "\r\n\r\n" GET,
	  "GET / 1.1|A=b|C=@16381|(long_line)|BROKEN|lost|" GET_OUT },
	{ "no line found in one too long", MIDWAY "GET /", 70000, " HTTP/1.1\r\n" GET, GET_OUT },
};

/* Runs of one letter as "@number". */
static void squeeze(struct buf *b)
{
	struct buf out;

	buf_init(&out, 1 << 16);
	for (size_t i = 0, n; i < b->n; i += n) {
		for (n = 0; i + n < b->n && b->p[i + n] == 'x'; n++)
			;
		if (n > 9)
			buf_fmt(&out, "@%zu", n);
		else
			buf_add(&out, slice_of(b->p + i, n = 1));
	}
	buf_free(b);
	*b = out;
}

static void long_lines(void)
{
	static const size_t pieces[] = { SIZE_MAX, 1, 4093, 16384 };
	struct http1_lines *l = http1_lines_new(1);

	for (size_t i = 0; i < COUNT(longs); i++)
		for (size_t k = 0; k < COUNT(pieces); k++) {
			size_t a = strlen(longs[i].before), b = strlen(longs[i].behind);
			size_t n = a + longs[i].n + b;
			uint8_t *wire = malloc(n);
			struct scene s = { .answer = 0 };
			struct http1 p;
			char name[128];

			memcpy(wire, longs[i].before, a);
			memset(wire + a, 'x', longs[i].n);
			memcpy(wire + a + longs[i].n, longs[i].behind, b);
			buf_init(&s.out, 1 << 20);
			http1_init(&p, HTTP1_REQUEST);
			play(&p, l, slice_of(wire, n), pieces[k], &s);
			squeeze(&s.out);
			snprintf(name, sizeof name, "%s, in pieces of %zu", longs[i].name, pieces[k]);
			ok_slice(buf_slice(&s.out), slice_str(longs[i].want), name);
			ok(http1_idle(&p) && given_back(l), "  and it is over");
			http1_reset(&p, l);
			buf_free(&s.out);
			free(wire);
		}
	http1_lines_free(l);
}

static void endless(const char *name, struct slice before, const char *line, struct slice want)
{
	struct http1_lines *l = http1_lines_new(1);
	struct scene s = { .answer = 0 };
	struct http1 p;

	buf_init(&s.out, 1 << 20);
	http1_init(&p, HTTP1_RESPONSE);
	play(&p, l, before, before.n, &s);
	for (int i = 0; i < 100000; i++)
		feed(&p, l, slice_str(line), 3, &s);
	play(&p, l, SLICE("\n" NEXT), 99, &s);
	ok_slice(buf_slice(&s.out), want, name);
	ok(given_back(l), "  and holds no buffer");
	buf_free(&s.out);
	http1_lines_free(l);
}

static void no_buffer(void)
{
	static const struct {
		const char *name, *a, *b, *want;
	} t[] = {
		{ "in a start line", "HTTP/1.1 2", "00 OK\r\nA: b\r\n" NEXT, "lost|" NEXT_OUT },
		{ "in a header", "HTTP/1.1 200 OK\r\nA: b\r\nC: d", "e\r\n\r\n" NEXT,
		  "200 1.1|A=b|BROKEN|lost|" NEXT_OUT },
		{ "for a fold", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n" NEXT, "",
		  "200 1.1|(obs_fold)|BROKEN|lost|" NEXT_OUT },
		{ "while lost", "x\nHTTP/1.1 20", "0 OK\r\n\r\n" NEXT, "lost|" NEXT_OUT },
		{ "and none is needed", "HTTP/1.1 204 N\r\nA: b\r\n\r\n\r", "\n" NEXT,
		  "204 1.1|A=b|--|end|" NEXT_OUT },
	};
	struct http1_lines *l = http1_lines_new(0);

	for (size_t i = 0; i < COUNT(t); i++) {
		struct scene s = { .answer = 0 };
		struct http1 p;
		char name[96];

		buf_init(&s.out, 4096);
		http1_init(&p, HTTP1_RESPONSE);
		feed(&p, l, slice_str(t[i].a), SIZE_MAX, &s);
		feed(&p, l, slice_str(t[i].b), SIZE_MAX, &s);
		snprintf(name, sizeof name, "no line buffer %s", t[i].name);
		ok_slice(buf_slice(&s.out), slice_str(t[i].want), name);
		ok_int(s.copied, 0, "  nothing was copied");
		buf_free(&s.out);
	}
	http1_lines_free(l);
}

static void states(void)
{
	struct http1_lines *l = http1_lines_new(1);
	struct scene s = { .answer = 0 };
	struct http1 p;

	buf_init(&s.out, 4096);
	http1_init(&p, HTTP1_REQUEST);
	ok(http1_idle(&p), "idle at the beginning");
	feed(&p, l, SLICE("\r\n"), 1, &s);
	ok(http1_idle(&p), "idle behind an empty line");
	feed(&p, l, SLICE("GET /"), 1, &s);
	ok(!http1_idle(&p) && p.line >= 0 && p.line_n == 5,
	   "not idle in a start line; its bytes are in the buffer");
	feed(&p, l, SLICE(" HTTP/1.1\r\n"), 1, &s);
	ok(!http1_idle(&p) && p.line < 0, "not idle in a head; its buffer was given back");
	feed(&p, l, SLICE("\r\n"), 1, &s);
	ok(http1_idle(&p), "idle behind a message");
	http1_midway(&p);
	ok(!http1_idle(&p), "not idle midway");
	feed(&p, l, SLICE("POST office"), SIZE_MAX, &s);
	ok(p.line < 0, "a line that is no start line takes no buffer midway");
	ok(sizeof p <= 64, "a parser is small");
	buf_free(&s.out);
	http1_lines_free(l);
}

static void looks(void)
{
	static const struct {
		enum http1_kind kind;
		int want;
		const char *bytes;
	} t[] = {
		{ Q, -1, "" }, { Q, -1, "\r\n" }, { Q, -1, "G" }, { Q, -1, "GET" },
		{ Q, -1, "GET " }, { Q, 1, "GET /" }, { Q, 1, "GET / HTTP/1.1\r\nA: b" },
		{ Q, 1, "GET /x\r\n" }, { Q, -1, "POST h" }, { Q, 1, "POST http" },
		{ Q, 0, "GET x HTT\r\n" }, { Q, 1, "FOO / HTTP/1.1\r\n" }, { Q, -1, "FOO / HT" },
		{ Q, -1, "FOO" }, { Q, 0, "PRI * HTTP/2.0\r\n\r\nSM" }, { Q, 0, "\x16\x03\x01" },
		{ Q, 0, "SSH-2.0-OpenSSH\r\n" }, { Q, 0, "HTTP/1.1 200 OK\r\n" }, { Q, 0, "FOO(" },
		{ Q, 1, "CONNECT h:443" }, { Q, 1, "OPTIONS *" }, { R, -1, "HTTP" },
		{ R, -1, "HTTP/" }, { R, 1, "HTTP/1" }, { R, 1, "http/1.1 200 OK" },
		{ R, 0, "HTTQ" }, { R, 0, "HTTP/x" }, { R, 0, "GET / HTTP/1.1\r\n" },
		{ R, 0, "\x15\x03" }, { R, -1, "" },
	};

	for (size_t i = 0; i < COUNT(t); i++) {
		char name[96];

		snprintf(name, sizeof name, "looks like a %s: %.*s", t[i].kind == Q ? "request" : "response",
			 (int)strcspn(t[i].bytes, "\r\n"), t[i].bytes);
		ok_int(http1_looks_like(t[i].kind, slice_str(t[i].bytes)), t[i].want, name);
	}
}

int main(void)
{
	for (size_t i = 0; i < COUNT(cases); i++)
		run_case(cases[i].name, cases[i].kind, cases[i].answer, cases[i].wire,
			 slice_str(cases[i].want));
	long_lines();
	endless("a head without an end", SLICE("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX"), "\n y",
		SLICE("200 1.1|Transfer-Encoding=chunked|"
		      "(obs_fold,bad_header,long_line)|BROKEN|lost|" NEXT_OUT));
	endless("trailers without an end", SLICE(CHUNKED "0\r\n"), "a:b\r\n",
		SLICE(CHUNKED_OUT "(bad_chunk)|BROKEN|lost|" NEXT_OUT));
	endless("an extension without an end", SLICE(CHUNKED "1;"), "abc",
		SLICE(CHUNKED_OUT "(bad_chunk)|BROKEN|lost|" NEXT_OUT));
	endless("zeros without an end", SLICE(CHUNKED), "000",
		SLICE(CHUNKED_OUT "(bad_chunk)|BROKEN|lost|" NEXT_OUT));
	no_buffer();
	states();
	looks();
	return tap_done();
}
