/* Reading the figures of one local day. */
#include "reports/daily.h"

#include <stdlib.h>

#include "core/base/zone.h"

#define CHECK_HOUR 9
#define BUCKET 900
#define FORECAST_DAYS 28

int64_t errors_of(const struct sums *s)
{
	return s->denied + s->limited + s->failure + system_errors_of(s);
}

int64_t system_errors_of(const struct sums *s)
{
	return s->error + s->timeout + s->reset;
}

int64_t tokens_of(const struct sums *s)
{
	int64_t sum;

	return __builtin_add_overflow(s->input_tokens, s->output_tokens, &sum) ? INT64_MAX : sum;
}

bool daily_blind(const struct daily *d)
{
	return d->coverage.minutes > 0 && d->coverage.missed_minutes == d->coverage.minutes &&
	       d->total.calls == 0;
}

bool daily_cost_known(const struct daily *d)
{
	return d->cost != 0 || d->total.calls == 0 || (tokens_of(&d->total) > 0 && d->total.unpriced == 0);
}

int64_t daily_budget(const struct daily *d)
{
	if (d->cfg->budget.day_pico > 0)
		return d->cfg->budget.day_pico;
	return d->cfg->budget.month_pico / d->month_days;
}

/* Zone offsets of today are multiples of 15 minutes; those of local mean time were not. */
static int64_t floor_bucket(int64_t at)
{
	return at - ((at % BUCKET) + BUCKET) % BUCKET;
}

static void take_total(void *ctx, struct slice name, int64_t bucket, const struct sums *s)
{
	(void)name;
	(void)bucket;
	*(struct sums *)ctx = *s;
}

static void add_sums(struct sums *to, const struct sums *s)
{
#define SUM(name, doc) \
	if (__builtin_add_overflow(to->name, s->name, &to->name)) \
		to->name = INT64_MAX;
#include "core/ledger/sums.def"
#undef SUM
}

struct reading {
	struct daily *d;
	struct named_list *list;
};

static void take_named(void *ctx, struct slice name, int64_t bucket, const struct sums *s)
{
	struct reading *r = ctx;
	struct named_list *l = r->list;

	(void)bucket;
	if (l->n == l->cap) {
		size_t cap = l->cap == 0 ? 32 : l->cap * 2;
		struct named_sums *p = realloc(l->p, cap * sizeof *p);

		if (p == NULL) {
			r->d->pool.failed = true;
			return;
		}
		l->p = p;
		l->cap = cap;
	}
	l->p[l->n++] = (struct named_sums){
		.name = { (const uint8_t *)pool_copy(&r->d->pool, name), name.n }, .s = *s };
}

static int read_named(struct daily *d, struct ledger_reader *r, int64_t from, int64_t to, enum sum_by by,
		      struct named_list *list, struct err *e)
{
	struct reading ctx = { d, list };

	return ledger_sums(r, from, to, by, take_named, &ctx, e);
}

/* A bucket of the day belongs to the wall hour in which it begins. */
static void take_bucket(void *ctx, struct slice name, int64_t bucket, const struct sums *s)
{
	struct daily *d = ctx;
	int32_t days, second;

	(void)name;
	zone_wall(bucket, &days, &second);
	add_sums(&d->hour[second / 3600 % 24], s);
	add_sums(&d->total, s);
	d->cost += s->cost_pico;
}

/* 128 bits: a year of a large site passes 2^63 pico-USD. */
static void take_month(void *ctx, struct slice name, int64_t bucket, const struct sums *s)
{
	struct daily *d = ctx;

	(void)name;
	(void)bucket;
	d->month_cost += s->cost_pico;
	if (__builtin_add_overflow(d->month_unpriced, s->unpriced, &d->month_unpriced))
		d->month_unpriced = INT64_MAX;
}

/* ---- the month to come ---- */

struct month {
	int32_t first, today;         /* local days that are looked at */
	int32_t from;                 /* first day with a call */
	__int128 *cost;               /* by day from first on */
};

static void take_day(void *ctx, struct slice name, int64_t bucket, const struct sums *s)
{
	struct month *m = ctx;
	int32_t day = zone_day_of(bucket);

	(void)name;
	if (day < m->first || day > m->today)
		return;
	if (s->calls > 0 && day < m->from)
		m->from = day;
	m->cost[day - m->first] += s->cost_pico;
}

