/* Holidays and the hospital's calendar (calendar.md 1 to 3). */
#include <stdlib.h>
#include <unistd.h>

#include "core/base/sys.h"
#include "rules/calendar/calendar.h"
#include "rules/calendar/holiday_list.h"
#include "tests/lib/tap.h"

static const struct hours DAYTIME = { 30600, 62100 }, MORNING = { 30600, 45000 };
static struct month_day_range year_end[] = { { 12, 29, 1, 3 } };

static struct cfg_calendar hospital(enum saturday saturday)
{
	return (struct cfg_calendar){ .country = "JP",
				      .saturday = saturday,
				      .hours = DAYTIME,
				      .half_day = MORNING,
				      .before = 3600,
				      .after = 7200,
				      .closures = year_end,
				      .n_closures = 1 };
}

static int32_t days(const char *text)
{
	struct date d;

	return date_parse(slice_str(text), &d) ? date_to_days(d) : INT32_MIN;
}

/* Somebody of a department; the answer is good until the next. */
static const struct person *of(const char *department)
{
	static struct person p;

	p = (struct person){ .department = slice_str(department) };
	return &p;
}

static int64_t local(const char *text)
{
	int64_t ns;

	return time_parse_rfc3339(slice_str(text), true, &ns) ? ns / NS_PER_SEC : -1;
}

/* The lines of a shared file; NULL when it is not there. Free it. */
static char *shared(const char *name)
{
	const char *dir = getenv("TOCHOKU_SHARED");
	char path[4096];
	struct slice text;

	snprintf(path, sizeof path, "%s/corpora/holidays/%s", dir == NULL ? "../shared" : dir, name);
	if (sys_slurp(path, 1 << 20, &text, NULL) == TK_OK)
		return (char *)(uintptr_t)text.p;
	snprintf(path, sizeof path, "no shared corpora: %s (set TOCHOKU_SHARED)", name);
	tap_skip(path);
	return NULL;
}

static bool same_holiday(const char *name, const char *kind, const char *want_name, const char *want_kind)
{
	if (name == NULL || strcmp(kind, want_kind) != 0)
		return false;
	if (strcmp(want_kind, "substitute") == 0)
		return strcmp(name, "振替休日") == 0 && strcmp(want_name, "休日") == 0;
	if (strcmp(want_kind, "citizens") == 0)
		return strcmp(name, "国民の休日") == 0 && strcmp(want_name, "休日") == 0;
	return strcmp(name, want_name) == 0;
}

/* Every listed day, and in a listed year no other day. */
static void test_official_list(void)
{
	char *text = shared("jp-holidays.csv"), *rest = text, *line;
	int rows = 0, bad = 0, year = 0, in_year = 0, surplus = 0;

	if (text == NULL)
		return;
	strtok_r(rest, "\n", &rest);
	for (line = strtok_r(NULL, "\n", &rest);; line = strtok_r(NULL, "\n", &rest)) {
		const char *kind = NULL, *name;
		char *cell;
		int32_t d;

		if (line == NULL || atoi(line) != year) {
			for (d = date_to_days((struct date){ year, 1, 1 });
			     year != 0 && d < date_to_days((struct date){ year + 1, 1, 1 }); d++)
				in_year -= jp_holiday(d, &kind) != NULL;
			surplus += in_year != 0;
			in_year = 0;
			year = line == NULL ? 0 : atoi(line);
		}
		if (line == NULL)
			break;
		cell = line;
		d = days(strtok_r(cell, ",", &cell));
		name = strtok_r(NULL, ",", &cell);
		rows++;
		in_year++;
		{
			const char *want_kind = strtok_r(NULL, ",", &cell), *got = jp_holiday(d, &kind);

			if (!same_holiday(got, kind, name, want_kind)) {
				bad++;
				printf("# %s: got %s\n", line, got == NULL ? "none" : got);
			}
		}
	}
	ok(rows > 800, "the official list has rows");
	ok_int(bad, 0, "every row of the official list");
	ok_int(surplus, 0, "and no holiday beyond it in its years");
	free(text);
}

