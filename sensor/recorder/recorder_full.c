/* When the disk runs out: what is left out, counting while nothing can be written, and going on by itself. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/sys.h"
#include "sensor/recorder/recorder_state.h"

#define TRY_NS (2 * NS_PER_SEC)	 /* between two tries to write again: within 30 s of room it goes on */
#define KEEP_NS (2 * NS_PER_SEC) /* between two writings of the hole while it grows */
#define PATH_BYTES 4200

static void reserve_path(const struct recorder *r, char out[PATH_BYTES])
{
	snprintf(out, PATH_BYTES, "%s.reserve", r->cfg->ledger.path);
}

static bool measure(const struct recorder *r, struct disk_room *room, struct disk_limits *limits)
{
	if (!disk_measure(r->cfg->ledger.path, room))
		return false;
	disk_limits(r->cfg, room, limits);
	return true;
}

static void tell_rules(struct recorder *r, enum disk_state state, int64_t free_bytes)
{
	evaluate_disk(r->evaluate, &(struct disk_notice){ .state = disk_name(state),
							  .free_bytes = free_bytes,
							  .not_recorded = r->disk.hole.calls });
}

/* ---- states by room ---- */

bool recorder_leaves_out(const struct recorder *r, const struct batch_head *head)
{
	if (!(disk_actions(r->disk.state) & DISK_NO_OPTIONAL) || !(head->flags & BATCH_LIVE))
		return false;
	for (size_t i = 0; i < r->cfg->n_captures; i++)
		if (slice_is(head->input, r->cfg->captures[i].name))
			return r->cfg->captures[i].optional;
	return false;
}

static int enter(struct recorder *r, enum disk_state next, const struct disk_room *room, struct err *e)
{
	int64_t now = sys_now_ns();
	int rc;

	fprintf(stderr, "tochoku: disk: %s, was %s: %" PRId64 " MiB are free; %s\n", disk_name(next),
		disk_name(r->disk.state), room->free >> 20, disk_text(next, false));
	/* what was left out meanwhile was not watched */
	if ((disk_actions(r->disk.state) & ~disk_actions(next)) & DISK_NO_OPTIONAL)
		intake_unwatched(r->intake);
	r->disk.state = next;
	r->disk.since_ns = sys_mono_ns();
	ledger_spare(r->ledger, (disk_actions(next) & DISK_SPARE) != 0);
	tell_rules(r, next, room->free);
	rc = recorder_begin(r, e);
	if (rc == TK_OK)
		rc = evaluate_notices_now(r->evaluate, now, e);
	return rc == TK_OK ? recorder_commit(r, e) : rc;
}

static int look(struct recorder *r, struct err *e)
{
	struct disk_limits limits;
	struct disk_room room;
	enum disk_state next;
	char cause[HOLE_CAUSE];
	int rc;

	if (!measure(r, &room, &limits))
		return TK_OK;
	next = disk_next(r->disk.state, sys_mono_ns() - r->disk.since_ns, &room, &limits);
	tell_rules(r, r->disk.state, room.free);
	if (next == r->disk.state)
		return TK_OK;
	if (next != DISK_FULL)
		return enter(r, next, &room, e);
	if ((rc = recorder_commit(r, e)) != TK_OK)
		return rc;
	if (room.read_only)
		snprintf(cause, sizeof cause, "the file system is read-only");
	else
		snprintf(cause, sizeof cause, "%" PRId64 " KiB are free, ledger.disk.full is %" PRId64 " KiB",
			 room.free >> 10, limits.full >> 10);
	recorder_count_only(r, true, cause);
	return TK_OK;
}

/* ---- counting ---- */

static void note_session(struct disk_watch *d, const struct batch_taken *t)
{
	size_t i = 0;

	while (i < d->n_sessions && strcmp(d->session[i].input, t->input) != 0)
		i++;
	if (i == SESSIONS)
		return; /* its next batch begins a session anew */
	if (i == d->n_sessions)
		d->n_sessions++;
	d->session[i] = *t;
}

/* The position that a file is to be read on from: where its first batch that was not recorded began. */
static uint64_t held_position(struct disk_watch *d, const struct batch_taken *t)
{
	for (size_t i = 0; i < d->n_held; i++)
		if (d->held[i].token == t->to.token)
			return d->held[i].position;
	if (d->n_held < HELD)
		d->held[d->n_held++] = (struct held){ t->to.token, t->from };
	return t->from;
}

