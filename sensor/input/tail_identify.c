/* Which generation is each file? Order of trust: device and inode with the same bytes; the bytes alone
 * (a copy, a compressed one); otherwise it is new. What cannot be told yet waits: reading a copy as
 * new would double its lines, and that cannot be taken back. */
#include <stdlib.h>

#include "core/base/sys.h"
#include "core/base/zone.h"
#include "sensor/input/tail_state.h"

#define YOUNG_NS (3 * NS_PER_SEC)       /* not written to for so long: its writer is done */
#define YOUNG_MAX_NS (15 * NS_PER_SEC)  /* nor is it a copy if it is written to for so long */
#define COPY_LATE_NS (15 * NS_PER_SEC)  /* a copy turns up this soon after its log was truncated */
#define CUT_SETTLED_NS NS_PER_SEC       /* a compressed file is tried again when quiet for so long */
#define CUT_GIVE_UP_NS (60 * NS_PER_SEC)
#define HEAD 8192
#define PROBE_STEPS 4                   /* chunks in a row, then live logs have their turn */

static struct gen_query query_of(const struct tail_file *f)
{
	return (struct gen_query){ .input = f->input, .base = slice_str(f->base), .is_base = f->is_base,
				   .dev = f->dev, .ino = f->ino, .size = f->size, .fd = f->fd };
}

/* What tells of the lines stands before the place from which on they are read. */
static void read_head(struct tail_file *f)
{
	uint8_t head[HEAD];
	ssize_t n = f->compressed || f->cur.position == 0 ? 0 : sys_pread(f->fd, head, sizeof head, 0);

	if (n > 0)
		log_format_head(slice_of(head, (size_t)n), &f->format, &f->own_format);
}

static void start_reading(struct tails *t, struct tail_file *f)
{
	f->state = FILE_READ;
	f->format = t->inputs[f->input].format;
	read_head(f);
	f->format_size = UINT64_MAX;
	f->known_size = 0;
	if (t->inputs[f->input].beat_gen < 0 || f->is_base)
		t->inputs[f->input].beat_gen = f->gen;
}

int file_new_generation(struct tails *t, struct tail_file *f, struct err *e)
{
	struct generation g = { .dev = f->dev, .ino = f->ino };
	int64_t i;

	if (!random_bytes(&g.token, sizeof g.token))
		return err_set(e, TK_EIO, "no random number for a new log file");
	g.token |= g.token == 0;
	i = gen_book_add(&t->book, f->input, slice_str(f->base), &g, t->now);
	if (i < 0)
		return err_set(e, TK_ENOMEM, "%s: no memory", f->path);
	f->gen = i;
	f->cur = g;
	f->epoch++;
	gen_book_own(&t->book, (size_t)i, GEN_HELD, f, t->now);
	file_resume(t, f, 0, 0, false);
	start_reading(t, f);
	return TK_OK;
}

/* The file is that generation, and goes on where it was left. */
static int claim(struct tails *t, struct tail_file *f, int64_t i, struct err *e)
{
	struct gen_entry *g = &t->book.list[i];
	uint64_t size = f->compressed ? f->plain_size : f->size;
	bool moved = g->g.dev != f->dev || g->g.ino != f->ino;
	int rc = TK_OK;

	f->gen = i;
	f->cur = g->g;
	f->cur.dev = f->dev;
	f->cur.ino = f->ino;
	f->epoch++;
	g->gone = false;
	g->parked = false;
	gen_book_own(&t->book, (size_t)i, GEN_HELD, f, t->now);
	file_resume(t, f, g->g.position, g->g.line, false);
	start_reading(t, f);
	/* A compressed file that has nothing more need not be unpacked a second time. */
	if (f->compressed && size <= g->g.position)
		f->codec_end = true;
	if (size > g->g.position)
		f->cur.finished = false;
	/* So that the next start finds it by device and inode. The hashes stay as they are. */
	if (moved) {
		struct generation known = f->cur;

		if ((rc = batch_flush(t, 0, e)) != TK_OK)
			return rc;
		g->g.dev = known.dev;
		g->g.ino = known.ino;
		rc = batch_for_entry(t, (size_t)i, NULL, 0, e);
	}
	return rc;
}

