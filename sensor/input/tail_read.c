/* Bytes into batches: reading, splitting, flow control, truncation, going back. */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "core/base/sys.h"
#include "core/base/zone.h"
#include "sensor/input/tail_state.h"

/* ---- batches ---- */

static int batch_send(struct tails *t, const struct outbox_batch *b, struct batch_head *head, struct err *e)
{
	struct gen_entry *g = &t->book.list[b->entry];
	int rc;

	head->mode = (uint8_t)t->mode;
	head->now = t->wall;
	head->input = slice_str(t->inputs[g->input].name);
	head->path = slice_str(g->base);
	rc = outbox_send(t->outbox, b, head, e);
	if (rc == TK_OK)
		g->in_flight++;
	return rc;
}

int batch_flush(struct tails *t, uint8_t flags, struct err *e)
{
	struct tail_file *f = t->pending;
	struct batch_head head = { .flags = flags };
	struct outbox_batch b = { .user = &t->user };
	int rc;

	if (f == NULL)
		return TK_OK;
	rc = outbox_wait(t->outbox, e);
	/* An answer meanwhile may have sent this file back: then the batch was thrown away. */
	if (rc != TK_OK || t->pending != f)
		return rc;
	/* What has still to be passed over was hashed when it was read. */
	if (f->skip == 0) {
		gen_track_position(&f->track, t->chunk, f->cur.position);
		gen_track_hash(&f->track, t->batcher->sha, f->cur.position, &f->cur);
	}
	if (f->whole && !f->first_sent)
		head.flags |= BATCH_FIRST;
	head.from = t->pending_from;
	b.to = f->cur;
	b.entry = (size_t)f->gen;
	b.tag = f->epoch;
	t->pending = NULL;
	f->first_sent = true;
	return batch_send(t, &b, &head, e);
}

int batch_open_for(struct tails *t, struct tail_file *f, struct err *e)
{
	int rc;

	if (t->pending == f)
		return TK_OK;
	rc = outbox_open(t->outbox, &t->user, e);
	if (rc != TK_OK)
		return rc;
	t->pending = f;
	t->pending_since = t->now;
	t->pending_from = f->cur.position;
	return TK_OK;
}

int batch_for_entry(struct tails *t, size_t entry, const struct loss *gap, uint8_t flags, struct err *e)
{
	struct batch_head head = { .flags = flags };
	struct outbox_batch b = { .user = &t->user, .entry = entry };
	int rc = outbox_open(t->outbox, &t->user, e);

	if (rc == TK_OK)
		rc = outbox_wait(t->outbox, e);
	if (rc != TK_OK)
		return rc;
	if (gap != NULL)
		batch_add_loss(t->batcher->w, gap);
	b.to = t->book.list[entry].g;
	head.from = b.to.position;
	return batch_send(t, &b, &head, e);
}

/* ---- one chunk ---- */

static int add_line(struct tails *t, struct tail_file *f, const struct line *line, struct err *e)
{
	unsigned epoch = f->epoch;
	bool header = line->reject == 0 && log_format_header(line->text, &f->format, &f->own_format);
	int rc;

	do {
		rc = batch_open_for(t, f, e);
		if (rc != TK_OK || f->epoch != epoch)
			return rc;
		t->batcher->file = f->id;
		rc = header ? TK_OK : batcher_line(t->batcher, f->format, line, &f->counts);
		if (rc == TK_ELIMIT && batch_bytes(t->batcher->w) == 0)
			return err_set(e, TK_ELIMIT, "%s: an event does not fit into a batch", f->path);
		if (rc == TK_ELIMIT && (rc = batch_flush(t, 0, e)) == TK_OK)
			rc = TK_AGAIN;
		if (f->epoch != epoch)
			return rc == TK_AGAIN ? TK_OK : rc;
	} while (rc == TK_AGAIN);
	if (rc != TK_OK)
		return err_set(e, rc, "%s: cannot write a batch", f->path);
	f->cur.position = line->end;
	f->cur.line = line->number;
	return batch_bytes(t->batcher->w) < BATCH_FLUSH_BYTES ? TK_OK : batch_flush(t, 0, e);
}

