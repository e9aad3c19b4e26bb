/* What people ask about keeping and erasing: previews, erase records, legal holds. An order is worked through
 * in pieces, each a request, so that nobody waits long; nothing is erased before all of it is sealed
 * (erase.h). */
#include <stdio.h>

#include "core/base/hash.h"
#include "core/base/zone.h"
#include "core/ledger/erase.h"
#include "core/retention/plan.h"
#include "sensor/recorder/request_context.h"

#define PIECE_BYTES (16 << 20) /* of segment files that are read for one request */
#define PIECE_SEGMENTS 1000
#define APPROVERS_MAX 16

/* ---- the order ---- */

static int64_t number_of(struct slice text, int64_t otherwise)
{
	int64_t v;

	return json_i64(text, &v) ? v : otherwise;
}

static bool said(const struct context *c, const char *key)
{
	return member(c->r, key).n > 0;
}

static void take_order(const struct context *c, struct erase_order *o)
{
	*o = (struct erase_order){ .prune = slice_is(member(c->r, "do"), "maintain.prune"),
				   .user = member(c->r, "user"),
				   .text = member(c->r, "text"),
				   .first = number_of(member(c->r, "first"), -1),
				   .last = number_of(member(c->r, "last"), -1),
				   .from_ns = INT64_MIN,
				   .to_ns = INT64_MAX };
	time_parse_rfc3339(member(c->r, "from"), false, &o->from_ns);
	time_parse_rfc3339(member(c->r, "to"), false, &o->to_ns);
}

/* Different people. */
static size_t approvers(const struct context *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->r->n_list; i++) {
		size_t k = 0;

		while (k < i && !slice_eq(c->r->list[k], c->r->list[i]))
			k++;
		n += k == i && c->r->list[i].n > 0;
	}
	return n;
}

static bool short_kept(const struct config *cfg)
{
	return retention_short(retention_period(cfg, KEEP_ACCESS)) ||
	       retention_short(retention_period(cfg, KEEP_FINDINGS));
}

static const char *order_refusal(const struct context *c, const struct erase_order *o)
{
	if (c->r->n_list > APPROVERS_MAX)
		return "too many approvers";
	if (!said(c, "preview") && approvers(c) == 0)
		return "say who approves it";
	if (o->prune && short_kept(c->cfg) && !(said(c, "accept_short") && said(c, "reason")))
		return "retention: a class is kept for less than a year: that needs "
		       "--i-accept-short-retention and a "
		       "--reason, which is recorded";
	if (o->prune)
		return NULL;
	if (o->user.n == 0 && o->text.n == 0 && o->first < 0 && o->from_ns == INT64_MIN &&
	    o->to_ns == INT64_MAX)
		return "say what is to be erased";
	if (o->first > o->last || (o->first < 0 && o->last >= 0))
		return "not a range of records";
	if (o->from_ns >= o->to_ns)
		return "not a range of time";
	return said(c, "preview") || slice_is(member(c->r, "why"), "request") ||
			       slice_is(member(c->r, "why"), "order")
		       ? NULL
		       : "say whether a person's request or an authority's order is the reason";
}

/* ---- records ---- */

static void put_text(struct json_out *o, const char *key, struct slice v)
{
	if (v.n == 0)
		return;
	json_key(o, key);
	json_str(o, v);
}

static void put_number(struct json_out *o, const char *key, int64_t v)
{
	json_key(o, key);
	json_int(o, v);
}

static void put_hash(struct json_out *o, const char *key, const struct hash32 *h)
{
	char hex[65];

	hex_encode(hash_slice(h), hex);
	json_key(o, key);
	json_str(o, slice_of(hex, 64));
}

static void put_approvers(struct json_out *o, const struct context *c)
{
	json_key(o, "approved_by");
	json_open(o, '[');
	for (size_t i = 0; i < c->r->n_list; i++)
		if (c->r->list[i].n > 0)
			json_str(o, c->r->list[i]);
	json_close(o, ']');
}

static int put_record_of(struct context *c, const char *type, struct json_out *o)
{
	int rc;

	json_close(o, '}');
	rc = o->b->failed ? err_set(c->e, TK_ENOMEM, "no memory")
			  : ledger_record(c->l, type, c->now_ns, buf_slice(o->b), c->e);
	buf_free(o->b);
	return rc;
}