static void test_missing_years(void)
{
	static const struct { const char *date, *name, *kind; } rows[] = {
		{ "1948-07-20", NULL, NULL },
		{ "1948-09-23", "秋分の日", "named" },
		{ "1948-11-03", "文化の日", "named" },
		{ "1948-05-03", NULL, NULL },
		{ "1949-01-01", "元日", "named" },
		{ "1973-02-12", NULL, NULL },
		{ "1973-04-30", "振替休日", "substitute" },
		{ "1988-05-04", "国民の休日", "citizens" },
		{ "1987-05-04", "振替休日", "substitute" },
		{ "1992-05-04", "振替休日", "substitute" },
		{ "2009-05-06", "振替休日", "substitute" },
		{ "2032-09-21", "国民の休日", "citizens" },
		{ "2002-12-23", "天皇誕生日", "named" },
		{ "2019-12-23", NULL, NULL },
		{ "2022-08-11", "山の日", "named" },
		{ "2024-02-12", "振替休日", "substitute" },
		{ "2074-09-23", "秋分の日", "named" },
		{ "2099-11-23", "勤労感謝の日", "named" },
		{ "2100-01-01", NULL, NULL },
		{ "1947-11-03", NULL, NULL },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *kind = "", *name = jp_holiday(days(rows[i].date), &kind);

		if (rows[i].name == NULL)
			ok(name == NULL, rows[i].date);
		else
			ok(name != NULL && strcmp(name, rows[i].name) == 0 && strcmp(kind, rows[i].kind) == 0,
			   rows[i].date);
	}
}

/* calendar.md 6: what holds in every year. */
static void test_holiday_properties(void)
{
	bool sunday = true, lonely = true;
	int least = 99, most = 0;

	for (int32_t y = 1949; y <= 2099; y++) {
		int n = 0;

		for (int32_t d = date_to_days((struct date){ y, 1, 1 }); date_from_days(d).year == y; d++) {
			const char *kind, *other;

			if (jp_holiday(d, &kind) == NULL)
				continue;
			n++;
			if (strcmp(kind, "substitute") == 0 && date_weekday(d) == 6)
				sunday = false;
			if (strcmp(kind, "citizens") == 0 &&
			    (jp_holiday(d - 1, &other) == NULL || jp_holiday(d + 1, &other) == NULL))
				lonely = false;
		}
		least = n < least ? n : least;
		most = n > most ? n : most;
	}
	ok(sunday, "a substitute is never a Sunday");
	ok(lonely, "a citizens' day stands between holidays");
	ok_int(least, 9, "the poorest year has 9");
	ok_int(most, 22, "the richest year has 22");
}

static bool same_day(const struct day_info *d, char *cell)
{
	const char *opening = strtok_r(cell, ",", &cell), *reason = strtok_r(NULL, ",", &cell);
	const char *gap = strtok_r(NULL, ",", &cell), *first = strtok_r(NULL, ",", &cell);
	const char *of_month = strtok_r(NULL, ",", &cell), *kind = strtok_r(NULL, ",", &cell);
	const char *after = strtok_r(NULL, ",", &cell);

	return strcmp(opening_name(d->opening), opening) == 0 && strcmp(d->reason, reason) == 0 &&
	       d->gap_days == atoi(gap) && d->first_after_holiday == atoi(first) &&
	       d->first_business_day_of_month == atoi(of_month) &&
	       strcmp(calendar_day_name(d->kind), kind) == 0 && d->after_holiday == atoi(after);
}

static void check_classes(const char *file, struct cfg_calendar *cfg)
{
	char *text = shared(file), *rest = text, *line;
	struct calendar *c = calendar_new(cfg, NULL);
	int rows = 0, bad = 0;

	if (text != NULL) {
		strtok_r(rest, "\n", &rest);
		while ((line = strtok_r(NULL, "\n", &rest)) != NULL) {
			line[10] = 0;
			rows++;
			if (!same_day(calendar_day(c, days(line)), line + 15)) {
				bad++;
				printf("# %s differs\n", line);
			}
		}
		ok_int(rows, 1095, file);
		ok_int(bad, 0, "every day as in the sample");
	}
	free(text);
	calendar_free(c);
}

static void test_samples(void)
{
	struct cfg_calendar half = hospital(SATURDAY_HALF), closed = hospital(SATURDAY_CLOSED);

	half.founding_month = 6;
	half.founding_day = 1;
	check_classes("dayclass-sat-half-2025-2027.csv", &half);
	check_classes("dayclass-sat-closed-2025-2027.csv", &closed);
}

