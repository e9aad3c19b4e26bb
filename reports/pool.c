#include "reports/pool.h"

#include <stdalign.h>
#include <stdlib.h>

#define BLOCK_SIZE 65536

struct pool_block {
	struct pool_block *next;
	size_t used, size;
	alignas(max_align_t) uint8_t bytes[];
};

static struct pool_block *block_for(struct pool *p, size_t n)
{
	size_t size = n > BLOCK_SIZE ? n : BLOCK_SIZE;
	struct pool_block *b;

	if (p->blocks != NULL && p->blocks->size - p->blocks->used >= n)
		return p->blocks;
	if ((b = calloc(1, sizeof *b + size)) == NULL)
		return NULL;
	b->size = size;
	b->next = p->blocks;
	p->blocks = b;
	return b;
}

void *pool_get(struct pool *p, size_t n)
{
	size_t rounded = (n + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);
	struct pool_block *b = rounded < n ? NULL : block_for(p, rounded);
	void *at;

	if (b == NULL) {
		p->failed = true;
		return NULL;
	}
	at = b->bytes + b->used;
	b->used += rounded;
	return at;
}

const char *pool_copy(struct pool *p, struct slice text)
{
	char *copy = pool_get(p, text.n + 1);

	if (copy == NULL)
		return "";
	if (text.n > 0)
		memcpy(copy, text.p, text.n);
	return copy;
}

void pool_free(struct pool *p)
{
	while (p->blocks != NULL) {
		struct pool_block *b = p->blocks;

		p->blocks = b->next;
		free(b);
	}
	p->failed = false;
}
