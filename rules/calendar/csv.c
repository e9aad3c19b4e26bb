#include "rules/calendar/csv.h"

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>

#include "core/base/zone.h"

/* One conversion of all of it. NULL with errno: EILSEQ where the bytes are not of this encoding. */
static char *convert(struct slice in, const char *encoding, size_t *n)
{
	iconv_t cd = iconv_open("UTF-8", encoding);
	size_t room = in.n * 3 + 1, left = room - 1, rest = in.n;
	char *out, *to, *from = (char *)(uintptr_t)in.p;

	if (cd == (iconv_t)-1)
		return NULL;
	out = to = malloc(room);
	if (out != NULL && in.n > 0 && iconv(cd, &from, &rest, &to, &left) == (size_t)-1) {
		free(out);
		out = NULL;
		errno = EILSEQ;
	}
	iconv_close(cd);
	if (out != NULL) {
		*n = (size_t)(to - out);
		*to = 0;
	}
	return out;
}

int csv_open(struct csv *c, struct slice bytes, struct err *e)
{
	size_t n = 0;

	*c = (struct csv){ 0 };
	if (slice_starts(bytes, SLICE("\xef\xbb\xbf")))
		bytes = slice_from(bytes, 3);
	if (bytes.n > 0 && memchr(bytes.p, 0, bytes.n) != NULL)
		return err_set(e, TK_ECONFIG, "holds a NUL byte: expected text in UTF-8 or CP932");
	c->text = convert(bytes, "UTF-8", &n);
	if (c->text == NULL && errno == EILSEQ)
		c->text = convert(bytes, "CP932", &n);
	if (c->text == NULL)
		return errno == EILSEQ ? err_set(e, TK_ECONFIG, "neither UTF-8 nor CP932")
				       : err_set(e, TK_ENOMEM, "no memory");
	c->rest = slice_of(c->text, n);
	return TK_OK;
}

void csv_close(struct csv *c)
{
	free(c->text);
	*c = (struct csv){ 0 };
}

static uint32_t characters(struct slice t)
{
	uint32_t n = 0;

	for (size_t i = 0; i < t.n; i++)
		n += (t.p[i] & 0xc0) != 0x80;
	return n;
}

static struct slice trim(struct slice t)
{
	while (t.n > 0 && (t.p[0] == ' ' || t.p[0] == '\t'))
		t = slice_from(t, 1);
	while (t.n > 0 && (t.p[t.n - 1] == ' ' || t.p[t.n - 1] == '\t'))
		t.n--;
	return t;
}

/* Behind the closing quote of the field at line[at]; SIZE_MAX: there is none. */
static size_t quoted_end(struct slice line, size_t at)
{
	while (++at < line.n)
		if (line.p[at] == '"' && (++at >= line.n || line.p[at] != '"'))
			return at;
	return SIZE_MAX;
}

/* "a ""b""" without its quotes, closed up in place. */
static struct slice unquote(struct slice t)
{
	uint8_t *to = (uint8_t *)(uintptr_t)t.p;
	size_t n = 0;

	for (size_t i = 1; i + 1 < t.n; i++) {
		i += t.p[i] == '"';
		to[n++] = t.p[i];
	}
	return slice_of(to, n);
}

static bool fail(struct csv *c, uint32_t column, const char *why)
{
	c->wrong = why;
	c->wrong_column = column;
	return false;
}

static bool split(struct csv *c, struct slice line)
{
	size_t at = 0, end;
	uint32_t column = 1, width;

	for (c->n = 0;; c->n++, at = end + 1, column += width + 1) {
		struct slice text;

		width = 0;
		if (c->n == CSV_CELLS)
			return fail(c, column, "too many fields");
		if (at < line.n && line.p[at] == '"') {
			end = quoted_end(line, at);
			if (end == SIZE_MAX)
				return fail(c, column, "the quote is not closed on its line");
			if (end < line.n && line.p[end] != ',')
				return fail(c, column, "a comma is missing behind the quote");
			width = characters(slice_of(line.p + at, end - at));
			text = unquote(slice_of(line.p + at, end - at));
		} else {
			const uint8_t *comma = at < line.n ? memchr(line.p + at, ',', line.n - at) : NULL;

			end = comma == NULL ? line.n : (size_t)(comma - line.p);
			width = characters(slice_of(line.p + at, end - at));
			text = trim(slice_of(line.p + at, end - at));
		}
		c->cell[c->n] = (struct csv_cell){ text.n > 0 ? text : slice_of(line.p + at, 0), column };
		if (end >= line.n) {
			c->n++;
			break;
		}
	}
	for (size_t i = 0; i < c->n; i++) /* a comma, a quote, a blank or the line's end stood there */
		((uint8_t *)(uintptr_t)c->cell[i].text.p)[c->cell[i].text.n] = 0;
	return true;
}

