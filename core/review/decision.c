#include "core/review/decision.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/map.h"
#include "core/review/incident.h"

const char *const finding_reasons[] = { "true_positive", "false_positive", "benign", "expected",
					"duplicate",	 "test",	   NULL };

static const char *const names[FINDING_STATUSES] = {
	"new", "acknowledged", "escalated", "accepted", "suppressed", "closed", "reopened",
};

#define BIT(status) (1u << (status))
#define LIVE (BIT(FINDING_NEW) | BIT(FINDING_ACKNOWLEDGED) | BIT(FINDING_REOPENED))

static const struct action {
	const char *name;
	enum finding_status makes;
	unsigned from; /* states in which it may be said */
	const char *refusal;
} actions[] = {
	{ "findings.acknowledge", FINDING_ACKNOWLEDGED, BIT(FINDING_NEW) | BIT(FINDING_REOPENED),
	  "only a new or reopened finding is acknowledged" },
	{ "findings.assign", FINDING_STATUSES, (unsigned)~BIT(FINDING_CLOSED),
	  "a closed finding is reopened before it is assigned" },
	{ "findings.escalate", FINDING_ESCALATED, LIVE | BIT(FINDING_ACCEPTED),
	  "the finding is closed, suppressed or has an incident already" },
	{ "findings.accept", FINDING_ACCEPTED, LIVE | BIT(FINDING_ESCALATED) | BIT(FINDING_ACCEPTED),
	  "a closed or suppressed finding is reopened before it is accepted" },
	{ "findings.suppress", FINDING_SUPPRESSED, LIVE | BIT(FINDING_SUPPRESSED),
	  "only a finding that nobody decided on is suppressed" },
	{ "findings.close", FINDING_CLOSED, (unsigned)~BIT(FINDING_CLOSED), "the finding is closed already" },
	{ "findings.reopen", FINDING_REOPENED,
	  BIT(FINDING_CLOSED) | BIT(FINDING_ACCEPTED) | BIT(FINDING_SUPPRESSED) | BIT(FINDING_ESCALATED),
	  "the finding is open" },
};

static const struct action *action_of(struct slice name)
{
	for (size_t i = 0; i < COUNT(actions); i++)
		if (slice_is(name, actions[i].name))
			return &actions[i];
	return NULL;
}

const char *finding_status_name(enum finding_status s)
{
	return names[s];
}

enum finding_status decision_makes(struct slice action)
{
	const struct action *a = action_of(action);

	return a == NULL ? FINDING_STATUSES : a->makes;
}

const char *decision_refusal(struct slice action, const struct decision *now)
{
	const struct action *a = action_of(action);

	if (a == NULL)
		return "no such decision";
	return (a->from & BIT(now->status)) != 0 ? NULL : a->refusal;
}

/* Chains through the journal's entries, each from its earliest. Number 0 ends a chain: places count from 1.
 */
struct decisions {
	const struct journal *j;
	struct map *ids, *patterns;
	size_t *next_id, *next_pattern;
	struct incidents incidents; /* for their windows */
};

static struct slice pattern_key(struct buf *b, struct slice rule, struct slice entity)
{
	buf_clear(b);
	buf_add(b, rule);
	buf_byte(b, 0);
	buf_add(b, entity);
	return buf_slice(b);
}

static bool chain(struct map *heads, struct slice key, size_t *next, size_t i)
{
	int64_t *head = map_put(heads, key, 0);

	if (head == NULL)
		return false;
	next[i] = (size_t)*head;
	*head = (int64_t)i + 1;
	return true;
}

static bool fill(struct decisions *d)
{
	struct buf key;
	bool good = true;

	buf_init(&key, 1 << 17);
	for (size_t i = d->j->n; i-- > 0 && good;) {
		const struct journal_entry *e = d->j->p[i];
		enum finding_status makes = decision_makes(e->action);

		if (action_of(e->action) == NULL)
			continue;
		good = chain(d->ids, journal_get(e, "finding"), d->next_id, i);
		if (good && (makes == FINDING_ACCEPTED || makes == FINDING_SUPPRESSED))
			good = chain(d->patterns,
				     pattern_key(&key, journal_get(e, "rule.id"), journal_get(e, "subject")),
				     d->next_pattern, i);
	}
	good &= !key.failed;
	buf_free(&key);
	return good;
}

struct decisions *decisions_new(const struct journal *j)
{
	struct decisions *d = calloc(1, sizeof *d);

	if (d == NULL)
		return NULL;
	*d = (struct decisions){ .j = j,
				 .ids = map_new(j->n + 1, (j->n + 1) * 64),
				 .patterns = map_new(j->n + 1, (j->n + 1) * 4096),
				 .next_id = calloc(j->n + 1, sizeof *d->next_id),
				 .next_pattern = calloc(j->n + 1, sizeof *d->next_pattern) };
	if (!incidents_read(j, &d->incidents) || d->ids == NULL || d->patterns == NULL ||
	    d->next_id == NULL || d->next_pattern == NULL || !fill(d)) {
		decisions_free(d);
		return NULL;
	}
	return d;
}

void decisions_free(struct decisions *d)
{
	if (d == NULL)
		return;
	incidents_free(&d->incidents);
	map_free(d->ids);
	map_free(d->patterns);
	free(d->next_id);
	free(d->next_pattern);
	free(d);
}

