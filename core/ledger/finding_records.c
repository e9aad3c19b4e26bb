/* Findings as records of the trail: when they are new, when they are withdrawn, and as they stand when their
 * day closes, where that is not what was told last. */
#include "core/ledger/finding_json.h"
#include "core/ledger/findings.h"
#include "core/ledger/statement.h"
#include "core/ledger/writer.h"

#define TOLD_AT_ONCE 8192 /* some 5 MB of records */

static int read_events(struct ledger *l, struct finding *f, struct err *e)
{
	sqlite3_stmt *s = ledger_statement(l, LS_FINDING_EVENTS,
					   "SELECT completion, event_id FROM finding_event WHERE finding = ? "
					   "ORDER BY completion, event_id",
					   e);
	int rc = s == NULL ? TK_EIO : TK_OK;

	if (s != NULL)
		bind_i64(s, 1, f->id);
	while (rc == TK_OK && (rc = statement_row(s, e)) == TK_OK)
		if (f->n_events < FINDING_EVENTS_MAX)
			column_bytes(s, 1, f->events[f->n_events++], 16);
	return rc == TK_EEND ? TK_OK : rc;
}

int finding_record(struct ledger *l, int64_t id, int64_t now_ns, struct err *e)
{
	sqlite3_stmt *s = ledger_statement(
		l, LS_FINDING_TELL,
		"SELECT \"rule.id\", \"rule.name\", \"rule.author\", level, status, first, last, count, reason,"
		" entity, withdrawn, provisional FROM findings WHERE id = ?",
		e);
	struct finding f = { .id = id };
	struct buf body;
	int rc;

	if (s == NULL)
		return TK_EIO;
	bind_i64(s, 1, id);
	if ((rc = statement_row(s, e)) != TK_OK)
		return rc;
	f.rule_id = column_text(s, 0);
	f.rule_name = column_text(s, 1);
	f.author = column_text(s, 2);
	f.level = column_text(s, 3);
	f.status = column_text(s, 4);
	f.first_ns = sqlite3_column_int64(s, 5);
	f.last_ns = sqlite3_column_int64(s, 6);
	f.count = sqlite3_column_int64(s, 7);
	f.reason = column_text(s, 8);
	f.entity_json = column_text(s, 9);
	finding_split_reason(&f);
	f.withdrawn = sqlite3_column_int(s, 10) != 0;
	f.provisional = sqlite3_column_int(s, 11) != 0;
	buf_init(&body, 1 << 20);
	if ((rc = read_events(l, &f, e)) == TK_OK) {
		finding_json(&body, &f);
		rc = body.failed ? err_set(e, TK_ENOMEM, "no memory for a finding")
				 : ledger_record(l, "finding", now_ns, buf_slice(&body), e);
	}
	sqlite3_reset(s);
	buf_free(&body);
	return rc;
}

static int mark_told(struct ledger *l, int64_t id, struct err *e)
{
	sqlite3_stmt *s =
		ledger_statement(l, LS_FINDING_TOLD, "UPDATE finding SET told = 1 WHERE id = ?", e);

	if (s == NULL)
		return TK_EIO;
	bind_i64(s, 1, id);
	return statement_run(s, e);
}

int findings_tell_day(struct ledger *l, int32_t day, int64_t now_ns, bool *told, struct err *e)
{
	sqlite3_stmt *s = ledger_statement(
		l, LS_FINDING_UNTOLD,
		"SELECT id FROM finding WHERE day = ? AND id > ? AND told = 0 AND withdrawn = 0 ORDER BY id LIMIT 1",
		e);
	int64_t id = 0;
	int rc;

	*told = false;
	if (s == NULL)
		return TK_EIO;
	for (int n = 0; n < TOLD_AT_ONCE; n++) { /* on from the last one: a day may have very many */
		bind_i64(s, 1, day);
		bind_i64(s, 2, id);
		if ((rc = statement_row(s, e)) != TK_OK) {
			*told = rc == TK_EEND;
			return rc == TK_EEND ? TK_OK : rc;
		}
		id = sqlite3_column_int64(s, 0);
		sqlite3_reset(s);
		if ((rc = finding_record(l, id, now_ns, e)) != TK_OK || (rc = mark_told(l, id, e)) != TK_OK)
			return rc;
	}
	return TK_OK;
}
