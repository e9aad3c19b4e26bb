/* The tail on real files with a recorder made of an array: rotation, truncation, copies, resuming,
 * flow control. The clock is the test's own. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "core/base/sys.h"
#include "core/base/zone.h"
#include "sensor/input/tail.h"
#include "tests/lib/tap.h"

#define LINES 20000
#define GENERATIONS 64

/* What the recorder would have: positions by generation, and how often each line was seen. */
struct ledger {
	struct generation g[GENERATIONS];
	size_t n;
	uint8_t seen[LINES];
	uint64_t gap_bytes, gaps, rejects, beats;
	struct batch_ack acks[OUTBOX_MAX];
	size_t n_acks, most;
	bool hold;          /* answers nothing until asked to wait */
	unsigned refuse;    /* so many batches are discarded */
	uint64_t retired[64];
	uint8_t status[64];
	size_t n_retired, said;
	struct tails *tails;
	struct outbox outbox;
	struct batch_reader *reader;
};

struct bench {
	struct ledger l;
	struct batcher batcher;
	char folder[64];
	int64_t mono, wall;
	uint64_t next_id;
};

static struct generation *find(struct ledger *l, uint64_t token)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->g[i].token == token)
			return &l->g[i];
	l->g[l->n] = (struct generation){ .token = token };
	return &l->g[l->n++];
}

/* What is discarded must be read all the same: it may define what later batches name. */
static void read_batch(struct ledger *l, bool discarded)
{
	struct batch_reader *r = l->reader;
	struct flat_event fe;
	uint32_t def[P_COUNT];
	struct reject rejected;
	struct loss loss;

	flat_event_reset(&fe);
	while (batch_next_reject(r, &rejected) == TK_OK)
		l->rejects += !discarded;
	while (batch_next_loss(r, &loss) == TK_OK) {
		l->gaps += discarded ? 0 : loss.n;
		l->gap_bytes += discarded ? 0 : loss.bytes;
	}
	while (batch_next(r, &fe.ev, def, NULL) == TK_OK) {
		char text[32];

		snprintf(text, sizeof text, "%.*s", (int)ev_str(&fe.ev, F_QUERY).n,
			 (const char *)ev_str(&fe.ev, F_QUERY).p);
		l->seen[atoi(text + 2) % LINES] += !discarded;
	}
}

static int deliver(struct ledger *l)
{
	struct batch_ack a = l->acks[0];

	if (l->n_acks == 0)
		return TK_EEND;
	memmove(l->acks, l->acks + 1, --l->n_acks * sizeof *l->acks);
	return outbox_answer(&l->outbox, &a, NULL);
}

static int take(void *ctx, struct slice payload, struct err *e)
{
	struct ledger *l = ctx;
	struct batch_head h;
	struct generation *g;
	struct batch_ack *a = &l->acks[l->n_acks++];

	if (batch_open(l->reader, payload, &h, e) != TK_OK)
		return TK_EMALFORMED;
	g = find(l, h.gen.token);
	*a = (struct batch_ack){ .token = h.gen.token, .discarded = h.from != g->position || l->refuse > 0 };
	read_batch(l, a->discarded);
	if (a->discarded) {
		l->refuse -= l->refuse > 0;
	} else {
		l->beats += (h.flags & BATCH_CAUGHT_UP) != 0;
		*g = h.gen;
	}
	a->position = g->position;
	if (l->n_acks > l->most)
		l->most = l->n_acks;
	return TK_OK;
}

static int wait_ack(void *ctx, struct err *e)
{
	(void)e;
	return deliver(ctx);
}

static void retired(void *ctx, const struct role_retired *r)
{
	struct ledger *l = ctx;

	l->status[l->n_retired % 64] = r->status;
	l->retired[l->n_retired++ % 64] = r->id;
}

static void said(void *ctx, const char *text)
{
	(void)text;
	((struct ledger *)ctx)->said++;
}

static void start(struct bench *b)
{
	const struct tail_sink sink = { .ctx = &b->l, .retired = retired, .say = said };
	const struct outbox_line line = { .ctx = &b->l, .send = take, .wait = wait_ack };
	const struct role_input in = { .name = SLICE("gateway"), .format = SLICE("auto") };

	outbox_init(&b->l.outbox, &line, b->batcher.w);
	b->l.tails = tails_new(BATCH_TAIL, &sink, &b->l.outbox, &b->batcher);
	tails_input(b->l.tails, &in, NULL);
	for (size_t i = 0; i < b->l.n; i++)
		tails_resume(b->l.tails, SLICE("gateway"), slice_str(b->folder), &b->l.g[i], b->mono);
}

