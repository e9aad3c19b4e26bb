#include "rules/calendar/holiday_list.h"

#include <stdlib.h>

#include "core/base/sys.h"
#include "core/base/zone.h"
#include "rules/calendar/csv.h"

#define FILE_MAX_BYTES (1 << 20)
#define FIRST_YEAR 1948
#define YEARS 200
#define ROWS_OF_A_YEAR 10

struct row {
	int32_t days;
	const char *name;
};

struct holiday_list {
	struct csv csv; /* names lie in its text */
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
	csv_close(&l->csv);
	free(l);
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

static int wrong_at(const char *file, uint32_t line, uint32_t column, const char *why, struct err *e)
{
	return err_set(e, TK_ECONFIG, "%s:%u:%u: %s", file, line, column, why);
}

static int read_row(struct holiday_list *l, const struct csv *c, const char *file, struct err *e)
{
	int32_t days, year;

	if (c->n < 2)
		return wrong_at(file, c->line, 1, "not DATE,NAME", e);
	if (!csv_date(c->cell[0].text, &days))
		return wrong_at(file, c->line, c->cell[0].column, "no date as 2026/1/1 or 2026-01-01", e);
	year = date_from_days(days).year;
	if (year < FIRST_YEAR || year >= FIRST_YEAR + YEARS)
		return wrong_at(file, c->line, c->cell[0].column, "the year is not from 1948 to 2147", e);
	if (c->cell[1].text.n == 0)
		return wrong_at(file, c->line, c->cell[1].column, "the name is empty", e);
	if (!add_row(l, days, (const char *)c->cell[1].text.p))
		return err_set(e, TK_ENOMEM, "no memory");
	l->count[year - FIRST_YEAR]++;
	if (days == date_to_days((struct date){ year, 1, 1 }))
		l->new_year[year - FIRST_YEAR] = true;
	return TK_OK;
}

static bool is_header(const struct csv *c)
{
	return slice_starts(c->cell[0].text, SLICE("国民の祝日")) || slice_is(c->cell[0].text, "date");
}

static int read_rows(struct holiday_list *l, const char *file, struct err *e)
{
	bool first = true;
	int rc = TK_OK;

	for (; rc == TK_OK && csv_row(&l->csv); first = false)
		if (!first || !is_header(&l->csv))
			rc = read_row(l, &l->csv, file, e);
	if (rc == TK_OK && l->csv.wrong != NULL)
		rc = wrong_at(file, l->csv.line, l->csv.wrong_column, l->csv.wrong, e);
	return rc;
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

	if (l == NULL) {
		err_set(e, TK_ENOMEM, "no memory");
		return NULL;
	}
	csv_open(&l->csv, text);
	if (read_rows(l, name, e) == TK_OK && check(l, name, e) == TK_OK)
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

size_t holiday_list_count(const struct holiday_list *l)
{
	return l->n;
}

const char *holiday_list_row(const struct holiday_list *l, size_t i, int32_t *days)
{
	*days = l->rows[i].days;
	return l->rows[i].name;
}
