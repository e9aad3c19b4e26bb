/* Zones, local days and texts of time (calendar.md 4, RFC 3339). */
#include <stdlib.h>

#include "core/base/sys.h"
#include "core/base/zone.h"
#include "tests/lib/tap.h"

#define DAY 86400

static int64_t utc(const char *text)
{
	int64_t ns;

	return time_parse_rfc3339(slice_str(text), false, &ns) ? ns / NS_PER_SEC : -1;
}

static int32_t days(const char *text)
{
	struct date d;

	return date_parse(slice_str(text), &d) ? date_to_days(d) : INT32_MIN;
}

static void test_dates(void)
{
	static const struct { const char *text; bool good; } rows[] = {
		{ "2026-11-23", true },	  { "2024-02-29", true },  { "2000-02-29", true },
		{ "1900-02-29", false },  { "2026-02-29", false }, { "2026-13-01", false },
		{ "2026-00-01", false },  { "2026-01-00", false }, { "2026-04-31", false },
		{ "2026-1-1", false },	  { "2026/01/01", false }, { "", false },
		{ "2026-11-231", false }, { "-026-11-23", false },
	};
	struct date d;
	bool round = true;
	char text[11];

	for (size_t i = 0; i < COUNT(rows); i++)
		ok(date_parse(slice_str(rows[i].text), &d) == rows[i].good, rows[i].text);
	ok_int(days("1970-01-01"), 0, "1970-01-01 is day 0");
	ok_int(days("2000-03-01"), 11017, "2000-03-01 is day 11017");
	ok_int(date_weekday(days("2026-11-23")), 0, "2026-11-23 is a Monday");
	ok_int(date_weekday(days("1948-07-20")), 1, "1948-07-20 is a Tuesday");
	for (int32_t n = -800000; n < 800000; n++)
		if (date_to_days(date_from_days(n)) != n)
			round = false;
	ok(round, "days of years -220 to 4160 survive the way to dates and back");
	date_format(date_from_days(days("2026-03-09")), text);
	ok_str(text, "2026-03-09", "a date is padded");
}

static void test_parse(void)
{
	static const struct { const char *text; bool naive, good; int64_t ns; } rows[] = {
		{ "2026-11-23T02:24:30.819Z", false, true, INT64_C(1795400670819000000) },
		{ "2026-11-23T11:24:30.819+09:00", false, true, INT64_C(1795400670819000000) },
		{ "2026-11-22t21:24:30-05:00", false, true, INT64_C(1795400670000000000) },
		{ "2026-11-23 11:24:30", true, true, INT64_C(1795400670000000000) },
		{ "2026-11-23 11:24:30", false, false, 0 },
		{ "1970-01-01T00:00:00.000000001z", false, true, 1 },
		{ "1969-12-31T23:59:59.999999999Z", false, true, -1 },
		{ "1970-01-01T00:00:00.0000000001Z", false, false, 0 },
		{ "1970-01-01T00:00:00.Z", false, false, 0 },
		{ "1970-01-01T00:00:00,5Z", false, false, 0 },
		{ "1970-01-01T24:00:00Z", false, false, 0 },
		{ "1970-01-01T00:60:00Z", false, false, 0 },
		{ "1970-01-01T00:00:00+24:00", false, false, 0 },
		{ "1970-01-01T00:00:00+0900", false, false, 0 },
		{ "1970-01-01T00:00:00Z ", false, false, 0 },
		{ "1970-01-01T00:00Z", false, false, 0 },
		{ "1970-01-01", true, false, 0 },
		{ "2016-12-31T23:59:60Z", false, true, INT64_C(1483228799999000000) },
		{ "2017-01-01T08:59:60+09:00", false, true, INT64_C(1483228799999000000) },
		{ "2017-01-01T08:58:60+09:00", false, false, 0 },
		{ "2017-01-01T08:59:61+09:00", false, false, 0 },
		{ "1677-09-21T00:12:43Z", false, false, 0 },
		{ "2262-04-11T23:47:16.854775807Z", false, true, INT64_MAX },
		{ "2262-04-11T23:47:16.854775808Z", false, false, 0 },
		{ "9999-12-31T23:59:59Z", false, false, 0 },
	};

	ok_int(zone_use("Asia/Tokyo", NULL), TK_OK, "Asia/Tokyo exists");
	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t ns = 0;
		bool good = time_parse_rfc3339(slice_str(rows[i].text), rows[i].naive, &ns);

		ok(good == rows[i].good && (!good || ns == rows[i].ns), rows[i].text);
	}
}

