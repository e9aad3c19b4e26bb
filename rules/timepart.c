#include "rules/timepart.h"

#include "core/base/zone.h"

static bool number2(struct slice s, size_t at, int *out)
{
	if (at + 2 > s.n || (uint8_t)(s.p[at] - '0') > 9 || (uint8_t)(s.p[at + 1] - '0') > 9)
		return false;
	*out = (s.p[at] - '0') * 10 + (s.p[at + 1] - '0');
	return true;
}

/* ISO 8601: week 1 holds the year's first Thursday. */
static int64_t iso_week(int32_t days)
{
	int32_t thursday = days - date_weekday(days) + 3;
	struct date first = { date_from_days(thursday).year, 1, 1 };

	return (thursday - date_to_days(first)) / 7 + 1;
}

int64_t time_part_of_wall(int32_t days, int32_t second, enum time_part part)
{
	struct date d = date_from_days(days);

	switch (part) {
	case PART_MINUTE:
		return second / 60 % 60;
	case PART_HOUR:
		return second / 3600;
	case PART_DAY:
		return d.day;
	case PART_WEEK:
		return iso_week(days);
	case PART_MONTH:
		return d.month;
	default:
		return d.year;
	}
}

bool time_part_of_text(struct slice text, enum time_part part, int64_t *out)
{
	struct date d;
	int hour = 0, minute = 0;

	if (text.n < 10 || !date_parse(slice_head(text, 10), &d))
		return false;
	if (text.n == 10) {
		if (part == PART_HOUR || part == PART_MINUTE)
			return false;
	} else {
		bool divided = text.p[10] == 'T' || text.p[10] == 't' || text.p[10] == ' ';

		if (!divided || text.n < 16 || text.p[13] != ':' || !number2(text, 11, &hour) ||
		    !number2(text, 14, &minute) || hour > 23 || minute > 59)
			return false;
	}
	*out = time_part_of_wall(date_to_days(d), hour * 3600 + minute * 60, part);
	return true;
}
