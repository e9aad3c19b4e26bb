/* The files' life: handed in, read in turn, rotated away, finished, given back. */
#include "sensor/input/tail.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "core/base/sys.h"
#include "core/base/zone.h"
#include "sensor/input/tail_state.h"

#define INPUTS_MAX 100000
#define PARK_IDLE_NS (NS_PER_SEC / 2)

void tails_say(const struct tails *t, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	t->sink.say(t->sink.ctx, text);
}

static int flush_pending(void *ctx, struct err *e)
{
	return batch_flush(ctx, 0, e);
}

static int take_answer(void *ctx, const struct outbox_batch *sent, const struct batch_ack *a, struct err *e);

struct tails *tails_new(enum batch_mode mode, const struct tail_sink *sink, struct outbox *outbox,
			struct batcher *batcher)
{
	struct tails *t = calloc(1, sizeof *t);

	if (t == NULL)
		return NULL;
	t->mode = mode;
	t->sink = *sink;
	t->batcher = batcher;
	t->outbox = outbox;
	t->user = (struct outbox_user){ .ctx = t, .flush = flush_pending, .answer = take_answer };
	t->buf = malloc(OVERLAP + CHUNK);
	if (t->buf == NULL) {
		free(t);
		return NULL;
	}
	return t;
}

/* What it is read with. */
static void close_readers(const struct tails *t, struct tail_file *f)
{
	codec_close(f->codec);
	f->codec = NULL;
	if (f->capture != NULL)
		t->sink.captures->close(f->capture);
	f->capture = NULL;
}

static void file_free(const struct tails *t, struct tail_file *f)
{
	close_readers(t, f);
	log_format_close(f->own_format);
	lines_free(&f->lines);
	sys_close(f->fd);
	free(f->path);
	free(f->base);
	free(f);
}

void tails_free(struct tails *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < t->n_files; i++)
		file_free(t, t->files[i]);
	for (size_t i = 0; i < t->n_inputs; i++) {
		log_format_close(t->inputs[i].format);
		free(t->inputs[i].name);
	}
	for (size_t i = 0; i < t->n_groups; i++)
		free(t->groups[i].base);
	probe_end(&t->probe);
	gen_book_free(&t->book);
	free(t->files);
	free(t->inputs);
	free(t->groups);
	free(t->buf);
	free(t);
}

/* ---- what is told ---- */

int tails_input(struct tails *t, const struct role_input *in, struct err *e)
{
	const struct log_format *format = NULL;
	struct tail_input *list;

	if (in->number != t->n_inputs || t->n_inputs == INPUTS_MAX)
		return err_set(e, TK_EMALFORMED, "input %u comes out of turn", in->number);
	list = realloc(t->inputs, (t->n_inputs + 1) * sizeof *list);
	if (list == NULL)
		return err_set(e, TK_ENOMEM, "no memory for the inputs");
	t->inputs = list;
	if (!slice_is(in->format, "auto") && (format = log_format_open(in->format, e)) == NULL)
		return e->code;
	list[t->n_inputs] = (struct tail_input){ .format = format,
						 .beat_gen = -1,
						 .name = strndup(in->name.n ? (const char *)in->name.p : "",
								 in->name.n) };
	if (list[t->n_inputs].name == NULL) {
		log_format_close(format);
		return err_set(e, TK_ENOMEM, "no memory for the inputs");
	}
	t->n_inputs++;
	return TK_OK;
}

int tails_resume(struct tails *t, struct slice input, struct slice base, const struct generation *g,
		 int64_t mono)
{
	for (uint32_t i = 0; i < t->n_inputs; i++)
		if (slice_is(input, t->inputs[i].name))
			return gen_book_add(&t->book, i, base, g, mono) < 0 ? TK_ENOMEM : TK_OK;
	return TK_OK;
}

static int64_t group_of(struct tails *t, uint32_t input, struct slice base)
{
	struct tail_group *list;

	for (size_t i = 0; i < t->n_groups; i++)
		if (t->groups[i].input == input && slice_is(base, t->groups[i].base))
			return (int64_t)i;
	list = realloc(t->groups, (t->n_groups + 1) * sizeof *list);
	if (list == NULL)
		return -1;
	t->groups = list;
	list[t->n_groups] =
		(struct tail_group){ .input = input, .base = strndup((const char *)base.p, base.n) };
	return list[t->n_groups].base == NULL ? -1 : (int64_t)t->n_groups++;
}

