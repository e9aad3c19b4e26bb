/* Lines that hold several events: JSON with an array of them, such as OTLP/JSON. */
#include "core/base/json.h"
#include "sensor/gateway/format.h"
#include "sensor/gateway/framing.h"

#define ROOM (128u << 10) /* for escapes undone: a longer line in a frame of JSON is one event */

struct several {
	line_event_fn fn;
	void *arg;
	unsigned n;
};

/* Bytes of the path's first name. */
static size_t first_name(const char *path)
{
	return strcspn(path, ".");
}

static bool is_first_name(const char *path, struct slice name)
{
	return name.n == first_name(path) && memcmp(path, name.p, name.n) == 0;
}

/* Whole JSON, an object that has the path's first name? */
static bool holds_several(struct slice line, const char *path)
{
	bool has = false;
	enum json_type t;
	struct json j;

	json_init(&j, line);
	if (line.n == 0 || json_next(&j) != JSON_OBJECT_BEGIN)
		return false;
	while ((t = json_next(&j)) == JSON_KEY) {
		has |= is_first_name(path, j.text);
		if (!json_skip(&j))
			return false;
	}
	return has && t == JSON_OBJECT_END && json_next(&j) == JSON_END;
}

/* One event, whose first token was read: it began at `from`. */
static int one(struct several *s, struct json *j, enum json_type t, size_t from)
{
	uint8_t depth = j->depth;

	if (t == JSON_OBJECT_BEGIN || t == JSON_ARRAY_BEGIN)
		while (j->depth >= depth)
			json_next(j);
	if (++s->n > LINE_EVENTS_MAX)
		return s->n == LINE_EVENTS_MAX + 1 ? s->fn(s->arg, slice_of(NULL, 0)) : 0;
	return s->fn(s->arg, slice_of(j->in.p + from, j->pos - from));
}

static int go_down(struct several *s, struct json *j, enum json_type t, const char *path);

static int each_member(struct several *s, struct json *j, const char *path)
{
	size_t n = first_name(path);
	int rc = 0;

	while (rc == 0 && json_next(j) == JSON_KEY) {
		if (is_first_name(path, j->text))
			rc = go_down(s, j, json_next(j), path + n + (path[n] == '.'));
		else
			json_skip(j);
	}
	return rc;
}

/* The value at the path, whose first token was read; elements of an array are met each. */
static int go_down(struct several *s, struct json *j, enum json_type t, const char *path)
{
	size_t from = j->pos - 1; /* of an object or array */
	int rc = 0;

	if (t == JSON_ARRAY_BEGIN)
		while (rc == 0 && (t = json_next(j)) != JSON_ARRAY_END)
			rc = go_down(s, j, t, path);
	else if (path[0] == 0)
		rc = one(s, j, t, t == JSON_OBJECT_BEGIN ? from : j->pos);
	else if (t == JSON_OBJECT_BEGIN)
		rc = each_member(s, j, path);
	return rc;
}

/* The events of a text that holds several. */
static int each_event(const struct log_format *f, struct slice text, line_event_fn fn, void *arg)
{
	struct several s = { .fn = fn, .arg = arg };
	struct json j;

	json_init(&j, text);
	json_next(&j);
	return each_member(&s, &j, f->several);
}

/* What is in a frame of Docker, Kubernetes or syslog. False: no frame, or none with several events. */
static bool framed_events(const struct log_format *f, struct slice line, line_event_fn fn, void *arg, int *rc)
{
	uint8_t room[ROOM];
	struct scratch s = { room, 0, sizeof room };
	struct framed in;

	if (!frame_open(line, &s, &in) || !holds_several(in.text, f->several))
		return false;
	*rc = each_event(f, in.text, fn, arg);
	return true;
}

int log_line_events(const struct log_format *f, struct slice line, line_event_fn fn, void *arg)
{
	int rc = 0;

	if (f->several == NULL)
		return fn(arg, line);
	if (holds_several(line, f->several))
		return each_event(f, line, fn, arg);
	return framed_events(f, line, fn, arg, &rc) ? rc : fn(arg, line);
}
