/* The values as they come: blocks of numbers, of which a later one replaces what it says; calls of a batch,
 * which are added up; passes; what is billed beside tokens. And the end, where they become normal form. */
#include "sensor/llm/usage_reader.h"

#include "core/base/base64.h"

#define ABSURD INT64_C(1000000000000) /* no body holds so many tokens */

/* ---- numbers and texts ---- */

void usage_keep_text(struct kept_text *all, uint8_t id, struct slice text)
{
	struct kept_text *t = &all[id - U_TEXTS];

	if (text.n == 0)
		return;
	if (text.n > sizeof t->p) { /* not through a character */
		text.n = sizeof t->p;
		while (text.n > 0 && (text.p[text.n] & 0xc0) == 0x80)
			text.n--;
	}
	memcpy(t->p, text.p, text.n);
	t->n = (uint8_t)text.n;
}

static bool is_cost(uint8_t id)
{
	return id == U_COST || id == U_COST_ALSO || id == U_TICKS;
}

static bool read_number(uint8_t id, struct slice text, int64_t *v)
{
	bool good;

	if (is_cost(id))
		good = json_decimal(text, id == U_TICKS ? 2 : 12, v);
	else if (id == U_LENGTH || id == U_DETAIL + DETAIL_MILLISECONDS)
		good = json_decimal(text, 3, v);
	else
		good = json_i64(text, v);
	return good && *v >= 0 && (is_cost(id) || *v <= ABSURD);
}

static bool is_largest(uint8_t id)
{
	return id == U_MAX_INPUT || id == U_MAX_OUTPUT;
}

static void add_number(int64_t *to, int64_t v)
{
	if (*to < 0)
		*to = v;
	else if (*to <= ABSURD)
		*to += v;
}

void usage_keep_number(int64_t *numbers, uint8_t id, struct slice text)
{
	int64_t v;

	if (!read_number(id, text, &v))
		return;
	if (id == U_SUM_INPUT || id == U_SUM_OUTPUT)
		add_number(&numbers[id], v);
	else if (!is_largest(id) || v > numbers[id])
		numbers[id] = v;
}

static void clear_block(struct usage_block *b)
{
	for (size_t i = 0; i < U_NUMBERS; i++)
		b->n[i] = -1;
	b->passes = 0;
	b->passes_lost = false;
}

static bool says_anything(const int64_t *n)
{
	for (size_t i = 0; i < U_NUMBERS; i++)
		if (n[i] >= 0)
			return true;
	return false;
}

/* A later block replaces what it says and leaves the rest (llm-usage.md 2). */
static void close_block(struct usage_reader *u)
{
	for (uint8_t i = 0; i < U_NUMBERS; i++)
		if (u->block.n[i] >= 0)
			u->now.n[i] = is_largest(i) ? larger(u->now.n[i], u->block.n[i]) : u->block.n[i];
	if (u->block.passes > 0) {
		u->now.passes = u->block.passes;
		u->now.passes_lost = u->block.passes_lost;
		memcpy(u->now.pass, u->block.pass, u->block.passes * sizeof u->block.pass[0]);
	}
	u->closed = true;
}

/* ---- normal form ---- */

struct usage_seen usage_seen_of(const struct usage_reader *u, const struct usage_block *block, bool closed)
{
	const struct kept_text *fp = &u->said[U_FINGERPRINT - U_TEXTS];

	return (struct usage_seen){ .n = block->n, .block = block, .closed = closed, .is = u->is,
				    .fingerprint = slice_of(fp->p, fp->n), .route = &u->route };
}

static void bound(int64_t *part, int64_t whole)
{
	if (whole >= 0 && *part > whole)
		*part = whole;
}

