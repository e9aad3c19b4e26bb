#include "rules/arena.h"

#include <stdlib.h>

#define CHUNK_MIN 16384

struct arena_chunk {
	struct arena_chunk *next;
	size_t used, size;
	_Alignas(16) uint8_t bytes[];
};

static struct arena_chunk *chunk_with(struct arena *a, size_t n)
{
	struct arena_chunk *c = a->now == NULL ? a->first : a->now;

	/* After a reset the old chunks follow; the ones that are too small for this are passed over. */
	for (; c != NULL; c = c->next) {
		if (c->size - c->used >= n)
			return c;
		if (c->next == NULL)
			break;
	}
	size_t size = n > CHUNK_MIN ? n : CHUNK_MIN;
	struct arena_chunk *fresh = malloc(sizeof *fresh + size);

	if (fresh == NULL)
		return NULL;
	*fresh = (struct arena_chunk){ .size = size };
	if (c == NULL)
		a->first = fresh;
	else
		c->next = fresh;
	return fresh;
}

void *arena_raw(struct arena *a, size_t n)
{
	if (n > SIZE_MAX / 2) {
		a->failed = true;
		return NULL;
	}
	n = (n + 15) & ~(size_t)15;
	struct arena_chunk *c = chunk_with(a, n);

	if (c == NULL) {
		a->failed = true;
		return NULL;
	}
	a->now = c;
	void *p = c->bytes + c->used;

	c->used += n;
	return p;
}

void *arena_alloc(struct arena *a, size_t n)
{
	void *p = arena_raw(a, n);

	return p == NULL ? NULL : memset(p, 0, n);
}

struct slice arena_copy(struct arena *a, struct slice s)
{
	uint8_t *p = arena_alloc(a, s.n + 1);

	if (p == NULL)
		return (struct slice){ NULL, 0 };
	if (s.n > 0)
		memcpy(p, s.p, s.n);
	return slice_of(p, s.n);
}

const char *arena_str(struct arena *a, struct slice s)
{
	return (const char *)arena_copy(a, s).p;
}

void arena_reset(struct arena *a)
{
	for (struct arena_chunk *c = a->first; c != NULL; c = c->next)
		c->used = 0;
	a->now = a->first;
}

void arena_free(struct arena *a)
{
	for (struct arena_chunk *c = a->first; c != NULL;) {
		struct arena_chunk *next = c->next;

		free(c);
		c = next;
	}
	*a = (struct arena){ 0 };
}
