#include "rules/calendar/holiday_list.h"

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>

#include "core/base/sys.h"
#include "core/base/zone.h"

#define FILE_MAX_BYTES (1 << 20)
#define FIRST_YEAR 1948
#define YEARS 200
#define ROWS_OF_A_YEAR 10

struct row {
	int32_t days;
	const char *name; /* into text */
};

struct holiday_list {
	char *text; /* UTF-8; names end in NUL there */
	struct row *rows;
	size_t n, cap;
	uint16_t count[YEARS];
	bool new_year[YEARS];
};

void holiday_list_free(struct holiday_list *l)
{
	if (l == NULL)
		return;
	free(l->rows);
	free(l->text);
	free(l);
}

/* One conversion of all of it. NULL with errno: the bytes are not of this encoding. */
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

static char *to_utf8(struct slice in, size_t *n)
{
	char *text;

	if (slice_starts(in, SLICE("\xef\xbb\xbf")))
		in = slice_from(in, 3);
	text = convert(in, "UTF-8", n);
	return text != NULL || errno != EILSEQ ? text : convert(in, "CP932", n);
}

/* One or two digits at t[*at], then `end` unless that is 0. */
static bool number(struct slice t, size_t *at, size_t max, char end, int32_t *out)
{
	size_t start = *at;

	*out = 0;
	while (*at < t.n && *at - start < max && t.p[*at] >= '0' && t.p[*at] <= '9')
		*out = *out * 10 + (t.p[(*at)++] - '0');
	if (*at == start)
		return false;
	if (end == 0)
		return *at == t.n;
	return *at < t.n && t.p[(*at)++] == (uint8_t)end;
}

/* "2026/1/1" or "2026-01-01". */
static bool parse_day(struct slice t, int32_t *days)
{
	struct date d, same;
	int32_t y, m, day;
	size_t at = 0;

	if (date_parse(t, &d)) {
		*days = date_to_days(d);
		return true;
	}
	if (!number(t, &at, 4, '/', &y) || !number(t, &at, 2, '/', &m) || !number(t, &at, 2, 0, &day))
		return false;
	if (m < 1 || m > 12 || day < 1)
		return false;
	d = (struct date){ .year = y, .month = (uint8_t)m, .day = (uint8_t)day };
	*days = date_to_days(d);
	same = date_from_days(*days);
	return same.month == d.month && same.day == d.day;
}

static bool add_row(struct holiday_list *l, int32_t days, const char *name)
{
	if (l->n == l->cap) {
		size_t cap = l->cap == 0 ? 1024 : l->cap * 2;
		struct row *rows = realloc(l->rows, cap * sizeof *rows);

		if (rows == NULL)
			return false;
		l->rows = rows;
		l->cap = cap;
	}
	l->rows[l->n++] = (struct row){ .days = days, .name = name };
	return true;
}

/* A field without its quotes. */
static struct slice unquote(struct slice t)
{
	return t.n >= 2 && t.p[0] == '"' && t.p[t.n - 1] == '"' ? slice_of(t.p + 1, t.n - 2) : t;
}

static int read_row(struct holiday_list *l, struct slice line, const char *file, size_t number_of_line,
		    struct err *e)
{
	const uint8_t *comma = memchr(line.p, ',', line.n);
	struct slice day, name;
	int32_t days, year;

