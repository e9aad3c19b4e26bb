#include "reports/daily_costs.h"

#include <stdlib.h>

#include "core/base/map.h"
#include "core/base/zone.h"

#define KEY_BYTES (64u << 20)

const char *const cost_name_keys[COST_NAMES] = {
	[COST_USER] = "user.name",
	[COST_DEPARTMENT] = "tochoku.department",
	[COST_FUNCTION] = "tochoku.function",
	[COST_PROVIDER] = "gen_ai.provider.name",
	[COST_MODEL] = "gen_ai.response.model",
	[COST_QUALITY] = "tochoku.usage.quality",
};

/* Entries by name, found again through a map. */
struct table {
	struct map *places;
	void *p;
	size_t n, cap, size;
};

struct reading {
	struct pool *pool;
	struct table lines, silent, unpriced, ownerless, unread;
	struct buf key;
	bool failed;
};

/* The entry of that key; *fresh: it was zeroed just now. NULL: no memory, or `most` are there. */
static void *entry(struct table *t, struct slice key, size_t most, bool *fresh)
{
	int64_t *at = map_get(t->places, key);

	*fresh = at == NULL;
	if (at != NULL)
		return (char *)t->p + (size_t)*at * t->size;
	if (t->n >= most)
		return NULL;
	if (t->n == t->cap) {
		size_t cap = t->cap == 0 ? 64 : 2 * t->cap;
		void *p = realloc(t->p, cap * t->size);

		if (p == NULL)
			return NULL;
		t->p = p;
		t->cap = cap;
	}
	if (map_put(t->places, key, (int64_t)t->n) == NULL)
		return NULL;
	return memset((char *)t->p + t->n++ * t->size, 0, t->size);
}

static struct slice kept(struct reading *r, struct slice s)
{
	return slice_of(pool_copy(r->pool, s), s.n);
}

static void count(struct reading *r, struct table *t, struct slice name, int64_t n)
{
	bool fresh;
	struct counted *c = entry(t, name, COST_LINES_MAX, &fresh);

	if (c == NULL) {
		r->failed |= t->n < COST_LINES_MAX;
		return;
	}
	if (fresh)
		c->name = kept(r, name);
	c->n += n;
	c->of++;
}

/* ---- lines ---- */

static struct cost_line *line_of(struct reading *r, const struct slice name[COST_NAMES])
{
	struct cost_line *l;
	bool fresh;

	buf_clear(&r->key);
	for (int i = 0; i < COST_NAMES; i++) {
		buf_add(&r->key, name[i]);
		buf_byte(&r->key, 0);
	}
	l = entry(&r->lines, buf_slice(&r->key), COST_LINES_MAX, &fresh);
	if (l == NULL) {
		l = entry(&r->lines, slice_of(NULL, 0), COST_LINES_MAX + 1, &fresh);
		r->failed |= l == NULL;
		return l;
	}
	for (int i = 0; fresh && i < COST_NAMES; i++)
		l->name[i] = kept(r, name[i]);
	return l;
}

static bool uses_tokens(const struct cost_row *c)
{
	return c->input_tokens >= 0 || c->output_tokens >= 0;
}

static struct sums sums_of(const struct cost_row *c)
{
	struct sums s = { .calls = 1, .unpriced = uses_tokens(c) && c->cost_pico < 0 };

	s.input_tokens = c->input_tokens < 0 ? 0 : c->input_tokens;
	s.output_tokens = c->output_tokens < 0 ? 0 : c->output_tokens;
	s.cost_pico = c->cost_pico < 0 ? 0 : c->cost_pico;
	if (c->estimate_input >= 0) {
		s.estimated = 1;
		s.estimated_tokens = c->estimate_input + (c->estimate_output < 0 ? 0 : c->estimate_output);
		s.estimated_pico = c->estimate_pico < 0 ? 0 : c->estimate_pico;
	}
	switch (outcome_of(c->status)) {
	case OUT_SUCCESSFUL:
		s.successful = 1;
		break;
	case OUT_DENIED:
		s.denied = 1;
		break;
	case OUT_LIMITED:
		s.limited = 1;
		break;
	case OUT_FAILURE:
		s.failure = 1;
		break;
	case OUT_ERROR:
		s.error = 1;
		break;
	case OUT_TIMEOUT:
		s.timeout = 1;
		break;
	case OUT_RESET:
		s.reset = 1;
		break;
	case OUT_OTHER:
		break;
	}
	return s;
}

