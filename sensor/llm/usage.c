/* The reader behind all shapes: which shape, which framing, the values as they come, and the end. */
#include "sensor/llm/usage.h"

#include <strings.h>

#include "sensor/llm/shape.h"
#include "sensor/llm/sse.h"

#define SHAPE(id) extern const struct usage_shape shape_##id;
#include "sensor/llm/shapes.def"
#undef SHAPE

static const struct usage_shape *const shapes[] = {
#define SHAPE(id) &shape_##id,
#include "sensor/llm/shapes.def"
#undef SHAPE
};

#define ABSURD INT64_C(1000000000000) /* no body holds so many tokens */
#define SNIFF 8                       /* bytes that tell the framing */

enum framing { FRAMING_OPEN, FRAMING_JSON, FRAMING_EVENTS };
enum media { MEDIA_OTHER, MEDIA_JSON, MEDIA_EVENTS, MEDIA_LINES, MEDIA_AWS };

/* The last text of its kind that was not empty. */
struct kept_text {
	uint8_t n, p[USAGE_TEXT_MAX];
};

struct usage_reader {
	struct route route;
	const struct usage_shape *shape; /* NULL: nobody's; then nothing is read */
	struct json_stream request, response;
	struct sse events;
	int64_t now[U_NUMBERS];   /* of the blocks that were closed */
	int64_t block[U_NUMBERS]; /* of the one that is open, or was when the body ended */
	bool closed, opened;
	uint8_t framing, media;
	bool body, streamed;
	uint8_t sniffed_n, sniffed[SNIFF];
	struct kept_text asked[U_END - U_TEXTS], said[U_END - U_TEXTS];
};

size_t usage_reader_size(void)
{
	return sizeof(struct usage_reader);
}

bool usage_wanted(const struct route *route)
{
	return route->operation != NULL || route->provider != NULL;
}

/* ---- values ---- */

static void keep_text(struct kept_text *all, uint8_t id, struct slice text)
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

static struct slice text_of(const struct kept_text *all, uint8_t id)
{
	return slice_of(all[id - U_TEXTS].p, all[id - U_TEXTS].n);
}

/* Costs become pico-USD; what is negative or absurd is not believed. */
static void keep_number(int64_t *numbers, uint8_t id, struct slice text)
{
	int64_t v, before = numbers[id] < 0 ? 0 : numbers[id];
	bool cost = id == U_COST || id == U_TICKS;

	if (!(cost ? json_decimal(text, id == U_COST ? 12 : 2, &v) : json_i64(text, &v)))
		return;
	if (v < 0 || (!cost && v > ABSURD))
		return;
	if (id < U_SUM_INPUT)
		numbers[id] = v;
	else if (before <= ABSURD)
		numbers[id] = before + v;
}

static void clear_numbers(int64_t *numbers)
{
	for (size_t i = 0; i < U_NUMBERS; i++)
		numbers[i] = -1;
}

/* A later block replaces what it says and leaves the rest (llm-usage.md 2). */
static void close_block(struct usage_reader *u)
{
	for (size_t i = 0; i < U_NUMBERS; i++)
		if (u->block[i] >= 0)
			u->now[i] = u->block[i];
	u->closed = true;
}

static void told_request(void *ctx, uint8_t id, enum json_type type, struct slice text)
{
	struct usage_reader *u = ctx;

	if (id >= U_TEXTS && type == JSON_STRING)
		keep_text(u->asked, id, text);
}

static void told_response(void *ctx, uint8_t id, enum json_type type, struct slice text)
{
	struct usage_reader *u = ctx;

	if (id >= U_TEXTS) {
		if (type == JSON_STRING)
			keep_text(u->said, id, text);
	} else if (id < U_NUMBERS) {
		if (type == JSON_NUMBER)
			keep_number(u->block, id, text);
	} else if (id == U_STREAMED) {
		u->streamed = true;
	} else if (type == JSON_OBJECT_BEGIN || type == JSON_ARRAY_BEGIN) {
		clear_numbers(u->block);
		u->opened = true;
	} else if (type == JSON_OBJECT_END || type == JSON_ARRAY_END) {
		close_block(u);
	}
}

/* ---- framing ---- */

static void event_data(void *ctx, struct slice bytes)
{
	struct usage_reader *u = ctx;

	json_stream_push(&u->response, bytes);
}

static void event_over(void *ctx)
{
	struct usage_reader *u = ctx;

	json_stream_reset(&u->response);
}

static const struct usage_shape *find_shape(const struct route *route)
{
	for (size_t i = 0; i < COUNT(shapes); i++)
		if (shapes[i]->reads(route))
			return shapes[i];
	return NULL;
}

struct usage_reader *usage_begin(void *memory, const struct route *route)
{
	struct usage_reader *u = memory;
	struct sse_sink sink = { u, event_data, event_over };

	u->route = *route;
	u->shape = find_shape(route);
	if (u->shape != NULL) {
		json_stream_init(&u->request, u->shape->request, told_request, u);
		json_stream_init(&u->response, u->shape->response, told_response, u);
	}
	sse_init(&u->events, &sink);
	clear_numbers(u->now);
	clear_numbers(u->block);
	u->closed = u->opened = u->body = u->streamed = false;
	u->framing = FRAMING_OPEN;
	u->media = MEDIA_OTHER;
	u->sniffed_n = 0;
	for (size_t i = 0; i < U_END - U_TEXTS; i++)
		u->asked[i].n = u->said[i].n = 0;
	return u;
}

static enum media media_of(struct slice s)
{
	static const struct {
		const char *name;
		enum media media;
	} known[] = {
		{ "text/event-stream", MEDIA_EVENTS }, { "application/x-ndjson", MEDIA_LINES },
		{ "application/ndjson", MEDIA_LINES }, { "application/stream+json", MEDIA_LINES },
		{ "application/json", MEDIA_JSON },
		{ "application/vnd.amazon.eventstream", MEDIA_AWS },
	};

