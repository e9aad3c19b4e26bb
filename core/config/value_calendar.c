/* Values of the calendar: hours, days, times. */
#include "core/base/json.h"
#include "core/config/reading.h"

#define DAY 86400

/* Exactly two digits; -1: not. */
static int two_digits(struct slice s, size_t at)
{
	if (at + 2 > s.n || s.p[at] < '0' || s.p[at] > '9' || s.p[at + 1] < '0' || s.p[at + 1] > '9')
		return -1;
	return (s.p[at] - '0') * 10 + s.p[at + 1] - '0';
}

static struct slice plain(const struct node *n)
{
	return n->kind == NODE_SCALAR ? n->text : (struct slice){ NULL, 0 };
}

/* "HH:MM", 24:00 included, in seconds; -1: not. */
static int32_t clock_time(struct slice s, size_t at)
{
	int h = two_digits(s, at), m = two_digits(s, at + 3);

	if (h < 0 || m < 0 || s.p[at + 2] != ':' || m > 59 || h > 24 || (h == 24 && m != 0))
		return -1;
	return h * 3600 + m * 60;
}

static void read_hours(struct reading *r, const struct option *o, const struct node *n, void *store)
{
	struct slice s = plain(n);
	struct hours h = { 0, 0 };

	if (slice_is(s, "closed")) {
		memcpy(store, &h, sizeof h);
		return;
	}
	h.from = s.n == 11 && s.p[5] == '-' ? clock_time(s, 0) : -1;
	h.to = s.n == 11 ? clock_time(s, 6) : -1;
	if (h.from < 0 || h.to < 0)
		wrong_value(r, o, n);
	else if (h.to <= h.from)
		problem_at(r->problems, n,
			   "'%s': %.*s ends before it begins; open over midnight is 00:00-24:00", o->key,
			   (int)s.n, (const char *)s.p);
	else
		memcpy(store, &h, sizeof h);
}

static void print_hours(const struct option *o, const void *store, struct buf *out)
{
	struct hours h;

	(void)o;
	memcpy(&h, store, sizeof h);
	if (h.from == h.to)
		buf_str(out, "closed");
	else
		buf_fmt(out, "\"%02d:%02d-%02d:%02d\"", h.from / 3600, h.from / 60 % 60, h.to / 3600,
			h.to / 60 % 60);
}

static void read_minutes(struct reading *r, const struct option *o, const struct node *n, void *store)
{
	int64_t minutes;
	int32_t seconds;

	if (!whole_number(n, 1440, &minutes)) {
		wrong_value(r, o, n);
		return;
	}
	seconds = (int32_t)minutes * 60;
	memcpy(store, &seconds, sizeof seconds);
}

static void print_minutes(const struct option *o, const void *store, struct buf *out)
{
	int32_t seconds;

	(void)o;
	memcpy(&seconds, store, sizeof seconds);
	buf_i64(out, seconds / 60);
}

/* "MM-DD", February 29 included. */
static bool month_day(struct slice s, uint8_t out[2])
{
	static const uint8_t days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int m = two_digits(s, 0), d = two_digits(s, 3);

	if (s.n != 5 || s.p[2] != '-' || m < 1 || m > 12 || d < 1 || d > days[m - 1])
		return false;
	out[0] = (uint8_t)m;
	out[1] = (uint8_t)d;
	return true;
}

static void read_month_day(struct reading *r, const struct option *o, const struct node *n, void *store)
{
	uint8_t md[2];

	if (month_day(plain(n), md))
		memcpy(store, md, sizeof md);
	else
		wrong_value(r, o, n);
}

static void print_month_day(const struct option *o, const void *store, struct buf *out)
{
	const uint8_t *md = store; /* founding_month and founding_day lie side by side */

	(void)o;
	if (md[0] == 0)
		buf_str(out, "null");
	else
		buf_fmt(out, "\"%02d-%02d\"", md[0], md[1]);
}

static void read_closure(struct reading *r, const struct option *o, const struct node *n, void *store)
{
	struct slice s = plain(n), last = s.n == 12 ? slice_from(s, 7) : s;
	uint8_t from[2], to[2];
	struct month_day_range c;

	if ((s.n == 12 && (s.p[5] != '.' || s.p[6] != '.')) || !month_day(slice_head(s, 5), from) ||
	    !month_day(last, to)) {
		wrong_value(r, o, n);
		return;
	}
	c = (struct month_day_range){ from[0], from[1], to[0], to[1] };
	memcpy(store, &c, sizeof c);
}

static void print_closure(const struct option *o, const void *store, struct buf *out)
{
	struct month_day_range c;

	(void)o;
	memcpy(&c, store, sizeof c);
	buf_fmt(out, "\"%02d-%02d..%02d-%02d\"", c.from_month, c.from_day, c.to_month, c.to_day);
}

static void read_date(struct reading *r, const struct option *o, const struct node *n, void *store)
{
	struct date d;

	if (date_parse(plain(n), &d))
		memcpy(store, &d, sizeof d);
	else
		wrong_value(r, o, n);
}

static void print_date(const struct option *o, const void *store, struct buf *out)
{
	char text[11];
	struct date d;

	(void)o;
	memcpy(&d, store, sizeof d);
	if (d.year == 0) {
		buf_str(out, "null");
		return;
	}
	date_format(d, text);
	buf_fmt(out, "\"%s\"", text);
}

