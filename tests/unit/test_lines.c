#include <stdlib.h>

#include "sensor/input/lines.h"
#include "tests/lib/tap.h"

#define CRI "2026-11-23T02:24:36.650123Z stdout "
#define DOCKER "\"stream\":\"stdout\",\"time\":\"2026-11-23T02:24:36Z\""

/* Each line as "offset-end:number:reject:text|"; the unfinished one last. */
static void describe(const struct line *l, struct buf *out)
{
	buf_fmt(out, "%llu-%llu:%llu:%d:", (unsigned long long)l->offset, (unsigned long long)l->end,
		(unsigned long long)l->number, l->reject);
	for (size_t i = 0; i < l->text.n; i++)
		buf_byte(out, l->text.p[i] == 0 ? '0' : l->text.p[i]);
	buf_byte(out, '|');
}

static void run(struct slice in, size_t chunk, uint64_t offset, uint64_t number, struct buf *out)
{
	struct lines l;
	struct line line;

	buf_clear(out);
	lines_init(&l, offset, number);
	for (size_t at = 0; at < in.n; at += chunk) {
		lines_feed(&l, slice_head(slice_from(in, at), chunk));
		while (lines_next(&l, &line) == TK_OK)
			describe(&line, out);
	}
	buf_fmt(out, "@%llu+%llu|", (unsigned long long)lines_position(&l),
	  (unsigned long long)lines_pending(&l));
	if (lines_last(&l, &line) == TK_OK)
		describe(&line, out);
	lines_free(&l);
}

static const struct {
	const char *name;
	struct slice in;
	uint64_t offset, number;
	const char *want;
} cases[] = {
	{ "nothing", { NULL, 0 }, 0, 0, "@0+0|" },
	{ "two lines", SLICE("ab\ncd\n"), 0, 0, "0-3:1:0:ab|3-6:2:0:cd|@6+0|" },
	{ "no last line feed", SLICE("ab\ncd"), 0, 0, "0-3:1:0:ab|@3+2|3-5:2:0:cd|" },
	{ "CRLF", SLICE("ab\r\n\r\nc\rd\r\n"), 0, 0, "0-4:1:0:ab|4-6:2:0:|6-11:3:0:c\rd|@11+0|" },
	{ "a CR that ends the stream stays", SLICE("ab\r"), 0, 0, "@0+3|0-3:1:0:ab\r|" },
	{ "empty lines", SLICE("\n\n"), 0, 0, "0-1:1:0:|1-2:2:0:|@2+0|" },
	{ "NUL", SLICE("a\0b\nc\n"), 0, 0, "0-4:1:4:a0b|4-6:2:0:c|@6+0|" },
	{ "continues", SLICE("x\ny"), 100, 7, "100-102:8:0:x|@102+1|102-103:9:0:y|" },
	{ "pieces of CRI are one line", SLICE("x\n" CRI "P a\n" CRI "P b\n" CRI "F c\ny\n"), 0, 0,
	  "0-2:1:0:x|2-119:4:0:" CRI "P a\n" CRI "P b\n" CRI "F c|119-121:5:0:y|@121+0|" },
	{ "a piece of Docker", SLICE("{\"log\":\"a\"," DOCKER "}\n{\"log\":\"b\\n\"," DOCKER "}\nx\n"), 0, 0,
	  "0-122:2:0:{\"log\":\"a\"," DOCKER "}\n{\"log\":\"b\\n\"," DOCKER "}|122-124:3:0:x|@124+0|" },
	{ "a piece that nothing follows", SLICE(CRI "P a\n"), 10, 3,
	  "@10+39|10-49:4:0:" CRI "P a|" },
	{ "a piece and a bit", SLICE(CRI "P a\nxy"), 0, 0, "@0+41|0-41:2:0:" CRI "P a\nxy|" },
	{ "what looks like a piece", SLICE("2026-11-23T02:24:36Z stdout Px a\n{\"log\":\"a\"}\ny\n"), 0, 0,
	  "0-33:1:0:2026-11-23T02:24:36Z stdout Px a|33-45:2:0:{\"log\":\"a\"}|45-47:3:0:y|@47+0|" },
	{ "invalid UTF-8 is bytes", SLICE("\xff\xfe\n"), 0, 0, "0-3:1:0:\xff\xfe|@3+0|" },
};

static void every_chunking(void)
{
	struct buf out;

	buf_init(&out, 1 << 16);
	for (size_t i = 0; i < COUNT(cases); i++)
		for (size_t chunk = 1; chunk <= 12; chunk++) {
			char name[128];

			run(cases[i].in, chunk, cases[i].offset, cases[i].number, &out);
			snprintf(name, sizeof name, "%s, in chunks of %zu", cases[i].name, chunk);
			ok_slice(buf_slice(&out), slice_str(cases[i].want), name);
		}
	buf_free(&out);
}

/* A line of exactly n bytes between two short ones. */
static void long_line(size_t n, const char *end, size_t chunk, int reject)
{
	size_t size = n + 16, at = 0;
	uint8_t *p = malloc(size);
	struct lines l;
	struct line line;
	char name[128];
	int count = 0, bad = 0;

	at += (size_t)snprintf((char *)p, size, "a\n");
	memset(p + at, 'x', n);
	at += n;
	at += (size_t)snprintf((char *)p + at, size - at, "%sb\n", end);
	lines_init(&l, 0, 0);
	for (size_t i = 0; i < at; i += chunk) {
		lines_feed(&l, slice_head(slice_of(p + i, at - i), chunk));
		while (lines_next(&l, &line) == TK_OK) {
			count++;
			if (line.number == 2)
				bad += line.reject != reject || line.offset != 2 ||
				       line.end != 2 + n + strlen(end) ||
				       (reject == 0 && line.text.n != n) || line.text.n > LINE_LIMIT;
			else
				bad += line.reject != 0 || line.text.n != 1;
		}
	}
	snprintf(name, sizeof name, "line of %zu bytes in chunks of %zu", n, chunk);
	ok(count == 3 && bad == 0 && lines_position(&l) == at, name);
	lines_free(&l);
	free(p);
}

int main(void)
{
	static const size_t chunks[] = { 4093, 65536, 8 << 20 };

	every_chunking();
	for (size_t i = 0; i < COUNT(chunks); i++) {
		long_line(LINE_LIMIT - 1, "\n", chunks[i], 0);
		long_line(LINE_LIMIT, "\n", chunks[i], 0);
		long_line(LINE_LIMIT, "\r\n", chunks[i], 0);
		long_line(LINE_LIMIT + 1, "\n", chunks[i], REJECT_TOO_LONG);
		long_line(LINE_LIMIT + 1, "\r\n", chunks[i], REJECT_TOO_LONG);
		long_line(3 << 20, "\n", chunks[i], REJECT_TOO_LONG);
	}
	return tap_done();
}
