/* Public holidays of Japan by rule: Act 178 of 1948 and its changes (calendar.md 1). */
#include "rules/calendar/calendar.h"

#define ON 9999 /* and so on */

enum { SUNDAY = 6 };

/* A named day: on `day` of the month, or on its `monday`th Monday, or (both 0) on the equinox. */
struct rule {
	const char *name;
	int16_t from, to;
	uint8_t month, day, monday;
};

static const struct rule rules[] = {
	{ "元日", 1949, ON, 1, 1, 0 },
	{ "成人の日", 1949, 1999, 1, 15, 0 },
	{ "成人の日", 2000, ON, 1, 0, 2 },
	{ "建国記念の日", 1967, ON, 2, 11, 0 },
	{ "天皇誕生日", 1949, 1988, 4, 29, 0 },
	{ "天皇誕生日", 1989, 2018, 12, 23, 0 },
	{ "天皇誕生日", 2020, ON, 2, 23, 0 },
	{ "春分の日", 1949, ON, 3, 0, 0 },
	{ "みどりの日", 1989, 2006, 4, 29, 0 },
	{ "昭和の日", 2007, ON, 4, 29, 0 },
	{ "憲法記念日", 1949, ON, 5, 3, 0 },
	{ "みどりの日", 2007, ON, 5, 4, 0 },
	{ "こどもの日", 1949, ON, 5, 5, 0 },
	{ "海の日", 1996, 2002, 7, 20, 0 },
	{ "海の日", 2003, 2019, 7, 0, 3 },
	{ "海の日", 2020, 2020, 7, 23, 0 }, /* 2020 and 2021: moved for the Olympic Games */
	{ "海の日", 2021, 2021, 7, 22, 0 },
	{ "海の日", 2022, ON, 7, 0, 3 },
	{ "山の日", 2016, 2019, 8, 11, 0 },
	{ "山の日", 2020, 2020, 8, 10, 0 },
	{ "山の日", 2021, 2021, 8, 8, 0 },
	{ "山の日", 2022, ON, 8, 11, 0 },
	{ "敬老の日", 1966, 2002, 9, 15, 0 },
	{ "敬老の日", 2003, ON, 9, 0, 3 },
	{ "秋分の日", 1948, ON, 9, 0, 0 },
	{ "体育の日", 1966, 1999, 10, 10, 0 },
	{ "体育の日", 2000, 2018, 10, 0, 2 },
	{ "体育の日（スポーツの日）", 2019, 2019, 10, 0, 2 },
	{ "スポーツの日", 2020, 2020, 7, 24, 0 },
	{ "スポーツの日", 2021, 2021, 7, 23, 0 },
	{ "スポーツの日", 2022, ON, 10, 0, 2 },
	{ "文化の日", 1948, ON, 11, 3, 0 },
	{ "勤労感謝の日", 1948, ON, 11, 23, 0 },
};

/* Days made holidays by a law of their own. */
static const struct rule special[] = {
	{ "結婚の儀", 1959, 1959, 4, 10, 0 },
	{ "大喪の礼", 1989, 1989, 2, 24, 0 },
	{ "即位礼正殿の儀", 1990, 1990, 11, 12, 0 },
	{ "結婚の儀", 1993, 1993, 6, 9, 0 },
	{ "休日（祝日扱い）", 2019, 2019, 5, 1, 0 },
	{ "休日（祝日扱い）", 2019, 2019, 10, 22, 0 },
};

/* Day of the equinox in March or September, in millionths of a day: calendar.md 1.2. */
static int equinox_day(int32_t year, int month)
{
	int64_t base, leap, micro;

	if (year >= 1980) {
		base = month == 3 ? 20843100 : 23248800;
		leap = (year - 1980) / 4;
	} else {
		base = month == 3 ? 20835700 : 23258800;
		leap = (year - 1983) / 4; /* toward zero, as C divides */
	}
	micro = base + INT64_C(242194) * (year - 1980) - leap * 1000000;
	return (int)(micro / 1000000);
}

static bool falls_on(const struct rule *r, struct date d, int weekday)
{
	if (d.month != r->month || d.year < r->from || d.year > r->to)
		return false;
	if (r->monday != 0)
		return weekday == 0 && (d.day - 1) / 7 + 1 == r->monday;
	return d.day == (r->day != 0 ? r->day : equinox_day(d.year, r->month));
}

/* A day that the Act or a law of its own names. */
static const char *named_day(int32_t days, const char **kind)
{
	struct date d = date_from_days(days);
	int weekday = date_weekday(days);

	if (d.year < JP_FIRST_YEAR || d.year > JP_LAST_YEAR)
		return NULL;
	for (size_t i = 0; i < COUNT(rules); i++)
		if (falls_on(&rules[i], d, weekday)) {
			*kind = "named";
			return rules[i].name;
		}
	for (size_t i = 0; i < COUNT(special); i++)
		if (falls_on(&special[i], d, weekday)) {
			*kind = "special";
			return special[i].name;
		}
	return NULL;
}

static bool is_named(int32_t days)
{
	const char *kind;

	return named_day(days, &kind) != NULL;
}

/* 振替休日 of a day that is not named itself. From 2007 it may wait until after a row of holidays,
 * before that it was the next day or none. */
static bool is_substitute(int32_t days, int32_t year)
{
	const int32_t from = date_to_days((struct date){ 1973, 4, 12 });
	int32_t sunday = days - 1;

	if (year >= 2007)
		while (date_weekday(sunday) != SUNDAY && is_named(sunday))
			sunday--;
	return sunday >= from && date_weekday(sunday) == SUNDAY && is_named(sunday);
}

/* 国民の休日: between two holidays; until 2006 not on a Sunday. */
static bool is_between(int32_t days, int32_t year)
{
	if (days < date_to_days((struct date){ 1985, 12, 27 }) ||
	    (year < 2007 && date_weekday(days) == SUNDAY))
		return false;
	return is_named(days - 1) && is_named(days + 1);
}

const char *jp_holiday(int32_t days, const char **kind)
{
	int32_t year = date_from_days(days).year;
	const char *name;

	if (year < JP_FIRST_YEAR || year > JP_LAST_YEAR)
		return NULL;
	name = named_day(days, kind);
	if (name != NULL)
		return name;
	if (is_substitute(days, year)) {
		*kind = "substitute";
		return "振替休日";
	}
	if (is_between(days, year)) {
		*kind = "citizens";
		return "国民の休日";
	}
	return NULL;
}
