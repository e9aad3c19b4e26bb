#include "rules/calendar/csv.h"

#include "core/base/zone.h"

void csv_open(struct csv *c, struct slice bytes)
{
	struct csv_problem problem;

	*c = (struct csv){ .table = csv_table_read(bytes, &problem) };
	if (c->table != NULL)
		return;
	c->wrong = problem.text;
	c->line = problem.line;
	c->wrong_column = problem.column;
}

void csv_close(struct csv *c)
{
	csv_table_free(c->table);
	*c = (struct csv){ 0 };
}

bool csv_row(struct csv *c)
{
	struct csv_row row;

	if (c->table == NULL || c->next == csv_table_rows(c->table))
		return false;
	row = csv_table_row(c->table, c->next++);
	c->cell = row.field;
	c->n = row.n;
	c->line = row.line;
	return true;
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
