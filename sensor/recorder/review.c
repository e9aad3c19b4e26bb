/* What people decide: each decision is looked at against those before it, then recorded (core/review). */
#include <inttypes.h>
#include <stdlib.h>

#include "core/base/zone.h"
#include "core/review/decision.h"
#include "core/review/duty.h"
#include "core/review/facts.h"
#include "core/review/incident.h"
#include "sensor/recorder/request_context.h"

static void put_entry(struct json_out *o, const struct journal_entry *e)
{
	json_open(o, '{');
	json_key(o, "action");
	json_str(o, e->action);
	json_key(o, "actor");
	json_str(o, e->actor);
	for (size_t i = 0; i < e->n; i++) {
		char key[64];
		struct slice k = e->member[i].key;

		if (k.n >= sizeof key || memchr(k.p, 0, k.n) != NULL || slice_is(k, "do") ||
		    slice_is(k, "action") || slice_is(k, "actor"))
			continue;
		memcpy(key, k.p, k.n);
		key[k.n] = '\0';
		json_key(o, key);
		json_str(o, e->member[i].value);
	}
}

static int write_entry(struct context *c, const char *type, struct buf *body)
{
	int rc = body->failed ? err_set(c->e, TK_ENOMEM, "no memory")
			      : ledger_record(c->l, type, c->now_ns, buf_slice(body), c->e);

	c->count++;
	return rc;
}

/* What the request would be in the journal. */
static struct journal_entry asked(const struct context *c)
{
	return (struct journal_entry){ .ts_ns = c->now_ns,
				       .action = member(c->r, "do"),
				       .actor = c->actor,
				       .n = c->r->n,
				       .member = (struct journal_member *)c->r->member };
}

/* ---- findings ---- */

struct about {
	struct finding_facts facts;
	struct buf text; /* rule, then entity */
};

static int note(void *ctx, struct slice rule, struct slice entity, int64_t first_ns, int64_t count)
{
	struct about *a = ctx;

	buf_clear(&a->text);
	buf_add(&a->text, rule);
	buf_add(&a->text, entity);
	a->facts.first_ns = first_ns;
	a->facts.count = count;
	a->facts.rule_id = slice_head(buf_slice(&a->text), rule.n);
	a->facts.entity = slice_from(buf_slice(&a->text), rule.n);
	return a->text.failed ? TK_ENOMEM : TK_OK;
}

static bool known_reason(struct slice reason)
{
	for (size_t i = 0; finding_reasons[i] != NULL; i++)
		if (slice_is(reason, finding_reasons[i]))
			return true;
	return false;
}

/* What the decision needs beside a finding that is in the right state. */
static const char *missing(const struct context *c, const struct journal *j)
{
	static const char *const given_here[] = { "finding", "rule.id", "subject", "since" };
	struct slice action = member(c->r, "do");
	enum finding_status makes = decision_makes(action);
	struct incidents all;
	int64_t ns, number = 0;
	bool found;

	if (c->r->n_list == 0)
		return "no finding is named";
	for (size_t i = 0; i < COUNT(given_here); i++)
		if (member(c->r, given_here[i]).n > 0)
			return "what a decision is about is told by the ledger";
	if (makes == FINDING_STATUSES && member(c->r, "owner").n == 0)
		return "say to whom";
	if (makes == FINDING_CLOSED && !known_reason(member(c->r, "reason")))
		return "a finding is closed as true_positive, false_positive, benign, expected, duplicate or "
		       "test";
	if (makes != FINDING_ACCEPTED && makes != FINDING_SUPPRESSED && makes != FINDING_ESCALATED)
		return NULL;
	if (makes == FINDING_ESCALATED) {
		json_i64(member(c->r, "incident"), &number);
		found = incidents_read(j, &all) && incident_find(&all, number) != NULL;
		incidents_free(&all);
		return found ? NULL : "there is no incident of that number";
	}
	if (!time_parse_rfc3339(member(c->r, "until"), false, &ns) || ns <= c->now_ns)
		return "it needs an expiry that lies ahead";
	return member(c->r, "text").n == 0 ? "it needs the reason in words" : NULL;
}

static int look_up(struct context *c, struct slice id, struct about *a)
{
	int rc = json_i64(id, &a->facts.id) ? ledger_finding(c->l, a->facts.id, note, a, c->e) : TK_ENOTFOUND;

	if (rc != TK_ENOTFOUND)
		return rc;
	c->refusal = "there is no such finding";
	return TK_OK;
}

static int record_decision(struct context *c, const struct about *a)
{
	const struct journal_entry entry = asked(c);
	enum finding_status makes = decision_makes(entry.action);
	char since[TIME_TEXT_MAX];
	struct buf body;
	struct json_out o;
	int rc;

	buf_init(&body, 1 << 20);
	o = json_out(&body);
	put_entry(&o, &entry);
	json_key(&o, "finding");
	json_int(&o, a->facts.id);
	json_key(&o, "rule.id");
	json_str(&o, a->facts.rule_id);
	json_key(&o, "subject");
	json_str(&o, a->facts.entity);
	if (makes == FINDING_ACCEPTED || makes == FINDING_SUPPRESSED) {
		json_key(&o, "since");
		json_str(&o, slice_of(since, time_format_utc(a->facts.first_ns, since)));
	}
	if (makes == FINDING_ACCEPTED && member(c->r, "count").n == 0) {
		json_key(&o, "count"); /* the envelope is what was seen */
		json_int(&o, a->facts.count);
	}
	json_close(&o, '}');
	rc = write_entry(c, "review", &body);
	buf_free(&body);
	if (rc == TK_OK && makes != FINDING_STATUSES)
		rc = ledger_finding_status(c->l, a->facts.id, finding_status_name(makes), c->e);
	return rc;
}

