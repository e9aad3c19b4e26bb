#include "rules/calendar/merge.h"

#include <stdlib.h>

#include "core/base/map.h"
#include "core/base/zone.h"
#include "rules/calendar/calendar.h"
#include "rules/calendar/csv.h"

/* Rows under their dates; the dates of the fresh ones are asked of its index. */
void merge_roster(const struct roster *old, const struct roster *fresh, bool edit, struct buf *out)
{
	const struct roster_row *row;
	size_t n = 0;

	buf_str(out, ROSTER_HEADER);
	row = old == NULL ? NULL : roster_rows(old, &n);
	for (size_t i = 0; i < n; i++)
		if (edit || !roster_has(fresh, row[i].days))
			roster_put(out, &row[i]);
	row = roster_rows(fresh, &n);
	for (size_t i = 0; i < n; i++)
		roster_put(out, &row[i]);
}

struct collected {
	const struct site_row **row;
	size_t n, cap;
	bool failed;
};

static void collect(void *ctx, const struct site_row *row)
{
	struct collected *c = ctx;

	if (c->n == c->cap) {
		size_t cap = c->cap == 0 ? 256 : c->cap * 2;
		const struct site_row **more = realloc(c->row, cap * sizeof *more);

		c->failed |= more == NULL;
		if (more == NULL)
			return;
		c->row = more;
		c->cap = cap;
	}
	c->row[c->n++] = row;
}

static int by_line(const void *a, const void *b)
{
	const struct site_row *x = *(const struct site_row *const *)a,
			      *y = *(const struct site_row *const *)b;

	return (x->line > y->line) - (x->line < y->line);
}

static void rows_of(const struct site *s, struct collected *c)
{
	if (s == NULL)
		return;
	site_between(s, false, INT64_MIN, INT64_MAX, collect, c);
	site_between(s, true, INT64_MIN, INT64_MAX, collect, c);
	if (c->n > 0)
		qsort(c->row, c->n, sizeof *c->row, by_line);
}

bool site_in_order(const struct site *s, site_row_fn row, void *ctx)
{
	struct collected all = { 0 };

	rows_of(s, &all);
	for (size_t i = 0; i < all.n; i++)
		row(ctx, all.row[i]);
	free(all.row);
	return !all.failed;
}

void merge_site(const struct site *old, const struct site *fresh, int32_t from, int32_t to, bool edit,
		struct buf *out)
{
	struct collected was = { 0 }, now = { 0 };
	bool replaced[SITE_KINDS] = { false };

	rows_of(old, &was);
	rows_of(fresh, &now);
	for (size_t i = 0; i < now.n; i++)
		replaced[now.row[i]->kind] = !edit;
	buf_str(out, SITE_HEADER);
	for (size_t i = 0; i < was.n; i++) {
		int32_t first = was.row[i]->first.days;

		if (!replaced[was.row[i]->kind] || first < from || first > to)
			site_put(out, was.row[i]);
	}
	for (size_t i = 0; i < now.n; i++)
		site_put(out, now.row[i]);
	out->failed |= was.failed || now.failed;
	free(was.row);
	free(now.row);
}

static void put_holiday(struct buf *out, int32_t days, const char *name)
{
	char date[11];

	date_format(date_from_days(days), date);
	buf_fmt(out, "%s,", date);
	csv_put(out, slice_str(name));
	buf_byte(out, '\n');
}

void merge_holidays(const struct holiday_list *old, const struct holiday_list *fresh, struct buf *out)
{
	size_t i = 0, k = 0, n = old == NULL ? 0 : holiday_list_count(old), m = holiday_list_count(fresh);
	int32_t was = INT32_MAX, now = INT32_MAX;

	buf_str(out, "date,name\n");
	while (i < n || k < m) { /* both by date */
		const char *a = i < n ? holiday_list_row(old, i, &was) : NULL,
			   *b = k < m ? holiday_list_row(fresh, k, &now) : NULL;

		if (a != NULL && holiday_list_has(fresh, date_from_days(was).year)) {
			i++;
		} else if (b == NULL || (a != NULL && was < now)) {
			put_holiday(out, was, a);
			i++;
		} else {
			if (a != NULL && was == now)
				i++;
			put_holiday(out, now, b);
			k++;
		}
	}
}

static struct slice take_line(struct slice *rest)
{
	const uint8_t *lf = memchr(rest->p, '\n', rest->n);
	struct slice line = slice_head(*rest, lf == NULL ? rest->n : (size_t)(lf - rest->p));

	*rest = slice_from(*rest, line.n + 1);
	return line;
}

static void tell(struct buf *out, char sign, struct slice line, size_t most, const struct line_changes *n)
{
	if (n->added + n->removed > most)
		return;
	buf_byte(out, (uint8_t)sign);
	buf_byte(out, ' ');
	buf_add(out, line);
	buf_byte(out, '\n');
}

bool diff_lines(struct slice old, struct slice fresh, size_t most, struct line_changes *n, struct buf *out)
{
	struct map *had = map_new(1 << 20, 64 << 20);
	struct slice rest;
	bool good = had != NULL;
	int64_t *count;

	*n = (struct line_changes){ 0, 0 };
	for (rest = old; good && rest.n > 0;) {
		good = (count = map_put(had, take_line(&rest), 0)) != NULL;
		if (good)
			++*count;
	}
	for (rest = fresh; good && rest.n > 0;)
		if ((count = map_get(had, take_line(&rest))) != NULL)
			--*count;
	for (rest = old; good && rest.n > 0;) {
		struct slice line = take_line(&rest);

		if (*(count = map_get(had, line)) > 0) {
			--*count;
			n->removed++;
			tell(out, '-', line, most, n);
		}
	}
	if (good)
		map_clear(had);
	for (rest = old; good && rest.n > 0;) {
		good = (count = map_put(had, take_line(&rest), 0)) != NULL;
		if (good)
			++*count;
	}
	for (rest = fresh; good && rest.n > 0;) {
		struct slice line = take_line(&rest);

		if ((count = map_get(had, line)) != NULL && *count > 0) {
			--*count;
		} else {
			n->added++;
			tell(out, '+', line, most, n);
		}
	}
	map_free(had);
	return good;
}

/* The official list calls both kinds of days off 休日. */
static bool same_name(const char *rule, const char *kind, const char *listed)
{
	return strcmp(rule, listed) == 0 ||
	       (strcmp(listed, "休日") == 0 &&
		(strcmp(kind, "substitute") == 0 || strcmp(kind, "citizens") == 0));
}

size_t diff_holidays(const struct holiday_list *l, struct buf *out)
{
	size_t n = 0;

	for (int32_t y = JP_FIRST_YEAR; y <= JP_LAST_YEAR; y++) {
		int32_t end = date_to_days((struct date){ y + 1, 1, 1 });

		if (!holiday_list_has(l, y))
			continue;
		for (int32_t d = date_to_days((struct date){ y, 1, 1 }); d < end; d++) {
			const char *kind = NULL, *rule = jp_holiday(d, &kind),
				   *listed = holiday_list_name(l, d);
			char date[11];

			if (rule == NULL ? listed == NULL : listed != NULL && same_name(rule, kind, listed))
				continue;
			n++;
			date_format(date_from_days(d), date);
			if (rule == NULL)
				buf_fmt(out, "+ %s %s\n", date, listed);
			else if (listed == NULL)
				buf_fmt(out, "- %s %s\n", date, rule);
			else
				buf_fmt(out, "~ %s %s -> %s\n", date, rule, listed);
		}
	}
	return n;
}
