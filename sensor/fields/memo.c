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

/* Long texts by three words of theirs. Who makes texts that share a place gains nothing but the time that
 * they would take without a memory. */
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

static struct memo_set *set_of(struct memo_table *t, uint64_t hash)
{
	return &t->set[hash >> 52 & (MEMO_SETS - 1)];
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
	struct memo_table *t = &c->memo[part - MEMO_FIRST];
	uint64_t hash = hash_of(c, k);
	struct memo_set *set = set_of(t, hash);

	for (int i = 0; i < MEMO_WAYS && set->at[i] != 0; i++) {
		struct memo *m = &t->entry[set->at[i] - 1];

		if (set->hash[i] == hash && m->marks == k->marks && has_pieces(m, k))
			return m;
	}
	return NULL;
}

bool memo_recall(struct parse_cache *c, const struct memo_key key[MEMO_END], struct access_event *ev)
{
	struct memo *found[MEMO_END];

	if (c == NULL || c->claimed)
		return false;
	for (int p = MEMO_FIRST; p < MEMO_END; p++)
		if ((found[p] = find(c, p, &key[p])) == NULL)
			return false;
	for (int p = MEMO_FIRST; p < MEMO_END; p++)
		ev->part[p] = &found[p]->part;
	return true;
}

/* Written as it was, in the event too: no mask, no %XX that may hide a key, no query, no user before a
 * host. */
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

static bool is_text(enum part_id id, unsigned slot)
{
	return event_fields[event_parts[id].first + slot].type == FT_STR;
}

static bool fits(enum part_id id, const struct memo_key *k, const struct part *part)
{
	size_t n = 0;

	for (uint32_t i = 0; i < k->n; i++)
		n += k->piece[i].n;
	for (uint32_t left = part->known; left != 0; left &= left - 1) {
		unsigned slot = (unsigned)__builtin_ctz(left);

		n += is_text(id, slot) ? part->v[slot].s.n : 0;
	}
	return n <= MEMO_ROOM;
}

/* Copies the text into the entry; returns where it lies now. */
static struct slice keep_text(struct memo *m, size_t *used, struct slice s)
{
	uint8_t *at = m->room + *used;

	if (s.n > 0)
		memcpy(at, s.p, s.n);
	*used += s.n;
	return slice_of(at, s.n);
}

/* Its place among those of this hash, or in place of one. */
static struct memo *place_for(struct memo_table *t, uint64_t hash)
{
	struct memo_set *set = set_of(t, hash);
	unsigned way = 0;

	while (way < MEMO_WAYS && set->at[way] != 0)
		way++;
	if (way == MEMO_WAYS)
		way = hash & (MEMO_WAYS - 1);
	else
		set->at[way] = (uint16_t)++t->n;
	set->hash[way] = hash;
	return &t->entry[set->at[way] - 1];
}

static void keep_part(struct parse_cache *c, enum part_id id, const struct memo_key *k,
		      const struct part *part)
{
	struct memo *m = place_for(&c->memo[id - MEMO_FIRST], hash_of(c, k));
	size_t used = 0;

	*m = (struct memo){ .marks = k->marks, .part = *part };
	for (uint32_t i = 0; i < k->n; i++)
		m->length[i] = (uint8_t)keep_text(m, &used, k->piece[i]).n;
	for (uint32_t left = part->known; left != 0; left &= left - 1) {
		unsigned slot = (unsigned)__builtin_ctz(left);

		if (is_text(id, slot))
			m->part.v[slot].s = keep_text(m, &used, part->v[slot].s);
	}
	m->part.serial = part_new_serial();
}

void memo_keep(const struct parse_context *ctx, const struct memo_key key[MEMO_END],
	       const struct access_event *ev)
{
	bool claimed = ctx->cache != NULL && ctx->cache->claimed;

	if (claimed)
		ctx->cache->claimed = false;
	if (ctx->cache == NULL || claimed || !all_plain(key, ctx->scratch))
		return;
	for (int p = MEMO_FIRST; p < MEMO_END; p++)
		if (find(ctx->cache, p, &key[p]) == NULL && fits(p, &key[p], ev->part[p]))
			keep_part(ctx->cache, p, &key[p], ev->part[p]);
}
