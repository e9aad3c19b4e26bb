#include "sensor/llm/price_table.h"

#include <stdlib.h>

#include "core/base/zone.h"

const struct price_words price_class_words[PRICE_CLASSES] = {
#define CLASS(id, key, litellm, unit) { key, litellm, UNIT_##unit },
#include "sensor/llm/prices.def"
};
const struct price_words price_tier_words[PRICE_TIERS] = {
#define TIER(id, key, litellm) { key, litellm, UNIT_EACH },
#include "sensor/llm/prices.def"
};
const struct price_words price_factor_words[PRICE_FACTORS] = {
#define FACTOR(id, key, litellm) { key, litellm, UNIT_EACH },
#include "sensor/llm/prices.def"
};

#define NAMES_MAX (4 * ROWS_MAX)
#define NAME_BYTES_MAX (64u << 20)

struct price_table *price_table_new(const char *name)
{
	struct price_table *t = calloc(1, sizeof *t);

	if (t == NULL)
		return NULL;
	t->names = map_new(NAMES_MAX, NAME_BYTES_MAX);
	t->name = keep_copy(&t->keep, slice_str(name));
	if (t->names == NULL || t->name == NULL) {
		prices_free(t);
		return NULL;
	}
	return t;
}

void prices_free(struct price_table *t)
{
	if (t == NULL)
		return;
	map_free(t->names);
	free(t->lists);
	free(t->rows);
	free(t->changes);
	keep_free(&t->keep);
	free(t);
}

const char *prices_name(const struct price_table *t)
{
	return t->name;
}

const char *prices_date(const struct price_table *t)
{
	return t->date;
}

size_t prices_count(const struct price_table *t)
{
	return t->n_rows;
}

bool prices_litellm(const struct price_table *t)
{
	return t->litellm;
}

size_t prices_left_out(const struct price_table *t)
{
	return t->left_out;
}

/* ---- rows ---- */

static void band_init(struct price_band *b, int64_t above)
{
	b->above = above;
	for (int tier = 0; tier < PRICE_TIERS; tier++)
		for (int c = 0; c < PRICE_CLASSES; c++)
			b->rate[tier][c] = MONEY_UNKNOWN;
}

void price_row_init(struct price_row *row)
{
	*row = (struct price_row){ .from = INT64_MIN, .to = INT64_MAX, .n_bands = 1 };
	for (int i = 0; i < PRICE_FACTORS; i++)
		row->factor[i] = FACTOR_ONE;
	band_init(&row->bands[0], 0);
}

struct price_band *price_row_band(struct price_row *row, int64_t above)
{
	size_t i = row->n_bands;

	for (size_t k = 0; k < row->n_bands; k++)
		if (row->bands[k].above == above)
			return &row->bands[k];
	if (i == BANDS_MAX || above < 0)
		return NULL;
	for (; i > 0 && row->bands[i - 1].above > above; i--)
		row->bands[i] = row->bands[i - 1];
	band_init(&row->bands[i], above);
	row->n_bands++;
	return &row->bands[i];
}

static bool grow(void **array, size_t n, size_t *cap, size_t size)
{
	size_t more = *cap == 0 ? 64 : 2 * *cap;
	void *p;

	if (n < *cap)
		return true;
	if ((p = realloc(*array, more * size)) == NULL)
		return false;
	*array = p;
	*cap = more;
	return true;
}

/* "FAMILY\nMODEL"; longer than any key that can be found: an empty slice. */
static struct slice name_key(struct slice family, struct slice model, uint8_t out[2 * NAME_MAX_BYTES + 1])
{
	if (family.n > NAME_MAX_BYTES || model.n > NAME_MAX_BYTES)
		return slice_of(NULL, 0);
	if (family.n > 0)
		memcpy(out, family.p, family.n);
	out[family.n] = '\n';
	if (model.n > 0)
		memcpy(out + family.n + 1, model.p, model.n);
	return slice_of(out, family.n + 1 + model.n);
}

struct price_listing *price_table_list(const struct price_table *t, struct slice family, struct slice model)
{
	uint8_t text[2 * NAME_MAX_BYTES + 1];
	struct slice key = name_key(family, model, text);
	int64_t *at = key.n == 0 ? NULL : map_get(t->names, key);

	return at == NULL ? NULL : t->lists[*at];
}

/* Into the list of that name, the latest `from` first; of LiteLLM's keys for one model the best alone. */
static bool list_row(struct price_table *t, struct slice family, struct slice model, struct price_row *row)
{
	uint8_t text[2 * NAME_MAX_BYTES + 1];
	struct slice key = name_key(family, model, text);
	int64_t *at = key.n == 0 ? NULL : map_put(t->names, key, (int64_t)t->n_lists);
	struct price_listing *l, **place;

	if (at == NULL || !grow((void **)&t->lists, t->n_lists, &t->cap_lists, sizeof(void *)))
		return false;
	if (*at == (int64_t)t->n_lists)
		t->lists[t->n_lists++] = NULL;
	place = &t->lists[*at];
	if (t->litellm && *place != NULL) {
		if (row->rank < (*place)->row->rank)
			(*place)->row = row;
		return true;
	}
	while (*place != NULL && (*place)->row->from >= row->from)
		place = &(*place)->next;
	if ((l = keep_get(&t->keep, sizeof *l)) == NULL)
		return false;
	*l = (struct price_listing){ .row = row, .to = row->to, .next = *place };
	*place = l;
	return true;
}

