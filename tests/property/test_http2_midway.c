/* Conversations whose truth is known, met at any byte and with any gaps: what is told is true. No field is
 * told that was not sent there, none twice, all of them where that is said; a whole body is the body.
 * Bodies are text, noise, or full of zeros and small numbers, which look like frames. */
#include "tests/lib/http2_wire.h"

#include "tests/lib/tap.h"

#define STREAMS 24
#define BODY_MAX 6000

struct truth { /* of one message */
	struct buf fields, body;
	size_t field_at, body_at; /* told so far */
	bool head, ended, gap;
};

struct world {
	struct truth truth[2 * STREAMS][2];
	struct script script;
	uint64_t seed;
	uint64_t wrong, fields, whole; /* counts of what was told */
	const char *first;             /* what was wrong first */
};

static size_t dice(struct world *w, size_t n)
{
	w->seed ^= w->seed << 13;
	w->seed ^= w->seed >> 7;
	w->seed ^= w->seed << 17;
	return (size_t)((w->seed >> 11) % n);
}

static void wrong(struct world *w, const char *what)
{
	if (w->wrong++ == 0)
		w->first = what;
}

/* ---- the conversation ---- */

static void make_fields(struct world *w, enum direction d, struct buf *out, char *text, size_t size)
{
	size_t n;

	if (d == REQUEST)
		n = (size_t)snprintf(text, size, ":method=%s|:scheme=https|:authority=host%zu|:path=/%zu",
				     dice(w, 2) ? "GET" : "POST", dice(w, 3), dice(w, 5));
	else
		n = (size_t)snprintf(text, size, ":status=%s",
				     dice(w, 3)	  ? "200"
				     : dice(w, 2) ? "429"
						  : "201");
	for (size_t i = dice(w, 8); i > 0; i--)
		n += (size_t)snprintf(text + n, size - n, "|name%zu=value%zu%.*s", dice(w, 30), dice(w, 30),
				      (int)dice(w, 60),
				      "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy");
	buf_str(out, text);
	buf_byte(out, '|');
}

static void make_body(struct world *w, struct buf *out)
{
	size_t kind = dice(w, 3), n = dice(w, 3) == 0 ? dice(w, BODY_MAX) : dice(w, 300);

	for (; n > 0; n--)
		buf_byte(out, (uint8_t)(kind == 0    ? ' ' + dice(w, 90)
					: kind == 1  ? dice(w, 256)
					: dice(w, 3) ? 0
					: dice(w, 2) ? dice(w, 10)
						     : dice(w, 256)));
}

static void send_head(struct world *w, uint32_t stream, enum direction d, bool end)
{
	struct truth *t = &w->truth[stream][d];
	char text[4096];
	struct buf b;

	buf_init(&b, 1 << 20);
	if (dice(w, 30) == 0)
		nghttp2_hd_deflate_change_table_size(w->script.hd[d], dice(w, 4096));
	make_fields(w, d, &t->fields, text, sizeof text);
	script_block(&w->script, d, text, &b);
	if (dice(w, 4) == 0) {
		script_frame(&w->script, d, 1, end ? END_STREAM : 0, stream, slice_head(buf_slice(&b), 5));
		script_frame(&w->script, d, 9, END_HEADERS, stream, slice_from(buf_slice(&b), 5));
	} else {
		script_frame(&w->script, d, 1, END_HEADERS | (end ? END_STREAM : 0), stream, buf_slice(&b));
	}
	buf_free(&b);
}

struct sending { /* a message of which some was sent */
	uint32_t stream;
	enum direction d;
	size_t at;
};

/* One frame of it; true: it was the last. */
static bool send_some(struct world *w, struct sending *s)
{
	struct truth *t = &w->truth[s->stream][s->d];
	size_t n = 1 + dice(w, dice(w, 2) ? 40 : 2500);
	bool end;

	if (s->at > t->body.n) { /* its head */
		make_body(w, &t->body);
		s->at = 0;
		end = t->body.n == 0;
		send_head(w, s->stream, s->d, end);
		return end;
	}
	n = n < t->body.n - s->at ? n : t->body.n - s->at;
	end = s->at + n == t->body.n;
	script_frame(&w->script, s->d, 0, end ? END_STREAM : 0, s->stream, slice_of(t->body.p + s->at, n));
	s->at += n;
	return end;
}

