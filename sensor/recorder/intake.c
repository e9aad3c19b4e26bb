#include "sensor/recorder/intake.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/event/identity.h"
#include "core/ledger/twins.h"
#include "sensor/recorder/twins.h"

struct intake *intake_new(struct ledger *l, struct err *e)
{
	struct intake *in = calloc(1, sizeof *in);

	if (in == NULL) {
		err_set(e, TK_ENOMEM, "no memory for batches");
		return NULL;
	}
	in->ledger = l;
	in->horizon_ns = INT64_MIN;
	buf_init(&in->waiting, 1 << 20);
	return in;
}

void intake_free(struct intake *in)
{
	if (in != NULL)
		buf_free(&in->waiting);
	free(in);
}

void intake_use(struct intake *in, struct enrich *en, struct evaluate *v)
{
	in->enrich = en;
	in->evaluate = v;
	in->uses++;
	memset(in->when, 0, sizeof in->when);
}

void intake_join(struct intake *in, const struct config *cfg)
{
	in->join_ns = cfg->join_seconds * NS_PER_SEC;
	in->configured_sides =
		(cfg->n_tails + cfg->n_syslog > 0 ? SIDE_LOG : 0) | (cfg->n_captures > 0 ? SIDE_CAPTURE : 0);
	in->sides = 0; /* the ledger knows what was met */
	in->views_begun = false;
}

int intake_release(struct intake *in, int64_t horizon_ns, int64_t now_ns, struct err *e)
{
	int rc = twins_begin(in, e);

	return rc == TK_OK ? twins_release(in, horizon_ns, now_ns, e) : rc;
}

int stream_init(struct stream *s)
{
	bool good;

	*s = (struct stream){ .last_minute = INT64_MIN, .stamp = 1, .shape_stamp = 1 };
	good = (s->reader = batch_reader_new()) != NULL;
	for (int p = P_EV + 1; p < P_COUNT && good; p++)
		good = (s->resolved[p] = calloc(WIRE_DEFS_MAX + 1, sizeof **s->resolved)) != NULL;
	if (good)
		return TK_OK;
	stream_free(s);
	return TK_ENOMEM;
}

void stream_forget(struct stream *s)
{
	s->uses = 0; /* no intake has been used so often */
}

void stream_free(struct stream *s)
{
	batch_reader_free(s->reader);
	for (int p = 0; p < P_COUNT; p++)
		free(s->resolved[p]);
	*s = (struct stream){ 0 };
}

static int64_t minute_of(int64_t ns)
{
	int64_t s = seconds_of(ns);

	return s / 60 - (s % 60 < 0);
}

/* ---- whose line is it? ---- */

static int use_input(struct job *j, const char *name)
{
	if (strcmp(name, j->stream->input) != 0) {
		snprintf(j->stream->input, sizeof j->stream->input, "%s", name);
		j->stream->shape_stamp++; /* what was resolved bears the other input's name */
	}
	j->input = slice_str(j->stream->input);
	event_input_mask(j->input, 1, j->mask);
	return ledger_label(j->in->ledger, j->input, &j->input_label, j->e);
}

static int add_candidate(void *ctx, struct slice name)
{
	struct job *j = ctx;
	struct candidate *c = &j->candidate[j->n_candidates];

	if (j->n_candidates == CANDIDATES || name.n >= sizeof c->name)
		return TK_OK;
	snprintf(c->name, sizeof c->name, "%.*s", (int)name.n, (const char *)name.p);
	event_input_mask(name, 1, c->mask);
	j->n_candidates++;
	return TK_OK;
}

/* An import that names no input belongs to the input that knows its line; a line that none knows, to the
 * input of the lines before it, `import` at first. So a file may begin before the tail did and run into
 * it. */
