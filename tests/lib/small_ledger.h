/* A small ledger in a temporary folder, filled by SQL: for tests of what reads it. */
#ifndef TK_TESTS_SMALL_LEDGER_H
#define TK_TESTS_SMALL_LEDGER_H

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/ledger/packed.h"
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

/* "calls = 5, successful = 4" into sums. */
static inline void small_sums(const char *set, struct sums *out)
{
	char name[32];
	long long v;
	int used;

	*out = (struct sums){ 0 };
	for (; sscanf(set, " %31[a-z_] = %lld%n", name, &v, &used) == 2;
	     set += set[used] == ',' ? used + 1 : used) {
#define SUM(n, doc) if (strcmp(name, #n) == 0) out->n = v;
#include "core/ledger/sums.def"
#undef SUM
	}
}

/* One entry of a bucket. `set` names the counters that are not zero: "calls = 5, successful = 4". */
static inline void small_count(struct small_ledger *l, int64_t bucket, const char *user,
			       const char *department, const char *function, const char *model,
			       const char *set)
{
	struct counter_entry c = { { 0, small_label(l, user), small_label(l, department),
				     small_label(l, function), small_label(l, model) },
				   { 0 } };
	sqlite3_stmt *s;
	struct buf b;

	small_sums(set, &c.sums);
	buf_init(&b, 1000);
	entry_write(&c, &b);
	sqlite3_prepare_v2(l->db, "INSERT INTO counter_15m VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET"
			   " calls = calls + ?2, counters = CAST(counters || ?3 AS BLOB)", -1, &s, NULL);
	sqlite3_bind_int64(s, 1, bucket);
	sqlite3_bind_int64(s, 2, c.sums.calls);
	sqlite3_bind_blob(s, 3, b.p, (int)b.n, SQLITE_STATIC);
	if (sqlite3_step(s) != SQLITE_DONE) {
		printf("Bail out! %s\n", sqlite3_errmsg(l->db));
		exit(1);
	}
	sqlite3_finalize(s);
	buf_free(&b);
}

/* One event; who and where are rows that exist already. id: one byte, repeated. */
static inline void small_event(struct small_ledger *l, int64_t at_ns, int64_t duration_ns, int status,
			       int where, int who, unsigned id)
{
	char *sql = sqlite3_mprintf(
		"INSERT INTO caller VALUES (%lld, %d, %d, 1);"
		" INSERT OR IGNORE INTO matter VALUES (1, 1, 1, 1);"
		" INSERT INTO event_row (seq, ordinal, timestamp, event_id, duration, status, caller, matter)"
		" VALUES (%lld, 1, %lld, x'%032x', %lld, %d, %lld, 1); INSERT INTO slice VALUES (%lld, %lld,"
		" %lld) ON CONFLICT DO UPDATE SET seq_to = excluded.seq_to",
		(long long)l->seq, where, who, (long long)l->seq, (long long)at_ns, id,
		(long long)duration_ns, status, (long long)l->seq,
		(long long)(at_ns / 60000000000 - (at_ns % 60000000000 < 0)), (long long)l->seq,
		(long long)l->seq);

	small_sql(l, sql);
	sqlite3_free(sql);
	l->seq++;
}

#endif