static void converse(struct world *w)
{
	struct sending open[6];
	size_t n = 0;
	uint32_t next = 1;

	while (n > 0 || next < 2 * STREAMS) {
		size_t i = dice(w, n + (n == 0));

		if (n < COUNT(open) && next < 2 * STREAMS && (n == 0 || dice(w, 3) == 0)) {
			i = n++; /* heads of requests come in the order of their streams */
			open[i] = (struct sending){ next, REQUEST, SIZE_MAX };
			next += 2;
		}
		if (dice(w, 10) == 0)
			script_frame(&w->script, dice(w, 2) ? REQUEST : RESPONSE, 6, 0, 0, SLICE("12345678"));
		if (!send_some(w, &open[i]))
			continue;
		if (open[i].d == REQUEST)
			open[i] = (struct sending){ open[i].stream, RESPONSE, SIZE_MAX };
		else
			open[i] = open[--n];
	}
}

/* ---- what is told of it ---- */

static void on_header(void *ctx, uint32_t stream, enum direction d, struct slice name, struct slice value)
{
	struct world *w = ctx;
	struct truth *t = &w->truth[stream < 2 * STREAMS ? stream : 0][d];
	struct slice rest = slice_from(buf_slice(&t->fields), t->field_at);
	char text[512];
	const uint8_t *at;

	w->fields++;
	snprintf(text, sizeof text, "%.*s=%.*s|", (int)name.n, (const char *)name.p, (int)value.n,
		 (const char *)value.p);
	at = rest.n == 0 ? NULL : memmem(rest.p, rest.n, text, strlen(text));
	if (at == NULL || (at != t->fields.p && at[-1] != '|') || t->head || t->ended)
		wrong(w, "a field");
	else
		t->field_at = (size_t)(at - t->fields.p) + strlen(text);
}

/* `all`: their number is counted by the length of what was told. */
static void on_head(void *ctx, uint32_t stream, enum direction d, bool all)
{
	struct world *w = ctx;
	struct truth *t = &w->truth[stream < 2 * STREAMS ? stream : 0][d];

	if (t->head || t->ended || (all && t->field_at != t->fields.n))
		wrong(w, "a head");
	t->head = true;
}

static void on_body(void *ctx, uint32_t stream, enum direction d, struct slice bytes)
{
	struct world *w = ctx;
	struct truth *t = &w->truth[stream < 2 * STREAMS ? stream : 0][d];
	struct slice rest = slice_from(buf_slice(&t->body), t->body_at);

	if (!t->head || t->ended)
		wrong(w, "a body's place");
	if (!t->gap && !slice_starts(rest, bytes))
		wrong(w, "a body");
	t->body_at += bytes.n;
}

static void on_gap(void *ctx, uint32_t stream, enum direction d, uint64_t bytes)
{
	struct world *w = ctx;
	struct truth *t = &w->truth[stream < 2 * STREAMS ? stream : 0][d];

	t->gap |= bytes == 0;
	t->body_at += bytes;
}

static void on_end(void *ctx, uint32_t stream, enum direction d, bool whole)
{
	struct world *w = ctx;
	struct truth *t = &w->truth[stream < 2 * STREAMS ? stream : 0][d];

	if (t->ended || (whole && (!t->head || t->gap || t->body_at != t->body.n)))
		wrong(w, "an end");
	t->ended = true;
	w->whole += whole;
}

static void on_lost(void *ctx, enum direction d, enum http2_lost what)
{
	(void)ctx, (void)d, (void)what;
}

