/* Values of the daily and weekly items that no report's sheet has. */
#include "reports/duty_fill.h"

#include <inttypes.h>
#include <stdlib.h>

#include "core/base/map.h"
#include "reports/availability.h"
#include "reports/figure.h"

#define TOP 5
#define NAMES_MAX 65536
#define SESSION_NS (30 * INT64_C(60) * NS_PER_SEC) /* gap that ends a session (audit-requirements.md R1) */

static const char *count(struct duty *d, figure v)
{
	struct buf b;
	const char *text;

	buf_init(&b, 256);
	put_grouped(&b, v);
	text = pool_copy(&d->pool, buf_slice(&b));
	buf_free(&b);
	return text;
}

static const char *quotient(struct duty *d, figure v, figure scale, int digits)
{
	struct buf b;
	const char *text;

	buf_init(&b, 256);
	put_quotient(&b, v, scale, digits);
	text = pool_copy(&d->pool, buf_slice(&b));
	buf_free(&b);
	return text;
}

static void judge(struct duty_line *l, bool care, bool bad)
{
	l->proposed = bad ? VERDICT_BAD : care ? VERDICT_CARE : VERDICT_GOOD;
}

/* ---- the day ---- */

void fill_answered(struct duty *d, struct duty_line *l)
{
	size_t answered = d->n - duty_unanswered(d);

	duty_say(d, l, W_DF_ANSWERED, count(d, (figure)answered), count(d, (figure)d->n));
}

void fill_incidents(struct duty *d, struct duty_line *l)
{
	int64_t begun = 0, open = 0;

	for (size_t i = 0; i < d->incidents.n; i++) {
		const struct incident *in = &d->incidents.p[i];
		int64_t start = in->time[INCIDENT_STARTED] / NS_PER_SEC;

		begun += start >= d->period.from && start < d->period.to;
		open += in->time[INCIDENT_RESTORED] == INT64_MIN;
	}
	duty_say(d, l, W_DF_INCIDENTS, count(d, begun), count(d, open));
	judge(l, begun > 0, open > 0);
}

void fill_carried(struct duty *d, struct duty_line *l)
{
	int64_t n = 0;

	for (size_t i = 0; i < d->n; i++)
		n += d->line[i].said.verdict != NULL &&
		     slice_is(journal_get(d->line[i].said.verdict, "verdict"), "abnormal");
	duty_say(d, l, W_DF_CARRIED, count(d, n));
}

static void add_sums(void *ctx, struct slice name, int64_t bucket, const struct sums *s)
{
	(void)name;
	(void)bucket;
	sums_add(ctx, s);
}

static void total(struct duty *d, int64_t from, int64_t to, struct sums *out)
{
	*out = (struct sums){ 0 };
	if (d->rc == TK_OK)
		d->rc = ledger_sums(d->reader, from, to, BY_NOTHING, add_sums, out, d->e);
}

void fill_extract(struct duty *d, struct duty_line *l)
{
	struct sums s;
	char day[11];

	total(d, d->period.from, d->period.to, &s);
	date_format(date_from_days(d->period.first), day);
	duty_say(d, l, W_DF_EXTRACT, count(d, s.calls), day);
}

/* ---- the week ---- */

struct name_calls {
	int64_t calls, first_ns, last_ns;
};
struct tally {
	struct map *places;
	struct name_calls p[NAMES_MAX];
};

static struct tally *tally_new(struct duty *d)
{
	struct tally *t = calloc(1, sizeof *t);

	if (t == NULL || (t->places = map_new(NAMES_MAX, NAMES_MAX * 64)) == NULL) {
		free(t);
		d->rc = err_set(d->e, TK_ENOMEM, "no memory for the names of the sheet");
		return NULL;
	}
	return t;
}

static void tally_free(struct tally *t)
{
	if (t != NULL)
		map_free(t->places);
	free(t);
}

static struct name_calls *tally_at(struct tally *t, struct slice name)
{
	int64_t *at = map_put(t->places, name, (int64_t)map_count(t->places));

	return at == NULL ? NULL : &t->p[*at];
}

static void tally_row(void *ctx, struct slice name, int64_t bucket, const struct sums *s)
{
	struct name_calls *n = tally_at(ctx, name);

	(void)bucket;
	if (n != NULL)
		n->calls += s->calls;
}

static void successful_row(void *ctx, struct slice name, int64_t bucket, const struct sums *s)
{
	if (name.n > 0 && s->successful > 0)
		tally_row(ctx, name, bucket, s);
}

static struct tally *tally_of(struct duty *d, int64_t from, int64_t to, enum sum_by by, sum_row_fn row)
{
	struct tally *t = d->rc == TK_OK ? tally_new(d) : NULL;

	if (t != NULL)
		d->rc = ledger_sums(d->reader, from, to, by, row, t, d->e);
	return t;
}

/* Sums of session lengths: calls of one user without a gap of half an hour between them. */
static int session_call(void *ctx, int64_t seq, const struct access_event *ev)
{
	struct name_calls *n = tally_at(ctx, ev_str(ev, F_USER));
	int64_t end = ev_completion(ev), start = end - ev_int(ev, F_DURATION, 0);

	(void)seq;
	if (n == NULL)
		return 0;
	if (n->calls++ == 0 || start - n->last_ns > SESSION_NS)
		n->first_ns += end - start; /* here the sum */
	else if (end > n->last_ns)
		n->first_ns += end - n->last_ns;
	if (end > n->last_ns)
		n->last_ns = end;
	return 0;
}

