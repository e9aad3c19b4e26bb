/* Fingerprints when the key that makes them changes. */
#include "core/ledger/statement.h"
#include "core/ledger/writer.h"

#include <stdlib.h>

#define MARK "fingerprint_mark" /* in meta */

int ledger_fingerprint_mark(struct ledger *l, char mark[FINGERPRINT_TEXT + 1], struct err *e)
{
	sqlite3_stmt *s =
		ledger_statement(l, LS_FINGERPRINT_MARK, "SELECT value FROM meta WHERE name = '" MARK "'", e);
	int rc = s == NULL ? TK_EIO : statement_row(s, e);

	if (rc == TK_OK && column_text(s, 0).n == FINGERPRINT_TEXT)
		memcpy(mark, column_text(s, 0).p, FINGERPRINT_TEXT);
	else if (rc == TK_OK || rc == TK_EEND)
		rc = TK_ENOTFOUND;
	mark[rc == TK_OK ? FINGERPRINT_TEXT : 0] = '\0';
	sqlite3_reset(s);
	return rc;
}

int ledger_set_fingerprint_mark(struct ledger *l, struct slice mark, struct err *e)
{
	sqlite3_stmt *s = ledger_statement(l, LS_FINGERPRINT_SET_MARK,
					   "INSERT OR REPLACE INTO meta VALUES ('" MARK "', ?1)", e);

	if (s == NULL)
		return TK_EIO;
	bind_text(s, 1, mark);
	return statement_run(s, e);
}

struct fingerprints {
	char (*p)[FINGERPRINT_TEXT + 1];
	size_t n, cap;
};

/* All that are the latest: those that became another one before do so no more. */
static int collect(struct ledger *l, struct fingerprints *all, struct err *e)
{
	sqlite3_stmt *s =
		ledger_statement(l, LS_FINGERPRINTS,
				 "SELECT key_id FROM dim_who WHERE key_id IS NOT NULL AND key_id NOT IN "
				 "(SELECT old FROM key_link)"
				 " UNION SELECT new FROM key_link WHERE new NOT IN (SELECT old FROM key_link)"
				 " UNION SELECT fingerprint FROM key WHERE state <> 'lost'",
				 e);
	int rc = s == NULL ? TK_EIO : TK_OK;

	while (rc == TK_OK && (rc = statement_row(s, e)) == TK_OK) {
		struct slice text = column_text(s, 0);

		if (text.n != FINGERPRINT_TEXT)
			continue;
		if (all->n == all->cap) {
			size_t cap = all->cap == 0 ? 1024 : all->cap * 2;
			void *more = realloc(all->p, cap * sizeof *all->p);

			if (more == NULL) {
				rc = err_set(e, TK_ENOMEM, "no memory for fingerprints");
				break;
			}
			all->p = more;
			all->cap = cap;
		}
		memcpy(all->p[all->n], text.p, FINGERPRINT_TEXT);
		all->p[all->n++][FINGERPRINT_TEXT] = '\0';
	}
	sqlite3_reset(s);
	return rc == TK_EEND ? TK_OK : rc;
}

static int run_pair(struct ledger *l, enum ledger_statement which, const char *sql, const char *old,
		    const char *new, struct err *e)
{
	sqlite3_stmt *s = ledger_statement(l, which, sql, e);

	if (s == NULL)
		return TK_EIO;
	bind_text(s, 1, slice_str(old));
	bind_text(s, 2, slice_str(new));
	return statement_run(s, e);
}

int ledger_link_fingerprints(struct ledger *l, fingerprint_fn next, void *ctx, int64_t *n, struct err *e)
{
	struct fingerprints all = { 0 };
	int rc = collect(l, &all, e);

	for (size_t i = 0; i < all.n && rc == TK_OK; i++) {
		char new[FINGERPRINT_TEXT + 1];

		memcpy(new, all.p[i], sizeof new);
		if (next(ctx, new) != TK_OK)
			rc = err_set(e, TK_EIO, "a fingerprint could not be computed");
		if (rc == TK_OK)
			rc = run_pair(l, LS_FINGERPRINT_LINK,
				      "INSERT OR REPLACE INTO key_link VALUES (?1, ?2)", all.p[i], new, e);
		if (rc == TK_OK)
			rc = run_pair(l, LS_FINGERPRINT_MOVE,
				      "UPDATE key SET fingerprint = ?2 WHERE fingerprint = ?1", all.p[i], new,
				      e);
	}
	*n = (int64_t)all.n;
	free(all.p);
	return rc;
}

int ledger_lose_fingerprints(struct ledger *l, int64_t *n, struct err *e)
{
	sqlite3_stmt *s = ledger_statement(l, LS_FINGERPRINTS_LOST,
					   "UPDATE key SET state = 'lost' WHERE state <> 'lost'", e);
	int rc = s == NULL ? TK_EIO : statement_run(s, e);

	*n = rc == TK_OK ? sqlite3_changes(l->db) : 0;
	return rc;
}