/* Parts never exceed what they are parts of: an uncached count must not become negative. */
static void bound_parts(struct usage *out)
{
	int64_t *n = out->details.n;

	bound(&out->cache_read, out->input);
	if (out->input >= 0)
		bound(&out->cache_write, out->cache_read < 0 ? out->input : out->input - out->cache_read);
	bound(&out->reasoning, out->output);
	bound(&n[DETAIL_WRITE_1H], out->cache_write < 0 ? 0 : out->cache_write);
	bound(&n[DETAIL_AUDIO_INPUT], out->input);
	bound(&n[DETAIL_AUDIO_CACHED], n[DETAIL_AUDIO_INPUT]);
	bound(&n[DETAIL_AUDIO_OUTPUT], out->output);
	bound(&n[DETAIL_IMAGE_INPUT], out->input);
	bound(&n[DETAIL_IMAGE_OUTPUT], out->output);
}

static void normal_form(const struct usage_reader *u, const struct usage_block *b, bool closed,
			struct usage *out)
{
	struct usage_seen seen = usage_seen_of(u, b, closed);

	out->input = out->output = out->cache_read = out->cache_write = out->reasoning = -1;
	out->quality = USAGE_EXACT;
	for (size_t i = 0; i < USAGE_DETAILS; i++)
		out->details.n[i] = b->n[U_DETAIL + i] < 0 ? 0 : b->n[U_DETAIL + i];
	out->details.passes = 0;
	out->cost_reported = b->n[U_COST] >= 0 ? b->n[U_COST] : b->n[U_TICKS];
	if (out->cost_reported < 0)
		out->cost_reported = b->n[U_COST_ALSO];
	u->shape->normal(&seen, out);
	bound_parts(out);
	if (out->input < 0 || out->output < 0)
		out->quality = USAGE_PARTIAL;
}

/* A call of a batch. */
static void add_item(struct usage_reader *u)
{
	struct usage_sum *sum = &u->items;
	struct usage one = { 0 };
	int64_t *const to[] = { &sum->used.input, &sum->used.output, &sum->used.cache_read,
				&sum->used.cache_write, &sum->used.reasoning, &sum->used.cost_reported };
	const int64_t *const from[] = { &one.input, &one.output, &one.cache_read, &one.cache_write,
					&one.reasoning, &one.cost_reported };

	if (!says_anything(u->block.n))
		return;
	normal_form(u, &u->block, true, &one);
	for (size_t i = 0; i < COUNT(to); i++)
		if (*from[i] >= 0)
			add_number(to[i], *from[i]);
	for (size_t i = 0; i < USAGE_DETAILS; i++)
		add_number(&sum->used.details.n[i], one.details.n[i]);
	if (one.details.passes > 0 || one.details.n[DETAIL_GEO_US] > 0 || one.details.n[DETAIL_FAST] > 0)
		sum->used.details.n[DETAIL_UNLISTED] = 1; /* of one call, not of all */
	if (one.quality != USAGE_EXACT)
		sum->used.quality = USAGE_PARTIAL;
	sum->calls++;
}

/* The batch object of OpenAI and of those that serve as it does has the usage of all calls; the others' has
 * not (llm-usage.md 4). Behind a gateway it may be OpenAI: better not counted than twice. */
static bool batch_has_told(const struct route *r)
{
	static const char *const those[] = { "openai", "azure.ai.openai", "azure.ai.inference",
					"openai_compatible" };

	for (size_t i = 0; i < COUNT(those); i++)
		if (route_by(r, those[i]))
			return true;
	return r->provider == NULL;
}

static void clear_items(struct usage_reader *u)
{
	u->items.calls = 0;
	u->items.used = (struct usage){ .input = -1, .output = -1, .cache_read = -1, .cache_write = -1,
					.reasoning = -1, .cost_reported = -1, .quality = USAGE_EXACT };
}

/* ---- passes, pairs ---- */

static void begin_pass(struct usage_reader *u)
{
	for (int i = U_PASS_INPUT; i <= U_PASS_WRITE_1H; i++)
		u->block.n[i] = -1;
	u->pass_model_n = 0;
}