static int settle_input(struct job *j, const struct access_event *ev, int64_t ns)
{
	uint8_t id[16];
	bool has;
	int rc;

	xor16(ev->digest, j->mask, id);
	if ((rc = ledger_has(j->in->ledger, ns, id, &has, j->e)) != TK_OK || has)
		return rc;
	for (size_t i = 0; i < j->n_candidates; i++) {
		xor16(ev->digest, j->candidate[i].mask, id);
		if ((rc = ledger_has(j->in->ledger, ns, id, &has, j->e)) != TK_OK)
			return rc;
		if (has)
			return use_input(j, j->candidate[i].name);
	}
	return TK_OK;
}

/* ---- events ---- */

static int flush_watched(struct job *j)
{
	int rc = j->watched_to == INT64_MIN ? TK_OK
					    : ledger_watched(j->in->ledger, j->input_label, j->watched_from,
							     j->watched_to, j->e);

	j->watched_from = j->watched_to = INT64_MIN;
	return rc;
}

/* The input was watched up to that minute: from where it was left, unless the jump is too long for
 * silence. */
static int note_watched(struct job *j, int64_t minute)
{
	int rc;

	if (j->watched_to != INT64_MIN && minute - j->watched_to > QUIET_MINUTES &&
	    (rc = flush_watched(j)) != TK_OK)
		return rc;
	if (j->watched_to == INT64_MIN)
		j->watched_from = minute;
	if (j->watched_to == INT64_MIN || minute > j->watched_to)
		j->watched_to = minute;
	return TK_OK;
}

static int note_time(struct job *j, int64_t ns)
{
	if (ns > j->last_event_ns)
		j->last_event_ns = ns;
	return j->head->flags & BATCH_LIVE ? TK_OK : note_watched(j, minute_of(ns));
}

static int take_event(struct job *j, struct access_event *ev, const uint32_t def[P_COUNT])
{
	int64_t ns = ev_int(ev, F_TIMESTAMP, 0), rows[P_COUNT] = { 0 };
	struct ledger *l = j->in->ledger;
	struct event_names names;
	struct prospects may;
	struct placing place;
	bool twin = false, repeats = false;
	uint8_t id[16];
	int rc;

	if (!ev_known(ev, F_TIMESTAMP))
		return ledger_loss(l, j->input_label, minute_of(j->now_ns), "time", 1, 0, j->e);
	if (j->n_candidates > 0 && (rc = settle_input(j, ev, ns)) != TK_OK)
		return rc;
	if ((rc = note_time(j, ev_completion(ev))) != TK_OK)
		return rc;
	xor16(ev->digest, j->mask, id);
	if ((rc = ledger_place(l, j->head->mode, j->input, ns, id, &place, j->e)) != TK_OK)
		return rc;
	if (place.duplicate) {
		j->duplicates++;
		return TK_OK;
	}
	if (place.ordinal > 1)
		event_log_id(ev->digest, j->input, place.ordinal, id);
	j->events++;
	if ((rc = twins_possible(j->in, ev, &twin, j->e)) != TK_OK)
		return rc;
	if (twin)
		return twins_take(j, ev, def, id, place.ordinal);
	if ((rc = answer_repeats(j->in, ev, &repeats, j->e)) != TK_OK)
		return rc;
	if (repeats)
		return answer_record(j, ev, def, id, place.ordinal);
	if ((rc = intake_resolve(j, ev, def, rows, &names, &may)) != TK_OK)
		return rc;
	ev_set_str(ev, F_EVENT_ID, slice_of(id, sizeof id));
	rc = ledger_add(l, ev, id, place.ordinal, j->head->mode == BATCH_IMPORT, rows, &names, j->e);
	if (rc == TK_OK)
		rc = evaluate_event(j->in->evaluate, ev, id, &may, rows, names.user, j->now_ns, j->e);
	return rc;
}

static int take_events(struct job *j)
{
	struct access_event ev;
	uint32_t def[P_COUNT];
	int rc;

	while ((rc = batch_next(j->stream->reader, &ev, def, j->e)) == TK_OK)
		if ((rc = take_event(j, &ev, def)) != TK_OK)
			return rc;
	return rc == TK_EEND ? ledger_flush_events(j->in->ledger, j->e) : rc;
}

