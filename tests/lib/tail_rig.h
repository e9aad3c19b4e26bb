/* The tail on real files, with a recorder made of an array. The clock is the test's own. */
#ifndef TK_TESTS_TAIL_RIG_H
#define TK_TESTS_TAIL_RIG_H

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

static void restart(struct bench *b)
{
	tails_free(b->l.tails);
	b->l.n_acks = 0;
	start(b);
}

static void gzip(const struct bench *b, const char *name, struct slice s)
{
	gzFile z = gzopen(path(b, name), "wb1");

	gzwrite(z, s.p, (unsigned)s.n);
	gzclose(z);
}

#endif
