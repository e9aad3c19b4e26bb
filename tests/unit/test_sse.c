/* Event stream framing: the data of each event, in whatever pieces the stream comes. */
#include <stdlib.h>

#include "core/base/buf.h"
#include "sensor/llm/sse.h"
#include "tests/lib/tap.h"

static void data(void *ctx, struct slice bytes)
{
	buf_add(ctx, bytes);
}

static void over(void *ctx)
{
	buf_byte(ctx, '|');
}

static void run(struct slice in, size_t piece, struct buf *out)
{
	struct sse_sink sink = { out, data, over };
	struct sse s;

	buf_clear(out);
	sse_init(&s, &sink);
	while (in.n > 0) {
		struct slice part = slice_head(in, piece > 0 ? piece : 1 + (size_t)rand() % 7);
		uint8_t *copy = malloc(part.n);

		memcpy(copy, part.p, part.n);
		sse_push(&s, slice_of(copy, part.n));
		free(copy);
		in = slice_from(in, part.n);
	}
}

static const struct {
	const char *name, *in, *want;
} cases[] = {
	{ "nothing", "", "" },
	{ "one event", "data: {}\n\n", "{}|" },
	{ "CRLF", "data: a\r\n\r\ndata: b\r\n\r\n", "a|b|" },
	{ "CR", "data: a\r\rdata: b\r\r", "a|b|" },
	{ "mixed ends", "data: a\n\r\ndata: b\r\n\ndata: c\r\n\r", "a|b|c|" },
	{ "no space", "data:a\n\n", "a|" },
	{ "one space only is taken", "data:  a \n\n", " a |" },
	{ "several lines join by LF", "data: a\ndata: b\r\ndata: c\n\n", "a\nb\nc|" },
	{ "comments", ": keep alive\n\n:\n\ndata: a\n\n", "a|" },
	{ "other fields", "event: x\nid: 7\nretry: 1\ndata: a\nevent: y\n\n", "a|" },
	{ "names that begin alike", "dat: 1\ndata 2\ndatas: 3\nDATA: 4\n data: 5\ndata: a\n\n", "a|" },
	{ "a name without colon", "data\ndata: a\n\n", "a|" },
	{ "empty data", "data:\n\ndata: \n\ndata: a\n\n", "||a|" },
	{ "an event without end", "data: a\n\ndata: b", "a|b" },
	{ "empty lines", "\n\n\r\n\r\rdata: a\n\n\n\n", "a|" },
	{ "a colon in data", "data: data: a\n\n", "data: a|" },
};

static void test_long(void)
{
	struct buf in, out;
	char name[64];

	buf_init(&in, 1 << 20);
	buf_init(&out, 1 << 20);
	for (int round = 0; round < 3; round++) {
		buf_clear(&in);
		buf_str(&in, round == 0 ? ": " : "data: ");
		for (int i = 0; i < 5000; i++)
			buf_byte(&in, 'x');
		buf_str(&in, round == 1 ? "\r\r" : "\n\n");
		buf_str(&in, "data: a\n\n");
		run(buf_slice(&in), 3000, &out);
		snprintf(name, sizeof name, "a long line, %d", round);
		ok(out.n == (round == 0 ? 2u : 5003u) && slice_ends(buf_slice(&out), SLICE("a|")), name);
	}
	buf_free(&in);
	buf_free(&out);
}

int main(void)
{
	struct buf out;

	buf_init(&out, 1 << 16);
	for (size_t i = 0; i < COUNT(cases); i++)
		for (size_t piece = 0; piece <= 24; piece++) {
			char name[128];

			run(slice_str(cases[i].in), piece, &out);
			snprintf(name, sizeof name, "%s, in pieces of %zu", cases[i].name, piece);
			ok_slice(buf_slice(&out), slice_str(cases[i].want), name);
		}
	buf_free(&out);
	test_long();
	return tap_done();
}