/* A copy that ends before what was read of its log: it adds nothing. */
static int claim_shorter(struct tails *t, struct tail_file *f, int64_t i, struct err *e)
{
	struct gen_entry *g = &t->book.list[i];
	struct loss gap = { .reason = LOSS_GAP, .n = 1 };
	int rc = TK_OK;

	if (!g->g.finished) {
		g->g.finished = true;
		g->g.dev = f->dev;
		g->g.ino = f->ino;
		gap.bytes = g->known_size > g->g.position ? g->known_size - g->g.position : 0;
		rc = batch_for_entry(t, (size_t)i, gap.bytes > 0 ? &gap : NULL, 0, e);
	}
	gen_book_own(&t->book, (size_t)i, GEN_RETIRED, NULL, t->now);
	file_retire(t, f, RETIRED_DONE);
	return rc;
}

static int wait_for(struct tails *t, struct tail_file *f, enum wait_reason why, int64_t ns)
{
	f->state = FILE_WAITS;
	f->wait = why;
	f->wait_version = t->book.version;
	f->wait_until = t->now + ns;
	return TK_OK;
}

static bool at_rest(const struct tails *t, const struct tail_file *f)
{
	const struct gen_entry *g = &t->book.list[f->gen];

	return f->state == FILE_READ && t->pending != f && g->in_flight == 0 && !file_has_more(t, f) &&
	       lines_pending(&f->lines) == 0;
}

/* The bytes of a file say that it is generation i. */
static int decide(struct tails *t, struct tail_file *f, int64_t i, struct err *e)
{
	struct gen_entry *g = &t->book.list[i];
	struct tail_file *holder = (struct tail_file *)(uintptr_t)g->holder;

	if (g->owner == GEN_HELD && holder->unlinked && at_rest(t, holder)) {
		/* Its old file has no name and nothing more to say: the copy takes its place. */
		file_retire(t, holder, RETIRED_DONE);
		gen_book_own(&t->book, (size_t)i, GEN_RETIRED, NULL, t->now);
	}
	if (g->owner == GEN_HELD || g->in_flight > 0)
		return wait_for(t, f, WAIT_SHADOW, g->owner == GEN_HELD ? 10 * NS_PER_SEC : NS_PER_SEC / 10);
	if (g->owner == GEN_LOST)
		return file_new_generation(t, f, e);
	return i == f->copy_of ? claim_shorter(t, f, i, e) : claim(t, f, i, e);
}

/* Is it a copy of a generation of which more was read than it holds? While the log itself is there its
 * bytes tell; just after it was truncated the beginning and the time must do. */
static int64_t longer_generation(struct tails *t, const struct tail_file *f, struct slice head,
				 struct slice before, uint64_t size)
{
	uint8_t b[GENERATION_TAIL];
	struct gen_query q = query_of(f);

	if (f->is_base || size == 0)
		return -1;
	for (size_t i = t->book.n; i-- > 0;) {
		const struct gen_entry *g = &t->book.list[i];
		const struct tail_file *h = g->holder;

		if (!gen_may_be(g, &q) || g->seen.position <= size || !slice_is(q.base, g->base))
			continue;
		if (g->owner == GEN_HELD && !h->compressed && h != f && before.n > 0 &&
		    sys_pread(h->fd, b, before.n, (off_t)(size - before.n)) == (ssize_t)before.n &&
		    memcmp(b, before.p, before.n) == 0)
			return (int64_t)i;
		if (g->owner == GEN_RELEASED && t->now - g->since < COPY_LATE_NS &&
		    generation_prefix_is(&g->seen, head, t->batcher->sha))
			return (int64_t)i;
	}
	return -1;
}

static int64_t longer_than_plain(struct tails *t, const struct tail_file *f)
{
	uint8_t head[GENERATION_PREFIX], before[GENERATION_TAIL];
	size_t n = f->size < sizeof before ? (size_t)f->size : sizeof before;
	ssize_t h = sys_pread(f->fd, head, sizeof head, 0);
	ssize_t b = sys_pread(f->fd, before, n, (off_t)(f->size - n));

	return longer_generation(t, f, slice_of(head, h < 0 ? 0 : (size_t)h),
				 slice_of(before, b != (ssize_t)n ? 0 : n), f->size);
}

