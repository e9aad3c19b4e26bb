/* A small ledger in a temporary folder, filled by SQL: for tests of what reads it. */
#ifndef TK_TESTS_SMALL_LEDGER_H
#define TK_TESTS_SMALL_LEDGER_H

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/ledger/schema.h"

struct small_ledger {
	char folder[64], path[96];
	sqlite3 *db;
	int64_t seq;
};

static inline void small_sql(struct small_ledger *l, const char *sql)
{
	struct err e;

	if (schema_exec(l->db, sql, &e) != TK_OK) {
		printf("Bail out! %s: %s\n", e.text, sql);
		exit(1);
	}
}

static inline void small_open(struct small_ledger *l)
{
	struct err e = { 0 };

	*l = (struct small_ledger){ .folder = "/tmp/tochoku-test-XXXXXX" };
	if (mkdtemp(l->folder) == NULL)
		exit(1);
	snprintf(l->path, sizeof l->path, "%s/ledger.db", l->folder);
	if (sqlite3_open(l->path, &l->db) != SQLITE_OK || schema_upgrade(l->db, &e) != TK_OK) {
		printf("Bail out! %s\n", e.text);
		exit(1);
	}
	small_sql(l, "PRAGMA journal_mode = WAL");
}

static inline void small_close(struct small_ledger *l)
{
	static const char *const tails[] = { "", "-wal", "-shm" };
	char path[112];

	sqlite3_close(l->db);
	for (size_t i = 0; i < COUNT(tails); i++) {
		snprintf(path, sizeof path, "%s%s", l->path, tails[i]);
		unlink(path);
	}
	rmdir(l->folder);
}

/* The number of a label, made when new. */
static inline int small_label(struct small_ledger *l, const char *name)
{
	char *sql = sqlite3_mprintf("INSERT INTO label (value) SELECT %Q WHERE NOT EXISTS"
				    " (SELECT 1 FROM label WHERE value = %Q)", name, name);
	sqlite3_stmt *s;
	int id = -1;

	small_sql(l, sql);
	sqlite3_free(sql);
	sqlite3_prepare_v2(l->db, "SELECT id FROM label WHERE value = ?1", -1, &s, NULL);
	sqlite3_bind_text(s, 1, name, -1, SQLITE_STATIC);
	if (sqlite3_step(s) == SQLITE_ROW)
		id = sqlite3_column_int(s, 0);
	sqlite3_finalize(s);
	return id;
}

/* One counter row. `set` names the counters that are not zero: "calls = 5, successful = 4". */
static inline void small_count(struct small_ledger *l, int64_t bucket, const char *user,
			       const char *department, const char *function, const char *model,
			       const char *set)
{
	int u = small_label(l, user), d = small_label(l, department), f = small_label(l, function),
	    m = small_label(l, model);
	char *sql = sqlite3_mprintf(
		"INSERT INTO counter_15m SELECT %lld, 0, %d, %d, %d, %d"
#define SUM(name, doc) ", 0"
#include "core/ledger/sums.def"
#undef SUM
		"; UPDATE counter_15m SET %s WHERE bucket = %lld AND user = %d AND department = %d"
		" AND function = %d AND model = %d",
		(long long)bucket, u, d, f, m, set, (long long)bucket, u, d, f, m);

	small_sql(l, sql);
	sqlite3_free(sql);
}

/* One event; who and where are rows that exist already. id: one byte, repeated. */
static inline void small_event(struct small_ledger *l, int64_t at_ns, int64_t duration_ns, int status,
			       int where, int who, unsigned id)
{
	char *sql = sqlite3_mprintf(
		"INSERT INTO event (seq, ordinal, timestamp, event_id, duration, status, dim_where,"
		" dim_who, dim_what, dim_how, dim_shape, dim_when) VALUES (%lld, 1, %lld, x'%032x', %lld,"
		" %d, %d, %d, 1, 1, 1, 1); INSERT INTO slice VALUES (%lld, %lld, %lld)"
		" ON CONFLICT DO UPDATE SET seq_to = excluded.seq_to",
		(long long)l->seq, (long long)at_ns, id, (long long)duration_ns, status, where, who,
		(long long)(at_ns / 60000000000 - (at_ns % 60000000000 < 0)), (long long)l->seq,
		(long long)l->seq);

	small_sql(l, sql);
	sqlite3_free(sql);
	l->seq++;
}

#endif
