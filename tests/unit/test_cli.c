/* What the commands share: safe text, times, writing, the list of commands. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/command.h"
#include "core/base/zone.h"
#include "tests/lib/tap.h"

static const struct { const char *name, *text, *want; } safe_rows[] = {
	{ "plain", "abc 病院 é", "abc 病院 é" },
	{ "escape", "\x1b[31mred", "\\x1b[31mred" },
	{ "line feed, tab, delete", "a\nb\tc\x7f", "a\\x0ab\\x09c\\x7f" },
	{ "C1 control", "a\xc2\x9b" "31m", "a\\u009b31m" },
	{ "bidi override", "a\xe2\x80\xae" "b", "a\\u202eb" },
	{ "isolates", "\xe2\x81\xa6x\xe2\x81\xa9", "\\u2066x\\u2069" },
	{ "zero width", "a\xe2\x80\x8b" "b\xef\xbb\xbf", "a\\u200bb\\ufeff" },
	{ "tag character", "\xf3\xa0\x81\xa1", "\\U000e0061" },
	{ "not UTF-8", "a\xff\xc3", "a\\xff\\xc3" },
	{ "overlong", "\xc0\x9b", "\\xc0\\x9b" },
	{ "surrogate", "\xed\xa0\x80", "\\xed\\xa0\\x80" },
	{ "emoji", "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80" },
};

static void test_safe(void)
{
	struct buf out;
	size_t i;

	buf_init(&out, 4096);
	for (i = 0; i < COUNT(safe_rows); i++) {
		buf_clear(&out);
		cli_safe(&out, slice_str(safe_rows[i].text));
		ok_slice(buf_slice(&out), slice_str(safe_rows[i].want), safe_rows[i].name);
	}
	buf_free(&out);
}

static const struct { const char *text; bool end, good; int64_t seconds; } when_rows[] = {
	{ "2026-11-23", false, true, 1795359600 },                    /* 2026-11-22T15:00Z */
	{ "2026-11-23", true, true, 1795359600 + 86400 },             /* the day is included */
	{ "2026-11-23T00:00:00+09:00", false, true, 1795359600 },
	{ "2026-11-23T00:00:00+09:00", true, true, 1795359600 },      /* a time is itself */
	{ "2026-11-22T15:00:00Z", false, true, 1795359600 },
	{ "2026-02-29", false, false, 0 },
	{ "2026-11-23T00:00:00", false, false, 0 },
	{ "yesterday", false, false, 0 },
	{ "", false, false, 0 },
};

static void test_when(void)
{
	size_t i;

	ok_int(zone_use("Asia/Tokyo", NULL), TK_OK, "Asia/Tokyo");
	for (i = 0; i < COUNT(when_rows); i++) {
		int64_t ns = 0;
		bool good = cli_when(slice_str(when_rows[i].text), when_rows[i].end, &ns);

		ok_int(good ? ns / NS_PER_SEC : -1, when_rows[i].good ? when_rows[i].seconds : -1,
			when_rows[i].text);
	}
}

static void test_write(void)
{
	char file[] = "/tmp/tochoku-test-XXXXXX", back[8] = "";
	int fd = mkstemp(file);

	ok_int(write(fd, "longer than it", 14), 14, "a file that is there");
	ok_int(cli_write(file, SLICE("abc")), EXIT_DONE, "written");
	ok_int(pread(fd, back, sizeof back, 0), 3, "in place of what was there");
	ok_str(back, "abc", "as given");
	close(fd);
	unlink(file);
	ok_int(cli_write("/dev/full", SLICE("abc")), EXIT_INPUT, "a full disk");
	ok_int(cli_write("/nonexistent/x", SLICE("abc")), EXIT_INPUT, "no such folder");
	ok_int(cli_write("/dev/null", SLICE("abc")), EXIT_DONE, "a device that cannot be synced");
}

/* A configuration in a file; how cli_config takes it. */
static bool loads(const char *text)
{
	char file[] = "/tmp/tochoku-test-XXXXXX";
	int fd = mkstemp(file);
	struct cli cli = { .program = "tochoku", .config_file = file };
	struct config *c;
	bool good;

	good = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	close(fd);
	c = cli_config(&cli, true);
	good = good && c != NULL;
	config_free(c);
	unlink(file);
	return good;
}

static void test_config(void)
{
	struct cli nowhere = { .program = "tochoku", .config_file = "/nonexistent/tochoku.yml" };

	ok(loads("inputs: {tails: [{name: a, path: /x, format: auto}]}"), "format auto");
	ok(loads("inputs: {tails: [{name: a, path: /x, format: nginx-combined}]}"), "a format that exists");
	ok(!loads("inputs: {tails: [{name: a, path: /x, format: nginx-combinde}]}"),
	  "a format that does not");
	ok(!loads("inputs: ["), "broken YAML");
	ok(cli_config(&nowhere, false) == NULL, "a file that was asked for and is not there");
}

int main(void)
{
	test_safe();
	test_when();
	test_write();
	test_config();
	return tap_done();
}
