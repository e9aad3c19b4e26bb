#include "sensor/fields/memo.h"

#include "sensor/fields/cache.h"
#include "sensor/fields/secret.h"

static inline uint64_t load64(const uint8_t *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof w);
	return w;
}

static inline uint32_t load32(const uint8_t *p)
{
	uint32_t w;

	memcpy(&w, p, sizeof w);
	return w;
}

/* Up to eight bytes of a short text. */
static inline uint64_t short_word(struct slice s)
{
	if (s.n >= 4)
		return load32(s.p) | (uint64_t)load32(s.p + s.n - 4) << 32;
	return s.n == 0 ? 0 : s.p[0] | (uint32_t)s.p[s.n / 2] << 8 | (uint32_t)s.p[s.n - 1] << 16;
}

/* Long texts by three words of theirs. Who makes texts that share a place gains nothing but the time that they
 * would take without a memory. */
static inline uint64_t mix(uint64_t h, struct slice s)
{
	const uint64_t k = UINT64_C(0x9e3779b97f4a7c15);
	uint64_t w = s.n < 8 ? short_word(s)
			     : load64(s.p) + load64(s.p + (s.n - 8) / 2) * 31 + load64(s.p + s.n - 8) * k;

	h = (h ^ w) * k;
	return (h ^ h >> 32) + s.n;
}

static inline bool same(const uint8_t *a, const uint8_t *b, size_t n)
{
	size_t i = 0;

	if (n < 8)
		return short_word(slice_of(a, n)) == short_word(slice_of(b, n)); /* all bytes are in it */
	for (; i + 8 < n; i += 8)
		if (load64(a + i) != load64(b + i))
			return false;
	return load64(a + n - 8) == load64(b + n - 8);
}

static struct memo *set_of(struct parse_cache *c, int part, uint64_t hash)
{
	return &c->memo[part - MEMO_FIRST][(hash >> 52 & (CACHE_MEMOS / MEMO_WAYS - 1)) * MEMO_WAYS];
}

static uint64_t hash_of(const struct parse_cache *c, const struct memo_key *k)
{
	uint64_t h = c->seed[0] ^ k->marks;

	for (uint32_t i = 0; i < k->n; i++)
		h = mix(h, k->piece[i]);
	return h;
}

static bool has_pieces(const struct memo *m, const struct memo_key *k)
{
	const uint8_t *at = m->room;

	for (uint32_t i = 0; i < k->n; i++) {
		if (m->length[i] != k->piece[i].n || !same(at, k->piece[i].p, k->piece[i].n))
			return false;
		at += k->piece[i].n;
	}
	return true;
}

static struct memo *find(struct parse_cache *c, int part, const struct memo_key *k)
{
	uint64_t hash = hash_of(c, k);
	struct memo *set = set_of(c, part, hash);

	for (int i = 0; i < MEMO_WAYS; i++)
		if (set[i].hash == hash && set[i].part.serial != 0 && set[i].marks == k->marks &&
		    has_pieces(&set[i], k))
			return &set[i];
	return NULL;
}

bool memo_recall(struct parse_cache *c, const struct memo_key key[MEMO_END], struct access_event *ev)
{
	struct memo *found[MEMO_END];

	for (int p = MEMO_FIRST; p < MEMO_END; p++)
		if (c == NULL || (found[p] = find(c, p, &key[p])) == NULL)
			return false;
	for (int p = MEMO_FIRST; p < MEMO_END; p++)
		ev->part[p] = &found[p]->part;
	return true;
}

/* Written as it was, in the event too: no mask, no %XX that may hide a key, no query, no user before a host. */
static bool is_plain(struct slice s, struct scratch *scratch)
{
	if (s.n > UINT8_MAX)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '%' || s.p[i] == '?' || s.p[i] == '@')
			return false;
	return secret_mask_text(s, scratch).p == s.p;
}

/* One secret may have made another part too: then none is kept. */
static bool all_plain(const struct memo_key key[MEMO_END], struct scratch *scratch)
{
	for (int p = MEMO_FIRST; p < MEMO_END; p++)
		for (uint32_t i = 0; i < key[p].n; i++)
			if (!is_plain(key[p].piece[i], scratch))
				return false;
	return true;
}

static bool keep_pieces(struct memo *m, const struct memo_key *k, size_t *used)
{
	for (uint32_t i = 0; i < k->n; i++) {
		struct slice s = k->piece[i];

		if (s.n > MEMO_ROOM - *used)
			return false;
		m->length[i] = (uint8_t)s.n;
		if (s.n > 0)
			memcpy(m->room + *used, s.p, s.n);
		*used += s.n;
	}
	return true;
}

static bool keep_texts(struct memo *m, enum part_id id, size_t used)
{
	for (uint32_t left = m->part.known; left != 0; left &= left - 1) {
		unsigned slot = (unsigned)__builtin_ctz(left);
		struct slice *s = &m->part.v[slot].s;

		if (event_fields[event_parts[id].first + slot].type != FT_STR)
			continue;
		if (s->n > MEMO_ROOM - used)
			return false;
		if (s->n > 0)
			memcpy(m->room + used, s->p, s->n);
		s->p = m->room + used;
		used += s->n;
	}
	return true;
}

static void keep_part(struct parse_cache *c, enum part_id id, const struct memo_key *k, const struct part *part)
{
	uint64_t hash = hash_of(c, k);
	struct memo *set = set_of(c, id, hash), *m = &set[hash & (MEMO_WAYS - 1)];
	size_t used = 0;

	for (int i = 0; i < MEMO_WAYS; i++)
		if (set[i].part.serial == 0)
			m = &set[i];
	*m = (struct memo){ .hash = hash, .marks = k->marks, .part = *part };
	m->part.serial = 0;
	if (keep_pieces(m, k, &used) && keep_texts(m, id, used))
		m->part.serial = part_new_serial();
}

void memo_keep(const struct parse_context *ctx, const struct memo_key key[MEMO_END],
	       const struct access_event *ev)
{
	if (ctx->cache == NULL || !all_plain(key, ctx->scratch))
		return;
	for (int p = MEMO_FIRST; p < MEMO_END; p++)
		if (find(ctx->cache, p, &key[p]) == NULL)
			keep_part(ctx->cache, p, &key[p], ev->part[p]);
}
