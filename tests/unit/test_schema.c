/* A ledger of an earlier schema opens in this one, with what it held; an upgrade that is cut short leaves the
 * earlier one whole. */
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "core/base/sys.h"
#include "core/ledger/ledger.h"
#include "tests/lib/schema_back.h"
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

/* As schema 1 had it: no memory, no second view of a call, the register without plans, revocations in
 * `expires`. */
static void back_to_1(struct small_ledger *l)
{
	static const char *const columns[] = { "owner",	 "department", "models", "paths",
					       "issued", "valid_from", "revoked" };
	static const char *const estimates[] = { "estimate_input", "estimate_output", "estimate_cost" };
	char sql[128];

	small_sql(
		l, SMALL_BEFORE_7
		"DROP VIEW event_now; DROP VIEW event; DROP VIEW keys; DROP VIEW key_links; DROP TABLE key_link; DROP TABLE met_day; DROP "
		"TABLE met_key; DROP VIEW events; DROP VIEW repricings; DROP TABLE repriced;"
		"ALTER TABLE finding DROP COLUMN told;"
		"DROP TABLE half; DROP TABLE call; DROP TABLE superseded; DROP TABLE answer;"
		"ALTER TABLE dim_shape DROP COLUMN twin");
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

/* As a kill does it: at the nth step of SQLite's machine, wherever in the upgrade that is. */
static int die(void *left)
{
	if (--*(int *)left == 0)
		raise(SIGKILL);
	return 0;
}

static int upgraded_until(const char *path, int steps)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		struct err e;
		sqlite3 *db = NULL;

		if (sqlite3_open(path, &db) != SQLITE_OK)
			_exit(9);
		sqlite3_progress_handler(db, 1, die, &steps);
		_exit(schema_upgrade(db, &e) == TK_OK ? 0 : 8);
	}
	waitpid(pid, &status, 0);
	return status;
}

static void copy_file(const char *from, const char *to)
{
	struct slice text;
	struct err e;
	int fd;

	if (sys_slurp(from, 64 << 20, &text, &e) != TK_OK)
		return;
	fd = sys_open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	sys_write_all(fd, text.p, text.n);
	sys_close(fd);
	free((void *)(uintptr_t)text.p);
}

static bool is_whole(const char *path, int version)
{
	sqlite3 *db = NULL;
	bool good = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK;
	int64_t found = number(db, "PRAGMA user_version");
	bool old = found == 1 && number(db, "SELECT count(*) FROM keys WHERE expires > 0") == 2 &&
		   number(db, "SELECT count(*) FROM sqlite_schema WHERE name IN ('key_link', 'met_day')") ==
			   0;
	bool new = found == LEDGER_SCHEMA && number(db, "SELECT count(*) FROM keys WHERE revoked > 0") == 1 &&
		   number(db, "SELECT count(*) FROM met_day") == 0;

	good = good &&
	       number(db, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'") == 1;
	sqlite3_close(db);
	return good && (version == 1 ? old : version == LEDGER_SCHEMA ? new : old || new);
}

/* Killed at many places all over the upgrade: the old ledger or the new one, and the next start upgrades. */
static void test_kills(struct small_ledger *l)
{
	char path[128], copy[160], old[128];
	int kills = 0, status = 1, wrong = 0;

	snprintf(path, sizeof path, "%s/k.db", l->folder);
	snprintf(copy, sizeof copy, "%s.schema-1", path);
	snprintf(old, sizeof old, "%s/old.db", l->folder);
	small_sql(l, "PRAGMA wal_checkpoint(TRUNCATE)");
	copy_file(l->path, old);
	for (int steps = 1; status != 0 && kills < 3000; steps += 1 + steps / 12) {
		copy_file(old, path);
		status = upgraded_until(path, steps);
		kills += WIFSIGNALED(status);
		wrong += !is_whole(path, 0);
		wrong += access(copy, F_OK) == 0 && !is_whole(copy, 1);
		wrong += upgraded_until(path, -1) != 0 || !is_whole(path, LEDGER_SCHEMA) ||
			 !is_whole(copy, 1);
		unlink(copy);
	}
	ok(kills > 50, "an upgrade is killed at many places");
	ok_int(status, 0, "up to its end");
	ok_int(wrong, 0, "each leaves the old ledger or the new one, and the next start upgrades it");
	unlink(path);
	unlink(old);
	strcat(path, ".schema-1.new");
	unlink(path);
}

static void test_newer(struct small_ledger *l)
{
	char copy[128], way[1024];
	struct err e = { 0 };

	small_sql(l, "PRAGMA user_version = 99");
	ok_int(schema_upgrade(l->db, &e), TK_ECONFIG, "a newer ledger is refused");
	snprintf(copy, sizeof copy, "%s.schema-%d", l->path, LEDGER_SCHEMA);
	ok(strstr(e.text, "schema 99") != NULL && strstr(e.text, "install the newer program again") != NULL &&
		   strstr(e.text, "mv ") == NULL,
	   "with what helps");
	copy_file(l->path, copy);
	schema_upgrade(l->db, &e);
	snprintf(way, sizeof way, "`rm -f %s-*; mv %s %s`", l->path, copy, l->path);
	ok(strstr(e.text, way) != NULL, "and the way back, where a copy is there");
	unlink(copy);
}

/* What a flipped bit does to the text of a CREATE. */
static void rename_in_schema(const char *path, const char *entry, const char *from, const char *to)
{
	char sql[512];
	sqlite3 *db = NULL;

	snprintf(sql, sizeof sql,
		 "PRAGMA writable_schema = ON;"
		 "UPDATE sqlite_schema SET sql = replace(sql, '%s', '%s') WHERE name = '%s'",
		 from, to, entry);
	sqlite3_open(path, &db);
	sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 0, NULL);
	ok(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK && sqlite3_changes(db) == 1, entry);
	sqlite3_close(db);
}

