/* The records of decisions, sheets and incidents, for the writer and for readers. An entry may also be of
 * another kind, such as an invoice. */
#include "core/ledger/reader_db.h"
#include "core/ledger/statement.h"
#include "core/ledger/writer.h"

#define PEOPLE                                                                                               \
	" WHERE type IN ('review', 'incident') OR (type = 'entry' AND body LIKE '{\"action\":\"duty.%')"     \
	" ORDER BY seq"

int ledger_reviews(struct ledger *l, review_row_fn row, void *ctx, struct err *e)
{
	sqlite3_stmt *s = ledger_statement(l, LS_REVIEWS, "SELECT seq, ts, body FROM record" PEOPLE, e);
	int rc = s == NULL ? TK_EIO : TK_OK;

	while (rc == TK_OK && (rc = statement_row(s, e)) == TK_OK)
		if (row(ctx, sqlite3_column_int64(s, 0), sqlite3_column_int64(s, 1), column_text(s, 2)) !=
		    TK_OK)
			rc = err_set(e, TK_ENOMEM, "no memory for the records of reviews");
	sqlite3_reset(s);
	return rc == TK_EEND ? TK_OK : rc;
}

int ledger_read_reviews(struct ledger_reader *r, review_row_fn row, void *ctx, struct err *e)
{
	sqlite3_stmt *s;
	int rc = reader_prepare(r, &s, "SELECT seq, ts, body FROM records" PEOPLE, NULL, 0, e);

	while (rc == TK_OK && (rc = reader_step(r, s, e)) == TK_OK)
		if (row(ctx, sqlite3_column_int64(s, 0), sqlite3_column_int64(s, 1), reader_text(s, 2)) !=
		    TK_OK)
			rc = err_set(e, TK_ENOMEM, "no memory for the records of reviews");
	sqlite3_finalize(s);
	return rc == TK_EEND ? TK_OK : rc;
}

int ledger_read_records(struct ledger_reader *r, const char *type, review_row_fn row, void *ctx,
			struct err *e)
{
	sqlite3_stmt *s;
	int rc = reader_prepare(r, &s, "SELECT seq, ts, body FROM records WHERE type = ? ORDER BY seq", NULL,
				0, e);

	if (rc == TK_OK)
		bind_text(s, 1, slice_str(type));
	while (rc == TK_OK && (rc = reader_step(r, s, e)) == TK_OK)
		if (row(ctx, sqlite3_column_int64(s, 0), sqlite3_column_int64(s, 1), reader_text(s, 2)) !=
		    TK_OK)
			rc = err_set(e, TK_ENOMEM, "no memory for records");
	sqlite3_finalize(s);
	return rc == TK_EEND ? TK_OK : rc;
}

int ledger_finding(struct ledger *l, int64_t id, finding_state_fn row, void *ctx, struct err *e)
{
	sqlite3_stmt *s = ledger_statement(
		l, LS_FINDING_STATE, "SELECT rule_id, entity, first, count FROM finding WHERE id = ?", e);
	int rc;

	if (s == NULL)
		return TK_EIO;
	bind_i64(s, 1, id);
	if ((rc = statement_row(s, e)) == TK_OK)
		rc = row(ctx, column_text(s, 0), column_text(s, 1), sqlite3_column_int64(s, 2),
			 sqlite3_column_int64(s, 3));
	sqlite3_reset(s);
	return rc == TK_EEND ? TK_ENOTFOUND : rc;
}

int ledger_finding_status(struct ledger *l, int64_t id, const char *status, struct err *e)
{
	sqlite3_stmt *s =
		ledger_statement(l, LS_FINDING_STATUS, "UPDATE finding SET status = ?2 WHERE id = ?1", e);

	if (s == NULL)
		return TK_EIO;
	bind_i64(s, 1, id);
	bind_text(s, 2, slice_str(status));
	return statement_run(s, e);
}