/* It says which records and why, and nothing of what they said: it stays for ever. */
static int record_erase(struct context *c, const struct segment_plan *s, bool prune,
			const struct hash32 *sha256)
{
	struct buf body, policy;
	struct json_out o = json_out(&body);

	buf_init(&body, 1 << 16);
	buf_init(&policy, 256);
	put_policy(&policy, c->cfg, s->classes);
	json_open(&o, '{');
	put_text(&o, "action", SLICE("erase"));
	put_text(&o, "actor", c->actor);
	put_approvers(&o, c);
	put_number(&o, "count", s->records);
	put_number(&o, "first", s->whole ? s->m.first_seq : s->run[0].first);
	json_key(&o, "hold_checked");
	json_bool(&o, true);
	put_number(&o, "last", s->whole ? s->m.last_seq : s->run[s->n_runs - 1].last);
	put_hash(&o, "manifest", &s->text);
	if (!s->whole)
		put_hash(&o, "new_sha256", sha256);
	put_text(&o, "policy", buf_slice(&policy));
	put_text(&o, "reason", prune ? SLICE("retention") : member(c->r, "why"));
	put_text(&o, "reference", member(c->r, "reference"));
	put_text(&o, "scope", s->whole ? SLICE("whole") : SLICE("records"));
	put_number(&o, "segment", s->m.segment);
	buf_free(&policy);
	return put_record_of(c, "erase", &o);
}

/* What must be known before anything is erased, in one transaction with the record that allows it. */
static int note(struct context *c, const struct segment_plan *s, bool prune)
{
	struct erasing x = {
		.segment = s->m.segment, .whole = s->whole, .classes = s->cleared, .asked = !prune
	};
	struct hash32 sha256 = { 0 };
	int rc = s->whole ? TK_OK
			  : trail_segment_cut_hash(c->cfg->ledger.trail, &s->m, s->run, s->n_runs, &sha256,
						   c->e);

	memcpy(x.sha256, sha256.b, sizeof x.sha256);
	if (rc == TK_OK)
		rc = record_erase(c, s, prune, &sha256);
	if (rc == TK_OK)
		rc = ledger_erasing_put(c->l, &x, c->e);
	for (size_t i = 0; i < s->n_runs && rc == TK_OK; i++)
		rc = ledger_erasing_run(c->l, s->m.segment, s->run[i].first, s->run[i].last, c->e);
	return rc;
}

static int record_short(struct context *c)
{
	struct buf body, period;
	struct json_out o = json_out(&body);

	buf_init(&body, 1 << 16);
	buf_init(&period, 256);
	put_policy(&period, c->cfg, 1u << KEEP_ACCESS | 1u << KEEP_FINDINGS);
	json_open(&o, '{');
	put_text(&o, "action", SLICE("retention.short"));
	put_text(&o, "actor", c->actor);
	put_approvers(&o, c);
	put_text(&o, "policy", buf_slice(&period));
	put_text(&o, "reason", member(c->r, "reason"));
	buf_free(&period);
	return put_record_of(c, "config", &o);
}

/* ---- a piece of the work ---- */

struct totals {
	int64_t segments, records, whole, held, kept, two; /* two: records that need two approvals */
	int64_t of[RECORD_TYPES];
	int64_t next; /* segment to go on with; -1: that was the last */
};

static void add(struct totals *t, const struct segment_plan *s)
{
	t->segments += s->records > 0;
	t->records += s->records;
	t->whole += s->whole;
	t->held += s->held;
	t->kept += s->kept;
	t->two += s->young ? s->records : 0;
	for (int i = 0; i < RECORD_TYPES; i++)
		t->of[i] += s->of[i];
}

static void tell(struct context *c, const struct totals *t)
{
	put_number(c->reply, "next", t->next);
	put_number(c->reply, "segments", t->segments);
	put_number(c->reply, "whole", t->whole);
	put_number(c->reply, "held", t->held);
	put_number(c->reply, "kept", t->kept);
	put_number(c->reply, "two", t->two);
	for (int i = 0; i < RECORD_TYPES; i++) {
		if (t->of[i] == 0)
			continue;
		put_number(c->reply, record_type_name(i), t->of[i]);
	}
	c->count = t->records;
}

static int settle(struct context *c, const struct segment_plan *s, bool prune)
{
	if (s->records == 0)
		return s->cleared == 0 ? TK_OK : ledger_set_erased(c->l, s->m.segment, s->cleared, c->e);
	if (s->young && approvers(c) < 2) {
		c->refusal =
			"two people must approve it: there are records younger than their period, or a year";
		return TK_OK;
	}
	return note(c, s, prune);
}

