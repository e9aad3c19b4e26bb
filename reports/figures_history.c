/* The period among those before it: what the curves show, and who came and went. */
#include <stdlib.h>

#include "core/base/zone.h"
#include "reports/figures.h"

static int read_point(struct figures *f, struct ledger_reader *r, struct period p, struct history_point *h,
		      struct latency *l, struct err *e)
{
	struct coverage seen = { 0 };
	int rc = figures_named(f, r, p.from, p.to, BY_USER, &h->user, e);

	h->first = p.first;
	h->last = p.last;
	for (size_t i = 0; i < h->user.n; i++)
		sums_add(&h->total, &h->user.p[i].s);
	h->users = named_active(&h->user);
	if (rc == TK_OK)
		rc = ledger_latency(r, p.from - ((p.from % 900) + 900) % 900,
				    p.to - ((p.to % 900) + 900) % 900, l, e);
	if (rc == TK_OK)
		rc = ledger_coverage(r, p.from - ((p.from % 60) + 60) % 60, p.to - ((p.to % 60) + 60) % 60,
				     &seen, e);
	h->watched = seen.missed_minutes < seen.minutes || h->total.calls > 0;
	h->median_ns = latency_quantile(l, 0.5);
	h->p95_ns = latency_quantile(l, 0.95);
	h->p99_ns = latency_quantile(l, 0.99);
	return rc;
}

static bool is_active(const struct named_list *l, struct slice name)
{
	const struct named_sums *u = named_find(l, name);

	return u != NULL && u->s.successful > 0;
}

/* New: in no period before. Back: not in the one before, but in an older one. Lost: in the one before alone.
 */
static void come_and_gone(struct history *h)
{
	const struct named_list *now = &h->point[h->n - 1].user, *before = &h->point[h->n - 2].user;

	for (size_t i = 0; i < now->n; i++) {
		bool older = false;

		if (now->p[i].name.n == 0 || now->p[i].s.successful == 0 || is_active(before, now->p[i].name))
			continue;
		for (int k = 0; k < h->n - 2 && !older; k++)
			older = is_active(&h->point[k].user, now->p[i].name);
		h->users_back += older;
		h->users_new += !older;
	}
	for (size_t i = 0; i < before->n; i++)
		h->users_lost += before->p[i].name.n > 0 && before->p[i].s.successful > 0 &&
				 !is_active(now, before->p[i].name);
}

/* On how many of the period's days each user had a successful call. */
int figures_read_days(struct figures *f, struct ledger_reader *r, struct err *e)
{
	int *days = calloc(f->user.n + 1, sizeof *days);
	int rc = days == NULL ? err_set(e, TK_ENOMEM, "out of memory") : TK_OK;

	for (int32_t d = f->first; d <= f->last && rc == TK_OK; d++) {
		struct named_list l = { 0 };

		rc = figures_named(f, r, zone_day_start(d), zone_day_start(d + 1), BY_USER, &l, e);
		for (size_t i = 0; i < f->user.n && rc == TK_OK; i++)
			days[i] += f->user.p[i].name.n > 0 && is_active(&l, f->user.p[i].name);
		free(l.p);
	}
	for (size_t i = 0; i < f->user.n && rc == TK_OK; i++) {
		f->history.daily_users += days[i];
		if (days[i] > 0 && days[i] <= DAYS_OF_WEEK)
			f->history.by_days[days[i] - 1]++;
	}
	free(days);
	return rc;
}

/* The same weeks 52 weeks ago, so that weekdays meet weekdays; of a month the month of the year before. */
static struct period year_before(const struct figures *f)
{
	struct date d = date_from_days(f->first), next;

	if (d.day != 1 || f->last - f->first < 27)
		return period_of_days(f->first - 364, f->last - 364);
	d.year--;
	next = (struct date){ d.year + (d.month == 12), (uint8_t)(d.month % 12 + 1), 1 };
	return period_of_days(date_to_days(d), date_to_days(next) - 1);
}

/* Days of the point that are not recorded: nobody called on them, and no input, not even a file that was
 * imported, reaches over them. */
static int missing_days(struct figures *f, struct ledger_reader *r, const struct history_point *h, int *n,
			struct err *e)
{
	int rc = TK_OK;

	*n = 0;
	for (int32_t d = h->first; d <= h->last && rc == TK_OK; d++) {
		int64_t from = zone_day_start(d), to = zone_day_start(d + 1);
		struct coverage seen = { 0 };
		struct named_list l = { 0 };

		rc = figures_named(f, r, from, to, BY_USER, &l, e);
		if (rc == TK_OK)
			rc = ledger_coverage(r, from - from % 60, to - to % 60, &seen, e);
		*n += l.n == 0 && seen.missed_minutes >= seen.minutes;
		free(l.p);
	}
	return rc;
}

/* Against a period that was recorded in part a quotient would tell of the recording. */
static int compare(struct figures *f, struct ledger_reader *r, struct err *e)
{
	struct history *h = &f->history;
	int now = 0, then = 0;
	int rc = missing_days(f, r, &h->point[h->n - 2], &then, e);

	if (rc == TK_OK)
		rc = missing_days(f, r, &h->point[h->n - 1], &now, e);
	h->comparable = then <= now;
	return rc;
}

int figures_read_history(struct figures *f, struct ledger_reader *r,
			 struct period (*step)(void *ctx, struct period p), void *ctx, struct err *e)
{
	struct period p = period_of_days(f->first, f->last);
	struct latency *l = calloc(1, sizeof *l);
	int rc = l == NULL ? err_set(e, TK_ENOMEM, "out of memory") : TK_OK;

	f->history.n = HISTORY_POINTS;
	for (int i = HISTORY_POINTS - 1; i >= 0 && rc == TK_OK; i--, p = step(ctx, p))
		rc = read_point(f, r, p, &f->history.point[i], l, e);
	if (rc == TK_OK)
		rc = read_point(f, r, year_before(f), &f->history.year_ago, l, e);
	free(l);
	if (rc == TK_OK)
		come_and_gone(&f->history);
	return rc == TK_OK ? compare(f, r, e) : rc;
}
