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

/* Every entry of the schema, sorted: type, name, and of views and triggers what they say. */
static int read_schema(sqlite3 *db, struct buf *out, struct err *e)
{
	sqlite3_stmt *s = NULL;
	int rc = statement_prepare(db, &s,
				   "SELECT type || ' ' || name || ' ' || tbl_name ||"
				   " CASE WHEN type IN ('view', 'trigger') THEN ' ' || sql ELSE '' END"
				   " FROM sqlite_master WHERE name NOT LIKE 'sqlite_stat%'"
				   " ORDER BY type, name",
				   e);

	while (rc == TK_OK && (rc = statement_row(s, e)) == TK_OK) {
		buf_add(out, column_text(s, 0));
		buf_byte(out, '\0');
	}
	sqlite3_finalize(s);
	return rc == TK_EEND ? out->failed ? err_set(e, TK_ENOMEM, "no memory") : TK_OK : rc;
}

static struct slice take_text(struct slice *list)
{
	size_t n = list->n == 0 ? 0 : strnlen((const char *)list->p, list->n);
	struct slice text = slice_head(*list, n);

	*list = slice_from(*list, n + 1);
	return text;
}

static int differs(struct slice have, struct slice want, struct err *e)
{
	struct slice a, b;

	do {
		a = take_text(&have);
		b = take_text(&want);
	} while (a.n > 0 && slice_eq(a, b));
	if (a.n == 0 && b.n == 0)
		return TK_OK;
	a = slice_head(a.n > 0 ? a : b, 100);
	return err_set(e, TK_EMALFORMED, "at %.*s", (int)a.n, (const char *)a.p);
}

int ledger_check_schema(struct ledger_reader *r, struct err *e)
{
	struct buf have, want;
	sqlite3 *fresh = NULL;
	int rc = sqlite3_open(":memory:", &fresh) == SQLITE_OK ? schema_upgrade(fresh, e)
							       : err_set(e, TK_ENOMEM, "no memory");

	buf_init(&have, 4u << 20);
	buf_init(&want, 4u << 20);
	if (rc == TK_OK)
		rc = read_schema(fresh, &want, e);
	if (rc == TK_OK)
		rc = read_schema(r->db, &have, e);
	if (rc == TK_OK)
		rc = differs(buf_slice(&have), buf_slice(&want), e);
	buf_free(&have);
	buf_free(&want);
	sqlite3_close(fresh);
	return rc;
}

int ledger_link(struct ledger_reader *r, int64_t n, uint8_t out[32], struct err *e)
{
	sqlite3_stmt *s;
	int rc = reader_prepare(r, &s, "SELECT hash FROM transactions WHERE n = ?1", &n, 1, e);

	if (rc == TK_OK && (rc = reader_step(r, s, e)) == TK_OK)
		column_bytes(s, 0, out, 32);
	sqlite3_finalize(s);
	return rc == TK_EEND ? err_set(e, TK_ENOTFOUND, "the ledger has no transaction %lld", (long long)n)
			     : rc;
}

int ledger_last_control(struct ledger_reader *r, const char *action, int64_t *ns, struct err *e)
{
	sqlite3_stmt *s;
	int rc = reader_prepare(
		r, &s,
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

int ledger_care(struct ledger_reader *r, int64_t to_ns, care_row_fn row, void *ctx, struct err *e)
{
	sqlite3_stmt *s;
	int rc = reader_prepare(
		r, &s,
		"SELECT ts, type, body FROM records WHERE ts < ?1 AND (type IN ('erase', 'clock') OR"
		" (type = 'control' AND json_extract(body, '$.action') IN"
		" ('backup', 'restore-test', 'optimise', 'prune'))) ORDER BY seq",
		&to_ns, 1, e);

	while (rc == TK_OK && (rc = reader_step(r, s, e)) == TK_OK)
		row(ctx, sqlite3_column_int64(s, 0), reader_text(s, 1), reader_text(s, 2));
	sqlite3_finalize(s);
	return rc == TK_EEND ? TK_OK : rc;
}

int ledger_record_counts(struct ledger_reader *r, int64_t from_ns, int64_t to_ns, record_count_fn row,
			 void *ctx, struct err *e)
{
	sqlite3_stmt *s;
	int rc =
		reader_prepare(r, &s,
			       "SELECT type, count(*) FROM records WHERE ts >= ?1 AND ts < ?2 AND NOT (type ="
			       " 'log-used' AND body LIKE '%\"what\":\"report %') GROUP BY type",
			       (int64_t[]){ from_ns, to_ns }, 2, e);

	while (rc == TK_OK && (rc = reader_step(r, s, e)) == TK_OK)
		row(ctx, reader_text(s, 0), sqlite3_column_int64(s, 1));
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