/* Mean over the days of that class since the first call; of every class where there was none yet. */
static void mean_of(const struct month *m, struct calendar *cal, int class, __int128 *sum, int64_t *n)
{
	*sum = 0;
	*n = 0;
	for (int32_t day = m->from; day <= m->today; day++)
		if (class == CLASS_COUNT || (int)calendar_class(cal, day) == class) {
			*sum += m->cost[day - m->first];
			++*n;
		}
}

static __int128 still_to_come(const struct daily *d, const struct month *m, struct calendar *cal, int32_t end)
{
	int64_t days[CLASS_COUNT] = { 0 }, n;
	__int128 more = 0, sum;

	for (int32_t day = d->days + 1; day < end; day++)
		days[calendar_class(cal, day)]++;
	for (int class = 0; class < CLASS_COUNT; class++) {
		mean_of(m, cal, class, &sum, &n);
		if (n == 0)
			mean_of(m, cal, CLASS_COUNT, &sum, &n);
		more += (sum * days[class] * 2 + n) / (2 * n); /* half up, once a class */
	}
	return more;
}

static int read_forecast(struct daily *d, struct ledger_reader *r, struct calendar *cal, struct err *e)
{
	struct date date = date_from_days(d->days);
	int32_t first = d->days - date.day + 1;
	struct month m = { .first = d->days - FORECAST_DAYS + 1, .today = d->days, .from = INT32_MAX };
	int rc;

	if ((m.cost = calloc(FORECAST_DAYS, sizeof *m.cost)) == NULL)
		return err_set(e, TK_ENOMEM, "out of memory");
	rc = ledger_sums(r, floor_bucket(zone_day_start(m.first)), floor_bucket(d->to), BY_BUCKET, take_day,
			 &m, e);
	d->forecast_known = rc == TK_OK && m.from != INT32_MAX && d->month_cost > 0;
	if (d->forecast_known)
		d->forecast = d->month_cost + still_to_come(d, &m, cal, first + d->month_days);
	free(m.cost);
	return rc;
}

/* ---- the invoice of the month before ---- */

static void take_invoiced(void *ctx, struct slice name, int64_t bucket, const struct sums *s)
{
	struct daily *d = ctx;

	(void)name;
	(void)bucket;
	d->invoice_computed += s->cost_pico;
	d->invoice_calls = add_saturating(d->invoice_calls, s->calls);
	d->invoice_unpriced = add_saturating(d->invoice_unpriced, s->unpriced);
}

static int read_invoice(struct daily *d, struct ledger_reader *r, struct err *e)
{
	int32_t end = d->days - date_from_days(d->days).day + 1, first;
	struct date before = date_from_days(end - 1);
	char text[11];
	int rc;

	first = end - before.day;
	date_format(before, text);
	memcpy(d->invoice_month, text, sizeof d->invoice_month - 1);
	rc = ledger_sums(r, floor_bucket(zone_day_start(first)), floor_bucket(zone_day_start(end)), BY_BUCKET,
			 take_invoiced, d, e);
	return rc == TK_OK ? ledger_invoice(r, d->invoice_month, &d->invoice, e) : rc;
}

static int calls_of_day(struct ledger_reader *r, int32_t days, int64_t *calls, struct err *e)
{
	struct sums s = { 0 };
	int rc = ledger_sums(r, floor_bucket(zone_day_start(days)), floor_bucket(zone_day_start(days + 1)),
			     BY_NOTHING, take_total, &s, e);

	*calls = s.calls;
	return rc;
}

