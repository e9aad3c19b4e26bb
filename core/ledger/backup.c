#include "core/ledger/backup.h"

#include <string.h>

#include "core/ledger/reader_db.h"
#include "core/ledger/schema.h"
#include "core/ledger/statement.h"
#include "core/ledger/writer.h"

int ledger_copy(struct ledger_reader *r, const char *to, struct err *e)
{
	sqlite3_stmt *s;
	int rc = reader_prepare(r, &s, "VACUUM INTO ?1", NULL, 0, e);

	if (rc == TK_OK) {
		bind_text(s, 1, slice_str(to));
		rc = reader_step(r, s, e);
	}
	sqlite3_finalize(s);
	return rc == TK_EEND ? TK_OK : rc;
}

int ledger_check(struct ledger_reader *r, struct err *e)
{
	sqlite3_stmt *s;
	int rc = reader_prepare(r, &s, "PRAGMA integrity_check(1)", NULL, 0, e);

	if (rc == TK_OK && (rc = reader_step(r, s, e)) == TK_OK && !slice_is(reader_text(s, 0), "ok")) {
		struct slice says = reader_text(s, 0);

		rc = err_set(e, TK_EMALFORMED, "the database is damaged: %.*s", (int)says.n,
			     (const char *)says.p);
	}
	sqlite3_finalize(s);
	return rc;
}

int ledger_link(struct ledger_reader *r, int64_t n, uint8_t out[32], struct err *e)
{
	sqlite3_stmt *s;
	int rc = reader_prepare(r, &s, "SELECT hash FROM transactions WHERE n = ?1", &n, 1, e);

	if (rc == TK_OK && (rc = reader_step(r, s, e)) == TK_OK)
		column_bytes(s, 0, out, 32);
	sqlite3_finalize(s);
	return rc == TK_EEND ? err_set(e, TK_ENOTFOUND, "the ledger has no transaction %lld", (long long)n) : rc;
}

int ledger_last_control(struct ledger_reader *r, const char *action, int64_t *ns, struct err *e)
{
	sqlite3_stmt *s;
	int rc = reader_prepare(r, &s,
				"SELECT ts FROM records WHERE type = 'control' AND"
				" json_extract(body, '$.action') = ?1 AND"
				" coalesce(json_extract(body, '$.result'), 'ok') = 'ok' ORDER BY seq DESC LIMIT 1",
				NULL, 0, e);

	*ns = 0;
	if (rc == TK_OK) {
		bind_text(s, 1, slice_str(action));
		if ((rc = reader_step(r, s, e)) == TK_OK)
			*ns = sqlite3_column_int64(s, 0);
	}
	sqlite3_finalize(s);
	return rc == TK_EEND ? TK_OK : rc;
}

static int number(sqlite3 *db, const char *pragma, int64_t *out, struct err *e)
{
	sqlite3_stmt *s = NULL;
	int rc = statement_prepare(db, &s, pragma, e);

	if (rc == TK_OK && (rc = statement_row(s, e)) == TK_OK)
		*out = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return rc;
}

int ledger_optimise(struct ledger *l, int64_t *n, struct err *e)
{
	int64_t before = 0, after = 0, size = 0;
	int rc = number(l->db, "PRAGMA freelist_count", &before, e);

	if (rc == TK_OK)
		rc = number(l->db, "PRAGMA page_size", &size, e);
	if (rc == TK_OK)
		rc = schema_exec(l->db, "PRAGMA incremental_vacuum; PRAGMA optimize", e);
	if (rc == TK_OK)
		rc = number(l->db, "PRAGMA freelist_count", &after, e);
	*n = (before - after) * size;
	return rc;
}