/* Counts a capture's batch, which is then answered as taken. A log's is refused: it stands where it stood. */
static void count(struct disk_watch *d, const struct batch_taken *t, struct batch_ack *ack)
{
	if (!t->live) {
		ack->discarded = true;
		ack->position = held_position(d, t);
		return;
	}
	ack->discarded = false;
	ack->position = t->to.position;
	hole_add(&d->hole, t->input, t->minute, LOSS_NOT_RECORDED, t->n_events, 0);
	for (int i = LOSS_NONE + 1; i < LOSS_COUNT; i++)
		hole_add(&d->hole, t->input, t->minute, (enum loss_reason)i, (int64_t)t->lost.of[i].n,
			 (int64_t)t->lost.of[i].bytes);
	note_session(d, t);
}

int recorder_count_batch(struct recorder *r, struct peer *p, struct slice payload, struct err *e)
{
	struct batch_ack *ack = &p->acks[p->n_acks];
	int rc = intake_pass_over(&p->stream, payload, ack, e);

	if (rc != TK_OK)
		return rc;
	p->taken[p->n_acks] = p->stream.last;
	p->n_acks++;
	if (!recorder_counts(r))
		return intake_not_recorded(r->intake, &p->stream.last, sys_now_ns(), e);
	count(&r->disk, &p->stream.last, ack);
	if (!ack->discarded && p->n_acks == 1)
		peer_send_acks(p); /* a log that waits is answered once a second: it is sent again at once */
	return TK_OK;
}

/* What the transaction that failed had taken. */
static void count_pending(struct recorder *r)
{
	for (int i = 0; i < PEERS; i++) {
		struct peer *p = &r->peers[i];

		if (p->kind == PEER_IMPORT)
			peer_drop(p); /* it says that it was interrupted; importing again adds the rest */
		if (p->kind != PEER_SENSOR)
			continue;
		for (size_t k = 0; k < p->n_acks; k++)
			if (!p->acks[k].discarded)
				count(&r->disk, &p->taken[k], &p->acks[k]);
	}
}

void recorder_keep_hole(struct recorder *r)
{
	char path[PATH_BYTES];
	struct err e = { 0 };

	reserve_path(r, path);
	if (reserve_give_up(path, &r->disk.hole, &e) != TK_OK && r->disk.kept_ns == 0)
		fprintf(stderr, "tochoku: %s; a kill now would forget what was counted\n", e.text);
	r->disk.kept_ns = sys_mono_ns();
	r->disk.kept_calls = r->disk.hole.calls;
}

/* The room that was given up is for this: that it is full stands in the ledger at once. */
static void tell_full(struct recorder *r)
{
	struct disk_room room = { 0 };
	struct disk_limits limits;
	struct err e = { 0 };
	int rc = r->ledger == NULL ? recorder_open_ledger(r, &e) : TK_OK;

	measure(r, &room, &limits);
	if (rc == TK_OK)
		rc = ledger_begin(r->ledger, &e);
	if (rc == TK_OK) {
		tell_rules(r, DISK_FULL, room.free);
		rc = evaluate_notices_now(r->evaluate, sys_now_ns(), &e);
	}
	if (rc == TK_OK)
		rc = evaluate_flush(r->evaluate, sys_now_ns(), &e);
	if (rc == TK_OK)
		rc = ledger_commit(r->ledger, sys_now_ns(), &e);
	r->disk.hole_told = rc == TK_OK;
	if (rc != TK_OK)
		recorder_close_ledger(r);
}

void recorder_count_only(struct recorder *r, bool open, const char *cause)
{
	struct disk_watch *d = &r->disk;

	if (d->hole.since_ns == 0)
		hole_begin(&d->hole, sys_now_ns(), cause);
	if (d->state != DISK_FULL)
		fprintf(stderr, "tochoku: disk: full: %s; %s\n", cause, disk_text(DISK_FULL, false));
	count_pending(r);
	if (!open)
		recorder_close_ledger(r);
	if (d->state != DISK_FULL)
		d->since_ns = sys_mono_ns();
	d->state = DISK_FULL;
	d->try_ns = sys_mono_ns() + TRY_NS;
	recorder_keep_hole(r);
	if (!d->hole_told)
		tell_full(r);
}

/* ---- going on ---- */

static void utc_text(int64_t ns, char out[TIME_TEXT_MAX])
{
	out[time_format_utc(ns - ns % NS_PER_SEC, out)] = '\0';
}