static int read_usage(struct daily *d, struct ledger_reader *r, struct err *e)
{
	struct date date = date_from_days(d->days);
	int32_t first = d->days - date.day + 1;
	int64_t from = floor_bucket(d->from), to = floor_bucket(d->to);
	int rc = ledger_sums(r, from, to, BY_BUCKET, take_bucket, d, e);

	date = (struct date){ date.year + (date.month == 12), (uint8_t)(date.month % 12 + 1), 1 };
	d->month_days = date_to_days(date) - first;
	if (rc == TK_OK)
		rc = ledger_sums(r, floor_bucket(zone_day_start(first)), to, BY_BUCKET, take_month, d, e);
	if (rc == TK_OK)
		rc = read_named(d, r, from, to, BY_USER, &d->user, e);
	if (rc == TK_OK)
		rc = read_named(d, r, from, to, BY_DEPARTMENT, &d->department, e);
	if (rc == TK_OK)
		rc = read_named(d, r, from, to, BY_FUNCTION, &d->function, e);
	if (rc == TK_OK)
		rc = read_named(d, r, from, to, BY_MODEL, &d->model, e);
	for (size_t i = 0; i < d->user.n; i++)
		d->active_users += d->user.p[i].name.n > 0 && d->user.p[i].s.successful > 0;
	return rc;
}

static int read_comparisons(struct daily *d, struct ledger_reader *r, struct calendar *cal, struct err *e)
{
	int rc = calls_of_day(r, d->days - 1, &d->previous_calls, e);

	for (int32_t day = d->days - 1; day >= d->days - SAME_CLASS_DAYS && rc == TK_OK; day--) {
		if (calendar_class(cal, day) != d->class || zone_day_start(day) == zone_day_start(day + 1))
			continue;
		d->has_same_class = true;
		d->same_class_days = day;
		return calls_of_day(r, day, &d->same_class_calls, e);
	}
	return rc;
}

