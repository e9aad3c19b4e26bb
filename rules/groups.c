#include "rules/groups.h"

#include <stdlib.h>

#include "rules/rules.h"

#define FIRST_CAP 64
#define ITEMS_MIN 4096

/* A step of temporal_ordered holds an event for each place before it. */
static size_t slot_bytes(const struct correlation *c)
{
	if (c->type == CORR_TEMPORAL)
		return c->n_members * sizeof(struct seen);
	if (c->type == CORR_TEMPORAL_ORDERED)
		return c->n_members * c->n_members * sizeof(struct seen);
	return 0;
}

void groups_init(struct groups *t, const struct correlation *c, size_t bytes, uint64_t seed)
{
	size_t each = sizeof(struct group) + slot_bytes(c) + sizeof *t->bucket * 2, groups = bytes / 2 / each;

	*t = (struct groups){ .c = c,
			      .stride = slot_bytes(c),
			      .seed = seed,
			      .started = INT64_MIN,
			      .held = INT64_MIN,
			      .idle_ns = INT64_MIN,
			      .gone_ns = INT64_MIN };
	t->max_groups = groups > GROUPS_MAX ? GROUPS_MAX : groups < 2 ? 2 : (uint32_t)groups;
	if (c->n_keys == 0)
		t->max_groups = 1;
	if (t->stride == 0) {
		size_t items = (bytes - t->max_groups * each) / (sizeof(struct item) + sizeof *t->values * 2);

		t->max_items = items < ITEMS_MIN ? ITEMS_MIN : (uint32_t)items;
	}
}

void groups_free(struct groups *t)
{
	free(t->group);
	free(t->item);
	free(t->slots);
	free(t->bucket);
	free(t->values);
}

void groups_clear(struct groups *t)
{
	t->n_groups = t->free_groups = t->n_items = t->free_items = t->head = t->tail = 0;
	t->started = t->held = t->idle_ns = t->gone_ns = INT64_MIN;
	if (t->bucket != NULL)
		memset(t->bucket, 0, ((size_t)t->mask + 1) * sizeof *t->bucket);
	if (t->values != NULL)
		memset(t->values, 0, ((size_t)t->values_mask + 1) * sizeof *t->values);
}

/* ---- growth ---- */

static uint32_t next_cap(uint32_t cap, uint32_t max)
{
	uint32_t want = cap == 0 ? FIRST_CAP : cap * 2;

	return want > max ? max : want;
}

/* Buckets for `cap` elements: a power of two above it. NULL: no memory. */
static uint32_t *new_buckets(uint32_t cap, uint32_t *mask)
{
	uint32_t size = FIRST_CAP;

	while (size < cap)
		size *= 2;
	*mask = size - 1;
	return calloc(size, sizeof(uint32_t));
}

static void rehash_groups(struct groups *t)
{
	for (uint32_t i = t->head; i != 0; i = t->group[i].newer) {
		uint32_t *b = &t->bucket[t->group[i].key.a & t->mask];

		t->group[i].chain = *b;
		*b = i;
	}
}

static bool grow_groups(struct groups *t)
{
	uint32_t cap = next_cap(t->cap_groups, t->max_groups), mask;
	void *p = realloc(t->group, ((size_t)cap + 1) * sizeof *t->group);
	uint32_t *bucket;

	if (p == NULL)
		return false;
	t->group = p;
	if (t->stride > 0) {
		p = realloc(t->slots, ((size_t)cap + 1) * t->stride);
		if (p == NULL)
			return false;
		t->slots = p;
	}
	bucket = new_buckets(cap, &mask);
	if (bucket == NULL)
		return false;
	free(t->bucket);
	t->bucket = bucket;
	t->mask = mask;
	t->cap_groups = cap;
	rehash_groups(t);
	return true;
}

static bool grow_items(struct groups *t)
{
	uint32_t cap = next_cap(t->cap_items, t->max_items), mask = 0, *values;
	void *p = realloc(t->item, ((size_t)cap + 1) * sizeof *t->item);

	if (p == NULL)
		return false;
	t->item = p;
	if (t->c->type == CORR_VALUE_COUNT) {
		values = new_buckets(cap, &mask);
		if (values == NULL)
			return false;
		for (uint32_t old = 0; t->values != NULL && old <= t->values_mask; old++)
			for (uint32_t i = t->values[old], next; i != 0; i = next) {
				next = t->item[i].chain;
				t->item[i].chain = values[t->item[i].value.a & mask];
				values[t->item[i].value.a & mask] = i;
			}
		free(t->values);
		t->values = values;
		t->values_mask = mask;
	}
	t->cap_items = cap;
	return true;
}

/* ---- items ---- */

static void remove_value(struct groups *t, uint32_t item)
{
	uint32_t *at = &t->values[t->item[item].value.a & t->values_mask];

	while (*at != 0 && *at != item)
		at = &t->item[*at].chain;
	if (*at != 0)
		*at = t->item[item].chain;
}

void groups_unlink(struct groups *t, struct group *g, uint32_t item)
{
	struct item *x = &t->item[item];

	*(x->older != 0 ? &t->item[x->older].newer : &g->head) = x->newer;
	*(x->newer != 0 ? &t->item[x->newer].older : &g->tail) = x->older;
	g->n--;
}

