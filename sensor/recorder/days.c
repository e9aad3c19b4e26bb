/* The local days that are held, what they are compared with, and when that holds. */
#include "sensor/recorder/evaluation.h"

#define QUIET_DAYS 14 /* a longer time without calls in a log is not taken for quiet days */
#define FORWARD 30    /* days behind one that may be compared with it, at most */

/* ---- sums of days ---- */

static struct day_counts *held(struct evaluate *v, int32_t day)
{
	for (int i = 0; i < DAYS; i++)
		if (v->days[i].loaded && v->days[i].day == day)
			return &v->days[i];
	return NULL;
}

static struct total *total_at(struct evaluate *v, int32_t day)
{
	return &v->totals[(uint32_t)day % TOTALS];
}

static void add_calls(void *ctx, int64_t bucket, const struct event_names *of, const struct sums *s)
{
	(void)bucket;
	(void)of;
	*(int64_t *)ctx += s->calls;
}

int day_total(struct evaluate *v, int32_t day, int64_t *calls, struct err *e)
{
	const struct day_counts *d = held(v, day);
	struct total *t = total_at(v, day);
	int rc;

	*calls = 0;
	if (d != NULL) {
		*calls = d->calls;
		return TK_OK;
	}
	if (day < v->first_day)
		return TK_OK;
	if (!t->known || t->day != day) {
		*t = (struct total){ .day = day };
		rc = ledger_counted(v->ledger, zone_day_start(day), zone_day_start(day + 1), add_calls,
				    &t->calls, e);
		if (rc != TK_OK)
			return rc;
		t->known = true;
	}
	*calls = t->calls;
	return TK_OK;
}

int day_baseline(struct evaluate *v, int32_t day, struct baseline *out, struct err *e)
{
	struct calendar *c = enrich_calendar(v->enrich);
	enum day_class class = calendar_class(c, day);
	int rc;

	*out = (struct baseline){ .known = true, .day = INT32_MIN };
	if (v->first_day > day - LEARN_SITE)
		return TK_OK;
	rc = day_total(v, day - 1, &out->yesterday_calls, e);
	for (int32_t d = day - 1; d >= day - LOOK_BACK && rc == TK_OK && out->calls == 0; d--) {
		if (calendar_class(c, d) != class)
			continue;
		out->day = d;
		rc = day_total(v, d, &out->calls, e);
	}
	return rc;
}

int64_t day_budget(const struct evaluate *v, int32_t day)
{
	struct date d = date_from_days(day), next = { d.month == 12 ? d.year + 1 : d.year,
						      (uint8_t)(d.month == 12 ? 1 : d.month + 1), 1 };

	if (v->cfg->budget.day_pico > 0)
		return v->cfg->budget.day_pico;
	d.day = 1;
	return v->cfg->budget.month_pico / (date_to_days(next) - date_to_days(d));
}

/* What is usual on a day is looked up when it begins, so that what comes late to those before it is late for
 * it. */
static bool looks_far(const struct evaluate *v)
{
	return v->wants.habits || v->wants.usual;
}

/* The last day that is compared with `day`: the next of its class with calls, or one that learned by it. */
static int last_to_look(struct evaluate *v, int32_t day, int32_t *out, struct err *e)
{
	struct calendar *c = enrich_calendar(v->enrich);
	enum day_class class = calendar_class(c, day);
	int32_t d = day + 1;
	int64_t calls = 0;
	int rc = TK_OK;

	for (; d < day + FORWARD && rc == TK_OK; d++)
		if (calendar_class(c, d) == class &&
		    ((rc = day_total(v, d, &calls, e)) != TK_OK || calls > 0))
			break;
	*out = d;
	if (v->first_day != INT32_MAX && day < v->first_day && v->first_day + LEARN_SITE > *out)
		*out = v->first_day + LEARN_SITE;
	if (v->wants.habits && day + LOOK_BACK > *out)
		*out = day + LOOK_BACK;
	if (v->wants.usual && day + USUAL_DAYS > *out)
		*out = day + USUAL_DAYS;
	return rc;
}

int days_disturb(struct evaluate *v, int32_t from, int32_t to, struct err *e)
{
	for (int32_t day = from; day <= to; day++) {
		struct day_counts *d = held(v, day);

		if (d != NULL)
			d->fine = false;
	}
	return ledger_days_dirty(v->ledger, from, to, e);
}

/* The first day behind the break that `day` lies in, and behind the next break of three days or more. */
static int mark_breaks(struct evaluate *v, int32_t day, struct err *e)
{
	struct calendar *c = enrich_calendar(v->enrich);
	int rc = TK_OK, n = 0;

	if (!v->wants.breaks || calendar_class(c, day) != CLASS_CLOSED)
		return TK_OK;
	for (int32_t d = day + 1; d <= day + BREAKS_BACK && d <= v->last_day && n < 2 && rc == TK_OK; d++)
		if (calendar_day(c, d)->gap_days >= (n == 0 ? 1 : BREAK_DAYS)) {
			rc = days_disturb(v, d, d, e);
			n++;
		}
	return rc;
}

/* Correlations that reach over midnight look at the day from later ones. */
static int mark_reached(struct evaluate *v, int32_t day, struct err *e)
{
	int32_t last = day;

	while (last < v->last_day && past_first(v, last + 1) <= day)
		last++;
	return last > day ? days_disturb(v, day + 1, last, e) : TK_OK;
}

