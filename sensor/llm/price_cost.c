/* The cost of one call (llm-usage.md 5). */
#include "sensor/llm/price_table.h"
#include "sensor/llm/usage_details.h"

#define PICO_UNIT ((money)1000000000000) /* units of `money` in 10^-12 USD */

/* The class whose price holds where a row has none; itself: nothing holds. */
static const enum price_class instead[PRICE_CLASSES] = {
	[CLASS_INPUT] = CLASS_INPUT,
	[CLASS_CACHED] = CLASS_INPUT,
	[CLASS_WRITE] = CLASS_INPUT,
	[CLASS_WRITE_1H] = CLASS_WRITE,
	[CLASS_OUTPUT] = CLASS_OUTPUT,
	[CLASS_REASONING] = CLASS_OUTPUT,
	[CLASS_AUDIO_INPUT] = CLASS_INPUT,
	[CLASS_AUDIO_CACHED] = CLASS_CACHED,
	[CLASS_AUDIO_OUTPUT] = CLASS_OUTPUT,
	[CLASS_IMAGE_INPUT] = CLASS_INPUT,
	[CLASS_IMAGE_OUTPUT] = CLASS_OUTPUT,
	[CLASS_SEARCH_UNIT] = CLASS_SEARCH_UNIT,
	[CLASS_SEARCH] = CLASS_SEARCH,
	[CLASS_PAGE] = CLASS_PAGE,
	[CLASS_IMAGE] = CLASS_IMAGE,
	[CLASS_SECOND] = CLASS_SECOND,
	[CLASS_CHARACTER] = CLASS_CHARACTER,
};

/* A share of the standard price, for tiers that are known by that alone. */
struct share {
	int times, by;
};

/* What one pass of a call used. Parts lie within their wholes. */
struct amounts {
	int64_t input, cached, write, write_1h, output, reasoning;
};

struct bill {
	const struct price_row *row;
	const struct price_band *band;
	enum price_tier tier;
	struct share share;
	int64_t factor;    /* of tokens, in millionths */
	money own, shared; /* sums at full prices; `shared` is still to be multiplied by the share */
	money pieces;      /* what is billed by the piece: no factor holds for it */
	bool charged, unpriced, overflow;
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

static void add(struct bill *b, money rate, int64_t n, money *sum)
{
	money cost;

	b->charged = true;
	b->overflow |=
		__builtin_mul_overflow(rate, (money)n, &cost) || __builtin_add_overflow(*sum, cost, sum);
}

static void charge(struct bill *b, int64_t tokens, enum price_class c)
{
	money rate;
	bool shared;

	if (tokens <= 0)
		return;
	while ((rate = rate_of(b, c, &shared)) == MONEY_UNKNOWN && instead[c] != c)
		c = instead[c];
	if (rate == MONEY_UNKNOWN)
		b->unpriced = true;
	else
		add(b, rate, tokens, shared ? &b->shared : &b->own);
}

/* By the piece. `must`: without a price the call has none. */
static void charge_pieces(struct bill *b, int64_t n, enum price_class c, bool must)
{
	bool shared;
	money rate = n <= 0 ? MONEY_UNKNOWN : rate_of(b, c, &shared);

	if (rate != MONEY_UNKNOWN)
		add(b, rate, n, &b->pieces);
	else if (n > 0 && must)
		b->unpriced = true;
}

#define MILLION ((money)1000000)

/* Half up, once for the whole call. */
static bool pico_of(const struct bill *b, int64_t *pico)
{
	money own, shared, pieces, by = b->share.by, unit = PICO_UNIT * MILLION * by, sum;

	if (b->overflow || __builtin_mul_overflow(b->own, by, &own) ||
	    __builtin_mul_overflow(b->shared, (money)b->share.times, &shared) ||
	    __builtin_add_overflow(own, shared, &sum) ||
	    __builtin_mul_overflow(sum, (money)b->factor, &sum) ||
	    __builtin_mul_overflow(b->pieces, MILLION * by, &pieces) ||
	    __builtin_add_overflow(sum, pieces, &sum) || __builtin_add_overflow(sum, unit / 2, &sum) ||
	    sum / unit > INT64_MAX)
		return false;
	*pico = (int64_t)(sum / unit);
	return true;
}

static int64_t within(int64_t n, int64_t most)
{
	return n < 0 ? 0 : n > most ? most : n;
}

static struct amounts amounts_of(const struct access_event *ev, const struct usage_details *d)
{
	struct amounts a = { .input = within(ev_int(ev, F_INPUT_TOKENS, 0), INT64_MAX),
			     .output = within(ev_int(ev, F_OUTPUT_TOKENS, 0), INT64_MAX) };

