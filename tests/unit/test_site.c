/* The site's own days and windows, and what imports make of the calendar's files. */
#include <stdlib.h>
#include <unistd.h>

#include "core/base/sys.h"
#include "rules/calendar/calendar.h"
#include "rules/calendar/merge.h"
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

static void test_site(void)
{
	static const char text[] = "from,to,kind,name,who,approver\n"
				   "2026-05-12,,closed,停電\n"
				   "2026-05-10,2026-05-16,closed,工事,,\n"
				   "2026-05-14,2026-05-14,open,振替診療,,\n"
				   "2026-05-05,,workday,,,\n"
				   "2026-05-18,,holiday,臨時の祝日,,\n"
				   "2026-11-28T22:00,2026-11-29T02:00,maintenance,更新,se-01 dept:情報,室長\n"
				   "2026-11-20 3:10,2026-11-21T12:00,emergency,地震,mori,院長\n";
	static const struct {
		const char *date, *reason;
	} rows[] = {
		{ "2026-05-12", "extra_closed" }, { "2026-05-14", "extra_open" },
		{ "2026-05-16", "extra_closed" }, { "2026-05-17", "weekly" },
		{ "2026-05-05", "weekday" },	  { "2026-05-18", "holiday" },
	};
	char path[] = "/tmp/tochoku-test-XXXXXX";
	struct cfg_calendar cfg = hospital();
	struct calendar *c;
	struct person se = { .user = SLICE("se-01") }, it = { SLICE("x"), SLICE(""), SLICE("情報") },
		      other = { .user = SLICE("mori") };
	int fd = mkstemp(path);

	ok(sys_write_all(fd, text, sizeof text - 1) == 0, "a file of days");
	sys_close(fd);
	cfg.days = path;
	c = calendar_new(&cfg, NULL);
	if (!ok(c != NULL, "is read"))
		return;
	for (size_t i = 0; i < COUNT(rows); i++)
		ok_str(calendar_day(c, days(rows[i].date))->reason, rows[i].reason, rows[i].date);
	ok_str(calendar_day(c, days("2026-05-18"))->holiday, "臨時の祝日", "its own holiday has its name");
	ok(calendar_window(c, SITE_MAINTENANCE, local("2026-11-28T21:59:59")) == NULL, "before a window");
	ok(calendar_window(c, SITE_MAINTENANCE, local("2026-11-28T22:00:00")) != NULL, "in it");
	ok(calendar_window(c, SITE_MAINTENANCE, local("2026-11-29T02:00:00")) == NULL, "its end is outside");
	ok(calendar_window(c, SITE_EMERGENCY, local("2026-11-21T00:00:00")) != NULL, "an emergency");
	ok_int(calendar_duty(c, &se, local("2026-11-28T23:00:00")), DUTY_YES, "who is listed is on duty");
	ok_int(calendar_duty(c, &it, local("2026-11-28T23:00:00")), DUTY_YES, "also by the department");
	ok_int(calendar_duty(c, &other, local("2026-11-28T23:00:00")), DUTY_UNKNOWN,
	       "others stay under watch");
	ok_int(calendar_duty(c, &other, local("2026-11-21T00:00:00")), DUTY_UNKNOWN,
	       "an emergency is no duty");
	ok_int(calendar_duty(c, &se, local("2026-11-29T03:00:00")), DUTY_UNKNOWN, "and everybody after it");
	calendar_free(c);
	unlink(path);
}

