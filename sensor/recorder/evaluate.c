#include "sensor/recorder/evaluate.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/json.h"
#include "core/base/zone.h"
#include "core/ledger/findings.h"
#include "rules/names.h"
#include "rules/rules.h"
#include "sensor/recorder/derive.h"

/* A day is closed this long after its end: an LLM stream of that length is logged when it ends. */
#define GRACE_NS (15 * 60 * NS_PER_SEC)
#define DAYS 4            /* local days whose running counts are held */

#define HIT_LEVELS 4

/* An order-dependent rule fires from some call of the day on. Which call that is depends on the order only
 * where one that fires does not come after all those that fired fewer rules: so their latest completion is
 * kept. */
struct user_count {
	int64_t calls;
	int64_t last[HIT_LEVELS]; /* latest completion of the calls that fired 0, 1, ... order-dependent rules
				   */
};

struct day_counts {
	int32_t day;
	bool loaded;
	uint64_t used;
	struct user_count *users; /* by label */
	int64_t site;
};

struct evaluate {
	struct ledger *ledger;
	struct enrich *enrich;
	struct rule_set *set;
	struct rule_run *run;
	struct findings *live, *target; /* target: where hits go now */
	struct derive derive;
	struct day_counts days[DAYS], replay; /* replay: of the day that is evaluated again */
	uint64_t clock;
	struct buf key, subject, entity, reason;
	int64_t now_ns;
};

static void report_problems(void *ctx, const struct problems *p)
{
	(void)ctx;
	problems_print(p);
}

static int load_rules(struct evaluate *v, const struct config *cfg, struct err *e)
{
	char *shipped = cfg->n_rule_paths > 0 ? NULL : rules_shipped_path();
	const char *const *paths = cfg->n_rule_paths > 0 ? cfg->rule_paths : (const char *const *)&shipped;
	size_t n = cfg->n_rule_paths > 0 ? cfg->n_rule_paths : shipped != NULL, errors;

	if (n == 0)
		fprintf(stderr, "tochoku: the shipped rules were not found; set rules.paths\n");
	v->set = rule_set_load(paths, n, cfg, report_problems, NULL, &errors);
	free(shipped);
	if (v->set == NULL || (v->run = rule_run_new(v->set, derive_field, &v->derive)) == NULL)
		return err_set(e, TK_ENOMEM, "no memory for rules");
	return TK_OK;
}

static void day_counts_free(struct day_counts *d)
{
	free(d->users);
}

static bool day_counts_new(struct day_counts *d)
{
	d->users = malloc(LEDGER_LABELS * sizeof *d->users);
	return d->users != NULL;
}

struct evaluate *evaluate_new(const struct config *cfg, struct ledger *l, struct enrich *en, struct err *e)
{
	struct evaluate *v = calloc(1, sizeof *v);
	bool good;

	if (v == NULL) {
		err_set(e, TK_ENOMEM, "no memory for rules");
		return NULL;
	}
	v->ledger = l;
	v->enrich = v->derive.enrich = en;
	buf_init(&v->key, 16384);
	buf_init(&v->subject, 16384);
	buf_init(&v->entity, 65536);
	buf_init(&v->reason, 4096);
	good = load_rules(v, cfg, e) == TK_OK && day_counts_new(&v->replay);
	for (int i = 0; i < DAYS && good; i++)
		good = day_counts_new(&v->days[i]);
	v->live = v->target = good ? findings_new(l) : NULL;
	if (v->live == NULL) {
		evaluate_free(v);
		return NULL;
	}
	return v;
}

void evaluate_free(struct evaluate *v)
{
	if (v == NULL)
		return;
	for (int i = 0; i < DAYS; i++)
		day_counts_free(&v->days[i]);
	day_counts_free(&v->replay);
	findings_free(v->live);
	rule_run_free(v->run);
	rule_set_free(v->set);
	buf_free(&v->key);
	buf_free(&v->subject);
	buf_free(&v->entity);
	buf_free(&v->reason);
	free(v);
}

/* ---- running counts of the local day ---- */

static struct user_count *user_of(struct day_counts *d, int64_t user)
{
	return user <= 1 || user >= LEDGER_LABELS ? NULL /* unknown, or 'other' */ : &d->users[user];
}

static void load_user(void *ctx, int64_t user, int64_t calls)
{
	struct day_counts *d = ctx;
	struct user_count *u = user_of(d, user);

	d->site += calls;
	if (u != NULL)
		*u = (struct user_count){ u->calls + calls,
					  { u->calls + calls > 1 ? INT64_MAX : INT64_MIN } };
}

static struct user_count *add_call(struct day_counts *d, int64_t user)
{
	struct user_count *u = user_of(d, user);

	d->site++;
	if (u != NULL)
		u->calls++;
	return u;
}