static void read_date_text(struct reading *r, const struct option *o, const struct node *n, void *store)
{
	struct date d;
	char *copy;

	if (!date_parse(plain(n), &d)) {
		wrong_value(r, o, n);
		return;
	}
	copy = keep_copy(r->keep, n->text);
	memcpy(store, &copy, sizeof copy);
}

/* "17:15-08:30": an end that is not after the beginning is on the next day. */
static void read_shift(struct reading *r, const struct option *o, const struct node *n, void *store)
{
	struct slice s = plain(n);
	struct hours h = { .from = s.n == 11 && s.p[5] == '-' ? clock_time(s, 0) : -1,
			   .to = s.n == 11 ? clock_time(s, 6) : -1 };

	if (h.from < 0 || h.to < 0 || h.from == DAY) {
		wrong_value(r, o, n);
		return;
	}
	if (h.to <= h.from)
		h.to += DAY;
	memcpy(store, &h, sizeof h);
}

static void print_shift(const struct option *o, const void *store, struct buf *out)
{
	struct hours h;
	int32_t to;

	(void)o;
	memcpy(&h, store, sizeof h);
	to = h.to > DAY ? h.to - DAY : h.to;
	buf_fmt(out, "\"%02d:%02d-%02d:%02d\"", h.from / 3600, h.from / 60 % 60, to / 3600, to / 60 % 60);
}

static const char *const week_words[] = { NULL, "full", "half", "closed" }; /* by enum week_kind */

static void read_week_day(struct reading *r, const struct option *o, const struct node *n, void *store)
{
	struct slice s = plain(n);
	struct week_day d = { WEEK_HOURS, { 0, 0 } };

	for (int i = WEEK_FULL; i <= WEEK_CLOSED; i++)
		if (slice_is(s, week_words[i]))
			d.kind = (enum week_kind)i;
	if (d.kind == WEEK_HOURS)
		read_hours(r, o, n, &d.hours);
	memcpy(store, &d, sizeof d);
}

static void print_week_day(const struct option *o, const void *store, struct buf *out)
{
	struct week_day d;

	memcpy(&d, store, sizeof d);
	if (d.kind == WEEK_HOURS)
		print_hours(o, &d.hours, out);
	else
		buf_str(out, d.kind == WEEK_UNSET ? "null" : week_words[d.kind]);
}

/* A date, or the name of a holiday. */
static void read_open_holiday(struct reading *r, const struct option *o, const struct node *n, void *store)
{
	struct cfg_open_holiday h = { .name = NULL };

	if (!date_parse(plain(n), &h.date))
		type_text.read(r, o, n, &h.name);
	memcpy(store, &h, sizeof h);
}

static void print_open_holiday(const struct option *o, const void *store, struct buf *out)
{
	struct cfg_open_holiday h;

	memcpy(&h, store, sizeof h);
	if (h.name != NULL)
		type_text.print(o, &h.name, out);
	else
		print_date(o, &h.date, out);
}

/* "2026-11-28T22:00" by the site's clocks. */
static void read_wall(struct reading *r, const struct option *o, const struct node *n, void *store)
{
	struct slice s = plain(n);
	struct wall w;
	struct date d;

	w.second = s.n == 16 && (s.p[10] == 'T' || s.p[10] == ' ') ? clock_time(s, 11) : -1;
	if (w.second < 0 || !date_parse(slice_head(s, 10), &d)) {
		wrong_value(r, o, n);
		return;
	}
	w.days = date_to_days(d);
	memcpy(store, &w, sizeof w);
}

static void print_wall(const struct option *o, const void *store, struct buf *out)
{
	char text[11];
	struct wall w;

	(void)o;
	memcpy(&w, store, sizeof w);
	date_format(date_from_days(w.days), text);
	buf_fmt(out, "\"%sT%02d:%02d\"", text, w.second / 3600, w.second / 60 % 60);
}

#define TYPE(size, name) sizeof(size), read_##name, print_##name

static void print_date_text(const struct option *o, const void *store, struct buf *out)
{
	type_text.print(o, store, out);
}

const struct option_type type_hours = { "hours such as \"08:30-17:15\", or closed",
					TYPE(struct hours, hours) };
const struct option_type type_minutes = { "minutes from 0 to 1440", TYPE(int32_t, minutes) };
const struct option_type type_month_day = { "a month and day such as \"06-01\"",
					    TYPE(uint8_t[2], month_day) };
const struct option_type type_closure = { "a month and day or a range of them such as \"12-29..01-03\"",
					  TYPE(struct month_day_range, closure) };
const struct option_type type_date = { "an existing date such as 2026-11-23", TYPE(struct date, date) };
const struct option_type type_date_text = { "an existing date such as 2026-11-23",
					    TYPE(const char *, date_text) };
const struct option_type type_shift = { "hours such as \"17:15-08:30\"", TYPE(struct hours, shift) };
const struct option_type type_week_day = { "full, half, closed, or hours such as \"08:30-12:30\"",
					   TYPE(struct week_day, week_day) };
const struct option_type type_open_holiday = { "a date, the name of a holiday, or all",
					       TYPE(struct cfg_open_holiday, open_holiday) };
const struct option_type type_wall = { "a local time such as 2026-11-28T22:00", TYPE(struct wall, wall) };
