/* Correlations at the event at hand (sigma-digest.md 9): which group, what its window says, whether an
 * episode begins. Rules mark what they are members of; then the marked ones are evaluated in the order of the
 * set, so that a correlation's truth reaches those over it at the same event (D-CHAIN). */
#include <stdlib.h>

#include "core/base/hash.h"
#include "core/base/zone.h"
#include "rules/groups.h"
#include "rules/run.h"

#define US_PER_SEC INT64_C(1000000)
#define FOUND_MAX 1024
#define WINDOWS_MAX 256 /* that evidence is gathered from */

struct corr_hit {
	uint32_t correlation, group;
	uint8_t member; /* the first that matched */
	bool begins;
};

struct correlate {
	struct groups *groups; /* a correlation */
	uint64_t *places;      /* marked members of each */
	uint64_t *marked;      /* a bit a correlation */
	uint8_t *last;	       /* the member that matched last */
	struct corr_hit *hits; /* behind run->n_plain */
	uint64_t seed[2];
	bool any;
	struct seen found[FOUND_MAX]; /* evidence being gathered */
	size_t n_found, windows;
};

size_t correlate_hits_max(const struct rule_set *s)
{
	size_t n = s->n_rules;

	for (size_t i = 0; i < s->n_correlations; i++)
		n += s->correlations[i]->one_key ? 1 : s->correlations[i]->n_members;
	return n;
}

static size_t share(const struct rule_set *s)
{
	size_t n = 0, bytes;

	for (size_t i = 0; i < s->n_correlations; i++)
		n += s->rules[s->correlations[i]->rule].info.enabled;
	bytes = (size_t)CORRELATIONS_BYTES / (n > 0 ? n : 1);
	return bytes > (size_t)CORRELATION_BYTES ? (size_t)CORRELATION_BYTES : bytes;
}

bool correlate_new(struct rule_run *r)
{
	const struct rule_set *s = r->set;
	size_t n = s->n_correlations;
	struct correlate *k;

	if (n == 0)
		return true;
	r->correlate = k = calloc(1, sizeof *k);
	if (k == NULL)
		return false;
	k->groups = calloc(n, sizeof *k->groups);
	k->places = calloc(n, sizeof *k->places);
	k->marked = calloc(n / 64 + 1, sizeof *k->marked);
	k->last = calloc(n, sizeof *k->last);
	k->hits = calloc(correlate_hits_max(s) + 1, sizeof *k->hits);
	if (k->groups == NULL || k->places == NULL || k->marked == NULL || k->last == NULL ||
	    k->hits == NULL || !random_bytes(k->seed, sizeof k->seed))
		return false;
	for (size_t i = 0; i < n; i++)
		groups_init(&k->groups[i], s->correlations[i], share(s), k->seed[0]);
	return true;
}

void correlate_free(struct rule_run *r)
{
	struct correlate *k = r->correlate;

	if (k == NULL)
		return;
	for (size_t i = 0; k->groups != NULL && i < r->set->n_correlations; i++)
		groups_free(&k->groups[i]);
	free(k->groups);
	free(k->places);
	free(k->marked);
	free(k->last);
	free(k->hits);
	free(k);
}

void correlate_mark(struct rule_run *r, const struct rule *rule)
{
	struct correlate *k = r->correlate;

	for (const struct feed *f = rule->feeds; f != NULL; f = f->next) {
		const struct correlation *c = r->set->correlations[f->correlation];

		if (!r->all && !r->set->rules[c->rule].runs)
			continue;
		k->places[f->correlation] |= UINT64_C(1) << f->place;
		k->marked[f->correlation / 64] |= UINT64_C(1) << f->correlation % 64;
		k->any = true;
	}
}

/* ---- values of the event at hand ---- */

/* The first value of the name; NULL: missing or null (D-GROUPMISS). */
static struct val *first_value(struct rule_run *r, uint32_t name)
{
	struct values *v = name == NAME_NONE ? NULL : run_values(r, name);

	return v == NULL || v->n == 0 || v->v[0].kind < VAL_TEXT ? NULL : &v->v[0];
}

/* D-VALUE: the values as text, case kept. Correlations share names: each is hashed once an event. */
static bool key_of(struct rule_run *r, const uint32_t *names, size_t n, struct hash128 *out)
{
	*out = (struct hash128){ 0 };
	for (size_t i = 0; i < n; i++) {
		struct val *v = first_value(r, names[i]);
		struct values *of;

		if (v == NULL)
			return false;
		of = &r->values[names[i]];
		if (!of->keyed)
			of->key = hash128(val_text(r, v), r->correlate->seed);
		of->keyed = true;
		*out = hash128_join(*out, of->key);
	}
	return true;
}

