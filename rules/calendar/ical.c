#include "rules/calendar/ical.h"

#ifdef TOCHOKU_NO_ICAL

bool ical_read(struct slice text, int32_t from, int32_t to, const char *kind, struct ical_result *out,
	       struct problems *p)
{
	(void)text, (void)from, (void)to, (void)kind;
	*out = (struct ical_result){ 0 };
	problem_line(p, 0, 0, "this program was built without iCalendar (make ICAL=no): import CSV");
	return false;
}

void ical_result_free(struct ical_result *r)
{
	(void)r;
}

#else

#include <stdlib.h>

#include "core/base/zone.h"
#include "rules/calendar/csv.h"
#include "rules/calendar/ical_parts.h"

#define DAY 86400
#define ROW_BYTES_MAX (64 << 20)
#define ERRORS_MAX 5 /* a rule that never happens takes its time to say so */

/* One event's instances on their way out. */
struct walk {
	struct ical_reader *r;
	const struct vevent *ev;
	struct ical_kind kind;
	struct slice people;
	int64_t length; /* days or seconds */
	int64_t *except, *except_days;
	size_t n_except, n_except_days;
};

static bool no_memory(struct ical_reader *r)
{
	problem_line(r->p, 0, 0, "no memory");
	return false;
}

static void put_date(struct buf *b, int32_t days)
{
	char date[11];

	date_format(date_from_days(days), date);
	buf_str(b, date);
}

static bool count_row(struct ical_reader *r)
{
	if (++r->rows == ICAL_ROWS_MAX + 1)
		problem_line(r->p, 0, 0, "more than 100000 rows: ask for a shorter range (--from, --to)");
	return r->rows <= ICAL_ROWS_MAX;
}

static void put_duty_row(const struct walk *w, int32_t days, struct slice who, int32_t from, int32_t to)
{
	struct buf *b = &w->r->out->roster;

	if (!count_row(w->r))
		return;
	put_date(b, days);
	buf_byte(b, ',');
	csv_put(b, w->kind.word);
	buf_byte(b, ',');
	csv_put(b, who);
	if (from < 0)
		buf_str(b, ",,\n");
	else
		buf_fmt(b, ",%02d:%02d,%02d:%02d\n", from / 3600, from / 60 % 60, to / 3600, to / 60 % 60);
}

/* Wall minutes: the end is rounded up, so that no second of a duty is lost. */
static void put_timed_duty(const struct walk *w, struct slice who, int64_t from, int64_t to)
{
	int32_t day, second, last_day, last;

	zone_wall(to + 59, &last_day, &last);
	for (; from < to && w->r->rows <= ICAL_ROWS_MAX; from = zone_instant(day + 1, second, false)) {
		zone_wall(from, &day, &second);
		second -= second % 60;
		if ((int64_t)(last_day - day) * DAY + last - second <= DAY) {
			put_duty_row(w, day, who, second, last);
			return;
		}
		put_duty_row(w, day, who, second, second); /* a row holds 24 hours */
	}
}

static void put_duty(const struct walk *w, const struct instant *i)
{
	struct slice rest = w->people, who;

	while (ical_next_name(&rest, &who)) {
		if (!i->date)
			put_timed_duty(w, who, i->at, i->at + w->length);
		for (int64_t d = i->at; i->date && d < i->at + w->length; d++)
			if (d >= w->r->from && d <= w->r->to)
				put_duty_row(w, (int32_t)d, who, -1, -1);
	}
}

static void put_site_row(const struct walk *w, struct wall first, struct wall last)
{
	struct slice who, rest = w->people;
	struct buf names;

	if (!count_row(w->r))
		return;
	buf_init(&names, 400);
	while (w->kind.kind == SITE_MAINTENANCE && ical_next_name(&rest, &who)) {
		if (names.n > 0)
			buf_byte(&names, ' ');
		buf_add(&names, who);
	}
	site_put(&w->r->out->days,
		 &(struct site_row){ .kind = (enum site_kind)w->kind.kind,
				     .first = first,
				     .last = last,
				     .name = slice_head(slice_str(w->ev->summary), 400),
				     .who = names.failed ? slice_of(NULL, 0) : buf_slice(&names) });
	buf_free(&names);
}