static void end_pass(struct usage_reader *u)
{
	int64_t *n = u->block.n;
	struct usage_pass *p = &u->block.pass[u->block.passes];

	if (n[U_PASS_INPUT] < 0 && n[U_PASS_OUTPUT] < 0)
		return;
	if (u->block.passes == USAGE_PASSES_MAX) { /* into the last one, so that sums stay right */
		u->block.passes_lost = true;
		p--;
		for (int i = 0; i < U_PASS_WRITE_1H + 1 - U_PASS_INPUT; i++)
			if (n[U_PASS_INPUT + i] >= 0)
				add_number((int64_t *const[]){ &p->input, &p->output, &p->cache_read,
							       &p->cache_write, &p->write_1h }[i],
					   n[U_PASS_INPUT + i]);
		return;
	}
	*p = (struct usage_pass){ .input = larger(n[U_PASS_INPUT], 0), .output = larger(n[U_PASS_OUTPUT], 0),
				  .cache_read = n[U_PASS_CACHED], .cache_write = n[U_PASS_WRITE],
				  .write_1h = n[U_PASS_WRITE_1H], .model_n = u->pass_model_n };
	memcpy(p->model, u->pass_model, u->pass_model_n);
	u->block.passes++;
	begin_pass(u);
}

static void pass_model(struct usage_reader *u, struct slice text)
{
	text = slice_head(text, sizeof u->pass_model);
	if (text.n > 0)
		memcpy(u->pass_model, text.p, text.n);
	u->pass_model_n = (uint8_t)text.n;
}

static const struct {
	uint8_t container;
	const char *word;
	uint8_t detail;
} kinds[] = {
	{ U_PAIR_INPUT, "audio", DETAIL_AUDIO_INPUT }, { U_PAIR_INPUT, "image", DETAIL_IMAGE_INPUT },
	{ U_PAIR_OUTPUT, "audio", DETAIL_AUDIO_OUTPUT }, { U_PAIR_OUTPUT, "image", DETAIL_IMAGE_OUTPUT },
	{ U_PAIR_CACHED, "audio", DETAIL_AUDIO_CACHED }, { U_PAIR_WRITE, "1h", DETAIL_WRITE_1H },
	{ U_CALL, "web_search_call", DETAIL_SEARCHES },
};

/* A word of a pair stands for the details of each container that knows it; which, its end tells. */
static void pair_word(struct usage_reader *u, struct slice text)
{
	u->pair = 0;
	for (uint8_t i = 0; i < COUNT(kinds) && u->pair == 0; i++) {
		const char *w = kinds[i].word;
		size_t k = 0;

		while (k < text.n && w[k] != 0 && (text.p[k] == w[k] || (text.p[k] | 0x20) == w[k]))
			k++;
		if (k == text.n && w[k] == 0)
			u->pair = i + 1;
	}
}

static void end_pair(struct usage_reader *u, uint8_t container)
{
	for (uint8_t i = 0; u->pair > 0 && i < COUNT(kinds); i++) {
		if (kinds[i].container != container || strcmp(kinds[i].word, kinds[u->pair - 1].word) != 0)
			continue;
		if (container == U_CALL)
			u->calls++;
		else if (u->block.n[U_PAIR_COUNT] >= 0)
			add_number(&u->block.n[U_DETAIL + kinds[i].detail], u->block.n[U_PAIR_COUNT]);
	}
	u->block.n[U_PAIR_COUNT] = -1;
	u->pair = 0;
}

/* ---- what the scanner tells ---- */

static void container_begins(struct usage_reader *u, uint8_t id)
{
	switch (id) {
	case U_BLOCK:
		u->opened = true;
		clear_block(&u->block);
		break;
	case U_ITEM: case U_LINE:
		clear_block(&u->block);
		break;
	case U_ITEMS:
		clear_items(u);
		break;
	case U_PASS:
		begin_pass(u);
		break;
	case U_PAIR_INPUT: case U_PAIR_OUTPUT: case U_PAIR_CACHED: case U_PAIR_WRITE: case U_CALL:
		u->pair = 0;
		u->block.n[U_PAIR_COUNT] = -1;
		break;
	case U_CALLS:
		u->calls = 0;
		break;
	case U_IMAGES:
		u->images = 0;
		break;
	case U_IMAGE:
		u->images++;
		break;
	case U_TOKEN_IN:
		add_number(&u->block.n[U_SUM_INPUT], 1);
		break;
	case U_STREAMED:
		u->streamed = true;
		break;
	}
}

