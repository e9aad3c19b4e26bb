#include "core/base/csv_table.h"

#include <iconv.h>
#include <stdlib.h>
#include <string.h>

struct place {
	size_t first, n; /* of its fields */
	uint32_t line;
};

struct csv_table {
	uint8_t *text; /* UTF-8; fields are undone in their place */
	size_t text_n;
	struct csv_field *field;
	size_t n_fields, cap_fields;
	struct place *row;
	size_t n_rows, cap_rows;
};

void csv_table_free(struct csv_table *c)
{
	if (c == NULL)
		return;
	if (c->text != NULL)
		explicit_bzero(c->text, c->text_n); /* it may have held keys */
	free(c->text);
	free(c->field);
	free(c->row);
	free(c);
}

/* One conversion of all of it. False: the bytes are not of this encoding (*at: the first that is not). */
static bool convert(struct csv_table *c, struct slice in, const char *encoding, size_t *at,
		    struct csv_problem *problem)
{
	iconv_t cd = iconv_open("UTF-8", encoding);
	size_t room = in.n * 3 + 1, left = room - 1, rest = in.n; /* a NUL behind the last field */
	char *to, *from = (char *)(uintptr_t)in.p;
	bool good;

	problem->text = "this system does not know the encoding CP932";
	if (cd == (iconv_t)-1)
		return false;
	problem->text = "no memory";
	c->text = malloc(room);
	to = (char *)c->text;
	good = c->text != NULL && (in.n == 0 || iconv(cd, &from, &rest, &to, &left) != (size_t)-1);
	iconv_close(cd);
	c->text_n = c->text == NULL ? 0 : (size_t)(to - (char *)c->text);
	*at = in.n - rest;
	if (good || c->text == NULL)
		return good;
	explicit_bzero(c->text, c->text_n);
	free(c->text);
	c->text = NULL;
	problem->text = "not UTF-8, and not CP932 (Shift_JIS) either";
	return false;
}

static bool to_utf8(struct csv_table *c, struct slice in, struct csv_problem *problem)
{
	size_t utf8_at = 0, at = 0;

	if (slice_starts(in, SLICE("\xef\xbb\xbf")))
		in = slice_from(in, 3);
	if (in.n >= 2 && ((in.p[0] == 0xff && in.p[1] == 0xfe) || (in.p[0] == 0xfe && in.p[1] == 0xff))) {
		problem->text = "UTF-16 is not read; save it as CSV in UTF-8";
		return false;
	}
	if (in.n > 0 && memchr(in.p, 0, in.n) != NULL) {
		problem->text = "holds a NUL byte: expected text in UTF-8 or CP932";
		return false;
	}
	if (convert(c, in, "UTF-8", &utf8_at, problem) ||
	    (utf8_at < in.n && convert(c, in, "CP932", &at, problem)))
		return true;
	for (size_t i = 0, line = 0; i < in.n && i < utf8_at; i++) {
		line = in.p[i] == '\n' ? i + 1 : line;
		problem->line += in.p[i] == '\n';
		problem->column = (uint32_t)(i + 2 - line);
	}
	return false;
}

/* Room for one more of `size` bytes behind n of them. */
static bool grow(void *array, size_t n, size_t *cap, size_t size)
{
	size_t more = *cap == 0 ? 256 : *cap * 2;
	void *old, *new;

	if (n < *cap)
		return true;
	memcpy(&old, array, sizeof old);
	new = reallocarray(old, more, size);
	if (new == NULL)
		return false;
	memcpy(array, &new, sizeof new);
	*cap = more;
	return true;
}

/* Where the reader stands. */
struct cursor {
	size_t i;
	uint32_t line, column;
};

static void step(const struct csv_table *c, struct cursor *at)
{
	uint8_t b = c->text[at->i++];

	if (b == '\n' || (b == '\r' && (at->i == c->text_n || c->text[at->i] != '\n'))) {
		at->line++;
		at->column = 1;
	} else if (b != '\r') {
		at->column += (b & 0xc0) != 0x80;
	}
}

static bool ends_field(const struct csv_table *c, const struct cursor *at)
{
	return at->i >= c->text_n || c->text[at->i] == ',' || c->text[at->i] == '\n' ||
	       c->text[at->i] == '\r';
}

static void skip_blanks(const struct csv_table *c, struct cursor *at)
{
	while (at->i < c->text_n && (c->text[at->i] == ' ' || c->text[at->i] == '\t'))
		step(c, at);
}

