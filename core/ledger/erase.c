/* What is to be erased, and what is gone. */
#include "core/ledger/erase.h"

#include "core/ledger/statement.h"
#include "core/ledger/writer.h"

int ledger_erasing_put(struct ledger *l, const struct erasing *x, struct err *e)
{
	sqlite3_stmt *s =
		ledger_statement(l, LS_ERASING_PUT, "INSERT INTO erasing_file VALUES (?, ?, ?, ?)", e);

	if (s == NULL)
		return TK_EIO;
	bind_i64(s, 1, x->segment);
	if (x->whole)
		sqlite3_bind_null(s, 2);
	else
		bind_blob(s, 2, x->sha256, sizeof x->sha256);
	bind_i64(s, 3, x->classes);
	bind_i64(s, 4, x->asked);
	return statement_run(s, e);
}

int ledger_erasing_run(struct ledger *l, int64_t segment, int64_t first, int64_t last, struct err *e)
{
	sqlite3_stmt *s = ledger_statement(l, LS_ERASING_RUN, "INSERT INTO erasing VALUES (?, ?, ?)", e);

	if (s == NULL)
		return TK_EIO;
	bind_i64(s, 1, segment);
	bind_i64(s, 2, first);
	bind_i64(s, 3, last);
	return statement_run(s, e);
}

int ledger_erasing_findings(struct ledger *l, struct slice text, struct err *e)
{
	sqlite3_stmt *s =
		ledger_statement(l, LS_ERASING_FINDINGS,
				 "INSERT OR IGNORE INTO erasing_finding SELECT id FROM finding WHERE"
				 " instr(entity, ?1) OR instr(reason, ?1) OR instr(subject, ?1)",
				 e);

	if (s == NULL)
		return TK_EIO;
	bind_text(s, 1, text);
	return statement_run(s, e);
}

int ledger_erasing_next(struct ledger *l, int64_t after, struct erasing *out, struct err *e)
{
	sqlite3_stmt *s =
		ledger_statement(l, LS_ERASING_NEXT,
				 "SELECT segment, sha256, classes, asked FROM erasing_file WHERE segment > ?"
				 " ORDER BY segment LIMIT 1",
				 e);
	int rc;

	if (s == NULL)
		return TK_EIO;
	bind_i64(s, 1, after);
	if ((rc = statement_row(s, e)) == TK_OK) {
		*out = (struct erasing){ .segment = sqlite3_column_int64(s, 0),
					 .whole = sqlite3_column_type(s, 1) == SQLITE_NULL,
					 .classes = (unsigned)sqlite3_column_int64(s, 2),
					 .asked = sqlite3_column_int(s, 3) != 0 };
		column_bytes(s, 1, out->sha256, sizeof out->sha256);
	}
	sqlite3_reset(s);
	return rc == TK_EEND ? TK_ENOTFOUND : rc;
}

int ledger_erasing_runs(struct ledger *l, int64_t segment, erasing_run_fn row, void *ctx, struct err *e)
{
	sqlite3_stmt *s = ledger_statement(
		l, LS_ERASING_RUNS,
		"SELECT seq_from, seq_to FROM erasing WHERE segment = ? ORDER BY seq_from", e);
	int rc = s == NULL ? TK_EIO : TK_OK;

	if (rc == TK_OK)
		bind_i64(s, 1, segment);
	while (rc == TK_OK && (rc = statement_row(s, e)) == TK_OK)
		rc = row(ctx, sqlite3_column_int64(s, 0), sqlite3_column_int64(s, 1));
	sqlite3_reset(s);
	return rc == TK_EEND ? TK_OK : rc;
}

int ledger_erased_classes(struct ledger *l, int64_t segment, unsigned *classes, struct err *e)
{
	sqlite3_stmt *s = ledger_statement(l, LS_ERASED, "SELECT classes FROM erased WHERE segment = ?", e);
	int rc;

	*classes = 0;
	if (s == NULL)
		return TK_EIO;
	bind_i64(s, 1, segment);
	if ((rc = statement_row(s, e)) == TK_OK)
		*classes = (unsigned)sqlite3_column_int64(s, 0);
	sqlite3_reset(s);
	return rc == TK_EEND ? TK_OK : rc;
}

int ledger_set_erased(struct ledger *l, int64_t segment, unsigned classes, struct err *e)
{
	sqlite3_stmt *s = ledger_statement(l, LS_SET_ERASED,
					   "INSERT INTO erased VALUES (?1, ?2)"
					   " ON CONFLICT DO UPDATE SET classes = classes | ?2",
					   e);

	if (s == NULL)
		return TK_EIO;
	bind_i64(s, 1, segment);
	bind_i64(s, 2, classes);
	return statement_run(s, e);
}

int ledger_twins_of_user(struct ledger *l, struct slice user, erase_seq_fn row, void *ctx, struct err *e)
{
	sqlite3_stmt *s = ledger_statement(
		l, LS_TWINS_OF_USER,
		"SELECT x.seq - 1 AS at FROM superseded x JOIN event e ON e.seq = x.successor"
		" JOIN dim_who w ON w.id = e.dim_who WHERE w.user = ?1"
		" UNION SELECT x.successor - 1 FROM superseded x JOIN event e ON e.seq = x.seq"
		" JOIN dim_who w ON w.id = e.dim_who WHERE w.user = ?1 ORDER BY at",
		e);
	int rc = s == NULL ? TK_EIO : TK_OK;

	if (rc == TK_OK)
		bind_text(s, 1, user);
	while (rc == TK_OK && (rc = statement_row(s, e)) == TK_OK)
		rc = row(ctx, sqlite3_column_int64(s, 0));
	sqlite3_reset(s);
	return rc == TK_EEND ? TK_OK : rc;
}
