/* Rows of a price table for people, scripts, and as our own YAML. */
#include <stdio.h>

#include "core/base/json.h"
#include "core/base/safe.h"
#include "core/base/zone.h"
#include "sensor/llm/price_table.h"

#define DAY_NS (86400 * NS_PER_SEC)

/* A whole day as a date. As an end, which a date includes: the day before. */
static void put_instant(int64_t ns, bool end, struct buf *out)
{
	char text[TIME_TEXT_MAX];

	if (ns % DAY_NS == 0)
		date_format(date_from_days((int32_t)(ns / DAY_NS) - end), text);
	else
		text[time_format_utc(ns, text)] = 0;
	buf_str(out, text);
}

static bool any_rate(const struct price_band *b, int tier)
{
	for (int c = 0; c < PRICE_CLASSES; c++)
		if (b->rate[tier][c] != MONEY_UNKNOWN)
			return true;
	return false;
}

/* ---- JSON, which as flow YAML is also what we read ---- */

static void put_money(struct json_out *o, enum price_class c, money m)
{
	json_key(o, price_class_words[c].key);
	json_raw(o, "");
	price_put(m, price_decimals(c), o->b);
}

static void put_rates(struct json_out *o, const money rate[PRICE_CLASSES])
{
	for (int c = 0; c < PRICE_CLASSES; c++)
		if (rate[c] != MONEY_UNKNOWN)
			put_money(o, c, rate[c]);
}

static void put_band(struct json_out *o, const struct price_band *b)
{
	put_rates(o, b->rate[TIER_STANDARD]);
	for (int i = TIER_STANDARD + 1; i < PRICE_TIERS; i++) {
		if (!any_rate(b, i))
			continue;
		json_key(o, price_tier_words[i].key);
		json_open(o, '{');
		put_rates(o, b->rate[i]);
		json_close(o, '}');
	}
}

static void put_time(struct json_out *o, const char *key, int64_t ns, bool end)
{
	json_key(o, key);
	json_raw(o, "\"");
	put_instant(ns, end, o->b);
	buf_byte(o->b, '"');
}

/* `to`: INT64_MAX where it is not to be said. */
static void put_row(struct json_out *o, const struct price_row *r, int64_t from, int64_t to)
{
	json_key(o, "model");
	json_str(o, r->model);
	if (r->family.n > 0) {
		json_key(o, "provider");
		json_str(o, r->family);
	}
	if (r->n_aliases > 0) {
		json_key(o, "aliases");
		json_open(o, '[');
		for (size_t i = 0; i < r->n_aliases; i++)
			json_str(o, r->aliases[i]);
		json_close(o, ']');
	}
	if (from != INT64_MIN)
		put_time(o, "from", from, false);
	if (to != INT64_MAX)
		put_time(o, "to", to, true);
	for (int i = 0; i < PRICE_FACTORS; i++)
		if (r->factor[i] != FACTOR_ONE) {
			json_key(o, price_factor_words[i].key);
			json_raw(o, "");
			price_put(r->factor[i], 3, o->b);
		}
	put_band(o, &r->bands[0]);
	if (r->n_bands == 1)
		return;
	json_key(o, "above");
	json_open(o, '[');
	for (size_t i = 1; i < r->n_bands; i++) {
		json_open(o, '{');
		json_key(o, "tokens");
		json_int(o, r->bands[i].above);
		put_band(o, &r->bands[i]);
		json_close(o, '}');
	}
	json_close(o, ']');
}

static int64_t end_of(const struct price_row *r)
{
	return r->ends ? r->to : INT64_MAX;
}

void price_row_json(const struct price_row *r, const struct price_table *t, struct buf *out)
{
	struct json_out o = json_out(out);

	json_open(&o, '{');
	put_row(&o, r, r->from, end_of(r));
	json_key(&o, "table");
	json_str(&o, slice_str(t->name));
	json_close(&o, '}');
	buf_byte(out, '\n');
}