static int work(struct context *c, struct planning *p, struct totals *t)
{
	bool preview = said(c, "preview");
	struct segment_plan s = { 0 };
	int64_t bytes = 0, looked = 0;
	int rc = TK_OK;

	while (c->refusal == NULL && bytes < PIECE_BYTES && looked++ < PIECE_SEGMENTS) {
		unsigned already;

		if ((rc = ledger_erased_classes(c->l, t->next, &already, c->e)) != TK_OK ||
		    (rc = plan_segment(p, c->cfg->ledger.trail, t->next, already, &s, c->e)) != TK_OK)
			break;
		bytes += s.read ? s.m.size : 0;
		add(t, &s);
		if (!preview && (rc = settle(c, &s, p->order->prune)) != TK_OK)
			break;
		t->next++;
	}
	segment_plan_free(&s);
	if (rc == TK_ENOTFOUND)
		t->next = -1;
	return rc == TK_ENOTFOUND ? TK_OK : rc;
}

/* The first piece: what is said once. */
static int begin(struct context *c, const struct erase_order *o)
{
	struct erasing x;
	int rc = ledger_erasing_next(c->l, -1, &x, c->e);

	if (rc == TK_OK) {
		c->refusal = "an erasure is under way: it must be finished first";
		return TK_OK;
	}
	rc = rc == TK_ENOTFOUND ? TK_OK : rc;
	if (rc == TK_OK && o->prune && short_kept(c->cfg))
		rc = record_short(c);
	if (rc == TK_OK && o->user.n > 0)
		rc = ledger_erasing_findings(c->l, o->user, c->e);
	if (rc == TK_OK && o->text.n > 0)
		rc = ledger_erasing_findings(c->l, o->text, c->e);
	return rc;
}

int do_erase(struct context *c)
{
	struct totals t = { .next = number_of(member(c->r, "segment"), 0) };
	struct planning p = { 0 };
	struct erase_order o;
	int rc;

	take_order(c, &o);
	if ((c->refusal = order_refusal(c, &o)) != NULL)
		return TK_OK;
	rc = planning_open(&p, c->cfg, &o, c->l, c->now_ns / NS_PER_SEC, c->e);
	if (rc == TK_OK && t.next == 0 && !said(c, "preview"))
		rc = begin(c, &o);
	if (rc == TK_OK && c->refusal == NULL)
		rc = work(c, &p, &t);
	planning_close(&p);
	if (rc == TK_EMALFORMED) { /* the trail's; the ledger goes on */
		c->refusal = c->e->text;
		rc = TK_OK;
	}
	if (rc == TK_OK && c->refusal == NULL)
		tell(c, &t);
	return rc;
}

/* A run is told, also one that found nothing; then what is sealed is carried out. */
int do_carry_out(struct context *c)
{
	static const char *const told[] = { "records", "segments", "held" };
	struct buf body;
	struct json_out o = json_out(&body);

	c->next.trail.what = TRAIL_ERASE;
	if (!slice_is(member(c->r, "run"), "prune") && !slice_is(member(c->r, "run"), "erase"))
		return TK_OK;
	buf_init(&body, 1 << 16);
	json_open(&o, '{');
	put_text(&o, "action", member(c->r, "run"));
	put_text(&o, "actor", c->actor);
	for (size_t i = 0; i < COUNT(told); i++)
		put_number(&o, told[i], number_of(member(c->r, told[i]), 0));
	return put_record_of(c, "control", &o);
}

/* ---- legal holds ---- */

int do_hold(struct context *c)
{
	static const char *const keys[] = { "reason", "approved_by", "user", "from", "to", "incident" };
	struct journal_entry next = { .ts_ns = c->now_ns,
				      .action = member(c->r, "do"),
				      .actor = c->actor,
				      .n = c->r->n,
				      .member = (struct journal_member *)c->r->member };
	struct holds holds;
	struct buf body;
	struct json_out o = json_out(&body);
	int rc = holds_load(&holds, c->l, c->e);

	if (rc == TK_OK)
		c->refusal = hold_refusal(&holds, &next);
	c->count =
		slice_is(next.action, "hold.place") ? hold_next(&holds) : number_of(member(c->r, "hold"), 0);
	holds_free(&holds);
	if (rc != TK_OK || c->refusal != NULL)
		return rc;
	buf_init(&body, 1 << 16);
	json_open(&o, '{');
	put_text(&o, "action", next.action);
	put_text(&o, "actor", c->actor);
	put_number(&o, "hold", c->count);
	for (size_t i = 0; i < COUNT(keys); i++)
		put_text(&o, keys[i], member(c->r, keys[i]));
	return put_record_of(c, "hold", &o);
}
