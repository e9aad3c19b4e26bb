/* A ledger of an earlier schema opens in this one, with what it held; an upgrade that is cut short leaves the
 * earlier one whole. */
#include "tests/lib/small_ledger.h"
#include "tests/lib/tap.h"

static int64_t number(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *s = NULL;
	int64_t v = -1;

	if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW)
		v = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return v;
}

/* As schema 1 had it: no memory, the register without plans, revocations in `expires`. */
static void back_to_1(struct small_ledger *l)
{
	static const char *const columns[] = { "owner",	 "department", "models", "paths",
					       "issued", "valid_from", "revoked" };
	static const char *const estimates[] = { "estimate_input", "estimate_output", "estimate_cost" };
	char sql[128];

	small_sql(l, "DROP VIEW event; DROP VIEW keys; DROP VIEW key_links; DROP TABLE key_link; "
		     "DROP TABLE met_day; DROP TABLE met_key; DROP VIEW events; DROP VIEW repricings; "
		     "DROP TABLE repriced");
	for (size_t i = 0; i < COUNT(estimates); i++) {
		snprintf(sql, sizeof sql, "ALTER TABLE event_more DROP COLUMN %s", estimates[i]);
		small_sql(l, sql);
	}
	for (size_t i = 0; i < COUNT(columns); i++) {
		snprintf(sql, sizeof sql, "ALTER TABLE key DROP COLUMN %s", columns[i]);
		small_sql(l, sql);
	}
	small_sql(l, "CREATE VIEW keys AS SELECT fingerprint, id, user, state, kind, added, expires FROM key;"
		     "INSERT INTO key VALUES ('a', 'ward', 'anna', 'active', 'person', 1, 900),"
		     " ('b', 'gone', NULL, 'revoked', 'service', 2, 800); PRAGMA user_version = 1");
}

/* Refuses the nth write of a statement. */
static int refuse(void *left, int action, const char *a, const char *b, const char *c, const char *d)
{
	int *n = left;

	(void)action, (void)a, (void)b, (void)c, (void)d;
	return (*n)-- == 0 ? SQLITE_DENY : SQLITE_OK;
}

int main(void)
{
	struct small_ledger l;
	struct err e = { 0 };
	int steps = 0, rc = TK_EIO;

	small_open(&l);
	back_to_1(&l);
	for (int at = 0; rc != TK_OK && at < 2000; at++, steps++) {
		int left = at;

		sqlite3_set_authorizer(l.db, refuse, &left);
		rc = schema_upgrade(l.db, &e);
		sqlite3_set_authorizer(l.db, NULL, NULL);
		if (rc != TK_OK && (number(l.db, "PRAGMA user_version") != 1 ||
				    number(l.db, "SELECT count(*) FROM keys WHERE expires > 0") != 2))
			ok(false, "an upgrade that fails leaves schema 1");
		if (rc != TK_OK && !sqlite3_get_autocommit(l.db))
			ok(false, "and no transaction");
	}
	ok_int(rc, TK_OK, "the upgrade succeeds in the end");
	ok(steps > 20, "after many that failed");
	ok_int(number(l.db, "PRAGMA user_version"), LEDGER_SCHEMA, "schema");
	ok_int(number(l.db, "SELECT expires FROM keys WHERE id = 'ward'"), 900, "an end stays an end");
	ok_int(number(l.db, "SELECT revoked FROM keys WHERE id = 'gone'"), 800,
	       "a revocation has a column of its own");
	ok_int(number(l.db, "SELECT expires FROM keys WHERE id = 'gone'"), 0, "and is no end");
	ok_int(number(l.db, "SELECT count(*) FROM key_links"), 0, "no fingerprint has changed");
	ok_int(number(l.db, "SELECT count(*) FROM pragma_table_info('event_more')"
			    " WHERE name LIKE 'estimate_%'"), 3,
	       "estimates have their columns");
	ok_int(number(l.db, "SELECT count(*) FROM events"), 0, "and the view of events is whole");
	small_close(&l);
	return tap_done();
}
