#include "rules/calendar/site.h"

#include <stdlib.h>

#include "rules/calendar/csv.h"

#define NAME_MAX_BYTES 400

static const struct {
	const char *word;
	bool timed;
} kinds[] = {
#define SITE(id, word, timed) { word, timed },
#include "rules/calendar/site_kinds.def"
#undef SITE
};

/* Rows sorted by their beginning; `reach` tells how far back one can be that still holds an instant. */
struct rows {
	struct site_row *row;
	size_t n, cap;
};
struct site {
	struct csv csv;	     /* the rows' texts lie in it */
	struct rows list[2]; /* days, windows */
	struct buf who;	     /* lists of the configuration as texts */
};

static const char *const header[] = { "from", "to", "kind", "name", "who", "approver" };
enum { FROM, TO, KIND, NAME, WHO, APPROVER, CELLS };

bool site_is_timed(enum site_kind k)
{
	return kinds[k].timed;
}

const char *site_word(enum site_kind k)
{
	return kinds[k].word;
}

/* ---- reading ---- */

static bool wrong(const struct csv *c, struct problems *p, size_t cell, const char *what)
{
	problem_line(p, c->line, cell < c->n ? c->cell[cell].column : 1, "%s", what);
	return false;
}

bool site_wall(struct slice t, struct wall *out)
{
	size_t at = 0;

	while (at < t.n && t.p[at] != 'T' && t.p[at] != ' ')
		at++;
	return at < t.n && csv_date(slice_head(t, at), &out->days) &&
	       csv_clock(slice_from(t, at + 1), &out->second);
}

static bool read_window(const struct csv *c, struct problems *p, struct site_row *row)
{
	if (!site_wall(c->cell[FROM].text, &row->first))
		return wrong(c, p, FROM, "no local time as 2026-11-28T22:00");
	if (!site_wall(c->cell[TO].text, &row->last))
		return wrong(c, p, TO, "no local time as 2026-11-28T22:00");
	if (row->kind == SITE_EMERGENCY && row->approver.n == 0)
		return wrong(c, p, APPROVER, "an emergency needs its approver");
	if (row->kind == SITE_EMERGENCY && row->name.n == 0)
		return wrong(c, p, NAME, "an emergency needs its reason as name");
	row->from = zone_instant(row->first.days, row->first.second, false);
	row->to = zone_instant(row->last.days, row->last.second, true);
	return row->to > row->from || wrong(c, p, TO, "it ends before it begins");
}

static bool read_days(const struct csv *c, struct problems *p, struct site_row *row)
{
	if (!csv_date(c->cell[FROM].text, &row->first.days))
		return wrong(c, p, FROM, "no date as 2026-11-23 or 2026/11/23");
	row->last = row->first;
	if (c->cell[TO].text.n > 0 && !csv_date(c->cell[TO].text, &row->last.days))
		return wrong(c, p, TO, "no date as 2026-11-23 or 2026/11/23");
	if (row->kind == SITE_HOLIDAY && row->name.n == 0)
		return wrong(c, p, NAME, "a holiday needs its name");
	row->from = row->first.days;
	row->to = (int64_t)row->last.days + 1;
	if (row->to <= row->from)
		return wrong(c, p, TO, "it ends before it begins");
	return row->to - row->from <= SITE_RANGE_DAYS || wrong(c, p, TO, "more than 400 days");
}

static bool read_row(const struct csv *c, struct problems *p, struct site_row *row)
{
	*row = (struct site_row){ .kind = SITE_KINDS, .line = c->line };
	if (c->n <= KIND)
		return wrong(c, p, 0, "a row is from,to,kind,name,who,approver: fields are missing");
	for (int k = 0; k < SITE_KINDS; k++)
		if (slice_is(c->cell[KIND].text, kinds[k].word))
			row->kind = (enum site_kind)k;
	if (row->kind == SITE_KINDS)
		return wrong(c, p, KIND, "expected holiday, workday, open, closed, maintenance or emergency");
	for (size_t i = NAME; i < c->n; i++)
		if (c->cell[i].text.n > NAME_MAX_BYTES || (i >= CELLS && c->cell[i].text.n > 0))
			return wrong(c, p, i, i >= CELLS ? "one field too many" : "longer than 400 bytes");
	row->name = c->n > NAME ? c->cell[NAME].text : SLICE("");
	row->who = c->n > WHO ? c->cell[WHO].text : SLICE("");
	row->approver = c->n > APPROVER ? c->cell[APPROVER].text : SLICE("");
	return kinds[row->kind].timed ? read_window(c, p, row) : read_days(c, p, row);
}

static bool add(struct site *s, const struct site_row *row)
{
	struct rows *l = &s->list[kinds[row->kind].timed];

	if (l->n == l->cap) {
		size_t cap = l->cap == 0 ? 64 : l->cap * 2;
		struct site_row *more = realloc(l->row, cap * sizeof *more);

		if (more == NULL)
			return false;
		l->row = more;
		l->cap = cap;
	}
	l->row[l->n++] = *row;
	return true;
}

