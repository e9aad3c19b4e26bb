/* What the coverage is told: bytes that were lost unread, and that until now nothing was. */
#include <inttypes.h>

#include "core/base/zone.h"
#include "sensor/input/tail_state.h"

static bool group_undecided(const struct tails *t, const struct gen_entry *g)
{
	for (size_t i = 0; i < t->n_files; i++) {
		const struct tail_file *f = t->files[i];

		if (f->state <= FILE_PROBED && f->input == g->input && strcmp(f->base, g->base) == 0 &&
		    !(f->state == FILE_WAITS && f->wait == WAIT_SHADOW))
			return true;
	}
	return false;
}

int tails_give_up_lost(struct tails *t, struct err *e)
{
	int rc = TK_OK;

	for (size_t i = 0; rc == TK_OK && i < t->book.n && t->shortage == 0; i++) {
		struct gen_entry *g = &t->book.list[i];
		struct loss gap = { .reason = LOSS_GAP, .n = 1 };
		bool missing = g->owner == GEN_FREE && !g->parked && !g->g.finished &&
			       t->now - t->ready_at >= TAIL_COPY_NS;
		bool truncated = g->owner == GEN_RELEASED && t->now - g->since >= TAIL_COPY_NS;
		bool lost;

		if ((!missing && !truncated) || g->in_flight > 0 || group_undecided(t, g))
			continue;
		if (g->known_size > g->g.position)
			gap.bytes = g->known_size - g->g.position;
		/* How much is not known when it was being written, or vanished while nothing ran. */
		lost = gap.bytes > 0 || (missing ? g->g.position > 0 : g->grew);
		g->g.finished = true;
		gen_book_own(&t->book, i, GEN_LOST, NULL, t->now);
		if (lost && gap.bytes > 0)
			tails_say(t, "%s: %" PRIu64 " bytes after byte %" PRIu64 " were lost unread", g->base,
				  gap.bytes, g->g.position);
		else if (lost)
			tails_say(t, "%s: what followed byte %" PRIu64 " may be lost unread", g->base,
				  g->g.position);
		rc = batch_for_entry(t, i, lost ? &gap : NULL, 0, e);
	}
	return rc;
}

static bool input_at_end(const struct tails *t, uint32_t input)
{
	for (size_t i = 0; i < t->n_files; i++) {
		const struct tail_file *f = t->files[i];

		if (f->input != input)
			continue;
		if (f->state == FILE_NEW || f->state == FILE_PROBED ||
		    (f->state == FILE_WAITS && f->wait != WAIT_SHADOW))
			return false;
		if (f->state == FILE_READ && (file_has_more(t, f) || f->error_until != 0 ||
					      (f->format_size == f->size && f->size > 0)))
			return false;
	}
	return true;
}

int tails_heartbeats(struct tails *t, struct err *e)
{
	int rc = TK_OK;

	for (uint32_t i = 0; rc == TK_OK && i < t->n_inputs && t->shortage == 0; i++) {
		struct tail_input *in = &t->inputs[i];
		struct gen_entry *g;

		if (in->beat_gen < 0 || (in->last_beat != 0 && t->now - in->last_beat < TAIL_BEAT_NS) ||
		    !input_at_end(t, i))
			continue;
		in->last_beat = t->now;
		g = &t->book.list[in->beat_gen];
		if (g->owner == GEN_HELD) {
			rc = batch_open_for(t, (struct tail_file *)(uintptr_t)g->holder, e);
			if (rc == TK_OK)
				rc = batch_flush(t, BATCH_CAUGHT_UP, e);
		} else if (g->in_flight == 0) {
			rc = batch_for_entry(t, (size_t)in->beat_gen, NULL, BATCH_CAUGHT_UP, e);
		}
	}
	return rc;
}
