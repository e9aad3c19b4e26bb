#include "core/config/keep.h"

#include <stdlib.h>

#define BLOCK_SIZE 16384

struct keep_block {
	struct keep_block *next;
	size_t used, cap;
	max_align_t data[];
};

static struct keep_block *add_block(struct keep *k, size_t n)
{
	size_t cap = n > BLOCK_SIZE ? n : BLOCK_SIZE;
	struct keep_block *b = calloc(1, sizeof *b + cap);

	if (b == NULL) {
		k->failed = true;
		return NULL;
	}
	b->cap = cap;
	b->next = k->blocks;
	k->blocks = b;
	return b;
}

void *keep_get(struct keep *k, size_t n)
{
	struct keep_block *b = k->blocks;
	uint8_t *p;

	if (n > SIZE_MAX / 2) {
		k->failed = true;
		return NULL;
	}
	n = (n + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
	if (b == NULL || b->cap - b->used < n)
		b = add_block(k, n);
	if (b == NULL)
		return NULL;
	p = (uint8_t *)b->data + b->used;
	b->used += n;
	return p;
}

void *keep_array(struct keep *k, size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes)) {
		k->failed = true;
		return NULL;
	}
	return keep_get(k, bytes);
}

char *keep_copy(struct keep *k, struct slice s)
{
	char *p = keep_get(k, s.n + 1);

	if (p != NULL && s.n != 0)
		memcpy(p, s.p, s.n);
	return p;
}

void keep_free(struct keep *k)
{
	struct keep_block *b, *next;

	for (b = k->blocks; b != NULL; b = next) {
		next = b->next;
		explicit_bzero(b->data, b->used);
		free(b);
	}
	*k = (struct keep){ 0 };
}