static void container_ends(struct usage_reader *u, uint8_t id)
{
	switch (id) {
	case U_BLOCK:
		close_block(u);
		break;
	case U_ITEM: case U_LINE:
		if (id == U_LINE && batch_has_told(&u->route))
			u->repeats = true;
		else
			add_item(u);
		clear_block(&u->block);
		break;
	case U_PASS:
		end_pass(u);
		break;
	case U_PAIR_INPUT: case U_PAIR_OUTPUT: case U_PAIR_CACHED: case U_PAIR_WRITE: case U_CALL:
		end_pair(u, id);
		break;
	}
}

static void text_told(struct usage_reader *u, uint8_t id, struct slice text)
{
	if (id < U_KEPT)
		usage_keep_text(u->said, id, text);
	else if (id == U_PAIR_WORD)
		pair_word(u, text);
	else if (id == U_PASS_MODEL)
		pass_model(u, text);
	else if (id == U_GEO)
		u->block.n[U_DETAIL + DETAIL_GEO_US] = slice_is(text, "us");
	else if (id == U_SPEED)
		u->block.n[U_DETAIL + DETAIL_FAST] = slice_is(text, "fast");
	else if (id == U_BYTES && u->inner.open && !u->inner.busy) {
		u->inner.open = false;
		json_stream_reset(&u->inner.json);
	}
}

static void mark(struct usage_reader *u, uint8_t id, enum json_type type)
{
	if (type != JSON_NULL && type != JSON_OBJECT_END && type != JSON_ARRAY_END)
		u->is |= UINT32_C(1) << (id - U_IS);
}

void usage_told_request(void *ctx, uint8_t id, enum json_type type, struct slice text)
{
	struct usage_reader *u = ctx;

	if (id >= U_IS && id < U_IS_END)
		mark(u, id, type);
	else if (id >= U_TEXTS && id < U_KEPT && type == JSON_STRING)
		usage_keep_text(u->asked, id, text);
	else if (id == U_MESSAGE && type == JSON_OBJECT_BEGIN)
		u->messages++;
	else if (id == U_PICTURE && (type == JSON_STRING || type == JSON_OBJECT_BEGIN))
		u->pictures++;
}

void usage_told_response(void *ctx, uint8_t id, enum json_type type, struct slice text)
{
	struct usage_reader *u = ctx;
	int64_t ms;

	if (id >= U_IS && id < U_IS_END)
		mark(u, id, type);
	else if (id >= U_TEXTS && type == JSON_STRING)
		text_told(u, id, text);
	else if (id < U_NUMBERS && type == JSON_NUMBER)
		usage_keep_number(u->block.n, id, text);
	else if (id == U_LENGTH && type == JSON_NUMBER && read_number(id, text, &ms))
		u->length_ms = ms;
	else if (type == JSON_OBJECT_BEGIN || type == JSON_ARRAY_BEGIN)
		container_begins(u, id);
	else if (type == JSON_OBJECT_END || type == JSON_ARRAY_END)
		container_ends(u, id);
}

/* ---- strings in pieces ---- */

static void inner_piece(struct usage_reader *u, struct slice raw)
{
	struct inner *in = &u->inner;
	uint8_t plain[192];
	size_t n = 0;

	if (!in->open) {
		in->open = true;
		in->bits = in->have = 0;
		json_stream_forget(&u->response);
	}
	in->busy = true;
	for (size_t i = 0; i < raw.n; i++) {
		int v = base64_digit(raw.p[i]);

		if (v < 0)
			continue; /* padding */
		in->bits = in->bits << 6 | (uint32_t)v;
		in->have += 6;
		if (in->have < 8)
			continue;
		in->have -= 8;
		plain[n++] = (uint8_t)(in->bits >> in->have);
		if (n == sizeof plain) {
			json_stream_push(&in->json, slice_of(plain, n));
			n = 0;
		}
	}
	json_stream_push(&in->json, slice_of(plain, n));
	in->busy = false;
}

