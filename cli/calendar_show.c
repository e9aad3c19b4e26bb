/* tochoku calendar show: one line a day. */
#include <stdio.h>

#include "cli/calendar.h"
#include "core/base/json.h"

#define FLUSH_AT 65536
#define DAY_BYTES_MAX (64u << 20)

/* A day on its way out: as JSON, or as notes behind its line. */
struct line {
	struct calendar *c;
	struct buf *b;
	struct json_out *o; /* NULL: text */
	bool noted;
};

/* ---- JSON ---- */

static void put_str(struct json_out *o, const char *key, struct slice v)
{
	json_key(o, key);
	json_str(o, v);
}

static void put_time(struct json_out *o, const char *key, int64_t utc_sec)
{
	char text[TIME_TEXT_MAX];

	put_str(o, key, slice_of(text, time_format_local(utc_sec * NS_PER_SEC, text)));
}

static void put_duty_json(void *ctx, const struct roster_row *r)
{
	struct line *l = ctx;

	json_open(l->o, '{');
	put_str(l->o, "shift", r->shift);
	put_str(l->o, "user", r->who);
	if (!r->off) {
		put_time(l->o, "from", r->utc_from);
		put_time(l->o, "to", r->utc_to);
	}
	json_close(l->o, '}');
}

static void put_window_json(void *ctx, const struct site_row *r)
{
	struct line *l = ctx;

	json_open(l->o, '{');
	put_str(l->o, "kind", slice_str(site_word(r->kind)));
	put_str(l->o, "name", r->name);
	put_time(l->o, "from", r->from);
	put_time(l->o, "to", r->to);
	if (r->who.n > 0)
		put_str(l->o, "who", r->who);
	if (r->approver.n > 0)
		put_str(l->o, "approver", r->approver);
	json_close(l->o, '}');
}

static void put_departments(struct line *l, int32_t days)
{
	const struct cfg_calendar *cfg = calendar_config(l->c);

	json_key(l->o, "departments");
	json_open(l->o, '{');
	for (size_t i = 0; i < cfg->n_departments; i++) {
		struct person p = { .department = slice_str(cfg->departments[i].name) };

		put_str(l->o, cfg->departments[i].name,
			slice_str(opening_name(calendar_opening(l->c, &p, days))));
	}
	json_close(l->o, '}');
}

/* Null without a roster at all, and an empty list where it does not have the date. */
static void put_roster(struct line *l, int32_t days)
{
	json_key(l->o, "roster");
	if (calendar_roster(l->c) == NULL) {
		json_null(l->o);
		return;
	}
	json_open(l->o, '[');
	roster_day(calendar_roster(l->c), days, put_duty_json, l);
	json_close(l->o, ']');
}

static void put_windows(struct line *l, int32_t days)
{
	json_key(l->o, "windows");
	json_open(l->o, '[');
	site_between(calendar_site(l->c), true, zone_day_start(days), zone_day_start(days + 1),
		     put_window_json, l);
	json_close(l->o, ']');
}

static void put_json(struct calendar *c, struct buf *b, const struct day_info *d)
{
	struct json_out o = json_out(b);
	struct line l = { c, b, &o, false };
	char date[11];

	date_format(date_from_days(d->days), date);
	json_open(&o, '{');
	json_key(&o, "date");
	json_str(&o, slice_str(date));
	json_key(&o, "opening");
	json_str(&o, slice_str(opening_name(d->opening)));
	json_key(&o, "reason");
	json_str(&o, slice_str(d->reason));
	json_key(&o, "gap_days");
	json_int(&o, d->gap_days);
	json_key(&o, "first_after_holiday");
	json_bool(&o, d->first_after_holiday);
	json_key(&o, "first_business_day_of_month");
	json_bool(&o, d->first_business_day_of_month);
	json_key(&o, "tochoku.calendar.day");
	json_str(&o, slice_str(calendar_day_name(d->kind)));
	json_key(&o, "tochoku.calendar.holiday");
	if (d->holiday != NULL)
		json_str(&o, slice_str(d->holiday));
	else
		json_null(&o);
	json_key(&o, "tochoku.calendar.after_holiday");
	json_bool(&o, d->after_holiday);
	json_key(&o, "computed");
	json_bool(&o, d->computed);
	put_departments(&l, d->days);
	put_roster(&l, d->days);
	put_windows(&l, d->days);
	json_close(&o, '}');
	buf_byte(b, '\n');
}

