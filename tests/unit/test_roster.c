/* Rosters, who is on duty, hours of departments and roles (calendar.md 3). */
#include <stdlib.h>
#include <unistd.h>

#include "core/base/sys.h"
#include "rules/calendar/calendar.h"
#include "rules/calendar/csv.h"
#include "rules/calendar/merge.h"
#include "rules/calendar/shifts.h"
#include "tests/lib/tap.h"

static const struct hours DAYTIME = { 30600, 62100 }, MORNING = { 30600, 45000 };

static struct cfg_calendar hospital(void)
{
	return (struct cfg_calendar){ .country = "JP",
				      .saturday = SATURDAY_HALF,
				      .hours = DAYTIME,
				      .half_day = MORNING,
				      .before = 3600,
				      .after = 7200,
				      .shifts = { { 30600, 62100 },
						  { 59400, 89100 },
						  { 1800, 32400 },
						  { 62100, 117000 },
						  { 30600, 62100 } } };
}

static int32_t days(const char *text)
{
	struct date d;

	return date_parse(slice_str(text), &d) ? date_to_days(d) : INT32_MIN;
}

static int64_t local(const char *text)
{
	int64_t ns;

	return time_parse_rfc3339(slice_str(text), true, &ns) ? ns / NS_PER_SEC : -1;
}

static struct roster *parse(struct slice text, struct problems *p)
{
	struct cfg_calendar cfg = hospital();

	problems_init(p, "roster.csv");
	return roster_parse(text, &cfg, p);
}

static struct roster *good(const char *text)
{
	struct problems p;
	struct roster *r = parse(slice_str(text), &p);

	for (size_t i = 0; i < p.n; i++)
		printf("# %u:%u %s\n", p.list[i].line, p.list[i].column, p.list[i].text);
	problems_free(&p);
	return r;
}

static enum on_duty duty(const struct roster *r, const char *user, const char *roles, const char *department,
			 const char *at)
{
	struct person who = { slice_str(user), slice_str(roles), slice_str(department) };

	return roster_duty(r, &who, local(at));
}

/* ---- who is on duty ---- */

static void test_people(void)
{
	static const struct {
		const char *user, *roles, *department, *at;
		enum on_duty want;
	} rows[] = {
		{ "tanaka", "", "", "2026-11-23T17:14:59", DUTY_NO },
		{ "tanaka", "", "", "2026-11-23T17:15:00", DUTY_YES },
		{ "tanaka", "", "", "2026-11-24T00:00:00", DUTY_YES }, /* across midnight */
		{ "tanaka", "", "", "2026-11-24T08:29:59", DUTY_YES },
		{ "tanaka", "", "", "2026-11-24T08:30:00", DUTY_UNKNOWN }, /* no row for the 24th */
		{ "mori", "", "", "2026-11-24T03:00:00", DUTY_NO },	   /* the duty of the 23rd is known */
		{ "mori", "", "", "2026-11-24T09:00:00", DUTY_UNKNOWN },
		{ "mori", "", "", "2026-11-22T03:00:00", DUTY_UNKNOWN },
		{ "", "nurse", "", "2026-11-23T12:00:00", DUTY_UNKNOWN }, /* nobody knows who */
		{ "mori", "office,nurse", "", "2026-11-23T12:00:00", DUTY_YES },
		{ "mori", "nurses", "", "2026-11-23T12:00:00", DUTY_NO },
		{ "role:nurse", "", "", "2026-11-23T12:00:00", DUTY_NO }, /* a user's name is no role */
		{ "mori", "", "内科", "2026-11-23T12:00:00", DUTY_YES },
		{ "mori", "", "内科", "2026-11-23T14:00:00", DUTY_NO },
		{ "mori", "", "外科", "2026-11-23T12:00:00", DUTY_NO },
		{ "suzuki", "", "", "2027-01-01T03:00:00", DUTY_YES }, /* across the year's end */
		{ "suzuki", "", "", "2026-12-31T03:00:00", DUTY_NO },
		{ "ito", "", "", "2026-11-23T00:00:00", DUTY_YES }, /* 24 hours */
		{ "ito", "", "", "2026-11-23T23:59:59", DUTY_YES },
		{ "ito", "", "", "2026-11-24T00:00:00", DUTY_NO },
		{ "sato", "", "", "2026-11-24T08:29:59", DUTY_YES }, /* to the same time: a day */
	};
	struct roster *r =
		good("date,shift,user,from,to\n2026-11-23,当直,tanaka,17:15,08:30\n"
		     "2026/11/23,日直,role:nurse,,\r\n\r\n\"2026-11-23\",応援,\"dept:内科\",9:00,13:00\n"
		     "2026-12-31,duty,suzuki,,\n2026-11-23,any,ito,00:00,24:00\n"
				"2026-11-23,any,sato,08:30,08:30\n");

	if (!ok(r != NULL, "a roster"))
		return;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char name[200];

		snprintf(name, sizeof name, "%s/%s/%s at %s", rows[i].user, rows[i].roles, rows[i].department,
			 rows[i].at);
		ok_int(duty(r, rows[i].user, rows[i].roles, rows[i].department, rows[i].at), rows[i].want,
		       name);
	}
	ok(roster_has(r, days("2026-11-23")) && !roster_has(r, days("2026-11-24")), "the dates it has");
	roster_free(r);
}