static int add_file(struct tails *t, struct tail_file *f)
{
	if (t->n_files == t->cap_files) {
		size_t cap = t->cap_files == 0 ? 64 : 2 * t->cap_files;
		struct tail_file **list = realloc(t->files, cap * sizeof *list);

		if (list == NULL)
			return TK_ENOMEM;
		t->files = list;
		t->cap_files = cap;
	}
	t->files[t->n_files++] = f;
	return TK_OK;
}

/* What was at the watched path until now has been rotated away. */
static void has_successor(struct tails *t, const struct tail_file *f)
{
	for (size_t i = 0; i < t->n_files; i++) {
		struct tail_file *o = t->files[i];

		if (o == f || o->group != f->group || !o->is_base)
			continue;
		o->is_base = false;
		o->rotated_at = t->now;
	}
}

int tails_file(struct tails *t, const struct role_file *in, int fd, int64_t mono, int64_t wall, struct err *e)
{
	struct tail_file *f = calloc(1, sizeof *f);
	int64_t age = wall - in->mtime, group = -1;

	t->now = mono;
	if (f != NULL && in->input < t->n_inputs && in->path.n > 0 && in->base.n > 0)
		group = group_of(t, in->input, in->base);
	if (f == NULL || group < 0) {
		free(f);
		sys_close(fd);
		return err_set(e, TK_EMALFORMED, "a file that belongs to no input");
	}
	*f = (struct tail_file){
		.id = in->id,
		.dev = in->dev,
		.ino = in->ino,
		.fd = fd,
		.input = in->input,
		.group = (uint32_t)group,
		.path = strndup((const char *)in->path.p, in->path.n),
		.base = strndup((const char *)in->base.p, in->base.n),
		.is_base = in->is_base,
		.compressed = in->compressed,
		.whole = t->mode == BATCH_IMPORT,
		.met_at = mono,
		.size = in->size,
		.mtime = in->mtime,
		.gen = -1,
		.copy_of = -1,
		.found = -1,
		.changed_at = age > 0 ? mono - age : mono,
	};
	lines_init(&f->lines, 0, 0);
	if (f->path == NULL || f->base == NULL || add_file(t, f) != TK_OK) {
		file_free(t, f);
		return err_set(e, TK_ENOMEM, "no memory for a file");
	}
	if (f->is_base && !f->whole)
		has_successor(t, f);
	return TK_OK;
}

void tails_ready(struct tails *t, int64_t mono)
{
	t->ready = true;
	t->ready_at = mono;
}

void tails_shortage(struct tails *t, uint32_t waiting)
{
	t->shortage = waiting;
}

/* ---- what is given back ---- */

void file_retire(struct tails *t, struct tail_file *f, enum retired_status status)
{
	struct role_retired r = { .id = f->id, .status = (uint8_t)status, .size = f->size, .mtime = f->mtime,
				  .lines = f->counts.events + f->counts.rejected, .events = f->counts.events,
				  .rejected = f->counts.rejected };

	if (f->gen >= 0 && t->book.list[f->gen].holder == f) {
		struct gen_entry *g = &t->book.list[f->gen];

		g->seen = g->g;
		g->gone = f->unlinked;
		g->parked = status == RETIRED_PARKED;
		gen_book_own(&t->book, (size_t)f->gen, g->parked ? GEN_FREE : GEN_RETIRED, NULL, t->now);
	}
	if (t->unpacking == f)
		t->unpacking = NULL;
	close_readers(t, f);
	sys_close(f->fd);
	f->fd = -1;
	f->state = FILE_GONE;
	t->sink.retired(t->sink.ctx, &r);
}

static void sweep(struct tails *t)
{
	size_t kept = 0;

	for (size_t i = 0; i < t->n_files; i++) {
		if (t->files[i]->state == FILE_GONE)
			file_free(t, t->files[i]);
		else
			t->files[kept++] = t->files[i];
	}
	t->n_files = kept;
	if (t->turn >= kept)
		t->turn = 0;
}

