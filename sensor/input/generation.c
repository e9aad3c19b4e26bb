#include "sensor/input/generation.h"

#include <stdlib.h>

#include "core/base/sys.h"

/* ---- the bytes that identify ---- */

void gen_track_reset(struct gen_track *t)
{
	t->seen_end = 0;
	t->prefix_n = t->seen_n = t->tail_n = 0;
}

void gen_track_resume(struct gen_track *t, uint64_t position, struct slice prefix, struct slice before)
{
	prefix = slice_head(prefix, GENERATION_PREFIX);
	if (before.n > GENERATION_TAIL)
		before = slice_from(before, before.n - GENERATION_TAIL);
	t->seen_end = position;
	t->prefix_n = (uint32_t)prefix.n;
	t->seen_n = t->tail_n = (uint32_t)before.n;
	if (prefix.n > 0)
		memcpy(t->prefix, prefix.p, prefix.n);
	if (before.n > 0) {
		memcpy(t->seen, before.p, before.n);
		memcpy(t->tail, before.p, before.n);
	}
}

void gen_track_begin(struct gen_track *t, struct slice chunk)
{
	struct slice s = slice_head(chunk, GENERATION_PREFIX - t->prefix_n);

	if (s.n > 0)
		memcpy(t->prefix + t->prefix_n, s.p, s.n);
	t->prefix_n += (uint32_t)s.n;
}

/* out = the last bytes of (seen, chunk). `out` may be `seen` itself. */
static uint32_t last_bytes(const struct gen_track *t, struct slice chunk, uint8_t out[GENERATION_TAIL])
{
	size_t from_chunk = chunk.n < GENERATION_TAIL ? chunk.n : GENERATION_TAIL;
	size_t from_seen = GENERATION_TAIL - from_chunk;

	if (from_seen > t->seen_n)
		from_seen = t->seen_n;
	if (from_seen > 0)
		memmove(out, t->seen + t->seen_n - from_seen, from_seen);
	if (from_chunk > 0)
		memcpy(out + from_seen, chunk.p + chunk.n - from_chunk, from_chunk);
	return (uint32_t)(from_seen + from_chunk);
}

void gen_track_position(struct gen_track *t, struct slice chunk, uint64_t position)
{
	/* No line has ended in this chunk: the tail is what it was. */
	if (position < t->seen_end)
		return;
	t->tail_n = last_bytes(t, slice_head(chunk, (size_t)(position - t->seen_end)), t->tail);
}

void gen_track_end(struct gen_track *t, struct slice chunk)
{
	t->seen_n = last_bytes(t, chunk, t->seen);
	t->seen_end += chunk.n;
}

static void half_hash(struct sha256 *sha, struct slice in, uint8_t out[16])
{
	uint8_t full[32];

	sha256_of(sha, in, full);
	memcpy(out, full, 16);
}

static uint32_t at_most(uint64_t position, uint32_t limit)
{
	return position < limit ? (uint32_t)position : limit;
}

void gen_track_hash(const struct gen_track *t, struct sha256 *sha, uint64_t position, struct generation *g)
{
	uint32_t prefix = at_most(position, t->prefix_n);

	/* The prefix is hashed again only while it grows. */
	if (g->prefix_len != prefix || prefix == 0)
		half_hash(sha, slice_of(t->prefix, prefix), g->prefix_hash);
	g->prefix_len = prefix;
	g->tail_len = t->tail_n;
	half_hash(sha, slice_of(t->tail, t->tail_n), g->tail_hash);
	g->position = position;
}

bool generation_prefix_is(const struct generation *g, struct slice head, struct sha256 *sha)
{
	uint8_t h[16];

	if (g->prefix_len > head.n || g->prefix_len > GENERATION_PREFIX)
		return false;
	half_hash(sha, slice_head(head, g->prefix_len), h);
	return memcmp(h, g->prefix_hash, sizeof h) == 0;
}

bool generation_tail_is(const struct generation *g, struct slice before, struct sha256 *sha)
{
	uint8_t h[16];

	if (g->tail_len > before.n || g->tail_len > GENERATION_TAIL)
		return false;
	half_hash(sha, slice_from(before, before.n - g->tail_len), h);
	return memcmp(h, g->tail_hash, sizeof h) == 0;
}

