/* Opening the ledger for reading, and its facts. */
#include "core/ledger/reader.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/ledger/reader_db.h"
#include "core/ledger/schema.h"

/* A writer's transaction is short; waiting this long means that something else is wrong. */
#define BUSY_MS 5000

int reader_prepare(struct ledger_reader *r, sqlite3_stmt **s, const char *sql, const int64_t *bind, size_t n,
		   struct err *e)
{
	*s = NULL;
	if (sqlite3_prepare_v2(r->db, sql, -1, s, NULL) != SQLITE_OK)
		return schema_error(r->db, "reading the ledger", e);
	for (size_t i = 0; i < n; i++)
		if (sqlite3_bind_int64(*s, (int)i + 1, bind[i]) != SQLITE_OK) {
			sqlite3_finalize(*s);
			*s = NULL;
			return schema_error(r->db, "reading the ledger", e);
		}
	return TK_OK;
}

int reader_step(struct ledger_reader *r, sqlite3_stmt *s, struct err *e)
{
	switch (sqlite3_step(s)) {
	case SQLITE_ROW:
		return TK_OK;
	case SQLITE_DONE:
		return TK_EEND;
	default:
		return schema_error(r->db, "reading the ledger", e);
	}
}

struct slice reader_text(sqlite3_stmt *s, int column)
{
	const void *p = sqlite3_column_blob(s, column);

	return slice_of(p, p == NULL ? 0 : (size_t)sqlite3_column_bytes(s, column));
}

int reader_number(struct ledger_reader *r, const char *sql, const int64_t *bind, size_t n, int64_t otherwise,
		  int64_t *out, struct err *e)
{
	sqlite3_stmt *s;
	int rc = reader_prepare(r, &s, sql, bind, n, e);

	*out = otherwise;
	if (rc != TK_OK)
		return rc;
	rc = reader_step(r, s, e);
	if (rc == TK_OK && sqlite3_column_type(s, 0) != SQLITE_NULL)
		*out = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return rc == TK_EEND ? TK_OK : rc;
}

int reader_begin(struct ledger_reader *r, struct err *e)
{
	return schema_exec(r->db, "BEGIN", e);
}

void reader_end(struct ledger_reader *r)
{
	sqlite3_exec(r->db, "COMMIT", NULL, NULL, NULL);
}

int ledger_reader_open(struct ledger_reader **out, const char *path, struct err *e)
{
	struct ledger_reader *r;
	int rc;

	*out = NULL;
	if (access(path, F_OK) != 0 && errno == ENOENT)
		return err_set(e, TK_ENOTFOUND, "there is no ledger at %s yet", path);
	if ((r = calloc(1, sizeof *r)) == NULL)
		return err_set(e, TK_ENOMEM, "out of memory");
	if (sqlite3_open_v2(path, &r->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
		rc = err_set(e, TK_EIO, "%s: %s", path,
			     r->db == NULL ? "out of memory" : sqlite3_errmsg(r->db));
		ledger_reader_close(r);
		return rc;
	}
	sqlite3_busy_timeout(r->db, BUSY_MS);
	sqlite3_extended_result_codes(r->db, 1);
	if ((rc = schema_current(r->db, path, e)) != TK_OK) {
		ledger_reader_close(r);
		return rc;
	}
	*out = r;
	return TK_OK;
}

void ledger_reader_close(struct ledger_reader *r)
{
	if (r == NULL)
		return;
	sqlite3_finalize(r->event_page);
	sqlite3_finalize(r->recorded_page);
	sqlite3_finalize(r->event_one);
	sqlite3_close(r->db);
	free(r);
}

static int read_facts(struct ledger_reader *r, struct ledger_facts *f, struct err *e)
{
	const struct {
		const char *sql;
		int64_t *out;
	} rows[] = {
		{ "SELECT at FROM transactions ORDER BY n DESC LIMIT 1", &f->last_commit_ns },
		{ "SELECT n FROM transactions ORDER BY n DESC LIMIT 1", &f->transactions },
		{ "SELECT seq_to FROM transactions ORDER BY n DESC LIMIT 1", &f->last_seq },
		{ "SELECT coalesce(sum(events), 0) -"
		  " coalesce((SELECT value FROM meta WHERE name = 'joined'), 0) FROM inputs", &f->events },
		{ "SELECT count(*) FROM records", &f->records },
		{ "SELECT count(*) FROM findings WHERE withdrawn = 0", &f->findings },
		{ "SELECT min(e.\"@timestamp\") FROM slices s JOIN events e"
		  " ON e.seq BETWEEN s.seq_from AND s.seq_to"
		  " WHERE s.minute = (SELECT min(minute) FROM slices)",
		  &f->first_event_ns },
		{ "SELECT max(last_event) FROM inputs", &f->last_event_ns },
		{ "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size", &f->page_bytes },
		{ "PRAGMA user_version", &f->schema },
		{ "SELECT value FROM meta WHERE name = 'behind'", &f->behind },
		{ "SELECT value FROM meta WHERE name = 'dictionary_overflow'", &f->dictionary_overflow },
	};
	int rc = TK_OK;

	for (size_t i = 0; i < COUNT(rows) && rc == TK_OK; i++)
		rc = reader_number(r, rows[i].sql, NULL, 0, 0, rows[i].out, e);
	return rc;
}

int ledger_facts(struct ledger_reader *r, struct ledger_facts *out, struct err *e)
{
	int rc = reader_begin(r, e);

	*out = (struct ledger_facts){ 0 };
	if (rc != TK_OK)
		return rc;
	rc = read_facts(r, out, e);
	reader_end(r);
	return rc;
}
