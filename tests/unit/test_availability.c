/* Availability from traffic (reports.md 5), each figure computed by hand. */
#include "reports/availability.h"

#include <stdlib.h>

#include "core/base/zone.h"
#include "tests/lib/tap.h"

#define SEC NS_PER_SEC
#define MIN (60 * SEC)
#define HOUR (60 * MIN)
#define DAY (24 * HOUR)

struct row {
	int64_t second; /* at which the call ended */
	enum call_outcome outcome;
};
#define G(s)                                                                                                 \
	{                                                                                                    \
		s, CALL_GOOD                                                                                 \
	}
#define F(s)                                                                                                 \
	{                                                                                                    \
		s, CALL_FAILED                                                                               \
	}
#define N(s)                                                                                                 \
	{                                                                                                    \
		s, CALL_NEITHER                                                                              \
	}

static void outages_by_hand(void)
{
	static const struct {
		const char *name;
		struct row row[24];
		size_t n;
		int64_t want[4]; /* seconds: from, to, from, to; -1: none */
	} cases[] = {
		{ "good calls alone", { G(1), G(61), G(121) }, 3, { -1 } },
		{ "a lone failure between good ones is none", { G(1), F(61), G(121) }, 3, { -1 } },
		{ "two lone failing minutes are one, from the first failure to the first good call",
		  { G(1), F(65), F(130), G(190) },
		  4,
		  { 65, 190, -1 } },
		{ "silence between them is no good minute",
		  { G(1), F(65), F(600), G(660) },
		  4,
		  { 65, 660, -1 } },
		{ "half of three or more", { G(60), F(70), F(80), G(90), G(125) }, 5, { 70, 125, -1 } },
		{ "less than half is none", { G(60), F(70), G(80), G(90), F(95), G(96), G(125) }, 7, { -1 } },
		{ "two calls of which one failed are none", { F(60), G(70), F(121), G(122) }, 4, { -1 } },
		{ "what says nothing does not end it",
		  { F(60), F(61), F(62), N(130), N(131), N(132), G(200) },
		  7,
		  { 60, 200, -1 } },
		{ "gaps under five minutes join",
		  { F(0), F(1), F(2), G(60), F(300), F(301), F(302), G(360) },
		  8,
		  { 0, 360, -1 } },
		{ "from five minutes on they do not",
		  { F(0), F(1), F(2), G(60), F(360), F(361), F(362), G(420) },
		  8,
		  { 0, 60, 360, 420 } },
		{ "the order of arrival is nothing", { G(190), F(130), G(1), F(65) }, 4, { 65, 190, -1 } },
		{ "one that goes on ends with the time", { F(600), F(601), F(602) }, 3, { 600, 3600, -1 } },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct outage_finder *f = outages_begin(0, HOUR);
		struct stretches s;
		int64_t minutes;
		bool good = f != NULL;
		size_t n = 0;

		for (size_t k = 0; good && k < cases[i].n; k++)
			outages_call(f, cases[i].row[k].second * SEC, cases[i].row[k].outcome);
		good = good && outages_end(f, &s, &minutes);
		while (n < 2 && cases[i].want[2 * n] >= 0)
			n++;
		good = good && s.n == n;
		for (size_t k = 0; good && k < n; k++)
			good = s.p[k].from == cases[i].want[2 * k] * SEC &&
			       s.p[k].to == cases[i].want[2 * k + 1] * SEC;
		ok(good, cases[i].name);
		stretches_free(&s);
	}
}

#define ALL_DAY                                                                                              \
	(struct hours)                                                                                       \
	{                                                                                                    \
		0, 86400                                                                                     \
	}

static void is_percent(const struct availability *a, const char *want, const char *name)
{
	struct buf b;

	buf_init(&b, 64);
	ok(availability_percent(a, &b) && slice_is(buf_slice(&b), want), name);
	if (!slice_is(buf_slice(&b), want))
		printf("# got %s want %s\n", buf_cstr(&b), want);
	buf_free(&b);
}

static void figures_by_hand(void)
{
	/* 30 days are 43200 minutes; 216 of them down are exactly 99.5 % */
	struct availability a = { .from = 0, .to = 30 * DAY };
	struct stretch down[] = { { DAY, DAY + 216 * MIN } };
	struct stretches outages = { down, 1, 1 }, none = { 0 };

	ok(availability_of(&a, ALL_DAY, &outages, &none, NULL, 0), "a month");
	is_percent(&a, "99.50", "216 minutes of 30 days");
	availability_free(&a);
	down[0].to += SEC;
	a = (struct availability){ .from = 0, .to = 30 * DAY };
	availability_of(&a, ALL_DAY, &outages, &none, NULL, 0);
	is_percent(&a, "99.49", "a second more is rounded down");
	availability_free(&a);
}