static struct bench *bench_new(void)
{
	struct bench *b = calloc(1, sizeof *b);

	strcpy(b->folder, "/tmp/test_tail.XXXXXX");
	if (mkdtemp(b->folder) == NULL)
		abort();
	b->mono = 1000 * NS_PER_SEC;
	b->wall = sys_now_ns();
	b->l.reader = batch_reader_new();
	batcher_init(&b->batcher, slice_of(NULL, 0), NULL, 0);
	start(b);
	return b;
}

static void bench_free(struct bench *b)
{
	char command[128];

	tails_free(b->l.tails);
	batch_reader_free(b->l.reader);
	batcher_free(&b->batcher);
	snprintf(command, sizeof command, "rm -rf '%s'", b->folder);
	ok(system(command) == 0, "cleared");
	free(b);
}

static const char *path(const struct bench *b, const char *name)
{
	static char p[4][128];
	static unsigned turn;

	turn = (turn + 1) % 4;
	snprintf(p[turn], sizeof p[turn], "%s/%s", b->folder, name);
	return p[turn];
}

/* Valid until the next call. */
static struct slice lines(int from, int to)
{
	static char text[LINES * 120];
	size_t n = 0;

	for (int i = from; i < to; i++)
		n += (size_t)sprintf(
			text + n,
			"10.1.2.3 - u [23/Nov/2026:10:00:%02d +0900] \"POST /v1/x?n=%d HTTP/1.1\" "
			"200 12 \"-\" \"c\"\n",
			i % 60, i);
	return slice_of(text, n);
}

static void append(const struct bench *b, const char *name, struct slice s)
{
	int fd = sys_open(path(b, name), O_WRONLY | O_CREAT | O_APPEND, 0600);

	sys_write_all(fd, s.p, s.n);
	sys_close(fd);
}

static uint64_t hand_in(struct bench *b, const char *name, bool is_base)
{
	int fd = sys_open(path(b, name), O_RDONLY, 0);
	const char *dot = strrchr(name, '.');
	struct role_file f = { .id = ++b->next_id,
			       .is_base = is_base,
			       .path = slice_str(path(b, name)),
			       .base = slice_str(b->folder),
			       .compressed = dot != NULL && strcmp(dot, ".gz") == 0 };
	struct stat st;

	fstat(fd, &st);
	f.dev = st.st_dev;
	f.ino = st.st_ino;
	f.size = (uint64_t)st.st_size;
	f.mtime = (int64_t)st.st_mtim.tv_sec * NS_PER_SEC + st.st_mtim.tv_nsec;
	ok_int(tails_file(b->l.tails, &f, fd, b->mono, b->wall, NULL), TK_OK, "handed in");
	return f.id;
}

/* Time passes. */
static void run(struct bench *b, int64_t ns)
{
	int64_t until = b->mono + ns, sleep_ns;
	struct err e = { 0 };

	tails_ready(b->l.tails, b->mono);
	while (b->mono < until) {
		if (tails_step(b->l.tails, b->mono, b->wall, &sleep_ns, &e) != TK_OK) {
			printf("# %s\n", e.text);
			ok(false, "step");
			return;
		}
		while (!b->l.hold && deliver(&b->l) == TK_OK)
			;
		sleep_ns = sleep_ns == 0 ? 1000000 : sleep_ns;
		b->mono += sleep_ns;
		b->wall += sleep_ns;
	}
}

static void check(struct bench *b, int n, const char *what)
{
	int lost = 0, doubled = 0;
	char name[128];

	for (int i = 0; i < n; i++) {
		lost += b->l.seen[i] == 0;
		doubled += b->l.seen[i] > 1;
	}
	snprintf(name, sizeof name, "%s: lost", what);
	ok_int(lost, 0, name);
	snprintf(name, sizeof name, "%s: doubled", what);
	ok_int(doubled, 0, name);
}

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

static void gzip(const struct bench *b, const char *name, struct slice s)
{
	gzFile z = gzopen(path(b, name), "wb1");

	gzwrite(z, s.p, (unsigned)s.n);
	gzclose(z);
}

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

static void restart(struct bench *b)
{
	tails_free(b->l.tails);
	b->l.n_acks = 0;
	start(b);
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
	test_gzip();
	test_cut_gzip();
	test_resume();
	test_discard();
	test_flow();
	test_formats();
	test_header();
	test_pieces();
	test_shortage();
	return tap_done();
}