	if (comma == NULL)
		return err_set(e, TK_ECONFIG, "%s:%zu: not DATE,NAME", file, number_of_line);
	day = unquote(slice_head(line, (size_t)(comma - line.p)));
	name = unquote(slice_from(line, (size_t)(comma - line.p) + 1));
	if (!parse_day(day, &days))
		return err_set(e, TK_ECONFIG, "%s:%zu: no date as 2026/1/1 or 2026-01-01", file,
			       number_of_line);
	year = date_from_days(days).year;
	if (year < FIRST_YEAR || year >= FIRST_YEAR + YEARS)
		return err_set(e, TK_ECONFIG, "%s:%zu: the year is not from %d to %d", file, number_of_line,
			       FIRST_YEAR, FIRST_YEAR + YEARS - 1);
	if (name.n == 0)
		return err_set(e, TK_ECONFIG, "%s:%zu: the name is empty", file, number_of_line);
	((char *)(uintptr_t)name.p)[name.n] = 0; /* a quote, the line's end or the text's NUL stood there */
	if (!add_row(l, days, (const char *)name.p))
		return err_set(e, TK_ENOMEM, "no memory");
	l->count[year - FIRST_YEAR]++;
	if (days == date_to_days((struct date){ year, 1, 1 }))
		l->new_year[year - FIRST_YEAR] = true;
	return TK_OK;
}

static bool is_header(struct slice line)
{
	return slice_starts(line, SLICE("国民の祝日")) || slice_starts(line, SLICE("date"));
}

static int read_rows(struct holiday_list *l, size_t n, const char *file, struct err *e)
{
	struct slice rest = slice_of(l->text, n);

	for (size_t line_no = 1; rest.n > 0; line_no++) {
		const uint8_t *end = memchr(rest.p, '\n', rest.n);
		struct slice line = end == NULL ? rest : slice_head(rest, (size_t)(end - rest.p));
		int rc;

		rest = slice_from(rest, line.n + 1);
		if (line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		if (line.n == 0 || (line_no == 1 && is_header(line)))
			continue;
		rc = read_row(l, line, file, line_no, e);
		if (rc != TK_OK)
			return rc;
	}
	return TK_OK;
}

static int by_day(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	return (x->days > y->days) - (x->days < y->days);
}

static int check(struct holiday_list *l, const char *file, struct err *e)
{
	bool any = false;
	char day[11];

	if (l->n > 0)
		qsort(l->rows, l->n, sizeof *l->rows, by_day);
	for (size_t i = 1; i < l->n; i++)
		if (l->rows[i].days == l->rows[i - 1].days) {
			date_format(date_from_days(l->rows[i].days), day);
			return err_set(e, TK_ECONFIG, "%s: %s is there twice", file, day);
		}
	for (int32_t y = 0; y < YEARS; y++)
		any = any || holiday_list_has(l, FIRST_YEAR + y);
	if (!any)
		return err_set(e, TK_ECONFIG,
			       "%s: no year in it is complete (10 days or more, January 1st among them)",
			       file);
	return TK_OK;
}

struct holiday_list *holiday_list_parse(struct slice text, const char *name, struct err *e)
{
	struct holiday_list *l = calloc(1, sizeof *l);
	size_t n = 0;

	if (l == NULL) {
		err_set(e, TK_ENOMEM, "no memory");
		return NULL;
	}
	l->text = to_utf8(text, &n);
	if (l->text == NULL)
		err_set(e, TK_ECONFIG, "%s: neither UTF-8 nor CP932", name);
	else if (read_rows(l, n, name, e) == TK_OK && check(l, name, e) == TK_OK)
		return l;
	holiday_list_free(l);
	return NULL;
}

struct holiday_list *holiday_list_load(const char *path, struct err *e)
{
	struct holiday_list *l;
	struct slice text;

	if (sys_slurp(path, FILE_MAX_BYTES, &text, e) != TK_OK)
		return NULL;
	l = holiday_list_parse(text, path, e);
	free((void *)(uintptr_t)text.p);
	return l;
}

bool holiday_list_has(const struct holiday_list *l, int32_t year)
{
	int32_t i = year - FIRST_YEAR;

	return i >= 0 && i < YEARS && l->new_year[i] && l->count[i] >= ROWS_OF_A_YEAR;
}

const char *holiday_list_name(const struct holiday_list *l, int32_t days)
{
	struct row want = { .days = days }, *hit;

	hit = l->n == 0 ? NULL : bsearch(&want, l->rows, l->n, sizeof *l->rows, by_day);
	return hit == NULL ? NULL : hit->name;
}