bool generation_is(const struct generation *g, int fd, uint64_t size, struct sha256 *sha)
{
	uint8_t b[GENERATION_TAIL > GENERATION_PREFIX ? GENERATION_TAIL : GENERATION_PREFIX];
	ssize_t n;

	if (size < g->position || g->tail_len > g->position || g->tail_len > GENERATION_TAIL)
		return false;
	if (g->position == 0)
		return true;
	n = sys_pread(fd, b, GENERATION_PREFIX, 0);
	if (n < 0 || !generation_prefix_is(g, slice_of(b, (size_t)n), sha))
		return false;
	n = sys_pread(fd, b, g->tail_len, (off_t)(g->position - g->tail_len));
	return n == (ssize_t)g->tail_len && generation_tail_is(g, slice_of(b, (size_t)n), sha);
}

/* ---- the book ---- */

void gen_book_free(struct gen_book *b)
{
	for (size_t i = 0; i < b->n; i++)
		free(b->list[i].base);
	free(b->list);
	*b = (struct gen_book){ 0 };
}

int64_t gen_book_add(struct gen_book *b, uint32_t input, struct slice base, const struct generation *g,
		     int64_t now)
{
	char *copy;

	if (b->n == b->cap) {
		size_t cap = b->cap == 0 ? 64 : 2 * b->cap;
		struct gen_entry *list = realloc(b->list, cap * sizeof *list);

		if (list == NULL)
			return -1;
		b->list = list;
		b->cap = cap;
	}
	copy = strndup(base.p == NULL ? "" : (const char *)base.p, base.n);
	if (copy == NULL)
		return -1;
	b->list[b->n] = (struct gen_entry){ .g = *g, .seen = *g, .input = input, .base = copy, .since = now };
	return (int64_t)b->n++;
}

void gen_book_own(struct gen_book *b, size_t i, enum gen_owner owner, const void *holder, int64_t now)
{
	b->list[i].owner = owner;
	b->list[i].holder = holder;
	b->list[i].since = now;
	b->version++;
}

bool gen_may_be(const struct gen_entry *e, const struct gen_query *q)
{
	bool same_base = slice_is(q->base, e->base);

	/* Without bytes to compare everything would agree. */
	if (e->input != q->input || e->owner == GEN_LOST || e->seen.position == 0 ||
	    e->seen.prefix_len == 0 || e->seen.tail_len == 0)
		return false;
	if ((q->is_base || !same_base) && e->seen.position < GENERATION_SURE)
		return false;
	/* What is still there under a rotated name was not copied back to the watched path: that a new log
	 * begins like it is chance. */
	if (q->is_base && (e->owner == GEN_HELD || e->owner == GEN_RETIRED) && !e->gone)
		return false;
	return true;
}

bool gen_better(const struct gen_book *book, size_t a, int64_t b)
{
	static const uint8_t rank[] = {
		[GEN_RELEASED] = 3, [GEN_FREE] = 3, [GEN_RETIRED] = 2, [GEN_HELD] = 1, [GEN_LOST] = 0,
	};
	const struct gen_entry *x = &book->list[a], *y;

	if (b < 0)
		return true;
	y = &book->list[b];
	if (x->seen.position != y->seen.position)
		return x->seen.position > y->seen.position;
	return rank[x->owner] > rank[y->owner];
}

int64_t gen_book_exact(const struct gen_book *b, const struct gen_query *q, struct sha256 *sha)
{
	int64_t best = -1;

	for (size_t i = 0; i < b->n; i++) {
		const struct gen_entry *e = &b->list[i];

		if (e->input == q->input && e->g.dev == q->dev && e->g.ino == q->ino && q->ino != 0 &&
		    (e->owner == GEN_FREE || e->owner == GEN_RETIRED) && gen_better(b, i, best) &&
		    generation_is(&e->g, q->fd, q->size, sha))
			best = (int64_t)i;
	}
	return best;
}

int64_t gen_book_content(const struct gen_book *b, const struct gen_query *q, struct sha256 *sha)
{
	uint8_t head[GENERATION_PREFIX], h[16];
	ssize_t n = sys_pread(q->fd, head, sizeof head, 0);
	int64_t best = -1;

	/* Nearly all generations have a full prefix: hashed once for all of them. */
	half_hash(sha, slice_of(head, n < 0 ? 0 : (size_t)n), h);
	for (size_t i = 0; i < b->n; i++) {
		const struct gen_entry *e = &b->list[i];

		if (!gen_may_be(e, q) || e->seen.position > q->size || !gen_better(b, i, best) ||
		    (e->seen.prefix_len == n && memcmp(h, e->seen.prefix_hash, sizeof h) != 0))
			continue;
		if (generation_is(&e->seen, q->fd, q->size, sha))
			best = (int64_t)i;
	}
	return best;
}