static struct slice copied(struct price_table *t, struct slice s)
{
	return slice_of(keep_copy(&t->keep, s), s.n);
}

bool price_table_add(struct price_table *t, const struct price_row *given)
{
	size_t size = offsetof(struct price_row, bands) + given->n_bands * sizeof given->bands[0];
	struct price_row *row;
	bool good;

	if (t->n_rows == ROWS_MAX || !grow((void **)&t->rows, t->n_rows, &t->cap_rows, sizeof(void *)) ||
	    (row = keep_get(&t->keep, size)) == NULL)
		return false;
	memcpy(row, given, size);
	row->model = copied(t, given->model);
	row->family = copied(t, given->family);
	row->key = slice_of(NULL, 0);
	row->aliases = keep_array(&t->keep, given->n_aliases, sizeof *row->aliases);
	good = !t->keep.failed && list_row(t, row->family, row->model, row);
	for (size_t i = 0; i < row->n_aliases && good; i++) {
		row->aliases[i] = copied(t, given->aliases[i]);
		good = !t->keep.failed && list_row(t, row->family, row->aliases[i], row);
	}
	if (good && given->key.n > 0)
		good = list_row(t, SLICE(FAMILY_KEYS), given->key, row);
	t->rows[t->n_rows++] = row;
	return good;
}

/* ---- time ---- */

/* Two neighbours of a list: the older one ends where the newer begins, unless it says otherwise. */
static void end_before(const struct price_listing *newer, struct price_listing *older, struct problems *p)
{
	const struct price_row *a = newer->row, *b = older->row;
	bool a_first = a->line != b->line ? a->line < b->line : a->column < b->column;
	const struct price_row *first = a_first ? a : b, *second = a_first ? b : a;
	int n = (int)slice_head(second->model, 80).n;
	const char *model = (const char *)second->model.p;

	if (a == b)
		problem_line(p, a->line, a->column, "%.*s: the same name twice", n, model);
	else if (a->from == b->from || (b->ends && b->to > a->from))
		problem_line(
			p, second->line, second->column,
			"%.*s: line %u has a price for the same name and time: give one of them `from` or"
			" `to`",
			n, model, first->line);
	else if (!b->ends)
		older->to = a->from;
}

static int by_time(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void seal_list(struct price_table *t, struct price_listing *l, struct problems *p)
{
	for (; l != NULL; l = l->next) {
		if (l->next != NULL)
			end_before(l, l->next, p);
		t->changes[t->n_changes++] = l->row->from;
		t->changes[t->n_changes++] = l->to;
	}
}

void price_table_seal(struct price_table *t, struct problems *p)
{
	size_t listings = 0, n = 0;
	int64_t newest = INT64_MIN;

	for (size_t i = 0; i < t->n_lists; i++)
		for (const struct price_listing *l = t->lists[i]; l != NULL; l = l->next)
			listings++;
	if ((t->changes = calloc(2 * listings + 1, sizeof *t->changes)) == NULL) {
		problem_line(p, 0, 0, "no memory for prices");
		return;
	}
	for (size_t i = 0; i < t->n_lists; i++)
		seal_list(t, t->lists[i], p);
	qsort(t->changes, t->n_changes, sizeof *t->changes, by_time);
	for (size_t i = 0; i < t->n_changes; i++)
		if (n == 0 || t->changes[i] != t->changes[n - 1])
			t->changes[n++] = t->changes[i];
	t->n_changes = n;
	for (size_t i = 0; i < t->n_rows; i++)
		if (t->rows[i]->from > newest)
			newest = t->rows[i]->from;
	if (newest != INT64_MIN)
		date_format(date_from_days((int32_t)(newest / (86400 * NS_PER_SEC))), t->date);
}

static void tell_gap(const struct price_row *r, int64_t from, int64_t to, price_gap_fn row, void *ctx)
{
	struct price_gap g = { r->model, r->family, from, to, r->line, r->column };

	row(ctx, &g);
}

void prices_gaps(const struct price_table *t, price_gap_fn row, void *ctx)
{
	for (size_t i = 0; i < t->n_rows; i++) {
		const struct price_row *r = t->rows[i];
		const struct price_listing *l = price_table_list(t, r->family, r->model);
		int64_t next = INT64_MAX;

		for (; l != NULL && l->row != r; l = l->next)
			next = l->row->from;
		if (l != NULL && l->to < next)
			tell_gap(r, l->to, next, row, ctx);
	}
}

struct first_end {
	int64_t now, end; /* INT64_MAX: none */
};

static void note_end(void *ctx, const struct price_gap *g)
{
	struct first_end *f = ctx;

	if (g->to_ns > f->now && g->from_ns > f->now - PRICES_SOON_DAYS * PRICE_DAY_NS && g->from_ns < f->end)
		f->end = g->from_ns;
}

bool prices_end(const struct price_table *t, int64_t now_ns, int64_t *end_ns)
{
	struct first_end f = { now_ns, INT64_MAX };

	prices_gaps(t, note_end, &f);
	*end_ns = f.end;
	return f.end != INT64_MAX;
}