void groups_append(struct groups *t, struct group *g, uint32_t item)
{
	struct item *x = &t->item[item];

	x->older = g->tail;
	x->newer = 0;
	*(g->tail != 0 ? &t->item[g->tail].newer : &g->head) = item;
	g->tail = item;
	g->n++;
}

void groups_drop(struct groups *t, struct group *g, uint32_t item)
{
	groups_unlink(t, g, item);
	if (t->c->type == CORR_VALUE_COUNT)
		remove_value(t, item);
	t->item[item].newer = t->free_items;
	t->free_items = item;
}

uint32_t groups_value(const struct groups *t, struct hash128 value)
{
	uint32_t i = t->values == NULL ? 0 : t->values[value.a & t->values_mask];

	while (i != 0 && (t->item[i].value.a != value.a || t->item[i].value.b != value.b))
		i = t->item[i].chain;
	return i;
}

void groups_value_add(struct groups *t, uint32_t item, struct hash128 value)
{
	uint32_t *b = &t->values[value.a & t->values_mask];

	t->item[item].value = value;
	t->item[item].chain = *b;
	*b = item;
}

/* ---- groups ---- */

static void unlink_group(struct groups *t, uint32_t group)
{
	const struct group *g = &t->group[group];

	*(g->older != 0 ? &t->group[g->older].newer : &t->head) = g->newer;
	*(g->newer != 0 ? &t->group[g->newer].older : &t->tail) = g->older;
}

static void append_group(struct groups *t, uint32_t group)
{
	struct group *g = &t->group[group];

	g->older = t->tail;
	g->newer = 0;
	*(t->tail != 0 ? &t->group[t->tail].newer : &t->head) = group;
	t->tail = group;
}

/* Its window is over: the next event of its key begins anew either way. */
static bool is_over(const struct group *g, int64_t from)
{
	return g->newest_ns / 1000 < from;
}

static void let_go(struct groups *t, uint32_t group, int64_t from)
{
	struct group *g = &t->group[group];
	uint32_t *at = &t->bucket[g->key.a & t->mask];

	while (g->head != 0)
		groups_drop(t, g, g->head);
	while (*at != group)
		at = &t->group[*at].chain;
	*at = g->chain;
	unlink_group(t, group);
	g->newer = t->free_groups;
	t->free_groups = group;
	if (!is_over(g, from))
		t->evicted++;
	else if (g->newest_ns > t->gone_ns)
		t->gone_ns = g->newest_ns;
}

uint32_t groups_find(const struct groups *t, struct hash128 key)
{
	uint32_t i = t->bucket == NULL ? 0 : t->bucket[key.a & t->mask];

	while (i != 0 && (t->group[i].key.a != key.a || t->group[i].key.b != key.b))
		i = t->group[i].chain;
	return i;
}

static uint32_t new_group(struct groups *t, int64_t from)
{
	uint32_t i;

	if (t->free_groups == 0 && t->head != 0 && is_over(&t->group[t->head], from))
		let_go(t, t->head, from);
	i = t->free_groups;
	if (i == 0 && t->n_groups == t->cap_groups) {
		if (t->cap_groups < t->max_groups) {
			if (!grow_groups(t))
				return 0;
		} else {
			let_go(t, t->head, from);
			i = t->free_groups;
		}
	}
	if (i == 0)
		return ++t->n_groups;
	t->free_groups = t->group[i].newer;
	return i;
}

uint32_t groups_use(struct groups *t, struct hash128 key, int64_t from)
{
	uint32_t i = groups_find(t, key), *b;

	if (i != 0) {
		if (i != t->tail) {
			unlink_group(t, i);
			append_group(t, i);
		}
		return i;
	}
	i = new_group(t, from);
	if (i == 0)
		return 0;
	t->group[i] = (struct group){ .key = key, .evaluated = INT64_MIN, .newest_ns = INT64_MIN };
	b = &t->bucket[key.a & t->mask];
	t->group[i].chain = *b;
	*b = i;
	append_group(t, i);
	for (size_t k = 0; k < t->stride / sizeof(struct seen); k++)
		groups_slots(t, i)[k].t = INT64_MIN;
	return i;
}

/* A free item: where the bound is reached the least recently used group goes, at last the window's own oldest
 * item (which is told as an eviction too). */
static uint32_t new_item(struct groups *t, uint32_t group, int64_t from)
{
	uint32_t i;

	if (t->free_items == 0 && t->n_items == t->cap_items && t->cap_items < t->max_items && !grow_items(t))
		return 0;
	while (t->free_items == 0 && t->n_items == t->cap_items) {
		struct group *own = &t->group[group];

		if (t->head != group) {
			let_go(t, t->head, from);
			continue;
		}
		if (t->c->type == CORR_VALUE_PERCENTILE)
			rank_remove(t, own, own->head);
		own->sum -= t->c->type == CORR_VALUE_SUM || t->c->type == CORR_VALUE_AVG
				    ? t->item[own->head].v
				    : 0;
		groups_drop(t, own, own->head);
		t->evicted++;
	}
	i = t->free_items;
	if (i == 0)
		return ++t->n_items;
	t->free_items = t->item[i].newer;
	return i;
}

uint32_t groups_push(struct groups *t, uint32_t group, const struct seen *seen, int64_t from)
{
	uint32_t i = new_item(t, group, from);

	if (i == 0)
		return 0;
	t->item[i] = (struct item){ .seen = *seen };
	groups_append(t, &t->group[group], i);
	return i;
}