/* Notes how many order-dependent rules the call fired. True: it may have fired them out of order. */
static bool out_of_order(struct user_count *u, int fired, int64_t completion)
{
	int level = fired < HIT_LEVELS ? fired : HIT_LEVELS - 1;
	bool late = false;

	for (int i = 0; i < level; i++)
		late |= completion <= u->last[i];
	if (completion > u->last[level])
		u->last[level] = completion;
	return late || fired >= HIT_LEVELS;
}

static void clear_counts(struct day_counts *d, int32_t day)
{
	for (size_t i = 0; i < LEDGER_LABELS; i++)
		d->users[i] = (struct user_count){ .last = { INT64_MIN, INT64_MIN, INT64_MIN, INT64_MIN } };
	d->site = 0;
	d->day = day;
}

/* The day's counts with this event in them: kept up, or loaded from the counters (which have it already). */
static int count(struct evaluate *v, int32_t day, int64_t user, struct day_counts **out,
		 struct user_count **u, struct err *e)
{
	struct day_counts *d = &v->days[0];
	int rc;

	for (int i = 0; i < DAYS; i++) {
		if (v->days[i].loaded && v->days[i].day == day) {
			*out = d = &v->days[i];
			d->used = ++v->clock;
			*u = add_call(d, user);
			return TK_OK;
		}
		if (v->days[i].used < d->used)
			d = &v->days[i];
	}
	clear_counts(d, day);
	d->loaded = true;
	d->used = ++v->clock;
	*out = d;
	rc = ledger_day_met(v->ledger, day, e);
	if (rc == TK_OK)
		rc = ledger_user_calls(v->ledger, zone_day_start(day), zone_day_start(day + 1), load_user, d,
				       e);
	*u = user_of(d, user);
	return rc;
}

/* ---- hits ---- */

struct matched {
	struct evaluate *v;
	const struct rule_info *info;
	const struct access_event *ev;
};

static void put_entity(struct evaluate *v, struct json_out *j, const struct matched *m, size_t i)
{
	const char *name = name_canonical(name_bind(slice_str(m->info->entity[i])));
	size_t at = v->subject.n + 1;

	buf_byte(&v->subject, '|');
	buf_str(&v->reason, i == 0 ? ": " : ", ");
	if (!rule_run_entity(v->run, m->ev, m->info, i, &v->subject)) {
		buf_byte(&v->subject, '-');
		buf_byte(&v->reason, '?'); /* not known: the same in every language */
		return;
	}
	buf_add(&v->reason, slice_from(buf_slice(&v->subject), at));
	json_key(j, name != NULL ? name : m->info->entity[i]);
	json_str(j, slice_from(buf_slice(&v->subject), at));
}

static int describe(void *ctx, const struct hit *h, struct finding_text *out, struct err *e)
{
	const struct matched *m = ctx;
	const struct rule_info *info = m->info;
	struct evaluate *v = m->v;
	struct json_out j = json_out(&v->entity);

	buf_clear(&v->subject);
	buf_clear(&v->entity);
	buf_clear(&v->reason);
	buf_fmt(&v->subject, "%s|%d", info->id, h->day);
	buf_str(&v->reason, info->title);
	json_open(&j, '{');
	for (size_t i = 0; i < info->n_entity; i++)
		put_entity(v, &j, m, i);
	json_close(&j, '}');
	if (info->asks_roster && !calendar_has_roster(enrich_calendar(v->enrich), h->day))
		buf_str(&v->reason, RULE_NO_ROSTER);
	if (info->once == ONCE_NEVER)
		buf_add(&v->subject, slice_of(h->event_id, 16));
	if (v->subject.failed || v->entity.failed || v->reason.failed)
		return err_set(e, TK_ELIMIT, "rule %s: the subject is too long", info->name);
	*out = (struct finding_text){ buf_slice(&v->subject), info->id, info->title, info->author,
				      level_name(info->level), (int)info->level, buf_slice(&v->reason),
				      buf_slice(&v->entity), rule_set_digest(v->set) };
	return TK_OK;
}

/* The finding's key in memory: the rule's number, the day, the entity's values. */
static int hit(struct evaluate *v, uint16_t rule, const struct access_event *ev, const uint8_t id[16],
	       int32_t day, struct err *e)
{
	struct matched m = { v, rule_set_info(v->set, rule), ev };
	struct hit h = { .day = day,
			 .start_ns = ev_int(ev, F_TIMESTAMP, 0),
			 .completion_ns = ev_completion(ev),
			 .event_id = id };

	buf_clear(&v->key);
	buf_add(&v->key, slice_of(&rule, sizeof rule));
	buf_add(&v->key, slice_of(&day, sizeof day));
	for (size_t i = 0; i < m.info->n_entity; i++) {
		buf_byte(&v->key, 0);
		rule_run_entity(v->run, ev, m.info, i, &v->key);
	}
	if (m.info->once == ONCE_NEVER)
		buf_add(&v->key, slice_of(id, 16));
	if (v->key.failed)
		return err_set(e, TK_ELIMIT, "rule %s: the subject is too long", m.info->name);
	h.key = buf_slice(&v->key);
	return findings_hit(v->target, &h, describe, &m, v->now_ns, e);
}

