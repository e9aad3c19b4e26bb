/* The tail: growth, rotation, truncation, resuming, flow control. */
#include "tests/lib/tail_rig.h"

static void test_growth(void)
{
	struct bench *b = bench_new();
	struct slice s = lines(0, 3);

	append(b, "log", slice_of(NULL, 0));
	hand_in(b, "log", true);
	for (size_t i = 0; i < s.n; i++) {
		append(b, "log", slice_of(s.p + i, 1));
		run(b, NS_PER_SEC / 5);
	}
	check(b, 3, "a line split at every byte");
	ok_int((int64_t)b->l.rejects, 0, "none of them merged or cut");
	ok(b->l.beats > 5, "heartbeats");
	append(b, "log", SLICE("junk\n"));
	append(b, "log", slice_head(lines(3, 4), 20));
	run(b, 100 * NS_PER_SEC);
	ok_int((int64_t)b->l.rejects, 1, "a line that is none is counted");
	ok_int((int64_t)b->l.g[0].line, 4, "a line without LF waits in the log");
	bench_free(b);
}

static void test_rename(void)
{
	struct bench *b = bench_new();
	struct slice s;
	uint64_t first;

	append(b, "log", lines(0, 50));
	first = hand_in(b, "log", true);
	run(b, NS_PER_SEC);
	rename(path(b, "log"), path(b, "log.1"));
	append(b, "log", lines(51, 60));
	hand_in(b, "log", true);
	run(b, NS_PER_SEC);
	s = lines(50, 51);
	append(b, "log.1", slice_head(s, s.n - 1)); /* the writer has it open still; no LF */
	run(b, 2 * NS_PER_SEC);
	ok_int(b->l.seen[50], 0, "the last line without LF waits");
	run(b, 4 * NS_PER_SEC);
	check(b, 60, "renamed");
	ok_int((int64_t)b->l.n_retired, 0, "the rotated file is still watched");
	run(b, 62 * NS_PER_SEC);
	ok(b->l.n_retired == 1 && b->l.retired[0] == first && b->l.status[0] == RETIRED_DONE,
	   "and given back when idle");
	ok(b->l.g[0].finished && !b->l.g[1].finished, "finished is recorded");
	bench_free(b);
}

static void test_copytruncate(bool late)
{
	struct bench *b = bench_new();

	append(b, "log", lines(0, 100));
	hand_in(b, "log", true);
	run(b, NS_PER_SEC);
	append(b, "log", lines(100, 200)); /* not read yet when it is copied */
	append(b, "log.1", lines(0, 200));
	if (!late)
		hand_in(b, "log.1", false);
	if (!late)
		run(b, NS_PER_SEC);
	ok(truncate(path(b, "log"), 0) == 0, "truncated");
	append(b, "log", lines(200, 210));
	run(b, NS_PER_SEC);
	if (late)
		hand_in(b, "log.1", false);
	run(b, 80 * NS_PER_SEC);
	check(b, 210, late ? "copied, truncated, then found" : "copied, found, then truncated");
	ok_int((int64_t)b->l.gaps, 0, "no gap");
	bench_free(b);
}

static void test_truncated(void)
{
	struct bench *b = bench_new();
	struct slice unread;

	append(b, "log", lines(0, 10));
	hand_in(b, "log", true);
	run(b, NS_PER_SEC);
	unread = lines(100, 101);
	append(b, "log", slice_head(unread, 40)); /* seen, but not a line yet */
	run(b, NS_PER_SEC);
	ok(truncate(path(b, "log"), 0) == 0, "truncated");
	append(b, "log", slice_of("\0\0\0\0\0", 5));
	append(b, "log", lines(10, 40)); /* longer than before: only the bytes tell */
	run(b, 12 * NS_PER_SEC);
	check(b, 40, "truncated and grown again");
	ok_int((int64_t)b->l.gaps, 2, "the bytes that were lost, and the NUL bytes");
	ok_int((int64_t)b->l.gap_bytes, 45, "how many");
	bench_free(b);
}

static void test_resume(void)
{
	struct bench *b = bench_new();

	append(b, "log", lines(0, 150));
	hand_in(b, "log", true);
	run(b, NS_PER_SEC);
	append(b, "log", lines(150, 160));
	rename(path(b, "log"), path(b, "log.2"));
	append(b, "log.1", lines(160, 170));
	append(b, "log", lines(170, 180));
	restart(b);
	hand_in(b, "log.2", false);
	hand_in(b, "log.1", false);
	hand_in(b, "log", true);
	run(b, 20 * NS_PER_SEC);
	check(b, 180, "rotated twice while nothing ran");
	restart(b);
	gzip(b, "log.2.gz", lines(0, 160));
	unlink(path(b, "log.2"));
	hand_in(b, "log.2.gz", false);
	hand_in(b, "log.1", false);
	hand_in(b, "log", true);
	run(b, 20 * NS_PER_SEC);
	check(b, 180, "compressed while nothing ran");
	ok_int((int64_t)b->l.gaps, 0, "no gap");
	restart(b);
	unlink(path(b, "log"));
	append(b, "log", lines(180, 190));
	hand_in(b, "log", true);
	run(b, 20 * NS_PER_SEC);
	check(b, 190, "deleted while nothing ran");
	ok(b->l.gaps >= 1, "T38 what may have been in it, unread, is a gap");
	bench_free(b);
}

static void test_discard(void)
{
	struct bench *b = bench_new();

	append(b, "log", lines(0, 10));
	hand_in(b, "log", true);
	run(b, NS_PER_SEC);
	b->l.refuse = 3;
	append(b, "log", lines(10, 12000));
	run(b, 3 * NS_PER_SEC);
	append(b, "log", lines(12000, 12010));
	run(b, NS_PER_SEC);
	check(b, 12010, "refused and sent again");
	ok_int((int64_t)b->l.g[0].line, 12010, "lines are counted on");
	bench_free(b);
}

static void test_flow(void)
{
	struct bench *b = bench_new();

	b->l.hold = true;
	append(b, "log", slice_of(NULL, 0));
	hand_in(b, "log", true);
	for (int i = 0; i < 40; i++) {
		append(b, "log", lines(i * 10, i * 10 + 10));
		run(b, NS_PER_SEC / 4);
	}
	ok_int((int64_t)b->l.most, OUTBOX_MAX, "so many batches without an answer, not more");
	b->l.hold = false;
	run(b, NS_PER_SEC);
	check(b, 400, "answered late");
	bench_free(b);
}

static void test_shortage(void)
{
	struct bench *b = bench_new();
	uint64_t id;

	append(b, "log", lines(0, 30));
	id = hand_in(b, "log", true);
	run(b, 2 * NS_PER_SEC);
	tails_shortage(b->l.tails, 1);
	run(b, NS_PER_SEC);
	ok(b->l.n_retired == 1 && b->l.retired[0] == id && b->l.status[0] == RETIRED_PARKED,
	   "idle: given back");
	tails_shortage(b->l.tails, 0);
	append(b, "log", lines(30, 40));
	hand_in(b, "log", true);
	run(b, 20 * NS_PER_SEC);
	check(b, 40, "handed in again");
	ok_int((int64_t)b->l.gaps, 0, "no gap");
	bench_free(b);
}

int main(void)
{
	test_growth();
	test_rename();
	test_copytruncate(false);
	test_copytruncate(true);
	test_truncated();
	test_resume();
	test_discard();
	test_flow();
	test_shortage();
	return tap_done();
}