static int record_gap(struct recorder *r, int64_t now, struct err *e)
{
	const struct hole *h = &r->disk.hole;
	char from[TIME_TEXT_MAX], to[TIME_TEXT_MAX];
	struct json_out o;
	struct buf body;
	int rc;

	buf_init(&body, 4096);
	o = json_out(&body);
	utc_text(h->since_ns, from);
	utc_text(now, to);
	json_open(&o, '{');
	json_key(&o, "action");
	json_str(&o, SLICE("recording-gap"));
	json_key(&o, "from");
	json_str(&o, slice_str(from));
	json_key(&o, "to");
	json_str(&o, slice_str(to));
	json_key(&o, "not_recorded");
	json_int(&o, h->calls);
	json_key(&o, "reason");
	json_str(&o, slice_str(h->cause));
	json_close(&o, '}');
	rc = ledger_record(r->ledger, "control", now, buf_slice(&body), e);
	buf_free(&body);
	return rc;
}

static int record_rows(struct recorder *r, struct err *e)
{
	const struct hole *h = &r->disk.hole;
	int rc = TK_OK;

	for (size_t i = 0; i < h->n && rc == TK_OK; i++) {
		const struct hole_row *row = &h->row[i];
		int64_t label;

		rc = ledger_label(r->ledger, slice_str(row->input), &label, e);
		if (rc == TK_OK)
			rc = ledger_loss(r->ledger, label, row->minute,
					 loss_name((enum loss_reason)row->reason), row->n, row->bytes, e);
	}
	return rc;
}

/* Captures go on where they were counted to. */
static int record_sessions(struct recorder *r, int64_t now, struct err *e)
{
	int rc = TK_OK;

	for (size_t i = 0; i < r->disk.n_sessions && rc == TK_OK; i++) {
		const struct batch_taken *t = &r->disk.session[i];
		int64_t label;

		rc = ledger_label(r->ledger, slice_str(t->input), &label, e);
		if (rc == TK_OK)
			rc = ledger_set_generation(r->ledger, label, slice_str(t->path), &t->to, now, e);
	}
	return rc;
}

/* One hole, one record of it, in the transaction that says so: a kill right behind it leaves a hole in the
 * reserve that is known. */
static int record_hole(struct recorder *r, int64_t now, struct err *e)
{
	int64_t told;
	int rc = ledger_number(r->ledger, "hole_told", 0, &told, e);

	if (rc != TK_OK || told == r->disk.hole.since_ns)
		return rc;
	rc = record_rows(r, e);
	if (rc == TK_OK)
		rc = record_sessions(r, now, e);
	if (rc == TK_OK)
		rc = record_gap(r, now, e);
	return rc == TK_OK ? ledger_set_number(r->ledger, "hole_told", r->disk.hole.since_ns, e) : rc;
}

static int tell_recovered(struct recorder *r, int64_t now, int64_t free_bytes, struct err *e)
{
	int rc = TK_OK;

	if (!r->disk.hole_told) {
		tell_rules(r, DISK_FULL, free_bytes);
		rc = evaluate_notices_now(r->evaluate, r->disk.hole.since_ns, e);
	}
	tell_rules(r, DISK_RECOVERED, free_bytes);
	return rc == TK_OK ? evaluate_notices_now(r->evaluate, now, e) : rc;
}

/* Everything of the hole in one transaction, which is also the proof that there is room again. */
static int fill_hole(struct recorder *r, int64_t free_bytes, struct err *e)
{
	int64_t now = sys_now_ns();
	int rc = ledger_begin(r->ledger, e);

	if (rc == TK_OK)
		rc = record_hole(r, now, e);
	if (rc == TK_OK)
		rc = tell_recovered(r, now, free_bytes, e);
	if (rc == TK_OK)
		rc = evaluate_flush(r->evaluate, now, e);
	return rc == TK_OK ? ledger_commit(r->ledger, now, e) : rc;
}

static int greet_waiting(struct recorder *r, struct err *e)
{
	int rc = TK_OK;

	for (int i = 0; i < PEERS && rc == TK_OK; i++)
		if (r->peers[i].kind == PEER_SENSOR && r->peers[i].ungreeted) {
			r->peers[i].ungreeted = false;
			rc = peer_greet(&r->peers[i], r->ledger, e);
		}
	return rc;
}

static int go_on(struct recorder *r, const char *reserve, struct err *e)
{
	struct disk_watch *d = &r->disk;

	fprintf(stderr,
		"tochoku: disk: recovered: recording again; %" PRId64 " captured calls were counted alone\n",
		d->hole.calls);
	intake_unwatched(r->intake);
	d->state = DISK_RECOVERED;
	d->since_ns = sys_mono_ns();
	d->n_held = d->n_sessions = 0;
	d->hole = (struct hole){ 0 };
	d->hole_told = false;
	d->kept_ns = 0;
	ledger_spare(r->ledger, false);
	for (int i = 0; i < PEERS; i++)
		if (r->peers[i].kind == PEER_SENSOR)
			peer_send_acks(&r->peers[i]);
	reserve_clear(reserve, e); /* what it holds is known to be told */
	return greet_waiting(r, e);
}