static void count_row(void *ctx, const struct roster_row *row)
{
	(void)row;
	++*(int *)ctx;
}

/* Later rows are edits. */
static void test_edits(void)
{
	struct roster *r = good("date,shift,user,from,to\n"
				"2026-11-23,当直,tanaka,17:15,08:30\n"
				"2026-11-23,日直,dept:内科,,\n"
				"2026-11-23,休,tanaka,,\n" /* a swap: tanaka off, suzuki in */
				"2026-11-23,宿直,suzuki,17:15,08:30\n"
				"2026-11-23,当直,suzuki,18:00,08:30\n" /* the same shift: other hours */
				"2026-11-24,代休,mori,,\n"
				"2026-11-24,day,mori,,\n" /* called in after all */
				"2026-11-25,duty,mori,,\n2026-11-25,evening,mori,,\n");
	int n = 0;

	ok_int(duty(r, "tanaka", "", "", "2026-11-23T20:00:00"), DUTY_NO, "the one who swapped is off");
	ok_int(duty(r, "tanaka", "", "内科", "2026-11-23T12:00:00"), DUTY_NO,
	       "also where the department is on");
	ok_int(duty(r, "sato", "", "内科", "2026-11-23T12:00:00"), DUTY_YES, "which others are");
	ok_int(duty(r, "suzuki", "", "", "2026-11-23T17:30:00"), DUTY_NO, "a shift's hours change");
	ok_int(duty(r, "suzuki", "", "", "2026-11-23T18:00:00"), DUTY_YES, "to the later ones");
	ok_int(duty(r, "mori", "", "", "2026-11-24T12:00:00"), DUTY_YES, "a duty below a day off counts");
	ok_int(duty(r, "mori", "", "", "2026-11-25T16:45:00"), DUTY_YES, "two shifts of one date");
	roster_day(r, days("2026-11-23"), count_row, &n);
	ok_int(n, 3, "rows of the date that hold");
	roster_free(r);
}

static void test_clock_changes(void)
{
	struct roster *r;

	zone_use("America/New_York", NULL);
	r = good("date,shift,user,from,to\n2026-10-31,duty,a,17:15,08:30\n2026-03-07,duty,b,17:15,02:30\n"
		 "2026-11-01,x,c,00:30,01:30\n");
	ok_int(duty(r, "a", "", "", "2026-11-01T13:29:59Z"), DUTY_YES,
	       "by the clock, over the hour that comes twice");
	ok_int(duty(r, "a", "", "", "2026-11-01T13:30:00Z"), DUTY_NO, "up to its end");
	ok_int(duty(r, "b", "", "", "2026-03-08T06:59:59Z"), DUTY_YES, "an end that no clock shows");
	ok_int(duty(r, "b", "", "", "2026-03-08T07:00:00Z"), DUTY_UNKNOWN,
	       "is the first instant after the gap");
	ok_int(duty(r, "c", "", "", "2026-11-01T06:29:59Z"), DUTY_YES,
	       "an end that comes twice is the second");
	roster_free(r);
	zone_use("Asia/Tokyo", NULL);
}

