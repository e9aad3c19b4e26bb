/* Rows that are erased, to the last byte of the file and its log; stubs in a segment file. */
#include <stdlib.h>
#include <unistd.h>

#include "core/base/hash.h"
#include "core/base/sys.h"
#include "core/base/zone.h"
#include "core/ledger/erase.h"
#include "core/ledger/writer.h"
#include "core/trail/erase.h"
#include "core/trail/files.h"
#include "core/trail/merkle.h"
#include "core/trail/record.h"
#include "tests/lib/tap.h"

#define CANARY "canary-ueda-7Yq2mZ9xW4"

static char folder[64], path[128];
static struct err e;

static void sql(struct ledger *l, const char *text)
{
	char *why = NULL;

	if (sqlite3_exec(l->db, text, NULL, NULL, &why) == SQLITE_OK)
		return;
	printf("Bail out! %s: %s\n", why, text);
	exit(1);
}

static int64_t number(struct ledger *l, const char *text)
{
	sqlite3_stmt *s = NULL;
	int64_t v = -1;

	if (sqlite3_prepare_v2(l->db, text, -1, &s, NULL) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW)
		v = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return v;
}

static bool file_holds(const char *suffix)
{
	char name[160];
	struct slice bytes = { NULL, 0 };
	bool holds;

	snprintf(name, sizeof name, "%s%s", path, suffix);
	if (sys_slurp(name, 256u << 20, &bytes, &e) != TK_OK)
		return false;
	holds = memmem(bytes.p, bytes.n, CANARY, sizeof CANARY - 1) != NULL;
	free((void *)(uintptr_t)bytes.p);
	return holds;
}

/* Seqs 1 to 600 are records; 301 to 600 give way to events of two users, every second one's with the canary
 * in all that hangs on an event. Findings are many, so that their index is split. */
static void fill(struct ledger *l)
{
	char body[128];

	ledger_begin(l, &e);
	for (int i = 1; i <= 600; i++) {
		snprintf(body, sizeof body, "{\"id\":%d,\"user.name\":\"%s%d\"}", i, i % 2 ? CANARY : "other",
			 i);
		ledger_record(l, i <= 300 ? "finding" : "x", 1, slice_str(body), &e);
	}
	sql(l, "DELETE FROM record WHERE seq > 300;"
	       "INSERT INTO dim_who (id, absent, user) VALUES (1, 0, '" CANARY "'), (2, 0, 'other');"
	       "INSERT INTO dim_what (id, absent, request_model) VALUES (1, 0, 'm-" CANARY "'), (2, 0, 'm');"
	       "INSERT INTO caller VALUES (1, 0, 1, 0), (2, 0, 2, 0); INSERT INTO matter VALUES (1, 1, 0, "
	       "0), (2, 2, 0, 0);"
	       "INSERT INTO label VALUES (2, '" CANARY "'), (3, 'other'), (4, 'm-" CANARY "');"
	       "WITH n(i) AS (SELECT 301 UNION ALL SELECT i + 1 FROM n WHERE i < 600)"
	       " INSERT INTO event_row (ordinal, seq, timestamp, event_id, caller, matter)"
	       " SELECT 1, i, i * 1000000000, randomblob(16), 2 - i % 2, 2 - i % 2 FROM n;"
	       "INSERT INTO event_more (seq, response_id) SELECT seq, iif(seq % 2, '" CANARY
	       "' || seq, 'r' || seq) || hex(randomblob(80)) FROM event_row;"
	       "INSERT INTO answer (provider, id) SELECT 'p', response_id FROM event_more ORDER BY random();"
	       "INSERT INTO call SELECT NULL, 1, iif(seq % 2, '" CANARY
	       "' || seq, 'q' || seq), NULL, 1, 1, 1, event_id, 3, seq, NULL"
	       " FROM event_row ORDER BY random();"
	       "INSERT INTO repriced SELECT seq, 1, 5 FROM event_row; INSERT INTO tailed SELECT seq FROM "
	       "event_row;"
	       "INSERT INTO slice VALUES (5, 301, 600);"
	       "INSERT INTO finding (id, subject, rule_id, rule_name, level, rank, status, day, first, last, "
	       "count, reason, entity,"
	       " withdrawn, rules) SELECT seq, json_extract(body, '$.\"user.name\"') || hex(randomblob(100)), "
	       "'r', 'r', 'low', 1, 'new', 0,"
	       " 0, 0, 1, body, body, 0, x'' FROM record ORDER BY random();"
	       "UPDATE finding SET reason = reason || reason || reason || reason;"
	       "INSERT INTO day VALUES (0, 0, 1)");
	if (ledger_commit(l, 1, &e) != TK_OK) {
		printf("Bail out! %s\n", e.text);
		exit(1);
	}
	sql(l, "UPDATE txn SET who_to = 2, what_to = 2");
}

/* The trail's seqs are one lower. */
static void order(struct ledger *l, bool asked)
{
	struct erasing x = { .segment = 0, .classes = 6, .asked = asked };

	ledger_begin(l, &e);
	ledger_erasing_put(l, &x, &e);
	for (int i = 0; i < 600; i += 2)
		ledger_erasing_run(l, 0, i, i, &e);
	ledger_commit(l, 2, &e);
}