bool csv_row(struct csv *c)
{
	while (c->rest.n > 0) {
		const uint8_t *end = memchr(c->rest.p, '\n', c->rest.n);
		struct slice line = end == NULL ? c->rest : slice_head(c->rest, (size_t)(end - c->rest.p));

		c->rest = slice_from(c->rest, line.n + 1);
		c->line++;
		if (line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		if (trim(line).n > 0)
			return split(c, line);
	}
	return false;
}

bool csv_is_header(const struct csv *c, const char *const *words, size_t n)
{
	for (size_t i = 0; i < c->n; i++)
		if (!slice_is(c->cell[i].text, i < n ? words[i] : ""))
			return false;
	return c->n >= n;
}

void csv_put(struct buf *out, struct slice text)
{
	bool plain = true;

	for (size_t i = 0; i < text.n; i++)
		plain = plain && text.p[i] != ',' && text.p[i] != '"';
	plain = plain && (text.n == 0 || (text.p[0] != ' ' && text.p[text.n - 1] != ' '));
	if (plain) {
		buf_add(out, text);
		return;
	}
	buf_byte(out, '"');
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '"')
			buf_byte(out, '"');
		buf_byte(out, text.p[i]);
	}
	buf_byte(out, '"');
}

/* `min` to `max` digits at t[*at], then `end` unless that is 0. */
static bool number(struct slice t, size_t *at, size_t min, size_t max, char end, int32_t *out)
{
	size_t start = *at;

	*out = 0;
	while (*at < t.n && *at - start < max && t.p[*at] >= '0' && t.p[*at] <= '9')
		*out = *out * 10 + (t.p[(*at)++] - '0');
	if (*at - start < min)
		return false;
	if (end == 0)
		return *at == t.n;
	return *at < t.n && t.p[(*at)++] == (uint8_t)end;
}

bool csv_date(struct slice t, int32_t *days)
{
	struct date d, same;
	int32_t y, m, day;
	size_t at = 0;

	if (date_parse(t, &d)) {
		*days = date_to_days(d);
		return true;
	}
	if (!number(t, &at, 4, 4, '/', &y) || !number(t, &at, 1, 2, '/', &m) ||
	    !number(t, &at, 1, 2, 0, &day))
		return false;
	if (m < 1 || m > 12 || day < 1)
		return false;
	d = (struct date){ .year = y, .month = (uint8_t)m, .day = (uint8_t)day };
	*days = date_to_days(d);
	same = date_from_days(*days);
	return same.month == d.month && same.day == d.day;
}

bool csv_clock(struct slice t, int32_t *second)
{
	int32_t h, m;
	size_t at = 0;

	if (!number(t, &at, 1, 2, ':', &h) || !number(t, &at, 2, 2, 0, &m))
		return false;
	*second = h * 3600 + m * 60;
	return m < 60 && (h < 24 || (h == 24 && m == 0));
}

int problems_to_err(const struct problems *p, struct err *e)
{
	for (size_t i = 0; i < p->n; i++)
		if (!p->list[i].warning && p->list[i].line == 0)
			return err_set(e, TK_ECONFIG, "%s: %s", p->file, p->list[i].text);
		else if (!p->list[i].warning)
			return err_set(e, TK_ECONFIG, "%s:%u:%u: %s", p->file, p->list[i].line,
				       p->list[i].column, p->list[i].text);
	return err_set(e, TK_ENOMEM, "%s: no memory", p->file);
}
