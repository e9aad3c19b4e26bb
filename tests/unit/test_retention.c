/* Periods, and which records name whom and lie when. */
#include "core/base/zone.h"
#include "core/retention/match.h"
#include "core/retention/policy.h"
#include "tests/lib/tap.h"

static int64_t utc(const char *text)
{
	int64_t ns = 0;

	time_parse_rfc3339(slice_str(text), false, &ns);
	return ns / NS_PER_SEC;
}

static bool over(int64_t n, char unit, const char *closed, const char *now)
{
	return retention_over((struct cfg_period){ n, unit }, utc(closed), utc(now));
}

static void test_periods(void)
{
	/* a segment closes at midnight: its day is the one that was */
	ok(!over(1, 'y', "2025-03-02T00:00:00+09:00", "2026-03-01T23:59:59+09:00"),
	   "a year: to the end of the day");
	ok(over(1, 'y', "2025-03-02T00:00:00+09:00", "2026-03-02T00:00:00+09:00"), "and over the next");
	ok(!over(5, 'y', "2024-03-01T00:00:00+09:00", "2029-02-28T23:59:59+09:00"),
	   "29 February: to the end of February");
	ok(over(5, 'y', "2024-03-01T00:00:00+09:00", "2029-03-01T00:00:00+09:00"), "and over in March");
	ok(!over(1, 'y', "2024-01-01T12:00:00+09:00", "2025-01-01T11:00:00+09:00"),
	   "a leap year is a year of the calendar");
	ok(over(1, 'y', "2024-01-01T12:00:00+09:00", "2025-01-02T00:00:00+09:00"), "of 366 days");
	ok(!over(1, 'm', "2026-02-11T00:00:00+09:00", "2026-03-11T00:00:00+09:00"),
	   "February has no month of 28 days");
	ok(over(1, 'm', "2026-02-11T00:00:00+09:00", "2026-03-13T00:00:00+09:00"), "a month has 30 at least");
	ok(!over(18, 'm', "2026-09-01T00:00:00+09:00", "2028-02-29T23:00:00+09:00"),
	   "31 August and 18 months: to the end of February");
	ok(over(18, 'm', "2026-09-01T00:00:00+09:00", "2028-03-01T00:00:00+09:00"), "and over in March");
	ok(!over(400, 'd', "2026-01-01T12:00:00+09:00", "2027-02-05T10:00:00+09:00"), "400 days");
	ok(over(400, 'd', "2026-01-01T12:00:00+09:00", "2027-02-06T00:00:00+09:00"), "and over");
	ok(!over(1000, 'y', "2026-01-01T12:00:00+09:00", "2260-01-01T00:00:00+09:00"), "a thousand years");
	ok(retention_short((struct cfg_period){ 364, 'd' }) &&
		   !retention_short((struct cfg_period){ 365, 'd' }) &&
		   retention_short((struct cfg_period){ 12, 'm' }) &&
		   !retention_short((struct cfg_period){ 1, 'y' }),
	   "the floor is 365 days");
}

static void is_policy(const struct config *cfg, unsigned classes, const char *want)
{
	struct buf b;

	buf_init(&b, 256);
	put_policy(&b, cfg, classes);
	ok_str(buf_cstr(&b), want, want);
	buf_free(&b);
}