static int split(struct tails *t, struct tail_file *f, struct slice chunk, struct err *e)
{
	unsigned epoch = f->epoch;
	struct line line;
	int rc;

	/* Another file's batch must not be closed with this file's bytes as its tail. */
	if (t->pending != NULL && t->pending != f && (rc = batch_flush(t, 0, e)) != TK_OK)
		return rc;
	if (f->epoch != epoch)
		return TK_OK;
	gen_track_begin(&f->track, chunk);
	lines_feed(&f->lines, chunk);
	t->chunk = chunk;
	while ((rc = lines_next(&f->lines, &line)) == TK_OK) {
		rc = add_line(t, f, &line, e);
		if (rc != TK_OK || f->epoch != epoch)
			break;
	}
	t->chunk = slice_of(NULL, 0);
	if (f->epoch != epoch || (rc != TK_OK && rc != TK_AGAIN))
		return rc == TK_AGAIN	 ? TK_OK
		       : rc == TK_ENOMEM ? err_set(e, rc, "%s: no memory", f->path)
					 : rc;
	gen_track_position(&f->track, chunk, f->cur.position);
	gen_track_end(&f->track, chunk);
	t->inputs[f->input].beat_gen = f->gen;
	return TK_OK;
}

int file_last_line(struct tails *t, struct tail_file *f, struct err *e)
{
	struct line line;
	int rc;

	if (lines_last(&f->lines, &line) != TK_OK)
		return TK_OK;
	rc = add_line(t, f, &line, e);
	gen_track_position(&f->track, slice_of(NULL, 0), f->cur.position);
	return rc;
}

/* A writer that does not append leaves NUL bytes where the old content was: they are a gap. */
static int pass_nuls(struct tails *t, struct tail_file *f, struct slice *chunk, struct err *e)
{
	struct loss gap = { .reason = LOSS_GAP, .n = 1 };
	struct slice nuls;
	int rc;

	if (f->cur.position != f->nul_lead || lines_pending(&f->lines) != 0)
		return TK_OK;
	while (gap.bytes < chunk->n && chunk->p[gap.bytes] == 0)
		gap.bytes++;
	if (gap.bytes == 0)
		return TK_OK;
	rc = batch_open_for(t, f, e);
	if (rc != TK_OK || t->pending != f)
		return rc;
	if (batch_add_loss(t->batcher->w, &gap) != TK_OK)
		return err_set(e, TK_ELIMIT, "%s: cannot note a gap", f->path);
	nuls = slice_head(*chunk, (size_t)gap.bytes);
	f->nul_lead += gap.bytes;
	f->cur.position += gap.bytes;
	gen_track_begin(&f->track, nuls);
	gen_track_position(&f->track, nuls, f->cur.position);
	gen_track_end(&f->track, nuls);
	lines_free(&f->lines);
	lines_init(&f->lines, f->cur.position, f->cur.line);
	*chunk = slice_from(*chunk, nuls.n);
	return TK_OK;
}

/* False: not known (yet); nothing may be consumed. */
static bool know_format(struct tails *t, struct tail_file *f, struct slice chunk, bool last)
{
	struct slice sample = slice_head(chunk, SAMPLE);
	const uint8_t *lf = sample.n == 0 ? NULL : memrchr(sample.p, '\n', sample.n);

	if (f->format != NULL)
		return true;
	if (lf == NULL && !last && sample.n < SAMPLE)
		return false;
	if (lf != NULL)
		sample.n = (size_t)(lf - sample.p) + 1;
	f->format = log_format_detect_sample(sample);
	if (f->format == NULL && !f->told) {
		tails_say(t,
			  t->mode == BATCH_IMPORT ? "%s: format not known; give --format NAME"
						  : "%s: format not known; set inputs.tails.format",
			  f->path);
		f->told = true;
	}
	return f->format != NULL;
}

static int consume(struct tails *t, struct tail_file *f, struct slice chunk, bool last, struct err *e)
{
	unsigned epoch = f->epoch;
	int rc;

	if (file_is_capture(t, f, chunk))
		return file_capture(t, f, chunk, e);
	rc = pass_nuls(t, f, &chunk, e);
	if (rc != TK_OK || f->epoch != epoch || chunk.n == 0)
		return rc;
	if (!know_format(t, f, chunk, last)) {
		f->format_size = f->size;
		return TK_OK;
	}
	f->format_size = UINT64_MAX;
	return split(t, f, chunk, e);
}

/* ---- reading ---- */

