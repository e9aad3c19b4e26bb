/* Our own price table. */
#include "core/base/json.h"
#include "core/base/zone.h"
#include "sensor/llm/price_table.h"

#define LIMITS ((struct yaml_limits){ false, 2000000, 16 })
#define KEYS_MAX 40
#define ALIASES_MAX 64

struct keys {
	const char *name[KEYS_MAX];
	size_t n;
};

static void add_key(struct keys *k, const char *name)
{
	if (k->n < KEYS_MAX)
		k->name[k->n++] = name;
}

static void add_prices(struct keys *k, bool tiers)
{
	for (int c = 0; c < PRICE_CLASSES; c++)
		add_key(k, price_class_words[c].key);
	for (int i = TIER_STANDARD + 1; i < PRICE_TIERS && tiers; i++)
		add_key(k, price_tier_words[i].key);
}

/* Every key of the map is one of these; the others are told with the nearest. False: it is no map. */
static bool check_map(const struct node *map, const struct keys *k, const char *what, struct problems *p)
{
	if (map->kind != NODE_MAP) {
		problem_at(p, map, "expected %s", what);
		return false;
	}
	for (const struct node *n = map->child; n != NULL; n = n->next) {
		struct slice key = n->key->text;
		const char *near;
		bool known = false;

		for (size_t i = 0; i < k->n; i++)
			known |= slice_is(key, k->name[i]);
		if (known)
			continue;
		near = nearest(key, k->name, k->n);
		problem_at(p, n->key, "unknown key '%.*s'%s%s%s", (int)slice_head(key, 60).n,
			   (const char *)key.p, near == NULL ? "" : ", is it '", near == NULL ? "" : near,
			   near == NULL ? "" : "'?");
	}
	return true;
}

/* ---- values ---- */

static void read_price(const struct node *n, enum price_class c, money *rate, struct problems *p)
{
	static const char *const per[] = { [UNIT_MILLION] = "per million tokens", [UNIT_EACH] = "each",
					   [UNIT_SECOND] = "per second" };

	if (n->kind != NODE_SCALAR || n->quoted || !price_decimal(n->text, price_decimals(c), rate)) {
		problem_at(p, n, "'%s': expected USD %s, such as 0.15, of at most %d decimals",
			   price_class_words[c].key, c == CLASS_CHARACTER ? "per million characters" :
			   per[price_class_words[c].unit], price_decimals(c));
		*rate = MONEY_UNKNOWN;
	}
}

static void read_rates(const struct node *map, money rate[PRICE_CLASSES], struct problems *p)
{
	for (int c = 0; c < PRICE_CLASSES; c++) {
		const struct node *n = node_get(map, price_class_words[c].key);

		if (n != NULL)
			read_price(n, c, &rate[c], p);
	}
}

static void read_band(const struct node *map, struct price_band *band, struct problems *p)
{
	struct keys k = { .n = 0 };

	add_prices(&k, false);
	read_rates(map, band->rate[TIER_STANDARD], p);
	for (int i = TIER_STANDARD + 1; i < PRICE_TIERS; i++) {
		const struct node *n = node_get(map, price_tier_words[i].key);

		if (n != NULL &&
		    check_map(n, &k, "prices of this service tier: {input: 0.15, output: 0.60}", p))
			read_rates(n, band->rate[i], p);
	}
}

static void read_above(const struct node *map, struct price_row *row, struct problems *p)
{
	struct keys k = { .n = 0 };
	const struct node *tokens;
	struct price_band *band;
	int64_t above = 0;

	add_key(&k, "tokens");
	add_prices(&k, true);
	if (!check_map(map, &k, "{tokens: 200000, input: 2.50, output: 15}", p))
		return;
	tokens = node_get(map, "tokens");
	if (tokens == NULL || tokens->kind != NODE_SCALAR || tokens->quoted ||
	    !json_i64(tokens->text, &above) || above <= 0) {
		problem_at(
			p, tokens == NULL ? map : tokens,
			"'above' needs 'tokens', the number of input tokens from which on its prices hold");
		return;
	}
	if ((band = price_row_band(row, above)) == NULL)
		problem_at(p, map, "more than %d sizes of requests", BANDS_MAX - 1);
	else
		read_band(map, band, p);
}

/* Text of a key that has to be a name; empty after an error. */
static struct slice read_name(const struct node *n, const char *key, struct problems *p)
{
	if (n->kind == NODE_SCALAR && n->text.n > 0 && n->text.n <= NAME_MAX_BYTES)
		return n->text;
	problem_at(p, n, "'%s': expected a name of at most %d bytes", key, NAME_MAX_BYTES);
	return slice_of(NULL, 0);
}

/* A date is its first instant in UTC, or its end. */
static int64_t read_instant(const struct node *n, const char *key, bool end, int64_t otherwise,
			    struct problems *p)
{
	struct date d;
	int64_t ns;

	if (n == NULL)
		return otherwise;
	if (n->kind == NODE_SCALAR && date_parse(n->text, &d) &&
	    !__builtin_mul_overflow((int64_t)date_to_days(d) + end, 86400 * NS_PER_SEC, &ns))
		return ns;
	if (n->kind == NODE_SCALAR && time_parse_rfc3339(n->text, false, &ns))
		return ns;
	problem_at(p, n,
		   "'%s': expected a date such as 2026-11-23, or one with time and zone such as "
		   "2026-11-23T16:00:00Z",
		   key);
	return otherwise;
}

/* ---- rows ---- */

static const char *const families[] = {
#define FAMILY(name, first, prefixes) name,
#include "sensor/llm/prices.def"
};