/* From a record on, and there from a byte on; now and then bytes are missing. */
static void listen(struct world *w, struct http2 *h, const struct http2_sink *sink, size_t from, size_t gaps)
{
	struct slice in = buf_slice(&w->script.b);
	size_t skip = from == 0 || dice(w, 3) ? 0 : dice(w, 50), gap[2] = { 0, 0 };
	enum direction d;

	while (in.n > 3) {
		size_t n = (size_t)in.p[1] << 8 | in.p[2], k = 0;
		struct slice bytes = slice_head(slice_from(in, 3), n);

		d = (enum direction)(in.p[0] & 1);
		in = slice_from(in, 3 + n);
		if (from > 0) {
			from--;
			continue;
		}
		bytes = slice_from(bytes, skip);
		skip = 0;
		while (bytes.n > 0) {
			if (gap[d] == 0 && gaps > 0 && dice(w, gaps) == 0)
				gap[d] = 1 + dice(w, 400);
			k = gap[d] > 0 ? gap[d] : 1 + dice(w, 1460);
			k = k < bytes.n ? k : bytes.n;
			if (gap[d] > 0)
				http2_gap(h, d, k, sink);
			else
				http2_data(h, d, slice_head(bytes, k), sink);
			gap[d] -= gap[d] > 0 ? k : 0;
			bytes = slice_from(bytes, k);
		}
	}
	http2_finish(h, REQUEST, sink);
	http2_finish(h, RESPONSE, sink);
}

static void run(struct world *w, struct http2_pool *pool, bool midway, size_t gaps)
{
	struct http2_sink sink = { w, on_header, on_head, on_body, on_gap, on_end, on_lost };
	struct http2 *h = http2_open(pool, midway ? HTTP2_MIDWAY : HTTP2_PREFACE);

	for (size_t i = 0; i < 2 * STREAMS; i++)
		for (int d = 0; d < 2; d++) {
			struct truth *t = &w->truth[i][d];

			memset(t, 0, sizeof *t);
			buf_init(&t->fields, 1 << 16);
			buf_init(&t->body, 1 << 16);
		}
	script_begin(&w->script);
	script_preface(&w->script);
	converse(w);
	listen(w, h, &sink, midway ? dice(w, 60) : 0, gaps);
	http2_close(h);
	script_end(&w->script);
	for (size_t i = 0; i < 2 * STREAMS; i++)
		for (int d = 0; d < 2; d++) {
			buf_free(&w->truth[i][d].fields);
			buf_free(&w->truth[i][d].body);
		}
}

int main(void)
{
	static const struct {
		const char *name;
		bool midway;
		size_t gaps; /* one in so many pieces */
	} t[] = { { "from the start", false, 0 }, { "midway", true, 0 }, { "few gaps", false, 100 },
		  { "midway, many gaps", true, 10 } };
	struct http2_pool *pool = http2_pool_new(1, 1 << 22);
	static struct world w;
	const char *rounds = getenv("ROUNDS");

	w.seed = 0x9e3779b97f4a7c15u;
	for (size_t i = 0; i < COUNT(t); i++) {
		uint64_t n = rounds != NULL ? strtoull(rounds, NULL, 10) : i + 1 == COUNT(t) ? 3000 : 300;

		w.wrong = w.fields = w.whole = 0;
		for (uint64_t k = 0; k < n; k++)
			run(&w, pool, t[i].midway, t[i].gaps);
		if (!ok(w.wrong == 0, t[i].name))
			printf("#   %llu times, first %s\n", (unsigned long long)w.wrong, w.first);
		printf("#   %llu fields, %llu of %llu messages whole\n", (unsigned long long)w.fields,
		       (unsigned long long)w.whole, (unsigned long long)(2 * STREAMS * n));
		ok(i == 0 ? w.whole == 2 * STREAMS * n : w.whole > n && w.whole < 2 * STREAMS * n,
		   "  and much is told");
	}
	ok_int((int64_t)http2_pool_memory(pool), 0, "nothing is kept");
	http2_pool_free(pool);
	return tap_done();
}