static void put_head(const struct price_table *t, const char *source, struct buf *out)
{
	buf_str(out, "# Prices in USD per million tokens, one row a model (tochoku prices import).\ntable: ");
	json_put_string(out, slice_str(t->name));
	buf_str(out, "\nsource: ");
	json_put_string(out, slice_str(source));
	buf_str(out, "\nmodels:\n");
}

static void put_line(const struct price_row *r, int64_t from, int64_t to, struct buf *out)
{
	struct json_out o = json_out(out);

	buf_str(out, "  - ");
	json_open(&o, '{');
	put_row(&o, r, from, to);
	json_close(&o, '}');
	buf_byte(out, '\n');
}

/* Of LiteLLM's keys for one model one counts. */
static bool counts(const struct price_table *t, const struct price_row *r)
{
	return !t->litellm || price_table_list(t, r->family, r->model)->row == r;
}

static void put_rows(const struct price_table *t, int64_t from_ns, struct buf *out)
{
	for (size_t i = 0; i < t->n_rows; i++) {
		const struct price_row *r = t->rows[i];

		if (counts(t, r))
			put_line(r, r->from == INT64_MIN ? from_ns : r->from, end_of(r), out);
	}
}

void prices_to_yaml(const struct price_table *t, int64_t from_ns, const char *source, struct buf *out)
{
	put_head(t, source, out);
	put_rows(t, from_ns, out);
}

void prices_to_yaml_after(const struct price_table *old, const struct price_table *fresh, int64_t from_ns,
			  const char *source, struct buf *out)
{
	put_head(fresh, source, out);
	for (size_t i = 0; i < old->n_rows; i++) {
		const struct price_row *r = old->rows[i];
		bool followed = price_table_list(fresh, r->family, r->model) != NULL;
		int64_t end = end_of(r);

		if (!counts(old, r) || (followed && r->from >= from_ns))
			continue;
		put_line(r, r->from, followed && r->ends && end > from_ns ? from_ns : end, out);
	}
	put_rows(fresh, from_ns, out);
}

/* ---- text ---- */

static void text_rates(const char *where, const money rate[PRICE_CLASSES], struct buf *out)
{
	static const char *const unit[] = { [UNIT_MILLION] = "", [UNIT_EACH] = " each",
					    [UNIT_SECOND] = " a second" };

	for (int c = 0; c < PRICE_CLASSES; c++) {
		if (rate[c] == MONEY_UNKNOWN)
			continue;
		buf_fmt(out, "  %-15s", price_class_words[c].key);
		price_put(rate[c], price_decimals(c), out);
		buf_fmt(out, "%s%s\n", unit[price_class_words[c].unit], where);
	}
}

static void text_band(const struct price_band *b, struct buf *out)
{
	char where[96], above[48] = "";

	if (b->above > 0)
		snprintf(above, sizeof above, "  above %lld input tokens", (long long)b->above);
	for (int i = 0; i < PRICE_TIERS; i++) {
		snprintf(where, sizeof where, "%s%s%s", i == TIER_STANDARD ? "" : "  ",
			 i == TIER_STANDARD ? "" : price_tier_words[i].key, above);
		text_rates(where, b->rate[i], out);
	}
}

void price_row_text(const struct price_row *r, struct buf *out)
{
	safe_text(out, r->model);
	if (r->family.n > 0) {
		buf_str(out, " (");
		safe_text(out, r->family);
		buf_byte(out, ')');
	}
	if (r->from != INT64_MIN) {
		buf_str(out, ", from ");
		put_instant(r->from, false, out);
	}
	if (r->ends) {
		buf_str(out, r->to % DAY_NS == 0 ? ", to the end of " : ", to ");
		put_instant(r->to, true, out);
	}
	buf_str(out, ", USD per million tokens\n");
	for (size_t i = 0; i < r->n_bands; i++)
		text_band(&r->bands[i], out);
	for (int i = 0; i < PRICE_FACTORS; i++)
		if (r->factor[i] != FACTOR_ONE) {
			buf_fmt(out, "  %-15stimes ", price_factor_words[i].key);
			price_put(r->factor[i], 3, out);
			buf_byte(out, '\n');
		}
}