/* The product of a User-Agent: what stands before its first space. */
static struct slice product(struct slice agent)
{
	const uint8_t *space = agent.n == 0 ? NULL : memchr(agent.p, ' ', agent.n);

	return space == NULL ? agent : slice_head(agent, (size_t)(space - agent.p));
}

static void take(void *ctx, const struct cost_row *c)
{
	struct reading *r = ctx;
	const struct slice name[COST_NAMES] = { c->user,     c->department, c->function,
						c->provider, c->model,	    c->quality };
	struct cost_line *l;
	struct sums s = sums_of(c);

	if (slice_is(c->protocol, "tls") || slice_is(c->protocol, "quic")) {
		count(r, &r->unread, c->server_name, 1);
		return; /* nobody knows how many calls were in it */
	}
	if ((l = line_of(r, name)) != NULL)
		sums_add(&l->s, &s);
	if (c->stream == 1 && s.successful == 1)
		count(r, &r->silent, product(c->agent), !uses_tokens(c));
	if (s.unpriced == 1)
		count(r, &r->unpriced, c->model, 1);
	if (c->key.n > 0 && c->user.n == 0)
		count(r, &r->ownerless, c->key, 1);
}

/* ---- order ---- */

static int by_cost(const void *a, const void *b)
{
	const struct cost_line *x = a, *y = b;
	int c = 0;

	if (x->s.cost_pico != y->s.cost_pico)
		return x->s.cost_pico < y->s.cost_pico ? 1 : -1;
	for (int i = 0; i < COST_NAMES && c == 0; i++)
		c = slice_cmp(x->name[i], y->name[i]);
	return c;
}

static int by_count(const void *a, const void *b)
{
	const struct counted *x = a, *y = b;

	if (x->n != y->n)
		return x->n < y->n ? 1 : -1;
	return slice_cmp(x->name, y->name);
}

/* Moves the entries, in order, to the pool. */
static void *finish(struct reading *r, struct table *t, int (*order)(const void *, const void *), size_t *n)
{
	void *p = pool_get(r->pool, (t->n + 1) * t->size);

	*n = p == NULL ? 0 : t->n;
	if (*n > 0) {
		memcpy(p, t->p, t->n * t->size);
		qsort(p, t->n, t->size, order);
	}
	return p;
}

static struct counted_list finish_counts(struct reading *r, struct table *t)
{
	struct counted_list l;

	l.p = finish(r, t, by_count, &l.n);
	while (l.n > 0 && l.p[l.n - 1].n == 0)
		l.n--;
	return l;
}

int costs_read(struct costs *out, struct pool *pool, struct ledger_reader *reader, int64_t from, int64_t to,
	       struct err *e)
{
	struct reading r = { .pool = pool };
	struct table *const tables[] = { &r.lines, &r.silent, &r.unpriced, &r.ownerless, &r.unread };
	int rc = TK_OK;

	buf_init(&r.key, 1 << 20);
	for (size_t i = 0; i < COUNT(tables); i++) {
		tables[i]->size = i == 0 ? sizeof(struct cost_line) : sizeof(struct counted);
		tables[i]->places = map_new(COST_LINES_MAX + 1, KEY_BYTES);
		r.failed |= tables[i]->places == NULL;
	}
	if (!r.failed)
		rc = ledger_cost_rows(reader, from * NS_PER_SEC, to * NS_PER_SEC, take, &r, e);
	if (rc == TK_OK && (r.failed || r.key.failed))
		rc = err_set(e, TK_ENOMEM, "out of memory");
	if (rc == TK_OK) {
		out->line = finish(&r, &r.lines, by_cost, &out->n);
		out->silent = finish_counts(&r, &r.silent);
		out->unpriced = finish_counts(&r, &r.unpriced);
		out->ownerless = finish_counts(&r, &r.ownerless);
		out->unread = finish_counts(&r, &r.unread);
	}
	for (size_t i = 0; i < COUNT(tables); i++) {
		map_free(tables[i]->places);
		free(tables[i]->p);
	}
	buf_free(&r.key);
	return rc;
}