bool file_has_more(const struct tails *t, const struct tail_file *f)
{
	if (f->state != FILE_READ || (f->error_until != 0 && t->now < f->error_until))
		return false;
	if (f->compressed || f->whole)
		return !f->codec_end && f->format_size != f->size &&
		       (t->unpacking == NULL || t->unpacking == f);
	return f->check || f->size < f->track.seen_end ||
	       (f->size > f->track.seen_end && f->size != f->format_size);
}

static int read_failed(struct tails *t, struct tail_file *f, const char *what)
{
	tails_say(t, "%s: cannot be read: %s", f->path, what);
	f->error_until = t->now + 10 * NS_PER_SEC;
	return TK_OK;
}

static int read_plain(struct tails *t, struct tail_file *f, struct err *e)
{
	size_t overlap = f->track.seen_n < OVERLAP ? f->track.seen_n : OVERLAP;
	ssize_t n = sys_pread(f->fd, t->buf, overlap + CHUNK, (off_t)(f->track.seen_end - overlap));
	int rc;

	if (n < 0)
		return read_failed(t, f, strerror(errno));
	f->error_until = 0;
	f->check = false;
	if ((size_t)n < overlap || memcmp(t->buf, f->track.seen + f->track.seen_n - overlap, overlap) != 0 ||
	    f->size < f->track.seen_end)
		return file_truncated(t, f, e);
	if (f->size > f->known_size)
		f->known_size = f->size;
	if ((size_t)n == overlap) {
		f->size = f->track.seen_end;
		return TK_OK;
	}
	t->bytes_in += (uint64_t)n - overlap;
	rc = consume(t, f, slice_of(t->buf + overlap, (size_t)n - overlap), !f->is_base, e);
	/* It has grown since its size was asked. */
	if (f->track.seen_end > f->size)
		f->size = f->track.seen_end;
	return rc;
}

/* Bytes before the position that were committed earlier: only to be known again. */
static void pass_over(struct tail_file *f, struct slice *chunk)
{
	struct slice old = slice_head(*chunk, f->skip < chunk->n ? (size_t)f->skip : chunk->n);

	if (old.n == 0)
		return;
	if (f->track.seen_end == 0)
		log_format_head(old, &f->format, &f->own_format);
	for (size_t i = 0; f->count_skipped && i < old.n; i++)
		f->cur.line += old.p[i] == '\n';
	gen_track_begin(&f->track, old);
	gen_track_position(&f->track, old, f->track.seen_end + old.n);
	gen_track_end(&f->track, old);
	f->skip -= old.n;
	*chunk = slice_from(*chunk, old.n);
	if (f->skip == 0) {
		lines_free(&f->lines);
		lines_init(&f->lines, f->cur.position, f->cur.line);
	}
}

static int codec_ended(struct tails *t, struct tail_file *f, int rc, const struct err *why, struct err *e)
{
	if (rc == TK_EEND || rc == TK_AGAIN) {
		/* A stream that was cut off: what is sound in it counts. */
		f->damaged = rc == TK_AGAIN;
		if (f->damaged)
			tails_say(t,
				  "%s: ends in the middle of a compressed part; what is before it was read",
				  f->path);
	} else {
		f->damaged = true;
		tails_say(t, "%s: damaged: %s; what is before it was read", f->path, why->text);
	}
	f->codec_end = true;
	codec_close(f->codec);
	f->codec = NULL;
	if (t->unpacking == f)
		t->unpacking = NULL;
	rc = file_capture_end(t, f, e);
	if (rc != TK_OK || f->skip > 0 || !f->damaged)
		return rc;
	rc = batch_open_for(t, f, e);
	if (rc == TK_OK && t->pending == f)
		batch_add_loss(t->batcher->w, &(struct loss){ .reason = LOSS_GAP, .n = 1 });
	return rc;
}