void fill_calls(struct duty *d, struct duty_line *l)
{
	struct tally *t = tally_new(d);
	struct sums s;
	figure time = 0;

	total(d, d->period.from, d->period.to, &s);
	if (t != NULL && d->rc == TK_OK)
		d->rc = ledger_events(d->reader, d->period.from * NS_PER_SEC, d->period.to * NS_PER_SEC, true,
				      session_call, t, d->e);
	for (size_t i = 0; t != NULL && i < map_count(t->places); i++)
		time += t->p[i].first_ns;
	duty_say(d, l, W_DF_CALLS, count(d, s.calls), count(d, s.successful),
		 quotient(d, time, (figure)3600 * NS_PER_SEC, 1));
	tally_free(t);
}

/* The largest ones, as "a 3、b 2". */
static void top(struct duty *d, struct duty_line *l, enum sum_by by)
{
	struct tally *t = tally_of(d, d->period.from, d->period.to, by, tally_row);
	struct buf b;

	buf_init(&b, 65536);
	for (int k = 0; t != NULL && k < TOP; k++) {
		size_t best = 0;

		for (size_t i = 1; i < map_count(t->places); i++)
			if (t->p[i].calls > t->p[best].calls)
				best = i;
		if (map_count(t->places) == 0 || t->p[best].calls == 0)
			break;
		buf_str(&b, b.n > 0 ? word(d->lang, W_LIST_COMMA) : "");
		if (map_key(t->places, best).n > 0)
			buf_add(&b, map_key(t->places, best));
		else
			buf_str(&b, word(d->lang, W_UNKNOWN));
		buf_fmt(&b, " %s", count(d, t->p[best].calls));
		t->p[best].calls = 0;
	}
	l->value = b.n > 0 ? pool_copy(&d->pool, buf_slice(&b)) : word(d->lang, W_NONE);
	buf_free(&b);
	tally_free(t);
}

void fill_departments(struct duty *d, struct duty_line *l)
{
	top(d, l, BY_DEPARTMENT);
}

void fill_functions(struct duty *d, struct duty_line *l)
{
	top(d, l, BY_FUNCTION);
}

void fill_errors(struct duty *d, struct duty_line *l)
{
	struct sums s;
	int64_t system, users;

	total(d, d->period.from, d->period.to, &s);
	system = s.error + s.timeout + s.reset;
	users = s.denied + s.limited + s.failure;
	duty_say(d, l, W_DF_ERRORS,
		 s.calls == 0 ? "―" : quotient(d, (figure)(system + users) * 100, s.calls, 2),
		 count(d, users), count(d, system));
	judge(l, system > 0, system * 20 > s.calls);
}

void fill_users(struct duty *d, struct duty_line *l)
{
	int64_t week = d->period.to - d->period.from, fresh = 0, lost = 0;
	struct tally *now = tally_of(d, d->period.from, d->period.to, BY_USER, successful_row);
	struct tally *before = tally_of(d, d->period.from - week, d->period.from, BY_USER, successful_row);

	if (now != NULL && before != NULL) {
		for (size_t i = 0; i < map_count(now->places); i++)
			fresh += map_get(before->places, map_key(now->places, i)) == NULL;
		for (size_t i = 0; i < map_count(before->places); i++)
			lost += map_get(now->places, map_key(before->places, i)) == NULL;
		duty_say(d, l, W_DF_USERS, count(d, (figure)map_count(now->places)), count(d, fresh),
			 count(d, lost));
	}
	tally_free(now);
	tally_free(before);
}

void fill_frequency(struct duty *d, struct duty_line *l)
{
	static const int64_t up_to[] = { 5, 20, 50, INT64_MAX };
	struct tally *t = tally_of(d, d->period.from, d->period.to, BY_USER, successful_row);
	int64_t n[COUNT(up_to)] = { 0 };

	for (size_t i = 0; t != NULL && i < map_count(t->places); i++)
		for (size_t k = 0; k < COUNT(up_to); k++)
			if (t->p[i].calls <= up_to[k]) {
				n[k]++;
				break;
			}
	duty_say(d, l, W_DF_FREQUENCY, count(d, n[0]), count(d, n[1]), count(d, n[2]), count(d, n[3]));
	tally_free(t);
}

void fill_trend(struct duty *d, struct duty_line *l)
{
	int64_t week = d->period.to - d->period.from;
	struct sums now, before;

	total(d, d->period.from, d->period.to, &now);
	total(d, d->period.from - week, d->period.from, &before);
	duty_say(d, l, W_DF_TREND, count(d, now.calls), count(d, before.calls),
		 before.calls == 0 ? "―" : quotient(d, (figure)now.calls * 100, before.calls, 1),
		 quotient(d, now.cost_pico, PICO_USD, 2), quotient(d, before.cost_pico, PICO_USD, 2));
}

void fill_windows(struct duty *d, struct duty_line *l)
{
	int64_t due = zone_day_start(d->date) * NS_PER_SEC, n = 0, late = 0;

	for (size_t i = 0; i < d->incidents.n_windows; i++) {
		const struct window *w = &d->incidents.window[i];

		if (w->cancelled || w->to_ns < due || w->from_ns > due + 14 * INT64_C(86400) * NS_PER_SEC)
			continue;
		n++;
		late += !w->planned;
	}
	duty_say(d, l, W_DF_WINDOWS, count(d, n), count(d, late));
	judge(l, late > 0, false);
}
