/* Reading the figures of a period. */
#include "reports/figures.h"

#include <stdlib.h>

#include "core/base/zone.h"

#define BUCKET 900

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

bool figures_blind(const struct figures *d)
{
	return d->coverage.minutes > 0 && d->coverage.missed_minutes == d->coverage.minutes &&
	       d->total.calls == 0;
}

bool figures_cost_known(const struct figures *d)
{
	return d->cost != 0 || d->total.calls == 0 || (tokens_of(&d->total) > 0 && d->total.unpriced == 0);
}

int64_t figures_day_budget(const struct figures *d)
{
	if (d->cfg->budget.day_pico > 0)
		return d->cfg->budget.day_pico;
	return d->cfg->budget.month_pico / d->month.days;
}

/* Zone offsets of today are multiples of 15 minutes; those of local mean time were not. */
int64_t figures_bucket(int64_t at)
{
	return at - ((at % BUCKET) + BUCKET) % BUCKET;
}

static void take_total(void *ctx, struct slice name, int64_t bucket, const struct sums *s)
{
	(void)name;
	(void)bucket;
	*(struct sums *)ctx = *s;
}

int figures_total(struct ledger_reader *r, int64_t from, int64_t to, struct sums *total, struct err *e)
{
	*total = (struct sums){ 0 };
	return ledger_sums(r, figures_bucket(from), figures_bucket(to), BY_NOTHING, take_total, total, e);
}

struct reading {
	struct figures *d;
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
	l->p[l->n++] = (struct named_sums){ .name = { (const uint8_t *)pool_copy(&r->d->pool, name), name.n },
					    .s = *s };
}

int figures_named(struct figures *d, struct ledger_reader *r, int64_t from, int64_t to, enum sum_by by,
		  struct named_list *list, struct err *e)
{
	struct reading ctx = { d, list };

	return ledger_sums(r, figures_bucket(from), figures_bucket(to), by, take_named, &ctx, e);
}

