/* The ledger's reader against a ledger filled by hand: order of events, what is known, absent and
 * unknown, outside addresses, keys seen, coverage, findings, sums that pass 2^63. */
#include "core/ledger/reader.h"

#include "core/base/hash.h"
#include "tests/lib/small_ledger.h"
#include "tests/lib/tap.h"

#define MINUTE INT64_C(60000000000)
#define SEC INT64_C(1000000000)
#define T0 (INT64_C(1795000000) * SEC)

struct seen {
	int64_t seq[4096];
	size_t n;
	bool known_status, absent_agent, known_agent;
};

static int take(void *ctx, int64_t seq, const struct access_event *ev)
{
	struct seen *s = ctx;

	if (s->n < COUNT(s->seq))
		s->seq[s->n++] = seq;
	s->known_status = ev_known(ev, F_STATUS);
	s->known_agent = ev_known(ev, F_USER_AGENT);
	s->absent_agent = ev_absent(ev, F_USER_AGENT);
	return 0;
}

static int stop_at_second(void *ctx, int64_t seq, const struct access_event *ev)
{
	(void)seq;
	(void)ev;
	return ++*(int *)ctx == 2 ? 77 : 0;
}

static void dictionaries(struct small_ledger *l)
{
	char sql[256];

	small_sql(
		l,
		"INSERT INTO dim_where (id, absent, source_ip, zone) VALUES (1, 0, '10.1.2.3', 'internal')");
	small_sql(l, "INSERT INTO dim_where (id, absent, source_ip, zone, country) VALUES"
		     " (2, 0, '203.0.113.9', 'external', 'US'), (3, 0, '198.51.100.7', 'external', 'JP'),"
		     " (4, 0, '203.0.113.9', 'external', 'US')");
	small_sql(l, "INSERT INTO dim_who (id, absent, user, key_id) VALUES (1, 0, 'anna', 'aaaa'), (2, 0, "
		     "'na', 'aaaa'),"
		     " (3, 0, NULL, 'bbbb'), (4, 0, 'zoe', NULL)");
	small_sql(l, "INSERT INTO dim_what (id, absent, path) VALUES (1, 0, '/v1')");
	snprintf(sql, sizeof sql, "INSERT INTO dim_how (id, absent) VALUES (1, %u)",
		 1u << event_fields[F_USER_AGENT].slot);
	small_sql(l, sql);
	small_sql(l, "INSERT INTO dim_shape (id, absent, absent_event) VALUES (1, 0, 0)");
	small_sql(l, "INSERT INTO dim_when (id, absent) VALUES (1, 0)");
}

static void order(struct ledger_reader *r)
{
	static struct seen s;
	struct err e;
	int calls = 0;

	s.n = 0;
	ok_int(ledger_events(r, T0, T0 + 120 * MINUTE, false, take, &s, &e), TK_OK, "events by seq");
	ok_int((int64_t)s.n, 5, "all events of the range");
	ok(s.n == 5 && s.seq[0] == 0 && s.seq[4] == 4, "in recording order");
	ok(s.known_status && !s.known_agent && s.absent_agent, "known and absent come back as they were");
	s.n = 0;
	ok_int(ledger_events(r, T0, T0 + 120 * MINUTE, true, take, &s, &e), TK_OK, "events by time");
	/* completions: seq 1 = 5 s, seq 3 and 2 tie at 70 s (ids 3 < 9), seq 0 = 90 min, seq 4 = 95 min */
	ok(s.n == 5 && s.seq[0] == 1 && s.seq[1] == 3 && s.seq[2] == 2 && s.seq[3] == 0 && s.seq[4] == 4,
	   "in order of completion, then id, over the pieces");
	s.n = 0;
	ledger_events(r, INT64_MIN, INT64_MAX, true, take, &s, &e);
	ok_int((int64_t)s.n, 6, "without a range: all, also one of before 1970");
	s.n = 0;
	ledger_events(r, T0 + 10 * SEC, T0 + 61 * SEC, false, take, &s, &e);
	ok(s.n == 2 && s.seq[0] == 0 && s.seq[1] == 3, "the start is part of the range, the end is not");
	ok_int(ledger_events(r, T0, T0 + 120 * MINUTE, false, stop_at_second, &calls, &e), 77,
	       "the row may stop it");
}

static int64_t outside_calls[4];
static char outside_ip[4][ADDR_TEXT_MAX], outside_users[4][64];
static size_t n_outside;

static void take_outside(void *ctx, const struct outside_row *o)
{
	(void)ctx;
	if (n_outside == COUNT(outside_calls))
		return;
	outside_calls[n_outside] = o->calls * 100 + o->successful;
	snprintf(outside_ip[n_outside], ADDR_TEXT_MAX, "%.*s", (int)o->ip.n, (const char *)o->ip.p);
	snprintf(outside_users[n_outside], 64, "%.*s", (int)o->users.n, (const char *)o->users.p);
	n_outside++;
}

