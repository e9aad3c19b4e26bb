#include "rules/calendar/roster.h"

#include <stdlib.h>

#include "rules/calendar/csv.h"
#include "rules/calendar/shifts.h"

#define DAY 86400
#define NAME_MAX_BYTES 200
#define LONGEST (3 * DAY) /* of a row, in real time: two days by the clock and what clocks may go back */

struct roster {
	struct csv csv; /* the rows' texts lie in it */
	struct roster_row *row;
	size_t n, cap;
	uint32_t *by_day; /* live rows by date, then line */
	uint32_t *by_who; /* live rows that are no day off, by who, then beginning */
	size_t n_live, n_who;
};

static const char *const header[] = { "date", "shift", "user", "from", "to" };
enum { DATE, SHIFT_WORD, USER, FROM, TO, CELLS };

/* ---- reading ---- */

struct input {
	struct roster *r;
	const struct cfg_calendar *cfg;
	struct problems *p;
};

static bool wrong(const struct input *in, int cell, const char *what)
{
	const struct csv *c = &in->r->csv;

	problem_line(in->p, c->line, (size_t)cell < c->n ? c->cell[cell].column : 1, "%s", what);
	return false;
}

static bool read_times(const struct input *in, int shift, struct roster_row *row)
{
	struct slice from = in->r->csv.cell[FROM].text, to = in->r->csv.cell[TO].text;

	if (from.n == 0 && to.n == 0 && shift >= 0) {
		row->from = in->cfg->shifts[shift].from;
		row->to = in->cfg->shifts[shift].to;
		return true;
	}
	if (from.n == 0 && to.n == 0)
		return wrong(in, SHIFT_WORD,
			     "this shift has no hours of its own: write from and to, or one of "
			     "day (日勤), evening (準夜), night (深夜), duty (当直, 宿直), "
			     "holiday_duty (日直), off (休, 代休)");
	if (!csv_clock(from, &row->from) || row->from == DAY)
		return wrong(in, FROM, "no time as 17:15");
	if (!csv_clock(to, &row->to))
		return wrong(in, TO, "no time as 08:30");
	if (row->to <= row->from)
		row->to += DAY;
	return true;
}

static bool read_row(const struct input *in, struct roster_row *row)
{
	const struct csv *c = &in->r->csv;
	enum who_kind kind;
	int shift;

	if (c->n < CELLS)
		return wrong(in, 0, "a row is date,shift,user,from,to: fields are missing");
	for (size_t i = CELLS; i < c->n; i++)
		if (c->cell[i].text.n > 0)
			return wrong(in, (int)i, "a row is date,shift,user,from,to: here is one field more");
	*row = (struct roster_row){
		.line = c->line, .live = true, .shift = c->cell[SHIFT_WORD].text, .who = c->cell[USER].text
	};
	if (!csv_date(c->cell[DATE].text, &row->days))
		return wrong(in, DATE, "no date as 2026-11-23 or 2026/11/23");
	if (row->shift.n == 0 || row->shift.n > NAME_MAX_BYTES)
		return wrong(in, SHIFT_WORD, "the shift is missing or too long");
	if (who_name(row->who, &kind).n == 0 || row->who.n > NAME_MAX_BYTES)
		return wrong(in, USER, "expected a user's id, role:NAME or dept:NAME");
	shift = shift_of_word(row->shift);
	row->off = shift == SHIFT_COUNT;
	if (row->off && kind != WHO_USER)
		return wrong(in, USER, "only a user has a day off, no role or department");
	if (row->off)
		return true;
	if (!read_times(in, shift, row))
		return false;
	row->utc_from = zone_instant(row->days, row->from, false);
	row->utc_to = zone_instant(row->days, row->to, true);
	return true;
}

static bool add_row(const struct input *in, const struct roster_row *row)
{
	struct roster *r = in->r;

	if (r->n == ROSTER_ROWS_MAX)
		return wrong(in, 0, "more than 200000 rows");
	if (r->n == r->cap) {
		size_t cap = r->cap == 0 ? 256 : r->cap * 2;
		struct roster_row *more = realloc(r->row, cap * sizeof *more);

		if (more == NULL)
			return wrong(in, 0, "no memory");
		r->row = more;
		r->cap = cap;
	}
	r->row[r->n++] = *row;
	return true;
}