static void erase(bool asked)
{
	struct ledger *l = NULL;
	int64_t n = 0;
	int32_t day;
	enum day_state state;
	bool closed;
	char copy[160];

	if (ledger_open(&l, path, &e) != TK_OK)
		exit(1);
	fill(l);
	ok(file_holds("") || file_holds("-wal"),
	   asked ? "asked for: the canary is there" : "by age: the canary is there");
	order(l, asked);
	snprintf(copy, sizeof copy, "%s.schema-3", path);
	file_put(copy, SLICE(CANARY), 0600, &e);
	ledger_begin(l, &e);
	sql(l, "INSERT INTO meta VALUES ('scrub', 1)"); /* left by one before */
	ok_int(ledger_erase_rows(l, &n, &e), TK_OK, "erased");
	ok_int(n, 300, "every second row");
	ok_int(ledger_commit(l, 3, &e), TK_OK, "committed");
	ok_int(number(l, "SELECT value FROM meta WHERE name = 'scrub'"), asked ? 2 : 1, "and to be scrubbed");
	ok_int(ledger_scrub(l, &e), TK_OK, "which is done");
	ok_int(number(l, "SELECT count(*) FROM meta WHERE name = 'scrub'"), 0, "and is told");
	ok(!file_holds("") && !file_holds("-wal"), "no byte of it is left in file and log");
	ok(!file_there(copy), "the copy of an older schema is gone");
	ok_int(number(l, "SELECT count(*) FROM event_row"), 150, "the other events are there");
	ok_int(number(l, "SELECT count(*) FROM record"), 150, "the other records");
	ok_int(number(l, "SELECT count(*) FROM finding"), 150, "the other findings");
	ok_int(number(l, "SELECT count(*) FROM answer"), 150, "the other answers");
	ok_int(number(l, "SELECT count(*) FROM call"), 150, "the other views");
	ok_int(number(l, "SELECT count(*) FROM repriced"), 150, "the other prices");
	ok_int(number(l, "SELECT count(*) FROM tailed"), 150, "the other marks");
	ok_int(number(l, "SELECT count(*) FROM dim_who"), 1, "and the other user");
	ok_int(number(l, "SELECT count(*) FROM label WHERE value IN ('erased:2', 'erased:4')"), 2,
	       "names in counters are numbers");
	ok_int(number(l, "SELECT count(*) FROM label WHERE value = 'other'"), 2, "but those that are in use");
	ok_int(number(l, "SELECT count(*) FROM kept_digest WHERE n = 1"), 4,
	       "digests of both tables and two parts are kept");
	ok_int(number(l, "SELECT classes FROM erased WHERE segment = 0"), 6, "what is gone is noted");
	ok_int(number(l, "SELECT count(*) FROM erasing") + number(l, "SELECT count(*) FROM erasing_file"), 0,
	       "nothing is to be done");
	ledger_begin(l, &e);
	ledger_days_dirty(l, 0, 0, &e);
	ok_int(ledger_day_next(l, 1, &day, &state, &closed, &e), asked ? TK_OK : TK_ENOTFOUND,
	       asked ? "its day is evaluated again" : "its day is not evaluated again");
	ledger_commit(l, 4, &e);
	ok_int(ledger_reread(l, &e), TK_OK, "and it goes on");
	ledger_close(l);
	unlink(path);
}

/* ---- files ---- */

static int count(void *ctx, int64_t seq, struct slice line)
{
	*(int64_t *)ctx += line.p[0] == '#' ? 1000 + seq : seq;
	return TK_OK;
}

static void test_stubs(void)
{
	struct manifest m = { .segment = 0,
			      .file = "2026/11/000000-20261120.jsonl",
			      .first_seq = 5,
			      .last_seq = 8,
			      .records = 4 };
	struct trail_run run[] = { { 5, 5 }, { 7, 8 } };
	struct hash32 want, other = { { 1 } };
	char file[160];
	int64_t sum = 0;

	snprintf(file, sizeof file, "%s/segments/%s", folder, m.file);
	sys_make_folders(file, 0700, &e);
	file_put(file, SLICE("{\"a\":1}\n{\"b\":2}\n{\"c\":3}\n{\"d\":4}\n"), 0600, &e);
	ok_int(trail_segment_cut_hash(folder, &m, run, 2, &want, &e), TK_OK, "the hash of what is to be");
	ok_int(trail_segment_cut(folder, &m, run, 2, &other, &e), TK_EMALFORMED, "another one is not made");
	ok_int(trail_segment_lines(folder, &m, count, &sum, &e), TK_OK, "the file is");
	ok_int(sum, 5 + 6 + 7 + 8, "as it was");
	ok_int(trail_segment_cut(folder, &m, run, 2, &want, &e), TK_OK, "the right one is");
	sum = 0;
	trail_segment_lines(folder, &m, count, &sum, &e);
	ok_int(sum, 3000 + 5 + 6 + 7 + 8, "three stubs");
	ok_int(trail_segment_cut(folder, &m, run, 2, &want, &e), TK_OK, "a second time changes nothing");
	m.last_seq++;
	ok_int(trail_segment_lines(folder, &m, count, &sum, &e), TK_EMALFORMED,
	       "a file with too few lines is told");
	ok_int(trail_segment_remove(folder, &m, &e), TK_OK, "a whole file goes");
	ok(!file_there(file) && trail_segment_remove(folder, &m, &e) == TK_OK, "and none is legal");
	ok_int(trail_segment_lines(folder, &m, count, &sum, &e), TK_ENOTFOUND, "it is not there");
}

int main(void)
{
	char command[96] = "rm -rf ";

	snprintf(folder, sizeof folder, "/tmp/tochoku-test-XXXXXX");
	if (mkdtemp(folder) == NULL || zone_use("Asia/Tokyo", &e) != TK_OK)
		return 1;
	snprintf(path, sizeof path, "%s/ledger.db", folder);
	erase(false);
	erase(true);
	test_stubs();
	strcat(command, folder);
	return tap_done() + 2 * (system(command) != 0);
}