static void test_format(void)
{
	static const struct { int64_t ns; const char *utc, *local; } rows[] = {
		{ INT64_C(1795400670819000000), "2026-11-23T02:24:30.819Z", "2026-11-23T11:24:30.819+09:00" },
		{ 0, "1970-01-01T00:00:00Z", "1970-01-01T09:00:00+09:00" },
		{ 1, "1970-01-01T00:00:00.000000001Z", "1970-01-01T09:00:00.000000001+09:00" },
		{ 120000, "1970-01-01T00:00:00.000120Z", "1970-01-01T09:00:00.000120+09:00" },
		{ -1, "1969-12-31T23:59:59.999999999Z", "1970-01-01T08:59:59.999999999+09:00" },
		{ INT64_MIN, "1677-09-21T00:12:43.145224192Z", "1677-09-21T09:30:43.145224192+09:18" },
	};
	char text[TIME_TEXT_MAX];

	for (size_t i = 0; i < COUNT(rows); i++) {
		ok_int((int64_t)time_format_utc(rows[i].ns, text), (int64_t)strlen(rows[i].utc), "length");
		ok_str(text, rows[i].utc, rows[i].utc);
		time_format_local(rows[i].ns, text);
		ok_str(text, rows[i].local, rows[i].local);
	}
	zone_use("America/New_York", NULL);
	time_format_local(INT64_C(1795400670000000000), text);
	ok_str(text, "2026-11-22T21:24:30-05:00", "a negative offset");
}

static void test_names(void)
{
	static const struct { const char *name; bool good; } rows[] = {
		{ "UTC", true },
		{ "Europe/Berlin", true },
		{ "America/Argentina/Buenos_Aires", true },
		{ "Etc/GMT+9", true },
		{ "Asia/Tokio", false },
		{ "JST-9", false },
		{ "../../etc/passwd", false },
		{ "/usr/share/zoneinfo/UTC", false },
		{ ":UTC", false },
		{ "zone.tab", false },
		{ "Asia", false },
		{ "", false },
		{ "Asia/../UTC", false },
		{ "Asia/", false },
	};
	struct err e = { 0 };

	for (size_t i = 0; i < COUNT(rows); i++)
		ok((zone_use(rows[i].name, &e) == TK_OK) == rows[i].good,
		   rows[i].name[0] == 0 ? "(empty)" : rows[i].name);
	ok_int(zone_use("Asia/Tokio", &e), TK_ECONFIG, "an unknown zone is a configuration error");
	ok(strstr(e.text, "Asia/Tokio") != NULL, "which is named");
}

