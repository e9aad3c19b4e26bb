#include "core/ledger/findings.h"

#include <stdlib.h>

#include "core/base/map.h"
#include "core/base/zone.h"
#include "core/ledger/finding_json.h"
#include "core/ledger/statement.h"
#include "core/ledger/writer.h"

#define OPEN_MAX 1024 /* findings held in memory of the live ledger; written and let go beyond it */
#define DAY_MAX 4096  /* findings of one evaluated day */

struct open_finding {
	int64_t row; /* 0: not recorded yet */
	int64_t first, last, count;
	const char *rule_id, *rule_name, *author, *level;
	const uint8_t *rules;
	int rank;
	int32_t day;
	struct buf subject, reason, entity;
	bool grows; /* the reason */
	size_t n_events, n_stored; /* the first n_stored are in their table as they stand here */
	struct finding_event events[FINDING_EVENTS];
	bool dirty;
};

struct findings {
	struct ledger *l;
	bool live;
	size_t max, cap;
	struct map *keys; /* hit.key -> place in open[] */
	struct map *subjects; /* of a day evaluated anew: subject -> place in open[] */
	struct open_finding *open;
};

static struct findings *make(struct ledger *l, bool live, size_t max)
{
	struct findings *f = calloc(1, sizeof *f);

	if (f == NULL)
		return NULL;
	*f = (struct findings){ .l = l, .live = live, .max = max, .keys = map_new(max, max * 512),
				.subjects = map_new(max, max * 512) };
	if (f->keys == NULL || f->subjects == NULL) {
		findings_free(f);
		return NULL;
	}
	return f;
}

struct findings *findings_new(struct ledger *l)
{
	return make(l, true, OPEN_MAX);
}

struct findings *findings_new_day(struct ledger *l)
{
	return make(l, false, DAY_MAX);
}

void findings_forget(struct findings *f)
{
	for (size_t i = 0; i < map_count(f->keys); i++) {
		buf_free(&f->open[i].subject);
		buf_free(&f->open[i].reason);
		buf_free(&f->open[i].entity);
	}
	map_clear(f->keys);
	map_clear(f->subjects);
}

void findings_free(struct findings *f)
{
	if (f == NULL)
		return;
	if (f->keys != NULL && f->subjects != NULL)
		findings_forget(f);
	map_free(f->keys);
	map_free(f->subjects);
	free(f->open);
	free(f);
}

static int event_order(const struct finding_event *a, const struct finding_event *b)
{
	if (a->completion_ns != b->completion_ns)
		return a->completion_ns < b->completion_ns ? -1 : 1;
	return memcmp(a->id, b->id, sizeof a->id);
}

/* Keeps the first FINDING_EVENTS by completion, then id: the same ones in whatever order they come. False: it
 * is one of them already, as after a restart, when the last minutes are looked at once more. */
static bool keep_event(struct open_finding *o, const struct finding_event *ev)
{
	size_t i = o->n_events;

	if (i == FINDING_EVENTS && event_order(ev, &o->events[i - 1]) > 0)
		return true;
	while (i > 0 && event_order(ev, &o->events[i - 1]) < 0)
		i--;
	if (i > 0 && event_order(ev, &o->events[i - 1]) == 0)
		return false;
	if (o->n_events < FINDING_EVENTS)
		o->n_events++;
	memmove(&o->events[i + 1], &o->events[i], (o->n_events - 1 - i) * sizeof *o->events);
	o->events[i] = *ev;
	if (i < o->n_stored)
		o->n_stored = 0; /* what follows has moved: all anew */
	return true;
}

static int load_events(struct findings *f, struct open_finding *o, struct err *e)
{
	sqlite3_stmt *s = ledger_statement(f->l, LS_FINDING_EVENTS,
					   "SELECT completion, event_id FROM finding_event WHERE finding = ? "
					   "ORDER BY completion, event_id",
					   e);
	int rc = s == NULL ? TK_EIO : TK_OK;

	if (s != NULL)
		bind_i64(s, 1, o->row);
	while (rc == TK_OK && (rc = statement_row(s, e)) == TK_OK) {
		struct finding_event ev = { .completion_ns = sqlite3_column_int64(s, 0) };

		column_bytes(s, 1, ev.id, sizeof ev.id);
		keep_event(o, &ev);
	}
	o->n_stored = o->n_events;
	return rc == TK_EEND ? TK_OK : rc;
}

