/* Values of the monthly items. */
#include <stdio.h>
#include <stdlib.h>

#include "core/review/decision.h"
#include "reports/availability.h"
#include "reports/duty_fill.h"
#include "reports/figure.h"

#define TARGET_NUMERATOR 995 /* 99.5 % (M1.1) */
#define MINUTE_NS (60 * NS_PER_SEC)

static const char *number(struct duty *d, figure v, figure scale, int digits)
{
	struct buf b;
	const char *text;

	buf_init(&b, 256);
	put_quotient(&b, v, scale, digits);
	text = pool_copy(&d->pool, buf_slice(&b));
	buf_free(&b);
	return text;
}

static const char *count(struct duty *d, figure v)
{
	return number(d, v, 1, 0);
}

/* The month's, read once for each of its three lines: a month of calls is a few seconds at most. */
static bool month(struct duty *d, struct availability *a)
{
	*a = (struct availability){ 0 };
	if (d->rc == TK_OK)
		d->rc = availability_read(a, d->reader, &d->incidents, d->period.from * NS_PER_SEC,
					  d->period.to * NS_PER_SEC, d->e);
	return d->rc == TK_OK;
}

void fill_availability(struct duty *d, struct duty_line *l)
{
	struct availability a;
	struct buf b;
	int64_t base;

	buf_init(&b, 64);
	if (month(d, &a)) {
		base = a.service - a.planned - a.unknown;
		if (availability_percent(&a, &b))
			duty_say(d, l, W_DF_AVAILABILITY, buf_cstr(&b), number(d, a.down, MINUTE_NS, 1),
				 number(d, a.planned, MINUTE_NS, 1), number(d, a.unknown, MINUTE_NS, 1));
		else
			duty_say(d, l, W_UNWATCHED);
		if (base > 0)
			l->proposed = (figure)(base - a.down) * 1000 < (figure)base * TARGET_NUMERATOR
					      ? VERDICT_BAD
				      : (figure)a.unknown * 100 > a.service ? VERDICT_CARE
									    : VERDICT_GOOD;
	}
	buf_free(&b);
	availability_free(&a);
}

void fill_outages(struct duty *d, struct duty_line *l)
{
	static const char *const severities[] = { "critical", "major", "moderate", "minor" };
	int64_t n[COUNT(severities)] = { 0 }, all = 0;
	struct availability a;

	for (size_t i = 0; i < d->incidents.n; i++) {
		const struct incident *in = &d->incidents.p[i];
		int64_t start = in->time[INCIDENT_STARTED] / NS_PER_SEC;

		if (start < d->period.from || start >= d->period.to)
			continue;
		all++;
		for (size_t k = 0; k < COUNT(severities); k++)
			n[k] += slice_is(in->field[INCIDENT_SEVERITY], severities[k]);
	}
	if (month(d, &a)) {
		duty_say(d, l, W_DF_OUTAGES, count(d, all), count(d, n[0]), count(d, n[1]), count(d, n[2]),
			 count(d, n[3]), count(d, (figure)a.outages.n), number(d, a.down, MINUTE_NS, 1));
		l->proposed = all > 0 || a.outages.n > 0 ? VERDICT_CARE : VERDICT_GOOD;
	}
	availability_free(&a);
}

void fill_mttr(struct duty *d, struct duty_line *l)
{
	struct incident_times t;

	incident_times(&d->incidents, d->period.from * NS_PER_SEC, d->period.to * NS_PER_SEC, &t);
	if (t.n == 0)
		duty_say(d, l, W_NO_ALARM);
	else
		duty_say(d, l, W_DF_MTTR, number(d, t.mttr, MINUTE_NS, 1), count(d, t.n),
			 number(d, t.median, MINUTE_NS, 1), number(d, t.max, MINUTE_NS, 1), count(d, t.open));
	l->proposed = VERDICT_GOOD;
}

