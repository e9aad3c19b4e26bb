#include "core/base/map.h"

#include <stdlib.h>

#include "core/base/buf.h"
#include "core/base/hash.h"

struct entry {
	uint64_t hash;
	int64_t value;
	uint32_t at, n; /* the key inside `keys` */
};

struct map {
	struct entry *entries;
	uint32_t *slots; /* entry number + 1; 0: empty */
	size_t n, cap, n_slots, max;
	struct buf keys;
	uint64_t seed;
};

struct map *map_new(size_t max_entries, size_t max_bytes)
{
	struct map *m = calloc(1, sizeof *m);

	if (m == NULL)
		return NULL;
	m->max = max_entries;
	buf_init(&m->keys, max_bytes);
	random_bytes(&m->seed, sizeof m->seed);
	return m;
}

void map_free(struct map *m)
{
	if (m == NULL)
		return;
	free(m->entries);
	free(m->slots);
	buf_free(&m->keys);
	free(m);
}

size_t map_count(const struct map *m)
{
	return m->n;
}

struct slice map_key(const struct map *m, size_t i)
{
	return slice_of(m->keys.p + m->entries[i].at, m->entries[i].n);
}

void map_clear(struct map *m)
{
	m->n = 0;
	buf_clear(&m->keys);
	if (m->slots != NULL)
		memset(m->slots, 0, m->n_slots * sizeof *m->slots);
}

/* The slot that holds the key, or the empty one where it belongs. */
static uint32_t *find_slot(const struct map *m, struct slice key, uint64_t h)
{
	for (size_t i = h & (m->n_slots - 1);; i = (i + 1) & (m->n_slots - 1)) {
		uint32_t k = m->slots[i];

		if (k == 0 || (m->entries[k - 1].hash == h && slice_eq(map_key(m, k - 1), key)))
			return &m->slots[i];
	}
}

int64_t *map_get(const struct map *m, struct slice key)
{
	uint32_t k;

	if (m->n == 0)
		return NULL;
	k = *find_slot(m, key, hash64(key, m->seed));
	return k == 0 ? NULL : &m->entries[k - 1].value;
}

static bool grow(struct map *m)
{
	size_t cap = m->cap == 0 ? 64 : 2 * m->cap, n_slots = 2 * cap;
	struct entry *entries = realloc(m->entries, cap * sizeof *entries);
	uint32_t *slots = entries == NULL ? NULL : calloc(n_slots, sizeof *slots);

	if (entries != NULL)
		m->entries = entries;
	if (slots == NULL)
		return false;
	free(m->slots);
	m->slots = slots;
	m->n_slots = n_slots;
	m->cap = cap;
	for (size_t i = 0; i < m->n; i++)
		*find_slot(m, map_key(m, i), entries[i].hash) = (uint32_t)i + 1;
	return true;
}

int64_t *map_put(struct map *m, struct slice key, int64_t initial)
{
	uint64_t h = hash64(key, m->seed);
	uint32_t *slot;

	if (m->n == m->cap && m->n < m->max && !grow(m))
		return NULL;
	if (m->n_slots == 0)
		return NULL;
	slot = find_slot(m, key, h);
	if (*slot != 0)
		return &m->entries[*slot - 1].value;
	if (m->n >= m->max || m->n == m->cap || key.n > m->keys.max - m->keys.n)
		return NULL;
	m->entries[m->n] = (struct entry){ h, initial, (uint32_t)m->keys.n, (uint32_t)key.n };
	buf_add(&m->keys, key);
	if (m->keys.failed) {
		m->keys.failed = false;
		return NULL;
	}
	*slot = (uint32_t)++m->n;
	return &m->entries[m->n - 1].value;
}
