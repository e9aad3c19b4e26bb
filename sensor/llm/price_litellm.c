/* LiteLLM's price table: one JSON object, model -> { "litellm_provider", "input_cost_per_token", ... }, USD a
 * token. */
#include "core/base/json.h"
#include "sensor/llm/price_table.h"

#define TIERED "tiered_pricing"

struct reader {
	struct price_table *table;
	struct problems *problems;
	struct json json;
	size_t counted, line_start; /* lines are counted up to here */
	uint32_t line;
	bool broken;
	bool other; /* the model at hand has a price for something that has no class */
};

/* What a price's name says. */
struct price_field {
	enum price_class class;
	enum price_tier tier;
	int64_t above;
	bool hit; /* DeepSeek's name for a cache read: holds where the usual one is missing */
};

/* ---- places ---- */

static void count_lines(struct reader *r)
{
	for (; r->counted < r->json.pos && r->counted < r->json.in.n; r->counted++)
		if (r->json.in.p[r->counted] == '\n') {
			r->line++;
			r->line_start = r->counted + 1;
		}
}

static uint32_t column(const struct reader *r)
{
	return (uint32_t)(r->json.pos - r->line_start + 1);
}

static void complain(struct reader *r, struct slice model, struct slice field, const char *what)
{
	count_lines(r);
	problem_line(r->problems, r->line, column(r), "%.*s: %.*s%s%s", (int)slice_head(model, 100).n,
		     (const char *)model.p, (int)slice_head(field, 100).n, (const char *)field.p,
		     field.n > 0 ? ": " : "", what);
}

static void stop(struct reader *r)
{
	if (r->broken)
		return;
	r->broken = true;
	count_lines(r);
	problem_line(r->problems, r->line, column(r), "here it is no JSON any more, or it is cut off");
}

static enum json_type next(struct reader *r)
{
	enum json_type type = json_next(&r->json);

	if (type == JSON_ERROR)
		stop(r);
	return type;
}

static void skip(struct reader *r)
{
	if (!json_skip(&r->json))
		stop(r);
}

/* ---- names of prices ---- */

static bool take(struct slice *rest, const char *word)
{
	if (!slice_starts(*rest, slice_str(word)))
		return false;
	*rest = slice_from(*rest, strlen(word));
	return true;
}

/* "_above_200k_tokens", "_priority" */
static bool read_conditions(struct slice rest, struct price_field *f)
{
	f->above = 0;
	f->tier = TIER_STANDARD;
	if (take(&rest, "_above_")) {
		for (; rest.n > 0 && rest.p[0] >= '0' && rest.p[0] <= '9' && f->above < 100000;
		     rest = slice_from(rest, 1))
			f->above = f->above * 10 + rest.p[0] - '0';
		f->above *= 1000;
		if (f->above == 0 || !take(&rest, "k_tokens"))
			return false;
	}
	for (int i = TIER_STANDARD + 1; i < PRICE_TIERS && rest.n > 0; i++)
		if (take(&rest, price_tier_words[i].litellm))
			f->tier = i;
	return rest.n == 0;
}

static bool read_field(struct slice name, struct price_field *f)
{
	size_t longest = 0;
	struct slice rest = name;

	f->hit = take(&rest, "input_cost_per_token_cache_hit");
	if (f->hit) {
		f->class = CLASS_CACHED;
		return read_conditions(rest, f);
	}
	for (int c = 0; c < PRICE_CLASSES; c++) {
		struct slice base = slice_str(price_class_words[c].litellm);

		if (base.n > longest && slice_starts(name, base)) {
			longest = base.n;
			f->class = c;
		}
	}
	return longest > 0 && read_conditions(slice_from(name, longest), f);
}

/* ---- models ---- */

/* A price of something else, as "ocr_cost_per_page", or no price at all. */
static void read_other(struct reader *r, struct slice name)
{
	struct json before = r->json;
	money m;

	for (struct slice rest = name; rest.n > 0; rest = slice_from(rest, 1))
		if (slice_starts(rest, SLICE("cost_per_"))) {
			if (next(r) == JSON_NUMBER && price_decimal(r->json.text, PER_TOKEN, &m) && m > 0)
				r->other = true;
			if (r->broken)
				return;
			break;
		}
	r->json = before;
	skip(r);
}