void usage_told_request_piece(void *ctx, uint8_t id, struct slice raw, bool escaped)
{
	struct usage_reader *u = ctx;

	text_count_piece(id == U_SPOKEN ? &u->spoken : &u->prompt, raw, escaped);
}

void usage_told_response_piece(void *ctx, uint8_t id, struct slice raw, bool escaped)
{
	struct usage_reader *u = ctx;

	if (id == U_BYTES)
		inner_piece(u, raw);
	else
		text_count_piece(&u->answer, raw, escaped);
}

/* Of what came in base64: nothing in it comes so again. */
void usage_told_inner_piece(void *ctx, uint8_t id, struct slice raw, bool escaped)
{
	struct usage_reader *u = ctx;

	if (id == U_TEXT)
		text_count_piece(&u->answer, raw, escaped);
}

/* ---- beginning and end ---- */

void usage_values_begin(struct usage_reader *u)
{
	clear_block(&u->now);
	clear_block(&u->block);
	clear_items(u);
	for (size_t i = 0; i < U_NUMBERS; i++)
		u->header[i] = -1;
	u->length_ms = u->calls = u->images = u->pictures = u->messages = 0;
	u->spoken = u->prompt = u->answer = (struct text_count){ 0 };
	u->is = 0;
	u->closed = u->opened = u->repeats = false;
	u->pair = u->pass_model_n = 0;
	u->inner.open = u->inner.busy = false;
}

/* What stands outside of blocks. */
static void add_details(const struct usage_reader *u, bool whole, struct usage *out)
{
	const char *operation = out->operation != NULL ? out->operation : u->route.operation;
	int64_t *n = out->details.n;
	bool image = operation != NULL && strncmp(operation, "image", 5) == 0;

	if (n[DETAIL_SEARCHES] == 0)
		n[DETAIL_SEARCHES] = u->calls > 0 ? u->calls : (u->is >> (U_IS_SEARCH - U_IS) & 1);
	if (image && whole && out->output < 0)
		n[DETAIL_IMAGES] = u->images;
	if (n[DETAIL_MILLISECONDS] == 0 && out->input < 0)
		n[DETAIL_MILLISECONDS] = u->length_ms;
	if (operation != NULL && strcmp(operation, "speech") == 0)
		n[DETAIL_CHARACTERS] = text_characters(&u->spoken);
	if (u->header[U_DETAIL + DETAIL_FROM_CACHE] > 0)
		n[DETAIL_FROM_CACHE] = 1;
}

void usage_values_end(struct usage_reader *u, bool whole, struct usage *out)
{
	struct usage_block *b = u->closed ? &u->now : &u->block;
	bool heads = u->header[U_METRIC_INPUT] >= 0 || u->header[U_METRIC_OUTPUT] >= 0;

	if (u->items.calls > 0) {
		struct usage one = u->items.used;

		out->input = one.input, out->output = one.output, out->reasoning = one.reasoning;
		out->cache_read = one.cache_read, out->cache_write = one.cache_write;
		out->cost_reported = one.cost_reported, out->details = one.details;
		out->quality = whole ? one.quality : USAGE_PARTIAL;
	} else if (u->opened || heads) {
		for (size_t i = U_METRIC_INPUT; i < U_MAX_INPUT; i++)
			if (b->n[i] < 0)
				b->n[i] = u->header[i];
		normal_form(u, b, u->closed, out);
		if (!whole)
			out->quality = USAGE_PARTIAL;
		if (!says_anything(b->n))
			out->quality = USAGE_NONE;
	}
	if (out->cost_reported < 0)
		out->cost_reported = u->header[U_COST_ALSO];
	add_details(u, whole, out);
	out->asked = u->prompt;
	out->asked.narrow += u->spoken.narrow;
	out->asked.wide += u->spoken.wide;
	out->answered = u->answer;
	out->images = u->pictures;
	out->messages = u->messages;
	out->failed = (u->is >> (U_IS_FAILED - U_IS) & 1) != 0;
}