static void test_site_errors(void)
{
	static const struct {
		const char *row;
		uint32_t column;
	} rows[] = {
		{ "2026-02-30,,closed,x", 1 },
		{ "2026-02-27,2026-02-26,closed,x", 12 },
		{ "2026-02-27,2028-02-26,closed,x", 12 },
		{ "2026-02-27,,shut,x", 13 },
		{ "2026-02-27,,holiday,", 21 },
		{ "2026-02-27,2026-02-28,maintenance,x", 1 },
		{ "2026-02-27T22:00,2026-02-27T21:00,maintenance,x", 18 },
		{ "2026-02-27T22:00,2026-02-28T21:00,emergency,x,,", 48 },
		{ "2026-02-27T22:00,2026-02-28T21:00,emergency,,,y", 45 },
		{ "2026-02-27", 1 },
		{ "2026-02-27,,closed,x,,,z", 24 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct problems p;
		struct buf text;
		struct site *s;

		problems_init(&p, "days.csv");
		buf_init(&text, 4096);
		buf_fmt(&text, "%s%s\n", SITE_HEADER, rows[i].row);
		s = site_parse(buf_slice(&text), NULL, &p);
		ok(s == NULL && p.n == 1, rows[i].row);
		if (p.n > 0 && ok_int(p.list[0].line, 2, "its line"))
			ok_int(p.list[0].column, rows[i].column, "its column");
		site_free(s);
		buf_free(&text);
		problems_free(&p);
	}
}

/* Windows of the configuration, and many of them: the search finds what a walk finds. */
static void test_windows(void)
{
	static const char *who[] = { "role:se", "ito" };
	struct cfg_window w[60];
	struct cfg_calendar cfg = hospital();
	struct calendar *c;
	struct person ito = { .user = SLICE("ito") };
	uint32_t x = 3;
	bool same = true;

	for (int i = 0; i < 60; i++) {
		int length;

		x = x * 1103515245 + 12345;
		length = i == 0 ? 20 : (int)(x >> 24) % 5;
		w[i] = (struct cfg_window){ .name = "w",
					    .from = { 20000 + (int)(x >> 8) % 90, 3600 },
					    .who = i % 3 == 0 ? who : NULL,
					    .n_who = i % 3 == 0 ? 2 : 0 };
		w[i].to = (struct wall){ w[i].from.days + length, 7200 };
	}
	cfg.maintenance = w;
	cfg.n_maintenance = 60;
	c = calendar_new(&cfg, NULL);
	for (int i = 0; i < 2400 && c != NULL; i++) {
		int64_t at = (int64_t)19995 * 86400 + i * 3600 - 9 * 3600 + 1800;
		bool in = false, listed = false;

		for (int k = 0; k < 60; k++) {
			bool holds = at >= zone_instant(w[k].from.days, 3600, false) &&
				     at < zone_instant(w[k].to.days, 7200, true);

			in |= holds;
			listed |= holds && w[k].n_who > 0;
		}
		same = same && (calendar_window(c, SITE_MAINTENANCE, at) != NULL) == in &&
		       (calendar_duty(c, &ito, at) == DUTY_YES) == listed;
	}
	ok(c != NULL && same, "the search among windows finds what a walk finds");
	calendar_free(c);
}

static void test_merge_site(void)
{
	struct problems p;
	struct site *old, *fresh;
	struct buf text;

	problems_init(&p, "x");
	old = site_parse(SLICE(SITE_HEADER
			       "2026-05-03,,open,a\n2026-05-01,2026-05-10,closed,b\n2026-06-01,,closed,c\n"),
			 NULL, &p);
	fresh = site_parse(SLICE(SITE_HEADER "2026-05-20,,closed,d\n"), NULL, &p);
	buf_init(&text, 4096);
	merge_site(old, fresh, days("2026-05-01"), days("2026-05-31"), false, &text);
	ok_slice(buf_slice(&text),
		 SLICE(SITE_HEADER "2026-05-03,2026-05-03,open,a,,\n2026-06-01,2026-06-01,closed,c,,\n"
				   "2026-05-20,2026-05-20,closed,d,,\n"),
		 "rows of its kinds in its range give way, others keep their order");
	site_free(old);
	site_free(fresh);
	buf_free(&text);
	problems_free(&p);
}

static void test_merge_holidays(void)
{
	static const char old_text
		[] = "date,name\n2025-01-01,元日\n2026-01-01,元日\n2026-02-11,x\n2026-02-12,x\n2026-02-13,x\n"
		     "2026-02-14,x\n2026-02-15,x\n2026-02-16,x\n2026-02-17,x\n2026-02-18,x\n2026-02-19,x\n",
	fresh_text[] = "date,name\n2026-01-01,元日\n2026-01-12,成人の日\n2026-02-11,建国記念日\n"
		       "2026-05-06,休日\n2026-02-23,天皇誕生日\n2026-03-20,春分の日\n2026-04-29,昭和の日\n"
		       "2026-05-03,憲法記念日\n2026-05-04,みどりの日\n2026-05-05,こどもの日\n"
		       "2026-05-07,own\n";
	struct holiday_list *old = holiday_list_parse(SLICE(old_text), "o", NULL),
			    *fresh = holiday_list_parse(SLICE(fresh_text), "f", NULL);
	struct buf text;

	buf_init(&text, 65536);
	if (ok(old != NULL && fresh != NULL, "two lists")) {
		merge_holidays(old, fresh, &text);
		ok(slice_starts(buf_slice(&text),
				SLICE("date,name\n2025-01-01,元日\n2026-01-01,元日\n2026-01-12,")) &&
			   memmem(text.p, text.n, "2026-02-19", 10) == NULL,
		   "a year that is complete replaces the year");
		buf_clear(&text);
		ok_int((int64_t)diff_holidays(fresh, &text), 10, "differences from the rule");
		ok(strstr(buf_cstr(&text), "+ 2026-05-07 own\n") != NULL, "a day more");
		ok(strstr(buf_cstr(&text), "- 2026-07-20 海の日\n") != NULL, "a day less");
		ok(strstr(buf_cstr(&text), "~ 2026-02-11 建国記念の日 -> 建国記念日\n") != NULL,
		   "another name");
		ok(memmem(text.p, text.n, "2026-05-06", 10) == NULL,
		   "休日 is the name of both kinds of days off");
	}
	holiday_list_free(old);
	holiday_list_free(fresh);
	buf_free(&text);
}

int main(void)
{
	zone_use("Asia/Tokyo", NULL);
	test_site();
	test_site_errors();
	test_windows();
	test_merge_site();
	test_merge_holidays();
	return tap_done();
}