/* All of them or none: a bulk stays inside one rule, and each is looked at before the first is written. */
static int check_findings(struct context *c, const struct decisions *d, struct about *a)
{
	struct buf rule;
	struct decision now;
	int rc = TK_OK;

	buf_init(&rule, 65536);
	for (size_t i = 0; i < c->r->n_list && rc == TK_OK && c->refusal == NULL; i++) {
		if ((rc = look_up(c, c->r->list[i], a)) != TK_OK || c->refusal != NULL)
			break;
		if (i == 0)
			buf_add(&rule, a->facts.rule_id);
		else if (!slice_eq(buf_slice(&rule), a->facts.rule_id))
			c->refusal = "the findings are of several rules: decide on each rule by itself";
		decisions_of(d, &a->facts, c->now_ns, &now);
		if (c->refusal == NULL)
			c->refusal = decision_refusal(member(c->r, "do"), &now);
	}
	buf_free(&rule);
	return rc;
}

int do_finding(struct context *c)
{
	struct about a = { 0 };
	struct decisions *d = NULL;
	struct journal j;
	int rc = journal_load(&j, c->l, c->e);

	buf_init(&a.text, 1 << 17);
	if (rc == TK_OK && (c->refusal = missing(c, &j)) == NULL) {
		d = decisions_new(&j);
		rc = d == NULL ? err_set(c->e, TK_ENOMEM, "no memory") : check_findings(c, d, &a);
	}
	for (size_t i = 0; i < c->r->n_list && rc == TK_OK && c->refusal == NULL; i++)
		if ((rc = look_up(c, c->r->list[i], &a)) == TK_OK)
			rc = record_decision(c, &a);
	decisions_free(d);
	journal_free(&j);
	buf_free(&a.text);
	return rc;
}

/* ---- sheets and incidents ---- */

static int record_one(struct context *c, const struct journal_entry *entry, const char *type,
		      const char *numbered, int64_t number)
{
	struct buf body;
	struct json_out o;
	int rc;

	buf_init(&body, 1 << 20);
	o = json_out(&body);
	put_entry(&o, entry);
	if (numbered != NULL) {
		json_key(&o, numbered);
		json_int(&o, number);
		json_key(c->reply, numbered);
		json_int(c->reply, number);
	}
	json_close(&o, '}');
	rc = write_entry(c, type, &body);
	buf_free(&body);
	return rc;
}

/* A signature brings verdicts with it: item, verdict and value of each, in the list. */
enum { SIGN_ITEM, SIGN_VERDICT, SIGN_VALUE, SIGN_TEXTS };

static int with_verdicts(struct context *c, const struct journal *j, bool write)
{
	int rc = TK_OK;

	if (c->r->n_list % SIGN_TEXTS != 0)
		c->refusal = "not a list of verdicts";
	for (size_t i = 0; i < c->r->n_list && rc == TK_OK && c->refusal == NULL; i += SIGN_TEXTS) {
		const struct slice *text = &c->r->list[i];
		struct journal_member m[] = { { SLICE("sheet"), member(c->r, "sheet") },
					      { SLICE("date"), member(c->r, "date") },
					      { SLICE("item"), text[SIGN_ITEM] },
					      { SLICE("verdict"), text[SIGN_VERDICT] },
					      { SLICE("value"), text[SIGN_VALUE] },
					      { SLICE("correction"), member(c->r, "correction") } };
		struct journal_entry verdict = { .action = SLICE("duty.verdict"),
						 .actor = c->actor,
						 .member = m,
						 .n = m[5].value.n > 0 ? 6 : 5 };

		if (write)
			rc = record_one(c, &verdict, "review", NULL, 0);
		else
			c->refusal = duty_refusal(j, &verdict);
	}
	return rc;
}

int do_duty(struct context *c)
{
	const struct journal_entry entry = asked(c);
	const char *type = slice_is(entry.action, "duty.enter") ? "entry" : "review";
	struct journal j;
	int rc = journal_load(&j, c->l, c->e);

	if (rc == TK_OK && (c->refusal = duty_refusal(&j, &entry)) == NULL)
		rc = with_verdicts(c, &j, false);
	if (rc == TK_OK && c->refusal == NULL)
		rc = with_verdicts(c, &j, true);
	if (rc == TK_OK && c->refusal == NULL)
		rc = record_one(c, &entry, type, NULL, 0);
	journal_free(&j);
	return rc;
}

int do_fact(struct context *c)
{
	const struct journal_entry entry = asked(c);
	struct journal j;
	int rc = journal_load(&j, c->l, c->e);

	if (rc == TK_OK && (c->refusal = fact_refusal(&j, &entry)) == NULL)
		rc = record_one(c, &entry, "entry", NULL, 0);
	journal_free(&j);
	return rc;
}

int do_incident(struct context *c)
{
	const struct journal_entry entry = asked(c);
	bool opens = slice_is(entry.action, "incident.open"),
	     announces = slice_is(entry.action, "incident.window");
	const char *numbered = opens ? "incident" : announces ? "window" : NULL;
	struct journal j;
	int rc = journal_load(&j, c->l, c->e);

	if (rc == TK_OK && numbered != NULL && member(c->r, numbered).n > 0)
		c->refusal = "the number is given here";
	if (rc == TK_OK && c->refusal == NULL)
		c->refusal = incident_refusal(&j, &entry);
	if (rc == TK_OK && c->refusal == NULL)
		rc = record_one(c, &entry, "incident", numbered,
				numbered == NULL ? 0 : incident_next(&j, numbered));
	journal_free(&j);
	return rc;
}
