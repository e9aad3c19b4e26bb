/* A table from bytes to an integer, bounded in entries and bytes at birth. Keys are copied. The hash is
 * seeded per table, so strangers who choose keys cannot choose collisions. One thread. */
#ifndef TK_BASE_MAP_H
#define TK_BASE_MAP_H

#include "core/base/slice.h"

struct map;
/* NULL: no memory. Memory grows with use up to the bounds. */
struct map *map_new(size_t max_entries, size_t max_bytes);
void map_free(struct map *m);
/* The value's place, or NULL; valid until the next put or clear. */
int64_t *map_get(const struct map *m, struct slice key);
/* The value's place; a new one holds `initial`. NULL: full or no memory. */
int64_t *map_put(struct map *m, struct slice key, int64_t initial);
void map_clear(struct map *m); /* keeps the memory */
size_t map_count(const struct map *m);
/* Entry i in order of insertion. */
struct slice map_key(const struct map *m, size_t i);

#endif