static void put_site(const struct walk *w, const struct instant *i)
{
	struct wall first = { (int32_t)i->at, 0 }, last = { (int32_t)(i->at + w->length - 1), 0 };

	if (site_is_timed((enum site_kind)w->kind.kind)) {
		if (i->date) {
			last = (struct wall){ last.days + 1, 0 };
		} else {
			zone_wall(i->at, &first.days, &first.second);
			zone_wall(i->at + w->length + 59, &last.days, &last.second);
		}
	}
	put_site_row(w, first, last);
}

static bool holds(const int64_t *list, size_t n, int64_t v)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (list[mid] < v)
			low = mid + 1;
		else
			high = mid;
	}
	return low < n && list[low] == v;
}

static int by_taken(const void *a, const void *b)
{
	const struct taken *x = a, *y = b;
	int c = slice_cmp(x->uid, y->uid);

	return c != 0 ? c : (x->at > y->at) - (x->at < y->at);
}

static bool is_taken(const struct walk *w, int64_t at)
{
	struct taken want = { slice_str(w->ev->uid), at };

	return w->ev->uid != NULL && w->r->n_taken > 0 && w->ev->instead == NULL &&
	       bsearch(&want, w->r->taken, w->r->n_taken, sizeof want, by_taken) != NULL;
}

static bool put_instance(void *ctx, const struct instant *i)
{
	struct walk *w = ctx;
	int32_t first = i->date ? (int32_t)i->at : zone_day_of(i->at), last = first;
	struct date nominal = { i->nominal.year, (uint8_t)i->nominal.month, (uint8_t)i->nominal.day };

	if (i->date)
		last = (int32_t)(i->at + w->length - 1);
	if (last < w->r->from || first > w->r->to || is_taken(w, i->at) ||
	    holds(w->except, w->n_except, i->at) ||
	    holds(w->except_days, w->n_except_days, date_to_days(nominal)))
		return true;
	if (w->kind.kind == ICAL_DUTY)
		put_duty(w, i);
	else
		put_site(w, i);
	return w->r->rows <= ICAL_ROWS_MAX;
}

/* ---- events ---- */

