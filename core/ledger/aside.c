/* A damaged ledger makes way for a new one. It keeps its bytes, under a name that tells when. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/sys.h"
#include "core/base/zone.h"
#include "core/ledger/schema.h"
#include "core/ledger/statement.h"
#include "core/ledger/writer.h"

#define PATH_BYTES 4096
#define DAMAGED ".damaged-"

static int open_for_reading(const char *path, sqlite3 **db, struct err *e)
{
	if (sqlite3_open_v2(path, db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK ||
	    sqlite3_exec(*db, "PRAGMA trusted_schema = OFF", NULL, NULL, NULL) != SQLITE_OK)
		return schema_error(*db, path, e);
	sqlite3_busy_timeout(*db, 2000);
	return TK_OK;
}

static int check_pages(sqlite3 *db, const char *path, struct err *e)
{
	sqlite3_stmt *s = NULL;
	int rc = statement_prepare(db, &s, "PRAGMA quick_check(1)", e);

	if (rc == TK_OK && (rc = statement_row(s, e)) == TK_OK && !slice_is(column_text(s, 0), "ok"))
		rc = err_set(e, TK_EDAMAGED, "%s: %.*s", path, (int)slice_head(column_text(s, 0), 200).n,
			     (const char *)column_text(s, 0).p);
	sqlite3_finalize(s);
	return rc;
}

int ledger_examine(const char *path, int64_t most, struct err *e)
{
	sqlite3 *db = NULL;
	struct stat st;
	int rc;

	if (stat(path, &st) != 0 || st.st_size == 0)
		return TK_OK;
	rc = open_for_reading(path, &db, e);
	if (rc == TK_OK && st.st_size <= most)
		rc = check_pages(db, path, e);
	if (rc == TK_OK && (rc = schema_current(db, path, e)) == TK_OK)
		rc = schema_check(db, e);
	if (rc == TK_OK)
		rc = ledger_agrees(db, e);
	sqlite3_close(db);
	/* whatever else there is: opening tells */
	return rc != TK_OK && e->code == TK_EDAMAGED ? TK_EDAMAGED : TK_OK;
}

/* ---- making way ---- */

static const char *base_of(const char *path, char folder[PATH_BYTES])
{
	const char *slash = strrchr(path, '/');

	snprintf(folder, PATH_BYTES, "%.*s",
		 slash == NULL	 ? 1
		 : slash == path ? 1
				 : (int)(slash - path),
		 slash == NULL ? "." : path);
	return slash == NULL ? path : slash + 1;
}

/* LEDGER.damaged-TIME itself, not its log. */
static bool is_aside(const char *name, const char *base)
{
	size_t n = strlen(base);

	return strncmp(name, base, n) == 0 && strncmp(name + n, DAMAGED, sizeof DAMAGED - 1) == 0 &&
	       strchr(name + n + sizeof DAMAGED - 1, '-') == NULL;
}

int ledger_asides(const char *path, char *latest, size_t n)
{
	char folder[PATH_BYTES], best[256] = "";
	const char *base = base_of(path, folder);
	struct dirent *d;
	DIR *all = opendir(folder);
	int count = 0;

	while (all != NULL && (d = readdir(all)) != NULL) {
		if (!is_aside(d->d_name, base))
			continue;
		count++;
		if (strcmp(d->d_name, best) > 0) /* the same base before a time of one form */
			snprintf(best, sizeof best, "%s", d->d_name);
	}
	if (all != NULL)
		closedir(all);
	if (latest != NULL)
		snprintf(latest, n, "%s", best);
	return count;
}

static int move(const char *from, const char *to, const char *suffix, struct err *e)
{
	char a[PATH_BYTES], b[PATH_BYTES];

	snprintf(a, sizeof a, "%s%s", from, suffix);
	snprintf(b, sizeof b, "%s%s", to, suffix);
	return rename(a, b) == 0 || errno == ENOENT ? TK_OK : err_sys(e, "%s: cannot be renamed", a);
}

/* The log and its index first: a ledger under its new name beside a log under the old one would give the old
 * log to the new ledger. */