static void read_rows(struct site *s, struct problems *p)
{
	struct csv *c = &s->csv;
	bool first = true, room = true;
	struct site_row row;
	size_t n = 0;

	for (; room && csv_row(c); first = false) {
		if (first && !csv_is_header(c, header, CELLS))
			room = wrong(c, p, 0, "the first line must be from,to,kind,name,who,approver");
		else if (!first && ++n > SITE_ROWS_MAX)
			room = wrong(c, p, 0, "more than 50000 rows");
		else if (!first && read_row(c, p, &row) && !add(s, &row))
			room = wrong(c, p, 0, "no memory");
	}
	if (c->wrong != NULL)
		problem_line(p, c->line, c->wrong_column, "%s", c->wrong);
}

/* ---- the configuration's ---- */

static bool add_windows(struct site *s, const struct cfg_window *w, size_t n, enum site_kind kind)
{
	for (size_t i = 0; i < n; i++) {
		struct site_row row = { .kind = kind,
					.first = w[i].from,
					.last = w[i].to,
					.from = zone_instant(w[i].from.days, w[i].from.second, false),
					.to = zone_instant(w[i].to.days, w[i].to.second, true),
					.name = slice_str(w[i].name),
					.approver = slice_str(w[i].approver) };
		size_t at = s->who.n;

		for (size_t k = 0; k < w[i].n_who; k++)
			buf_fmt(&s->who, "%s%s", k > 0 ? " " : "", w[i].who[k]);
		row.who = slice_of((const void *)at, s->who.n - at); /* a place, until the text lies still */
		if (s->who.failed || !add(s, &row))
			return false;
	}
	return true;
}

static void settle_who(struct site *s)
{
	struct rows *l = &s->list[true];

	for (size_t i = 0; i < l->n; i++)
		if (l->row[i].line == 0)
			l->row[i].who = slice_of(s->who.p + (uintptr_t)l->row[i].who.p, l->row[i].who.n);
}

static int by_beginning(const void *a, const void *b)
{
	const struct site_row *x = a, *y = b;

	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	return (x->line > y->line) - (x->line < y->line);
}

static void sort_rows(struct rows *l)
{
	if (l->n > 1)
		qsort(l->row, l->n, sizeof *l->row, by_beginning);
	for (size_t i = 0; i < l->n; i++)
		l->row[i].reach =
			i > 0 && l->row[i - 1].reach > l->row[i].to ? l->row[i - 1].reach : l->row[i].to;
}

struct site *site_parse(struct slice text, const struct cfg_calendar *cfg, struct problems *p)
{
	struct site *s = calloc(1, sizeof *s);
	size_t errors = p->errors;

	if (s == NULL) {
		problem_line(p, 0, 0, "no memory");
		return NULL;
	}
	buf_init(&s->who, 16 << 20);
	if (text.n > SITE_BYTES_MAX) {
		problem_line(p, 0, 0, "larger than 16 MB");
	} else {
		csv_open(&s->csv, text);
		read_rows(s, p);
	}
	if (cfg != NULL && (!add_windows(s, cfg->maintenance, cfg->n_maintenance, SITE_MAINTENANCE) ||
			    !add_windows(s, cfg->emergencies, cfg->n_emergencies, SITE_EMERGENCY)))
		problem_line(p, 0, 0, "no memory");
	if (p->errors != errors) {
		site_free(s);
		return NULL;
	}
	settle_who(s);
	sort_rows(&s->list[false]);
	sort_rows(&s->list[true]);
	return s;
}

void site_free(struct site *s)
{
	if (s == NULL)
		return;
	csv_close(&s->csv);
	free(s->list[false].row);
	free(s->list[true].row);
	buf_free(&s->who);
	free(s);
}

/* ---- asking ---- */

/* How many rows begin before `at`. */
static size_t begun(const struct rows *l, int64_t at)
{
	size_t low = 0, high = l->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (l->row[mid].from < at)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

const struct site_row *site_find(const struct site *s, enum site_kind a, enum site_kind b, int64_t at)
{
	const struct rows *l = &s->list[kinds[a].timed];
	const struct site_row *best = NULL;

	for (size_t i = begun(l, at + 1); i > 0 && l->row[i - 1].reach > at; i--) {
		const struct site_row *r = &l->row[i - 1];

		if (at < r->to && (r->kind == a || r->kind == b) && (best == NULL || r->line > best->line))
			best = r;
	}
	return best;
}

void site_between(const struct site *s, bool windows, int64_t from, int64_t to, site_row_fn row, void *ctx)
{
	const struct rows *l = &s->list[windows];
	size_t end = begun(l, to), i = end;

	while (i > 0 && l->row[i - 1].reach > from)
		i--;
	for (; i < end; i++)
		if (l->row[i].to > from)
			row(ctx, &l->row[i]);
}

static void put_wall(struct buf *out, struct wall w, bool timed)
{
	char date[11];

	date_format(date_from_days(w.days), date);
	buf_str(out, date);
	if (timed)
		buf_fmt(out, "T%02d:%02d", w.second / 3600, w.second / 60 % 60);
	buf_byte(out, ',');
}

void site_put(struct buf *out, const struct site_row *row)
{
	bool timed = kinds[row->kind].timed;

	put_wall(out, row->first, timed);
	put_wall(out, row->last, timed);
	buf_fmt(out, "%s,", kinds[row->kind].word);
	csv_put(out, row->name);
	buf_byte(out, ',');
	csv_put(out, row->who);
	buf_byte(out, ',');
	csv_put(out, row->approver);
	buf_byte(out, '\n');
}
