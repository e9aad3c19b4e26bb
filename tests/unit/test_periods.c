/* Windows of reports (calendar.md 4), in every zone of its list, and 和暦. */
#include "rules/calendar/era.h"
#include "rules/calendar/periods.h"
#include "tests/lib/tap.h"

static const char *const zones[] = {
	"Asia/Tokyo",	       "America/New_York", "Europe/Berlin", "Europe/Dublin",
	"Australia/Lord_Howe", "Asia/Kathmandu",   "Pacific/Apia",  "America/Havana",
	"Africa/Casablanca",   "Pacific/Chatham",  "UTC",	    "America/St_Johns"
};

static struct month_day_range year_end[] = { { 12, 29, 1, 3 } };

static struct calendar *hospital(struct cfg_calendar *cfg)
{
	*cfg = (struct cfg_calendar){ .country = "JP",
				      .saturday = SATURDAY_HALF,
				      .hours = { 30600, 62100 },
				      .half_day = { 30600, 45000 },
				      .closures = year_end,
				      .n_closures = 1 };
	return calendar_new(cfg, NULL);
}

static int32_t days(const char *text)
{
	struct date d;

	return date_parse(slice_str(text), &d) ? date_to_days(d) : INT32_MIN;
}

static int64_t at(const char *text)
{
	int64_t ns;

	return time_parse_rfc3339(slice_str(text), true, &ns) ? ns / NS_PER_SEC : -1;
}

static void is_range(struct period p, const char *first, const char *last, const char *name)
{
	ok(p.first == days(first) && p.last == days(last) && p.from == zone_day_start(days(first)) &&
		   p.to == zone_day_start(days(last) + 1),
	   name);
}

static void test_windows(void)
{
	struct period_options o = { 0 }, next = { .next_day = true }, iso = { .iso_week = true },
			      half = { .half_counts = true };
	struct cfg_calendar cfg;
	struct calendar *c = hospital(&cfg);
	struct periods p;

	periods_of(c, &o, days("2026-11-27"), &p); /* a Friday */
	ok_int(p.morning.from, at("2026-11-26T09:00:00"), "the morning check begins 24 hours before");
	ok_int(p.morning.to, at("2026-11-27T09:00:00"), "nine o'clock");
	is_range(p.day, "2026-11-26", "2026-11-26", "usage is of the previous local day");
	ok(p.week_due, "the weekly report is made on Friday");
	is_range(p.week, "2026-11-20", "2026-11-26", "seven days that end on Thursday");
	ok(!p.month_due, "the monthly one is not");
	is_range(p.month, "2026-10-01", "2026-10-31", "the month before");
	ok_int(p.fiscal_year, 2026, "fiscal year");
	periods_of(c, &o, days("2026-11-26"), &p);
	ok(!p.week_due, "not on Thursday");
	is_range(p.week, "2026-11-13", "2026-11-19", "where the week that ended last is");
	periods_of(c, &o, days("2027-12-28"), &p);
	ok(p.week_due, "a Friday in the year-end days: the business day before");
	is_range(p.week, "2027-12-24", "2027-12-30", "with the same seven days");
	periods_of(c, &next, days("2028-01-04"), &p);
	ok(p.week_due, "or the next");
	is_range(p.week, "2027-12-24", "2027-12-30", "with the same seven days again");
	periods_of(c, &next, days("2027-12-28"), &p);
	ok(!p.week_due, "and then not before");
	periods_of(c, &iso, days("2026-11-24"), &p); /* Monday was a holiday */
	ok(p.week_due, "an ISO week is reported on the first business day after it");
	is_range(p.week, "2026-11-16", "2026-11-22", "from Monday to Sunday");
	periods_of(c, &o, days("2027-01-04"), &p);
	ok(p.month_due, "the month's first business day");
	is_range(p.month, "2026-12-01", "2026-12-31", "reports the month before");
	ok_int(p.fiscal_year, 2026, "January is of last year's fiscal year");
	ok_int(fiscal_year(days("2027-03-31")), 2026, "March too");
	ok_int(fiscal_year(days("2027-04-01")), 2027, "April begins one");
	periods_of(c, &half, days("2026-08-01"), &p); /* a Saturday */
	ok(p.month_due, "a half day counts where that is asked");
	periods_of(c, &half, days("2026-08-03"), &p);
	ok(!p.month_due, "and then Monday does not");
	periods_of(c, &o, days("2026-08-03"), &p);
	ok(p.month_due, "else it does");
	calendar_free(c);
}

