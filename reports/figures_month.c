/* What a month is judged by (reports.md 3): availability, incidents, keys, decisions, checks. */
#include <stdlib.h>

#include "core/base/zone.h"
#include "core/review/decision.h"
#include "reports/figures.h"

#define IDLE_DAYS 90

static void count_incidents(struct figures *f)
{
	static const char *const severities[SEVERITIES] = { "critical", "major", "moderate", "minor" };
	struct month_review *m = &f->review;

	for (size_t i = 0; i < f->said.incidents.n; i++) {
		const struct incident *in = &f->said.incidents.p[i];
		int64_t start = in->time[INCIDENT_STARTED] / NS_PER_SEC;

		if (start < f->from || start >= f->to)
			continue;
		m->incidents++;
		m->security += slice_is(in->field[INCIDENT_TYPE], "security");
		for (int k = 0; k < SEVERITIES; k++)
			m->severity[k] += slice_is(in->field[INCIDENT_SEVERITY], severities[k]);
	}
}

static void count_key(void *ctx, const struct key_row *k)
{
	struct month_review *m = ctx;

	m->keys.seen++;
	m->keys.unregistered += k->state.n == 0;
	m->keys.revoked += k->revoked_ns != 0 && k->last_ns >= k->revoked_ns;
	m->keys.shared += k->users.n > 0 && memchr(k->users.p, ',', k->users.n) != NULL;
}

/* Registered people by what they did: accounts that nobody uses are closed. */
static int count_people(struct figures *f, struct ledger_reader *r, struct err *e)
{
	struct named_list quarter = { 0 };
	int rc = figures_named(f, r, zone_day_start(f->last + 1 - IDLE_DAYS), f->to, BY_USER, &quarter, e);

	for (size_t i = 0; i < f->cfg->n_users && rc == TK_OK; i++) {
		const struct cfg_user *u = &f->cfg->users[i];
		const struct named_sums *month = named_find(&f->user, slice_str(u->id)),
					*seen = named_find(&quarter, slice_str(u->id));
		bool gone = u->status != NULL && strcmp(u->status, "left") == 0;

		f->review.people.left += gone && month != NULL && month->s.calls > 0;
		f->review.people.idle += !gone && (seen == NULL || seen->s.calls == 0);
	}
	free(quarter.p);
	return rc;
}

struct finding_count {
	const struct decisions *decisions;
	const struct titles *rules;
	struct month_review *m;
};

static void count_finding(void *ctx, const struct finding *f)
{
	struct finding_count *c = ctx;
	struct finding_facts facts = { .id = f->id,
				       .first_ns = f->first_ns,
				       .count = f->count,
				       .rule_id = f->rule_id,
				       .entity = f->entity_json,
				       .asks_duty = titles_asks_duty(c->rules, f) };
	struct decision now;

	decisions_of(c->decisions, &facts, INT64_MIN, &now);
	c->m->decided.n++;
	c->m->decided.open += now.status == FINDING_NEW || now.status == FINDING_ACKNOWLEDGED ||
			      now.status == FINDING_REOPENED;
	c->m->decided.confirmed += now.status == FINDING_ESCALATED || slice_is(now.reason, "true_positive");
}

static int count_findings(struct figures *f, struct ledger_reader *r, struct err *e)
{
	struct decisions *made = decisions_new(&f->said.journal);
	struct titles *rules = made != NULL && decisions_have_windows(made) ? titles_load(f->cfg) : NULL;
	struct finding_count c = { made, rules, &f->review };
	int rc = made == NULL ? err_set(e, TK_ENOMEM, "no memory for the records of decisions")
			      : ledger_findings(r, f->from * NS_PER_SEC, f->to * NS_PER_SEC, false,
						count_finding, &c, e);

	titles_free(rules);
	decisions_free(made);
	return rc;
}

/* ---- checks ---- */

static void signed_by(struct duty_rate *out, struct slice who)
{
	for (size_t i = 0; i < out->n_by; i++)
		if (slice_eq(out->by[i].who, who)) {
			out->by[i].n++;
			return;
		}
	if (out->n_by == RATE_NAMES)
		return;
	out->by[out->n_by].who = who;
	out->by[out->n_by++].n = 1;
}

static void count_day(struct duty_rate *out, const struct duty_said *said, int32_t day)
{
	bool missed = false;

	for (int i = 0; i < DUTY_BLOCKS; i++) {
		out->due++;
		if (said->block[i] == NULL) {
			out->missing++;
			missed = true;
			continue;
		}
		if (duty_is_late(said->block[i], day))
			out->late++;
		else
			out->done++;
		signed_by(out, said->block[i]->actor);
	}
	if (missed && out->n_missed < RATE_NAMES)
		out->missed[out->n_missed++] = day;
	out->missed_days += missed;
}

bool figures_duty_rate(const struct journal *j, struct calendar *cal, int32_t first, int32_t last,
		       struct duty_rate *out)
{
	*out = (struct duty_rate){ 0 };
	for (int32_t day = first; day <= last; day++) {
		struct duty_said said;
		char text[11];

		if (calendar_day(cal, day)->opening == OPEN_CLOSED)
			continue;
		date_format(date_from_days(day), text);
		if (!duty_read(j, SLICE("daily"), slice_str(text), &said))
			return false;
		count_day(out, &said, day);
		free(said.p);
	}
	return true;
}

int figures_read_review(struct figures *f, struct ledger_reader *r, struct calendar *cal, struct err *e)
{
	int rc = availability_read(&f->review.availability, r, &f->said.incidents, f->cfg->reports.service,
				   f->from * NS_PER_SEC, f->to * NS_PER_SEC, e);

	count_incidents(f);
	if (rc == TK_OK)
		rc = ledger_keys_seen(r, f->from * NS_PER_SEC, f->to * NS_PER_SEC, count_key, &f->review, e);
	if (rc == TK_OK)
		rc = count_people(f, r, e);
	if (rc == TK_OK)
		rc = count_findings(f, r, e);
	if (rc == TK_OK && !figures_duty_rate(&f->said.journal, cal, f->first, f->last, &f->review.rate))
		rc = err_set(e, TK_ENOMEM, "no memory for the records of people");
	return rc;
}