const struct named_sums *named_find(const struct named_list *l, struct slice name)
{
	size_t low = 0, high = l->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = slice_cmp(l->p[middle].name, name);

		if (order == 0)
			return &l->p[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

int64_t named_active(const struct named_list *users)
{
	int64_t n = 0;

	for (size_t i = 0; i < users->n; i++)
		n += users->p[i].name.n > 0 && users->p[i].s.successful > 0;
	return n;
}

/* ---- the invoice of the month before ---- */

static void take_invoiced(void *ctx, struct slice name, int64_t bucket, const struct sums *s)
{
	struct figures *d = ctx;

	(void)name;
	(void)bucket;
	d->invoice_computed += s->cost_pico;
	d->invoice_calls = add_saturating(d->invoice_calls, s->calls);
	d->invoice_unpriced = add_saturating(d->invoice_unpriced, s->unpriced);
}

static int read_invoice(struct figures *d, struct ledger_reader *r, struct err *e)
{
	int32_t end = d->last - date_from_days(d->last).day + 1, first;
	struct date before = date_from_days(end - 1);
	char text[11];
	int rc;

	first = end - before.day;
	date_format(before, text);
	memcpy(d->invoice_month, text, sizeof d->invoice_month - 1);
	rc = ledger_sums(r, figures_bucket(zone_day_start(first)), figures_bucket(zone_day_start(end)),
			 BY_BUCKET, take_invoiced, d, e);
	return rc == TK_OK ? ledger_invoice(r, d->invoice_month, &d->invoice, e) : rc;
}

/* A bucket belongs to the wall hour in which it begins. */
static void take_bucket(void *ctx, struct slice name, int64_t bucket, const struct sums *s)
{
	struct figures *d = ctx;
	int32_t days, second;

	(void)name;
	zone_wall(bucket, &days, &second);
	sums_add(&d->hour[second / 3600 % 24], s);
	d->heat[date_weekday(days)][second / 3600 % 24] += s->calls;
	sums_add(&d->total, s);
	d->cost += s->cost_pico;
}

/* 128 bits: a year of a large site passes 2^63 pico-USD. */
static void take_month(void *ctx, struct slice name, int64_t bucket, const struct sums *s)
{
	struct month *m = ctx;
	int32_t day = zone_day_of(bucket) - m->first;

	(void)name;
	m->cost += s->cost_pico;
	m->unpriced = add_saturating(m->unpriced, s->unpriced);
	if (day >= 0 && day < (int32_t)COUNT(m->day_cost))
		m->day_cost[day] += s->cost_pico;
}

static int read_month(struct figures *d, struct ledger_reader *r, struct calendar *cal, struct err *e)
{
	struct month *m = &d->month;
	struct date date = date_from_days(d->last), next;

	m->first = d->last - date.day + 1;
	next = (struct date){ date.year + (date.month == 12), (uint8_t)(date.month % 12 + 1), 1 };
	m->days = date_to_days(next) - m->first;
	m->past = date.day;
	for (int i = 0; i < m->days; i++)
		m->class[i] = calendar_class(cal, m->first + i);
	return ledger_sums(r, figures_bucket(zone_day_start(m->first)), figures_bucket(d->to), BY_BUCKET,
			   take_month, m, e);
}

static int read_usage(struct figures *d, struct ledger_reader *r, struct err *e)
{
	struct {
		enum sum_by by;
		struct named_list *list;
	} lists[] = {
		{ BY_USER, &d->user },
		{ BY_DEPARTMENT, &d->department },
		{ BY_FUNCTION, &d->function },
		{ BY_MODEL, &d->model },
	};
	int rc = ledger_sums(r, figures_bucket(d->from), figures_bucket(d->to), BY_BUCKET, take_bucket, d, e);

	for (size_t i = 0; i < COUNT(lists) && rc == TK_OK; i++)
		rc = figures_named(d, r, d->from, d->to, lists[i].by, lists[i].list, e);
	d->active_users = named_active(&d->user);
	return rc;
}

static int read_latency(struct figures *d, struct ledger_reader *r, struct err *e)
{
	struct latency *l = calloc(1, sizeof *l);
	int rc;

	if (l == NULL)
		return err_set(e, TK_ENOMEM, "out of memory");
	rc = ledger_latency(r, figures_bucket(d->from), figures_bucket(d->to), l, e);
	d->mean_ns = l->n > 0 ? l->sum_ns / l->n : -1;
	d->median_ns = latency_quantile(l, 0.5);
	d->p90_ns = latency_quantile(l, 0.90);
	d->p95_ns = latency_quantile(l, 0.95);
	d->p99_ns = latency_quantile(l, 0.99);
	d->max_ns = d->median_ns < 0 ? -1 : l->max_ns;
	free(l);
	return rc;
}

struct slice figures_keep(struct figures *d, struct slice text)
{
	return slice_of(pool_copy(&d->pool, text), text.n);
}

static struct slice reason_in(struct figures *d, const struct finding *f, enum lang lang)
{
	struct slice reason = f->reason.n > 0 ? f->reason : f->rule_name, kept;
	struct buf b;

	buf_init(&b, 1 << 16);
	titles_say(d->titles, lang, f, &b);
	kept = figures_keep(d, b.failed ? reason : buf_slice(&b));
	buf_free(&b);
	return kept;
}

static void count_rule(struct figures *d, const struct finding *f, enum level level)
{
	struct rule_counts *c = &d->rules;
	struct slice name[2];

	for (int lang = 0; lang < 2; lang++) {
		struct buf b;

		buf_init(&b, 1 << 16);
		titles_title(d->titles, (enum lang)lang, f, &b);
		name[lang] = figures_keep(d, buf_slice(&b));
		buf_free(&b);
	}
	for (size_t i = 0; i < c->n; i++)
		if (slice_eq(c->row[i].name[LANG_EN], name[LANG_EN])) {
			c->row[i].n++;
			return;
		}
	if (c->n == RULES_COUNTED) {
		c->others++;
		return;
	}
	c->row[c->n].name[LANG_JA] = name[LANG_JA];
	c->row[c->n].name[LANG_EN] = name[LANG_EN];
	c->row[c->n].level = level;
	c->row[c->n++].n = 1;
}

static void take_finding(void *ctx, const struct finding *f)
{
	struct figures *d = ctx;
	enum level level;

	if (f->withdrawn) {
		d->withdrawn++;
		return;
	}
	if (!level_parse(f->level, &level))
		level = LEVEL_INFORMATIONAL;
	d->by_level[level]++;
	count_rule(d, f, level);
	if (d->n_findings < SHEET_FINDINGS)
		d->findings[d->n_findings] =
			(struct figures_finding){ .level = level,
						  .first_ns = f->first_ns,
						  .provisional = f->provisional,
						  .reason = { reason_in(d, f, LANG_JA),
							      reason_in(d, f, LANG_EN) } };
	d->n_findings++;
}

static void count_key(void *ctx, const struct key_row *k)
{
	(void)k;
	(*(int64_t *)ctx)++;
}

static int read_security(struct figures *d, struct ledger_reader *r, struct err *e)
{
	int64_t from = d->from * NS_PER_SEC, to = d->to * NS_PER_SEC;
	int rc;

	d->titles = titles_load(d->cfg);
	rc = ledger_findings(r, from, to, true, take_finding, d, e);
	titles_free(d->titles);
	d->titles = NULL;
	if (rc == TK_OK)
		rc = ledger_keys(r, false, count_key, &d->keys_registered, e);
	if (d->keys_registered < (int64_t)d->cfg->n_keys)
		d->keys_registered = (int64_t)d->cfg->n_keys; /* not in the ledger before the first run */
	return rc;
}

static int read_all(struct figures *d, struct ledger_reader *r, struct calendar *cal, struct err *e)
{
	int rc = read_usage(d, r, e);

	if (rc == TK_OK)
		rc = read_month(d, r, cal, e);
	if (rc == TK_OK)
		rc = read_latency(d, r, e);
	if (rc == TK_OK)
		rc = ledger_coverage(r, d->from - ((d->from % 60) + 60) % 60,
				     d->to - ((d->to % 60) + 60) % 60, &d->coverage, e);
	return rc == TK_OK ? read_security(d, r, e) : rc;
}

int figures_read_costs(struct figures *d, struct ledger_reader *r, struct calendar *cal, struct err *e)
{
	int rc = costs_read(&d->costs, &d->pool, r, figures_bucket(d->from), figures_bucket(d->to), e);

	if (rc == TK_OK)
		rc = figures_read_forecast(d, r, cal, e);
	return rc == TK_OK ? read_invoice(d, r, e) : rc;
}

int figures_read(struct figures **out, struct ledger_reader *r, const struct config *cfg,
		 struct calendar *cal, struct period period, struct err *e)
{
	struct figures *d = calloc(1, sizeof *d);
	int rc;

	*out = NULL;
	if (d == NULL)
		return err_set(e, TK_ENOMEM, "out of memory");
	d->cfg = cfg;
	d->first = period.first;
	d->last = period.last;
	d->from = period.from;
	d->to = period.to;
	rc = read_all(d, r, cal, e);
	if (rc != TK_OK) {
		figures_free(d);
		return rc;
	}
	*out = d;
	return TK_OK;
}

void figures_free(struct figures *d)
{
	if (d == NULL)
		return;
	free(d->user.p);
	free(d->department.p);
	free(d->function.p);
	free(d->model.p);
	free(d->day.error_function.p);
	free(d->day.error_department.p);
	for (int i = 0; i < HISTORY_POINTS; i++)
		free(d->history.point[i].user.p);
	free(d->history.year_ago.user.p);
	availability_free(&d->review.availability);
	said_free(&d->said);
	pool_free(&d->pool);
	free(d);
}