static bool amount_at(struct rule_run *r, uint32_t name, amount *out)
{
	struct val *v = first_value(r, name);

	if (v == NULL || v->kind == VAL_BOOL)
		return false;
	if (v->kind == VAL_INT) {
		*out = amount_of(v->num.i);
		return true;
	}
	return (v->kind == VAL_NUMBER || v->kind == VAL_MICRO || v->kind == VAL_TEXT) &&
	       amount_parse(val_text(r, v), out);
}

/* The value that the type looks at; false: the event takes no part. */
static bool read_value(struct rule_run *r, const struct correlation *c, const struct member *m,
		       struct arrival *a)
{
	const uint32_t *names = m->names + c->n_keys;

	if (c->type == CORR_VALUE_COUNT)
		return key_of(r, names, c->n_fields, &a->value);
	return c->n_fields == 0 || amount_at(r, names[0], &a->v);
}

/* ---- one group at one event ---- */

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/* Where the window of an event at t begins; what is before it is over. */
static int64_t window_start(const struct correlation *c, int64_t t)
{
	if (!c->by_day)
		return t - c->span;
	return zone_day_start(zone_day_of(floor_div(t, US_PER_SEC))) * US_PER_SEC;
}

/* D-LATE: notes the event's place among those of its group. False: it is older than the window. Else *t is
 * its time, or for one that is late that of the newest. *tie: of the newest one's time, and before it by id.
 * A new group may have been there before, and may have seen what is newer. */
static bool in_time(struct rule_run *r, const struct groups *all, struct group *g, int64_t *t, bool *tie)
{
	int64_t newest = floor_div(g->newest_ns, 1000);

	*t = floor_div(r->now_ns, 1000);
	r->late |= g->newest_ns == INT64_MIN && r->now_ns <= all->gone_ns;
	*tie = r->now_ns == g->newest_ns && memcmp(r->id, g->newest_id, sizeof r->id) < 0;
	if (*tie)
		return true;
	if (r->now_ns >= g->newest_ns) {
		g->newest_ns = r->now_ns;
		memcpy(g->newest_id, r->id, sizeof r->id);
		return true;
	}
	r->late = true;
	if (*t < window_start(all->c, newest))
		return false;
	*t = newest;
	return true;
}

static size_t add_hit(struct rule_run *r, uint32_t number, uint32_t group, uint8_t member, bool begins,
		      size_t n)
{
	const struct rule *rule = &r->set->rules[r->set->correlations[number]->rule];

	if (rule->feeds != NULL)
		correlate_mark(r, rule);
	if (!rule->info.alerts && !r->all)
		return n;
	r->correlate->hits[n - r->n_plain] = (struct corr_hit){ number, group, member, begins };
	r->hits[n] = (uint16_t)r->set->correlations[number]->rule;
	return n + 1;
}

/* Logs have whole seconds, so ties are common: their order says something only where the condition holds, or
 * where another event may have been a step on the way. */
static bool tie_matters(const struct groups *t, uint32_t group, uint64_t places, int64_t from, bool holds)
{
	const struct correlation *c = t->c;
	uint64_t last = UINT64_C(1) << (c->n_members - 1);

	if (holds || c->type != CORR_TEMPORAL_ORDERED)
		return holds;
	return (places & ~last) != 0 || groups_slots(t, group)[0].t >= from;
}

static size_t evaluate(struct rule_run *r, uint32_t number, uint8_t member, uint64_t places,
		       struct hash128 key, size_t n)
{
	const struct correlation *c = r->set->correlations[number];
	struct groups *t = &r->correlate->groups[number];
	struct arrival a = { .places = places };
	uint64_t evicted = t->evicted;
	bool holds, begins, tie;
	struct group *g;
	uint32_t group;
	int64_t from;

