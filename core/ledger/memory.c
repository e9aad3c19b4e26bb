/* What was met on which local day. A day's numbers are one blob: a row each would cost more than the calls
 * that brought them. Keys have rows besides, for a key may sleep longer than any window. */
#include "core/base/hash.h"
#include "core/ledger/statement.h"
#include "core/ledger/writer.h"

int ledger_memory_seed(struct ledger *l, uint64_t *seed, struct err *e)
{
	int64_t kept;
	int rc = ledger_number(l, "memory_seed", 0, &kept, e);

	*seed = (uint64_t)kept;
	if (rc != TK_OK || kept != 0 ||
	    sqlite3_db_readonly(l->db, "main") == 1) /* then nothing is remembered */
		return rc;
	if (!random_bytes(seed, sizeof *seed))
		return err_set(e, TK_EIO, "no random numbers");
	return ledger_set_number(l, "memory_seed", (int64_t)*seed, e);
}

int ledger_memory_read(struct ledger *l, int32_t day, struct buf *out, struct err *e)
{
	sqlite3_stmt *s = ledger_statement(l, LS_MEMORY_READ, "SELECT pairs FROM met_day WHERE day = ?", e);
	int rc;

	if (s == NULL)
		return TK_EIO;
	bind_i64(s, 1, day);
	if ((rc = statement_row(s, e)) == TK_OK)
		buf_add(out, column_blob(s, 0));
	sqlite3_reset(s);
	if (out->failed)
		return err_set(e, TK_ELIMIT, "ledger: a day's memory is too large");
	return rc == TK_EEND ? TK_OK : rc;
}

int ledger_memory_add(struct ledger *l, int32_t day, struct slice numbers, struct err *e)
{
	sqlite3_stmt *s = ledger_statement(l, LS_MEMORY_WRITE,
					   "INSERT INTO met_day VALUES (?1, ?2) ON CONFLICT DO UPDATE SET "
					   "pairs = CAST(pairs || ?2 AS BLOB)",
					   e);

	if (s == NULL)
		return TK_EIO;
	bind_i64(s, 1, day);
	bind_blob(s, 2, numbers.p, numbers.n);
	return statement_run(s, e);
}

int ledger_memory_last(struct ledger *l, int32_t *day, struct err *e)
{
	sqlite3_stmt *s =
		ledger_statement(l, LS_MEMORY_LAST, "SELECT coalesce(max(day), -2147483648) FROM met_day", e);
	int rc;

	if (s == NULL)
		return TK_EIO;
	if ((rc = statement_row(s, e)) == TK_OK)
		*day = (int32_t)sqlite3_column_int64(s, 0);
	sqlite3_reset(s);
	return rc;
}

int ledger_key_used(struct ledger *l, uint64_t key, int32_t day, struct err *e)
{
	sqlite3_stmt *s = ledger_statement(l, LS_KEY_DAY,
					   "INSERT INTO met_key VALUES (?, ?) ON CONFLICT DO NOTHING", e);

	if (s == NULL)
		return TK_EIO;
	bind_i64(s, 1, (int64_t)key);
	bind_i64(s, 2, day);
	return statement_run(s, e);
}

int ledger_key_days(struct ledger *l, uint64_t key, int32_t day, int32_t *before, int32_t *after,
		    struct err *e)
{
	sqlite3_stmt *s = ledger_statement(
		l, LS_KEY_DAYS,
		"SELECT coalesce((SELECT max(day) FROM met_key WHERE key = ?1 AND day < ?2), -2147483648),"
		" coalesce((SELECT min(day) FROM met_key WHERE key = ?1 AND day > ?2), 2147483647)",
		e);
	int rc;

	if (s == NULL)
		return TK_EIO;
	bind_i64(s, 1, (int64_t)key);
	bind_i64(s, 2, day);
	if ((rc = statement_row(s, e)) == TK_OK) {
		*before = (int32_t)sqlite3_column_int64(s, 0);
		*after = (int32_t)sqlite3_column_int64(s, 1);
	}
	sqlite3_reset(s);
	return rc;
}
