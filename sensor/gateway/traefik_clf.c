/* Traefik's common format: combined, then the count of requests, router, server and duration.
 * https://doc.traefik.io/traefik/observability/access-logs/ ; the time is the start of the request. */
#include "sensor/gateway/layout.h"

static const struct piece pieces[] = {
	VALUE("", CLIENT, ADDRESS),
	VALUE(" - ", USER, TEXT),
	VALUE(" [", START, TIME),
	VALUE("] \"", REQUEST_LINE, QUOTED),
	VALUE("\" ", STATUS, NUMBER),
	VALUE(" ", RESPONSE_BYTES, NUMBER),
	VALUE(" \"", REFERRER, QUOTED),
	VALUE("\" \"", AGENT, QUOTED),
	VALUE("\" ", NOTHING, NUMBER),
	VALUE(" \"", NOTHING, QUOTED),
	VALUE("\" \"", NOTHING, QUOTED),
	VALUE("\" ", DURATION_MS, NUMBER),
	LINE_END("ms"),
};

static const struct layout layout = { pieces, ESCAPES_BACKSLASH, 0 };

static int detect(struct slice line)
{
	return layouts_detect(&layout, 1, line);
}

static int parse(struct slice line, const struct parse_context *ctx, struct access_event *ev)
{
	return layouts_parse(&layout, 1, line, ctx, ev);
}

const struct log_format format_traefik_clf = {
	.name = "traefik-clf",
	.doc = "Traefik's access log, `format: common`",
	.detect = detect,
	.parse = parse,
};
