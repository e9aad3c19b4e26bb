/* A capture file among the files of an import: its bytes go to the reader that the roof gave, its events into
 * batches. */
#include <inttypes.h>

#include "sensor/input/capture_file.h"
#include "sensor/input/tail_state.h"

struct capture_target {
	struct tails *t;
	struct tail_file *f;
};

bool file_is_capture(const struct tails *t, const struct tail_file *f, struct slice chunk)
{
	return f->capture != NULL || (f->whole && f->format == NULL && f->cur.position == 0 &&
				      t->sink.captures != NULL && capture_file_is(chunk));
}

static int add_event(void *ctx, const struct access_event *ev, struct err *e)
{
	const struct capture_target *to = ctx;
	struct tails *t = to->t;
	int rc;

	do {
		rc = batch_open_for(t, to->f, e);
		if (rc != TK_OK)
			return rc;
		rc = batch_add(t->batcher->w, ev);
		if (rc == TK_ELIMIT && batch_bytes(t->batcher->w) == 0)
			return err_set(e, TK_ELIMIT, "%s: an event does not fit into a batch", to->f->path);
		if (rc == TK_ELIMIT && (rc = batch_flush(t, 0, e)) == TK_OK)
			rc = TK_AGAIN;
	} while (rc == TK_AGAIN);
	if (rc != TK_OK)
		return err_set(e, rc, "%s: cannot write a batch", to->f->path);
	t->batcher->total.events++;
	to->f->counts.events++;
	return batch_bytes(t->batcher->w) < BATCH_FLUSH_BYTES ? TK_OK : batch_flush(t, 0, e);
}

int file_capture(struct tails *t, struct tail_file *f, struct slice chunk, struct err *e)
{
	struct capture_target to = { t, f };
	struct err why = { 0 };
	int rc;

	if (f->capture == NULL && (f->capture = t->sink.captures->open(t->sink.captures_ctx)) == NULL)
		return err_set(e, TK_ENOMEM, "%s: no memory", f->path);
	if (t->pending != NULL && t->pending != f && (rc = batch_flush(t, 0, e)) != TK_OK)
		return rc;
	gen_track_begin(&f->track, chunk);
	t->chunk = chunk;
	rc = t->sink.captures->read(f->capture, chunk, add_event, &to, &why);
	t->chunk = slice_of(NULL, 0);
	f->cur.position += chunk.n;
	gen_track_position(&f->track, chunk, f->cur.position);
	gen_track_end(&f->track, chunk);
	if (rc == TK_EMALFORMED && !f->damaged) {
		f->damaged = true;
		tails_say(t, "%s: %s; what is before it was read", f->path, why.text);
	}
	return rc == TK_OK || rc == TK_EMALFORMED ? TK_OK : err_set(e, rc, "%s", why.text);
}

/* What is missing from it comes in a batch of its own, behind its events: by then the recorder knows whether
 * the file brought anything new, and when it was. */
static int add_losses(struct tails *t, struct tail_file *f, const struct losses *l, struct err *e)
{
	int rc = batch_flush(t, 0, e);

	for (int i = LOSS_NONE + 1; rc == TK_OK && i < LOSS_COUNT; i++) {
		struct loss one = l->of[i];

		if (one.n == 0)
			continue;
		one.reason = (uint8_t)i;
		tails_say(t, "%s: %s: %" PRIu64 " %s", f->path, loss_name(i), one.n, loss_doc(i));
		rc = batch_open_for(t, f, e);
		if (rc == TK_OK)
			rc = batch_add_loss(t->batcher->w, &one);
	}
	return rc;
}

int file_capture_end(struct tails *t, struct tail_file *f, struct err *e)
{
	struct capture_target to = { t, f };
	struct losses lost;
	bool cut = false;
	int rc;

	if (f->capture == NULL)
		return TK_OK;
	rc = t->sink.captures->end(f->capture, add_event, &to, &lost, &cut, e);
	if (cut)
		tails_say(t, "%s: its last packet is cut off", f->path);
	return rc == TK_OK ? add_losses(t, f, &lost, e) : rc;
}