/* TK_OK where it goes on, and where it does not. */
static int try_again(struct recorder *r, struct err *e)
{
	struct disk_limits limits;
	struct disk_room room;
	char reserve[PATH_BYTES];
	struct err why = { 0 };
	int rc;

	r->disk.try_ns = sys_mono_ns() + TRY_NS;
	if (!measure(r, &room, &limits) || !disk_may_leave_full(&room, &limits))
		return TK_OK;
	reserve_path(r, reserve);
	rc = reserve_make(reserve, limits.reserve, &why);
	if (rc == TK_OK && r->ledger == NULL)
		rc = recorder_open_ledger(r, &why);
	if (rc == TK_OK)
		rc = fill_hole(r, room.free, &why);
	if (rc == TK_OK)
		return go_on(r, reserve, e);
	recorder_close_ledger(r);
	if (why.code == TK_EDAMAGED) {
		*e = why;
		return rc;
	}
	recorder_keep_hole(r);
	return TK_OK;
}

static int count_on(struct recorder *r, struct err *e)
{
	int64_t mono = sys_mono_ns();

	for (int i = 0; i < PEERS; i++)
		if (r->peers[i].kind == PEER_SENSOR)
			peer_send_acks(&r->peers[i]);
	if (r->disk.hole.calls != r->disk.kept_calls && mono - r->disk.kept_ns >= KEEP_NS)
		recorder_keep_hole(r);
	alive_counting(&r->alive);
	return mono >= r->disk.try_ns ? try_again(r, e) : TK_OK;
}

/* The next start makes the file anew; meanwhile no reader saw what was written. */
static int look_beside(struct recorder *r, struct err *e)
{
	const char *gone = ledger_side_gone(r->ledger);
	int rc;

	if (gone == NULL)
		return TK_OK;
	if ((rc = recorder_commit(r, e)) == TK_OK)
		rc = ledger_empty_log(r->ledger, e);
	if (rc != TK_OK)
		return err_wrap(e, "%s%s was deleted or replaced while it was in use", r->cfg->ledger.path,
				gone);
	return err_set(e, TK_EIO,
		       "%s%s was deleted or replaced while it was in use; nothing is lost: what it held was"
		       " moved into the ledger, and the recorder begins anew. Let nobody touch files beside the"
		       " ledger; `tochoku maintain backup` copies it while it runs",
		       r->cfg->ledger.path, gone);
}

int recorder_watch_disk(struct recorder *r, struct err *e)
{
	int rc;

	if (recorder_counts(r)) /* it may have no ledger then */
		return count_on(r, e);
	rc = look_beside(r, e);
	return rc == TK_OK ? look(r, e) : rc;
}

void recorder_take_hole(struct recorder *r)
{
	char reserve[PATH_BYTES];

	reserve_path(r, reserve);
	reserve_hole(reserve, &r->disk.hole);
}

int recorder_take_up(struct recorder *r, struct err *e)
{
	struct disk_limits limits;
	struct disk_room room;
	char reserve[PATH_BYTES];
	struct err why = { 0 };
	int rc = TK_OK;

	reserve_path(r, reserve);
	if (!measure(r, &room, &limits))
		room = (struct disk_room){ 0 };
	if (r->disk.hole.since_ns != 0) {
		if ((rc = fill_hole(r, room.free, e)) != TK_OK)
			return rc;
		r->disk.state = DISK_RECOVERED;
		r->disk.since_ns = sys_mono_ns();
		r->disk.hole = (struct hole){ 0 };
		reserve_clear(reserve, &why);
	}
	if (room.size == 0 || !disk_may_leave_full(&room, &limits))
		return TK_OK;
	if (reserve_make(reserve, limits.reserve, &why) != TK_OK)
		fprintf(stderr, "tochoku: disk: %s: there is no reserve\n", why.text);
	return TK_OK;
}

void recorder_say_disk(const struct recorder *r, struct buf *reply)
{
	struct json_out o = json_out(reply);
	char since[TIME_TEXT_MAX];

	json_open(&o, '{');
	json_key(&o, "ok");
	json_bool(&o, true);
	json_key(&o, "state");
	json_str(&o, slice_str(disk_name(r->disk.state)));
	json_key(&o, "not_recorded");
	json_int(&o, r->disk.hole.calls);
	if (r->disk.hole.since_ns != 0) {
		utc_text(r->disk.hole.since_ns, since);
		json_key(&o, "since");
		json_str(&o, slice_str(since));
		json_key(&o, "cause");
		json_str(&o, slice_str(r->disk.hole.cause));
	}
	json_close(&o, '}');
}
