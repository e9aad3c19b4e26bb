/* What was watched and what was not, inputs, and keys. */
#include "core/ledger/reader_db.h"

#include <stdlib.h>

#include "core/base/buf.h"
#include "core/event/wire.h"

#define COVERAGE_MINUTES_MAX (400 * 1440)

static bool is_reject(struct slice reason)
{
	for (int i = 1; i < REJECT_COUNT; i++)
		if (slice_is(reason, reject_name(i)))
			return true;
	return false;
}

/* Counts are sums of what others wrote: they stay within what JSON and reports can hold. */
static void add_loss(struct losses *l, enum loss_reason reason, int64_t n, int64_t bytes)
{
	struct loss *of = &l->of[reason];

	of->reason = (uint8_t)reason;
	of->n = (uint64_t)add_saturating((int64_t)of->n, n);
	of->bytes = (uint64_t)add_saturating((int64_t)of->bytes, bytes);
}

/* A reason that a newer version wrote counts as a gap: something is missing. */
static enum loss_reason reason_of(struct slice name)
{
	enum loss_reason r = loss_by_name(name);

	return r == LOSS_NONE ? LOSS_GAP : r;
}

/* Gaps of logs have members of their own. */
static void split_gaps(struct losses *l, int64_t *gaps, int64_t *bytes)
{
	*gaps = (int64_t)l->of[LOSS_GAP].n;
	*bytes = (int64_t)l->of[LOSS_GAP].bytes;
	l->of[LOSS_GAP] = (struct loss){ 0 };
}

/* Losses come under their reasons: rejected lines by the names of wire.h, `duplicate`, else of losses.def. */
static int read_losses(struct ledger_reader *r, int64_t from_minute, int64_t to_minute, struct coverage *out,
		       struct err *e)
{
	sqlite3_stmt *s;
	int rc = reader_prepare(r, &s,
				"SELECT reason, n, bytes FROM losses WHERE minute >= ?1 AND minute < ?2",
				(int64_t[]){ from_minute, to_minute }, 2, e);

	while (rc == TK_OK && (rc = reader_step(r, s, e)) == TK_OK) {
		struct slice reason = reader_text(s, 0);
		int64_t n = sqlite3_column_int64(s, 1);

		if (is_reject(reason)) {
			out->rejected_lines = add_saturating(out->rejected_lines, n);
		} else if (slice_starts(reason, SLICE("duplicate"))) {
			out->duplicates = add_saturating(out->duplicates, n);
		} else {
			add_loss(&out->losses, reason_of(reason), n, sqlite3_column_int64(s, 2));
		}
	}
	sqlite3_finalize(s);
	split_gaps(&out->losses, &out->gaps, &out->lost_bytes);
	return rc == TK_EEND ? TK_OK : rc;
}

/* Minutes [from, to): which were watched by anybody, and which a configured input missed. An input is
 * expected from the first minute in which it was ever watched. */
struct minutes {
	int64_t from, n;
	uint8_t *any, *missed, *mine;
};

static void mark(uint8_t *set, const struct minutes *m, int64_t first, int64_t last)
{
	first = first < m->from ? 0 : first - m->from;
	last = last >= m->from + m->n ? m->n - 1 : last - m->from;
	if (first <= last)
		memset(set + first, 1, (size_t)(last - first + 1));
}

static void close_input(struct minutes *m, int64_t expected_from)
{
	for (int64_t i = 0; i < m->n; i++) {
		m->any[i] |= m->mine[i];
		m->missed[i] |= (uint8_t)(!m->mine[i] && m->from + i >= expected_from);
	}
	memset(m->mine, 0, (size_t)m->n);
}

static int read_watched(struct ledger_reader *r, struct minutes *m, struct err *e)
{
	static const char sql[] =
		"SELECT i.input, CASE WHEN i.configured THEN (SELECT min(f.minute_from) FROM watched f"
		" WHERE f.input = i.input) END, w.minute_from, w.minute_to FROM inputs i LEFT JOIN watched w"
		" ON w.input = i.input AND w.minute_from < ?2 AND w.minute_to >= ?1 ORDER BY i.input";
	struct buf name;
	int64_t expected = INT64_MAX;
	sqlite3_stmt *s;
	bool open = false;
	int rc = reader_prepare(r, &s, sql, (int64_t[]){ m->from, m->from + m->n }, 2, e);

	buf_init(&name, 1 << 16);
	while (rc == TK_OK && (rc = reader_step(r, s, e)) == TK_OK) {
		if (open && !slice_eq(buf_slice(&name), reader_text(s, 0)))
			close_input(m, expected);
		open = true;
		buf_clear(&name);
		buf_add(&name, reader_text(s, 0));
		expected = sqlite3_column_type(s, 1) == SQLITE_NULL ? INT64_MAX : sqlite3_column_int64(s, 1);
		if (sqlite3_column_type(s, 2) != SQLITE_NULL)
			mark(m->mine, m, sqlite3_column_int64(s, 2), sqlite3_column_int64(s, 3));
	}
	if (open)
		close_input(m, expected);
	buf_free(&name);
	sqlite3_finalize(s);
	return rc == TK_EEND ? TK_OK : rc;
}

