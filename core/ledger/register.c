/* The key register: fingerprints only. */
#include "core/ledger/statement.h"
#include "core/ledger/writer.h"

static int each_key(sqlite3_stmt *s, key_entry_fn row, void *ctx, struct err *e)
{
	int rc = s == NULL ? TK_EIO : TK_OK;

	while (rc == TK_OK && (rc = statement_row(s, e)) == TK_OK) {
		struct key_entry k = { .fingerprint = column_text(s, 0),
				       .id = column_text(s, 1),
				       .user = column_text(s, 2),
				       .state = column_text(s, 3),
				       .kind = column_text(s, 4),
				       .owner = column_text(s, 5),
				       .department = column_text(s, 6),
				       .models = column_text(s, 7),
				       .paths = column_text(s, 8),
				       .issued_ns = sqlite3_column_int64(s, 9),
				       .from_ns = sqlite3_column_int64(s, 10),
				       .expires_ns = sqlite3_column_int64(s, 11),
				       .revoked_ns = sqlite3_column_int64(s, 12) };

		rc = row(ctx, &k);
	}
	sqlite3_reset(s);
	return rc == TK_EEND ? TK_OK : rc;
}

int ledger_key_list(struct ledger *l, key_entry_fn row, void *ctx, struct err *e)
{
	return each_key(ledger_statement(l, LS_KEYS,
					 "SELECT fingerprint, id, user, state, kind, owner, department,"
					 " models, paths, issued, valid_from, expires, revoked FROM key"
					 " ORDER BY id",
					 e),
			row, ctx, e);
}

int ledger_keys_unregistered(struct ledger *l, key_entry_fn row, void *ctx, struct err *e)
{
	return each_key(ledger_statement(l, LS_KEYS_UNREGISTERED,
					 "SELECT key_id, key_id, iif(count(DISTINCT user) = 1, max(user), "
					 "NULL), 'active', 'person' FROM dim_who"
					 " WHERE key_id IS NOT NULL AND key_id NOT IN (SELECT fingerprint "
					 "FROM key) AND key_id NOT IN (SELECT old FROM key_link) GROUP BY "
					 "key_id"
					 " ORDER BY key_id",
					 e),
			row, ctx, e);
}

int ledger_key_put(struct ledger *l, const struct key_entry *k, int64_t now_ns, struct err *e)
{
	sqlite3_stmt *s = ledger_statement(
		l, LS_KEY_PUT,
		"INSERT INTO key (fingerprint, id, user, state, kind, added, expires, owner, department, "
		"models,"
		" paths, issued, valid_from, revoked) VALUES (?1, ?2, nullif(?3, ''), ?4, ?5, ?6, ?7,"
		" nullif(?8, ''), nullif(?9, ''), nullif(?10, ''), nullif(?11, ''), ?12, ?13, ?14)"
		" ON CONFLICT DO UPDATE SET id = excluded.id, user = excluded.user, state = excluded.state,"
		" kind = excluded.kind, expires = excluded.expires, owner = excluded.owner,"
		" department = excluded.department, models = excluded.models, paths = excluded.paths,"
		" issued = excluded.issued, valid_from = excluded.valid_from, revoked = excluded.revoked",
		e);

	if (s == NULL)
		return TK_EIO;
	bind_text(s, 1, k->fingerprint);
	bind_text(s, 2, k->id);
	bind_text(s, 3, k->user);
	bind_text(s, 4, k->state);
	bind_text(s, 5, k->kind);
	bind_i64(s, 6, now_ns);
	bind_i64(s, 7, k->expires_ns);
	bind_text(s, 8, k->owner);
	bind_text(s, 9, k->department);
	bind_text(s, 10, k->models);
	bind_text(s, 11, k->paths);
	bind_i64(s, 12, k->issued_ns);
	bind_i64(s, 13, k->from_ns);
	bind_i64(s, 14, k->revoked_ns);
	return statement_run(s, e);
}

int ledger_key_revoke(struct ledger *l, struct slice id, int64_t now_ns, struct err *e)
{
	sqlite3_stmt *s = ledger_statement(l, LS_KEY_REVOKE,
					   "UPDATE key SET state = 'revoked', revoked = ?2 WHERE (id = ?1 OR "
					   "fingerprint = ?1) AND state = 'active'",
					   e);
	int rc;

	if (s == NULL)
		return TK_EIO;
	bind_text(s, 1, id);
	bind_i64(s, 2, now_ns);
	rc = statement_run(s, e);
	return rc == TK_OK && sqlite3_changes(l->db) == 0 ? TK_ENOTFOUND : rc;
}