/* The minute that losses are told under: where the input's time stands. */
static int64_t loss_minute(const struct job *j)
{
	if (j->head->flags & BATCH_LIVE)
		return minute_of(j->head->now);
	if (j->head->mode == BATCH_IMPORT && j->stream->last_minute != INT64_MIN)
		return j->stream->last_minute;
	for (int i = 0; i < INPUTS; i++)
		if (j->in->inputs[i].label == j->input_label && j->in->inputs[i].last_minute != INT64_MIN)
			return j->in->inputs[i].last_minute;
	return minute_of(j->now_ns);
}

static int take_rejects(struct job *j)
{
	bool import = j->head->mode == BATCH_IMPORT;
	struct reject r;
	int rc;

	while ((rc = batch_next_reject(j->stream->reader, &r)) == TK_OK) {
		bool known;

		rc = ledger_reject(j->in->ledger, j->input_label, j->head->path, &r, import, j->now_ns,
				   &known, j->e);
		if (rc == TK_OK && !known)
			rc = ledger_loss(j->in->ledger, j->input_label, loss_minute(j), reject_name(r.reason),
					 1, 0, j->e);
		if (rc != TK_OK)
			return rc;
		j->stream->rejected++;
	}
	return rc == TK_EEND ? TK_OK : err_set(j->e, rc, "batch: a rejected line is not valid");
}

static int take_losses(struct job *j)
{
	struct loss l;
	int rc;

	while ((rc = batch_next_loss(j->stream->reader, &l)) == TK_OK)
		losses_add(&j->lost, l.reason, l.n, l.bytes);
	return rc == TK_EEND ? TK_OK : err_set(j->e, rc, "batch: a loss is not valid");
}

/* A file that brings nothing new has been here before, and so have its losses. */
static int record_losses(struct job *j)
{
	int rc = TK_OK;

	if (j->head->mode == BATCH_IMPORT && j->stream->file_events == 0)
		return TK_OK;
	for (int i = LOSS_NONE + 1; rc == TK_OK && i < LOSS_COUNT; i++)
		if (j->lost.of[i].n > 0 || j->lost.of[i].bytes > 0)
			rc = ledger_loss(j->in->ledger, j->input_label, loss_minute(j), loss_name(i),
					 (int64_t)j->lost.of[i].n, (int64_t)j->lost.of[i].bytes, j->e);
	return rc;
}

/* ---- coverage ---- */

static struct watched_input *watched(struct intake *in, int64_t label)
{
	struct watched_input *free_one = &in->inputs[0];

	for (int i = 0; i < INPUTS; i++) {
		if (in->inputs[i].label == label)
			return &in->inputs[i];
		if (in->inputs[i].label == 0)
			free_one = &in->inputs[i];
	}
	*free_one = (struct watched_input){ label, INT64_MIN };
	return free_one;
}

static int64_t *last_watched(struct job *j)
{
	return j->head->mode == BATCH_IMPORT ? &j->stream->last_minute
					     : &watched(j->in, j->input_label)->last_minute;
}

/* A file read in order is watched from one event to the next, and to now where its end was reached. The first
 * batch after a start goes on from where the input was left if it continues a known file. What passed a
 * capture while nobody captured is gone: there it begins anew. */
static int begin_cover(struct job *j)
{
	bool live = (j->head->flags & BATCH_LIVE) != 0;
	int64_t last = j->head->flags & BATCH_BEGINS ? INT64_MIN : *last_watched(j);
	int rc = TK_OK;

	if (last == INT64_MIN && !live && j->head->mode == BATCH_TAIL && j->head->from > 0)
		rc = ledger_watched_until(j->in->ledger, j->input_label, &last, j->e);
	j->watched_from = j->watched_to = last;
	return rc;
}