struct keys_seen {
	char text[512];
};

static void take_key(void *ctx, const struct key_row *k)
{
	struct keys_seen *s = ctx;
	size_t n = strlen(s->text);

	snprintf(s->text + n, sizeof s->text - n, "%.*s/%.*s/%.*s/%d;", (int)k->fingerprint.n,
		 (const char *)k->fingerprint.p, (int)k->id.n, (const char *)k->id.p, (int)k->users.n,
		 (const char *)k->users.p, (int)k->calls);
}

static void people(struct ledger_reader *r)
{
	static struct keys_seen keys;
	struct err e;

	ok_int(ledger_outside(r, T0, T0 + 120 * MINUTE, take_outside, NULL, &e), TK_OK, "outside addresses");
	ok_int((int64_t)n_outside, 2, "rows of one address are joined");
	ok_str(outside_ip[0], "203.0.113.9", "most calls first");
	ok_int(outside_calls[0], 201, "calls and successful ones");
	ok_str(outside_users[0], "na", "its users");
	keys.text[0] = '\0';
	ok_int(ledger_keys(r, true, take_key, &keys, &e), TK_OK, "keys seen");
	ok_str(keys.text, "aaaa/ward/anna,na/3;bbbb///2;",
	       "by fingerprint, with users and the register's id");
	keys.text[0] = '\0';
	ledger_keys(r, false, take_key, &keys, &e);
	ok_str(keys.text, "aaaa/ward//0;", "the register alone");
}

static void coverage(struct small_ledger *l, struct ledger_reader *r)
{
	struct coverage c;
	struct err e;

	small_sql(l, "INSERT INTO label VALUES (50, 'gateway'), (51, 'import'), (52, 'late')");
	small_sql(l, "INSERT INTO input VALUES (50, '/a', 1, 0, 0, 0), (51, '', 0, 0, 0, 0), (52, '/b', 1, "
		     "0, 0, 0)");
	small_sql(l,
		  "INSERT INTO watch VALUES (50, 100, 109), (50, 115, 119), (51, 108, 112), (52, 118, 119)");
	small_sql(l, "INSERT INTO loss VALUES (50, 105, 'malformed', 3, 0), (50, 106, 'gap', 2, 1000),"
		     " (50, 107, 'kernel_drop', 5, 0), (50, 108, 'kernel_drop', 6, 0),"
		     " (50, 108, 'of tomorrow', 1, 0),"
		     " (50, 130, 'malformed', 9, 0)");
	ok_int(ledger_coverage(r, 100 * 60, 120 * 60, &c, &e), TK_OK, "coverage");
	ok_int(c.minutes, 20, "minutes of the range");
	/* 110..114: gateway is configured and did not watch, what import saw there does not make up for it */
	ok_int(c.missed_minutes, 5, "minutes that a configured input missed; not those before its first");
	ok_int(c.rejected_lines, 3, "rejected lines of the range");
	ok(c.gaps == 3 && c.lost_bytes == 1000, "gaps with their bytes, and what a newer version counted");
	ok_int((int64_t)c.losses.of[LOSS_KERNEL_DROP].n, 11, "what a capture lost, by reason");
	ok_int((int64_t)c.losses.of[LOSS_GAP].n, 0, "apart from the gaps of logs");
	ledger_coverage(r, 50 * 60, 60 * 60, &c, &e);
	ok_int(c.missed_minutes, 10, "before anything was watched: all missed");
}

static char found[256];

static void take_finding(void *ctx, const struct finding *f)
{
	size_t n = strlen(found);

	(void)ctx;
	snprintf(found + n, sizeof found - n, "%d%s%s/%zu;", (int)f->id, f->withdrawn ? "w" : "",
		 f->provisional ? "p" : "", f->n_events);
}

static void findings(struct small_ledger *l, struct ledger_reader *r)
{
	struct err e;

	small_sql(l, "INSERT INTO finding VALUES "
		     "(1,'a','r','n',NULL,'low',1,'new',10,1000,2000,3,'why','{}',0,x'',0),"
		     "(2,'b','r','n',NULL,'critical',4,'new',10,3000,3000,1,'why','{}',0,x'',0),"
		     "(3,'c','r','n',NULL,'high',3,'new',11,900,900,1,'why','{}',1,x'',0),"
		     "(4,'d','r','n',NULL,'low',1,'new',11,-60000000500,-60000000500,1,'why','{}',0,x'',0)");
	small_sql(l, "INSERT INTO day VALUES (10, 0, 5)");
	small_sql(l, "INSERT INTO finding_event VALUES (1, 7, x'000102030405060708090a0b0c0d0e0f')");
	found[0] = '\0';
	ok_int(ledger_findings(r, INT64_MIN, INT64_MAX, false, take_finding, NULL, &e), TK_OK, "findings");
	ok_str(found, "2/0;4p/0;1/1;",
	       "worst first, then by the minute of first; days not closed are provisional");
	found[0] = '\0';
	ledger_findings(r, 900, 3000, true, take_finding, NULL, &e);
	ok_str(found, "3wp/0;1/1;", "a range, with withdrawn ones");
}