void fill_security(struct duty *d, struct duty_line *l)
{
	int64_t n = 0;

	for (size_t i = 0; i < d->incidents.n; i++) {
		const struct incident *in = &d->incidents.p[i];
		int64_t start = in->time[INCIDENT_STARTED] / NS_PER_SEC;

		n += start >= d->period.from && start < d->period.to &&
		     slice_is(in->field[INCIDENT_TYPE], "security");
	}
	duty_say(d, l, W_DF_SECURITY, count(d, n));
	l->proposed = n > 0 ? VERDICT_CARE : VERDICT_GOOD;
}

struct key_count {
	int64_t seen, unregistered, revoked, shared, idle, since_ns;
};

static void count_key(void *ctx, const struct key_row *k)
{
	struct key_count *c = ctx;

	c->seen += k->calls > 0;
	c->unregistered += k->state.n == 0 && k->calls > 0;
	c->revoked += slice_is(k->state, "revoked");
	c->shared += memchr(k->users.p == NULL ? (const uint8_t *)"" : k->users.p, ',', k->users.n) != NULL;
	c->idle += slice_is(k->state, "active") && k->last_ns < c->since_ns;
}

void fill_keys(struct duty *d, struct duty_line *l)
{
	struct key_count c = { .since_ns = (d->period.to - 90 * INT64_C(86400)) * NS_PER_SEC };

	if (d->rc == TK_OK)
		d->rc = ledger_keys(d->reader, true, count_key, &c, d->e);
	duty_say(d, l, W_DF_KEYS, count(d, c.seen), count(d, c.unregistered), count(d, c.shared),
		 count(d, c.idle));
	l->proposed = c.unregistered > 0 || c.shared > 0 ? VERDICT_CARE : VERDICT_GOOD;
}

struct finding_count {
	const struct decisions *decisions;
	int64_t n, open, confirmed;
};

static void count_finding(void *ctx, const struct finding *f)
{
	struct finding_count *c = ctx;
	struct finding_facts facts = { .id = f->id,
				       .first_ns = f->first_ns,
				       .count = f->count,
				       .rule_id = f->rule_id,
				       .entity = f->entity_json };
	struct decision now;

	decisions_of(c->decisions, &facts, INT64_MIN, &now);
	c->n++;
	c->open += now.status == FINDING_NEW || now.status == FINDING_ACKNOWLEDGED ||
		   now.status == FINDING_REOPENED;
	c->confirmed += now.status == FINDING_ESCALATED || slice_is(now.reason, "true_positive");
}

void fill_findings(struct duty *d, struct duty_line *l)
{
	struct decisions *made = decisions_new(d->journal);
	struct finding_count c = { .decisions = made };

	if (made == NULL)
		d->rc = err_set(d->e, TK_ENOMEM, "no memory for the records of decisions");
	if (d->rc == TK_OK)
		d->rc = ledger_findings(d->reader, d->period.from * NS_PER_SEC, d->period.to * NS_PER_SEC,
					false, count_finding, &c, d->e);
	decisions_free(made);
	duty_say(d, l, W_DF_FINDINGS, count(d, c.n), count(d, c.confirmed), count(d, c.open));
	l->proposed = c.open > 0 ? VERDICT_CARE : VERDICT_GOOD;
}

void fill_done(struct duty *d, struct duty_line *l)
{
	struct duty_rate r;

	duty_rate_of(d->journal, d->cal, d->period.first, d->period.last, &r);
	duty_say(d, l, W_DF_DONE, count(d, r.done), count(d, r.due), count(d, r.late), count(d, r.missing));
	l->proposed = r.missing > 0 ? VERDICT_BAD : r.late > 0 ? VERDICT_CARE : VERDICT_GOOD;
}

void fill_evidence(struct duty *d, struct duty_line *l)
{
	int64_t n = 0;
	struct err e;
	int rc = d->rc == TK_OK ? ledger_verify(d->reader, &n, &e) : TK_OK;
	bool altered = rc == TK_EMALFORMED;

	if (rc != TK_OK && !altered)
		d->rc = err_set(d->e, rc, "%s", e.text);
	duty_say(d, l, altered ? W_DF_ALTERED : W_DF_EVIDENCE, count(d, n), count(d, d->coverage_missed));
	l->proposed = altered ? VERDICT_BAD : d->coverage_missed > 0 ? VERDICT_CARE : VERDICT_GOOD;
}