static int end_cover(struct job *j)
{
	int64_t *last = last_watched(j), reached;
	int rc = j->head->flags & BATCH_CAUGHT_UP ? note_watched(j, minute_of(j->head->now)) : TK_OK;

	reached = j->watched_to;
	if (rc == TK_OK)
		rc = flush_watched(j);
	if (reached > *last)
		*last = reached;
	return rc;
}

/* ---- a batch ---- */

static int check_position(struct job *j, struct batch_ack *ack)
{
	uint64_t position = 0;
	int rc;

	ack->token = j->head->gen.token;
	ack->position = j->head->gen.position;
	if (j->head->mode == BATCH_IMPORT)
		return TK_OK;
	rc = ledger_position(j->in->ledger, j->head->gen.token, &position, j->e);
	if (rc != TK_OK && rc != TK_ENOTFOUND)
		return rc;
	if (position != j->head->from) {
		ack->discarded = true;
		ack->position = position;
	}
	return TK_OK;
}

static int name_input(struct job *j)
{
	const struct batch_head *head = j->head;
	char name[sizeof j->stream->input];
	bool first = head->mode == BATCH_IMPORT && head->flags & BATCH_FIRST;

	if (first) {
		ledger_new_file(j->in->ledger);
		j->stream->file_events = 0;
		j->stream->last_minute = INT64_MIN;
	}
	if (head->input.n > 0)
		snprintf(name, sizeof name, "%.*s", (int)(head->input.n < 255 ? head->input.n : 255),
			 (const char *)head->input.p);
	else
		snprintf(name, sizeof name, "%s", first ? "import" : j->stream->input);
	return use_input(j, name);
}

static int take_batch(struct job *j)
{
	int64_t heartbeat = j->head->flags & BATCH_CAUGHT_UP ? j->head->now : 0;
	int rc = TK_OK;

	if (j->head->mode == BATCH_IMPORT && j->head->input.n == 0)
		rc = ledger_input_names(j->in->ledger, add_candidate, j, j->e);
	if (j->n_candidates == 1 && strcmp(j->candidate[0].name, j->stream->input) == 0)
		j->n_candidates = 0; /* there is nobody else whose line it could be */
	if (rc == TK_OK)
		rc = twins_begin(j->in, j->e);
	if (rc == TK_OK)
		rc = begin_cover(j);
	if (rc == TK_OK)
		rc = take_rejects(j);
	if (rc == TK_OK)
		rc = take_losses(j);
	if (rc == TK_OK)
		rc = take_events(j);
	if (rc == TK_OK)
		rc = twins_release(j->in, j->in->horizon_ns, j->now_ns, j->e);
	if (rc == TK_OK && j->head->mode == BATCH_TAIL && j->head->gen.token != 0)
		rc = ledger_set_generation(j->in->ledger, j->input_label, j->head->path, &j->head->gen,
					   j->now_ns, j->e);
	if (rc == TK_OK && j->duplicates > 0 && j->head->mode == BATCH_TAIL)
		rc = ledger_loss(j->in->ledger, j->input_label, loss_minute(j), "duplicate", j->duplicates, 0,
				 j->e);
	j->stream->file_events += j->events;
	if (rc == TK_OK)
		rc = end_cover(j);
	if (rc == TK_OK)
		rc = record_losses(j);
	if (rc == TK_OK)
		rc = ledger_input_seen(j->in->ledger, j->input_label, j->head->path, j->events,
				       j->last_event_ns, heartbeat, j->e);
	return rc;
}

/* A discarded batch still brings definitions; so does what is left of one that could not be recorded. */
static int pass_over(struct job *j)
{
	struct access_event ev;
	uint32_t def[P_COUNT];
	struct reject r;
	int rc;

	do
		rc = batch_next_reject(j->stream->reader, &r);
	while (rc == TK_OK);
	if (rc != TK_EEND)
		return rc;
	if ((rc = take_losses(j)) != TK_OK)
		return rc;
	do
		rc = batch_next(j->stream->reader, &ev, def, j->e);
	while (rc == TK_OK);
	return rc == TK_EEND ? TK_OK : rc;
}

