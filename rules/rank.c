/* The k-th smallest value of a window: a treap over its items, so that each event costs a few steps whatever
 * the window holds. */
#include "rules/groups.h"

/* Mixed with a secret: strangers choose values, not the tree's shape. */
static uint32_t priority_of(const struct groups *t, uint32_t item, amount v)
{
	uint64_t x =
		((uint64_t)v ^ t->seed) * UINT64_C(0x9E3779B97F4A7C15) + item * UINT64_C(0xD1B54A32D192ED03);

	x ^= x >> 29;
	x *= UINT64_C(0xBF58476D1CE4E5B9);
	return (uint32_t)(x >> 32);
}

static bool before(const struct groups *t, uint32_t a, uint32_t b)
{
	return t->item[a].v != t->item[b].v ? t->item[a].v < t->item[b].v : a < b;
}

static void count(struct groups *t, uint32_t node)
{
	struct item *x = &t->item[node];

	x->size =
		1 + (x->left != 0 ? t->item[x->left].size : 0) + (x->right != 0 ? t->item[x->right].size : 0);
}

/* Nodes before `item` to *low, the others to *high. */
static void split(struct groups *t, uint32_t node, uint32_t item, uint32_t *low, uint32_t *high)
{
	if (node == 0) {
		*low = *high = 0;
		return;
	}
	if (before(t, node, item)) {
		split(t, t->item[node].right, item, &t->item[node].right, high);
		*low = node;
	} else {
		split(t, t->item[node].left, item, low, &t->item[node].left);
		*high = node;
	}
	count(t, node);
}

static uint32_t merge(struct groups *t, uint32_t low, uint32_t high)
{
	if (low == 0 || high == 0)
		return low != 0 ? low : high;
	if (t->item[low].priority > t->item[high].priority) {
		t->item[low].right = merge(t, t->item[low].right, high);
		count(t, low);
		return low;
	}
	t->item[high].left = merge(t, low, t->item[high].left);
	count(t, high);
	return high;
}

void rank_add(struct groups *t, struct group *g, uint32_t item)
{
	struct item *x = &t->item[item];
	uint32_t *at = &g->root;

	x->priority = priority_of(t, item, x->v);
	while (*at != 0 && t->item[*at].priority >= x->priority) {
		t->item[*at].size++;
		at = before(t, *at, item) ? &t->item[*at].right : &t->item[*at].left;
	}
	split(t, *at, item, &x->left, &x->right);
	*at = item;
	count(t, item);
}

void rank_remove(struct groups *t, struct group *g, uint32_t item)
{
	uint32_t *at = &g->root;

	while (*at != item) {
		t->item[*at].size--;
		at = before(t, *at, item) ? &t->item[*at].right : &t->item[*at].left;
	}
	*at = merge(t, t->item[item].left, t->item[item].right);
}

amount rank_value(const struct groups *t, const struct group *g, uint32_t rank)
{
	uint32_t node = g->root;

	for (;;) {
		const struct item *x = &t->item[node];
		uint32_t left = x->left != 0 ? t->item[x->left].size : 0;

		if (rank == left)
			return x->v;
		node = rank < left ? x->left : x->right;
		rank -= rank < left ? 0 : left + 1;
	}
}
