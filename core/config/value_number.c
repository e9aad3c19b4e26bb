#include "core/base/json.h"
#include "core/config/reading.h"

#define PICO 12
#define MICRO 6

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

static bool whole_number(const struct node *n, int64_t max, int64_t *v)
{
	return n->kind == NODE_SCALAR && node_scalar_type(n) == SCALAR_INT && json_i64(n->text, v) &&
	       *v >= 0 && *v <= max;
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

/* A decimal that is not negative, times 10^digits, exactly: no money passes through a double. */
static bool decimal(const struct node *n, int digits, int64_t *v)
{
	enum scalar_type type = n->kind == NODE_SCALAR ? node_scalar_type(n) : SCALAR_NULL;

	return (type == SCALAR_INT || type == SCALAR_DECIMAL) && json_decimal(n->text, digits, v) && *v >= 0;
}

static void print_decimal(int64_t v, int digits, struct buf *out)
{
	int64_t unit = 1;
	int i;

	for (i = 0; i < digits; i++)
		unit *= 10;
	buf_i64(out, v / unit);
	v %= unit;
	if (v != 0)
		buf_byte(out, '.');
	for (; v != 0; v %= unit) {
		unit /= 10;
		buf_byte(out, (uint8_t)('0' + v / unit));
	}
}

static void read_positive(struct reading *r, const struct option *o, const struct node *n, int digits,
			  void *store)
{
	int64_t v;

	if (decimal(n, digits, &v) && v > 0) /* 0 means "not set" */
		memcpy(store, &v, sizeof v);
	else
		wrong_value(r, o, n);
}

static void print_positive(const void *store, int digits, struct buf *out)
{
	int64_t v;

	memcpy(&v, store, sizeof v);
	if (v == 0)
		buf_str(out, "null");
	else
		print_decimal(v, digits, out);
}

static void read_usd(struct reading *r, const struct option *o, const struct node *n, void *store)
{
	read_positive(r, o, n, PICO, store);
}

static void print_usd(const struct option *o, const void *store, struct buf *out)
{
	(void)o;
	print_positive(store, PICO, out);
}

static void read_rate(struct reading *r, const struct option *o, const struct node *n, void *store)
{
	read_positive(r, o, n, MICRO, store);
}

static void print_rate(const struct option *o, const void *store, struct buf *out)
{
	(void)o;
	print_positive(store, MICRO, out);
}

static void read_count(struct reading *r, const struct option *o, const struct node *n, void *store)
{
	int64_t v;

	if (whole_number(n, INT64_MAX, &v))
		memcpy(store, &v, sizeof v);
	else
		wrong_value(r, o, n);
}

static void print_count(const struct option *o, const void *store, struct buf *out)
{
	int64_t v;

	(void)o;
	memcpy(&v, store, sizeof v);
	buf_i64(out, v);
}

static void read_range(struct reading *r, const struct option *o, const struct node *n, int digits,
		       void *store)
{
	const struct node *low = n->kind == NODE_SEQ ? n->child : NULL,
			  *high = low == NULL ? NULL : low->next;
	struct range_i64 v;

	if (high == NULL || high->next != NULL) {
		wrong_value(r, o, n);
		return;
	}
	if (digits == 0 ? !whole_number(low, INT64_MAX, &v.low) : !decimal(low, digits, &v.low))
		wrong_value(r, o, low);
	else if (digits == 0 ? !whole_number(high, INT64_MAX, &v.high) : !decimal(high, digits, &v.high))
		wrong_value(r, o, high);
	else if (v.low > v.high)
		problem_at(r->problems, n, "'%s': the lower bound comes first: [%.*s, %.*s]", o->key,
			   (int)slice_head(high->text, 40).n, (const char *)high->text.p,
			   (int)slice_head(low->text, 40).n, (const char *)low->text.p);
	else
		memcpy(store, &v, sizeof v);
}

static void print_range(const void *store, int digits, struct buf *out)
{
	struct range_i64 v;

	memcpy(&v, store, sizeof v);
	buf_byte(out, '[');
	print_decimal(v.low, digits, out);
	buf_str(out, ", ");
	print_decimal(v.high, digits, out);
	buf_byte(out, ']');
}

static void read_count_range(struct reading *r, const struct option *o, const struct node *n, void *store)
{
	read_range(r, o, n, 0, store);
}

static void print_count_range(const struct option *o, const void *store, struct buf *out)
{
	(void)o;
	print_range(store, 0, out);
}

static void read_usd_range(struct reading *r, const struct option *o, const struct node *n, void *store)
{
	read_range(r, o, n, PICO, store);
}

static void print_usd_range(const struct option *o, const void *store, struct buf *out)
{
	(void)o;
	print_range(store, PICO, out);
}

static const struct {
	char letter;
	unsigned shift;
} size_units[] = { { 'G', 30 }, { 'M', 20 }, { 'K', 10 } };

/* Bytes, or KiB, MiB, GiB: "64M". */
static void read_size(struct reading *r, const struct option *o, const struct node *n, void *store)
{
	struct node digits = *n;
	unsigned shift = 0;
	int64_t v;

	for (size_t i = 0; n->kind == NODE_SCALAR && i < COUNT(size_units); i++)
		if (n->text.n > 1 && n->text.p[n->text.n - 1] == size_units[i].letter) {
			shift = size_units[i].shift;
			digits.text = slice_head(n->text, n->text.n - 1);
			digits.quoted = false;
		}
	if (!whole_number(&digits, INT64_MAX >> shift, &v)) {
		wrong_value(r, o, n);
		return;
	}
	v <<= shift;
	memcpy(store, &v, sizeof v);
}

static void print_size(const struct option *o, const void *store, struct buf *out)
{
	int64_t v;
	size_t i = 0;

	(void)o;
	memcpy(&v, store, sizeof v);
	while (i < COUNT(size_units) && (v == 0 || v % (INT64_C(1) << size_units[i].shift) != 0))
		i++;
	buf_i64(out, i == COUNT(size_units) ? v : v >> size_units[i].shift);
	if (i < COUNT(size_units))
		buf_byte(out, (uint8_t)size_units[i].letter);
}

static void read_bool(struct reading *r, const struct option *o, const struct node *n, void *store)
{
	bool v = n->kind == NODE_SCALAR && n->text.n == 4; /* true, True, TRUE */

	if (n->kind == NODE_SCALAR && node_scalar_type(n) == SCALAR_BOOL)
		memcpy(store, &v, sizeof v);
	else
		wrong_value(r, o, n);
}

static void print_bool(const struct option *o, const void *store, struct buf *out)
{
	bool v;

	(void)o;
	memcpy(&v, store, sizeof v);
	buf_str(out, v ? "true" : "false");
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
const struct option_type type_usd = { "an amount in USD above 0 and up to 9223372 such as 3000 or 49.50",
				      TYPE(int64_t, usd) };
const struct option_type type_rate = { "a rate above 0 such as 150.25", TYPE(int64_t, rate) };
const struct option_type type_count = { "a whole number from 0", TYPE(int64_t, count) };
const struct option_type type_count_range = { "two whole numbers such as [500, 2000]",
					      TYPE(struct range_i64, count_range) };
const struct option_type type_usd_range = { "two amounts in USD such as [50, 200]",
					    TYPE(struct range_i64, usd_range) };
const struct option_type type_size = { "a number of bytes such as 65535, 256K or 64M", TYPE(int64_t, size) };
const struct option_type type_bool = { "true or false", TYPE(bool, bool) };