/* *stateful: how many rules fired whose truth depends on the order of the day's events. */
static int match(struct evaluate *v, const struct access_event *ev, const uint8_t id[16],
		 const struct prospects *may, const struct day_counts *d, const struct user_count *u,
		 int *stateful, struct err *e)
{
	const uint16_t *hits;
	size_t n;
	int rc = TK_OK;

	v->derive.user_day_calls = u == NULL ? 0 : u->calls;
	v->derive.site_day_calls = d->site;
	n = rule_run_some(v->run, ev, may, &hits);
	for (size_t i = 0; i < n && rc == TK_OK; i++) {
		*stateful += rule_set_info(v->set, hits[i])->stateful;
		rc = hit(v, hits[i], ev, id, d->day, e);
	}
	return rc;
}

void evaluate_part(struct evaluate *v, const struct access_event *ev, enum part_id part,
		   struct prospects *out)
{
	rule_run_prospects(v->run, ev, part, out);
}

/* A day is evaluated again only where the live result may differ from the ordered one. The site's running
 * count knows no such test: with a rule on it, always. */
int evaluate_event(struct evaluate *v, const struct access_event *ev, const uint8_t id[16],
		   const struct prospects *may, int64_t user, int64_t now_ns, struct err *e)
{
	int64_t ns = ev_int(ev, F_TIMESTAMP, 0);
	int32_t day = zone_day_of(ns / NS_PER_SEC - (ns % NS_PER_SEC < 0));
	struct day_counts *d = NULL;
	struct user_count *u = NULL;
	bool again = false;
	int stateful = 0, rc;

	v->now_ns = now_ns;
	rc = count(v, day, user, &d, &u, e);
	if (rc == TK_OK)
		rc = match(v, ev, id, may, d, u, &stateful, e);
	if (rc == TK_OK && u != NULL)
		again = out_of_order(u, stateful, ev_completion(ev));
	if (rc == TK_OK && stateful > 0 && (again || u == NULL || rule_set_needs(v->set, D_SITE_DAY_CALLS)))
		return ledger_day_dirty(v->ledger, day, e);
	return rc;
}

int evaluate_flush(struct evaluate *v, int64_t now_ns, struct err *e)
{
	return findings_flush(v->live, now_ns, e);
}

/* ---- days ---- */

struct replay {
	struct evaluate *v;
	struct err *e;
};

static int replay_event(void *ctx, const struct access_event *ev)
{
	struct replay *r = ctx;
	struct prospects all;
	struct user_count *u;
	int stateful = 0;
	int64_t user;
	int rc = ledger_label(r->v->ledger, ev_str(ev, F_USER), &user, r->e);

	if (rc != TK_OK)
		return rc;
	u = add_call(&r->v->replay, user);
	memset(&all, 0xff, sizeof all);
	return match(r->v, ev, ev_value(ev, F_EVENT_ID)->s.p, &all, &r->v->replay, u, &stateful, r->e);
}

static int evaluate_again(struct evaluate *v, int32_t day, int64_t now_ns, struct err *e)
{
	struct replay r = { v, e };
	int rc = evaluate_flush(v, now_ns, e);

	clear_counts(&v->replay, day);
	v->now_ns = now_ns;
	if (rc == TK_OK && (v->target = findings_new_day(v->ledger)) == NULL)
		rc = err_set(e, TK_ENOMEM, "no memory for findings");
	if (rc == TK_OK)
		rc = ledger_events_in_order(v->ledger, zone_day_start(day) * NS_PER_SEC,
					    zone_day_start(day + 1) * NS_PER_SEC, replay_event, &r, e);
	if (rc == TK_OK)
		rc = findings_replace_day(v->target, day, now_ns, e);
	if (v->target != v->live)
		findings_free(v->target);
	v->target = v->live;
	findings_forget(v->live); /* what it held of the day is history */
	return rc;
}

int evaluate_close_day(struct evaluate *v, int64_t now_ns, bool *closed, struct err *e)
{
	int32_t today = zone_day_of((now_ns - GRACE_NS) / NS_PER_SEC), day;
	bool dirty;
	int rc = ledger_day_next(v->ledger, today, &day, &dirty, e);

	*closed = rc == TK_OK;
	if (rc == TK_ENOTFOUND)
		return TK_OK;
	if (rc == TK_OK && dirty)
		rc = evaluate_again(v, day, now_ns, e);
	return rc == TK_OK ? ledger_day_closed(v->ledger, day, now_ns, e) : rc;
}