static void test_errors(void)
{
	static const struct {
		const char *text;
		uint32_t line, column;
		const char *says;
	} rows[] = {
		{ "day,shift,user,from,to\n", 1, 1, "first line" },
		{ "date,shift,user,from,to\n2026-02-29,duty,a,,\n", 2, 1, "date" },
		{ "date,shift,user,from,to\n2026-02-28,当直,a,25:00,01:00\n", 2, 17, "17:15" },
		{ "date,shift,user,from,to\n2026-02-28,duty,a,17:15,8\n", 2, 25, "08:30" },
		{ "date,shift,user,from,to\n2026-02-28,duty,a,24:00,08:00\n", 2, 19, "17:15" },
		{ "date,shift,user,from,to\n2026-02-28,duty,a,,08:00\n", 2, 19, "17:15" },
		{ "date,shift,user,from,to\n2026-02-28,早番,a,,\n", 2, 12, "no hours" },
		{ "date,shift,user,from,to\n2026-02-28,duty,role:,,\n", 2, 17, "role:NAME" },
		{ "date,shift,user,from,to\n2026-02-28,duty,,,\n", 2, 17, "user" },
		{ "date,shift,user,from,to\n2026-02-28,,a,,\n", 2, 12, "shift" },
		{ "date,shift,user,from,to\n2026-02-28,off,role:x,,\n", 2, 16, "day off" },
		{ "date,shift,user,from,to\n2026-02-28,duty,a\n", 2, 1, "missing" },
		{ "date,shift,user,from,to\n2026-02-28,duty,a,,,x\n", 2, 21, "more" },
		{ "date,shift,user,from,to\n2026-02-28,duty,\"a,,\n", 2, 17, "quote" },
		{ "date,shift,user,from,to\n2026-02-28,\"a\"b,c,,\n", 2, 12, "closing quotes" },
		{ "date,shift,user,from,to\n\"2026-02-28\",\"当\"\"\",x,,9\n", 2, 22, "17:15" },
		{ "date,shift,user,from,to\n1,2,3,4,5,6,7,8,9\n", 2, 11, "more" },
		{ "date,shift,user,from,to\n2026-02-28,\x80\xff\xff,x,,\n", 2, 12, "CP932" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct problems p;
		struct roster *r = parse(slice_str(rows[i].text), &p);

		ok(r == NULL && p.errors == 1 && p.n == 1 && strstr(p.list[0].text, rows[i].says) != NULL,
		   rows[i].says);
		if (p.n > 0 && ok_int(p.list[0].line, rows[i].line, "its line"))
			ok_int(p.list[0].column, rows[i].column, "its column");
		roster_free(r);
		problems_free(&p);
	}
	{
		struct problems p;

		ok(parse(SLICE("date,shift,user,from,to\n1,duty,a,,\n2,duty,a,,\n"), &p) == NULL &&
			   p.errors == 2,
		   "all errors are told at once");
		problems_free(&p);
		ok(parse(SLICE("date,shift,user,from,to\n\0"), &p) == NULL && p.errors == 1,
		   "a NUL is no text");
		problems_free(&p);
	}
}

/* As Excel saves it. */
static void test_encodings(void)
{
	static const char cp932[] =
		"date,shift,user,from,to\r\n2026/11/23,\x93\x96\x92\xbc,dept:\x93\xe0\x89\xc8,,\r\n";
	static const char bom[] = "\xef\xbb\xbf"
				  "date,shift,user,from,to,,\n2026-11-23,当直,dept:内科,,\n";
	struct roster *r = good(cp932);
	size_t n;

	if (ok(r != NULL, "a roster in CP932"))
		ok_slice(roster_rows(r, &n)[0].who, SLICE("dept:内科"), "is read as Japanese");
	roster_free(r);
	r = good(bom);
	if (ok(r != NULL, "a roster with a BOM"))
		ok_int(duty(r, "x", "", "内科", "2026-11-23T20:00:00"), DUTY_YES, "is read");
	roster_free(r);
	r = good("");
	ok(r != NULL && !roster_has(r, 0), "an empty file is an empty roster");
	roster_free(r);
}

/* Whatever a roster says, writing it and reading it again says the same. */
static void test_round_trip(void)
{
	struct buf text, again;
	uint32_t x = 7;
	bool same = true;

	buf_init(&text, 1 << 20);
	buf_init(&again, 1 << 20);
	buf_str(&text, ROSTER_HEADER);
	for (int i = 0; i < 500; i++) {
		static const char *const shifts[] = { "当直", "night", "off", "\"a \"\"b\"\"\"", "日勤" };
		int s, f, t;

		x = x * 1103515245 + 12345;
		s = (int)(x >> 8) % 5;
		f = (int)(x >> 12) % 1440;
		t = (int)(x >> 16) % 1440;
		buf_fmt(&text, "2026-11-%02d,%s,u%d,", (int)(x >> 20) % 28 + 1, shifts[s],
			(int)(x >> 10) % 9);
		if (s == 2)
			buf_str(&text, ",\n");
		else
			buf_fmt(&text, "%02d:%02d,%02d:%02d\n", f / 60, f % 60, t / 60, t % 60);
	}
	struct roster *a = good(buf_cstr(&text)), *b;

	merge_roster(NULL, a, false, &again);
	b = good(buf_cstr(&again));
	for (int i = 0; i < 2000 && a != NULL && b != NULL; i++) {
		char user[4] = { 'u', (char)('0' + i % 9) };
		struct person who = { .user = slice_str(user) };
		int64_t at = local("2026-11-01T00:00:00") + i * 1237;

		same = same && roster_duty(a, &who, at) == roster_duty(b, &who, at);
	}
	ok(a != NULL && b != NULL && same, "what is written reads as what was read");
	roster_free(a);
	roster_free(b);
	buf_free(&text);
	buf_free(&again);
}

/* ---- patterns ---- */

static void test_patterns(void)
{
	static struct date own_open[] = { { 2026, 11, 29 } }, own_closed[] = { { 2026, 11, 27 } };
	static struct cfg_open_holiday sea[] = { { .name = "海の日" } }, all[] = { { .name = "all" } };
	static struct cfg_department_hours departments[] = {
		{ .name = "健診", .hours = { 30600, 57600 }, .extra_open = own_open, .n_extra_open = 1,
		  .extra_closed = own_closed, .n_extra_closed = 1, .open_holidays = sea, .n_open_holidays = 1,
		  .saturday = SATURDAY_CLOSED,
		  .week = { [2] = { WEEK_HALF, { 0, 0 } }, [3] = { WEEK_CLOSED, { 0, 0 } },
			    [4] = { WEEK_HOURS, { 36000, 39600 } } },
		  .half_day = { 30600, 43200 } },
		{ .name = "透析", .hours = { 28800, 79200 }, .saturday = SATURDAY_FULL, .open_holidays = all,
		  .n_open_holidays = 1, .week = { [6] = { WEEK_HOURS, { 32400, 36000 } } } },
	}, roles[] = { { .name = "nurse", .hours = { 0, 86400 } } };
	static const struct {
		const char *department, *date;
		enum opening want;
	} rows[] = {
		{ "健診", "2026-11-29", OPEN_FULL }, { "健診", "2026-11-27", OPEN_CLOSED },
		{ "健診", "2026-07-20", OPEN_FULL }, { "健診", "2026-11-23", OPEN_CLOSED },
		{ "健診", "2026-11-25", OPEN_HALF }, { "健診", "2026-11-26", OPEN_CLOSED },
		{ "健診", "2026-11-20", OPEN_FULL }, { "健診", "2026-11-28", OPEN_CLOSED },
		{ "透析", "2026-11-23", OPEN_FULL }, { "透析", "2026-11-29", OPEN_FULL },
		{ "透析", "2026-11-28", OPEN_FULL }, { "内科", "2026-07-20", OPEN_CLOSED },
		{ "内科", "2026-11-25", OPEN_FULL },
	};
	struct cfg_calendar cfg = hospital();
	struct person nurse = { SLICE("a"), SLICE("office,nurse"), SLICE("") },
		      both = { SLICE("a"), SLICE("nurse"), SLICE("健診") }, office = { .user = SLICE("b") },
		      checks = { .user = SLICE("b"), .department = SLICE("健診") };
	struct calendar *c;

	cfg.departments = departments;
	cfg.n_departments = COUNT(departments);
	cfg.roles = roles;
	cfg.n_roles = COUNT(roles);
	c = calendar_new(&cfg, NULL);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct person p = { .department = slice_str(rows[i].department) };

		ok_int(calendar_opening(c, &p, days(rows[i].date)), rows[i].want, rows[i].date);
	}
	ok(!calendar_off_hours(c, &nurse, local("2026-11-23T03:00:00")), "a role that is always open");
	ok(calendar_off_hours(c, &both, local("2026-11-23T03:00:00")),
	   "the department's own hours come first");
	ok(calendar_off_hours(c, &office, local("2026-11-23T03:00:00")), "no role, no department: the site");
	ok(!calendar_off_hours(c, &checks, local("2026-11-20T10:30:00")), "hours of a weekday");
	ok(calendar_off_hours(c, &checks, local("2026-11-20T11:00:00")), "its own allowance: none");
	ok(calendar_off_hours(c, &checks, local("2026-11-20T09:59:59")), "before them too");
	ok(calendar_off_hours(c, &checks, local("2026-11-25T12:00:00")), "the half day ends");
	ok_int(calendar_night_ok(c, &nurse, local("2026-11-23T03:00:00")), DUTY_YES,
	       "a ward may call at night");
	ok_int(calendar_night_ok(c, &office, local("2026-11-23T03:00:00")), DUTY_UNKNOWN,
	       "others: no roster");
	calendar_free(c);
}

