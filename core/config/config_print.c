#include <stdlib.h>

#include "core/config/reading.h"

#define VALUE_MAX (1 << 20) /* text of one option */

static void print_rows(const struct option *rows, size_t n, const uint8_t *base, unsigned depth,
		       struct buf *out);
static void print_option(const struct option *o, const uint8_t *base, unsigned depth, struct buf *out);

static void indent(struct buf *out, unsigned depth)
{
	while (depth-- > 0)
		buf_str(out, "  ");
}

static size_t count_of(const struct option *o, const uint8_t *base)
{
	size_t n;

	memcpy(&n, base + o->count, sizeof n);
	return n;
}

static const uint8_t *array_of(const struct option *o, const uint8_t *base)
{
	const uint8_t *array;

	memcpy(&array, base + o->at, sizeof array);
	return array;
}

/* The value of a ONE or MANY row on one line. */
static void print_value(const struct option *o, const uint8_t *base, struct buf *out)
{
	const uint8_t *array;
	size_t i, n;

	if (o->shape == ONE) {
		o->type->print(o, base + o->at, out);
		return;
	}
	n = count_of(o, base);
	array = array_of(o, base);
	buf_byte(out, '[');
	for (i = 0; i < n; i++) {
		buf_str(out, i == 0 ? "" : ", ");
		o->type->print(o, array + i * o->type->size, out);
	}
	buf_byte(out, ']');
}

static void print_records(const struct option *o, const uint8_t *base, unsigned depth, struct buf *out)
{
	const uint8_t *array = array_of(o, base);
	size_t i, n = count_of(o, base);
	const char *name;

	buf_byte(out, '\n');
	for (i = 0; i < n; i++, array += o->record) {
		indent(out, depth);
		if (o->shape == RECORDS) { /* the first key, a name or id, stands behind the dash */
			buf_str(out, "- ");
			print_option(o->table->rows, array, depth + 1, out);
			print_rows(o->table->rows + 1, o->table->n - 1, array, depth + 1, out);
		} else {
			memcpy(&name, array, sizeof name);
			print_quoted(out, slice_str(name));
			buf_str(out, ":\n");
			print_rows(o->table->rows, o->table->n, array, depth + 1, out);
		}
	}
}

/* Is the value what the row's default gives? Both are printed and compared, so that "default" on the
 * screen means just this. */
static bool is_default(const struct option *o, const struct buf *value, unsigned depth)
{
	_Alignas(max_align_t) uint8_t base[sizeof(struct config)] = { 0 };
	struct keep keep = { 0 };
	struct problems none;
	struct reading r = { .keep = &keep, .problems = &none };
	struct buf text;
	bool same;

	if (o->preset == NULL) /* "not set"; a value that comes from another option is none of its own */
		return slice_is(buf_slice(value), "null") || slice_is(buf_slice(value), "[]");
	problems_init(&none, NULL);
	buf_init(&text, VALUE_MAX);
	read_preset(&r, o, base);
	if (o->shape == RECORDS || o->shape == NAMED)
		print_records(o, base, depth, &text);
	else
		print_value(o, base, &text);
	same = !text.failed && slice_eq(buf_slice(&text), buf_slice(value));
	buf_free(&text);
	problems_free(&none);
	free(r.seen);
	keep_free(&keep);
	return same;
}

static void print_option(const struct option *o, const uint8_t *base, unsigned depth, struct buf *out)
{
	bool records = o->shape == RECORDS || o->shape == NAMED, preset;
	struct buf value;

	buf_init(&value, records ? out->max : VALUE_MAX);
	if (records)
		print_records(o, base, depth + 1, &value);
	else
		print_value(o, base, &value);
	preset = is_default(o, &value, depth + 1);
	buf_fmt(out, "%s:", o->key);
	if (records && count_of(o, base) == 0) {
		buf_fmt(out, " %s  # default\n", o->shape == RECORDS ? "[]" : "{}");
	} else if (records) {
		buf_str(out, preset ? "  # default" : "");
		buf_add(out, buf_slice(&value));
	} else {
		buf_byte(out, ' ');
		buf_add(out, buf_slice(&value));
		buf_str(out, preset && (o->flags & REQUIRED) == 0 ? "  # default\n" : "\n");
	}
	out->failed |= value.failed;
	buf_free(&value);
}

static void print_prefixed(const struct option *o, const uint8_t *base, unsigned depth, struct buf *out)
{
	const uint8_t *record = array_of(o, base);
	size_t i, n = count_of(o, base);
	const char *name;

	for (i = 0; i < n; i++, record += o->record) {
		memcpy(&name, record, sizeof name);
		indent(out, depth);
		buf_fmt(out, "\"%s%s\": ", o->key, name);
		o->type->print(o, record + sizeof name, out);
		buf_byte(out, '\n');
	}
}

static void print_rows(const struct option *rows, size_t n, const uint8_t *base, unsigned depth,
		       struct buf *out)
{
	const struct option *o;

	for (o = rows; o < rows + n; o++) {
		if ((o->flags & LATER) != 0) /* not in force */
			continue;
		if (o->shape == PREFIXED) {
			print_prefixed(o, base, depth, out);
			continue;
		}
		indent(out, depth);
		if (o->shape == SECTION) {
			buf_fmt(out, "%s:\n", o->key);
			print_rows(o->table->rows, o->table->n, base, depth + 1, out);
		} else {
			print_option(o, base, depth, out);
		}
	}
}

void config_print(const struct config *c, struct buf *out)
{
	print_rows(config_options.rows, config_options.n, (const uint8_t *)c, 0, out);
}
