/* A log of JSON objects, told by its rows: most formats are these and nothing else. */
#ifndef TK_SENSOR_GATEWAY_JSON_LOG_H
#define TK_SENSOR_GATEWAY_JSON_LOG_H

#include "sensor/gateway/paths.h"

struct json_log {
	struct paths paths;
	unsigned habits; /* enum habit */
	uint8_t marks;   /* bits of the marks that every line of the format has */
	/* What rows cannot say: changes what was found. 0, or a reject reason. NULL: nothing. */
	int (*amend)(struct found *f, const struct parse_context *ctx);
};

#define JSON_ROWS(rows) { .row = rows, .n = COUNT(rows) }
#define JSON_ROWS_FOLD(rows) { .row = rows, .n = COUNT(rows), .fold = true }

/* 90 where the line has all marks: more than nginx_json, which takes names of many. */
int json_log_detect(const struct json_log *l, struct slice line);
/* REJECT_MALFORMED: no JSON object; REJECT_OTHER: one that tells of no call. */
int json_log_parse(const struct json_log *l, struct slice line, const struct parse_context *ctx,
		   struct access_event *ev);

/* Does it tell of a call: a request, an answer, or what a model was asked and did? */
bool json_log_tells(const struct found *f);

/* The struct log_format of a struct json_log named `own` with its `rows`. */
#define JSON_LOG_FORMAT(id, ...)                                                                         \
	_Static_assert(COUNT(rows) <= PATHS_MAX, "more rows than a walk has bits for");                  \
	static int detect(struct slice line)                                                             \
	{                                                                                                \
		return json_log_detect(&own, line);                                                      \
	}                                                                                                \
	static int parse(struct slice line, const struct parse_context *ctx, struct access_event *ev)    \
	{                                                                                                \
		return json_log_parse(&own, line, ctx, ev);                                              \
	}                                                                                                \
	const struct log_format format_##id = { .detect = detect, .parse = parse, __VA_ARGS__ }

#endif