/* What is recorded of the subject already. */
static int load(struct findings *f, struct slice subject, struct open_finding *o, struct err *e)
{
	sqlite3_stmt *s = ledger_statement(f->l, LS_FINDING_GET,
		"SELECT id, first, last, count FROM finding WHERE subject = ? AND withdrawn = 0", e);
	int rc;

	if (s == NULL)
		return TK_EIO;
	bind_text(s, 1, subject);
	rc = statement_row(s, e);
	if (rc == TK_OK) {
		o->row = sqlite3_column_int64(s, 0);
		o->first = sqlite3_column_int64(s, 1);
		o->last = sqlite3_column_int64(s, 2);
		o->count = sqlite3_column_int64(s, 3);
	}
	sqlite3_reset(s);
	if (rc == TK_EEND)
		return TK_OK;
	return rc == TK_OK ? load_events(f, o, e) : rc;
}

static int room_for_one(struct findings *f, int64_t now_ns, struct err *e)
{
	int rc;

	if (map_count(f->keys) == f->max) {
		if (!f->live)
			return err_set(e, TK_ELIMIT,
				       "more than %d findings in one day: make a rule less noisy", DAY_MAX);
		if ((rc = findings_flush(f, now_ns, e)) != TK_OK)
			return rc;
		findings_forget(f);
	}
	if (map_count(f->keys) == f->cap) {
		size_t cap = f->cap == 0 ? 64 : 2 * f->cap;
		struct open_finding *more = realloc(f->open, cap * sizeof *more);

		if (more == NULL)
			return err_set(e, TK_ENOMEM, "no memory for findings");
		f->open = more;
		f->cap = cap;
	}
	return TK_OK;
}

static int new_finding(struct findings *f, const struct hit *h, const struct finding_text *t,
		       struct open_finding *o, struct err *e)
{
	int64_t place = (int64_t)map_count(f->keys);

	*o = (struct open_finding){ .first = INT64_MAX, .last = INT64_MIN, .rule_id = t->rule_id,
				    .rule_name = t->rule_name, .author = t->author, .level = t->level,
				    .rules = t->rules, .rank = t->rank, .day = h->day,
				    .grows = t->grows };
	buf_init(&o->subject, 65536);
	buf_init(&o->reason, 65536);
	buf_init(&o->entity, 65536);
	buf_add(&o->subject, t->subject);
	buf_add(&o->reason, t->reason);
	buf_add(&o->entity, t->entity_json);
	if (!o->subject.failed && !o->reason.failed && !o->entity.failed &&
	    map_put(f->subjects, t->subject, place) != NULL && map_put(f->keys, h->key, place) != NULL)
		return f->live ? load(f, t->subject, o, e) : TK_OK;
	buf_free(&o->subject);
	buf_free(&o->reason);
	buf_free(&o->entity);
	return err_set(e, TK_ENOMEM, "no memory for findings");
}

/* The reason with the hit's own values. */
static int tell_again(struct open_finding *o, const struct hit *h, describe_fn describe, void *ctx,
		      struct err *e)
{
	struct hit now = *h;
	struct finding_text text;
	int rc;

	now.count = o->count + 1;
	if ((rc = describe(ctx, &now, &text, e)) != TK_OK)
		return rc;
	buf_clear(&o->reason);
	buf_add(&o->reason, text.reason);
	return o->reason.failed ? err_set(e, TK_ENOMEM, "no memory for findings") : TK_OK;
}

static int open_at(struct findings *f, const struct hit *h, describe_fn describe, void *ctx, int64_t now_ns,
		   struct open_finding **out, struct err *e)
{
	int64_t *at = map_get(f->keys, h->key);
	struct hit first = *h;
	struct finding_text text;
	int rc;

	if (at != NULL) {
		*out = &f->open[*at];
		return TK_OK;
	}
	first.count = 1;
	if ((rc = room_for_one(f, now_ns, e)) != TK_OK || (rc = describe(ctx, &first, &text, e)) != TK_OK)
		return rc;
	*out = &f->open[map_count(f->keys)];
	return new_finding(f, h, &text, *out, e);
}

int findings_hit(struct findings *f, const struct hit *h, describe_fn describe, void *ctx, int64_t now_ns,
		 struct err *e)
{
	struct finding_event ev = { .completion_ns = h->completion_ns };
	struct open_finding *o;
	int rc = open_at(f, h, describe, ctx, now_ns, &o, e);

	if (rc != TK_OK)
		return rc;
	if (h->event_id != NULL) {
		memcpy(ev.id, h->event_id, sizeof ev.id);
		if (!keep_event(o, &ev))
			return TK_OK;
	}
	for (size_t i = 0; i < h->n_evidence; i++)
		keep_event(o, &h->evidence[i]);
	if (o->grows && o->count > 0 && (rc = tell_again(o, h, describe, ctx, e)) != TK_OK)
		return rc;
	o->count++;
	if (h->start_ns < o->first)
		o->first = h->start_ns;
	if (h->start_ns > o->last)
		o->last = h->start_ns;
	o->dirty = true;
	return TK_OK;
}

/* ---- writing ---- */