static int by_number(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* EXDATEs, sorted: instants and days. A date excepts whatever begins on it. */
static bool read_excepts(struct walk *w, bool date)
{
	size_t n = 0;

	for (const struct moment *m = w->ev->except; m != NULL; m = m->next)
		n++;
	w->except = keep_array(&w->r->keep, n, sizeof *w->except);
	w->except_days = keep_array(&w->r->keep, n, sizeof *w->except_days);
	if (w->except == NULL || w->except_days == NULL)
		return false;
	for (const struct moment *m = w->ev->except; m != NULL; m = m->next) {
		struct instant i;

		if (!ical_instant(&w->r->zones, m, &i, w->r->p))
			return false;
		if (i.date == date)
			w->except[w->n_except++] = i.at;
		else if (i.date)
			w->except_days[w->n_except_days++] = i.at;
	}
	if (n > 0) {
		qsort(w->except, w->n_except, sizeof *w->except, by_number);
		qsort(w->except_days, w->n_except_days, sizeof *w->except_days, by_number);
	}
	return true;
}

static bool read_length(struct walk *w, const struct instant *start)
{
	const struct vevent *ev = w->ev;
	struct instant end;
	int64_t seconds;

	w->length = start->date;
	if (ev->end != NULL) {
		if (!ical_instant(&w->r->zones, ev->end, &end, w->r->p))
			return false;
		if (end.date != start->date || end.at < start->at || (!end.date && end.at == start->at) ||
		    end.at - start->at > (end.date ? 400 : 400 * DAY)) {
			problem_line(w->r->p, ev->end->line, ev->end->column,
				     "DTEND is not after DTSTART, or more than 400 days, or only one of them "
				     "a date");
			return false;
		}
		w->length = end.at == start->at ? 1 : end.at - start->at;
	} else if (ev->duration != NULL) {
		if (!ical_duration(ev->duration, &seconds, w->r->p))
			return false;
		w->length = start->date ? (seconds + DAY - 1) / DAY : seconds;
	} else if (!start->date) {
		problem_line(w->r->p, ev->line, 1, "an event with a time needs DTEND or DURATION");
		return false;
	}
	return true;
}

/* Is it something that a calendar of ours can hold? */
static bool choose_kind(struct walk *w, bool date)
{
	ical_kind_of(slice_str(w->ev->categories), slice_str(w->ev->summary), &w->kind);
	if (w->r->all.kind >= 0) {
		w->kind.kind = w->r->all.kind;
		if (w->r->all.word.n > 0 && w->kind.word.n == 0)
			w->kind.word = w->r->all.word;
	}
	w->people = w->ev->people != NULL ? slice_str(w->ev->people) : w->kind.names;
	if (w->kind.kind == ICAL_DUTY) {
		struct slice rest = w->people, who;

		return ical_next_name(&rest, &who);
	}
	return w->kind.kind >= 0 && (date || site_is_timed((enum site_kind)w->kind.kind)) &&
	       (w->kind.kind != SITE_HOLIDAY || w->ev->summary != NULL);
}

static bool expand(struct ical_reader *r, const struct vevent *ev)
{
	struct walk w = { .r = r, .ev = ev };
	struct instant start;
	int64_t last = r->to;

	if (ev->start == NULL) {
		problem_line(r->p, ev->line, 1, "an event without DTSTART");
		return false;
	}
	if (!ical_instant(&r->zones, ev->start, &start, r->p))
		return false;
	if (!choose_kind(&w, start.date)) {
		r->out->left_out++;
		return true;
	}
	if (!read_length(&w, &start) || !read_excepts(&w, start.date))
		return false;
	if (!start.date)
		last = zone_day_start(r->to + 1) - 1;
	if (ev->rule == NULL)
		put_instance(&w, &start);
	else if (!ical_recur(ev->rule, &start, last, &r->budget, put_instance, &w, r->p))
		return false;
	for (const struct moment *m = ev->more; m != NULL; m = m->next) {
		struct instant i;

		if (!ical_instant(&r->zones, m, &i, r->p))
			return false;
		if (i.date == start.date)
			put_instance(&w, &i);
	}
	return true;
}

/* Which instances others stand for, also where those were cancelled. */
static bool note_taken(struct ical_reader *r)
{
	r->taken = calloc(r->n + 1, sizeof *r->taken);
	if (r->taken == NULL)
		return no_memory(r);
	for (size_t i = 0; i < r->n; i++) {
		const struct vevent *ev = &r->event[i];
		struct instant at;

		if (ev->instead == NULL || ev->uid == NULL)
			continue;
		if (!ical_instant(&r->zones, ev->instead, &at, r->p))
			return false;
		r->taken[r->n_taken++] = (struct taken){ slice_str(ev->uid), at.at };
	}
	qsort(r->taken, r->n_taken, sizeof *r->taken, by_taken);
	return true;
}

static bool expand_all(struct ical_reader *r)
{
	size_t errors = r->p->errors;

	if (!note_taken(r))
		return false;
	for (size_t i = 0; i < r->n && r->rows <= ICAL_ROWS_MAX && r->p->errors < errors + ERRORS_MAX; i++) {
		r->out->events++;
		if (r->event[i].cancelled)
			r->out->cancelled++;
		else
			expand(r, &r->event[i]);
	}
	if (r->out->roster.failed || r->out->days.failed || r->keep.failed)
		return no_memory(r);
	return r->p->errors == errors;
}

bool ical_read(struct slice text, int32_t from, int32_t to, const char *kind, struct ical_result *out,
	       struct problems *p)
{
	struct ical_reader r = {
		.p = p, .from = from, .to = to, .out = out, .all = { .kind = -1 }, .budget = ICAL_STEPS_MAX
	};
	bool good = false;

	*out = (struct ical_result){ 0 };
	buf_init(&out->roster, ROW_BYTES_MAX);
	buf_init(&out->days, ROW_BYTES_MAX);
	icalerror_set_errors_are_fatal(0);
	icaltimezone_set_builtin_tzdata(0);
	ical_lines_init(&r.lines, text);
	buf_init(&r.attendees, 65536);
	if (text.n > ICAL_BYTES_MAX)
		problem_line(p, 0, 0, "larger than 10 MB");
	else if (kind != NULL && !ical_kind_of_word(slice_str(kind), &r.all))
		problem_line(p, 0, 0, "\"%.60s\" is no kind of event", kind);
	else
		good = ical_read_components(&r) && expand_all(&r);
	ical_lines_free(&r.lines);
	buf_free(&r.attendees);
	ical_zones_free(&r.zones);
	keep_free(&r.keep);
	free(r.event);
	free(r.taken);
	if (!good)
		ical_result_free(out);
	return good;
}

void ical_result_free(struct ical_result *r)
{
	buf_free(&r->roster);
	buf_free(&r->days);
	*r = (struct ical_result){ 0 };
}

#endif