static void sets_by_hand(void)
{
	/* ten hours: planned 1-2, unknown 1:30-3, down 2:30-4; and an announcement that came too late 5-6
	 * with an outage 5-5:30. P 60, U 2:00-3:00 60, D 3:00-4:00 and 5:00-5:30 90:
	 * (600-60-60-90)/(600-60-60) */
	struct availability a = { .from = 0, .to = 10 * HOUR };
	struct stretch down[] = { { 2 * HOUR + 30 * MIN, 4 * HOUR }, { 5 * HOUR, 5 * HOUR + 30 * MIN } },
		       blind[] = { { HOUR + 30 * MIN, 3 * HOUR } };
	struct stretches outages = { down, 2, 2 }, unknown = { blind, 1, 1 };
	struct window w[] = { { .from_ns = 5 * HOUR, .to_ns = 6 * HOUR, .planned = false },
			      { .from_ns = HOUR, .to_ns = 2 * HOUR, .planned = true } };

	ok(availability_of(&a, ALL_DAY, &outages, &unknown, w, 2), "planned, unknown and down");
	ok_int(a.planned / MIN, 60, "planned");
	ok_int(a.unknown / MIN, 60, "unknown outside of it");
	ok_int(a.down / MIN, 90, "down outside of both; a late announcement counts as down");
	is_percent(&a, "81.25", "390 of 480 minutes");
	ok_int(availability_mtbf(&a) / MIN, 195, "up time over two outages");
	availability_free(&a);
	a = (struct availability){ .from = 3 * HOUR, .to = 5 * HOUR + 10 * MIN };
	availability_of(&a, ALL_DAY, &outages, &unknown, w, 2);
	ok_int(a.down / MIN, 70, "an outage over both borders is split by minutes");
	ok_int(availability_mtbf(&a) / MIN, 60, "and counted where it began");
	availability_free(&a);
	a = (struct availability){ .from = HOUR, .to = 2 * HOUR };
	availability_of(&a, ALL_DAY, &outages, &unknown, w, 2);
	ok(!availability_percent(&a, &(struct buf){ 0 }), "all of it planned: there is nothing to tell");
	ok_int(availability_mtbf(&a), -1, "nor between failures");
	availability_free(&a);
}

/* The day on which clocks go forward has 23 hours, the other 25: real seconds count. */
static void days_of_other_lengths(void)
{
	struct err e;
	struct availability a = { 0 };
	struct stretches none = { 0 };
	int32_t days = date_to_days((struct date){ 2026, 3, 29 });

	ok(zone_use("Europe/Berlin", &e) == TK_OK, "Berlin");
	a.from = zone_day_start(days) * SEC;
	a.to = zone_day_start(days + 1) * SEC;
	availability_of(&a, ALL_DAY, &none, &none, NULL, 0);
	ok_int(a.service / HOUR, 23, "the short day");
	days = date_to_days((struct date){ 2026, 10, 25 });
	a.from = zone_day_start(days) * SEC;
	a.to = zone_day_start(days + 1) * SEC;
	availability_of(&a, ALL_DAY, &none, &none, NULL, 0);
	ok_int(a.service / HOUR, 25, "the long day");
	availability_free(&a);
}

/* Promised from 07:00 to 22:00: two days of 15 hours. Down 21:00 to 08:00 is an hour of each; planned 06:00
 * to 07:30 of the second day takes half of the latter's; nobody watched 12:00 to 13:00, nor at 23:00. */
static void service_hours(void)
{
	struct err e;
	struct availability a = { 0 };
	struct stretch down[1], blind[2];
	struct stretches outages = { down, 1, 1 }, unknown = { blind, 2, 2 };
	struct window w = { .planned = true };

	ok(zone_use("Asia/Tokyo", &e) == TK_OK, "Tokyo");
	a.from = zone_day_start(date_to_days((struct date){ 2026, 11, 24 })) * SEC;
	a.to = a.from + 2 * DAY;
	down[0] = (struct stretch){ a.from + 21 * HOUR, a.from + DAY + 8 * HOUR };
	blind[0] = (struct stretch){ a.from + 12 * HOUR, a.from + 13 * HOUR };
	blind[1] = (struct stretch){ a.from + 23 * HOUR, a.from + 24 * HOUR };
	w.from_ns = a.from + DAY + 6 * HOUR;
	w.to_ns = a.from + DAY + 7 * HOUR + 30 * MIN;
	availability_of(&a, (struct hours){ 7 * 3600, 22 * 3600 }, &outages, &unknown, &w, 1);
	ok_int(a.service / MIN, 1800, "two days of fifteen hours");
	ok_int(a.planned / MIN, 30, "planned only within them");
	ok_int(a.unknown / MIN, 60, "not watched only within them");
	ok_int(a.down / MIN, 90, "down only within them");
	is_percent(&a, "94.73", "1620 of 1710 minutes");
	ok_int((int64_t)a.outages.n, 2, "the night divides it");
	availability_free(&a);
}

int main(void)
{
	service_hours();
	outages_by_hand();
	figures_by_hand();
	sets_by_hand();
	days_of_other_lengths();
	return tap_done();
}