/* No generation has its bytes. */
static int unknown_file(struct tails *t, struct tail_file *f, struct err *e)
{
	if (f->copy_of >= 0)
		return decide(t, f, f->copy_of, e);
	if (!f->is_base && !f->compressed && !f->unlinked && t->now - f->changed_at < YOUNG_NS &&
	    t->now - f->met_at < YOUNG_MAX_NS)
		return wait_for(t, f, WAIT_YOUNG, NS_PER_SEC / 2);
	return file_new_generation(t, f, e);
}

/* Another file of this path begins with the same bytes, and nothing of it was read yet that could be
 * compared: it goes first. The log goes before its copies, and those in the order of their age. */
static bool twin_is_unread(const struct tails *t, const struct tail_file *f, struct slice head)
{
	uint8_t b[GENERATION_PREFIX];
	bool younger = false;

	for (size_t i = 0; i < t->n_files; i++) {
		const struct tail_file *o = t->files[i];
		ssize_t n;

		younger |= o == f;
		if (o == f || o->group != f->group || o->compressed || o->state >= FILE_FINISHED ||
		    (younger && !o->is_base && !f->compressed) ||
		    (o->gen >= 0 && t->book.list[o->gen].seen.position > 0))
			continue;
		n = sys_pread(o->fd, b, head.n < sizeof b ? head.n : sizeof b, 0);
		if (n > 0 && memcmp(b, head.p, (size_t)n) == 0)
			return true;
	}
	return false;
}

static bool head_is_twin(const struct tails *t, const struct tail_file *f)
{
	uint8_t head[GENERATION_PREFIX];
	ssize_t n = sys_pread(f->fd, head, sizeof head, 0);

	return n > 0 && twin_is_unread(t, f, slice_of(head, (size_t)n));
}

static int identify_plain(struct tails *t, struct tail_file *f, struct err *e)
{
	struct gen_query q = query_of(f);
	int64_t i = gen_book_content(&t->book, &q, t->batcher->sha);

	if (i >= 0) {
		f->copy_of = -1;
		return decide(t, f, i, e);
	}
	if (f->copy_of < 0)
		f->copy_of = longer_than_plain(t, f);
	if (f->copy_of < 0 && !f->is_base && head_is_twin(t, f))
		return wait_for(t, f, WAIT_TWIN, NS_PER_SEC / 10);
	return unknown_file(t, f, e);
}

/* ---- compressed files ---- */

static int probe_done(struct tails *t, struct tail_file *f, enum probe_result r, struct err *e)
{
	const char *codec = codec_name(t->probe.reader);

	/* Its name says compressed, its bytes do not: its first ones have not been written yet. */
	if (r == PROBE_SOUND && (codec == NULL || strcmp(codec, "plain") == 0))
		r = PROBE_CUT;
	f->found = t->probe.best;
	f->plain_size = t->probe.total;
	if (f->found < 0 && r != PROBE_CUT)
		f->copy_of = longer_generation(t, f, slice_of(t->probe.track.prefix, t->probe.track.prefix_n),
					       slice_of(t->probe.track.seen, t->probe.track.seen_n),
					       f->plain_size);
	probe_end(&t->probe);
	t->unpacking = NULL;
	f->probed = true;
	if ((r == PROBE_CUT || r == PROBE_DAMAGED) && t->now - f->changed_at < CUT_GIVE_UP_NS) {
		f->probed = false;
		return wait_for(t, f, WAIT_CUT, CUT_GIVE_UP_NS);
	}
	return f->found >= 0 ? decide(t, f, f->found, e) : unknown_file(t, f, e);
}