static void test_instants(void)
{
	static const struct {
		const char *zone, *date;
		int32_t second;
		bool end;
		const char *utc, *name;
	} rows[] = {
		{ "Asia/Tokyo", "2026-11-23", 30600, false, "2026-11-22T23:30:00Z", "no change of clocks" },
		{ "Asia/Tokyo", "2026-11-23", DAY, true, "2026-11-23T15:00:00Z", "24:00" },
		{ "America/New_York", "2026-03-08", 9000, false, "2026-03-08T07:00:00Z", "02:30 is missing" },
		{ "America/New_York", "2026-03-08", 9000, true, "2026-03-08T07:00:00Z",
		  "02:30 is missing (end)" },
		{ "America/New_York", "2026-11-01", 5400, false, "2026-11-01T05:30:00Z",
		  "01:30 twice: first" },
		{ "America/New_York", "2026-11-01", 5400, true, "2026-11-01T06:30:00Z",
		  "01:30 twice: second" },
		{ "America/New_York", "2026-11-01", 3540, true, "2026-11-01T04:59:00Z", "00:59 only once" },
		{ "America/New_York", "2026-11-01", 7200, true, "2026-11-01T07:00:00Z", "02:00 only once" },
		{ "Australia/Lord_Howe", "2026-04-05", 6300, true, "2026-04-04T15:15:00Z",
		  "half an hour back" },
		{ "Pacific/Apia", "2011-12-30", 43200, false, "2011-12-30T10:00:00Z", "a skipped day" },
		{ "Pacific/Kwajalein", "1969-09-30", 43200, true, "1969-10-01T00:00:00Z",
		  "a day that came twice" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		zone_use(rows[i].zone, NULL);
		ok_int(zone_instant(days(rows[i].date), rows[i].second, rows[i].end), utc(rows[i].utc),
		       rows[i].name);
	}
}

/* The vectors are older than tzdata 2026f, by which Cuba keeps summer time until 2027-11-07. */
static bool is_outdated(const char *zone, int32_t day)
{
	return strcmp(zone, "America/Havana") == 0 && day >= days("2026-11-01") &&
	       day <= days("2027-03-14") && zone_offset(utc("2026-12-01T00:00:00Z")) == -4 * 3600;
}

/* One line of local-days.tsv: zone, date, start, seconds. */
static void check_day(char *line)
{
	char *zone = strtok(line, "\t"), *date = strtok(NULL, "\t"), *start = strtok(NULL, "\t"),
	     *seconds = strtok(NULL, "\t");
	char name[100];
	int32_t d;
	int64_t length;

	if (seconds == NULL || zone_use(zone, NULL) != TK_OK) {
		ok(false, "a readable row with a known zone");
		return;
	}
	d = days(date);
	length = atoll(seconds);
	if (is_outdated(zone, d)) {
		ok_int(zone_day_start(d + 1) - zone_day_start(d), 86400,
		       "an ordinary day by the newer tzdata");
		return;
	}
	snprintf(name, sizeof name, "%s %s start", zone, date);
	ok_int(zone_day_start(d), utc(start), name);
	snprintf(name, sizeof name, "%s %s length", zone, date);
	ok_int(zone_day_start(d + 1) - zone_day_start(d), length, name);
	if (length == 0)
		return;
	snprintf(name, sizeof name, "%s %s holds its first and last second", zone, date);
	ok(zone_day_of(utc(start)) == d && zone_day_of(utc(start) + length - 1) == d &&
	   zone_day_of(utc(start) + length) > d && zone_day_of(utc(start) - 1) < d, name);
}

static void test_local_days(void)
{
	const char *shared = getenv("TOCHOKU_SHARED");
	char path[4096], *line, *rest;
	struct slice text;

	snprintf(path, sizeof path, "%s/corpora/holidays/local-days.tsv",
		 shared == NULL ? "../shared" : shared);
	if (sys_slurp(path, 1 << 20, &text, NULL) != TK_OK) {
		tap_skip("no shared corpora: local-days.tsv (set TOCHOKU_SHARED)");
		return;
	}
	rest = (char *)(uintptr_t)text.p;
	strtok_r(rest, "\n", &rest); /* header */
	while ((line = strtok_r(NULL, "\n", &rest)) != NULL)
		check_day(line);
	free((void *)(uintptr_t)text.p);
}

/* Days cover a year without a hole or an overlap, and cached offsets are the true ones. */
static void test_years(void)
{
	static const char *const zones[] = {
		"Asia/Tokyo", "America/New_York", "Europe/Berlin", "Europe/Dublin", "Australia/Lord_Howe",
		"Asia/Kathmandu", "Asia/Kolkata", "Pacific/Apia", "America/Havana", "Africa/Casablanca",
		"Pacific/Chatham", "UTC", "America/St_Johns",
	};

	for (size_t i = 0; i < COUNT(zones); i++) {
		bool good = true;
		int32_t from = days("2010-12-01"), to = days("2012-02-01");

		zone_use(zones[i], NULL);
		for (int32_t d = from; d < to; d++) {
			int64_t start = zone_day_start(d), next = zone_day_start(d + 1);

			if (next < start || next - start > 26 * 3600)
				good = false;
			for (int64_t t = start; t < next; t += 1747)
				if (zone_day_of(t) != d)
					good = false;
		}
		ok(good, zones[i]);
	}
}

int main(void)
{
	test_dates();
	test_parse();
	test_format();
	test_names();
	test_instants();
	test_local_days();
	test_years();
	return tap_done();
}