static int move_all(const char *path, const char *name, struct err *e)
{
	static const char *const suffixes[] = { "-wal", "-shm", "" };
	int rc = TK_OK;

	for (size_t i = 0; i < COUNT(suffixes) && rc == TK_OK; i++)
		rc = move(path, name, suffixes[i], e);
	return rc;
}

int ledger_set_aside(const char *path, int64_t now_ns, char *name, size_t n, struct err *e)
{
	char text[TIME_TEXT_MAX], compact[32];
	size_t len = time_format_utc(now_ns - now_ns % NS_PER_SEC, text), k = 0;

	if (ledger_asides(path, NULL, 0) >= LEDGER_ASIDE_MAX)
		return err_set(
			e, TK_ELIMIT,
			"%d damaged ledgers lie beside %s already: do not trust this disk; move them away"
			" and start again",
			LEDGER_ASIDE_MAX, path);
	for (size_t i = 0; i < len && k + 1 < sizeof compact; i++)
		if (text[i] != '-' && text[i] != ':')
			compact[k++] = text[i];
	compact[k] = '\0';
	if ((size_t)snprintf(name, n, "%s" DAMAGED "%s", path, compact) >= n || strlen(name) > PATH_BYTES - 8)
		return err_set(e, TK_ECONFIG, "%s: the path is too long", path);
	if (access(name, F_OK) == 0)
		return err_set(e, TK_AGAIN, "%s: is there already", name);
	return move_all(path, name, e);
}

/* ---- beginning anew ---- */

int ledger_begin_behind(struct ledger *l, int64_t records, struct err *e)
{
	if (chain_last_seq(l->chain) != 0)
		return err_set(e, TK_EMALFORMED, "ledger: it has records already");
	chain_begin_behind(l->chain, records);
	return ledger_set_number(l, "behind", records, e);
}

/* Rows that can be read are taken; the first that cannot ends the table. */
static int copy_rows(struct ledger *l, sqlite3 *from, const char *select, const char *table, int64_t *n,
		     struct err *e)
{
	sqlite3_stmt *in = NULL, *out = NULL;
	int columns, rc = TK_OK;
	struct buf sql;

	if (sqlite3_prepare_v2(from, select, -1, &in, NULL) != SQLITE_OK)
		return TK_OK;
	columns = sqlite3_column_count(in);
	buf_init(&sql, 4096);
	buf_fmt(&sql, "INSERT OR IGNORE INTO %s VALUES (?", table);
	for (int i = 1; i < columns; i++)
		buf_str(&sql, ",?");
	buf_byte(&sql, ')');
	if (buf_cstr(&sql) == NULL || sqlite3_prepare_v2(l->db, buf_cstr(&sql), -1, &out, NULL) != SQLITE_OK)
		columns = 0; /* a table of another form */
	while (columns > 0 && rc == TK_OK && sqlite3_step(in) == SQLITE_ROW) {
		struct err why = { 0 };

		for (int i = 0; i < columns; i++)
			sqlite3_bind_value(out, i + 1, sqlite3_column_value(in, i));
		if (statement_run(out, &why) == TK_OK)
			++*n;
		else if (why.code != TK_EIO) /* a value that may not stand there is left out */
			rc = err_set(e, why.code, "%s", why.text);
	}
	buf_free(&sql);
	sqlite3_finalize(in);
	sqlite3_finalize(out);
	return rc;
}

int ledger_salvage(struct ledger *l, const char *from, int64_t *rows, struct err *e)
{
	static const char *const tables[][2] = {
		{ "SELECT * FROM key", "key" },
		{ "SELECT * FROM key_link", "key_link" },
		{ "SELECT * FROM meta WHERE name = 'fingerprint_mark'", "meta" },
	};
	struct err lost = { 0 };
	sqlite3 *db = NULL;
	int rc = TK_OK;

	*rows = 0;
	if (open_for_reading(from, &db, &lost) == TK_OK)
		for (size_t i = 0; i < COUNT(tables) && rc == TK_OK; i++)
			rc = copy_rows(l, db, tables[i][0], tables[i][1], rows, e);
	sqlite3_close(db);
	return rc;
}
