/* The writer: identity of lines, counters, coverage, the chain of transactions. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/hash.h"
#include "core/base/zone.h"
#include "core/event/identity.h"
#include "core/ledger/ledger.h"
#include "core/ledger/reader.h"
#include "tests/lib/tap.h"

#define T0 (INT64_C(1795400670) * NS_PER_SEC)

static char folder[64], path[128];
static struct err e;

static struct ledger *open_ledger(void)
{
	struct ledger *l = NULL;

	if (ledger_open(&l, path, &e) != TK_OK) {
		printf("Bail out! %s\n", e.text);
		exit(1);
	}
	return l;
}

/* One line of the log: its text decides the digest, its second the time. True when it was new. */
static bool line(struct ledger *l, enum batch_mode mode, const char *input, const char *text, int64_t second)
{
	struct flat_event fe;
	uint8_t hash[32], id[16], first[16];
	int64_t rows[P_COUNT] = { 0 };
	struct event_names names = { 0 };
	struct placing place;
	struct sha256 *sha = sha256_new();

	sha256_of(sha, slice_str(text), hash);
	sha256_free(sha);
	flat_event_reset(&fe);
	ev_set_int(&fe.ev, F_TIMESTAMP, T0 + second * NS_PER_SEC);
	ev_set_int(&fe.ev, F_STATUS, 200);
	ev_set_int(&fe.ev, F_DURATION, 2000000000);
	ev_set_str(&fe.ev, F_INPUT, slice_str(input));
	ledger_part(l, P_SHAPE, fe.ev.part[P_SHAPE], 0, &rows[P_SHAPE], &e);
	ledger_label(l, slice_str(input), &names.input, &e);
	event_log_id(hash, slice_str(input), 1, first);
	if (ledger_place(l, mode, slice_str(input), T0 + second * NS_PER_SEC, first, &place, &e) != TK_OK)
		return false;
	if (place.duplicate)
		return false;
	event_log_id(hash, slice_str(input), place.ordinal, id);
	return ledger_add(l, &fe.ev, id, place.ordinal, mode == BATCH_IMPORT, rows, &names, &e) == TK_OK;
}

static int lines(struct ledger *l, enum batch_mode mode, const char *input, const char *const *text, size_t n)
{
	int added = 0;

	ledger_begin(l, &e);
	ledger_new_file(l);
	for (size_t i = 0; i < n; i++)
		added += line(l, mode, input, text[i], (int64_t)i / 3);
	ledger_commit(l, T0, &e);
	return added;
}

static void test_identity(void)
{
	static const char *const file[] = { "a", "b", "b", "c", "b", "d" };
	struct ledger *l = open_ledger();

	ok_int(lines(l, BATCH_IMPORT, "x", file, 6), 5 + 1, "identical lines of one file are several events");
	ok_int(lines(l, BATCH_IMPORT, "x", file, 6), 0, "the file again adds nothing");
	ok_int(lines(l, BATCH_IMPORT, "x", file, 3), 0, "its first half adds nothing");
	ledger_close(l);
	l = open_ledger();
	ok_int(lines(l, BATCH_IMPORT, "x", file, 6), 0, "nor after a restart");
	ok_int(lines(l, BATCH_TAIL, "x", file, 6), 0, "a tail of the same input finds them recorded");
	ledger_close(l);
	l = open_ledger();
	ok_int(lines(l, BATCH_TAIL, "x", file, 6), 6, "what it reads later at new positions is new");
	ok_int(lines(l, BATCH_IMPORT, "x", file, 6), 0, "imports join by maximum");
	ok_int(lines(l, BATCH_TAIL, "y", file, 6), 6, "another input has its own lines");
	ledger_close(l);
}

static void test_sums(void)
{
	struct ledger_reader *r = NULL;
	struct coverage c;
	struct latency lat = { 0 };
	struct ledger_facts facts;
	struct ledger *l = open_ledger();

	ledger_begin(l, &e);
	ledger_watched(l, 2, 100, 110, &e);
	ledger_watched(l, 2, 120, 130, &e);
	ledger_watched(l, 2, 111, 119, &e);
	ledger_input_seen(l, 2, SLICE("/var/log/x"), 18, T0, T0, &e);
	ledger_commit(l, T0, &e);
	ledger_close(l);
	ok_int(ledger_reader_open(&r, path, &e), TK_OK, "reader opens");
	ok_int(ledger_latency(r, T0 / NS_PER_SEC - 900, T0 / NS_PER_SEC + 900, &lat, &e), TK_OK, "latency");
	ok_int(lat.n, 18, "every call has its duration counted once");
	ok_int(ledger_coverage(r, 100 * 60, 131 * 60, &c, &e), TK_OK, "coverage");
	ok_int(c.missed_minutes, 0, "touching intervals are one");
	ok_int(ledger_facts(r, &facts, &e), TK_OK, "facts");
	ok_int(facts.events, 18, "events");
	ledger_reader_close(r);
}