static int take_answer(void *ctx, const struct outbox_batch *sent, const struct batch_ack *a, struct err *e)
{
	struct tails *t = ctx;
	struct gen_entry *g = &t->book.list[sent->entry];
	struct tail_file *f = g->owner == GEN_HELD ? (struct tail_file *)(uintptr_t)g->holder : NULL;

	g->in_flight--;
	t->new_events += a->new_events;
	t->duplicates += a->duplicates;
	if (!a->discarded) {
		g->g = sent->to;
		if (f != NULL && f->state == FILE_FINISHED && g->in_flight == 0)
			file_retire(t, f, f->damaged ? RETIRED_DAMAGED : RETIRED_DONE);
		return TK_OK;
	}
	if (t->mode == BATCH_IMPORT)
		return err_set(e, TK_EMALFORMED, "the recorder refused a part of an import");
	if (f != NULL && sent->tag == f->epoch) {
		bool known = a->position == g->g.position;

		f->epoch++;
		if (t->pending == f) {
			t->pending = NULL;
			outbox_discard(t->outbox);
		}
		f->state = FILE_READ;
		f->cur.finished = false;
		file_resume(t, f, a->position, g->g.line, !known);
		g->g.position = a->position;
		g->g.line = f->cur.line;
	} else if (f == NULL) {
		g->g.position = a->position;
		g->g.finished = false;
		/* The gap itself was refused: it is told again. */
		if (g->owner == GEN_LOST)
			gen_book_own(&t->book, sent->entry, GEN_RELEASED, NULL, t->now);
	}
	return TK_OK;
}

/* ---- the turn of each ---- */

static void ask_sizes(struct tails *t)
{
	if (t->stat_at != 0 && t->now - t->stat_at < TAIL_STAT_NS)
		return;
	t->stat_at = t->now;
	t->stat_wall = t->wall;
	for (size_t i = 0; i < t->n_files; i++) {
		struct tail_file *f = t->files[i];
		struct stat st;
		int64_t mtime;

		if (f->whole || fstat(f->fd, &st) != 0)
			continue;
		mtime = (int64_t)st.st_mtim.tv_sec * NS_PER_SEC + st.st_mtim.tv_nsec;
		if (st.st_nlink == 0 && !f->unlinked) {
			f->unlinked = true;
			f->is_base = false;
			f->rotated_at = t->now;
		}
		if ((uint64_t)st.st_size == f->size && mtime == f->mtime)
			continue;
		f->check = (uint64_t)st.st_size == f->size;
		f->size = (uint64_t)st.st_size;
		f->mtime = mtime;
		f->changed_at = t->now;
	}
}

/* Lines of one path go in order: not before an older file of it that has some, or may have. */
static bool is_its_turn(const struct tails *t, const struct tail_file *f)
{
	if (t->unpacking == f)
		return true;
	for (size_t i = 0; i < t->n_files && t->files[i] != f; i++) {
		const struct tail_file *o = t->files[i];

		if (o->group == f->group && (o->state == FILE_NEW || o->state == FILE_PROBED ||
					     file_has_more(t, o) || (f->whole && o->state == FILE_READ)))
			return false;
	}
	return true;
}

static int finish(struct tails *t, struct tail_file *f, struct err *e)
{
	struct gen_entry *g = &t->book.list[f->gen];
	int rc = batch_open_for(t, f, e);

	if (rc != TK_OK || t->pending != f)
		return rc;
	/* Its log was truncated when more of it was known than this copy has. */
	if (g->known_size > f->cur.position) {
		struct loss gap = { LOSS_GAP, .n = 1, .bytes = g->known_size - f->cur.position };

		g->known_size = 0;
		if (batch_add_loss(t->batcher->w, &gap) != TK_OK)
			return err_set(e, TK_ELIMIT, "%s: cannot note a gap", f->path);
	}
	f->cur.finished = true;
	rc = batch_flush(t, f->whole ? BATCH_FILE_END : 0, e);
	if (rc == TK_OK && f->cur.finished)
		f->state = FILE_FINISHED;
	return rc;
}

static int settle_compressed(struct tails *t, struct tail_file *f, struct err *e)
{
	unsigned epoch = f->epoch;
	int rc;

	if (!f->codec_end)
		return TK_OK;
	if (f->format == NULL && f->damaged && f->counts.events + f->counts.rejected == 0 &&
	    f->cur.position == 0) {
		file_retire(t, f, f->whole ? RETIRED_UNKNOWN : RETIRED_PARKED);
		return TK_OK;
	}
	if (f->cur.finished && t->book.list[f->gen].g.finished && t->pending != f) {
		if (t->book.list[f->gen].in_flight == 0)
			file_retire(t, f, RETIRED_DONE);
		return TK_OK;
	}
	rc = file_last_line(t, f, e);
	return rc != TK_OK || f->epoch != epoch ? rc : finish(t, f, e);
}