static void put_price(struct reader *r, struct slice model, struct slice name, const struct price_field *f,
		      struct price_band *band)
{
	struct json before = r->json;
	enum json_type type = next(r);
	money m, *rate = band == NULL ? NULL : &band->rate[f->tier][f->class];

	if (type == JSON_NULL || type == JSON_ERROR)
		return;
	if (type != JSON_NUMBER || !price_decimal(r->json.text, price_decimals_litellm(f->class), &m)) {
		complain(r, model, name,
			 "expected a price in USD, as 1.5e-07, of at most 24 decimals");
		r->json = before;
		skip(r);
	} else if (rate == NULL) {
		complain(r, model, name, "too many sizes of requests with prices of their own");
	} else if (!f->hit || *rate == MONEY_UNKNOWN) {
		*rate = m;
	}
}

/* Nothing behind it is read: where the reader stands is no longer clear. */
static void give_up(struct reader *r, struct slice model)
{
	if (!r->broken)
		complain(r, model, SLICE(TIERED), "expected a list of prices, each with range: [from, to]");
	r->broken = true;
}

/* "range": [256000.0, 1000000.0] of input tokens; the first one is what the price is for more than. */
static void read_range(struct reader *r, struct slice model, int64_t *above)
{
	if (next(r) != JSON_ARRAY_BEGIN) {
		give_up(r, model);
		return;
	}
	if (next(r) != JSON_NUMBER || !json_i64(r->json.text, above) || *above < 0)
		*above = -1;
	for (enum json_type type = JSON_NULL; !r->broken && type != JSON_ARRAY_END;)
		if ((type = next(r)) == JSON_ARRAY_BEGIN || type == JSON_OBJECT_BEGIN)
			give_up(r, model);
}

static void read_tier_of_size(struct reader *r, struct slice model, struct price_row *row)
{
	struct price_band rates, *band;
	struct price_row scratch;
	struct price_field f;
	int64_t above = -1;

	price_row_init(&scratch);
	rates = scratch.bands[0];
	while (!r->broken && next(r) == JSON_KEY) {
		struct slice name = r->json.text;

		if (slice_is(name, "range"))
			read_range(r, model, &above);
		else if (read_field(name, &f) && f.above == 0)
			put_price(r, model, name, &f, &rates);
		else
			skip(r);
	}
	if (above < 0)
		return; /* sizes of something else than requests */
	if ((band = price_row_band(row, above)) == NULL) {
		complain(r, model, SLICE(TIERED), "too many sizes of requests");
		return;
	}
	rates.above = above;
	*band = rates;
}

static void read_tiered(struct reader *r, struct slice model, struct price_row *row)
{
	struct json before = r->json;
	enum json_type type = next(r);

	if (type != JSON_ARRAY_BEGIN) {
		r->json = before;
		skip(r);
		return;
	}
	while (!r->broken && (type = next(r)) != JSON_ARRAY_END) {
		if (type == JSON_OBJECT_BEGIN)
			read_tier_of_size(r, model, row);
		else
			give_up(r, model);
	}
}

static void read_provider(struct reader *r, struct slice model, struct slice *provider)
{
	struct json before = r->json;

	if (next(r) == JSON_STRING && !r->json.escaped) {
		*provider = r->json.text;
	} else if (!r->broken) {
		complain(r, model, SLICE("litellm_provider"), "expected a name");
		r->json = before;
		skip(r);
	}
}

/* A price for reasoning that is the one of output says nothing (and is not billed on top of it). */
static void drop_repeated(struct price_row *row)
{
	for (size_t i = 0; i < row->n_bands; i++)
		for (int tier = 0; tier < PRICE_TIERS; tier++) {
			money *rate = row->bands[i].rate[tier];

			if (rate[CLASS_REASONING] == rate[CLASS_OUTPUT])
				rate[CLASS_REASONING] = MONEY_UNKNOWN;
		}
}