static void read_rows(const struct input *in)
{
	struct csv *c = &in->r->csv;
	bool first = true, room = true;
	struct roster_row row;

	for (; room && csv_row(c); first = false) {
		if (first && !csv_is_header(c, header, CELLS))
			room = wrong(in, 0, "the first line must be date,shift,user,from,to");
		else if (!first && read_row(in, &row))
			room = add_row(in, &row);
	}
	if (c->wrong != NULL)
		problem_line(in->p, c->line, c->wrong_column, "%s", c->wrong);
}

/* ---- edits ---- */

static int by_date(const void *a, const void *b, void *rows)
{
	const struct roster_row *x = &((const struct roster_row *)rows)[*(const uint32_t *)a],
				*y = &((const struct roster_row *)rows)[*(const uint32_t *)b];

	if (x->days != y->days)
		return x->days < y->days ? -1 : 1;
	return x < y ? -1 : x > y;
}

static int by_person(const void *a, const void *b, void *rows)
{
	const struct roster_row *x = &((const struct roster_row *)rows)[*(const uint32_t *)a],
				*y = &((const struct roster_row *)rows)[*(const uint32_t *)b];
	int c = slice_cmp(x->who, y->who);

	if (c != 0)
		return c;
	if (x->utc_from != y->utc_from)
		return x->utc_from < y->utc_from ? -1 : 1;
	return x < y ? -1 : x > y;
}

/* By person, date, line: rows that change one another lie together. */
static int by_edit(const void *a, const void *b, void *rows)
{
	const struct roster_row *x = &((const struct roster_row *)rows)[*(const uint32_t *)a],
				*y = &((const struct roster_row *)rows)[*(const uint32_t *)b];
	int c = slice_cmp(x->who, y->who);

	return c != 0 ? c : by_date(a, b, rows);
}

static bool same_shift(struct slice a, struct slice b)
{
	int id = shift_of_word(a);

	return slice_eq(a, b) || (id >= 0 && id == shift_of_word(b));
}

/* The rows of one person and date, from the last to the first: a row is changed by a later one of its shift,
 * and taken away by a later day off. A later duty ends a day off that stands above it. */
static void apply_edits(struct roster *r, const uint32_t *at, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = i + 1; k < n && r->row[at[i]].live; k++) {
			const struct roster_row *later = &r->row[at[k]];

			r->row[at[i]].live = !later->off && !r->row[at[i]].off &&
					     !same_shift(r->row[at[i]].shift, later->shift);
		}
}

static bool make_index(struct roster *r)
{
	uint32_t *all = malloc((r->n + 1) * sizeof *all);
	size_t from = 0;

	r->by_day = malloc((r->n + 1) * sizeof *r->by_day);
	r->by_who = malloc((r->n + 1) * sizeof *r->by_who);
	if (all == NULL || r->by_day == NULL || r->by_who == NULL) {
		free(all);
		return false;
	}
	for (size_t i = 0; i < r->n; i++)
		all[i] = (uint32_t)i;
	qsort_r(all, r->n, sizeof *all, by_edit, r->row);
	for (size_t i = 1; i <= r->n; i++)
		if (i == r->n || r->row[all[i]].days != r->row[all[from]].days ||
		    !slice_eq(r->row[all[i]].who, r->row[all[from]].who)) {
			apply_edits(r, all + from, i - from);
			from = i;
		}
	free(all);
	for (size_t i = 0; i < r->n; i++)
		if (r->row[i].live) {
			r->by_day[r->n_live++] = (uint32_t)i;
			if (!r->row[i].off)
				r->by_who[r->n_who++] = (uint32_t)i;
		}
	qsort_r(r->by_day, r->n_live, sizeof *r->by_day, by_date, r->row);
	qsort_r(r->by_who, r->n_who, sizeof *r->by_who, by_person, r->row);
	return true;
}

struct roster *roster_parse(struct slice text, const struct cfg_calendar *cfg, struct problems *p)
{
	struct roster *r = calloc(1, sizeof *r);
	struct input in = { r, cfg, p };
	size_t errors = p->errors;

	if (r == NULL) {
		problem_line(p, 0, 0, "no memory");
	} else if (text.n > ROSTER_BYTES_MAX) {
		problem_line(p, 0, 0, "larger than 16 MB");
	} else {
		csv_open(&r->csv, text);
		read_rows(&in);
	}
	if (p->errors == errors && !make_index(r))
		problem_line(p, 0, 0, "no memory");
	if (p->errors == errors)
		return r;
	roster_free(r);
	return NULL;
}

void roster_free(struct roster *r)
{
	if (r == NULL)
		return;
	csv_close(&r->csv);
	free(r->row);
	free(r->by_day);
	free(r->by_who);
	free(r);
}

