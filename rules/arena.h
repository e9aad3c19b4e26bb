/* Memory in chunks, freed or reused as a whole. Not for several threads. */
#ifndef TK_RULES_ARENA_H
#define TK_RULES_ARENA_H

#include "core/base/slice.h"

struct arena_chunk;
struct arena {
	struct arena_chunk *first, *now;
	bool failed; /* no memory: sticky until freed; what came after is missing */
};

/* Zeroed memory, aligned for any type, or NULL (then a->failed). A zeroed struct arena is empty. */
void *arena_alloc(struct arena *a, size_t n);
/* The same without the zeroes. */
void *arena_raw(struct arena *a, size_t n);
/* Copy with a NUL behind. */
struct slice arena_copy(struct arena *a, struct slice s);
const char *arena_str(struct arena *a, struct slice s);
/* Forgets the content and keeps the chunks: later allocations cost no malloc. */
void arena_reset(struct arena *a);
void arena_free(struct arena *a);

#endif