/* A withdrawn finding whose subject is hit again comes back under its old number. */
static int insert(struct findings *f, struct open_finding *o, struct err *e)
{
	sqlite3_stmt *s = ledger_statement(
		f->l, LS_FINDING_INSERT,
		"INSERT INTO finding VALUES (NULL, ?1, ?2, ?3, nullif(?4, ''), ?5, ?6, 'new', ?7, ?8, ?9, "
		"?10, ?11, ?12, 0, ?13, 0)"
		" ON CONFLICT (subject) DO UPDATE SET first = excluded.first, last = excluded.last,"
		" count = excluded.count, reason = excluded.reason, entity = excluded.entity, withdrawn = 0, told = 0"
		" RETURNING id",
		e);
	int rc;

	if (s == NULL)
		return TK_EIO;
	bind_text(s, 1, buf_slice(&o->subject));
	bind_text(s, 2, slice_str(o->rule_id));
	bind_text(s, 3, slice_str(o->rule_name));
	bind_text(s, 4, slice_str(o->author));
	bind_text(s, 5, slice_str(o->level));
	bind_i64(s, 6, o->rank);
	bind_i64(s, 7, o->day);
	bind_i64(s, 8, o->first);
	bind_i64(s, 9, o->last);
	bind_i64(s, 10, o->count);
	bind_text(s, 11, buf_slice(&o->reason));
	bind_text(s, 12, buf_slice(&o->entity));
	bind_blob(s, 13, o->rules, 32);
	if ((rc = statement_row(s, e)) == TK_OK)
		o->row = sqlite3_column_int64(s, 0);
	sqlite3_reset(s);
	return rc;
}

static int update(struct findings *f, const struct open_finding *o, struct err *e)
{
	sqlite3_stmt *s = ledger_statement(f->l, LS_FINDING_UPDATE,
		"UPDATE finding SET first = ?2, last = ?3, count = ?4,"
		" reason = coalesce(nullif(?5, ''), reason),"
		" entity = coalesce(nullif(?6, ''), entity),"
		" told = told AND first = ?2 AND last = ?3 AND count = ?4 AND ?5 IN ('', reason)"
		" AND ?6 IN ('', entity) WHERE id = ?1", e);

	if (s == NULL)
		return TK_EIO;
	bind_i64(s, 1, o->row);
	bind_i64(s, 2, o->first);
	bind_i64(s, 3, o->last);
	bind_i64(s, 4, o->count);
	/* live: of the first hit */
	bind_text(s, 5, f->live && !o->grows ? slice_of(NULL, 0) : buf_slice(&o->reason));
	bind_text(s, 6, f->live ? slice_of(NULL, 0) : buf_slice(&o->entity));
	return statement_run(s, e);
}

static int clear_events(struct findings *f, const struct open_finding *o, struct err *e)
{
	sqlite3_stmt *s =
		ledger_statement(f->l, LS_FINDING_CLEAR, "DELETE FROM finding_event WHERE finding = ?", e);

	if (s == NULL)
		return TK_EIO;
	bind_i64(s, 1, o->row);
	return statement_run(s, e);
}

static int write_events(struct findings *f, struct open_finding *o, struct err *e)
{
	sqlite3_stmt *s =
		ledger_statement(f->l, LS_FINDING_EVENT, "INSERT INTO finding_event VALUES (?, ?, ?)", e);
	int rc = s == NULL ? TK_EIO : o->n_stored == 0 ? clear_events(f, o, e) : TK_OK;

	for (size_t i = o->n_stored; i < o->n_events && rc == TK_OK; i++) {
		bind_i64(s, 1, o->row);
		bind_i64(s, 2, o->events[i].completion_ns);
		bind_blob(s, 3, o->events[i].id, 16);
		rc = statement_run(s, e);
	}
	o->n_stored = o->n_events;
	return rc;
}

static int write_finding(struct findings *f, size_t i, int64_t now_ns, struct err *e)
{
	struct open_finding *o = &f->open[i];
	bool is_new = o->row == 0;
	int rc;

	if (!o->dirty)
		return TK_OK;
	o->dirty = false;
	rc = is_new ? insert(f, o, e) : update(f, o, e);
	if (rc == TK_OK && o->n_stored < o->n_events)
		rc = write_events(f, o, e);
	else if (rc == TK_OK && !f->live && !is_new && o->n_events == 0)
		rc = clear_events(f, o, e); /* what showed it before is none of it */
	/* one of a day evaluated anew is told when the day closes */
	return rc == TK_OK && is_new && f->live ? finding_record(f->l, o->row, now_ns, e) : rc;
}

int findings_flush(struct findings *f, int64_t now_ns, struct err *e)
{
	int rc = TK_OK;

	for (size_t i = 0; i < map_count(f->keys) && rc == TK_OK; i++)
		rc = write_finding(f, i, now_ns, e);
	return rc;
}