static void test_precedence(void)
{
	static struct date open[] = { { 2026, 5, 5 }, { 2026, 5, 10 } },
			   closed[] = { { 2026, 5, 12 }, { 2026, 11, 23 } };
	static struct cfg_open_holiday opened[] = { { { 2026, 11, 3 }, NULL } };
	static struct month_day_range ranges[] = { { 12, 29, 1, 3 }, { 8, 13, 8, 15 } };
	static const struct { const char *date, *opening, *reason, *kind; } rows[] = {
		{ "2026-05-05", "full", "extra_open", "business" }, /* a holiday */
		{ "2026-05-10", "full", "extra_open", "business" }, /* a Sunday */
		{ "2026-05-12", "closed", "extra_closed", "closure" },
		{ "2026-11-23", "closed", "extra_closed", "holiday" }, /* a holiday all the same */
		{ "2026-11-03", "full", "weekday", "business" }, /* opened, and a founding day is not this */
		{ "2026-08-11", "closed", "founding", "holiday" },
		{ "2026-08-13", "closed", "closure", "closure" },
		{ "2026-08-15", "closed", "closure", "closure" }, /* a Saturday */
		{ "2026-08-16", "closed", "weekly", "sunday" },
		{ "2026-12-31", "closed", "year_end", "closure" },
		{ "2027-01-01", "closed", "holiday", "holiday" },
		{ "2026-08-22", "half", "weekly", "saturday" },
	};
	struct cfg_calendar cfg = hospital(SATURDAY_HALF);
	struct calendar *c;

	cfg.extra_open = open;
	cfg.n_extra_open = COUNT(open);
	cfg.extra_closed = closed;
	cfg.n_extra_closed = COUNT(closed);
	cfg.open_holidays = opened;
	cfg.n_open_holidays = COUNT(opened);
	cfg.closures = ranges;
	cfg.n_closures = COUNT(ranges);
	cfg.founding_month = 8;
	cfg.founding_day = 11;
	c = calendar_new(&cfg, NULL);
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct day_info *d = calendar_day(c, days(rows[i].date));

		ok(strcmp(opening_name(d->opening), rows[i].opening) == 0 &&
			   strcmp(d->reason, rows[i].reason) == 0 &&
			   strcmp(calendar_day_name(d->kind), rows[i].kind) == 0,
		   rows[i].date);
	}
	ok_int(calendar_class(c, days("2026-08-22")), CLASS_HALF, "class of a half day");
	calendar_free(c);
	cfg = hospital(SATURDAY_FULL);
	cfg.country = "none";
	c = calendar_new(&cfg, NULL);
	ok(calendar_day(c, days("2026-11-23"))->holiday == NULL, "country none has no public holidays");
	ok(calendar_day(c, days("2026-11-21"))->opening == OPEN_FULL, "Saturday may be full");
	ok(calendar_day(c, days("2026-11-21"))->kind == CAL_SATURDAY, "and stays a Saturday");
	calendar_free(c);
}

/* Asking for days in any order gives what asking in order gives, and answers stay valid for 400 more. */
static void test_cache(void)
{
	struct cfg_calendar cfg = hospital(SATURDAY_HALF);
	struct calendar *a = calendar_new(&cfg, NULL), *b = calendar_new(&cfg, NULL);
	const struct day_info *held = calendar_day(a, days("2026-05-07"));
	int32_t from = days("2020-01-01");
	uint32_t x = 1;
	bool good = true;

	for (int i = 0; i < 400; i++)
		calendar_day(a, from + i * 512);
	ok(held->days == days("2026-05-07") && held->gap_days == 4,
	   "an answer is valid until 400 other days were asked");
	for (int32_t d = from; d < from + 4000; d++) {
		struct day_info one = *calendar_day(a, d), two;

		x = x * 1103515245 + 12345;
		calendar_day(b, from + (int32_t)(x >> 8) % 4000);
		two = *calendar_day(b, d);
		good = good && one.days == d && two.days == d && one.opening == two.opening &&
		       one.gap_days == two.gap_days && one.after_holiday == two.after_holiday &&
		       one.holiday == two.holiday && one.reason == two.reason;
	}
	ok(good, "order does not matter");
	calendar_free(a);
	calendar_free(b);
}