static int read_codec(struct tails *t, struct tail_file *f, struct err *e)
{
	/* What was committed earlier is passed over by itself, so that a sample is a whole one. */
	size_t cap = f->skip > 0 && f->skip < CHUNK ? (size_t)f->skip : CHUNK;
	size_t want = f->format == NULL && f->skip == 0 ? SAMPLE : 1, have = 0, n;
	unsigned epoch = f->epoch;
	struct slice chunk;
	struct err why = { 0 };
	int rc, end;

	if (f->codec == NULL && (f->codec = codec_open(f->fd)) == NULL)
		return err_set(e, TK_ENOMEM, "%s: no memory", f->path);
	t->unpacking = f;
	do {
		end = codec_read(f->codec, t->buf + have, cap - have, &n, &why);
		if (end == TK_OK)
			have += n;
	} while (end == TK_OK && have < want);
	t->bytes_in += have;
	chunk = slice_of(t->buf, have);
	pass_over(f, &chunk);
	rc = chunk.n == 0 || f->skip > 0 ? TK_OK : consume(t, f, chunk, end != TK_OK, e);
	if (rc != TK_OK || f->epoch != epoch)
		return rc;
	if (f->format == NULL && f->capture == NULL && f->skip == 0 && chunk.n > 0) {
		/* Not to be read as it is: nothing of it counts. */
		f->codec_end = f->damaged = true;
		codec_close(f->codec);
		f->codec = NULL;
		t->unpacking = NULL;
		return TK_OK;
	}
	return end == TK_OK ? TK_OK : codec_ended(t, f, end, &why, e);
}

int file_read(struct tails *t, struct tail_file *f, struct err *e)
{
	return f->compressed || f->whole ? read_codec(t, f, e) : read_plain(t, f, e);
}

/* ---- other beginnings ---- */

int file_truncated(struct tails *t, struct tail_file *f, struct err *e)
{
	struct gen_entry *old;
	uint64_t known = f->known_size > f->track.seen_end ? f->known_size : f->track.seen_end;
	struct stat st;
	int rc;

	if (t->pending == f && (rc = batch_flush(t, 0, e)) != TK_OK)
		return rc;
	old = &t->book.list[f->gen];
	gen_track_hash(&f->track, t->batcher->sha, f->cur.position, &f->cur);
	old->seen = f->cur;
	old->known_size = known;
	old->grew = t->now - f->changed_at < NS_PER_SEC;
	gen_book_own(&t->book, (size_t)f->gen, GEN_RELEASED, NULL, t->now);
	if (fstat(f->fd, &st) == 0)
		f->size = (uint64_t)st.st_size;
	return file_new_generation(t, f, e);
}

static uint64_t count_lines(const struct tail_file *f, uint64_t position)
{
	uint8_t b[16384]; /* not t->buf: another file may be being split there */
	uint64_t at = 0, lines = 0;

	while (at < position) {
		size_t want = position - at < sizeof b ? (size_t)(position - at) : sizeof b;
		ssize_t n = sys_pread(f->fd, b, want, (off_t)at);

		if (n <= 0)
			break;
		for (ssize_t i = 0; i < n; i++)
			lines += b[i] == '\n';
		at += (uint64_t)n;
	}
	return lines;
}

static void resume_codec(struct tails *t, struct tail_file *f, uint64_t position, bool count_lines_too)
{
	codec_close(f->codec);
	f->codec = NULL;
	if (t->unpacking == f)
		t->unpacking = NULL;
	f->codec_end = false;
	f->skip = position;
	f->count_skipped = count_lines_too;
	if (count_lines_too)
		f->cur.line = 0;
	gen_track_reset(&f->track);
}

void file_resume(struct tails *t, struct tail_file *f, uint64_t position, uint64_t line, bool count_lines_too)
{
	uint8_t prefix[GENERATION_PREFIX], before[GENERATION_TAIL];
	size_t n = position < sizeof before ? (size_t)position : sizeof before;
	ssize_t p, b;

	f->cur.position = position;
	f->cur.line = line;
	f->format_size = UINT64_MAX;
	f->nul_lead = position == 0 ? 0 : UINT64_MAX;
	lines_free(&f->lines);
	lines_init(&f->lines, position, line);
	if (f->compressed) {
		resume_codec(t, f, position, count_lines_too);
		return;
	}
	if (count_lines_too)
		f->cur.line = count_lines(f, position);
	p = sys_pread(f->fd, prefix, position < sizeof prefix ? (size_t)position : sizeof prefix, 0);
	b = sys_pread(f->fd, before, n, (off_t)(position - n));
	/* Shorter than it was a moment ago: the next look at its size says so. */
	gen_track_resume(&f->track, position, slice_of(prefix, p < 0 ? 0 : (size_t)p),
			 slice_of(before, b != (ssize_t)n ? 0 : n));
	lines_init(&f->lines, position, f->cur.line);
}
