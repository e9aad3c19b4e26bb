/* Any bytes as one direction of a connection, with gaps: the calls are the same however the bytes are cut,
 * they come in an order that makes sense, and every line buffer is given back. Input: kind and answers, a
 * seed for the cuts, then the wire, where ff n is a gap of n bytes. */
#include <stdlib.h>

#include "sensor/proto/http/http1.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct trace {
	uint64_t sum, seed;
	uint8_t control, place; /* place: 'i' between messages, 'h' in a head, 'b' in a body */
	uint8_t last;
	const struct http1 *parser;
};

static void demand(bool good)
{
	if (!good)
		abort();
}

static void mix(struct trace *t, struct slice bytes)
{
	for (size_t i = 0; i < bytes.n; i++)
		t->sum = (t->sum ^ bytes.p[i]) * UINT64_C(1099511628211);
}

/* Body pieces are one, as long as nothing comes between them. */
static void call(struct trace *t, char what)
{
	uint8_t c = (uint8_t)what;

	if (t->last != 'b' || what != 'b')
		mix(t, slice_of(&c, 1));
	t->last = c;
}

static void on_start(void *ctx, const struct http1_start *s)
{
	struct trace *t = ctx;

	demand(t->place == 'i' && s->status < 1000);
	t->place = 'h';
	call(t, 's');
	mix(t, s->method);
	mix(t, SLICE(" "));
	mix(t, s->target);
	mix(t, SLICE(" "));
	mix(t, s->version);
	mix(t, slice_of(&s->status, sizeof s->status));
}

static void on_header(void *ctx, struct slice name, struct slice value)
{
	demand(((struct trace *)ctx)->place == 'h' && name.n > 0 && name.n + value.n <= HTTP1_LINE_MAX);
	demand(value.n == 0 || memchr(value.p, '\n', value.n) == NULL);
	call(ctx, 'h');
	mix(ctx, name);
	mix(ctx, SLICE(":"));
	mix(ctx, value);
}

static enum http1_body on_head(void *ctx)
{
	struct trace *t = ctx;

	demand(t->place == 'h');
	t->place = 'b';
	call(t, '-');
	/* a tunnel only now and then: nothing comes behind it */
	return (t->control & 6) == 2 ? HTTP1_BODY_NONE :
	       (t->control & 6) == 4 && t->sum % 16 == 0 ? HTTP1_BODY_TUNNEL : HTTP1_BODY_FRAMED;
}

static void on_body(void *ctx, struct slice bytes)
{
	demand(((struct trace *)ctx)->place == 'b' && bytes.n > 0);
	call(ctx, 'b');
	mix(ctx, bytes);
}

static void on_gap(void *ctx, uint64_t bytes)
{
	demand(((struct trace *)ctx)->place == 'b' && bytes > 0);
	call(ctx, 'g');
	mix(ctx, slice_of(&bytes, sizeof bytes));
}

static void on_end(void *ctx, bool whole)
{
	struct trace *t = ctx;

	demand(t->place == 'b' || (t->place == 'h' && !whole));
	t->place = 'i';
	call(t, whole ? 'e' : 'E');
	mix(t, slice_of(&t->parser->odd, sizeof t->parser->odd));
}

static void on_lost(void *ctx)
{
	demand(((struct trace *)ctx)->place == 'i');
	call(ctx, 'l');
}

enum how { WHOLE, BYTES, RANDOM };

static size_t piece(struct trace *t, enum how how, size_t n)
{
	size_t k;

	if (how == WHOLE)
		return n;
	t->seed = t->seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
	k = how == BYTES ? 1 : 1 + (size_t)(t->seed >> 33) % (t->seed >> 60 == 0 ? 400 : 9);
	return k < n ? k : n;
}

static uint64_t run(struct slice in, uint8_t control, uint8_t seed, enum how how, struct http1_lines *l)
{
	struct trace t = { .sum = 1, .seed = seed, .control = control, .place = 'i' };
	struct http1_sink sink = { &t, on_start, on_header, on_head, on_body, on_gap, on_end, on_lost };
	struct http1 p;

	t.parser = &p;
	http1_init(&p, (control & 1) != 0 ? HTTP1_RESPONSE : HTTP1_REQUEST);
	if ((control & 8) != 0)
		http1_midway(&p);
	while (in.n > 0) {
		const uint8_t *mark = memchr(in.p, 0xff, in.n);
		struct slice some = mark == NULL ? in : slice_head(in, (size_t)(mark - in.p));

		in = slice_from(in, some.n);
		while (some.n > 0) {
			size_t k = piece(&t, how, some.n);

			http1_data(&p, l, slice_head(some, k), &sink);
			some = slice_from(some, k);
		}
		if (in.n > 1)
			http1_gap(&p, l, in.p[1], &sink);
		in = slice_from(in, 2);
	}
	http1_finish(&p, l, (control & 16) != 0, &sink);
	demand(t.place == 'i' && p.line < 0 && http1_idle(&p));
	return t.sum;
}

/* What is said of the beginning of bytes is not taken back, but that a line's end may show another protocol.
 */
static void looks(enum http1_kind kind, struct slice s)
{
	bool no = false;

	s = slice_head(s, 64);
	for (size_t i = 0; i <= s.n; i++) {
		int now = http1_looks_like(kind, slice_head(s, i));

		demand(now >= -1 && now <= 1 && !(no && now != 0));
		no = now == 0;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct http1_lines *one, *none;
	struct slice in = { data, n };
	uint64_t sum;

	if (one == NULL) {
		one = http1_lines_new(1); /* a buffer that is not given back is missing the next time */
		none = http1_lines_new(0);
	}
	if (n < 2)
		return 0;
	in = slice_from(in, 2);
	sum = run(in, data[0], data[1], WHOLE, one);
	demand(sum == run(in, data[0], data[1], BYTES, one));
	demand(sum == run(in, data[0], data[1], RANDOM, one));
	run(in, data[0], data[1], RANDOM, none);
	looks((data[0] & 1) != 0 ? HTTP1_RESPONSE : HTTP1_REQUEST, in);
	return 0;
}