static void test_off_hours(void)
{
	static struct cfg_department_hours departments[] = {
		{ .name = "救急部", .hours = { 0, 86400 } },
		{ .name = "検査部",
		  .hours = { 25200, 82800 },
		  .half_day = { 25200, 43200 },
		  .saturday = SATURDAY_HALF,
		  .before = 3600,
		  .after = 7200 },
		{ .name = "事務部", .hours = { 30600, 61200 }, .saturday = SATURDAY_CLOSED, .before = 3600,
		  .after = 7200 },
	};
	static const struct { const char *time, *department; bool off; } rows[] = {
		{ "2026-11-24T07:29:59", "", true }, { "2026-11-24T07:30:00", "", false },
		{ "2026-11-24T19:14:59", "", false }, { "2026-11-24T19:15:00", "", true },
		{ "2026-11-24T03:00:00", "", true }, { "2026-11-24T12:00:00", "内科", false },
		{ "2026-11-23T12:00:00", "", true },       /* a holiday */
		{ "2026-11-28T14:29:59", "", false },      /* a half day, with the allowance */
		{ "2026-11-28T14:30:00", "", true }, { "2026-11-29T12:00:00", "", true },
		{ "2026-12-30T12:00:00", "", true }, { "2026-11-23T03:00:00", "救急部", false },
		{ "2027-01-01T00:00:00", "救急部", false }, { "2026-11-28T12:00:00", "事務部", true },
		{ "2026-11-27T18:59:59", "事務部", false }, { "2026-11-27T19:00:00", "事務部", true },
		{ "2026-11-24T06:00:00", "検査部", false }, { "2026-11-24T05:59:59", "検査部", true },
		{ "2026-11-21T00:30:00", "検査部", false }, /* Friday's 23:00 and two hours more */
		{ "2026-11-21T01:00:00", "検査部", true }, { "2026-11-22T00:30:00", "検査部", true },
		{ "2026-11-28T00:59:59", "検査部", false },
	};
	struct cfg_calendar cfg = hospital(SATURDAY_HALF);
	struct calendar *c;

	zone_use("Asia/Tokyo", NULL);
	cfg.departments = departments;
	cfg.n_departments = COUNT(departments);
	c = calendar_new(&cfg, NULL);
	for (size_t i = 0; i < COUNT(rows); i++)
		ok(calendar_off_hours(c, of(rows[i].department), local(rows[i].time)) == rows[i].off,
		   rows[i].time);
	ok(calendar_opening(c, of("救急部"), days("2027-01-01")) == OPEN_FULL,
	   "open all the year");
	ok(calendar_opening(c, of("事務部"), days("2026-11-28")) == OPEN_CLOSED,
	   "closed on Saturdays");
	ok(calendar_opening(c, of("内科"), days("2026-11-28")) == OPEN_HALF,
	   "the site's half Saturday");
	ok(calendar_opening(c, of("事務部"), days("2026-11-23")) == OPEN_CLOSED,
	   "closed on a holiday");
	calendar_free(c);
}

/* calendar.md 4: a missing opening time is the first instant after the gap, a repeated closing time the
 * second. */
static void test_clock_changes(void)
{
	struct cfg_calendar cfg = hospital(SATURDAY_FULL);
	static struct date open[] = { { 2026, 3, 8 }, { 2026, 11, 1 } };
	struct calendar *c;

	cfg.country = "none";
	cfg.extra_open = open;
	cfg.n_extra_open = COUNT(open);
	cfg.before = cfg.after = 0;
	cfg.hours = (struct hours){ 9000, 61200 }; /* 02:30 */
	zone_use("America/New_York", NULL);
	c = calendar_new(&cfg, NULL);
	ok(calendar_off_hours(c, of(""), local("2026-03-08T06:59:59Z")), "before the gap");
	ok(!calendar_off_hours(c, of(""), local("2026-03-08T07:00:00Z")), "the first instant after it");
	calendar_free(c);
	cfg.hours = (struct hours){ 1800, 5400 }; /* 00:30 to 01:30 */
	c = calendar_new(&cfg, NULL);
	ok(!calendar_off_hours(c, of(""), local("2026-11-01T06:29:59Z")), "before the second 01:30");
	ok(calendar_off_hours(c, of(""), local("2026-11-01T06:30:00Z")), "at it");
	calendar_free(c);
}