	r->correlate->last[number] = member;
	if (!read_value(r, c, &c->members[member], &a))
		return n;
	group = groups_use(t, key, window_start(c, floor_div(r->now_ns, 1000)));
	r->late |= group == 0 || t->evicted != evicted;
	if (group == 0 || !in_time(r, t, &t->group[group], &a.seen.t, &tie))
		return n;
	memcpy(a.seen.id, r->id, sizeof a.seen.id);
	from = window_start(c, a.seen.t);
	holds = window_take(t, group, &a, from);
	r->late |= t->evicted != evicted || (tie && tie_matters(t, group, places, from, holds));
	if (c->type == CORR_TEMPORAL_ORDERED && !(places >> (c->n_members - 1)))
		return n; /* it completes on the last member: the others ask nothing */
	g = &t->group[group];
	begins = holds && (!g->held || g->evaluated < from); /* D-EDGE */
	g->held = holds;
	g->evaluated = a.seen.t;
	if (holds && a.seen.t > t->held)
		t->held = a.seen.t;
	return holds ? add_hit(r, number, group, member, begins, n) : n;
}

static bool before(const struct rule_run *r, int64_t ns, const uint8_t id[16])
{
	return r->now_ns < ns || (r->now_ns == ns && memcmp(r->id, id, sizeof r->id) < 0);
}

/* The steps of temporal_ordered are common (a call that succeeds), their first one is rare. False: no group
 * has seen it in the window, so this later step leads nowhere and no episode goes on: nothing is looked up.
 */
static bool may_lead(struct rule_run *r, struct groups *t, uint64_t places)
{
	int64_t now = floor_div(r->now_ns, 1000), from = window_start(t->c, now);

	if (t->c->type != CORR_TEMPORAL_ORDERED)
		return true;
	if ((places & 1) != 0 && now > t->started)
		t->started = now;
	if (t->started >= from || t->held >= from) {
		r->late |= before(r, t->idle_ns, t->idle_id);
		return true;
	}
	if (!before(r, t->idle_ns, t->idle_id)) {
		t->idle_ns = r->now_ns;
		memcpy(t->idle_id, r->id, sizeof t->idle_id);
	}
	return false;
}

/* With aliases the members that match may lie in several groups; those in one count once (D-MULTIHIT). */
static size_t evaluate_members(struct rule_run *r, uint32_t number, uint64_t places, size_t n)
{
	const struct correlation *c = r->set->correlations[number];

	if (!may_lead(r, &r->correlate->groups[number], places))
		return n;
	while (places != 0) {
		uint8_t first = (uint8_t)__builtin_ctzll(places);
		uint64_t same = c->one_key ? places : UINT64_C(1) << first;
		struct hash128 key, other;

		if (!key_of(r, c->members[first].names, c->n_keys, &key)) {
			r->counts.no_group++;
			places &= ~same;
			continue;
		}
		for (uint64_t left = places & ~same; left != 0; left &= left - 1) {
			size_t i = (size_t)__builtin_ctzll(left);

			if (key_of(r, c->members[i].names, c->n_keys, &other) && other.a == key.a &&
			    other.b == key.b)
				same |= UINT64_C(1) << i;
		}
		n = evaluate(r, number, first, same, key, n);
		places &= ~same;
	}
	return n;
}

size_t correlate_event(struct rule_run *r, size_t n)
{
	struct correlate *k = r->correlate;

	r->n_plain = r->n_hits = n;
	r->late = false;
	if (k == NULL || !k->any)
		return n;
	k->any = false;
	for (size_t w = 0; w <= r->set->n_correlations / 64; w++)
		while (k->marked[w] != 0) { /* one that holds may mark others behind it */
			uint32_t number = (uint32_t)(w * 64 + (unsigned)__builtin_ctzll(k->marked[w]));
			uint64_t places = k->places[number];

			k->marked[w] &= k->marked[w] - 1;
			k->places[number] = 0;
			if (r->timed)
				n = evaluate_members(r, number, places, n);
		}
	k->any = false;
	r->n_hits = n;
	r->counts.untimed += !r->timed;
	r->counts.late += r->late;
	return n;
}

/* ---- what others ask ---- */

void rule_run_id(struct rule_run *r, const uint8_t id[16])
{
	memcpy(r->id, id, sizeof r->id);
	r->has_id = true;
}

static const struct corr_hit *hit_at(const struct rule_run *r, size_t hit)
{
	return hit < r->n_plain || r->correlate == NULL ? NULL : &r->correlate->hits[hit - r->n_plain];
}

bool rule_run_episode(const struct rule_run *r, size_t hit)
{
	const struct corr_hit *h = hit_at(r, hit);

	return h == NULL || h->begins;
}

bool rule_run_late(const struct rule_run *r)
{
	return r->late;
}

void rule_run_reset(struct rule_run *r)
{
	for (size_t i = 0; i < r->set->n_correlations; i++)
		groups_clear(&r->correlate->groups[i]);
}

struct rule_run_counts rule_run_counts(const struct rule_run *r)
{
	struct rule_run_counts c = r->counts;

