/* Deleting rows so that nothing of them is left: neither in what hangs on them, nor in dictionaries, nor in
 * pages that are free, nor in the write-ahead log. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/zone.h"
#include "core/ledger/erase.h"
#include "core/ledger/links.h"
#include "core/ledger/schema.h"
#include "core/ledger/statement.h"
#include "core/ledger/writer.h"

#define NAMES                                                                                                \
	" FROM event e LEFT JOIN dim_who w ON w.id = e.dim_who LEFT JOIN dim_what x ON x.id = e.dim_what"    \
	" WHERE e.seq IN (SELECT seq FROM temp.gone)"

/* Rows of `gone` bear the ledger's numbers. Of what a person asked for every name may go, of what was kept
 * its time the people's. */
static const char choose[] =
	"CREATE TEMP TABLE IF NOT EXISTS gone (seq INTEGER PRIMARY KEY);"
	"CREATE TEMP TABLE IF NOT EXISTS gone_name (name TEXT PRIMARY KEY);"
	"CREATE TEMP TABLE IF NOT EXISTS gone_finding (id INTEGER PRIMARY KEY);"
	"DELETE FROM temp.gone; DELETE FROM temp.gone_name; DELETE FROM temp.gone_finding;"
	"INSERT OR IGNORE INTO temp.gone SELECT r.seq FROM erasing x JOIN event_row r"
	" ON r.seq BETWEEN x.seq_from + 1 AND x.seq_to + 1;"
	"INSERT OR IGNORE INTO temp.gone SELECT r.seq FROM erasing x JOIN record r"
	" ON r.seq BETWEEN x.seq_from + 1 AND x.seq_to + 1;"
	"INSERT OR IGNORE INTO temp.gone_name SELECT n FROM (SELECT w.user AS n" NAMES " UNION SELECT w.department" NAMES
	" UNION SELECT x.function" NAMES " UNION SELECT x.request_model" NAMES " UNION SELECT x.response_model" NAMES
	") WHERE n IS NOT NULL;"
	"INSERT OR IGNORE INTO temp.gone_finding SELECT json_extract(r.body, '$.id') FROM temp.gone g JOIN "
	"record r"
	" ON r.seq = g.seq WHERE r.type = 'finding' AND json_type(r.body, '$.id') = 'integer';";

/* A finding goes with its last record, or because it was named. */
static const char delete_rows[] =
	"DELETE FROM answer WHERE id IN (SELECT m.response_id FROM event_more m JOIN temp.gone g ON g.seq = "
	"m.seq);"
	"DELETE FROM call WHERE seq IN (SELECT seq FROM temp.gone);"
	"DELETE FROM event_row WHERE seq IN (SELECT seq FROM temp.gone);"
	"DELETE FROM event_more WHERE seq IN (SELECT seq FROM temp.gone);"
	"DELETE FROM tailed WHERE seq IN (SELECT seq FROM temp.gone);"
	"DELETE FROM repriced WHERE seq IN (SELECT seq FROM temp.gone);"
	"DELETE FROM superseded WHERE seq IN (SELECT seq FROM temp.gone);"
	"DELETE FROM record WHERE seq IN (SELECT seq FROM temp.gone);"
	"DELETE FROM temp.gone_finding WHERE EXISTS (SELECT 1 FROM temp.gone_finding) AND id IN"
	" (SELECT json_extract(body, '$.id') FROM record WHERE type = 'finding');"
	"DELETE FROM finding WHERE id IN (SELECT id FROM temp.gone_finding)"
	" OR id IN (SELECT finding FROM erasing_finding);"
	"DELETE FROM finding_event WHERE finding NOT IN (SELECT id FROM finding);"
	"DELETE FROM slice WHERE seq_from <= (SELECT max(seq) FROM temp.gone) AND NOT EXISTS"
	" (SELECT 1 FROM event_row r WHERE r.seq BETWEEN slice.seq_from AND slice.seq_to);";

