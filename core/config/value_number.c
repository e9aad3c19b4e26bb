#include "core/base/json.h"
#include "core/config/reading.h"

#define PICO 12
#define MICRO 6

bool whole_number(const struct node *n, int64_t max, int64_t *v)
{
	return n->kind == NODE_SCALAR && node_scalar_type(n) == SCALAR_INT && json_i64(n->text, v) &&
	       *v >= 0 && *v <= max;
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

/* Within an hour. */
static void read_seconds(struct reading *r, const struct option *o, const struct node *n, void *store)
{
	int64_t v;

	if (whole_number(n, 3600, &v))
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

/* Days, months or years: "400d", "18m", "5y". */
static void read_period(struct reading *r, const struct option *o, const struct node *n, void *store)
{
	struct node digits = *n;
	struct cfg_period v = { 0, 0 };

	if (n->kind == NODE_SCALAR && n->text.n > 1 && memchr("dmy", n->text.p[n->text.n - 1], 3) != NULL) {
		v.unit = n->text.p[n->text.n - 1];
		digits.text = slice_head(n->text, n->text.n - 1);
		digits.quoted = false;
	}
	if (v.unit == 0 || !whole_number(&digits, 1000, &v.n) || v.n == 0)
		wrong_value(r, o, n);
	else
		memcpy(store, &v, sizeof v);
}

static void print_period(const struct option *o, const void *store, struct buf *out)
{
	struct cfg_period v;

	(void)o;
	memcpy(&v, store, sizeof v);
	if (v.unit == 0) {
		buf_str(out, "null");
		return;
	}
	buf_i64(out, v.n);
	buf_byte(out, (uint8_t)v.unit);
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
const struct option_type type_usd = { "an amount in USD above 0 and up to 9223372 such as 3000 or 49.50",
				      TYPE(int64_t, usd) };
const struct option_type type_rate = { "a rate above 0 such as 150.25", TYPE(int64_t, rate) };
const struct option_type type_count = { "a whole number from 0", TYPE(int64_t, count) };
const struct option_type type_seconds = { "seconds from 0 to 3600", sizeof(int64_t), read_seconds,
					  print_count };
const struct option_type type_count_range = { "two whole numbers such as [500, 2000]",
					      TYPE(struct range_i64, count_range) };
const struct option_type type_usd_range = { "two amounts in USD such as [50, 200]",
					    TYPE(struct range_i64, usd_range) };
const struct option_type type_size = { "a number of bytes such as 65535, 256K or 64M", TYPE(int64_t, size) };
const struct option_type type_period = { "a period such as 5y, 18m or 400d",
					 TYPE(struct cfg_period, period) };
const struct option_type type_bool = { "true or false", TYPE(bool, bool) };