	for (size_t i = 0; i < r->set->n_correlations; i++)
		c.evicted += r->correlate->groups[i].evicted;
	return c;
}

uint32_t correlate_name(const struct rule_run *r, const struct rule *rule, struct slice entity)
{
	const struct correlation *c = rule->correlation;

	for (size_t i = 0; c != NULL && i < r->set->n_correlations; i++) {
		if (r->set->correlations[i] != c)
			continue;
		for (size_t key = 0; key < c->n_keys; key++)
			if (slice_eq(c->keys[key], entity))
				return c->members[r->correlate->last[i]].names[key];
	}
	return NAME_NONE;
}

bool correlate_group(struct rule_run *r, size_t hit, size_t field, struct buf *out)
{
	const struct corr_hit *h = hit_at(r, hit);
	const struct correlation *c = h == NULL ? NULL : r->set->correlations[h->correlation];
	struct val *v =
		c == NULL || field >= c->n_keys ? NULL : first_value(r, c->members[h->member].names[field]);

	if (v == NULL)
		return false;
	buf_add(out, val_text(r, v));
	return true;
}

/* ---- evidence ---- */

static void find(struct correlate *k, const struct seen *seen, int64_t from)
{
	if (seen->t >= from && k->n_found < FOUND_MAX)
		k->found[k->n_found++] = *seen;
}

static void gather_own(struct correlate *k, const struct groups *t, uint32_t group, int64_t from)
{
	const struct correlation *c = t->c;
	size_t n = 0, m = c->n_members;

	if (c->type == CORR_TEMPORAL_ORDERED) {
		for (size_t i = 0; i < m; i++)
			find(k, &groups_slots(t, group)[(m - 1) * m + i], from);
	} else if (c->type == CORR_TEMPORAL) {
		for (size_t i = 0; i < m; i++)
			find(k, &groups_slots(t, group)[i], from);
	} else {
		for (uint32_t i = t->group[group].tail; i != 0 && n++ < EVIDENCE_MAX; i = t->item[i].older)
			find(k, &t->item[i].seen, from);
	}
}

/* A member that is a correlation has its own window: that of the group which the event at hand names. */
static void gather(struct rule_run *r, uint32_t number, uint32_t group, int64_t from)
{
	struct correlate *k = r->correlate;
	const struct correlation *c = r->set->correlations[number];

	if (k->windows == 0)
		return;
	k->windows--;
	gather_own(k, &k->groups[number], group, from);
	for (uint32_t i = 0; i < number; i++) {
		const struct correlation *in = r->set->correlations[i];
		bool member = false;
		struct hash128 key;
		uint32_t inner;

		for (size_t m = 0; m < c->n_members; m++)
			member |= c->members[m].rule == in->rule;
		if (!member || !key_of(r, in->members[k->last[i]].names, in->n_keys, &key))
			continue;
		inner = groups_find(&k->groups[i], key);
		if (inner != 0)
			gather(r, i, inner, from - in->span);
	}
}

static int by_time(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;

	if (x->t != y->t)
		return x->t < y->t ? -1 : 1;
	return memcmp(x->id, y->id, sizeof x->id);
}

size_t rule_run_evidence(struct rule_run *r, size_t hit, struct evidence *out, size_t max)
{
	const struct corr_hit *h = hit_at(r, hit);
	struct correlate *k = r->correlate;
	size_t n = 0, first;

	max = max > EVIDENCE_MAX ? EVIDENCE_MAX : max;
	if (h == NULL) {
		if (max == 0)
			return 0;
		out[0].completion_us = floor_div(r->now_ns, 1000);
		memcpy(out[0].id, r->id, sizeof r->id);
		return 1;
	}
	k->n_found = 0;
	k->windows = WINDOWS_MAX;
	gather(r, h->correlation, h->group,
	       window_start(r->set->correlations[h->correlation],
			    k->groups[h->correlation].group[h->group].evaluated));
	qsort(k->found, k->n_found, sizeof *k->found, by_time);
	for (size_t i = 0; i < k->n_found; i++)
		if (n == 0 || memcmp(k->found[n - 1].id, k->found[i].id, sizeof r->id) != 0)
			k->found[n++] = k->found[i];
	first = n > max ? n - max : 0;
	for (size_t i = first; i < n; i++) {
		out[i - first].completion_us = k->found[i].t;
		memcpy(out[i - first].id, k->found[i].id, sizeof out->id);
	}
	return n - first;
}
