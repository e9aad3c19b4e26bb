/* Any bytes as both directions of a connection, with gaps: the calls are the same however the bytes are
 * cut, they come in an order that makes sense, memory stays in its bounds and is given back. Input: a byte
 * of control, a seed for the cuts, then the records of tests/lib/http2_wire.h. */
#include "tests/lib/http2_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define STREAMS 1024

enum place { NOTHING, FIELDS, BODY, ENDED };

struct trace {
	uint64_t sum, seed;
	uint32_t last_stream;
	uint8_t last, how;
	bool clash; /* two streams in one place of the table: their order is not looked at */
	struct {
		uint32_t stream;
		uint8_t place[2];
	} of[STREAMS];
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
static void call(struct trace *t, char what, uint32_t stream, enum direction d)
{
	uint8_t c = (uint8_t)(2 * what + d);

	if (t->last != c || t->last_stream != stream || what != 'b') {
		mix(t, slice_of(&c, 1));
		mix(t, slice_of(&stream, sizeof stream));
	}
	t->last = c;
	t->last_stream = stream;
}

/* Streams may come back where their first message is not known to be over: then they begin anew. */
static uint8_t *place(struct trace *t, uint32_t stream, enum direction d)
{
	uint32_t i = stream % STREAMS;

	t->clash |= t->of[i].stream != 0 && t->of[i].stream != stream;
	t->of[i].stream = stream;
	return &t->of[i].place[d];
}

static void on_header(void *ctx, uint32_t stream, enum direction d, struct slice name, struct slice value)
{
	struct trace *t = ctx;
	uint8_t *at = place(t, stream, d);

	demand(stream > 0 && name.n > 0 && name.n <= HTTP2_VALUE_MAX && value.n <= HTTP2_VALUE_MAX);
	demand(t->clash || *at != BODY);
	*at = FIELDS;
	call(t, 'h', stream, d);
	mix(t, name);
	mix(t, SLICE(":"));
	mix(t, value);
}

static void on_head(void *ctx, uint32_t stream, enum direction d, bool all)
{
	struct trace *t = ctx;
	uint8_t *at = place(t, stream, d);

	demand(t->clash || *at == FIELDS);
	*at = BODY;
	call(t, all ? '-' : '?', stream, d);
}

static void on_body(void *ctx, uint32_t stream, enum direction d, struct slice bytes)
{
	struct trace *t = ctx;

	demand(bytes.n > 0 && (*place(t, stream, d) == BODY || t->clash));
	call(t, 'b', stream, d);
	mix(t, bytes);
}

static void on_gap(void *ctx, uint32_t stream, enum direction d, uint64_t bytes)
{
	struct trace *t = ctx;

	demand(*place(t, stream, d) == BODY || t->clash);
	call(t, 'g', stream, d);
	mix(t, slice_of(&bytes, sizeof bytes));
}

static void on_end(void *ctx, uint32_t stream, enum direction d, bool whole)
{
	struct trace *t = ctx;
	uint8_t *at = place(t, stream, d);

	demand(t->clash || *at == BODY ||
	       (!whole && (*at == FIELDS || d == RESPONSE || t->how == HTTP2_UPGRADED ||
			   t->of[stream % STREAMS].place[RESPONSE] != NOTHING)));
	*at = ENDED;
	call(t, whole ? 'e' : 'E', stream, d);
}

static void on_lost(void *ctx, enum direction d, enum http2_lost what)
{
	call(ctx, (char)('0' + what), 0, d);
}

static size_t all_of(void *ctx, size_t n)
{
	(void)ctx;
	return n;
}

static size_t one_of(void *ctx, size_t n)
{
	(void)ctx, (void)n;
	return 1;
}

static size_t some_of(void *ctx, size_t n)
{
	struct trace *t = ctx;
	size_t k;

	t->seed = t->seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
	k = 1 + (size_t)(t->seed >> 33) % (t->seed >> 60 == 0 ? 400 : 9);
	return k < n ? k : n;
}

static uint64_t run(struct slice in, uint8_t control, uint8_t seed, size_t (*piece)(void *, size_t),
		    size_t memory)
{
	struct trace t = { .sum = 1, .seed = seed, .how = control % 3 };
	struct http2_sink sink = { &t, on_header, on_head, on_body, on_gap, on_end, on_lost };
	struct http2_pool *pool = http2_pool_new(1, memory);
	struct http2 *h = http2_open(pool, (enum http2_begin)(control % 3));

	script_play(in, h, piece, &t, &sink);
	demand(http2_pool_memory(pool) <= memory);
	http2_finish(h, REQUEST, &sink);
	http2_finish(h, RESPONSE, &sink);
	for (size_t i = 0; i < STREAMS; i++)
		for (int d = 0; d < 2; d++)
			demand(t.clash || t.of[i].place[d] == NOTHING || t.of[i].place[d] == ENDED);
	http2_close(h);
	demand(http2_pool_memory(pool) == 0);
	http2_pool_free(pool);
	return t.sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct slice in = { data, n };
	uint64_t sum;
	int looks;

	if (n < 2)
		return 0;
	in = slice_from(in, 2);
	sum = run(in, data[0], data[1], all_of, 1 << 24);
	demand(sum == run(in, data[0], data[1], one_of, 1 << 24));
	demand(sum == run(in, data[0], data[1], some_of, 1 << 24));
	run(in, data[0], data[1], some_of, (size_t)data[1] * 64);
	looks = http2_looks_like(in);
	demand(looks >= -1 && looks <= 1);
	for (size_t i = 0; i < 24 && i < in.n; i++)
		demand(http2_preface(slice_head(in, i)) != 1);
	return 0;
}