static void test_profiles(void)
{
	struct config cfg = { .retention = { .profile = "minimal" } };
	const unsigned access = 1u << KEEP_ACCESS, findings = 1u << KEEP_FINDINGS;
	int64_t closed = utc("2024-01-01T00:00:00Z");

	is_policy(&cfg, access | findings, "minimal access-1y findings-3y");
	is_policy(&cfg, findings, "minimal findings-3y");
	ok(retention_young(&cfg, access, closed, closed + 365 * 86400 - 1) &&
		   !retention_young(&cfg, access, closed, closed + 365 * 86400),
	   "two approvals until the period is over");
	ok(retention_young(&cfg, access | findings, closed, closed + 3 * 365 * 86400 - 1),
	   "the longest counts");
	cfg.retention.access = (struct cfg_period){ 7, 'y' };
	is_policy(&cfg, access | findings, "minimal findings-3y access-7y");
	cfg.retention.access = (struct cfg_period){ 30, 'd' };
	is_policy(&cfg, access, "minimal access-30d");
	ok(retention_young(&cfg, access, closed, closed + 365 * 86400 - 1),
	   "and a year does, whatever the period");
	cfg = (struct config){ .retention = { .profile = "hipaa" } };
	is_policy(&cfg, access, "hipaa access-6y");
	ok_int(retention_reports(&cfg).n, 6, "reports too");
	ok_int(record_class_of(RECORD_ERASE), KEEP_FOREVER, "an erase record is kept for ever");
	ok_int(record_class_of(RECORD_HOLD), KEEP_FOREVER, "a hold too");
	ok_int(record_class_of(RECORD_KEY), KEEP_FOREVER, "a key's too");
	ok_int(record_class_of(RECORD_CONTROL), KEEP_FOREVER, "control too");
	ok_int(record_class_of(RECORD_TYPES), KEEP_FOREVER, "and what is not known");
	ok_int(record_class_of(RECORD_SUPPLEMENT), KEEP_ACCESS, "a supplement as long as the call");
}

static bool names(const char *line, const char *name)
{
	struct name_forms f;
	bool yes = name_forms_of(&f, slice_str(name)) && line_names(slice_str(line), &f);

	name_forms_free(&f);
	return yes;
}

static void test_names(void)
{
	ok(names("{\"user.name\":\"ito\"}", "ito"), "a value");
	ok(!names("{\"user.name\":\"saito\"}", "ito") && !names("{\"user.name\":\"itoh\"}", "ito"),
	   "not a part of one");
	ok(names("{\"subject\":\"{\\\"user.name\\\":\\\"ito\\\"}\"}", "ito"), "one in JSON that is a text");
	ok(names("{\"u\":\"a\\\"b\\\\c\"}", "a\"b\\c"), "with quotes and backslashes");
	ok(names("{\"u\":\"田中\"}", "田中"), "in UTF-8");
	ok(!line_holds(SLICE("{\"a\":\"b\"}"), SLICE("")), "nothing is in nothing");
}

static void time_is(const char *line, const char *from, const char *to, const char *what)
{
	struct record r = { 0 };
	struct record_error why;
	int64_t a, b;

	ok(record_read(slice_str(line), &r, &why), "a record");
	line_time(slice_str(line), &r, &a, &b);
	ok_int(a / NS_PER_SEC, utc(from), what);
	ok_int(b / NS_PER_SEC, utc(to), what);
}

#define HASH "\"h\":\"0000000000000000000000000000000000000000000000000000000000000000\""
#define NONCE "\"n\":\"AAAAAAAAAAAAAAAAAAAAAA\""
#define END "\"seq\":1,\"ts\":\"2026-01-03T00:00:00.000Z\""

static void test_times(void)
{
	time_is("{\"@timestamp\":\"2026-01-01T00:00:00Z\"," HASH "," NONCE "," END
		",\"type\":\"access\",\"v\":1}",
		"2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "of a call its start");
	time_is("{\"first\":\"2026-01-01T00:00:00Z\"," HASH ",\"last\":\"2026-01-02T00:00:00Z\"," NONCE
		"," END ",\"type\":\"finding\",\"v\":1}",
		"2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "of a finding its first to its last");
	time_is("{" HASH "," NONCE "," END ",\"type\":\"review\",\"v\":1}", "2026-01-03T00:00:00Z",
		"2026-01-03T00:00:00Z", "of others when they were recorded");
}

int main(void)
{
	struct err e;

	ok(zone_use("Asia/Tokyo", &e) == TK_OK, "a zone");
	test_periods();
	test_profiles();
	test_names();
	test_times();
	return tap_done();
}