/* Counters are sums, and stay; a name in them that no call bears any more is taken out. */
static const char take_names[] =
	"UPDATE label SET value = 'erased:' || id WHERE id > 1 AND value IN (SELECT name FROM temp.gone_name)"
	" AND value NOT IN (SELECT user FROM dim_who WHERE user IS NOT NULL"
	" UNION SELECT department FROM dim_who WHERE department IS NOT NULL"
	" UNION SELECT function FROM dim_what WHERE function IS NOT NULL"
	" UNION SELECT request_model FROM dim_what WHERE request_model IS NOT NULL"
	" UNION SELECT response_model FROM dim_what WHERE response_model IS NOT NULL"
	" UNION SELECT input FROM dim_shape WHERE input IS NOT NULL)"
	" AND id NOT IN (SELECT label FROM input UNION SELECT input FROM generation UNION SELECT input FROM "
	"watch"
	" UNION SELECT input FROM loss UNION SELECT input FROM reject UNION SELECT input FROM half"
	" UNION SELECT input FROM call);";

static const char settle[] =
	"INSERT INTO erased SELECT segment, classes FROM erasing_file WHERE true"
	" ON CONFLICT DO UPDATE SET classes = classes | excluded.classes;"
	"INSERT INTO meta SELECT 'scrub', 1 + max(asked) FROM erasing_file WHERE true"
	" ON CONFLICT DO UPDATE SET value = max(value, excluded.value);"
	"DELETE FROM erasing; DELETE FROM erasing_file; DELETE FROM erasing_finding;"
	"DELETE FROM temp.gone; DELETE FROM temp.gone_name; DELETE FROM temp.gone_finding;";

/* A day of which calls are gone is not evaluated again: its findings would go with them. */
static int note_days(struct ledger *l, struct err *e)
{
	sqlite3_stmt *read = NULL, *write = NULL;
	int32_t last = INT32_MIN;
	int rc = statement_prepare(l->db, &read,
				   "SELECT timestamp FROM event WHERE seq IN (SELECT seq FROM temp.gone)"
				   " AND NOT EXISTS (SELECT 1 FROM erasing_file WHERE asked)",
				   e);

	if (rc == TK_OK)
		rc = statement_prepare(l->db, &write, "INSERT OR IGNORE INTO erased_day VALUES (?)", e);
	while (rc == TK_OK && (rc = statement_row(read, e)) == TK_OK) {
		int64_t ns = sqlite3_column_int64(read, 0);
		int32_t day = zone_day_of(ns / NS_PER_SEC - (ns % NS_PER_SEC < 0));

		if (day == last)
			continue;
		last = day;
		bind_i64(write, 1, day);
		rc = statement_run(write, e);
	}
	sqlite3_finalize(read);
	sqlite3_finalize(write);
	return rc == TK_EEND ? TK_OK : rc;
}

static int run(struct ledger *l, const struct buf *sql, struct err *e)
{
	return sql->failed ? err_set(e, TK_ENOMEM, "ledger: no memory")
			   : schema_exec(l->db, (const char *)sql->p, e);
}

/* Links that no event has, and parts that no link has. */
static int sweep(struct ledger *l, struct err *e)
{
	struct buf sql;
	int rc = TK_OK;

	buf_init(&sql, 4096);
	for (int i = 0; i < LINK_COUNT && rc == TK_OK; i++) {
		const char *table = link_infos[i].table;

		buf_clear(&sql);
		buf_fmt(&sql, "DELETE FROM %s WHERE id NOT IN (SELECT %s FROM event_row)", table, table);
		buf_cstr(&sql);
		rc = run(l, &sql, e);
		for (int k = 0; k < LINK_PARTS && rc == TK_OK; k++) {
			const char *part = event_parts[link_infos[i].part[k]].table;

			buf_clear(&sql);
			buf_fmt(&sql, "SELECT id FROM %s WHERE id NOT IN (SELECT %s FROM %s) ORDER BY id",
				part, part, table);
			rc = chain_keep(l->db, chain_of(link_infos[i].part[k]), buf_cstr(&sql), e);
			buf_clear(&sql);
			buf_fmt(&sql, "DELETE FROM %s WHERE id NOT IN (SELECT %s FROM %s)", part, part,
				table);
			buf_cstr(&sql);
			if (rc == TK_OK)
				rc = run(l, &sql, e);
		}
	}
	buf_free(&sql);
	return rc;
}

