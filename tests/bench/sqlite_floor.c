/* What SQLite itself needs to make rows durable: rows of the ledger's shape (15 integers, a 16-byte id)
 * in transactions of the ledger's size, WAL, synchronous=FULL, 16 KB pages. No parsing, no rules, no
 * counters: the floor that nothing which keeps its events in SQLite can get under.
 *   sqlite_floor FILE ROWS ROWS_A_TRANSACTION */
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INTEGERS 15

static void check(sqlite3 *db, int rc, const char *what)
{
	if (rc == SQLITE_OK || rc == SQLITE_DONE || rc == SQLITE_ROW)
		return;
	fprintf(stderr, "sqlite_floor: %s: %s\n", what, sqlite3_errmsg(db));
	exit(3);
}

static void run(sqlite3 *db, const char *sql)
{
	check(db, sqlite3_exec(db, sql, NULL, NULL, NULL), sql);
}

static sqlite3_stmt *prepare(sqlite3 *db)
{
	char create[1024] = "CREATE TABLE event (seq INTEGER PRIMARY KEY, id BLOB";
	char insert[256] = "INSERT INTO event VALUES (?, ?";
	sqlite3_stmt *s = NULL;

	for (int i = 1; i < INTEGERS; i++) {
		char column[32];

		snprintf(column, sizeof(column), ", c%d INTEGER", i);
		strcat(create, column);
		strcat(insert, ", ?");
	}
	strcat(create, ") STRICT");
	strcat(insert, ")");
	run(db, "PRAGMA page_size = 16384; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL;"
		"PRAGMA synchronous = FULL");
	run(db, create);
	check(db, sqlite3_prepare_v3(db, insert, -1, SQLITE_PREPARE_PERSISTENT, &s, NULL), insert);
	return s;
}

/* Magnitudes like an event's: a time and a duration in ns, small counts, dictionary numbers, some NULL. */
static void bind(sqlite3_stmt *s, int64_t n, uint64_t random)
{
	uint64_t id[2] = { random, random * UINT64_C(0x9e3779b97f4a7c15) };

	sqlite3_bind_int64(s, 1, n);
	sqlite3_bind_blob(s, 2, id, sizeof(id), SQLITE_TRANSIENT);
	sqlite3_bind_int64(s, 3, INT64_C(1795400670000000000) + n * 1000000);
	sqlite3_bind_int64(s, 4, (int64_t)(random % 5000000000));
	for (int i = 5; i <= INTEGERS + 1; i++)
		if (i % 3 == 0)
			sqlite3_bind_null(s, i);
		else
			sqlite3_bind_int64(s, i, (int64_t)(random >> (i * 2) & (i < 14 ? 0xffff : 0x3ff)));
}

int main(int argc, char **argv)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *s;
	uint64_t random = 88172645463325252u;
	int64_t rows, batch;

	if (argc != 4 || (rows = atoll(argv[2])) < 1 || (batch = atoll(argv[3])) < 1) {
		fprintf(stderr, "usage: sqlite_floor FILE ROWS ROWS_A_TRANSACTION\n");
		return 2;
	}
	check(db, sqlite3_open(argv[1], &db), argv[1]);
	s = prepare(db);
	for (int64_t n = 1; n <= rows; n++) {
		if (n % batch == 1 || batch == 1)
			run(db, "BEGIN IMMEDIATE");
		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		bind(s, n, random);
		check(db, sqlite3_step(s), "insert");
		sqlite3_reset(s);
		if (n % batch == 0 || n == rows)
			run(db, "COMMIT");
	}
	sqlite3_finalize(s);
	check(db, sqlite3_close(db), "close");
	printf("%" PRId64 "\n", rows);
	return 0;
}