static void follow(struct decision *out, const struct journal_entry *e)
{
	const struct action *a = action_of(e->action);
	struct slice owner = journal_get(e, "owner");

	if (owner.n > 0)
		out->owner = owner;
	if (a->makes == FINDING_STATUSES)
		return;
	out->status = a->makes;
	out->last = e;
	out->reason = journal_get(e, "reason");
	out->text = journal_get(e, "text");
	out->until_ns = journal_time(e, "until", 0);
	out->reopened_by = a->makes == FINDING_REOPENED ? "decision" : NULL;
	if (a->makes == FINDING_ESCALATED)
		out->incident = journal_get(e, "incident");
}

static size_t head(const struct map *m, struct slice key)
{
	const int64_t *at = map_get(m, key);

	return at == NULL ? 0 : (size_t)*at;
}

/* The last pattern that was decided on before or while the finding began, unless it was lifted: a reopening
 * of the finding from which it came ends it. */
static bool lifted(const struct decisions *d, const struct journal_entry *pattern)
{
	for (size_t i = head(d->ids, journal_get(pattern, "finding")); i > 0; i = d->next_id[i - 1])
		if (d->j->p[i - 1]->seq > pattern->seq &&
		    decision_makes(d->j->p[i - 1]->action) == FINDING_REOPENED)
			return true;
	return false;
}

static void inherit(const struct decisions *d, const struct finding_facts *f, struct decision *out)
{
	struct buf key;

	buf_init(&key, 1 << 17);
	for (size_t i = head(d->patterns, pattern_key(&key, f->rule_id, f->entity)); i > 0;
	     i = d->next_pattern[i - 1]) {
		const struct journal_entry *e = d->j->p[i - 1];

		if (f->first_ns < journal_time(e, "until", 0) &&
		    f->first_ns >= journal_time(e, "since", e->ts_ns) && !lifted(d, e))
			follow(out, e);
	}
	buf_free(&key);
}

static void reopen(struct decision *out, const char *why)
{
	out->status = FINDING_REOPENED;
	out->reopened_by = why;
}

bool decisions_have_windows(const struct decisions *d)
{
	for (size_t i = 0; i < d->incidents.n_windows; i++)
		if (d->incidents.window[i].planned && d->incidents.window[i].accounts.n > 0)
			return true;
	return false;
}

/* The text of a member of the finding's entity, escapes undone, in `room`. */
static struct slice entity_member(struct slice entity, const char *key, uint8_t *room)
{
	struct json j;

	json_init(&j, entity);
	if (json_next(&j) != JSON_OBJECT_BEGIN)
		return slice_of(NULL, 0);
	while (json_next(&j) == JSON_KEY) {
		bool wanted = slice_is(j.text, key);
		enum json_type t = json_next(&j);

		if (wanted && t == JSON_STRING) {
			size_t n = json_unescape(j.text, room);

			return slice_of(room, n == SIZE_MAX ? 0 : n);
		}
		if (t != JSON_STRING && t != JSON_NUMBER && t != JSON_TRUE && t != JSON_FALSE)
			break;
	}
	return slice_of(NULL, 0);
}

static bool is_listed(struct slice accounts, struct slice user)
{
	while (accounts.n > 0) {
		const uint8_t *comma = memchr(accounts.p, ',', accounts.n);
		size_t n = comma == NULL ? accounts.n : (size_t)(comma - accounts.p);

		if (slice_eq(slice_head(accounts, n), user))
			return true;
		accounts = slice_from(accounts, comma == NULL ? n : n + 1);
	}
	return false;
}

/* Announced work of the account: its findings of hours are expected (reports.md 2.2). */
static int64_t window_of(const struct decisions *d, const struct finding_facts *f)
{
	uint8_t *room;
	struct slice user;
	int64_t number = 0;

	if (!f->asks_duty || d->incidents.n_windows == 0 || (room = malloc(f->entity.n + 1)) == NULL)
		return 0;
	user = entity_member(f->entity, "user.name", room);
	for (size_t i = 0; i < d->incidents.n_windows && user.n > 0; i++) {
		const struct window *w = &d->incidents.window[i];

		if (w->planned && f->first_ns >= w->from_ns && f->first_ns < w->to_ns &&
		    is_listed(w->accounts, user))
			number = w->number;
	}
	free(room);
	return number;
}

void decisions_of(const struct decisions *d, const struct finding_facts *f, int64_t now_ns,
		  struct decision *out)
{
	char id[24];

	*out = (struct decision){ .status = FINDING_NEW };
	inherit(d, f, out);
	snprintf(id, sizeof id, "%" PRId64, f->id);
	for (size_t i = head(d->ids, slice_str(id)); i > 0; i = d->next_id[i - 1])
		follow(out, d->j->p[i - 1]);
	if (out->last == NULL && (out->window = window_of(d, f)) != 0)
		out->status = FINDING_SUPPRESSED;
	if (out->status != FINDING_ACCEPTED)
		return;
	if (f->count > journal_i64(out->last, "count", INT64_MAX))
		reopen(out, "envelope");
	else if (now_ns >= out->until_ns)
		reopen(out, "expiry");
}
