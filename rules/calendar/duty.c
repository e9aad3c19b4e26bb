/* Who is expected at an instant: the roster, maintenance windows, emergencies (calendar.md 3). */
#include "rules/calendar/hospital.h"

struct asked {
	const struct person *who;
	bool listed;
};

static void look_for(void *ctx, const struct site_row *row)
{
	struct asked *a = ctx;
	struct slice rest = row->who;

	while (row->kind == SITE_MAINTENANCE && rest.n > 0 && !a->listed) {
		const uint8_t *blank = memchr(rest.p, ' ', rest.n);
		struct slice who = slice_head(rest, blank == NULL ? rest.n : (size_t)(blank - rest.p));

		a->listed = who_means(who, a->who);
		rest = slice_from(rest, who.n + 1);
	}
}

enum on_duty calendar_duty(const struct calendar *c, const struct person *who, int64_t utc_sec)
{
	struct asked a = { who, false };

	if (who->user.n == 0)
		return DUTY_UNKNOWN;
	site_between(c->site, true, utc_sec, utc_sec + 1, look_for, &a);
	if (a.listed)
		return DUTY_YES;
	return c->roster == NULL ? DUTY_UNKNOWN : roster_duty(c->roster, who, utc_sec);
}

enum on_duty calendar_night_ok(struct calendar *c, const struct person *who, int64_t utc_sec)
{
	if (who->user.n == 0)
		return DUTY_UNKNOWN;
	return calendar_always_open(c, who) ? DUTY_YES : calendar_duty(c, who, utc_sec);
}

const struct site_row *calendar_window(const struct calendar *c, enum site_kind kind, int64_t utc_sec)
{
	return site_find(c->site, kind, kind, utc_sec);
}

struct looking_for {
	enum site_kind kind;
	bool met;
};

static void look(void *ctx, const struct site_row *row)
{
	struct looking_for *l = ctx;

	l->met |= row->kind == l->kind;
}

bool calendar_window_within(const struct calendar *c, enum site_kind kind, int64_t from, int64_t to)
{
	struct looking_for l = { kind, false };

	site_between(c->site, true, from, to, look, &l);
	return l.met;
}

bool calendar_has_roster(const struct calendar *c, int32_t days)
{
	return c->roster != NULL && roster_has(c->roster, days);
}

const struct roster *calendar_roster(const struct calendar *c)
{
	return c->roster;
}

const struct site *calendar_site(const struct calendar *c)
{
	return c->site;
}

const struct holiday_list *calendar_list(const struct calendar *c)
{
	return c->list;
}

const struct cfg_calendar *calendar_config(const struct calendar *c)
{
	return c->cfg;
}