static void test_lists(void)
{
	static const char good[] =
		"date,name\n2026-01-01,元日\n2026-01-12,a\n2026-02-11,b\n2026-02-23,c\n2026-03-20,d\n"
		"2026-04-29,e\n2026-05-03,f\n2026-05-04,g\n2026/5/5,\"h\"\r\n2026-05-06,休日\n2027/1/1,x\n";
	static const struct { const char *text, *says; } bad[] = {
		{ "", "complete" },
		{ "2026-01-01,x\n", "complete" },
		{ "2026-01-01\n", ":1:" },
		{ "date,name\n2026-02-29,x\n", ":2:" },
		{ "2026/2/29,x\n", ":1:" },
		{ "2026/13/1,x\n", ":1:" },
		{ "1900-01-01,x\n", "1948" },
		{ "2026-01-01,\n", "empty" },
		{ "2026-01-01,a\n2026/1/1,b\n", "twice" },
		{ "2026-01-01,\x80\xff\xff\n", "CP932" },
		{ "x,2026-01-01\n", ":1:" },
	};
	/* The Cabinet Office's own form: CP932, no padding. */
	static const char cp932[] =
		"\x8d\x91\x96\xaf\x82\xcc\x8f\x6a\x93\xfa\x81\x45\x8b\x78\x93\xfa\x8c\x8e\x93\xfa,"
		"\x8d\x91\x96\xaf\x82\xcc\x8f\x6a\x93\xfa\x81\x45\x8b\x78\x93\xfa\x96\xbc\x8f\xcc\r\n"
		"2026/1/1,\x8c\xb3\x93\xfa\r\n2026/2/1,a\r\n2026/2/2,a\r\n2026/2/3,a\r\n2026/2/4,a\r\n"
		"2026/2/5,a\r\n2026/2/6,a\r\n2026/2/7,a\r\n2026/2/8,a\r\n2026/2/9,a\r\n";
	struct holiday_list *l = holiday_list_parse(SLICE(good), "good.csv", NULL);
	struct err e;

	if (ok(l != NULL, "a good list")) {
		ok(holiday_list_has(l, 2026) && !holiday_list_has(l, 2027) && !holiday_list_has(l, 1900),
		   "complete years");
		ok_str(holiday_list_name(l, days("2026-05-05")), "h", "quotes and line ends go");
		ok(holiday_list_name(l, days("2026-05-07")) == NULL, "other days are none");
	}
	holiday_list_free(l);
	l = holiday_list_parse(SLICE(cp932), "syukujitsu.csv", NULL);
	if (ok(l != NULL, "a list in CP932"))
		ok_str(holiday_list_name(l, days("2026-01-01")), "元日", "is read as Japanese");
	holiday_list_free(l);
	for (size_t i = 0; i < COUNT(bad); i++) {
		e = (struct err){ 0 };
		l = holiday_list_parse(slice_str(bad[i].text), "bad.csv", &e);
		ok(l == NULL && e.code == TK_ECONFIG && strstr(e.text, bad[i].says) != NULL, bad[i].says);
		holiday_list_free(l);
	}
}

/* A listed year is the list's, other years are the rule's. */
static void test_override(void)
{
	char path[] = "/tmp/tochoku-test-XXXXXX";
	static const char text[] =
		"2026/1/1,元日\n2026/1/2,own\n2026/2/1,a\n2026/2/2,a\n2026/2/3,a\n2026/2/4,a\n"
		"2026/2/5,a\n2026/2/6,a\n2026/2/7,a\n2026/5/6,休日\n";
	struct cfg_calendar cfg = hospital(SATURDAY_HALF);
	struct err e = { 0 };
	struct calendar *c;
	int fd = mkstemp(path);

	if (!ok(fd >= 0 && sys_write_all(fd, text, sizeof text - 1) == 0, "a file of the site's own"))
		return;
	sys_close(fd);
	cfg.holidays = path;
	c = calendar_new(&cfg, &e);
	if (ok(c != NULL, "is taken")) {
		ok_str(calendar_day(c, days("2026-01-02"))->holiday, "own", "its days are holidays");
		ok(calendar_day(c, days("2026-11-23"))->holiday == NULL, "others of its year are not");
		ok_str(calendar_day(c, days("2026-05-06"))->holiday, "振替休日", "休日 is told by its kind");
		ok_str(calendar_day(c, days("2027-11-23"))->holiday, "勤労感謝の日", "another year is by rule");
	}
	calendar_free(c);
	unlink(path);
	c = calendar_new(&cfg, &e);
	ok(c != NULL && calendar_day(c, days("2026-11-23"))->computed,
	   "a file that is not there yet leaves the rule");
	calendar_free(c);
	cfg.holidays = "/tmp";
	ok(calendar_new(&cfg, &e) == NULL && strstr(e.text, "/tmp") != NULL,
	   "one that cannot be read is an error that names it");
}

static void test_first_business_days(void)
{
	struct cfg_calendar cfg = hospital(SATURDAY_HALF);
	struct calendar *c = calendar_new(&cfg, NULL);
	bool good = true;

	for (int32_t m = 0; m < 100 * 12; m++) {
		int32_t from = date_to_days((struct date){ 1990 + m / 12, (uint8_t)(m % 12 + 1), 1 });
		int n = 0;

		for (int32_t d = from; date_from_days(d).month == m % 12 + 1; d++)
			n += calendar_day(c, d)->first_business_day_of_month;
		good = good && n == 1;
	}
	ok(good, "exactly one first business day a month, 1990 to 2089");
	ok(calendar_knows(c, 2099) && !calendar_knows(c, 2100) && !calendar_knows(c, 1947),
	   "years that can be computed");
	calendar_free(c);
}

int main(void)
{
	test_official_list();
	test_missing_years();
	test_holiday_properties();
	test_samples();
	test_precedence();
	test_cache();
	test_off_hours();
	test_clock_changes();
	test_lists();
	test_override();
	test_first_business_days();
	return tap_done();
}