static int withdraw(struct findings *f, int64_t row, int64_t now_ns, struct err *e)
{
	sqlite3_stmt *s = ledger_statement(f->l, LS_FINDING_WITHDRAW,
					   "UPDATE finding SET withdrawn = 1 WHERE id = ?", e);
	int rc;

	if (s == NULL)
		return TK_EIO;
	bind_i64(s, 1, row);
	rc = statement_run(s, e);
	return rc == TK_OK ? finding_record(f->l, row, now_ns, e) : rc;
}

/* The recorded findings of the day get to know their place in `f`; the others are withdrawn. */
static int match_day(struct findings *f, int32_t day, int64_t now_ns, struct err *e)
{
	sqlite3_stmt *s = ledger_statement(f->l, LS_FINDING_OF_DAY,
		"SELECT id, subject FROM finding WHERE day = ? AND withdrawn = 0"
		" AND substr(subject, 1, 4) <> 'now|' ORDER BY id", e);
	int64_t gone[256];
	size_t n_gone;
	int rc;

	if (s == NULL)
		return TK_EIO;
	do { /* withdrawing changes the table that the cursor reads: so in rounds */
		n_gone = 0;
		bind_i64(s, 1, day);
		while (n_gone < COUNT(gone) && (rc = statement_row(s, e)) == TK_OK) {
			int64_t *at = map_get(f->subjects, column_text(s, 1));

			if (at != NULL)
				f->open[*at].row = sqlite3_column_int64(s, 0);
			else
				gone[n_gone++] = sqlite3_column_int64(s, 0);
		}
		sqlite3_reset(s);
		if (n_gone < COUNT(gone) && rc != TK_EEND)
			return rc;
		for (size_t i = 0; i < n_gone; i++)
			if ((rc = withdraw(f, gone[i], now_ns, e)) != TK_OK)
				return rc;
	} while (n_gone == COUNT(gone));
	return TK_OK;
}

int findings_replace_day(struct findings *f, int32_t day, int64_t now_ns, struct err *e)
{
	int rc = match_day(f, day, now_ns, e);

	return rc == TK_OK ? findings_flush(f, now_ns, e) : rc;
}

/* ---- comparing ---- */

static void tell_more(const struct open_finding *o, struct findings_difference *d)
{
	char day[11];
	struct finding f = { .rule_id = slice_str(o->rule_id),
			     .rule_name = slice_str(o->rule_name),
			     .author = slice_str(o->author),
			     .level = slice_str(o->level),
			     .reason = buf_slice(&o->reason),
			     .entity_json = buf_slice(&o->entity),
			     .first_ns = o->first,
			     .last_ns = o->last,
			     .count = o->count };

	date_format(date_from_days(o->day), day);
	f.day = slice_str(day);
	finding_split_reason(&f);
	d->more(d->ctx, &f);
}

int findings_compare_day(struct findings *f, int32_t day, struct findings_difference *d, struct err *e)
{
	sqlite3_stmt *s = ledger_statement(
		f->l, LS_FINDING_ALL_OF_DAY,
		"SELECT id, subject, rule_id FROM finding WHERE day = ? AND withdrawn = 0 ORDER BY id", e);
	int rc = s == NULL ? TK_EIO : TK_OK;

	if (s != NULL)
		bind_i64(s, 1, day);
	while (rc == TK_OK && (rc = statement_row(s, e)) == TK_OK) {
		struct slice subject = column_text(s, 1);
		int64_t *at = map_get(f->subjects, subject);

		if (!d->asked(d->ctx, column_text(s, 2), slice_starts(subject, SLICE(FINDING_NOW))))
			continue;
		if (at != NULL)
			f->open[*at].row = sqlite3_column_int64(s, 0);
		else
			d->less(d->ctx, sqlite3_column_int64(s, 0));
		d->same += at != NULL;
	}
	for (size_t i = 0; rc == TK_EEND && i < map_count(f->keys); i++)
		if (f->open[i].row == 0)
			tell_more(&f->open[i], d);
	return rc == TK_EEND ? TK_OK : rc;
}

int ledger_findings_of(struct ledger *l, int32_t from, int32_t to, int rank, int64_t *n, struct err *e)
{
	sqlite3_stmt *s = ledger_statement(l, LS_FINDING_COUNT,
		"SELECT count(*) FROM finding WHERE day BETWEEN ? AND ? AND rank >= ? AND withdrawn = 0", e);
	int rc;

	if (s == NULL)
		return TK_EIO;
	bind_i64(s, 1, from);
	bind_i64(s, 2, to);
	bind_i64(s, 3, rank);
	if ((rc = statement_row(s, e)) == TK_OK)
		*n = sqlite3_column_int64(s, 0);
	sqlite3_reset(s);
	return rc;
}