static void copy_text(char out[256], struct slice text)
{
	snprintf(out, 256, "%.*s", (int)(text.n < 255 ? text.n : 255), (const char *)text.p);
}

static void note_taken(struct stream *s, const struct batch_head *head)
{
	s->last = (struct batch_taken){ .live = (head->flags & BATCH_LIVE) != 0,
					.import = head->mode == BATCH_IMPORT,
					.from = head->from,
					.minute = minute_of(head->now),
					.n_events = head->n_events,
					.to = head->gen };
	copy_text(s->last.input, head->input);
	copy_text(s->last.path, head->path);
}

/* The batch is not recorded, for what `e` says; what it says beside its events is read, and its definitions.
 */
static void give_up(struct job *j)
{
	struct err *why = j->e, lost = { 0 };

	j->e = &lost;
	pass_over(j);
	j->e = why;
}

bool intake_peek(struct stream *s, struct slice payload, struct batch_head *head)
{
	struct err lost = { 0 };

	return batch_open(s->reader, payload, head, &lost) == TK_OK;
}

int intake_pass_over(struct stream *s, struct slice payload, struct batch_ack *ack, struct err *e)
{
	struct batch_head head;
	struct job j = { .stream = s, .head = &head, .e = e };
	int rc = batch_open(s->reader, payload, &head, e);

	*ack = (struct batch_ack){ 0 };
	if (rc != TK_OK)
		return rc;
	note_taken(s, &head);
	*ack = (struct batch_ack){ .token = head.gen.token, .position = head.gen.position };
	rc = pass_over(&j);
	s->last.lost = j.lost;
	return rc;
}

int intake_not_recorded(struct intake *in, const struct batch_taken *t, int64_t now_ns, struct err *e)
{
	int64_t label;
	int rc = ledger_label(in->ledger, slice_str(t->input), &label, e);

	if (rc == TK_OK && t->n_events > 0)
		rc = ledger_loss(in->ledger, label, t->minute, loss_name(LOSS_NOT_RECORDED), t->n_events, 0,
				 e);
	for (int i = LOSS_NONE + 1; rc == TK_OK && i < LOSS_COUNT; i++)
		if (t->lost.of[i].n > 0 || t->lost.of[i].bytes > 0)
			rc = ledger_loss(in->ledger, label, t->minute, loss_name(i), (int64_t)t->lost.of[i].n,
					 (int64_t)t->lost.of[i].bytes, e);
	return rc == TK_OK ? ledger_set_generation(in->ledger, label, slice_str(t->path), &t->to, now_ns, e)
			   : rc;
}

void intake_unwatched(struct intake *in)
{
	memset(in->inputs, 0, sizeof in->inputs);
}

int intake_batch(struct intake *in, struct stream *s, struct slice payload, int64_t now_ns,
		 struct batch_head *head, struct batch_ack *ack, struct err *e)
{
	struct job j = { .in = in, .stream = s, .head = head, .now_ns = now_ns, .watched_from = INT64_MIN,
			 .watched_to = INT64_MIN, .e = e };
	int rc = batch_open(s->reader, payload, head, e);

	*ack = (struct batch_ack){ 0 };
	if (rc != TK_OK)
		return rc;
	note_taken(s, head);
	if ((rc = check_position(&j, ack)) == TK_OK && ack->discarded)
		return pass_over(&j);
	if (rc == TK_OK)
		rc = name_input(&j);
	rc = rc == TK_OK ? take_batch(&j) : rc;
	if (rc != TK_OK)
		give_up(&j);
	s->last.lost = j.lost;
	if (rc != TK_OK)
		return rc;
	ack->new_events = (uint32_t)j.events;
	ack->duplicates = (uint32_t)j.duplicates;
	s->events += j.events;
	s->duplicates += j.duplicates;
	s->batches++;
	return rc;
}