static void test_damaged(void)
{
	struct small_ledger l;
	char copy[128];
	struct err e = { 0 };

	small_open(&l);
	small_sql(&l, "CREATE VIEW own AS SELECT seq FROM event_row; CREATE INDEX own_index ON key (user)");
	ok_int(ledger_examine(l.path, INT64_MAX, &e), TK_OK, "a site's own view and index are no damage");
	rename_in_schema(l.path, "events", "dim_what.path", "dim_what.paph");
	ok_int(ledger_examine(l.path, INT64_MAX, &e), TK_EDAMAGED, "a view that SQLite cannot read is");
	ok(strstr(e.text, "dim_what.paph") != NULL, "told by its name");
	rename_in_schema(l.path, "events", "dim_what.paph", "dim_what.path");
	ok_int(ledger_examine(l.path, INT64_MAX, &e), TK_OK, "and undone none");
	rename_in_schema(l.path, "txn", "seq_to", "seq_tp");
	ok_int(ledger_examine(l.path, 0, &e), TK_EDAMAGED,
	       "a column with another name, in a file of any length");
	rename_in_schema(l.path, "txn", "seq_tp", "seq_to");
	small_sql(&l, "PRAGMA user_version = 5");
	ok_int(schema_upgrade(l.db, &e), TK_EDAMAGED, "a ledger that is not of the version that it says");
	ok(strstr(e.text, "already exists") != NULL, "told by what is there");
	snprintf(copy, sizeof copy, "%s.schema-5", l.path);
	unlink(copy);
	small_close(&l);
}

/* What is there when a disk lost writes: pages of another time. */
static void contradicts(struct small_ledger *l, const char *sql, const char *undo, const char *what)
{
	struct err e = { 0 };

	ok_int(ledger_examine(l->path, 0, &e), TK_OK, "tables agree");
	small_sql(l, sql);
	ok_int(ledger_examine(l->path, 0, &e), TK_EDAMAGED, what);
	ok(strstr(e.text, what) != NULL, "told");
	small_sql(l, undo);
}

#define EVENT(seq) \
	"INSERT INTO event_row (seq, ordinal, timestamp, caller, matter) VALUES (" seq ", 0, 120000000001, 1, 1);"

static void test_contradictions(void)
{
	struct small_ledger l;

	small_open(&l);
	contradicts(&l, "INSERT INTO record VALUES (1, 1, 'control', '{}')", "DELETE FROM record",
		    "records behind the last transaction");
	small_sql(&l, "INSERT INTO txn VALUES (1, 1, 9, 9, 9, 9, 9, 9, 9, x'00'),"
		     " (2, 2, 5, 2, 2, 2, 2, 2, 2, x'00')");
	contradicts(&l, "INSERT INTO record VALUES (6, 1, 'control', '{}')", "DELETE FROM record",
		    "records behind the last transaction");
	contradicts(&l, "INSERT INTO dim_who (id, absent) VALUES (3, 0)", "DELETE FROM dim_who",
		    "people behind the last transaction");
	contradicts(&l, EVENT("6") "INSERT INTO slice VALUES (2, 6, 6)",
		    "DELETE FROM event_row; DELETE FROM slice", "events behind the last transaction");
	contradicts(&l, EVENT("5") "INSERT INTO slice VALUES (2, 4, 4), (3, 5, 5)",
		    "DELETE FROM event_row; DELETE FROM slice", "no minute holds the last event");
	small_close(&l);
}

int main(void)
{
	struct small_ledger l;
	char copy[128];
	struct err e = { 0 };
	int steps = 0, rc = TK_EIO;

	small_open(&l);
	back_to_1(&l);
	snprintf(copy, sizeof copy, "%s.schema-1", l.path);
	test_kills(&l);
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
	ok_int(number(l.db, "SELECT count(\"tochoku.twin\") FROM events"), 0, "no call was seen twice");
	ok(is_whole(copy, 1), "the copy holds what was before");
	test_newer(&l);
	unlink(copy);
	small_close(&l);
	test_damaged();
	test_contradictions();
	return tap_done();
}
