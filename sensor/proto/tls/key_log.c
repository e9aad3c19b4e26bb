#include "sensor/proto/tls/key_log.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/hash.h"
#include "core/base/index_list.h"

struct entry {
	uint8_t random[KEY_LOG_RANDOM];
	uint8_t secret[KEY_LOG_LABELS][KEY_LOG_SECRET_MAX];
	uint8_t n[KEY_LOG_LABELS]; /* bytes; 0: not known */
	uint32_t next;		   /* in its bucket */
};

struct key_log {
	struct entry *entries; /* from 1 */
	struct index_link *links;
	struct index_list by_use; /* the one used last at the tail */
	uint32_t *buckets, mask;
	uint32_t count, limit;
	uint64_t seed, version, bad, forgotten;
};

static const struct {
	struct slice name;
	uint8_t min, max;
} labels[] = {
#define LABEL(id, name, min, max) { SLICE(name), min, max },
#include "sensor/proto/tls/key_log_labels.def"
#undef LABEL
};

/* ---- birth and end ---- */

struct key_log *key_log_new(uint32_t connections)
{
	struct key_log *k = calloc(1, sizeof *k);

	if (k == NULL)
		return NULL;
	k->limit = connections;
	for (k->mask = 1; k->mask < connections && k->mask < UINT32_MAX / 2; k->mask = k->mask * 2 + 1)
		;
	k->entries = calloc((size_t)connections + 1, sizeof *k->entries);
	k->links = calloc((size_t)connections + 1, sizeof *k->links);
	k->buckets = calloc((size_t)k->mask + 1, sizeof *k->buckets);
	if (connections > 0 && k->entries != NULL && k->links != NULL && k->buckets != NULL &&
	    random_bytes(&k->seed, sizeof k->seed))
		return k;
	key_log_free(k);
	return NULL;
}

void key_log_free(struct key_log *k)
{
	if (k == NULL)
		return;
	if (k->entries != NULL)
		explicit_bzero(k->entries,
			       ((size_t)k->count + 1) * sizeof *k->entries); /* no other was touched */
	free(k->entries);
	free(k->links);
	free(k->buckets);
	free(k);
}

/* ---- the table ---- */

static uint32_t *bucket(struct key_log *k, const uint8_t *random)
{
	return &k->buckets[hash64(slice_of(random, KEY_LOG_RANDOM), k->seed) & k->mask];
}

static uint32_t find(struct key_log *k, const uint8_t *random)
{
	uint32_t i = *bucket(k, random);

	while (i != 0 && memcmp(k->entries[i].random, random, KEY_LOG_RANDOM) != 0)
		i = k->entries[i].next;
	if (i != 0 && i != k->by_use.tail) {
		index_list_remove(&k->by_use, k->links, i);
		index_list_append(&k->by_use, k->links, i);
	}
	return i;
}

static void forget(struct key_log *k, uint32_t i)
{
	uint32_t *at = bucket(k, k->entries[i].random);

	while (*at != i)
		at = &k->entries[*at].next;
	*at = k->entries[i].next;
	index_list_remove(&k->by_use, k->links, i);
	explicit_bzero(&k->entries[i], sizeof k->entries[i]);
	k->forgotten++;
}

static uint32_t add(struct key_log *k, const uint8_t *random)
{
	uint32_t i, *at;

	if (k->count < k->limit) {
		i = ++k->count;
	} else {
		i = k->by_use.head;
		forget(k, i);
	}
	memcpy(k->entries[i].random, random, KEY_LOG_RANDOM);
	at = bucket(k, random);
	k->entries[i].next = *at;
	*at = i;
	index_list_append(&k->by_use, k->links, i);
	return i;
}

static void put(struct key_log *k, const uint8_t *random, size_t label, const uint8_t *secret, size_t n)
{
	uint32_t i = find(k, random);
	struct entry *e = &k->entries[i != 0 ? i : add(k, random)];

	if (e->n[label] == n && memcmp(e->secret[label], secret, n) == 0)
		return;
	memcpy(e->secret[label], secret, n);
	e->n[label] = (uint8_t)n;
	k->version++;
}

struct slice key_log_secret(struct key_log *k, const uint8_t random[KEY_LOG_RANDOM], enum key_log_label label)
{
	uint32_t i = find(k, random);

	if (i == 0 || k->entries[i].n[label] == 0)
		return (struct slice){ NULL, 0 };
	return slice_of(k->entries[i].secret[label], k->entries[i].n[label]);
}

uint64_t key_log_version(const struct key_log *k)
{
	return k->version;
}
uint64_t key_log_bad_lines(const struct key_log *k)
{
	return k->bad;
}
uint64_t key_log_forgotten(const struct key_log *k)
{
	return k->forgotten;
}
uint32_t key_log_count(const struct key_log *k)
{
	return k->count;
}

/* ---- lines: LABEL random secret ---- */

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static struct slice word(struct slice *line)
{
	struct slice w;
	size_t n = 0;

	while (line->n > 0 && is_blank(line->p[0]))
		*line = slice_from(*line, 1);
	while (n < line->n && !is_blank(line->p[n]))
		n++;
	w = slice_head(*line, n);
	*line = slice_from(*line, n);
	return w;
}

static bool is_label(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!(s.p[i] >= 'A' && s.p[i] <= 'Z') && !(s.p[i] >= '0' && s.p[i] <= '9') && s.p[i] != '_')
			return false;
	return s.n > 0;
}

/* False: the line is none that any program writes. */
static bool read_line(struct key_log *k, struct slice line)
{
	struct slice name = word(&line), random = word(&line), secret = word(&line);
	uint8_t id[KEY_LOG_RANDOM], bytes[KEY_LOG_SECRET_MAX];
	bool good;

	if (name.n == 0 || name.p[0] == '#')
		return true;
	for (size_t i = 0; i < COUNT(labels); i++)
		if (slice_eq(name, labels[i].name)) {
			size_t n = secret.n / 2;

			good = (n == labels[i].min || n == labels[i].max) && secret.n % 2 == 0 &&
			       word(&line).n == 0 && random.n == 2 * KEY_LOG_RANDOM &&
			       hex_decode(random, id, sizeof id) && hex_decode(secret, bytes, n);
			if (good)
				put(k, id, i, bytes, n);
			explicit_bzero(bytes, sizeof bytes);
			return good;
		}
	return is_label(name) && secret.n > 0;
}

static void end_line(struct key_log *k, struct key_log_source *from)
{
	if (from->n > 0 && from->n <= sizeof from->line && from->line[from->n - 1] == '\r')
		from->n--;
	if (from->n > sizeof from->line || !read_line(k, slice_of(from->line, from->n)))
		k->bad++;
	from->n = 0;
}

void key_log_feed(struct key_log *k, struct key_log_source *from, struct slice bytes)
{
	for (size_t i = 0; i < bytes.n; i++) {
		if (bytes.p[i] == '\n')
			end_line(k, from);
		else if (from->n < sizeof from->line)
			from->line[from->n++] = (char)bytes.p[i];
		else
			from->n = sizeof from->line + 1;
	}
}

void key_log_end(struct key_log *k, struct key_log_source *from)
{
	if (from->n > 0)
		end_line(k, from);
	explicit_bzero(from, sizeof *from);
}