/* A file that was read as far as it goes: is that its end? */
static int settle(struct tails *t, struct tail_file *f, struct err *e)
{
	struct gen_entry *g;
	int64_t idle;
	int rc = TK_OK;

	if (f->state != FILE_READ || file_has_more(t, f))
		return TK_OK;
	if (f->compressed || f->whole)
		return settle_compressed(t, f, e);
	if (f->is_base || f->size == f->format_size)
		return TK_OK;
	g = &t->book.list[f->gen];
	if (g->g.finished && g->g.position == f->size && f->cur.position == f->size && g->in_flight == 0) {
		file_retire(t, f, RETIRED_DONE);
		return TK_OK;
	}
	idle = t->now - (f->changed_at > f->rotated_at ? f->changed_at : f->rotated_at);
	if (lines_pending(&f->lines) > 0 && idle >= TAIL_LAST_LINE_NS)
		rc = file_last_line(t, f, e);
	return rc == TK_OK && idle >= TAIL_FINISH_NS && lines_pending(&f->lines) == 0 ? finish(t, f, e) : rc;
}

static int settle_all(struct tails *t, struct err *e)
{
	int rc = TK_OK;

	for (size_t i = 0; rc == TK_OK && i < t->n_files; i++) {
		struct tail_file *f = t->files[i];

		/* A copy that was deleted before it was its turn holds nothing that its log did not. */
		if (f->state == FILE_WAITS && f->unlinked && f->wait != WAIT_YOUNG &&
		    t->now - f->rotated_at > TAIL_COPY_NS)
			file_retire(t, f, RETIRED_DONE);
		rc = settle(t, f, e);
	}
	return rc;
}

/* Descriptors are short: gives back what is read to its end, longest idle first. */
static void park(struct tails *t)
{
	while (t->shortage > 0) {
		struct tail_file *best = NULL;

		for (size_t i = 0; i < t->n_files; i++) {
			struct tail_file *f = t->files[i];

			if (f->state != FILE_READ || t->pending == f || file_has_more(t, f) || f->whole ||
			    t->book.list[f->gen].in_flight > 0 || t->now - f->met_at < PARK_IDLE_NS)
				continue;
			if (best == NULL || (!f->is_base && best->is_base) ||
			    (f->is_base == best->is_base && f->changed_at < best->changed_at))
				best = f;
		}
		if (best == NULL)
			return;
		file_retire(t, best, RETIRED_PARKED);
		t->shortage--;
	}
}

/* ---- a step ---- */

/* Reads one chunk of the next file that has something. */
static int read_next(struct tails *t, bool *busy, struct err *e)
{
	for (size_t k = 0; k < t->n_files; k++) {
		size_t i = (t->turn + k) % t->n_files;
		struct tail_file *f = t->files[i];

		if (!file_has_more(t, f) || !is_its_turn(t, f))
			continue;
		t->turn = i + 1;
		*busy = true;
		return file_read(t, f, e);
	}
	return TK_OK;
}

int tails_flush(struct tails *t, int64_t mono, int64_t wall, struct err *e)
{
	t->now = mono;
	t->wall = wall;
	return batch_flush(t, 0, e);
}

int tails_step(struct tails *t, int64_t mono, int64_t wall, int64_t *sleep_ns, struct err *e)
{
	bool busy = false;
	int rc;

	*sleep_ns = TAIL_STAT_NS;
	if (!t->ready)
		return TK_OK;
	t->now = mono;
	t->wall = wall;
	sweep(t);
	ask_sizes(t);
	if (t->mode == BATCH_IMPORT) {
		rc = TK_OK;
		for (size_t i = 0; rc == TK_OK && i < t->n_files; i++)
			if (t->files[i]->state == FILE_NEW)
				rc = file_new_generation(t, t->files[i], e);
	} else {
		rc = identify_files(t, &busy, e);
	}
	if (rc == TK_OK)
		rc = read_next(t, &busy, e);
	if (rc == TK_OK)
		rc = settle_all(t, e);
	if (rc == TK_OK && t->mode == BATCH_TAIL) {
		park(t);
		rc = tails_give_up_lost(t, e);
		if (rc == TK_OK && !busy)
			rc = tails_heartbeats(t, e);
	}
	if (rc == TK_OK && t->pending != NULL && t->now - t->pending_since >= BATCH_FLUSH_NS)
		rc = batch_flush(t, 0, e);
	if (busy)
		*sleep_ns = 0;
	return rc;
}

size_t tails_open_files(const struct tails *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n_files; i++)
		n += t->files[i]->state != FILE_GONE;
	return n;
}

void tails_summary(const struct tails *t, struct role_summary *out)
{
	const struct line_counts *c = &t->batcher->total;

	*out = (struct role_summary){ .bytes_in = t->bytes_in,	     .lines = c->events + c->rejected,
				      .events = c->events,	     .rejected = c->rejected,
				      .new_events = t->new_events,   .duplicates = t->duplicates };
}
