/* Framing of syslog over TCP (RFC 6587): every prefix waits or tells the same, hostile counts and lengths. */
#include <stdlib.h>

#include "core/base/addr.h"
#include "core/base/buf.h"
#include "sensor/input/syslog_frame.h"
#include "tests/lib/tap.h"

/* Each message as "kind:text|"; M message, L too long, C cut; "+n" is what waits. */
static void run(struct slice in, bool last, struct buf *out)
{
	static const char kinds[] = "+MLC";
	struct syslog_frame f;

	buf_clear(out);
	while (in.n > 0) {
		syslog_frame(in, last, &f);
		if (f.found == SYSLOG_MORE)
			break;
		buf_byte(out, (uint8_t)kinds[f.found]);
		buf_byte(out, ':');
		buf_add(out, slice_head(f.text, 40));
		buf_byte(out, '|');
		in = slice_from(in, f.size < in.n ? (size_t)f.size : in.n);
	}
	if (in.n > 0)
		buf_fmt(out, "+%zu", in.n);
}

static const struct {
	const char *name;
	struct slice in;
	bool last;
	const char *want;
} cases[] = {
	{ "two counted", SLICE("6 <1>abc7 <1>abcd"), false, "M:<1>abc|M:<1>abcd|" },
	{ "a counted one has line feeds of its own", SLICE("8 <1>a\nb\n\n5 <1>cd"), false,
	  "M:<1>a\nb|M:<1>cd|" },
	{ "half a counted one", SLICE("7 <1>abc"), false, "+8" },
	{ "half a counted one, the end", SLICE("7 <1>abc"), true, "C:<1>abc|" },
	{ "half a count", SLICE("12"), false, "+2" },
	{ "a count and nothing", SLICE("12 "), false, "+3" },
	{ "a number at the end is a line", SLICE("12"), true, "M:12|" },
	{ "by line feed, CRLF and NUL", SLICE("<1>a\n<1>b\r\n<1>c\0<1>d"), false, "M:<1>a|M:<1>b|M:<1>c|+4" },
	{ "the last needs none", SLICE("<1>a\n<1>b"), true, "M:<1>a|M:<1>b|" },
	{ "mixed", SLICE("5 <1>ab<1>c\n4 <1>d"), false, "M:<1>ab|M:<1>c|M:<1>d|" },
	{ "empty ones", SLICE("\n\n\0\r\nx\n"), false, "M:|M:|M:|M:|M:x|" },
	{ "a line of a log that begins with a number", SLICE("1732 <x\n"), false, "+8" },
	{ "the number is no count", SLICE("1732 GET /\n10.1.2.3 -\n"), false, "M:1732 GET /|M:10.1.2.3 -|" },
	{ "a count has no zero in front", SLICE("05 <1>ab\n0 <1>\n"), false, "M:05 <1>ab|M:0 <1>|" },
	{ "too many digits are none", SLICE("12345678901 <1>ab\n"), false, "M:12345678901 <1>ab|" },
	{ "a long count", SLICE("65537 <1>abc"), false, "L:<1>abc|" },
	{ "the longest count", SLICE("9999999999 <1>abc"), false, "L:<1>abc|" },
	{ "nothing", { NULL, 0 }, true, "" },
};

static void test_long_lines(void)
{
	size_t n = SYSLOG_MESSAGE_MAX + 16;
	uint8_t *b = malloc(n);
	struct syslog_frame f;

	if (b == NULL)
		return;
	memset(b, 'x', n);
	syslog_frame(slice_of(b, SYSLOG_MESSAGE_MAX), false, &f);
	ok_int(f.found, SYSLOG_MORE, "the longest line may still end");
	b[SYSLOG_MESSAGE_MAX] = '\n';
	syslog_frame(slice_of(b, n), false, &f);
	ok(f.found == SYSLOG_MESSAGE && f.text.n == SYSLOG_MESSAGE_MAX, "the longest line");
	b[SYSLOG_MESSAGE_MAX] = 'x';
	syslog_frame(slice_of(b, SYSLOG_MESSAGE_MAX + 1), false, &f);
	ok(f.found == SYSLOG_TOO_LONG && f.to_line_end && f.text.n == SYSLOG_MESSAGE_MAX &&
		   f.size == SYSLOG_MESSAGE_MAX + 1,
	   "one byte more");
	memcpy(b, "65536 <", 7);
	syslog_frame(slice_of(b, n), false, &f);
	ok(f.found == SYSLOG_MESSAGE && f.text.n == SYSLOG_MESSAGE_MAX, "the longest count");
	memcpy(b, "65537 <", 7);
	syslog_frame(slice_of(b, n), false, &f);
	ok(f.found == SYSLOG_TOO_LONG && !f.to_line_end && f.size == SYSLOG_MESSAGE_MAX + 1 + 6,
	   "a byte more: its own length is passed over");
	free(b);
}

static void test_places(void)
{
	static const struct {
		const char *text, *ip; /* ip NULL: refused */
		unsigned port;
	} places[] = {
		{ "127.0.0.1:514", "127.0.0.1", 514 }, { "[::1]:65535", "::1", 65535 },
		{ "0.0.0.0:0", "0.0.0.0", 0 },	       { "127.0.0.1:65536", NULL, 0 },
		{ "127.0.0.1", NULL, 0 },	       { "127.0.0.1:", NULL, 0 },
		{ "::1:514", NULL, 0 },		       { "[127.0.0.1]:514", NULL, 0 },
		{ "localhost:514", NULL, 0 },	       { ":514", NULL, 0 },
		{ "127.0.0.1: 514", NULL, 0 },	       { "", NULL, 0 },
		{ "[]:1", NULL, 0 },
	};

	for (size_t i = 0; i < COUNT(places); i++) {
		struct addr a;
		uint16_t port = 0;
		char text[ADDR_TEXT_MAX] = "";
		bool good = addr_port_parse(slice_str(places[i].text), &a, &port);

		if (good)
			addr_format(&a, text);
		ok(good == (places[i].ip != NULL) &&
			   (!good || (strcmp(text, places[i].ip) == 0 && port == places[i].port)),
		   places[i].text);
	}
}

int main(void)
{
	struct buf out, again;

	buf_init(&out, 4096);
	buf_init(&again, 4096);
	for (size_t i = 0; i < COUNT(cases); i++) {
		run(cases[i].in, cases[i].last, &out);
		ok_str(buf_cstr(&out), cases[i].want, cases[i].name);
		/* What a beginning of the bytes tells stays true, but for how much of a message that is too
		 * long. */
		for (size_t n = 0; cases[i].want[0] != 'L' && n < cases[i].in.n; n++) {
			run(slice_head(cases[i].in, n), false, &again);
			while (again.n > 0 && again.p[again.n - 1] != '|')
				again.n--;
			if (again.n > out.n || (again.n > 0 && memcmp(again.p, out.p, again.n) != 0))
				ok(false, "a beginning tells another thing");
		}
	}
	ok_int((int64_t)syslog_datagram(SLICE("a\nb\r\n\0")).n, 3,
	       "a datagram loses the ends of its line alone");
	ok_int((int64_t)syslog_datagram(SLICE("\n\n")).n, 0, "an empty datagram");
	test_long_lines();
	test_places();
	buf_free(&out);
	buf_free(&again);
	return tap_done();
}