static void take_sum(void *ctx, struct slice name, int64_t bucket, const struct sums *s)
{
	int64_t *out = ctx;

	(void)name;
	(void)bucket;
	out[0]++;
	out[1] = s->calls;
	out[2] = s->cost_pico;
}

static void sums(struct small_ledger *l, struct ledger_reader *r)
{
	static struct latency lat;
	int64_t got[3] = { 0 };
	struct err e;

	small_count(l, 900, "u", "", "", "m",
		    "calls = 2, cost_pico = 9223372036854775807, duration_ns = 10, duration_n = 2");
	small_count(l, 1800, "u", "", "", "m",
		    "calls = 3, cost_pico = 9223372036854775807, duration_ns = 5, duration_n = 1");
	small_count(l, 2700, "v", "", "", "m", "calls = 100");
	ok_int(ledger_sums(r, 900, 2700, BY_USER, take_sum, got, &e), TK_OK,
	       "sums that pass 2^63 are no error");
	ok(got[0] == 1 && got[1] == 5 && got[2] == INT64_MAX, "added up, money stops at the limit");
	got[0] = 0;
	ledger_sums(r, 0, 3600, BY_BUCKET, take_sum, got, &e);
	ok_int(got[0], 3, "a row a bucket");
	small_sql(l, "INSERT INTO latency_15m SELECT 900, id, 2, 5700, x'0502' FROM label WHERE value = 'm'");
	ledger_latency(r, 0, 3600, &lat, &e);
	ok(lat.n == 3 && lat.sum_ns == 15 && lat.max_ns == 5700 && lat.bin[5] == 2, "response times");
}

struct name_check {
	int n, bad;
};

/* Names must come whole and in order, each with its own calls. */
static void check_name(void *ctx, struct slice name, int64_t bucket, const struct sums *s)
{
	struct name_check *c = ctx;
	char want[64];

	(void)bucket;
	snprintf(want, sizeof want, "a user with a rather long name, number %04d", c->n);
	c->bad += !slice_is(name, want) || s->calls != c->n + 1;
	c->n++;
}

/* More names than any first buffer holds: it must not move under those that were read. */
static void many_names(struct small_ledger *l, struct ledger_reader *r)
{
	struct name_check c = { 0, 0 };
	char name[64], set[32];
	struct err e;

	for (int i = 499; i >= 0; i--) {
		snprintf(name, sizeof name, "a user with a rather long name, number %04d", i);
		snprintf(set, sizeof set, "calls = %d", i + 1);
		small_count(l, 900000, name, "", "", "", set);
	}
	ledger_sums(r, 900000, 900900, BY_USER, check_name, &c, &e);
	ok_int(c.n, 500, "as many rows as names");
	ok_int(c.bad, 0, "each whole, in order, with its sums");
}

int main(void)
{
	struct small_ledger l;
	struct ledger_reader *r;
	struct ledger_facts facts;
	struct err e;

	ok_int(ledger_reader_open(&r, "/nonexistent/ledger.db", &e), TK_ENOTFOUND, "no ledger yet");
	small_open(&l);
	dictionaries(&l);
	small_event(&l, T0 + 10 * SEC, 90 * MINUTE - 10 * SEC, 200, 1, 1, 5);
	small_event(&l, T0, 5 * SEC, 200, 2, 2, 6);
	small_event(&l, T0 + 61 * SEC, 9 * SEC, 401, 4, 3, 9);
	small_event(&l, T0 + 20 * SEC, 50 * SEC, 200, 3, 3, 3);
	small_event(&l, T0 + 90 * MINUTE, 5 * MINUTE, 200, 1, 1, 2);
	small_event(&l, -5 * MINUTE, 0, 200, 1, 4, 1);
	small_sql(&l, "INSERT INTO key (fingerprint, id, user, state, kind, added, expires) VALUES ('aaaa', "
		      "'ward', 'anna', 'active', 'person', 0, 0)");
	ok_int(ledger_reader_open(&r, l.path, &e), TK_OK, "opens read-only beside a writer");
	order(r);
	people(r);
	coverage(&l, r);
	findings(&l, r);
	sums(&l, r);
	many_names(&l, r);
	ok_int(ledger_facts(r, &facts, &e), TK_OK, "facts");
	ok_int(facts.first_event_ns, -5 * MINUTE, "first event");
	ok_int(facts.schema, LEDGER_SCHEMA, "schema");
	ledger_reader_close(r);
	small_sql(&l, "PRAGMA user_version = 99");
	ok_int(ledger_reader_open(&r, l.path, &e), TK_ECONFIG, "a newer ledger is refused");
	small_close(&l);
	return tap_done();
}
