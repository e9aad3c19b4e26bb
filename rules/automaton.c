#include "rules/automaton.h"

#include <stdlib.h>

#define NONE UINT32_MAX

/* While the trie is built children are a list; then the nodes are numbered breadth first, so that the
 * children of one lie side by side, sorted, and those of the root come first. */
struct trie_node {
	uint32_t child, sibling, literal;
	uint8_t byte;
};

struct node {
	uint32_t first;	  /* its first child */
	uint32_t fail;	  /* the longest proper suffix that is a node */
	uint32_t literal; /* that ends here, or NONE */
	uint32_t shorter; /* the longest proper suffix where a literal ends, 0: none */
	uint16_t n;	  /* children */
};

struct automaton {
	struct node *nodes;
	uint8_t *bytes; /* a node: the byte that leads to it */
	uint32_t (
		*dense)[256]; /* where each byte leads, all failures followed: of the root and its children */
	uint32_t n, n_dense;
};

struct building {
	struct trie_node *trie;
	uint32_t *order, *number; /* trie nodes breadth first; their number in that order */
	size_t n;
};

/* ---- the trie ---- */

/* The child for the byte, made if it is not there; children are sorted. */
static uint32_t child_of(struct building *b, uint32_t node, uint8_t byte)
{
	uint32_t *at = &b->trie[node].child;

	while (*at != 0 && b->trie[*at].byte < byte)
		at = &b->trie[*at].sibling;
	if (*at == 0 || b->trie[*at].byte != byte) {
		b->trie[b->n] = (struct trie_node){ .sibling = *at, .literal = NONE, .byte = byte };
		*at = (uint32_t)b->n++;
	}
	return *at;
}

static void add_literals(struct building *b, const struct slice *literals, size_t n, uint32_t *same)
{
	b->trie[b->n++] = (struct trie_node){ .literal = NONE };
	for (size_t i = 0; i < n; i++) {
		uint32_t node = 0;

		for (size_t k = 0; k < literals[i].n; k++)
			node = child_of(b, node, literals[i].p[k]);
		if (node != 0 && b->trie[node].literal == NONE)
			b->trie[node].literal = (uint32_t)i;
		same[i] = node == 0 ? (uint32_t)i : b->trie[node].literal;
	}
}

static void number_nodes(struct building *b)
{
	size_t end = 1;

	b->order[0] = b->number[0] = 0;
	for (size_t at = 0; at < end; at++)
		for (uint32_t c = b->trie[b->order[at]].child; c != 0; c = b->trie[c].sibling) {
			b->number[c] = (uint32_t)end;
			b->order[end++] = c;
		}
}

/* ---- the automaton ---- */

static uint32_t step(const struct automaton *a, uint32_t node, uint8_t byte)
{
	while (node >= a->n_dense) {
		const struct node *x = &a->nodes[node];
		const uint8_t *list = a->bytes + x->first;

		for (uint32_t i = 0; i < x->n && list[i] <= byte; i++)
			if (list[i] == byte)
				return x->first + i;
		node = x->fail;
	}
	return a->dense[node][byte];
}

/* In order of depth, so that what a suffix needs is there. */
static void link_nodes(struct automaton *a, const struct building *b)
{
	for (uint32_t i = 0; i < a->n; i++) {
		const struct trie_node *t = &b->trie[b->order[i]];
		struct node *x = &a->nodes[i];

		x->literal = t->literal;
		a->bytes[i] = t->byte;
		x->first = t->child == 0 ? 0 : b->number[t->child];
		for (uint32_t c = t->child; c != 0; c = b->trie[c].sibling)
			x->n++;
	}
	for (uint32_t i = 0; i < a->n_dense; i++) {
		if (i > 0)
			memcpy(a->dense[i], a->dense[0], sizeof a->dense[0]);
		for (uint32_t k = 0; k < a->nodes[i].n; k++)
			a->dense[i][a->bytes[a->nodes[i].first + k]] = a->nodes[i].first + k;
	}
	for (uint32_t i = 0; i < a->n; i++)
		for (uint32_t k = 0; k < a->nodes[i].n; k++) {
			uint32_t child = a->nodes[i].first + k;
			struct node *x = &a->nodes[child];

			x->fail = i == 0 ? 0 : step(a, a->nodes[i].fail, a->bytes[child]);
			x->shorter = a->nodes[x->fail].literal != NONE ? x->fail : a->nodes[x->fail].shorter;
		}
}

static struct automaton *finish(const struct building *b)
{
	struct automaton *a = calloc(1, sizeof *a);
	uint32_t children = 0;

	if (a == NULL)
		return NULL;
	for (uint32_t c = b->trie[0].child; c != 0; c = b->trie[c].sibling)
		children++;
	a->n = (uint32_t)b->n;
	a->n_dense = children + 1;
	a->nodes = calloc(b->n, sizeof *a->nodes);
	a->bytes = calloc(b->n, 1);
	a->dense = calloc(a->n_dense, sizeof *a->dense);
	if (a->nodes == NULL || a->bytes == NULL || a->dense == NULL) {
		automaton_free(a);
		return NULL;
	}
	link_nodes(a, b);
	return a;
}

struct automaton *automaton_new(const struct slice *literals, size_t n, uint32_t *same)
{
	struct building b = { 0 };
	struct automaton *a = NULL;
	size_t bytes = 1;

	for (size_t i = 0; i < n; i++)
		bytes += literals[i].n;
	if (bytes > INT32_MAX)
		return NULL;
	b.trie = malloc(bytes * sizeof *b.trie);
	b.order = malloc(bytes * sizeof *b.order);
	b.number = malloc(bytes * sizeof *b.number);
	if (b.trie != NULL && b.order != NULL && b.number != NULL) {
		add_literals(&b, literals, n, same);
		number_nodes(&b);
		a = finish(&b);
	}
	free(b.trie);
	free(b.order);
	free(b.number);
	return a;
}

void automaton_free(struct automaton *a)
{
	if (a == NULL)
		return;
	free(a->nodes);
	free(a->bytes);
	free(a->dense);
	free(a);
}

void automaton_scan(const struct automaton *a, struct slice text, automaton_fn found, void *ctx)
{
	uint32_t node = 0;

	for (size_t i = 0; i < text.n; i++) {
		node = step(a, node, text.p[i]);
		for (uint32_t at = a->nodes[node].literal != NONE ? node : a->nodes[node].shorter; at != 0;
		     at = a->nodes[at].shorter)
			found(ctx, a->nodes[at].literal, i + 1);
	}
}

size_t automaton_bytes(const struct automaton *a)
{
	return a->n * (sizeof *a->nodes + 1) + a->n_dense * sizeof *a->dense;
}