static int probe_file(struct tails *t, struct tail_file *f, bool *busy, struct err *e)
{
	struct gen_query q = query_of(f);

	if (f->state == FILE_NEW) {
		if (t->unpacking != NULL)
			return TK_OK;
		if (probe_begin(&t->probe, f->fd) != TK_OK)
			return err_set(e, TK_ENOMEM, "%s: no memory", f->path);
		t->unpacking = f;
		f->state = FILE_PROBED;
	}
	for (int i = 0; i < PROBE_STEPS; i++) {
		struct err why = { 0 };
		enum probe_result r =
			probe_step(&t->probe, &t->book, &q, t->batcher->sha, t->buf, CHUNK, &why);

		if (r != PROBE_CUT && t->probe.best < 0 && t->probe.track.prefix_n > 0 &&
		    twin_is_unread(t, f, slice_of(t->probe.track.prefix, t->probe.track.prefix_n))) {
			probe_end(&t->probe);
			t->unpacking = NULL;
			return wait_for(t, f, WAIT_TWIN, NS_PER_SEC / 10);
		}
		if (r != PROBE_MORE)
			return probe_done(t, f, r, e);
	}
	*busy = true;
	return TK_OK;
}

/* ---- all of them ---- */

static int identify(struct tails *t, struct tail_file *f, bool *busy, struct err *e)
{
	if (!f->compressed)
		return identify_plain(t, f, e);
	if (f->probed)
		return f->found >= 0 ? decide(t, f, f->found, e) : unknown_file(t, f, e);
	return probe_file(t, f, busy, e);
}

/* May a file that waits be looked at again? */
static bool due(const struct tails *t, struct tail_file *f)
{
	if (f->state != FILE_WAITS)
		return f->state == FILE_NEW || f->state == FILE_PROBED;
	if (f->wait == WAIT_CUT) {
		bool news = f->changed_at > f->wait_until - CUT_GIVE_UP_NS;

		if (!(news && t->now - f->changed_at >= CUT_SETTLED_NS) && t->now < f->wait_until)
			return false;
	} else if (t->now < f->wait_until && t->book.version == f->wait_version) {
		return false;
	}
	f->state = FILE_NEW;
	return true;
}

static bool sibling_is_unknown(const struct tails *t, const struct tail_file *f)
{
	for (size_t i = 0; i < t->n_files; i++) {
		const struct tail_file *o = t->files[i];

		if (o != f && o->group == f->group && !o->is_base &&
		    (o->state == FILE_NEW || o->state == FILE_PROBED))
			return true;
	}
	return false;
}

static void tell_what_was_read(struct tails *t)
{
	for (size_t i = 0; i < t->n_files; i++) {
		struct tail_file *f = t->files[i];

		if (f->state != FILE_READ || f->skip > 0)
			continue;
		gen_track_hash(&f->track, t->batcher->sha, f->cur.position, &f->cur);
		t->book.list[f->gen].seen = f->cur;
	}
}

static int identify_exact(struct tails *t, struct err *e)
{
	for (size_t i = 0; i < t->n_files; i++) {
		struct tail_file *f = t->files[i];
		struct gen_query q = query_of(f);
		int64_t found;
		int rc;

		if (f->state != FILE_NEW || f->compressed)
			continue;
		found = gen_book_exact(&t->book, &q, t->batcher->sha);
		if (found >= 0 && t->book.list[found].in_flight == 0 && (rc = claim(t, f, found, e)) != TK_OK)
			return rc;
	}
	return TK_OK;
}

int identify_files(struct tails *t, bool *busy, struct err *e)
{
	size_t n = 0;
	int rc;

	for (size_t i = 0; i < t->n_files; i++)
		n += due(t, t->files[i]);
	if (n == 0)
		return TK_OK;
	tell_what_was_read(t);
	rc = identify_exact(t, e);
	for (size_t i = 0; rc == TK_OK && i < t->n_files; i++) {
		struct tail_file *f = t->files[i];

		if (f->state != FILE_NEW && f->state != FILE_PROBED)
			continue;
		/* An older file has the better claim to what both begin with. */
		if (f->is_base && sibling_is_unknown(t, f)) {
			*busy = true;
			continue;
		}
		rc = identify(t, f, busy, e);
	}
	return rc;
}