	if (s.n == 0)
		return MEDIA_JSON;
	for (size_t i = 0; i < COUNT(known); i++)
		if (s.n == strlen(known[i].name) && strncasecmp((const char *)s.p, known[i].name, s.n) == 0)
			return known[i].media;
	return MEDIA_OTHER;
}

/* What the first bytes are, white space and byte order mark left out: a brace, or a field of an event
 * stream. */
static enum framing sniff(const struct usage_reader *u)
{
	static const char *const fields[] = { ":", "data:", "event:", "id:", "retry:" };
	bool begun = false;

	if (u->sniffed[0] == '{' || u->sniffed[0] == '[')
		return FRAMING_JSON;
	if (u->media == MEDIA_EVENTS)
		return FRAMING_EVENTS;
	for (size_t i = 0; i < COUNT(fields); i++) {
		size_t n = strlen(fields[i]);

		if (u->sniffed_n >= n && memcmp(u->sniffed, fields[i], n) == 0)
			return FRAMING_EVENTS;
		begun |= u->sniffed_n < n && memcmp(u->sniffed, fields[i], u->sniffed_n) == 0;
	}
	return begun ? FRAMING_OPEN : FRAMING_JSON;
}

static void hand_on(struct usage_reader *u, struct slice bytes)
{
	if (u->framing == FRAMING_EVENTS)
		sse_push(&u->events, bytes);
	else
		json_stream_push(&u->response, bytes);
}

void usage_request(struct usage_reader *u, struct slice bytes)
{
	if (u->shape != NULL)
		json_stream_push(&u->request, bytes);
}

void usage_response_head(struct usage_reader *u, int status, struct slice media_type)
{
	(void)status; /* a failed call has no block, and one that has is billed */
	u->media = media_of(media_type);
}

void usage_response(struct usage_reader *u, struct slice bytes)
{
	static const char blank[] = " \t\r\n\xef\xbb\xbf";
	size_t at = 0;

	u->body |= bytes.n > 0;
	if (u->shape == NULL)
		return;
	while (u->framing == FRAMING_OPEN && at < bytes.n) {
		uint8_t c = bytes.p[at++];

		if (u->sniffed_n == 0 && c != 0 && strchr(blank, c) != NULL)
			continue;
		u->sniffed[u->sniffed_n++] = c;
		u->framing = sniff(u);
		if (u->framing != FRAMING_OPEN)
			hand_on(u, slice_of(u->sniffed, u->sniffed_n));
	}
	if (at < bytes.n)
		hand_on(u, slice_from(bytes, at));
}

/* ---- the end ---- */

static int stream_of(const struct usage_reader *u)
{
	bool lines = u->media == MEDIA_LINES || (u->media == MEDIA_JSON && u->response.values > 1);

	if (!u->body)
		return -1;
	if (u->shape == NULL)
		return u->media == MEDIA_EVENTS || u->media == MEDIA_LINES || u->media == MEDIA_AWS;
	return u->framing == FRAMING_EVENTS || u->streamed || u->media == MEDIA_AWS ||
	       (u->framing == FRAMING_JSON && lines);
}

static void bound(int64_t *part, int64_t whole)
{
	if (whole >= 0 && *part > whole)
		*part = whole;
}

/* Parts never exceed what they are parts of: an uncached count must not become negative. */
static void bound_parts(struct usage *out)
{
	bound(&out->cache_read, out->input);
	if (out->input >= 0)
		bound(&out->cache_write, out->cache_read < 0 ? out->input : out->input - out->cache_read);
	bound(&out->reasoning, out->output);
}

static void finish_numbers(struct usage_reader *u, bool whole, struct usage *out)
{
	const int64_t *n = u->closed ? u->now : u->block;
	struct usage_seen seen = { n, u->closed, &u->route };
	bool any = false;

	out->cost_reported = n[U_COST] >= 0 ? n[U_COST] : n[U_TICKS];
	out->quality = USAGE_EXACT;
	u->shape->normal(&seen, out);
	bound_parts(out);
	if (!whole || out->input < 0 || out->output < 0)
		out->quality = USAGE_PARTIAL;
	for (size_t i = 0; i < U_NUMBERS; i++)
		any |= n[i] >= 0;
	if (!any)
		out->quality = USAGE_NONE;
}

static void finish_texts(struct usage_reader *u, struct usage *out)
{
	bool own_host = u->route.provider == NULL || strcmp(u->route.provider, "openai_compatible") == 0;

	if (!u->shape->model_in_path || u->route.model.n == 0)
		out->request_model = text_of(u->asked, U_MODEL);
	out->user = text_of(u->asked, U_USER);
	if (out->user.n == 0)
		out->user = text_of(u->asked, U_USER_ALSO);
	out->response_model = text_of(u->said, U_MODEL);
	out->response_id = text_of(u->said, U_ID);
	out->service_tier = text_of(u->said, U_TIER);
	if (own_host && u->shape->server != NULL)
		out->provider = u->shape->server(text_of(u->said, U_FINGERPRINT));
}

void usage_end(struct usage_reader *u, bool request_whole, bool response_whole, struct usage *out)
{
	(void)request_whole; /* a value is taken when its end was seen */
	*out = (struct usage){ .input = -1, .output = -1, .cache_read = -1, .cache_write = -1,
			       .reasoning = -1, .cost_reported = -1, .stream = stream_of(u) };
	if (u->shape == NULL)
		return;
	finish_texts(u, out);
	if (u->opened && !route_does(&u->route, "count_tokens"))
		finish_numbers(u, response_whole, out);
}