static int read_coverage(struct ledger_reader *r, struct minutes *m, struct coverage *out, uint8_t *unseen,
			 struct err *e)
{
	int rc = reader_begin(r, e);

	if (rc != TK_OK)
		return rc;
	if ((rc = read_watched(r, m, e)) == TK_OK)
		rc = read_losses(r, m->from, m->from + m->n, out, e);
	reader_end(r);
	for (int64_t i = 0; i < m->n; i++) {
		bool missed = !m->any[i] || m->missed[i];

		out->missed_minutes += missed;
		if (unseen != NULL)
			unseen[i] = missed;
	}
	return rc;
}

int ledger_coverage(struct ledger_reader *r, int64_t from, int64_t to, struct coverage *out, struct err *e)
{
	return ledger_unseen(r, from, to, NULL, out, e);
}

int ledger_unseen(struct ledger_reader *r, int64_t from, int64_t to, uint8_t *unseen, struct coverage *out,
		  struct err *e)
{
	struct minutes m = { .from = from / 60, .n = to / 60 - from / 60 };
	uint8_t *room;
	int rc;

	*out = (struct coverage){ 0 };
	if (m.n <= 0)
		return TK_OK;
	if (m.n > COVERAGE_MINUTES_MAX)
		return err_set(e, TK_ELIMIT, "coverage is asked for at most %d days at once",
			       COVERAGE_MINUTES_MAX / 1440);
	if ((room = calloc(3, (size_t)m.n)) == NULL)
		return err_set(e, TK_ENOMEM, "out of memory");
	m.any = room;
	m.missed = room + m.n;
	m.mine = room + 2 * m.n;
	out->minutes = m.n;
	rc = read_coverage(r, &m, out, unseen, e);
	free(room);
	return rc;
}

static int input_losses(struct ledger_reader *r, sqlite3_stmt *s, struct slice input, struct input_state *out,
			struct err *e)
{
	int rc;

	sqlite3_reset(s);
	sqlite3_bind_text(s, 1, (const char *)input.p, (int)input.n, SQLITE_STATIC);
	while ((rc = reader_step(r, s, e)) == TK_OK) {
		struct slice reason = reader_text(s, 0);
		int64_t n = sqlite3_column_int64(s, 1);

		if (is_reject(reason)) {
			out->rejected_lines += n;
		} else if (!slice_starts(reason, SLICE("duplicate"))) {
			add_loss(&out->losses, reason_of(reason), n, sqlite3_column_int64(s, 2));
		}
	}
	split_gaps(&out->losses, &out->gaps, &out->lost_bytes);
	return rc == TK_EEND ? TK_OK : rc;
}

int ledger_losses(struct ledger_reader *r, const char *input, int64_t from, int64_t to, struct losses *out,
		  struct err *e)
{
	sqlite3_stmt *s;
	int rc = reader_prepare(r, &s,
				"SELECT reason, sum(n), sum(bytes) FROM losses WHERE minute >= ?1"
				" AND minute < ?2 AND input = ?3 GROUP BY reason",
				(int64_t[]){ from / 60, to / 60 }, 2, e);

	*out = (struct losses){ 0 };
	if (rc == TK_OK)
		sqlite3_bind_text(s, 3, input, -1, SQLITE_STATIC);
	while (rc == TK_OK && (rc = reader_step(r, s, e)) == TK_OK) {
		enum loss_reason reason = loss_by_name(reader_text(s, 0));

		if (reason != LOSS_NONE)
			add_loss(out, reason, sqlite3_column_int64(s, 1), sqlite3_column_int64(s, 2));
	}
	sqlite3_finalize(s);
	return rc == TK_EEND ? TK_OK : rc;
}

int ledger_inputs(struct ledger_reader *r, input_row_fn row, void *ctx, struct err *e)
{
	sqlite3_stmt *s, *losses = NULL;
	int rc = reader_prepare(
		r, &s,
		"SELECT input, path, configured, events, last_event, last_heartbeat FROM inputs"
		" ORDER BY input",
		NULL, 0, e);

	if (rc == TK_OK)
		rc = reader_prepare(r, &losses,
				    "SELECT reason, sum(n), sum(bytes) FROM losses WHERE input = ?1"
				    " GROUP BY reason",
				    NULL, 0, e);
	while (rc == TK_OK && (rc = reader_step(r, s, e)) == TK_OK) {
		struct input_state in = { .name = reader_text(s, 0), .path = reader_text(s, 1),
					  .configured = sqlite3_column_int(s, 2) != 0,
					  .events = sqlite3_column_int64(s, 3),
					  .last_event_ns = sqlite3_column_int64(s, 4),
					  .last_heartbeat_ns = sqlite3_column_int64(s, 5) };

		if ((rc = input_losses(r, losses, in.name, &in, e)) == TK_OK)
			row(ctx, &in);
	}
	sqlite3_finalize(losses);
	sqlite3_finalize(s);
	return rc == TK_EEND ? TK_OK : rc;
}

int ledger_erasures_due(struct ledger_reader *r, int64_t *n, struct err *e)
{
	return reader_number(r, "SELECT count(*) FROM erasures_due", NULL, 0, 0, n, e);
}