/* ---- asking ---- */

/* Place in by_day of the first row of the date or a later one. */
static size_t day_place(const struct roster *r, int32_t days)
{
	size_t low = 0, high = r->n_live;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (r->row[r->by_day[mid]].days < days)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

bool roster_has(const struct roster *r, int32_t days)
{
	size_t i = day_place(r, days);

	return i < r->n_live && r->row[r->by_day[i]].days == days;
}

void roster_day(const struct roster *r, int32_t days, void (*row)(void *ctx, const struct roster_row *row),
		void *ctx)
{
	for (size_t i = day_place(r, days); i < r->n_live && r->row[r->by_day[i]].days == days; i++)
		row(ctx, &r->row[r->by_day[i]]);
}

static bool has_day_off(const struct roster *r, int32_t days, struct slice user)
{
	for (size_t i = day_place(r, days); i < r->n_live && r->row[r->by_day[i]].days == days; i++)
		if (r->row[r->by_day[i]].off && slice_eq(r->row[r->by_day[i]].who, user))
			return true;
	return false;
}

/* `who` against prefix and name, as if they were one text. */
static int compare_who(struct slice who, struct slice prefix, struct slice name)
{
	int c = slice_cmp(slice_head(who, prefix.n), prefix);

	return c != 0 ? c : slice_cmp(slice_from(who, prefix.n), name);
}

/* Place in by_who behind the last row of this name that begins at the instant or before. */
static size_t who_place(const struct roster *r, struct slice prefix, struct slice name, int64_t at)
{
	size_t low = 0, high = r->n_who;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct roster_row *row = &r->row[r->by_who[mid]];
		int c = compare_who(row->who, prefix, name);

		if (c < 0 || (c == 0 && row->utc_from <= at))
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* A role or department on duty does not bring back somebody who has that date off. */
static bool covers(const struct roster *r, const char *prefix, struct slice name, struct slice user,
		   int64_t at)
{
	struct slice p = slice_str(prefix);
	enum who_kind kind;

	/* whoever calls himself role:nurse is none */
	if (name.n == 0 || (p.n == 0 && (who_name(name, &kind), kind != WHO_USER)))
		return false;
	for (size_t i = who_place(r, p, name, at); i > 0; i--) {
		const struct roster_row *row = &r->row[r->by_who[i - 1]];

		if (compare_who(row->who, p, name) != 0 || row->utc_from < at - LONGEST)
			return false;
		if (at < row->utc_to && (p.n == 0 || !has_day_off(r, row->days, user)))
			return true;
	}
	return false;
}

/* Do anybody's hours of this date hold the instant? */
static bool holds(const struct roster *r, int32_t days, int64_t at)
{
	for (size_t i = day_place(r, days); i < r->n_live && r->row[r->by_day[i]].days == days; i++)
		if (at >= r->row[r->by_day[i]].utc_from && at < r->row[r->by_day[i]].utc_to)
			return true;
	return false;
}

enum on_duty roster_duty(const struct roster *r, const struct person *who, int64_t utc_sec)
{
	struct slice roles = who->roles, role;
	int32_t today;

	if (who->user.n == 0)
		return DUTY_UNKNOWN;
	if (covers(r, "", who->user, who->user, utc_sec) ||
	    covers(r, "dept:", who->department, who->user, utc_sec))
		return DUTY_YES;
	while (next_role(&roles, &role))
		if (covers(r, "role:", role, who->user, utc_sec))
			return DUTY_YES;
	today = zone_day_of(utc_sec);
	return roster_has(r, today) || holds(r, today - 1, utc_sec) ? DUTY_NO : DUTY_UNKNOWN;
}

const struct roster_row *roster_rows(const struct roster *r, size_t *n)
{
	*n = r->n;
	return r->row;
}

static void put_clock(struct buf *out, int32_t second)
{
	second = second > DAY ? second - DAY : second;
	buf_fmt(out, ",%02d:%02d", second / 3600, second / 60 % 60);
}

void roster_put(struct buf *out, const struct roster_row *row)
{
	char date[11];

	date_format(date_from_days(row->days), date);
	buf_str(out, date);
	buf_byte(out, ',');
	csv_put(out, row->shift);
	buf_byte(out, ',');
	csv_put(out, row->who);
	if (row->off) {
		buf_str(out, ",,");
	} else {
		put_clock(out, row->from);
		put_clock(out, row->to);
	}
	buf_byte(out, '\n');
}