	a.cached = within(ev_int(ev, F_CACHE_READ_TOKENS, 0), a.input);
	a.write = within(ev_int(ev, F_CACHE_WRITE_TOKENS, 0), a.input - a.cached);
	a.write_1h = within(d->n[DETAIL_WRITE_1H], a.write);
	a.reasoning = within(ev_int(ev, F_REASONING_TOKENS, 0), a.output);
	return a;
}

static struct amounts amounts_of_pass(const struct usage_pass *p)
{
	struct amounts a = { .input = p->input, .output = p->output };

	a.cached = within(p->cache_read, a.input);
	a.write = within(p->cache_write, a.input - a.cached);
	a.write_1h = within(p->write_1h, a.write);
	return a;
}

/* Tokens of a kind are apart from the others only where the row has a price for them; else they are the
 * same. */
static void charge_tokens(struct bill *b, const struct amounts *a, const struct usage_details *d)
{
	int64_t audio_cached = within(d->n[DETAIL_AUDIO_CACHED], a->cached);
	int64_t fresh = a->input - a->cached - a->write;
	int64_t audio = within(d->n[DETAIL_AUDIO_INPUT] - audio_cached, fresh);
	int64_t image = within(d->n[DETAIL_IMAGE_INPUT], fresh - audio);
	int64_t audio_out = within(d->n[DETAIL_AUDIO_OUTPUT], a->output);
	int64_t image_out = within(d->n[DETAIL_IMAGE_OUTPUT], a->output - audio_out);
	int64_t reasoning = within(a->reasoning, a->output - audio_out - image_out);

	b->band = band_of(b->row, a->input);
	charge(b, fresh - audio - image, CLASS_INPUT);
	charge(b, audio, CLASS_AUDIO_INPUT);
	charge(b, image, CLASS_IMAGE_INPUT);
	charge(b, a->cached - audio_cached, CLASS_CACHED);
	charge(b, audio_cached, CLASS_AUDIO_CACHED);
	charge(b, a->write - a->write_1h, CLASS_WRITE);
	charge(b, a->write_1h, CLASS_WRITE_1H);
	charge(b, a->output - audio_out - image_out - reasoning, CLASS_OUTPUT);
	charge(b, reasoning, CLASS_REASONING);
	charge(b, audio_out, CLASS_AUDIO_OUTPUT);
	charge(b, image_out, CLASS_IMAGE_OUTPUT);
}

/* Images, lengths and characters are how those are billed that have no tokens. */
static void charge_all_pieces(struct bill *b, const struct usage_details *d, bool tokens)
{
	charge_pieces(b, d->n[DETAIL_SEARCH_UNITS], CLASS_SEARCH_UNIT, true);
	charge_pieces(b, d->n[DETAIL_SEARCHES], CLASS_SEARCH, false);
	charge_pieces(b, d->n[DETAIL_PAGES], CLASS_PAGE, true);
	if (tokens)
		return;
	charge_pieces(b, d->n[DETAIL_IMAGES], CLASS_IMAGE, true);
	charge_pieces(b, d->n[DETAIL_MILLISECONDS], CLASS_SECOND, true);
	charge_pieces(b, d->n[DETAIL_CHARACTERS], CLASS_CHARACTER, true);
}

static struct bill bill_of(const struct price_row *row, const struct access_event *ev,
			   const struct usage_details *d)
{
	struct bill b = { .row = row, .band = &row->bands[0], .tier = tier_of(ev), .share = { 1, 2 },
			  .factor = 1000000 };

	if (slice_is(row->family, "xai"))
		b.share = (struct share){ 4, 5 };
	if (d->n[DETAIL_GEO_US] > 0)
		b.factor = b.factor * row->factor[FACTOR_GEO_US] / FACTOR_ONE;
	if (d->n[DETAIL_FAST] > 0)
		b.factor = b.factor * row->factor[FACTOR_FAST] / FACTOR_ONE;
	return b;
}

static enum price_result result_of(const struct bill *b, int64_t *pico)
{
	return b->unpriced ? PRICE_NO_MODEL : pico_of(b, pico) ? PRICE_OK : PRICE_OVERFLOW;
}

/* Each pass is a call of its own, with its own model's prices and its own size; a factor is its row's. All
 * have the same provider, so one share. */
static enum price_result cost_of_passes(const struct price_table *t, struct bill *whole,
					const struct access_event *ev, const struct usage_details *d,
					int64_t *pico)
{
	static const struct usage_details none;

	for (size_t i = 0; i < d->passes; i++) {
		const struct usage_pass *p = &d->pass[i];
		struct amounts a = amounts_of_pass(p);
		const struct price_row *row = whole->row;
		struct bill b;

		if (p->model_n > 0)
			row = price_find(t, ev_str(ev, F_PROVIDER), slice_of(p->model, p->model_n),
					 ev_completion(ev));
		if (row == NULL)
			return PRICE_NO_MODEL;
		b = bill_of(row, ev, d);
		charge_tokens(&b, &a, &none);
		whole->unpriced |= b.unpriced;
		whole->overflow |= b.overflow || __builtin_mul_overflow(b.own, (money)b.factor, &b.own) ||
				   __builtin_mul_overflow(b.shared, (money)b.factor, &b.shared) ||
				   __builtin_add_overflow(whole->own, b.own, &whole->own) ||
				   __builtin_add_overflow(whole->shared, b.shared, &whole->shared);
	}
	whole->factor = 1; /* it is in the sums */
	return result_of(whole, pico);
}

static enum price_result cost_of(const struct price_table *t, const struct price_row *row,
				 const struct access_event *ev, const struct usage_details *d, int64_t *pico)
{
	bool tokens = ev_known(ev, F_INPUT_TOKENS) || ev_known(ev, F_OUTPUT_TOKENS);
	struct bill b = bill_of(row, ev, d);
	struct amounts a = amounts_of(ev, d);

	*pico = 0;
	if (d->n[DETAIL_FROM_CACHE] > 0)
		return PRICE_OK;
	if (d->n[DETAIL_UNLISTED] > 0)
		return PRICE_NO_MODEL;
	charge_all_pieces(&b, d, tokens);
	if (d->passes > 0)
		return cost_of_passes(t, &b, ev, d, pico);
	charge_tokens(&b, &a, d);
	/* Nothing was charged and nothing could be: zeros of what is not billed by tokens. */
	if (!b.charged && row->bands[0].rate[TIER_STANDARD][CLASS_INPUT] == MONEY_UNKNOWN)
		b.unpriced = true;
	return result_of(&b, pico);
}

/* Nothing is measured; or tokens were only counted; or it is the output file of an OpenAI batch, whose usage
 * the batch object has told (llm-usage.md 4). */
static bool bills_nothing(const struct access_event *ev, const struct usage_details *d)
{
	struct slice operation = ev_str(ev, F_OPERATION);
	bool any = ev_known(ev, F_INPUT_TOKENS) || ev_known(ev, F_OUTPUT_TOKENS);

	for (size_t i = DETAIL_SEARCH_UNITS; i <= DETAIL_CHARACTERS; i++)
		any |= d->n[i] > 0;
	return !any ||
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
	static const struct usage_details none;
	struct slice text = ev_str(ev, F_USAGE_DETAILS);
	struct usage_details read;
	const struct usage_details *d = text.n == 0 ? &none : &read;

	if (text.n > 0)
		usage_details_read(text, &read);
	if (bills_nothing(ev, d))
		return PRICE_NO_USAGE;
	if (memo->from == memo->to || ns < memo->from || ns >= memo->to) {
		steady(t, ns, memo);
		memo->row = price_find_pair(t, ev_str(ev, F_PROVIDER), ev_str(ev, F_RESPONSE_MODEL),
					    ev_str(ev, F_REQUEST_MODEL), ns);
	}
	return memo->row == NULL ? PRICE_NO_MODEL : cost_of(t, memo->row, ev, d, pico_usd);
}

enum price_result price_event(const struct price_table *t, const struct access_event *ev, int64_t *pico_usd)
{
	struct price_memo memo = { 0 };

	return price_event_memo(t, &memo, ev, pico_usd);
}

enum price_result price_estimate(const struct price_table *t, struct price_memo *memo,
				 const struct access_event *ev, int64_t *pico_usd)
{
	struct access_event guess;
	struct part own;

	if (!ev_known(ev, F_ESTIMATE_INPUT))
		return PRICE_NO_USAGE;
	guess = *ev;
	own = *ev->part[P_EV];
	guess.part[P_EV] = &own;
	ev_set_int(&guess, F_INPUT_TOKENS, ev_int(ev, F_ESTIMATE_INPUT, 0));
	ev_set_int(&guess, F_OUTPUT_TOKENS, ev_int(ev, F_ESTIMATE_OUTPUT, 0));
	return price_event_memo(t, memo, &guess, pico_usd);
}