/* Any name may be a provider's; one that is nearly a known one is worth a word. */
static struct slice read_provider(const struct node *n, struct problems *p)
{
	struct slice name = read_name(n, "provider", p), family = price_family(name);
	const char *near = name.n == 0 ? NULL : nearest(family, families, COUNT(families));

	if (near != NULL && !slice_is(family, near))
		problem_warn(p, n, "provider '%.*s' is not known; did you mean '%s'?",
			     (int)slice_head(name, 60).n, (const char *)name.p, near);
	return family;
}

static void read_aliases(const struct node *n, struct slice names[ALIASES_MAX], struct price_row *row,
			 struct problems *p)
{
	const struct node *one = n->kind == NODE_SEQ ? n->child : n;

	row->aliases = names;
	for (; one != NULL; one = n->kind == NODE_SEQ ? one->next : NULL) {
		if (row->n_aliases == ALIASES_MAX) {
			problem_at(p, one, "more than %d aliases", ALIASES_MAX);
			return;
		}
		names[row->n_aliases] = read_name(one, "aliases", p);
		row->n_aliases += names[row->n_aliases].n > 0;
	}
}

static void read_factors(const struct node *map, struct price_row *row, struct problems *p)
{
	for (int i = 0; i < PRICE_FACTORS; i++) {
		const struct node *n = node_get(map, price_factor_words[i].key);

		if (n == NULL)
			continue;
		if (n->kind != NODE_SCALAR || n->quoted || !json_decimal(n->text, 3, &row->factor[i]) ||
		    row->factor[i] <= 0 || row->factor[i] > FACTOR_MAX) {
			problem_at(p, n, "'%s': expected what prices are multiplied by, such as 1.1",
				   price_factor_words[i].key);
			row->factor[i] = FACTOR_ONE;
		}
	}
}

/* Something of the row has a price. */
static bool any_price(const struct price_row *row)
{
	for (int c = 0; c < PRICE_CLASSES; c++)
		if (row->bands[0].rate[TIER_STANDARD][c] != MONEY_UNKNOWN &&
		    (c == CLASS_INPUT || c >= CLASS_SEARCH_UNIT))
			return true;
	return false;
}

static void read_bands(const struct node *map, struct price_row *row, struct problems *p)
{
	const struct node *above = node_get(map, "above");

	read_band(map, &row->bands[0], p);
	if (above != NULL && above->kind == NODE_SEQ)
		for (const struct node *n = above->child; n != NULL; n = n->next)
			read_above(n, row, p);
	else if (above != NULL)
		read_above(above, row, p);
}

static void read_row(struct price_table *t, const struct node *map, const struct keys *k, struct problems *p)
{
	const struct node *model, *provider, *aliases, *to;
	struct slice names[ALIASES_MAX];
	struct price_row row;
	size_t before = p->errors;

	if (!check_map(map, k, "a row: {model: gpt-4o-mini, input: 0.15, output: 0.60}", p))
		return;
	price_row_init(&row);
	row.line = map->line;
	row.column = map->column;
	if ((model = node_get(map, "model")) != NULL)
		row.model = read_name(model, "model", p);
	else
		problem_at(p, map, "a row needs 'model'");
	if ((provider = node_get(map, "provider")) != NULL)
		row.family = read_provider(provider, p);
	if ((aliases = node_get(map, "aliases")) != NULL)
		read_aliases(aliases, names, &row, p);
	to = node_get(map, "to");
	row.ends = to != NULL;
	row.from = read_instant(node_get(map, "from"), "from", false, INT64_MIN, p);
	row.to = read_instant(to, "to", true, INT64_MAX, p);
	if (row.to <= row.from)
		problem_at(p, to == NULL ? map : to, "it ends before it begins");
	read_bands(map, &row, p);
	read_factors(map, &row, p);
	if (!any_price(&row) && p->errors == before)
		problem_at(p, map, "a row needs 'input', in USD per million tokens; 0 where it is free");
	if (p->errors == before && !price_table_add(t, &row))
		problem_at(p, map, "too many rows, or no memory");
}

static void read_table(struct price_table *t, const struct node *root, struct problems *p)
{
	static const struct keys top = { { "table", "source", "models" }, 3 };
	struct keys k = { { "model", "provider", "from", "to", "aliases", "above" }, 6 };
	const struct node *id, *models;

	if (!check_map(root, &top, "a price table with 'models', a list of rows; or LiteLLM's JSON", p))
		return;
	add_prices(&k, true);
	for (int i = 0; i < PRICE_FACTORS; i++)
		add_key(&k, price_factor_words[i].key);
	if ((id = node_get(root, "table")) != NULL && read_name(id, "table", p).n > 0)
		t->name = keep_copy(&t->keep, id->text);
	models = node_get(root, "models");
	if (models == NULL || models->kind != NODE_SEQ) {
		problem_at(p, models == NULL ? root : models,
			   "'models': expected a list of rows, - {model: gpt-4o-mini, input: 0.15, output: "
			   "0.60}");
		return;
	}
	for (const struct node *n = models->child; n != NULL; n = n->next)
		read_row(t, n, &k, p);
}

void price_read_yaml(struct price_table *t, struct slice text, struct problems *p)
{
	struct yaml *y = yaml_parse(text, LIMITS, p);

	if (y == NULL)
		problem_line(p, 0, 0, "no memory for prices");
	else if (yaml_documents(y) == 1)
		read_table(t, yaml_document(y, 0), p);
	else if (p->errors == 0)
		problem_line(p, 1, 1, "expected a price table: one document with 'models', a list of rows");
	if (t->keep.failed || t->name == NULL)
		problem_line(p, 0, 0, "no memory for prices");
	yaml_free(y);
}