static void test_week(void)
{
	static const struct {
		const char *date;
		enum opening opening;
		const char *reason, *kind;
	} rows[] = {
		{ "2026-11-24", OPEN_FULL, "weekday", "business" },
		{ "2026-11-25", OPEN_HALF, "weekly", "business" },
		{ "2026-11-26", OPEN_CLOSED, "weekly", "closure" },
		{ "2026-11-28", OPEN_FULL, "weekly", "saturday" },
		{ "2026-11-29", OPEN_HALF, "weekly", "sunday" },
	};
	struct cfg_calendar cfg = hospital();
	struct calendar *c;

	cfg.week[2].kind = WEEK_HALF;
	cfg.week[3].kind = WEEK_CLOSED;
	cfg.week[5].kind = WEEK_FULL; /* before `saturday` */
	cfg.week[6].kind = WEEK_HALF;
	c = calendar_new(&cfg, NULL);
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct day_info *d = calendar_day(c, days(rows[i].date));

		ok(d->opening == rows[i].opening && strcmp(d->reason, rows[i].reason) == 0 &&
			   strcmp(calendar_day_name(d->kind), rows[i].kind) == 0,
		   rows[i].date);
	}
	ok(!calendar_day(c, days("2026-11-27"))->first_after_holiday, "a weekly closed day is no holiday");
	calendar_free(c);
}

