#include "core/retention/policy.h"

#include "core/base/zone.h"

#define DAY INT64_C(86400)

struct profile {
	const char *name;
	int64_t access, findings, reports; /* years */
};

static const struct profile profiles[] = {
#define PROFILE(id, name, access, findings, reports, doc) { name, access, findings, reports },
#include "core/config/profiles.def"
#undef PROFILE
};

static const struct profile *profile_of(const struct config *cfg)
{
	for (size_t i = 0; i < COUNT(profiles); i++)
		if (cfg->retention.profile != NULL && strcmp(cfg->retention.profile, profiles[i].name) == 0)
			return &profiles[i];
	return &profiles[0];
}

static struct cfg_period period_of(struct cfg_period own, int64_t years)
{
	return own.unit != 0 ? own : (struct cfg_period){ years, 'y' };
}

struct cfg_period retention_period(const struct config *cfg, enum record_class c)
{
	const struct profile *p = profile_of(cfg);

	return c == KEEP_ACCESS ? period_of(cfg->retention.access, p->access)
				: period_of(cfg->retention.findings, p->findings);
}

struct cfg_period retention_reports(const struct config *cfg)
{
	return period_of(cfg->retention.reports, profile_of(cfg)->reports);
}

static int64_t days_of(struct cfg_period p)
{
	return p.n * (p.unit == 'y' ? 365 : p.unit == 'm' ? 30 : 1);
}

/* The same day of a later month, or its last one. */
static int32_t months_later(int32_t day, int64_t months)
{
	struct date d = date_from_days(day);
	int64_t at = d.month - 1 + months;
	struct date to = { d.year + (int32_t)(at / 12), (uint8_t)(at % 12 + 1), d.day };
	struct date next = { to.year + (to.month == 12), (uint8_t)(to.month % 12 + 1), 1 };
	int32_t first = date_to_days((struct date){ to.year, to.month, 1 }), n = date_to_days(next) - first;

	return first + (d.day > n ? n : d.day) - 1;
}

bool retention_over(struct cfg_period p, int64_t closed, int64_t now)
{
	int32_t day = zone_day_of(closed - 1);
	int64_t end = day + days_of(p), calendar = end;

	if (p.unit != 'd')
		calendar = months_later(day, p.unit == 'y' ? 12 * p.n : p.n);
	if (calendar > end)
		end = calendar;
	return end < INT32_MAX / 2 && now >= zone_day_start((int32_t)end + 1) &&
	       now - closed >= days_of(p) * DAY;
}

bool retention_short(struct cfg_period p)
{
	return days_of(p) < RETENTION_FLOOR_DAYS;
}

/* The classes of the set, the longest period last. */
static size_t by_period(const struct config *cfg, unsigned classes, enum record_class out[RECORD_CLASSES])
{
	size_t n = 0;

	for (int c = KEEP_ACCESS; c < RECORD_CLASSES; c++)
		if (classes >> c & 1)
			out[n++] = c;
	if (n == 2 && days_of(retention_period(cfg, out[0])) > days_of(retention_period(cfg, out[1]))) {
		enum record_class first = out[0];

		out[0] = out[1];
		out[1] = first;
	}
	return n;
}

bool retention_young(const struct config *cfg, unsigned classes, int64_t closed, int64_t now)
{
	enum record_class c[RECORD_CLASSES];
	size_t n = by_period(cfg, classes, c);
	int64_t days = n == 0 ? 0 : days_of(retention_period(cfg, c[n - 1]));

	return now - closed < (days > RETENTION_FLOOR_DAYS ? days : RETENTION_FLOOR_DAYS) * DAY;
}

void put_period(struct buf *out, struct cfg_period p)
{
	buf_i64(out, p.n);
	buf_byte(out, (uint8_t)p.unit);
}

const char *record_class_name(enum record_class c)
{
	return c == KEEP_ACCESS ? "access" : c == KEEP_FINDINGS ? "findings" : "forever";
}

void put_policy(struct buf *out, const struct config *cfg, unsigned classes)
{
	enum record_class c[RECORD_CLASSES];
	size_t n = by_period(cfg, classes, c);

	buf_str(out, profile_of(cfg)->name);
	for (size_t i = 0; i < n; i++) {
		buf_fmt(out, " %s-", record_class_name(c[i]));
		put_period(out, retention_period(cfg, c[i]));
	}
}
