/* What one correlation remembers: its groups, and in each the window's items. Tables of fixed size per
 * element that grow to a bound and then give up the least recently used group. Private to rules/.
 *
 * Groups and items go by number, 0 is none. Keys are 128-bit hashes under a secret seed of the run: two that
 * agree are taken for equal. */
#ifndef TK_RULES_GROUPS_H
#define TK_RULES_GROUPS_H

#include "core/base/hash.h"
#include "rules/amount.h"
#include "rules/correlation.h"

/* An event as evidence: its time in microseconds and its id. */
struct seen {
	int64_t t;
	uint8_t id[16];
};

struct item { /* of a window */
	struct seen seen;
	uint32_t older, newer; /* newer also links free items */
	union {
		struct { /* value_count */
			struct hash128 value;
			uint32_t chain; /* next of its bucket */
		};
		struct { /* value_sum, value_avg, value_percentile */
			amount v;
			uint32_t left, right, size, priority; /* percentile: a node of rank.c */
		};
	};
};

struct group {
	struct hash128 key;
	uint32_t chain;
	uint32_t older, newer;	/* by last use; newer also links free groups */
	uint32_t head, tail, n; /* items, oldest first */
	uint32_t root;		/* percentile */
	bool held;		/* at the last evaluation */
	int64_t evaluated;	/* when that was, microseconds; INT64_MIN: never */
	int64_t newest_ns;	/* of the events seen, with the id */
	uint8_t newest_id[16];
	amount sum;
};

struct groups {
	const struct correlation *c;
	struct group *group;
	struct item *item;
	uint8_t *slots;		   /* stride bytes a group: temporal types */
	uint32_t *bucket, *values; /* of groups; of value_count's items */
	size_t stride;
	uint32_t mask, values_mask;
	uint32_t n_groups, cap_groups, max_groups, free_groups;
	uint32_t n_items, cap_items, max_items, free_items;
	uint32_t head, tail; /* least, most recently used */
	uint64_t evicted, seed;
	int64_t gone_ns; /* the newest event of the groups whose window was over and whose place was taken */
	/* temporal_ordered, of all groups: the newest first step, the newest evaluation that held,
	 * microseconds; and the newest event that could be no step, since there was neither in the window. */
	int64_t started, held;
	int64_t idle_ns;
	uint8_t idle_id[16];
};

/* `bytes`: how much it may use in all. Nothing is allocated before the first group. */
void groups_init(struct groups *t, const struct correlation *c, size_t bytes, uint64_t seed);
void groups_free(struct groups *t);
void groups_clear(struct groups *t); /* keeps the memory */
/* The group, made if it is not there; becomes the most recently used. 0: no memory. from: where the window of
 * the event at hand begins, microseconds; a group that is older may give up its place to a new one. */
uint32_t groups_use(struct groups *t, struct hash128 key, int64_t from);
uint32_t groups_find(const struct groups *t, struct hash128 key); /* 0: none */
/* What a temporal group has seen: n_members events, of temporal_ordered that many times that many. */
static inline struct seen *groups_slots(const struct groups *t, uint32_t group)
{
	return (struct seen *)(void *)(t->slots + group * t->stride);
}
/* A new newest item of the group's window, which begins at `from`; 0: no memory. */
uint32_t groups_push(struct groups *t, uint32_t group, const struct seen *seen, int64_t from);
/* Takes an item out of the window; groups_drop also frees it. */
void groups_unlink(struct groups *t, struct group *g, uint32_t item);
void groups_append(struct groups *t, struct group *g, uint32_t item);
void groups_drop(struct groups *t, struct group *g, uint32_t item);
/* value_count: the item of that value, or 0; entry into the table. */
uint32_t groups_value(const struct groups *t, struct hash128 value);
void groups_value_add(struct groups *t, uint32_t item, struct hash128 value);

/* window.c: what arrives, and the window from `from` to it. Returns whether the condition holds now. */
struct arrival {
	struct seen seen;
	uint64_t places;     /* of the members that the event matches */
	struct hash128 value; /* value_count */
	amount v;	     /* the other value types */
};
bool window_take(struct groups *t, uint32_t group, const struct arrival *a, int64_t from);

/* rank.c: the items of a group by value. */
void rank_add(struct groups *t, struct group *g, uint32_t item);
void rank_remove(struct groups *t, struct group *g, uint32_t item);
amount rank_value(const struct groups *t, const struct group *g, uint32_t rank); /* from 0, below g->n */

#endif