static int verify(int64_t *n)
{
	struct ledger_reader *r = NULL;
	int rc;

	if (ledger_reader_open(&r, path, &e) != TK_OK)
		return TK_EIO;
	rc = ledger_verify(r, n, &e);
	ledger_reader_close(r);
	return rc;
}

static void tamper(const char *sql, const char *undo, const char *name)
{
	sqlite3 *db;
	int64_t n;

	sqlite3_open(path, &db);
	ok(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK && sqlite3_changes(db) > 0, name);
	ok_int(verify(&n), TK_EMALFORMED, name);
	sqlite3_exec(db, undo, NULL, NULL, NULL);
	ok_int(verify(&n), TK_OK, "and is whole again when undone");
	sqlite3_close(db);
}

static void test_chain(void)
{
	int64_t n;

	ok_int(verify(&n), TK_OK, "the chain agrees with the rows");
	ok_int(n, 3, "one link a transaction that added rows");
	tamper("UPDATE event_row SET status = 201 WHERE seq = 2",
	       "UPDATE event_row SET status = 200 WHERE seq = 2", "a changed event is found");
	tamper("UPDATE event_row SET timestamp = timestamp + 1 WHERE seq = 18",
	       "UPDATE event_row SET timestamp = timestamp - 1 WHERE seq = 18", "the last event too");
	tamper("UPDATE dim_shape SET input = 'z' WHERE id = 1",
	       "UPDATE dim_shape SET input = 'x' WHERE id = 1", "a changed dictionary row is found");
	tamper("UPDATE txn SET at = at + 1 WHERE n = 1", "UPDATE txn SET at = at - 1 WHERE n = 1",
	       "a changed link is found");
}

static void test_lock(void)
{
	struct ledger *a = open_ledger(), *b = NULL;

	ok_int(ledger_open(&b, path, &e), TK_EBUSY, "a second writer is refused");
	ok(strstr(e.text, "process") != NULL, "and told who writes");
	ledger_close(a);
}

static void test_page_size(void)
{
	sqlite3 *db;
	sqlite3_stmt *s;

	sqlite3_open(path, &db);
	sqlite3_prepare_v2(
		db,
		"SELECT page_size, auto_vacuum, (SELECT count(*) FROM pragma_table_list WHERE NOT strict"
		" AND type = 'table' AND name NOT LIKE 'sqlite_%') FROM pragma_page_size, pragma_auto_vacuum",
		-1, &s, NULL);
	sqlite3_step(s);
	ok_int(sqlite3_column_int(s, 0), 16384, "16 KB pages");
	ok_int(sqlite3_column_int(s, 1), 2, "incremental vacuum");
	ok_int(sqlite3_column_int(s, 2), 0, "every table is STRICT");
	sqlite3_finalize(s);
	sqlite3_close(db);
}

/* Lines in any order of time, more minutes than memory holds: still each once. */
static void test_shuffled(void)
{
	enum { N = 20000 };
	struct ledger *l = open_ledger();
	int added[2] = { 0, 0 };
	char text[32];

	for (int round = 0; round < 2; round++) {
		ledger_begin(l, &e);
		ledger_new_file(l);
		for (int i = 0; i < N; i++) {
			int k = (int)((int64_t)i * 7919 % N);

			snprintf(text, sizeof text, "line %d", k);
			added[round] += line(l, BATCH_IMPORT, "s", text, 100000 + (int64_t)k * 60);
		}
		ledger_commit(l, T0, &e);
	}
	ok_int(added[0], N, "shuffled over 20,000 minutes: all new");
	ok_int(added[1], 0, "and none new the second time");
	ledger_close(l);
}

static void test_crowded(void)
{
	enum { N = 5000 };
	struct ledger *l = open_ledger();
	int added[2] = { 0, 0 };
	char text[32];

	ledger_begin(l, &e);
	for (int round = 0; round < 2; round++) {
		ledger_new_file(l);
		for (int i = 0; i < N; i++) {
			snprintf(text, sizeof text, "crowd %d", i);
			added[round] += line(l, BATCH_IMPORT, "c", text, 5000000 + i % 120);
		}
	}
	ledger_commit(l, T0, &e);
	ok_int(added[0], N, "5000 in two minutes: all new");
	ok_int(added[1], 0, "and all of them remembered");
	ledger_close(l);
}

int main(void)
{
	char command[128];

	zone_use("Asia/Tokyo", &e);
	snprintf(folder, sizeof folder, "/tmp/tochoku-test-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return 1;
	snprintf(path, sizeof path, "%s/sub/ledger.db", folder);
	test_identity();
	test_sums();
	test_chain();
	test_lock();
	test_page_size();
	test_shuffled();
	test_crowded();
	snprintf(command, sizeof command, "rm -rf %s", folder);
	return system(command) != 0 || tap_done();
}
