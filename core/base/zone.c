/* The process's zone and its local days. Dates and texts of time: time.c. */
#include "core/base/zone.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "core/base/sys.h"

#define DAY 86400
#define BLOCK 900 /* real clocks change on quarters of an hour; those that did not are not cached */

/* The zone is process state because it is that in the C library: the caches of what it answered
 * are kept beside it, one per thread, and are void after zone_use. */
struct offset_entry {
	int64_t block;
	int32_t offset;
	bool known;
};
struct day_entry {
	int64_t start;
	int32_t days;
	bool known;
};
struct cache {
	unsigned generation;
	struct offset_entry offset[256];
	struct day_entry day[128];
	int64_t today_from, today_to; /* empty: from == to */
	int32_t today;
};
static unsigned generation = 1;
static _Thread_local struct cache cache;

static struct cache *fresh_cache(void)
{
	if (cache.generation != generation) {
		memset(&cache, 0, sizeof cache);
		cache.generation = generation;
	}
	return &cache;
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/* Names as in tzdata: Area/Location. Anything else would make the C library read another file, or
 * take the text for a POSIX rule. */
static bool is_zone_name(const char *name)
{
	size_t n = strlen(name);

	if (n == 0 || n > 100 || name[0] == '/' || name[n - 1] == '/' || strstr(name, "//") != NULL)
		return false;
	for (size_t i = 0; i < n; i++) {
		char c = name[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      c == '/' || c == '_' || c == '-' || c == '+'))
			return false;
	}
	return true;
}

static int check_zone(const char *name, struct err *e)
{
	const char *dir = getenv("TZDIR");
	char path[PATH_MAX];
	uint8_t magic[4];
	ssize_t got;
	int fd;

	if (!is_zone_name(name))
		return err_set(e, TK_ECONFIG, "\"%.100s\" is no name of a time zone (as Asia/Tokyo is)",
			       name);
	if (dir == NULL || dir[0] == 0)
		dir = "/usr/share/zoneinfo";
	if (snprintf(path, sizeof path, "%s/%s", dir, name) >= (int)sizeof path)
		return err_set(e, TK_ECONFIG, "TZDIR is too long");
	fd = sys_open(path, O_RDONLY, 0);
	if (fd < 0 && errno == ENOENT && access(dir, F_OK) != 0)
		return err_set(e, TK_ECONFIG, "no time zone data in %s: install the package tzdata", dir);
	if (fd < 0 && errno != ENOENT)
		return err_sys(e, "time zone \"%s\": %s", name, path);
	if (fd < 0)
		return err_set(e, TK_ECONFIG, "unknown time zone \"%s\": the system has no %s", name, path);
	got = sys_read(fd, magic, sizeof magic);
	sys_close(fd);
	if (got != sizeof magic || memcmp(magic, "TZif", sizeof magic) != 0)
		return err_set(e, TK_ECONFIG, "unknown time zone \"%s\": %s is no zone file", name, path);
	return TK_OK;
}

int zone_use(const char *iana_name, struct err *e)
{
	int rc = check_zone(iana_name, e);

	if (rc != TK_OK)
		return rc;
	if (setenv("TZ", iana_name, 1) != 0)
		return err_sys(e, "cannot set the time zone");
	tzset();
	generation++;
	return TK_OK;
}

/* localtime_r reads no file after tzset. mktime would: it is not used anywhere. */
static int32_t raw_offset(int64_t utc_sec)
{
	time_t t = (time_t)utc_sec;
	struct tm tm;

	return localtime_r(&t, &tm) == NULL ? 0 : (int32_t)tm.tm_gmtoff;
}

int32_t zone_offset(int64_t utc_sec)
{
	int64_t block = floor_div(utc_sec, BLOCK);
	struct offset_entry *o = &fresh_cache()->offset[(uint64_t)block % COUNT(cache.offset)];
	int32_t first;

	if (o->known && o->block == block)
		return o->offset;
	first = raw_offset(block * BLOCK);
	if (first != raw_offset(block * BLOCK + BLOCK - 1))
		return raw_offset(utc_sec); /* the clocks change inside */
	*o = (struct offset_entry){ .block = block, .offset = first, .known = true };
	return first;
}

void zone_wall(int64_t utc_sec, int32_t *days, int32_t *second)
{
	int64_t wall = utc_sec + zone_offset(utc_sec), d = floor_div(wall, DAY);

	*days = (int32_t)d;
	*second = (int32_t)(wall - d * DAY);
}

/* First instant whose wall clock shows `wall` (seconds since 1970-01-01 00:00 local) or later. */
static int64_t first_at(int64_t wall)
{
	int64_t from = wall - 16 * 3600, to = wall + 16 * 3600; /* no zone was ever further from UTC */
	int32_t off = raw_offset(from), next;

	if (off == raw_offset(to))
		return wall - off;
	for (int64_t at = from + BLOCK; at <= to; at += BLOCK, off = next) {
		next = raw_offset(at);
		if (next == off && at + next < wall)
			continue;
		/* Here, or the clocks change and may pass it for a moment: to the second. */
		for (int64_t t = at - BLOCK; t <= at; t++)
			if (t + raw_offset(t) >= wall)
				return t;
	}
	return to;
}

int64_t zone_day_start(int32_t days)
{
	struct day_entry *d = &fresh_cache()->day[(uint32_t)days % COUNT(cache.day)];

	if (!d->known || d->days != days)
		*d = (struct day_entry){ .start = first_at((int64_t)days * DAY),
					 .days = days,
					 .known = true };
	return d->start;
}

int32_t zone_day_of(int64_t utc_sec)
{
	struct cache *c = fresh_cache();
	int32_t days, second;

	if (utc_sec >= c->today_from && utc_sec < c->today_to)
		return c->today;
	zone_wall(utc_sec, &days, &second);
	while (utc_sec < zone_day_start(days))
		days--;
	while (utc_sec >= zone_day_start(days + 1))
		days++;
	c->today = days;
	c->today_from = zone_day_start(days);
	c->today_to = zone_day_start(days + 1);
	return days;
}

int64_t zone_instant(int32_t days, int32_t second, bool end)
{
	int64_t wall = (int64_t)days * DAY + second, first = first_at(wall), again;
	int32_t off = raw_offset(first), later;

	if (!end || first + off != wall)
		return first;
	/* Clocks that go back within a day show it a second time. */
	later = raw_offset(first + DAY);
	again = wall - later;
	return again > first && raw_offset(again) == later ? again : first;
}
