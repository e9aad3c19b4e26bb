/* The cost of one call (llm-usage.md 5). */
#include "sensor/llm/price_table.h"

#define PICO_UNIT ((money)1000000000000) /* units of `money` in 10^-12 USD */

/* The class whose price holds where a row has none; itself: nothing holds. */
static const enum price_class instead[PRICE_CLASSES] = {
	[CLASS_INPUT] = CLASS_INPUT,	[CLASS_CACHED] = CLASS_INPUT,  [CLASS_WRITE] = CLASS_INPUT,
	[CLASS_WRITE_1H] = CLASS_WRITE, [CLASS_OUTPUT] = CLASS_OUTPUT, [CLASS_REASONING] = CLASS_OUTPUT,
};

/* A share of the standard price, for tiers that are known by that alone. */
struct share {
	int times, by;
};

struct bill {
	const struct price_row *row;
	const struct price_band *band;
	enum price_tier tier;
	struct share share;
	money own, shared; /* sums at full prices; `shared` is still to be multiplied by the share */
	bool unpriced, overflow;
};

static bool is_batch_call(const struct access_event *ev)
{
	return slice_starts(ev_str(ev, F_OPERATION), SLICE("batch"));
}

static enum price_tier tier_of(const struct access_event *ev)
{
	struct slice said = ev_str(ev, F_SERVICE_TIER);

	for (int i = TIER_STANDARD + 1; i < PRICE_TIERS; i++)
		if (slice_is(said, price_tier_words[i].key))
			return i;
	return is_batch_call(ev) ? TIER_BATCH : TIER_STANDARD;
}

/* Strictly more than the threshold: then all of it, no staircase. */
static const struct price_band *band_of(const struct price_row *row, int64_t input)
{
	const struct price_band *b = &row->bands[0];

	for (size_t i = 1; i < row->n_bands; i++)
		if (input > row->bands[i].above)
			b = &row->bands[i];
	return b;
}

/* In the request's band, else in the one for all; there in its tier, else in the standard one, of which a
 * batch is a share. */
static money rate_of(const struct bill *b, enum price_class c, bool *shared)
{
	const struct price_band *const bands[] = { b->band, &b->row->bands[0] };

	for (size_t i = 0; i < COUNT(bands); i++) {
		money own = bands[i]->rate[b->tier][c], standard = bands[i]->rate[TIER_STANDARD][c];

		*shared = own == MONEY_UNKNOWN && b->tier == TIER_BATCH;
		if (own != MONEY_UNKNOWN || standard != MONEY_UNKNOWN)
			return own != MONEY_UNKNOWN ? own : standard;
	}
	return MONEY_UNKNOWN;
}

static void charge(struct bill *b, int64_t tokens, enum price_class c)
{
	money rate, cost, *sum;
	bool shared;

	if (tokens <= 0)
		return;
	while ((rate = rate_of(b, c, &shared)) == MONEY_UNKNOWN && instead[c] != c)
		c = instead[c];
	if (rate == MONEY_UNKNOWN) {
		b->unpriced = true;
		return;
	}
	sum = shared ? &b->shared : &b->own;
	b->overflow |=
		__builtin_mul_overflow(rate, (money)tokens, &cost) || __builtin_add_overflow(*sum, cost, sum);
}

/* Half up, once for the whole call. */
static bool pico_of(const struct bill *b, int64_t *pico)
{
	money own, shared, unit = PICO_UNIT * b->share.by, sum;

	if (b->overflow || __builtin_mul_overflow(b->own, (money)b->share.by, &own) ||
	    __builtin_mul_overflow(b->shared, (money)b->share.times, &shared) ||
	    __builtin_add_overflow(own, shared, &sum) || __builtin_add_overflow(sum, unit / 2, &sum) ||
	    sum / unit > INT64_MAX)
		return false;
	*pico = (int64_t)(sum / unit);
	return true;
}

static int64_t within(int64_t n, int64_t most)
{
	return n < 0 ? 0 : n > most ? most : n;
}

static enum price_result cost_of(const struct price_row *row, const struct access_event *ev, int64_t *pico)
{
	int64_t input = within(ev_int(ev, F_INPUT_TOKENS, 0), INT64_MAX);
	int64_t output = within(ev_int(ev, F_OUTPUT_TOKENS, 0), INT64_MAX);
	int64_t cached = within(ev_int(ev, F_CACHE_READ_TOKENS, 0), input);
	int64_t write = within(ev_int(ev, F_CACHE_WRITE_TOKENS, 0), input - cached);
	int64_t reasoning = within(ev_int(ev, F_REASONING_TOKENS, 0), output);
	struct bill b = { .row = row, .band = band_of(row, input), .tier = tier_of(ev), .share = { 1, 2 } };

	if (slice_is(row->family, "xai"))
		b.share = (struct share){ 4, 5 };
	charge(&b, input - cached - write, CLASS_INPUT);
	charge(&b, cached, CLASS_CACHED);
	charge(&b, write, CLASS_WRITE); /* an event does not tell those that are kept for an hour */
	charge(&b, output - reasoning, CLASS_OUTPUT);
	charge(&b, reasoning, CLASS_REASONING);
	return b.unpriced ? PRICE_NO_MODEL : pico_of(&b, pico) ? PRICE_OK : PRICE_OVERFLOW;
}

/* Nothing is measured; or tokens were only counted; or it is the output file of an OpenAI batch, whose usage
 * the batch object has told (llm-usage.md 4). */
static bool bills_nothing(const struct access_event *ev)
{
	struct slice operation = ev_str(ev, F_OPERATION);

	return (!ev_known(ev, F_INPUT_TOKENS) && !ev_known(ev, F_OUTPUT_TOKENS)) ||
	       slice_is(operation, "count_tokens") ||
	       (slice_is(operation, "batch_results") && slice_is(ev_str(ev, F_PROVIDER), "openai"));
}

/* The time around `ns` in which no row of the table begins or ends. */
static void steady(const struct price_table *t, int64_t ns, struct price_memo *m)
{
	size_t low = 0, high = t->n_changes;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (t->changes[middle] <= ns)
			low = middle + 1;
		else
			high = middle;
	}
	m->from = low == 0 ? INT64_MIN : t->changes[low - 1];
	m->to = low == t->n_changes ? INT64_MAX : t->changes[low];
}

enum price_result price_event_memo(const struct price_table *t, struct price_memo *memo,
				   const struct access_event *ev, int64_t *pico_usd)
{
	int64_t ns = ev_completion(ev);

	if (bills_nothing(ev))
		return PRICE_NO_USAGE;
	if (memo->from == memo->to || ns < memo->from || ns >= memo->to) {
		steady(t, ns, memo);
		memo->row = price_find_pair(t, ev_str(ev, F_PROVIDER), ev_str(ev, F_RESPONSE_MODEL),
					    ev_str(ev, F_REQUEST_MODEL), ns);
	}
	return memo->row == NULL ? PRICE_NO_MODEL : cost_of(memo->row, ev, pico_usd);
}

enum price_result price_event(const struct price_table *t, const struct access_event *ev, int64_t *pico_usd)
{
	struct price_memo memo = { 0 };

	return price_event_memo(t, &memo, ev, pico_usd);
}