static int by_number(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The check of the morning looks at the 24 hours before 09:00 (calendar.md 4). */
static int read_errors(struct daily *d, struct ledger_reader *r, struct err *e)
{
	int64_t before[ERROR_DAYS];
	int rc = ledger_sums(r, floor_bucket(d->error_from), floor_bucket(d->error_to), BY_NOTHING,
			     take_total, &d->window, e);

	for (int i = 0; i < ERROR_DAYS && rc == TK_OK; i++) {
		struct sums s = { 0 };
		int32_t day = d->days - 1 - i;

		rc = ledger_sums(r, floor_bucket(zone_instant(day, CHECK_HOUR * 3600, false)),
				 floor_bucket(zone_instant(day + 1, CHECK_HOUR * 3600, false)), BY_NOTHING,
				 take_total, &s, e);
		before[i] = errors_of(&s);
	}
	if (rc != TK_OK)
		return rc;
	qsort(before, ERROR_DAYS, sizeof before[0], by_number);
	d->error_median = before[ERROR_DAYS / 2];
	rc = read_named(d, r, floor_bucket(d->error_from), floor_bucket(d->error_to), BY_FUNCTION,
			&d->error_function, e);
	if (rc == TK_OK)
		rc = read_named(d, r, floor_bucket(d->error_from), floor_bucket(d->error_to), BY_DEPARTMENT,
				&d->error_department, e);
	return rc;
}

static int read_latency(struct daily *d, struct ledger_reader *r, struct err *e)
{
	struct latency *l = calloc(1, sizeof *l);
	int rc;

	if (l == NULL)
		return err_set(e, TK_ENOMEM, "out of memory");
	rc = ledger_latency(r, floor_bucket(d->from), floor_bucket(d->to), l, e);
	d->mean_ns = l->n > 0 ? l->sum_ns / l->n : -1;
	d->median_ns = latency_quantile(l, 0.5);
	d->p95_ns = latency_quantile(l, 0.95);
	d->max_ns = d->median_ns < 0 ? -1 : l->max_ns;
	free(l);
	return rc;
}

static struct slice keep(struct daily *d, struct slice text)
{
	return slice_of(pool_copy(&d->pool, text), text.n);
}

static struct slice reason_in(struct daily *d, const struct finding *f, enum lang lang)
{
	struct slice reason = f->reason.n > 0 ? f->reason : f->rule_name, kept;
	struct buf b;

	buf_init(&b, 1 << 16);
	titles_say(d->titles, lang, f, &b);
	kept = keep(d, b.failed ? reason : buf_slice(&b));
	buf_free(&b);
	return kept;
}

static void take_finding(void *ctx, const struct finding *f)
{
	struct daily *d = ctx;
	enum level level;

	if (f->withdrawn) {
		d->withdrawn++;
		return;
	}
	if (!level_parse(f->level, &level))
		level = LEVEL_INFORMATIONAL;
	d->by_level[level]++;
	if (d->n_findings < SHEET_FINDINGS)
		d->findings[d->n_findings] = (struct daily_finding){
			.level = level, .first_ns = f->first_ns, .provisional = f->provisional,
			.reason = { reason_in(d, f, LANG_JA), reason_in(d, f, LANG_EN) } };
	d->n_findings++;
}

static void take_outside(void *ctx, const struct outside_row *o)
{
	struct daily *d = ctx;

	if (d->outside_addresses < SHEET_OUTSIDE)
		d->outside[d->outside_addresses] = (struct daily_outside){
			.ip = keep(d, o->ip), .country = keep(d, o->country), .as_org = keep(d, o->as_org),
			.users = keep(d, o->users), .calls = o->calls };
	d->outside_addresses++;
	d->outside_calls += o->calls;
	d->outside_successful += o->successful;
}

static void count_key(void *ctx, const struct key_row *k)
{
	(void)k;
	(*(int64_t *)ctx)++;
}

static int read_security(struct daily *d, struct ledger_reader *r, struct err *e)
{
	int64_t from = d->from * NS_PER_SEC, to = d->to * NS_PER_SEC;
	int rc;

	d->titles = titles_load(d->cfg);
	rc = ledger_findings(r, from, to, true, take_finding, d, e);
	titles_free(d->titles);
	d->titles = NULL;
	if (rc == TK_OK)
		rc = ledger_outside(r, from, to, take_outside, d, e);
	if (rc == TK_OK)
		rc = ledger_keys(r, false, count_key, &d->keys_registered, e);
	if (d->keys_registered < (int64_t)d->cfg->n_keys)
		d->keys_registered = (int64_t)d->cfg->n_keys; /* not in the ledger before the first run */
	return rc;
}

static int read_all(struct daily *d, struct ledger_reader *r, struct calendar *cal, struct err *e)
{
	int rc = read_usage(d, r, e);

	if (rc == TK_OK)
		rc = costs_read(&d->costs, &d->pool, r, floor_bucket(d->from), floor_bucket(d->to), e);
	if (rc == TK_OK)
		rc = read_forecast(d, r, cal, e);
	if (rc == TK_OK)
		rc = read_invoice(d, r, e);
	if (rc == TK_OK)
		rc = read_comparisons(d, r, cal, e);
	if (rc == TK_OK)
		rc = read_errors(d, r, e);
	if (rc == TK_OK)
		rc = read_latency(d, r, e);
	if (rc == TK_OK)
		rc = ledger_coverage(r, d->from - ((d->from % 60) + 60) % 60,
				     d->to - ((d->to % 60) + 60) % 60, &d->coverage, e);
	if (rc == TK_OK)
		rc = read_security(d, r, e);
	return rc == TK_OK && d->pool.failed ? err_set(e, TK_ENOMEM, "out of memory") : rc;
}

int daily_read(struct daily **out, struct ledger_reader *r, const struct config *cfg, struct calendar *cal,
	       struct date day, struct err *e)
{
	struct daily *d = calloc(1, sizeof *d);
	int rc;

	*out = NULL;
	if (d == NULL)
		return err_set(e, TK_ENOMEM, "out of memory");
	d->cfg = cfg;
	d->days = date_to_days(day);
	d->from = zone_day_start(d->days);
	d->to = zone_day_start(d->days + 1);
	d->error_from = zone_instant(d->days, CHECK_HOUR * 3600, false);
	d->error_to = zone_instant(d->days + 1, CHECK_HOUR * 3600, false);
	d->info = *calendar_day(cal, d->days);
	d->class = calendar_class(cal, d->days);
	d->holiday = keep(d, slice_str(d->info.holiday));
	rc = read_all(d, r, cal, e);
	if (rc != TK_OK) {
		daily_free(d);
		return rc;
	}
	*out = d;
	return TK_OK;
}

void daily_free(struct daily *d)
{
	if (d == NULL)
		return;
	free(d->user.p);
	free(d->department.p);
	free(d->function.p);
	free(d->model.p);
	free(d->error_function.p);
	free(d->error_department.p);
	pool_free(&d->pool);
	free(d);
}
