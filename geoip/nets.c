/* Named networks by longest prefix. Networks either hold one another or are apart, so sealing cuts them
 * into disjoint ranges in order; a lookup is one binary search, however many there are. */
#include <stdlib.h>

#include "geoip/geoip.h"

struct net {
	struct cidr cidr;
	const char *name;
};

/* From here to the next range's start the addresses are `name`'s; NULL: nobody's. */
struct range {
	struct addr start;
	const char *name;
};

struct nets {
	struct net *net;
	size_t n, cap;
	struct range *range; /* room for 2n + 1, kept with `net`, so that sealing cannot fail */
	size_t n_ranges;
};

struct nets *nets_new(void)
{
	return calloc(1, sizeof(struct nets));
}

void nets_free(struct nets *n)
{
	if (n == NULL)
		return;
	free(n->net);
	free(n->range);
	free(n);
}

static int grow(struct nets *n)
{
	size_t cap = n->cap == 0 ? 16 : n->cap * 2;
	struct net *net = cap > SIZE_MAX / sizeof *net / 4 ? NULL : realloc(n->net, cap * sizeof *net);
	struct range *range;

	if (net == NULL)
		return TK_ENOMEM;
	n->net = net;
	range = realloc(n->range, (2 * cap + 1) * sizeof *range);
	if (range == NULL)
		return TK_ENOMEM;
	n->range = range;
	n->cap = cap;
	return TK_OK;
}

int nets_add(struct nets *n, const struct cidr *c, const char *name)
{
	if (c->bits > 128)
		return TK_EMALFORMED;
	if (n->n == n->cap && grow(n) != TK_OK)
		return TK_ENOMEM;
	n->net[n->n++] = (struct net){ *c, name };
	return TK_OK;
}

static int compare(const void *a, const void *b)
{
	const struct net *x = a, *y = b;
	int c = memcmp(x->cidr.net.b, y->cidr.net.b, 16);

	return c != 0 ? c : (int)x->cidr.bits - (int)y->cidr.bits;
}

/* First address behind the network; false: there is none. */
static bool behind(const struct cidr *c, struct addr *out)
{
	*out = c->net;
	if (c->bits == 0)
		return false;
	for (int i = (c->bits - 1) / 8, add = 0x80 >> ((c->bits - 1) % 8); i >= 0; i--) {
		int sum = out->b[i] + add;

		out->b[i] = (uint8_t)sum;
		if (sum < 256)
			return true;
		add = 1;
	}
	return false;
}

static void emit(struct nets *n, const struct addr *start, const char *name)
{
	if (n->n_ranges > 0 && addr_eq(&n->range[n->n_ranges - 1].start, start))
		n->n_ranges--; /* the inner network begins where the outer one does */
	n->range[n->n_ranges++] = (struct range){ *start, name };
}

/* Closes the innermost open networks that end before `next` (all of them for NULL). */
static size_t close_before(struct nets *n, size_t *open, size_t depth, const struct addr *next)
{
	struct addr end;

	while (depth > 0) {
		bool ends = behind(&n->net[open[depth - 1]].cidr, &end);

		if (next != NULL && (!ends || memcmp(end.b, next->b, 16) > 0))
			break;
		depth--;
		if (ends)
			emit(n, &end, depth > 0 ? n->net[open[depth - 1]].name : NULL);
	}
	return depth;
}

void nets_seal(struct nets *n)
{
	size_t open[130], depth = 0; /* nested ones differ in length: at most one of each */

	n->n_ranges = 0;
	if (n->n == 0)
		return;
	qsort(n->net, n->n, sizeof *n->net, compare);
	for (size_t i = 0; i < n->n; i++) {
		const struct net *net = &n->net[i];

		if (i > 0 && compare(net, net - 1) == 0)
			continue; /* the same network again: the first name stays */
		depth = close_before(n, open, depth, &net->cidr.net);
		emit(n, &net->cidr.net, net->name);
		open[depth++] = i;
	}
	close_before(n, open, depth, NULL);
}

const char *nets_find(const struct nets *n, const struct addr *a)
{
	size_t low = 0, high = n->n_ranges;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (memcmp(n->range[middle].start.b, a->b, 16) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low == 0 ? NULL : n->range[low - 1].name;
}
