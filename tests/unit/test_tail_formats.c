/* The tail: compressed logs, formats that show late, headers, lines in pieces. */
#include "tests/lib/tail_rig.h"

static void test_gzip(void)
{
	struct bench *b = bench_new();

	gzip(b, "log.2.gz", lines(0, 2000));
	append(b, "log.1", lines(2000, 2100));
	append(b, "log", lines(2100, 2200));
	hand_in(b, "log.2.gz", false);
	hand_in(b, "log.1", false);
	hand_in(b, "log", true);
	run(b, 80 * NS_PER_SEC);
	check(b, 2200, "history, compressed and not");
	gzip(b, "log.2x.gz", lines(2000, 2100)); /* what was log.1 */
	unlink(path(b, "log.1"));
	hand_in(b, "log.2x.gz", false);
	run(b, 80 * NS_PER_SEC);
	check(b, 2200, "compressed after it was read");
	ok_int((int64_t)b->l.n, 3, "no new generation");
	bench_free(b);
}

static void test_cut_gzip(void)
{
	struct bench *b = bench_new();
	char whole[1 << 16];
	ssize_t n;
	int fd;

	gzip(b, "whole", lines(0, 300));
	fd = sys_open(path(b, "whole"), O_RDONLY, 0);
	n = sys_read(fd, whole, sizeof whole);
	sys_close(fd);
	append(b, "log.1.gz", slice_of(whole, (size_t)n / 2));
	hand_in(b, "log.1.gz", false);
	run(b, 5 * NS_PER_SEC);
	ok_int(b->l.seen[0], 0, "half a compressed file waits");
	append(b, "log.1.gz", slice_of(whole + n / 2, (size_t)(n - n / 2)));
	run(b, 5 * NS_PER_SEC);
	check(b, 300, "and is read when it is whole");
	bench_free(b);
}

static void test_formats(void)
{
	struct bench *b = bench_new();

	append(b, "log", SLICE("what is this\nand this\n"));
	hand_in(b, "log", true);
	run(b, 20 * NS_PER_SEC);
	ok(b->l.said == 1 && b->l.rejects == 0 && b->l.beats == 0,
	   "an unknown format is told once, nothing consumed");
	append(b, "log", lines(0, 30));
	run(b, 2 * NS_PER_SEC);
	check(b, 30, "known when there is more of it");
	ok_int((int64_t)b->l.rejects, 2, "its strange lines are counted");
	bench_free(b);
}

/* Lines whose header alone says what is in them; the header too, if they begin with the first. */
static struct slice told_lines(int from, int to)
{
	static char text[8192];
	static const char header[] = "#Version: 1.0\n"
				     "#Fields: sc-status cs-uri-query cs-uri-stem date time c-ip\n";
	size_t n = from > 0 ? 0 : (size_t)sprintf(text, "%s", header);

	for (int i = from; i < to; i++)
		n += (size_t)sprintf(text + n, "200\tn=%d\t/v1/x\t2026-11-23\t10:00:%02d\t10.1.2.3\n", i,
				     i % 60);
	return slice_of(text, n);
}

static void test_header(void)
{
	struct bench *b = bench_new();

	append(b, "log", told_lines(0, 10));
	hand_in(b, "log", true);
	run(b, NS_PER_SEC);
	check(b, 10, "as the header says");
	append(b, "log", told_lines(10, 20));
	restart(b);
	hand_in(b, "log", true);
	run(b, NS_PER_SEC);
	check(b, 20, "resumed behind the header");
	rename(path(b, "log"), path(b, "log.1"));
	append(b, "log.1", told_lines(20, 30));
	gzip(b, "log.1.gz", told_lines(0, 30));
	unlink(path(b, "log.1"));
	restart(b);
	hand_in(b, "log.1.gz", false);
	append(b, "log", told_lines(30, 30));
	hand_in(b, "log", true);
	run(b, 20 * NS_PER_SEC);
	check(b, 30, "resumed in a compressed copy");
	ok_int((int64_t)b->l.rejects, 0, "a header is no line that is lost");
	bench_free(b);
}

static void test_pieces(void)
{
	struct bench *b = bench_new();
	struct slice s = lines(0, 1);
	char text[512];

	snprintf(text, sizeof text, "2026-11-23T10:00:00Z stdout P %.*s\n", 30, (const char *)s.p);
	append(b, "log", slice_str(text));
	hand_in(b, "log", true);
	run(b, NS_PER_SEC);
	restart(b);
	hand_in(b, "log", true);
	run(b, NS_PER_SEC);
	ok_int((int64_t)b->l.rejects, 0, "a piece waits for the rest, over a restart");
	s = slice_from(s, 30);
	snprintf(text, sizeof text, "2026-11-23T10:00:00Z stdout F %.*s", (int)s.n, (const char *)s.p);
	append(b, "log", slice_str(text));
	run(b, NS_PER_SEC);
	check(b, 1, "a line in two pieces");
	ok_int((int64_t)b->l.rejects, 0, "no piece is taken for a line");
	bench_free(b);
}

int main(void)
{
	test_gzip();
	test_cut_gzip();
	test_formats();
	test_header();
	test_pieces();
	return tap_done();
}