int ledger_erase_rows(struct ledger *l, int64_t *n, struct err *e)
{
	static const char keys[] =
		"SELECT g.seq FROM temp.gone g WHERE EXISTS (SELECT 1 FROM %s r WHERE r.seq = g.seq)"
		" ORDER BY g.seq";
	sqlite3_stmt *count = NULL;
	char events[160], records[160];
	int rc = schema_exec(l->db, choose, e);

	snprintf(events, sizeof events, keys, "event_row");
	snprintf(records, sizeof records, keys, "record");
	if (rc == TK_OK)
		rc = statement_prepare(l->db, &count, "SELECT count(*) FROM temp.gone", e);
	if (rc == TK_OK && (rc = statement_row(count, e)) == TK_OK)
		*n = sqlite3_column_int64(count, 0);
	sqlite3_finalize(count);
	if (rc == TK_OK)
		rc = note_days(l, e);
	if (rc == TK_OK)
		rc = chain_keep(l->db, CHAIN_EVENT, events, e);
	if (rc == TK_OK)
		rc = chain_keep(l->db, CHAIN_RECORD, records, e);
	if (rc == TK_OK)
		rc = schema_exec(l->db, delete_rows, e);
	if (rc == TK_OK)
		rc = sweep(l, e);
	if (rc == TK_OK)
		rc = schema_exec(l->db, take_names, e);
	return rc == TK_OK ? schema_exec(l->db, settle, e) : rc;
}

/* ---- pages ---- */

/* Rows that moved when pages were split or joined lie on in the gaps of pages, also those that are deleted
 * later in the same statement: only a file that is written anew is free of them. SQLite's temporary file of a
 * VACUUM lies beside the ledger: a confined process may write nowhere else. */
static int vacuum(struct ledger *l, struct err *e)
{
	char *slash, *before = sqlite3_temp_directory;
	int rc;

	sqlite3_temp_directory = sqlite3_mprintf("%s", l->path);
	if (sqlite3_temp_directory == NULL)
		return err_set(e, TK_ENOMEM, "ledger: no memory");
	slash = strrchr(sqlite3_temp_directory, '/');
	if (slash != NULL)
		slash[slash == sqlite3_temp_directory] = '\0';
	else
		snprintf(sqlite3_temp_directory, strlen(l->path) + 1, ".");
	rc = schema_exec(l->db, "PRAGMA temp_store = FILE; VACUUM; PRAGMA temp_store = MEMORY", e);
	sqlite3_free(sqlite3_temp_directory);
	sqlite3_temp_directory = before;
	return rc;
}

/* Copies that were made before an upgrade hold what was erased. */
static int remove_copies(struct ledger *l, struct err *e)
{
	char path[4096];

	for (int i = 1; i < LEDGER_SCHEMA; i++) {
		snprintf(path, sizeof path, "%s.schema-%d", l->path, i);
		if (access(path, F_OK) == 0 && unlink(path) != 0)
			return err_sys(e, "%s: cannot remove", path);
	}
	return TK_OK;
}

int ledger_scrub(struct ledger *l, struct err *e)
{
	int64_t how = 0;
	int pages = 0, moved = 0, rc = ledger_number(l, "scrub", 0, &how, e);

	if (rc != TK_OK || how == 0)
		return rc;
	if ((rc = vacuum(l, e)) != TK_OK)
		return rc;
	if ((rc = remove_copies(l, e)) == TK_OK)
		rc = schema_exec(l->db, "DELETE FROM meta WHERE name = 'scrub'", e);
	if (rc == TK_OK &&
	    sqlite3_wal_checkpoint_v2(l->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, &pages, &moved) != SQLITE_OK) {
		/* a reader holds the log: not done yet */
		schema_exec(l->db, "INSERT OR REPLACE INTO meta VALUES ('scrub', 1)", e);
		return err_set(e, TK_EBUSY,
			       "ledger: a reader holds the write-ahead log, which still has what was erased");
	}
	return rc;
}
