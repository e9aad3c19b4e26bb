/* The windows of the correlation types, kept up event by event: nothing is ever counted anew. */
#include "rules/groups.h"

static void forget(struct groups *t, struct group *g)
{
	uint32_t item = g->head;

	if (t->c->type == CORR_VALUE_PERCENTILE)
		rank_remove(t, g, item);
	g->sum -= t->c->type == CORR_VALUE_SUM || t->c->type == CORR_VALUE_AVG ? t->item[item].v : 0;
	groups_drop(t, g, item);
}

static void expire(struct groups *t, struct group *g, int64_t from, uint32_t keep)
{
	while (g->head != 0 && (t->item[g->head].seen.t < from || g->n > keep))
		forget(t, g);
}

static bool take_event(struct groups *t, uint32_t group, const struct arrival *a, int64_t from)
{
	groups_push(t, group, &a->seen, from);
	expire(t, &t->group[group], from, t->c->keep);
	return bounds_hold(t->c, amount_of(t->group[group].n), 1);
}

/* The newest event of each of the newest values. */
static bool take_value(struct groups *t, uint32_t group, const struct arrival *a, int64_t from)
{
	struct group *g = &t->group[group];
	/* the table is one for all groups */
	struct hash128 value = hash128_join(g->key, a->value);
	uint32_t item = groups_value(t, value);

	if (item != 0 && item == g->tail) {
		t->item[item].seen = a->seen;
	} else if (item != 0) {
		groups_unlink(t, g, item);
		t->item[item].seen = a->seen;
		groups_append(t, g, item);
	} else if ((item = groups_push(t, group, &a->seen, from)) != 0) {
		groups_value_add(t, item, value);
	}
	expire(t, &t->group[group], from, t->c->keep);
	return bounds_hold(t->c, amount_of(t->group[group].n), 1);
}

static bool take_sum(struct groups *t, uint32_t group, const struct arrival *a, int64_t from)
{
	uint32_t item = groups_push(t, group, &a->seen, from);
	struct group *g = &t->group[group];

	if (item == 0)
		return false;
	t->item[item].v = a->v;
	g->sum += a->v;
	expire(t, g, from, UINT32_MAX);
	return bounds_hold(t->c, g->sum, t->c->type == CORR_VALUE_AVG ? g->n : 1);
}

#define PLACE_ONE 100000000 /* a whole place of percentile x (n - 1) / 100, in millionths of a percent */

/* Between neighbours linearly, in exact numbers. */
static bool take_percentile(struct groups *t, uint32_t group, const struct arrival *a, int64_t from)
{
	uint32_t item = groups_push(t, group, &a->seen, from), low;
	struct group *g = &t->group[group];
	int64_t place, part;
	amount value;

	if (item == 0)
		return false;
	t->item[item].v = a->v;
	rank_add(t, g, item);
	expire(t, g, from, UINT32_MAX);
	place = t->c->percentile / 1000 * (int64_t)(g->n - 1);
	low = (uint32_t)(place / PLACE_ONE);
	part = place % PLACE_ONE;
	value = rank_value(t, g, low) * (PLACE_ONE - part);
	if (part > 0)
		value += rank_value(t, g, low + 1) * part;
	return bounds_hold(t->c, value, PLACE_ONE);
}

static bool take_temporal(struct groups *t, uint32_t group, const struct arrival *a, int64_t from)
{
	struct seen *slot = groups_slots(t, group);
	int64_t n = 0;

	for (size_t i = 0; i < t->c->n_members; i++) {
		if (a->places >> i & 1)
			slot[i] = a->seen;
		n += slot[i].t >= from;
	}
	return bounds_hold(t->c, amount_of(n), 1);
}

/* For each prefix the events of the one that began last. From behind, so that an event fills one place only.
 */
static bool take_ordered(struct groups *t, uint32_t group, const struct arrival *a, int64_t from)
{
	size_t m = t->c->n_members;
	struct seen *slot = groups_slots(t, group);
	bool complete = false;

	for (size_t k = m; k-- > 0;) {
		struct seen *own = slot + k * m, *before = k > 0 ? own - m : own;

		if (!(a->places >> k & 1) || (k > 0 && before->t < from))
			continue;
		if (k > 0)
			memcpy(own, before, k * sizeof *own);
		own[k] = a->seen;
		complete |= k == m - 1;
	}
	return complete;
}

bool window_take(struct groups *t, uint32_t group, const struct arrival *a, int64_t from)
{
	static bool (*const take[])(struct groups *, uint32_t, const struct arrival *, int64_t) = {
		[CORR_EVENT_COUNT] = take_event,
		[CORR_VALUE_COUNT] = take_value,
		[CORR_VALUE_SUM] = take_sum,
		[CORR_VALUE_AVG] = take_sum,
		[CORR_VALUE_PERCENTILE] = take_percentile,
		[CORR_TEMPORAL] = take_temporal,
		[CORR_TEMPORAL_ORDERED] = take_ordered,
	};

	return take[t->c->type](t, group, a, from);
}