static void test_shifts(void)
{
	static const struct {
		int32_t minute;
		const char *want;
	} rows[] = {
		{ 0, "evening" }, { 29, "evening" }, { 30, "night" },	 { 509, "night" },    { 510, "day" },
		{ 539, "day" },	  { 989, "day" },    { 990, "evening" }, { 1439, "evening" },
	};
	struct cfg_calendar cfg = hospital();

	for (size_t i = 0; i < COUNT(rows); i++)
		ok_str(shift_at(&cfg, rows[i].minute * 60), rows[i].want, "shift of the minute");
	cfg.shifts[SHIFT_NIGHT] = (struct hours){ 82800, 100800 }; /* 23:00-04:00 */
	ok_str(shift_at(&cfg, 3 * 3600), "night", "hours of its own");
	ok(shift_at(&cfg, 5 * 3600) == NULL, "and none where there is no shift");
	ok_int(shift_of_word(SLICE("Night")), SHIFT_NIGHT, "words in any case");
	ok_int(shift_of_word(SLICE("宿直")), SHIFT_DUTY, "words in Japanese");
	ok_int(shift_of_word(SLICE("夜")), -1, "no others");
}

/* ---- imports ---- */

static void test_merge(void)
{
	struct roster *old = good("date,shift,user,from,to\n2026-11-23,duty,a,,\n2026-11-24,duty,b,,\n"),
		      *fresh = good("date,shift,user,from,to\n2026-11-24,off,b,,\n2026-11-24,duty,c,,\n");
	struct line_changes n;
	struct buf text, diff;

	buf_init(&text, 4096);
	buf_init(&diff, 4096);
	merge_roster(old, fresh, false, &text);
	ok_slice(buf_slice(&text),
		 SLICE(ROSTER_HEADER
		       "2026-11-23,duty,a,17:15,08:30\n2026-11-24,off,b,,\n2026-11-24,duty,c,17:15,08:30\n"),
		 "its dates replace those that are there");
	buf_clear(&text);
	merge_roster(old, fresh, true, &text);
	ok_slice(buf_slice(&text),
		 SLICE(ROSTER_HEADER "2026-11-23,duty,a,17:15,08:30\n2026-11-24,duty,b,17:15,08:30\n"
				     "2026-11-24,off,b,,\n2026-11-24,duty,c,17:15,08:30\n"),
		 "as edits they come behind");
	ok(diff_lines(SLICE("x\na\na\nb\n"), SLICE("a\nc\nx\n"), 10, &n, &diff), "a difference");
	ok_slice(buf_slice(&diff), SLICE("- a\n- b\n+ c\n"), "by lines, however often they are there");
	ok(n.added == 1 && n.removed == 2, "counted");
	roster_free(old);
	roster_free(fresh);
	buf_free(&text);
	buf_free(&diff);
}

int main(void)
{
	zone_use("Asia/Tokyo", NULL);
	test_people();
	test_edits();
	test_clock_changes();
	test_errors();
	test_encodings();
	test_round_trip();
	test_patterns();
	test_week();
	test_shifts();
	test_merge();
	return tap_done();
}