/* "provider_specific_entry": {"us": 1.1, "fast": 6.0} */
static void read_factors(struct reader *r, struct price_row *row)
{
	struct json before = r->json;
	enum json_type type = next(r);

	if (type != JSON_OBJECT_BEGIN) {
		r->json = before;
		skip(r);
		return;
	}
	while (!r->broken && next(r) == JSON_KEY) {
		struct slice name = r->json.text;
		int64_t factor;

		before = r->json;
		if (next(r) != JSON_NUMBER || !json_decimal(r->json.text, 3, &factor) || factor <= 0 ||
		    factor > FACTOR_MAX) {
			r->json = before;
			skip(r);
			continue;
		}
		for (int i = 0; i < PRICE_FACTORS; i++)
			if (slice_is(name, price_factor_words[i].litellm))
				row->factor[i] = factor;
	}
}

static bool by_pieces(const money *rate)
{
	for (int c = CLASS_SEARCH_UNIT; c < PRICE_CLASSES; c++)
		if (rate[c] > 0)
			return true;
	return false;
}

/* Tokens that cost nothing beside searches or pages that do: a call would be called free that is not, so they
 * have no price. */
static bool has_price(const struct reader *r, struct price_row *row)
{
	money *rate = row->bands[0].rate[TIER_STANDARD];
	bool pieces = by_pieces(rate);

	if (rate[CLASS_INPUT] == 0 && rate[CLASS_OUTPUT] <= 0 && (pieces || r->other))
		rate[CLASS_INPUT] = rate[CLASS_OUTPUT] = MONEY_UNKNOWN;
	return rate[CLASS_INPUT] != MONEY_UNKNOWN || pieces;
}

static void add_model(struct reader *r, struct slice key, struct slice provider, struct price_row *row)
{
	row->family = price_family(provider);
	row->model = key;
	row->rank = price_family_strip(row->family, provider, &row->model);
	if (row->model.n < key.n)
		row->key = key;
	drop_repeated(row);
	if (!has_price(r, row) || key.n > NAME_MAX_BYTES || provider.n > NAME_MAX_BYTES)
		r->table->left_out++;
	else if (!price_table_add(r->table, row))
		complain(r, key, SLICE(""), "too many models, or no memory");
}

static void read_model(struct reader *r, struct slice key)
{
	struct slice provider = { NULL, 0 };
	struct price_row row;
	struct price_field f;

	price_row_init(&row);
	r->other = false;
	count_lines(r);
	row.line = r->line;
	row.column = column(r);
	while (!r->broken && next(r) == JSON_KEY) {
		struct slice name = r->json.text;

		if (slice_is(name, "litellm_provider"))
			read_provider(r, key, &provider);
		else if (slice_is(name, TIERED))
			read_tiered(r, key, &row);
		else if (slice_is(name, "provider_specific_entry"))
			read_factors(r, &row);
		else if (read_field(name, &f))
			put_price(r, key, name, &f, price_row_band(&row, f.above));
		else
			read_other(r, name);
	}
	if (!r->broken)
		add_model(r, key, provider, &row);
}

static void read_entry(struct reader *r)
{
	uint8_t plain[4 * NAME_MAX_BYTES];
	struct slice key = r->json.text;
	struct json before = r->json;

	if (r->json.escaped && key.n <= sizeof plain) {
		size_t n = json_unescape(key, plain);

		key = slice_of(plain, n == SIZE_MAX ? 0 : n);
	}
	if (slice_is(key, "sample_spec")) { /* documentation, not a model */
		skip(r);
	} else if (next(r) == JSON_OBJECT_BEGIN) {
		read_model(r, key);
	} else if (!r->broken) {
		complain(r, key, SLICE(""), "expected an object with the model's prices");
		r->json = before;
		skip(r);
	}
}

void price_read_litellm(struct price_table *t, struct slice text, struct problems *p)
{
	struct reader r = { .table = t, .problems = p, .line = 1 };

	if (slice_starts(text, SLICE("\xef\xbb\xbf")))
		text = slice_from(text, 3);
	t->litellm = true;
	json_init(&r.json, text);
	if (next(&r) != JSON_OBJECT_BEGIN) {
		stop(&r);
		return;
	}
	while (!r.broken && next(&r) == JSON_KEY)
		read_entry(&r);
	if (!r.broken && next(&r) != JSON_END)
		stop(&r);
	if (p->errors == 0 && t->n_rows == 0)
		problem_line(p, 1, 1, "there is no model with a price for tokens");
}
