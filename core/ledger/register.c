/* The key register: fingerprints only. */
#include "core/ledger/statement.h"
#include "core/ledger/writer.h"

static int each_key(sqlite3_stmt *s, key_entry_fn row, void *ctx, struct err *e)
{
	int rc = s == NULL ? TK_EIO : TK_OK;

	while (rc == TK_OK && (rc = statement_row(s, e)) == TK_OK) {
		struct key_entry k = { column_text(s, 0), column_text(s, 1), column_text(s, 2),
				       column_text(s, 3), column_text(s, 4), sqlite3_column_int64(s, 5) };

		rc = row(ctx, &k);
	}
	sqlite3_reset(s);
	return rc == TK_EEND ? TK_OK : rc;
}

int ledger_key_list(struct ledger *l, key_entry_fn row, void *ctx, struct err *e)
{
	return each_key(ledger_statement(l, LS_KEYS,
					 "SELECT fingerprint, id, user, state, kind, expires FROM key"
					 " ORDER BY id",
					 e),
			row, ctx, e);
}

int ledger_keys_unregistered(struct ledger *l, key_entry_fn row, void *ctx, struct err *e)
{
	return each_key(ledger_statement(l, LS_KEYS_UNREGISTERED,
					 "SELECT key_id, key_id, iif(count(DISTINCT user) = 1, max(user), "
					 "NULL), 'active', 'person', 0 FROM dim_who"
					 " WHERE key_id IS NOT NULL AND key_id NOT IN (SELECT fingerprint "
					 "FROM key) GROUP BY key_id"
					 " ORDER BY key_id",
					 e),
			row, ctx, e);
}

int ledger_key_put(struct ledger *l, const struct key_entry *k, int64_t now_ns, struct err *e)
{
	sqlite3_stmt *s = ledger_statement(l, LS_KEY_PUT,
		"INSERT INTO key VALUES (?1, ?2, nullif(?3, ''), ?4, ?5, ?6, ?7) ON CONFLICT DO UPDATE SET"
		" id = excluded.id, user = excluded.user, state = excluded.state, kind = excluded.kind,"
		" expires = excluded.expires", e);

	if (s == NULL)
		return TK_EIO;
	bind_text(s, 1, k->fingerprint);
	bind_text(s, 2, k->id);
	bind_text(s, 3, k->user);
	bind_text(s, 4, k->state);
	bind_text(s, 5, k->kind);
	bind_i64(s, 6, now_ns);
	bind_i64(s, 7, k->expires_ns);
	return statement_run(s, e);
}

int ledger_key_revoke(struct ledger *l, struct slice id, int64_t now_ns, struct err *e)
{
	sqlite3_stmt *s = ledger_statement(l, LS_KEY_REVOKE,
					   "UPDATE key SET state = 'revoked', expires = ?2 WHERE (id = ?1 OR "
					   "fingerprint = ?1) AND state <> 'revoked'",
					   e);
	int rc;

	if (s == NULL)
		return TK_EIO;
	bind_text(s, 1, id);
	bind_i64(s, 2, now_ns);
	rc = statement_run(s, e);
	return rc == TK_OK && sqlite3_changes(l->db) == 0 ? TK_ENOTFOUND : rc;
}