/* ---- text ---- */

static void put_note(struct line *l, struct slice text)
{
	buf_str(l->b, l->noted ? ", " : "  ");
	cli_safe(l->b, text);
	l->noted = true;
}

static void put_duty_text(void *ctx, const struct roster_row *r)
{
	struct line *l = ctx;
	int32_t to = r->to > 86400 ? r->to - 86400 : r->to;

	put_note(l, r->shift);
	buf_byte(l->b, ' ');
	cli_safe(l->b, r->who);
	if (!r->off)
		buf_fmt(l->b, " %02d:%02d-%02d:%02d", r->from / 3600, r->from / 60 % 60, to / 3600,
			to / 60 % 60);
}

static void put_window_text(void *ctx, const struct site_row *r)
{
	struct line *l = ctx;
	char text[TIME_TEXT_MAX];
	struct slice t;

	put_note(l, slice_str(site_word(r->kind)));
	buf_byte(l->b, ' ');
	cli_safe(l->b, r->name);
	t = slice_of(text, time_format_local(r->from * NS_PER_SEC, text));
	buf_str(l->b, " from ");
	buf_add(l->b, slice_head(t, 16));
	t = slice_of(text, time_format_local(r->to * NS_PER_SEC, text));
	buf_str(l->b, " to ");
	buf_add(l->b, slice_head(t, 16));
}

/* Departments that are open otherwise than the site. */
static void put_other_openings(struct line *l, const struct day_info *d)
{
	const struct cfg_calendar *cfg = calendar_config(l->c);

	for (size_t i = 0; i < cfg->n_departments; i++) {
		struct person p = { .department = slice_str(cfg->departments[i].name) };
		enum opening o = calendar_opening(l->c, &p, d->days);

		if (o == d->opening)
			continue;
		put_note(l, p.department);
		buf_fmt(l->b, " %s", opening_name(o));
	}
}

static void put_people(struct line *l, const struct day_info *d)
{
	const struct roster *r = calendar_roster(l->c);

	site_between(calendar_site(l->c), true, zone_day_start(d->days), zone_day_start(d->days + 1),
		     put_window_text, l);
	if (r != NULL && !roster_has(r, d->days))
		put_note(l, SLICE("no roster (当直表なし)"));
	else if (r != NULL)
		roster_day(r, d->days, put_duty_text, l);
}

static void put_text(struct calendar *c, struct buf *b, const struct day_info *d)
{
	static const char weekday[][4] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };
	char date[11], gap[40];
	struct line l = { c, b, NULL, false };

	date_format(date_from_days(d->days), date);
	buf_fmt(b, "%s %s  %-6s  %-8s  %-12s", date, weekday[date_weekday(d->days)], opening_name(d->opening),
		calendar_day_name(d->kind), d->reason);
	if (d->holiday != NULL) {
		put_note(&l, slice_str(d->holiday));
		buf_str(b, d->computed ? " (computed)" : "");
	}
	if (d->gap_days > 0) {
		snprintf(gap, sizeof gap, "after %d closed day%s", (int)d->gap_days,
			 d->gap_days == 1 ? "" : "s");
		put_note(&l, slice_str(gap));
	}
	if (d->first_after_holiday)
		put_note(&l, SLICE("first open day after a holiday"));
	else if (d->after_holiday)
		put_note(&l, SLICE("first business day after a holiday"));
	if (d->first_business_day_of_month)
		put_note(&l, SLICE("first business day of the month"));
	put_other_openings(&l, d);
	put_people(&l, d);
	while (b->n > 0 && b->p[b->n - 1] == ' ')
		b->n--;
	buf_byte(b, '\n');
}

int calendar_show(struct calendar *c, int32_t from, int32_t to, bool json)
{
	struct buf b;
	int rc = EXIT_DONE;

	buf_init(&b, FLUSH_AT + DAY_BYTES_MAX);
	for (int32_t d = from; d <= to && rc == EXIT_DONE; d++) {
		(json ? put_json : put_text)(c, &b, calendar_day(c, d));
		if (d < to && b.n < FLUSH_AT && !b.failed)
			continue;
		if (b.failed) {
			cli_error("no memory");
			rc = EXIT_INPUT;
		} else {
			rc = cli_write(NULL, buf_slice(&b));
		}
		buf_clear(&b);
	}
	buf_free(&b);
	return rc;
}