static const char *take_quoted(struct csv_table *c, struct cursor *at, struct csv_field *f)
{
	uint8_t *out = c->text + at->i;

	f->text.p = out;
	step(c, at);
	for (;;) {
		if (at->i >= c->text_n)
			return "the quotes that open here are not closed";
		if (c->text[at->i] == '"') {
			step(c, at);
			if (at->i >= c->text_n || c->text[at->i] != '"')
				break;
		}
		*out = c->text[at->i];
		step(c, at);
		out++;
	}
	f->text.n = (size_t)(out - f->text.p);
	skip_blanks(c, at);
	return ends_field(c, at) ? NULL : "text behind closing quotes; quotes inside are written twice";
}

static const char *take_field(struct csv_table *c, struct cursor *at, struct csv_field *f)
{
	skip_blanks(c, at);
	*f = (struct csv_field){ { c->text + at->i, 0 }, at->line, at->column };
	if (at->i < c->text_n && c->text[at->i] == '"')
		return take_quoted(c, at, f);
	while (!ends_field(c, at)) {
		step(c, at);
		f->text.n = (size_t)(c->text + at->i - f->text.p);
	}
	while (f->text.n > 0 && (f->text.p[f->text.n - 1] == ' ' || f->text.p[f->text.n - 1] == '\t'))
		f->text.n--;
	return NULL;
}

static const char *take_row(struct csv_table *c, struct cursor *at, struct csv_problem *where)
{
	size_t first = c->n_fields;
	uint32_t line = at->line;
	const char *wrong;

	for (;;) {
		if (!grow(&c->field, c->n_fields, &c->cap_fields, sizeof *c->field))
			return "no memory";
		wrong = take_field(c, at, &c->field[c->n_fields]);
		where->line = c->field[c->n_fields].line;
		where->column = c->field[c->n_fields].column;
		if (wrong != NULL)
			return wrong;
		c->n_fields++;
		if (at->i >= c->text_n || c->text[at->i] != ',')
			break;
		step(c, at);
	}
	if (at->i < c->text_n) { /* CRLF is one end */
		bool both = c->text[at->i] == '\r' && at->i + 1 < c->text_n && c->text[at->i + 1] == '\n';

		step(c, at);
		if (both)
			step(c, at);
	}
	if (c->n_fields - first == 1 && c->field[first].text.n == 0) { /* a blank line */
		c->n_fields = first;
		return NULL;
	}
	if (c->n_rows == CSV_ROWS_MAX)
		return "too many rows";
	if (!grow(&c->row, c->n_rows, &c->cap_rows, sizeof *c->row))
		return "no memory";
	c->row[c->n_rows++] = (struct place){ first, c->n_fields - first, line };
	return NULL;
}

struct csv_table *csv_table_read(struct slice bytes, struct csv_problem *problem)
{
	struct csv_table *c = calloc(1, sizeof *c);
	struct cursor at = { 0, 1, 1 };

	*problem = (struct csv_problem){ 1, 1, "no memory" };
	if (c == NULL || !to_utf8(c, bytes, problem)) {
		csv_table_free(c);
		return NULL;
	}
	while (at.i < c->text_n) {
		const char *wrong = take_row(c, &at, problem);

		if (wrong == NULL)
			continue;
		problem->text = wrong;
		csv_table_free(c);
		return NULL;
	}
	for (size_t i = 0; i < c->n_fields; i++) /* a comma, a quote, a blank or a line's end stood there */
		c->text[(size_t)(c->field[i].text.p - c->text) + c->field[i].text.n] = 0;
	return c;
}

size_t csv_table_rows(const struct csv_table *c)
{
	return c->n_rows;
}

struct csv_row csv_table_row(const struct csv_table *c, size_t i)
{
	return (struct csv_row){ c->field + c->row[i].first, c->row[i].n, c->row[i].line };
}

struct csv_field csv_field(const struct csv_row *row, size_t i)
{
	return i < row->n ? row->field[i] : (struct csv_field){ { NULL, 0 }, row->line, 1 };
}

/* The next byte that counts in a name, in lower case; 0: none. */
static uint8_t next_byte(struct slice *s)
{
	while (s->n > 0) {
		uint8_t b = s->p[0];

		if (slice_starts(*s, SLICE("\u3000"))) {
			*s = slice_from(*s, 3);
			continue;
		}
		*s = slice_from(*s, 1);
		if (b != ' ' && b != '_' && b != '-' && b != '\t')
			return b >= 'A' && b <= 'Z' ? b | 0x20 : b;
	}
	return 0;
}

static bool same_name(struct slice a, struct slice b)
{
	uint8_t x, y;

	do {
		x = next_byte(&a);
		y = next_byte(&b);
	} while (x == y && x != 0);
	return x == y;
}

size_t csv_column(const struct csv_row *header, const struct csv_column *column)
{
	for (size_t k = 0; k < CSV_NAMES && column->name[k] != NULL; k++)
		for (size_t i = 0; i < header->n; i++)
			if (same_name(header->field[i].text, slice_str(column->name[k])))
				return i;
	return CSV_NO_COLUMN;
}
