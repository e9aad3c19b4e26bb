/* The reader behind all shapes: which shape, which framing, the values as they come, and the end. */
#include "sensor/llm/usage.h"

#include <strings.h>

#include "core/base/lengths.h"
#include "sensor/llm/usage_reader.h"

#define SHAPE(id) extern const struct usage_shape shape_##id;
#include "sensor/llm/shapes.def"
#undef SHAPE

static const struct usage_shape *const shapes[] = {
#define SHAPE(id) &shape_##id,
#include "sensor/llm/shapes.def"
#undef SHAPE
};

enum framing { FRAMING_OPEN, FRAMING_JSON, FRAMING_EVENTS, FRAMING_AWS };
enum media { MEDIA_OTHER, MEDIA_JSON, MEDIA_EVENTS, MEDIA_LINES, MEDIA_AWS };

enum header_kind { NUMBER, TEXT, HIT };

static const struct {
	const char *name;
	uint8_t kind, id;
} headers[] = {
#define HEADER(name, kind, id) { name, kind, id },
#include "sensor/llm/usage_headers.def"
#undef HEADER
};

static const uint8_t header_lengths[] = {
#define HEADER(name, kind, id) sizeof(name) - 1,
#include "sensor/llm/usage_headers.def"
#undef HEADER
};

size_t usage_reader_size(void)
{
	return sizeof(struct usage_reader);
}

bool usage_wanted(const struct route *route)
{
	return route->operation != NULL || route->provider != NULL;
}

static struct slice text_of(const struct kept_text *all, uint8_t id)
{
	return slice_of(all[id - U_TEXTS].p, all[id - U_TEXTS].n);
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
	if (u->inner.open)
		json_stream_reset(&u->inner.json);
	u->inner.open = false;
}

/* A text part of a form says what the member of that name says in JSON. */
static void form_told(void *ctx, struct slice name, struct slice value)
{
	struct usage_reader *u = ctx;

	for (const struct json_want *w = u->shape->request->below; w->name != NULL; w++)
		if (w->n == name.n && memcmp(w->name, name.p, name.n) == 0 && w->id >= U_TEXTS &&
		    w->id < U_KEPT)
			usage_keep_text(u->asked, w->id, value);
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

	u->route = *route;
	u->shape = find_shape(route);
	if (u->shape != NULL) {
		json_stream_init(&u->request, u->shape->request, usage_told_request, u);
		json_stream_init(&u->response, u->shape->response, usage_told_response, u);
		json_stream_init(&u->inner.json, u->shape->response, usage_told_response, u);
		u->request.piece = usage_told_request_piece;
		u->response.piece = usage_told_response_piece;
		u->inner.json.piece = usage_told_inner_piece;
		json_repeat_init(&u->repeat, U_IS, U_KEPT);
		u->response.repeat = &u->repeat;
	}
	usage_values_begin(u);
	u->form = u->body = u->streamed = false;
	u->framing = FRAMING_OPEN;
	u->media = MEDIA_OTHER;
	u->sniffed_n = 0;
	for (size_t i = 0; i < COUNT(u->asked); i++)
		u->asked[i].n = u->said[i].n = u->head[i].n = 0;
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

static void set_framing(struct usage_reader *u, enum framing framing)
{
	u->framing = framing;
	if (framing == FRAMING_EVENTS)
		sse_init(&u->events, &(struct sse_sink){ u, event_data, event_over });
	else if (framing == FRAMING_AWS)
		aws_events_init(&u->aws, &(struct aws_events_sink){ u, event_data, event_over });
}

static void hand_on(struct usage_reader *u, struct slice bytes)
{
	if (u->framing == FRAMING_EVENTS)
		sse_push(&u->events, bytes);
	else if (u->framing == FRAMING_AWS)
		aws_events_push(&u->aws, bytes);
	else
		json_stream_push(&u->response, bytes);
}

void usage_request_head(struct usage_reader *u, struct slice media_type)
{
	if (u->shape != NULL)
		u->form = multipart_init(&u->multipart, media_type, form_told, u);
}

void usage_request(struct usage_reader *u, struct slice bytes)
{
	if (u->form)
		multipart_push(&u->multipart, bytes);
	else if (u->shape != NULL)
		json_stream_push(&u->request, bytes);
}

void usage_response_header(struct usage_reader *u, struct slice name, struct slice value)
{
	for (LENGTHS_EACH(i, header_lengths, name.n)) {
		if (strncasecmp(headers[i].name, (const char *)name.p, name.n) != 0)
			continue;
		if (headers[i].kind == NUMBER)
			usage_keep_number(u->header, headers[i].id, value);
		else if (headers[i].kind == TEXT)
			usage_keep_text(u->head, headers[i].id, value);
		else if (value.n == 3 && strncasecmp((const char *)value.p, "hit", 3) == 0)
			u->header[headers[i].id] = 1;
	}
}

void usage_response_head(struct usage_reader *u, int status, struct slice media_type)
{
	(void)status; /* a failed call has no block, and one that has is billed */
	u->media = media_of(media_type);
	if (u->media == MEDIA_AWS)
		set_framing(u, FRAMING_AWS);
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
		set_framing(u, sniff(u));
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

/* In the body, else in a header. */
static struct slice said(const struct usage_reader *u, uint8_t id)
{
	struct slice body = text_of(u->said, id);

	return body.n > 0 ? body : text_of(u->head, id);
}

static void finish_texts(struct usage_reader *u, struct usage *out)
{
	struct usage_seen seen = usage_seen_of(u, &u->now, u->closed);
	bool own_host = u->route.provider == NULL || strcmp(u->route.provider, "openai_compatible") == 0;

	if (!u->shape->model_in_path || u->route.model.n == 0)
		out->request_model = text_of(u->asked, U_MODEL);
	out->user = text_of(u->asked, U_USER);
	if (out->user.n == 0)
		out->user = text_of(u->asked, U_USER_ALSO);
	out->response_model = said(u, U_MODEL);
	out->response_id = said(u, U_ID);
	out->service_tier = said(u, U_TIER);
	if (own_host && u->shape->server != NULL)
		out->provider = u->shape->server(&seen);
	if (u->items.calls > 0 || u->repeats)
		out->operation = "batch_results";
	else if (u->route.operation == NULL && u->shape->operation != NULL)
		out->operation = u->shape->operation(&seen);
}

static bool is_generation(const char *operation)
{
	return operation != NULL && (strcmp(operation, "chat") == 0 ||
				     strcmp(operation, "text_completion") == 0 ||
				     strcmp(operation, "generate_content") == 0);
}

void usage_end(struct usage_reader *u, bool request_whole, bool response_whole, struct usage *out)
{
	(void)request_whole; /* a value is taken when its end was seen */
	*out = (struct usage){ .input = -1, .output = -1, .cache_read = -1, .cache_write = -1,
			       .reasoning = -1, .cost_reported = -1, .estimate_input = -1,
			       .estimate_output = -1, .stream = stream_of(u) };
	if (u->shape == NULL)
		return;
	finish_texts(u, out);
	out->generates = is_generation(out->operation != NULL ? out->operation : u->route.operation);
	if (!route_does(&u->route, "count_tokens"))
		usage_values_end(u, response_whole, out);
}