/* calendar.md 6. */
static void test_zones(void)
{
	struct period_options o = { 0 };
	struct cfg_calendar cfg;

	for (size_t z = 0; z < COUNT(zones); z++) {
		struct calendar *c;
		bool sums = true, weeks = true, mornings = true;
		int due = 0, months = 0;

		if (!ok(zone_use(zones[z], NULL) == TK_OK, zones[z]))
			continue;
		c = hospital(&cfg);
		for (int32_t y = 2005; y <= 2030; y++)
			for (int m = 1; m <= 12; m++) {
				int32_t first = date_to_days((struct date){ y, (uint8_t)m, 1 });
				int32_t last = date_to_days((struct date){ m == 12 ? y + 1 : y,
									   (uint8_t)(m % 12 + 1), 1 }) -
					       1;
				struct period month = period_of_days(first, last);
				int64_t sum = 0;

				for (int32_t d = first; d <= last; d++)
					sum += period_of_days(d, d).to - period_of_days(d, d).from;
				sums = sums && sum == month.to - month.from;
			}
		ok(sums, "the days of every month make the month");
		for (int32_t d = days("2026-01-01"); d <= days("2027-12-31"); d++) {
			struct periods p;

			periods_of(c, &o, d, &p);
			mornings = mornings && p.morning.to - p.morning.from == 86400;
			weeks = weeks && (p.week.last - p.week.first + 1) % 7 == 0 &&
				date_weekday(p.week.last) == 3;
			due += p.week_due ? (p.week.last - p.week.first + 1) / 7 : 0;
			months += p.month_due;
		}
		ok(mornings, "the morning check looks at 24 hours, whatever the clocks do");
		ok(weeks, "every week ends on Thursday");
		ok_int(months, 24, "every month is reported once");
		ok(due >= 104 && due <= 105, "and every week");
		calendar_free(c);
	}
	zone_use("America/New_York", NULL);
	{
		struct calendar *c = hospital(&cfg);
		struct periods p;

		periods_of(c, &o, days("2026-03-08"), &p);
		ok_int(p.morning.from, at("2026-03-07T13:00:00Z"),
		       "24 hours before nine in summer is eight in winter");
		periods_of(c, &o, days("2026-03-09"), &p);
		ok_int(p.day.to - p.day.from, 23 * 3600, "a day of 23 hours");
		calendar_free(c);
	}
	zone_use("Pacific/Apia", NULL);
	ok_int(period_of_days(days("2011-12-30"), days("2011-12-30")).to -
		       period_of_days(days("2011-12-30"), days("2011-12-30")).from,
	       0, "a day that was not is empty");
	zone_use("Asia/Tokyo", NULL);
}

static void is_era(const struct cfg_calendar *cfg, const char *date, enum era_form form, const char *want)
{
	struct buf b;
	struct date d;

	buf_init(&b, 200);
	date_parse(slice_str(date), &d);
	era_format(cfg, d, form, &b);
	ok_slice(buf_slice(&b), slice_str(want), date);
	buf_free(&b);
}

static void test_eras(void)
{
	struct config *c = config_defaults();
	struct cfg_era eras[5];
	struct cfg_calendar more;

	is_era(&c->calendar, "2026-11-23", ERA_LONG, "令和8年11月23日");
	is_era(&c->calendar, "2026-11-23", ERA_SHORT, "R08.11.23");
	is_era(&c->calendar, "2026-11-23", ERA_YEAR, "令和8年");
	is_era(&c->calendar, "2019-05-01", ERA_LONG, "令和元年5月1日");
	is_era(&c->calendar, "2019-04-30", ERA_LONG, "平成31年4月30日");
	is_era(&c->calendar, "2019-05-01", ERA_SHORT, "R01.05.01");
	is_era(&c->calendar, "1989-01-07", ERA_SHORT, "S64.01.07");
	is_era(&c->calendar, "1989-01-08", ERA_YEAR, "平成元年");
	is_era(&c->calendar, "1926-12-25", ERA_LONG, "昭和元年12月25日");
	is_era(&c->calendar, "1926-12-24", ERA_LONG, "1926年12月24日");
	is_era(&c->calendar, "1926-12-24", ERA_SHORT, "1926-12-24");
	more = c->calendar;
	memcpy(eras + 1, more.eras, 3 * sizeof *eras);
	eras[0] = (struct cfg_era){ "新元号", "N", { 2040, 7, 1 } }; /* wherever it stands in the table */
	more.eras = eras;
	more.n_eras = 4;
	is_era(&more, "2041-01-02", ERA_LONG, "新元号2年1月2日");
	is_era(&more, "2040-06-30", ERA_SHORT, "R22.06.30");
	config_free(c);
}

/* Every day is in one period, the periods follow one another, and the sheet that is done on a period's date
 * looks at it. */
static void test_weeks(void)
{
	static const struct period_options options[] = { { 0 }, { .next_day = true }, { .iso_week = true } };
	struct month_day_range long_closure[] = { { 12, 24, 1, 10 } };
	struct cfg_calendar cfg;
	struct calendar *c;
	struct err e;

	ok(zone_use("Asia/Tokyo", &e) == TK_OK, "Tokyo");
	c = hospital(&cfg);
	for (size_t i = 0; i < COUNT(options); i++) {
		struct period p = period_week(c, &options[i], days("2026-01-05"));
		bool follows = true, holds = true, looks = true;

		while (p.last < days("2028-06-01")) {
			struct period next = period_week(c, &options[i], p.last + 1);
			int32_t date = period_week_date(c, &options[i], p.first);
			struct periods at;

			periods_of(c, &options[i], date, &at);
			looks &= at.week_due && at.week.first == p.first && at.week.last == p.last;
			for (int32_t d = p.first; d <= p.last; d++)
				holds &= period_week(c, &options[i], d).first == p.first &&
					 period_week_date(c, &options[i], d) == date;
			follows &= next.first == p.last + 1 && (next.last - next.first + 1) % 7 == 0;
			p = next;
		}
		ok(follows && holds && looks, options[i].iso_week   ? "ISO weeks"
					      : options[i].next_day ? "weeks made on the day after"
								    : "weeks made on the day before");
	}
	calendar_free(c);
	cfg.closures = long_closure;
	c = calendar_new(&cfg, NULL);
	is_range(period_week(c, &options[1], days("2026-12-28")), "2026-12-18", "2027-01-07",
		 "three weeks whose reports are made on the one business day behind a long closure");
	calendar_free(c);
}

int main(void)
{
	test_weeks();
	zone_use("Asia/Tokyo", NULL);
	test_windows();
	test_zones();
	test_eras();
	return tap_done();
}
