/* Events of our own that a day's events alone decide: its minutes, and its close. */
#include <stdlib.h>

#include "sensor/recorder/evaluation.h"

#define OWN(field) own[(field)-D_OWN_CALLS]

/* The event: an instant, and what the calendar says of it for the site. */
void own_instant(struct evaluate *v, struct lane *lane, int32_t day, int64_t sec)
{
	const struct person nobody = { 0 };

	ev_set_int(&lane->own.ev, F_TIMESTAMP, sec * NS_PER_SEC);
	enrich_when(v->enrich, &lane->own.parts[P_WHEN], day, enrich_off_hours(v->enrich, &nobody, sec),
		    DUTY_UNKNOWN);
}

int own_run(struct evaluate *v, struct lane *lane, enum own_service service, const struct hit_of *of,
	    const struct derived *own, struct err *e)
{
	const uint16_t *hits;
	bool late = false;
	size_t n;
	int rc = TK_OK;

	lane->derive.own = own;
	lane->derive.recall = NULL;
	lane->derive.leg = NULL;
	if (of->id != NULL)
		rule_run_id(lane->run, of->id);
	n = rule_run_own(lane->run, of->ev, service,
			 service == OWN_MINUTE ? of->start_ns + 60 * NS_PER_SEC : of->completion_ns, &hits);
	look_at_own(lane, service, of);
	for (size_t i = 0; i < n && rc == TK_OK; i++) {
		struct hit_of one = *of;

		one.hit = i;
		if (lane->reminding)
			rc = hits_remind(v, lane, hits[i], &one, e);
		else if (service != OWN_SENSOR || notices_due(v->notices, hits[i], of->start_ns))
			rc = hits_add(v, lane, hits[i], &one, &late, e);
	}
	lane->derive.own = NULL;
	lane->derive.usage = (struct usage){ 0 };
	return rc;
}

static int set_usual(struct evaluate *v, int32_t day, int64_t sec, int64_t p95_ms,
		     struct derived own[OWN_FIELDS], struct err *e)
{
	int32_t date, second;
	int64_t usual;
	int rc;

	if (v->first_day > day - USUAL_DAYS)
		return TK_OK;
	zone_wall(sec, &date, &second);
	if ((rc = usual_p95(v, day, second / 3600, &usual, e)) != TK_OK || usual < 0)
		return rc;
	OWN(D_OWN_P95_USUAL_MS) = derive_int(usual);
	if (p95_ms >= 0)
		OWN(D_OWN_P95_USUAL_PCT) = derive_percent(p95_ms, usual);
	return TK_OK;
}

static int run_minute(struct evaluate *v, struct lane *lane, const struct day_counts *d,
		      const struct minute *m, struct err *e)
{
	struct derived own[OWN_FIELDS] = { 0 };
	int64_t sec = d->start + m->at * 60;
	struct hit_of of = { &lane->own.ev, m->id, d->day, sec * NS_PER_SEC, m->completion_ns, false, 0 };
	int rc;

	own_instant(v, lane, d->day, sec);
	lane->derive.usage = (struct usage){ .habit.new_hour = -1,
					     .interval_cv_micro = -1,
					     .day_calls = m->day_calls,
					     .day_cost_pico = m->day_cost_pico,
					     .day_users = m->day_users,
					     .budget_pico = day_budget(v, d->day),
					     .base = d->base.known ? &d->base : NULL };
	OWN(D_OWN_CALLS) = derive_int(m->calls);
	OWN(D_OWN_CALLS_10M) = derive_int(m->calls_10m);
	OWN(D_OWN_ERRORS_10M) = derive_int(m->errors_10m);
	OWN(D_OWN_ERROR_PCT_10M) = derive_percent(m->errors_10m, m->calls_10m);
	if (m->p95_ms >= 0)
		OWN(D_OWN_P95_MS) = derive_int(m->p95_ms);
	if (v->wants.usual && (rc = set_usual(v, d->day, sec, m->p95_ms, own, e)) != TK_OK)
		return rc;
	if (m->since >= 0)
		OWN(D_OWN_MINUTES_SINCE_CALL) = derive_int(m->since);
	return own_run(v, lane, OWN_MINUTE, &of, own, e);
}

int own_minutes(struct evaluate *v, struct lane *lane, struct day_counts *d, int32_t end, struct err *e)
{
	struct minute m;
	int rc = TK_OK;

	if (!v->wants.minute)
		return TK_OK;
	if (v->wants.base && !d->base.known)
		rc = day_baseline(v, d->day, &d->base, e);
	while (rc == TK_OK && minutes_next(d->minutes, end, &m))
		rc = run_minute(v, lane, d, &m, e);
	return rc;
}

/* ---- the close of a day ---- */

struct day_sums {
	struct sums sums;
	int64_t users;
	uint8_t seen[LEDGER_LABELS];
	struct shares *shares;
};

static void add_entry(void *ctx, int64_t bucket, const struct event_names *of, const struct sums *s)
{
	struct day_sums *d = ctx;

	(void)bucket;
	sums_add(&d->sums, s);
	shares_take(d->shares, of, s);
	if (of->user > 1 && of->user < LEDGER_LABELS && s->successful > 0 && !d->seen[of->user]) {
		d->seen[of->user] = 1;
		d->users++;
	}
}