int days_mark_later(struct evaluate *v, int32_t day, struct err *e)
{
	int32_t from = day + 1, last;
	int rc = TK_OK;

	if (v->habits != NULL)
		habits_forget(v->habits);
	usual_forget(v);
	if (day < v->last_day && v->past != NULL)
		rc = mark_reached(v, day, e);
	if (rc != TK_OK)
		return rc;
	if (day >= v->last_day || (!v->wants.base && !v->wants.day_close && !looks_far(v)))
		return TK_OK;
	rc = mark_breaks(v, day, e);
	if (rc == TK_OK)
		rc = last_to_look(v, day, &last, e);
	for (; rc == TK_OK && from <= last && from <= v->last_day; from++) {
		const struct day_counts *d = held(v, from);

		if (d == NULL || looks_far(v))
			rc = days_disturb(v, from, from, e);
	}
	return rc;
}

/* ---- the days that are held ---- */

int day_finish(struct evaluate *v, struct day_counts *d, struct err *e)
{
	struct baseline now = { 0 };
	int rc = TK_OK;

	if (d->watched)
		rc = own_minutes(v, &v->live, d, MINUTES_MAX, e);
	if (rc == TK_OK && d->fine && d->base.known) {
		rc = day_baseline(v, d->day, &now, e);
		d->fine = now.day == d->base.day && now.calls == d->base.calls &&
			  now.yesterday_calls == d->base.yesterday_calls;
	}
	if (rc == TK_OK && d->fine)
		rc = ledger_day_fine(v->ledger, d->day, e);
	*total_at(v, d->day) = (struct total){ d->day, true, d->calls };
	d->loaded = false;
	for (int i = 0; i < DAYS; i++) /* it no longer looks for itself */
		v->days[i].told = false;
	return rc;
}

struct loading {
	struct day_counts *d;
	struct calendar *calendar;
};

static void load_entry(void *ctx, int64_t bucket, const struct event_names *of, const struct sums *s)
{
	struct loading *l = ctx;

	day_counts_load(l->d, of->user, s, derive_night(l->calendar, bucket));
}

/* What looks a day back at most needs the day before to have come this way too. */
static int look_behind(struct evaluate *v, struct day_counts *d, struct err *e)
{
	const struct day_counts *before = held(v, d->day - 1);
	int64_t calls = 0;
	int rc = TK_OK;

	if (!v->wants.travel && !v->wants.pace && v->wants.memory_ns == 0)
		return TK_OK;
	if (before != NULL)
		d->fine &= before->watched;
	else if ((rc = day_total(v, d->day - 1, &calls, e)) == TK_OK)
		d->fine &= calls == 0;
	return rc;
}

static int load(struct evaluate *v, struct day_counts *d, int32_t day, bool *known, struct err *e)
{
	struct loading l = { d, enrich_calendar(v->enrich) };
	int rc = ledger_day_begin(v->ledger, day, known, e);

	day_counts_clear(d, day);
	d->loaded = true;
	d->fine = d->watched = !*known;
	if (rc == TK_OK && !*known)
		rc = ledger_days_between(v->ledger, day, QUIET_DAYS, e);
	if (rc == TK_OK && !*known)
		rc = calendar_day_met(v, day, e);
	if (rc == TK_OK && !*known)
		rc = look_behind(v, d, e);
	if (rc == TK_OK && *known)
		rc = ledger_counted(v->ledger, d->start, d->end, load_entry, &l, e);
	if (rc == TK_OK)
		rc = days_mark_later(v, day, e);
	for (int i = 0; i < DAYS && looks_far(v); i++) /* what comes late to them is late for this one */
		v->days[i].told = false;
	d->told = true;
	v->last_day = day > v->last_day ? day : v->last_day;
	v->first_day = day < v->first_day ? day : v->first_day;
	return rc;
}

int day_of(struct evaluate *v, int32_t day, struct day_counts **out, bool *loaded, struct err *e)
{
	struct day_counts *d = &v->days[0];
	int rc = TK_OK;

	*loaded = false;
	for (int i = 0; i < DAYS; i++) {
		if (v->days[i].loaded && v->days[i].day == day) {
			*out = d = &v->days[i];
			d->used = ++v->clock;
			if (!d->told)
				rc = days_mark_later(v, day, e);
			d->told = true;
			return rc;
		}
		if (v->days[i].used < d->used)
			d = &v->days[i];
	}
	if (d->loaded)
		rc = day_finish(v, d, e);
	d->used = ++v->clock;
	*out = d;
	return rc == TK_OK ? load(v, d, day, loaded, e) : rc;
}

int days_finish_before(struct evaluate *v, int32_t today, struct err *e)
{
	int rc = TK_OK;

	for (int i = 0; i < DAYS && rc == TK_OK; i++)
		if (v->days[i].loaded && v->days[i].day < today)
			rc = day_finish(v, &v->days[i], e);
	return rc;
}

int day_changed(struct evaluate *v, int32_t day, struct err *e)
{
	struct day_counts *d = held(v, day);
	int rc = ledger_day_met(v->ledger, day, e);

	if (d != NULL)
		d->loaded = false;
	total_at(v, day)->known = false;
	if (rc == TK_OK)
		rc = days_disturb(v, day - 1, day + 1, e);
	return rc == TK_OK ? days_mark_later(v, day, e) : rc;
}
