/* Civil time (calendar.md 4). One IANA zone per process: the site's. Instants are UTC nanoseconds
 * since 1970 (int64, years 1678 to 2262) or seconds where it says so. A local day is
 * [its first midnight or first valid instant, the next day's).
 * zone_use sets the process's zone; everything else only reads. One thread. */
#ifndef TK_BASE_ZONE_H
#define TK_BASE_ZONE_H

#include "core/base/err.h"
#include "core/base/slice.h"

#define NS_PER_SEC INT64_C(1000000000)

struct date {
	int32_t year;
	uint8_t month, day; /* 1..12, 1..31 */
};

/* Days since 1970-01-01 in the proleptic Gregorian calendar. */
int32_t date_to_days(struct date d);
struct date date_from_days(int32_t days);
/* 0 = Monday ... 6 = Sunday. */
int date_weekday(int32_t days);
/* "2026-11-23", strict, existing dates only. */
bool date_parse(struct slice text, struct date *out);
/* Needs 11 bytes. */
void date_format(struct date d, char out[11]);

/* Is there such a zone in the system's tzdata? Sets the process's zone if so. TK_ECONFIG if not. */
int zone_use(const char *iana_name, struct err *e);
/* Offset from UTC in seconds at an instant. Caches the last minutes; cheap. */
int32_t zone_offset(int64_t utc_sec);
/* Local wall date (days) and second of the day at an instant, by the wall clock. */
void zone_wall(int64_t utc_sec, int32_t *days, int32_t *second);
/* Start of a local day, UTC seconds. Cached. */
int64_t zone_day_start(int32_t days);
/* The local day interval that holds the instant (differs from zone_wall where clocks went back
 * over midnight). Cached: a sequential caller pays a comparison. */
int32_t zone_day_of(int64_t utc_sec);
/* Instant of a wall time on a local date: a missing time gives the first instant after the gap;
 * a repeated one the first (end = false) or the second (end = true). */
int64_t zone_instant(int32_t days, int32_t second, bool end);

/* RFC 3339, strict: date, 'T' 't' or blank, time with 0..9 fraction digits, offset required unless
 * `naive_ok` (then the process's zone). 23:59:60 is read as :59.999. Nanoseconds out. */
bool time_parse_rfc3339(struct slice text, bool naive_ok, int64_t *ns);
/* "2026-11-23T02:24:30.819Z": fraction trimmed to 0, 3, 6 or 9 digits. Returns the length. */
#define TIME_TEXT_MAX 40
size_t time_format_utc(int64_t ns, char out[TIME_TEXT_MAX]);
/* With the zone's offset: "2026-11-23T11:24:30.819+09:00". */
size_t time_format_local(int64_t ns, char out[TIME_TEXT_MAX]);

#endif