/* Calls of the `n` days before `day`. */
static int calls_before(struct evaluate *v, int32_t day, int32_t n, int64_t *calls, struct err *e)
{
	int rc = TK_OK;

	*calls = 0;
	for (int32_t d = day - n; d < day && rc == TK_OK; d++) {
		int64_t one;

		rc = day_total(v, d, &one, e);
		*calls += one;
	}
	return rc;
}

/* The closed days before this one, and the last earlier break. */
static int set_break(struct evaluate *v, int32_t day, struct derived own[OWN_FIELDS], struct err *e)
{
	struct calendar *c = enrich_calendar(v->enrich);
	int32_t gap = calendar_day(c, day)->gap_days, before;
	int64_t found = 0, calls, calls_then = 0;
	int rc;

	if (gap == 0)
		return TK_OK;
	rc = ledger_findings_of(v->ledger, day - gap, day - 1, LEVEL_MEDIUM, &found, e);
	if (rc == TK_OK)
		OWN(D_OWN_BREAK_FINDINGS) = derive_int(found);
	if (rc == TK_OK)
		rc = calls_before(v, day, gap, &calls, e);
	for (int32_t d = day - gap - 1; rc == TK_OK && d > day - BREAKS_BACK && d > v->first_day; d--) {
		if ((before = calendar_day(c, d)->gap_days) < BREAK_DAYS)
			continue;
		if ((rc = calls_before(v, d, before, &calls_then, e)) == TK_OK)
			OWN(D_OWN_BREAK_PCT) = derive_percent(calls * before, calls_then * gap);
		break;
	}
	return rc;
}

static int set_p95(struct evaluate *v, int32_t day, struct derived own[OWN_FIELDS], struct err *e)
{
	struct latency *l = malloc(sizeof *l);
	int64_t ns;
	int rc = l == NULL ? err_set(e, TK_ENOMEM, "no memory for response times")
			   : ledger_response_times(v->ledger, zone_day_start(day), zone_day_start(day + 1), l,
						   e);

	if (rc == TK_OK && (ns = latency_quantile(l, 0.95)) >= 0)
		OWN(D_OWN_P95_MS) = derive_int(ns / 1000000);
	free(l);
	return rc;
}

static void set_sums(const struct day_sums *s, const struct baseline *base, int64_t budget,
		     struct derived own[OWN_FIELDS])
{
	const struct sums *a = &s->sums;

	OWN(D_OWN_SCOPE) = (struct derived){ .kind = DV_STR, .s = SLICE("site") };
	OWN(D_OWN_CALLS) = derive_int(a->calls);
	OWN(D_OWN_CALLS_PREV_PCT) = derive_percent(a->calls, base->calls);
	OWN(D_OWN_CALLS_YESTERDAY_PCT) = derive_percent(a->calls, base->yesterday_calls);
	OWN(D_OWN_COST_USD) = derive_usd(a->cost_pico);
	OWN(D_OWN_BUDGET_PCT) = derive_percent(a->cost_pico, budget);
	OWN(D_OWN_USERS) = derive_int(s->users);
	OWN(D_OWN_ERROR_PCT) = derive_percent(a->error + a->timeout + a->reset, a->calls);
}

static int close_day(struct evaluate *v, struct lane *lane, int32_t day, struct day_sums *s, struct err *e)
{
	struct derived own[OWN_FIELDS] = { 0 };
	struct baseline base = { 0 };
	struct usage usage = { .habit.new_hour = -1, .interval_cv_micro = -1, .base = &base };
	int64_t end = zone_day_start(day + 1) * NS_PER_SEC;
	struct hit_of of = { &lane->own.ev, NULL, day, zone_day_start(day) * NS_PER_SEC, end, false, 0 };
	int rc = ledger_counted(v->ledger, zone_day_start(day), zone_day_start(day + 1), add_entry, s, e);

	if (rc == TK_OK)
		rc = day_baseline(v, day, &base, e);
	if (rc == TK_OK)
		set_sums(s, &base, day_budget(v, day), own);
	if (rc == TK_OK && rule_set_needs_own(v->set, D_OWN_P95_MS))
		rc = set_p95(v, day, own, e);
	if (rc == TK_OK && v->wants.breaks)
		rc = set_break(v, day, own, e);
	if (rc != TK_OK)
		return rc;
	usage.day_calls = s->sums.calls;
	usage.day_cost_pico = s->sums.cost_pico;
	usage.day_users = s->users;
	usage.budget_pico = day_budget(v, day);
	own_instant(v, lane, day, zone_day_start(day));
	lane->derive.usage = usage;
	rc = own_run(v, lane, OWN_DAY_CLOSE, &of, own, e);
	return rc == TK_OK ? own_day_close_scopes(v, lane, &of, &usage, s->shares, e) : rc;
}

int own_day_close(struct evaluate *v, struct lane *lane, int32_t day, struct err *e)
{
	struct day_sums *s;
	int rc;

	if (!v->wants.day_close || day < v->first_day) /* nobody called yet: no day of the site's */
		return TK_OK;
	if ((s = calloc(1, sizeof *s)) != NULL && (s->shares = shares_new()) != NULL)
		rc = close_day(v, lane, day, s, e);
	else
		rc = err_set(e, TK_ENOMEM, "no memory for a day's sums");
	if (s != NULL)
		shares_free(s->shares);
	free(s);
	return rc;
}
