/* ingress-nginx's default log-format-upstream, "upstreaminfo", and as it was before 0.20 and 0.23:
 * https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/log-format/ */
#include "sensor/gateway/layout.h"

#define TO_LENGTH                                                                                            \
	VALUE(" [", TIME, TIME), VALUE("] \"", REQUEST_LINE, QUOTED), VALUE("\" ", STATUS, NUMBER),          \
		VALUE(" ", RESPONSE_BYTES, NUMBER), VALUE(" \"", REFERRER, QUOTED),                          \
		VALUE("\" \"", AGENT, QUOTED), VALUE("\" ", REQUEST_BYTES, NUMBER),                          \
		VALUE(" ", DURATION, NUMBER), VALUE(" [", NOTHING, CELL)
#define UPSTREAM(before)                                                                                     \
	VALUE(before, NOTHING, LIST), VALUE(" ", NOTHING, LIST), VALUE(" ", NOTHING, LIST),                  \
		VALUE(" ", NOTHING, LIST), VALUE_OR_END(" ", REQUEST_ID, WORD, ""), LINE_END("")

static const struct piece usual[] = {
	VALUE("", CLIENT, ADDRESS),  VALUE(" - ", USER, TEXT), TO_LENGTH,
	VALUE("] [", NOTHING, CELL), UPSTREAM("] "),
};

static const struct piece one_upstream[] = {
	VALUE("", CLIENT, ADDRESS),
	VALUE(" - ", USER, TEXT),
	TO_LENGTH,
	UPSTREAM("] "),
};

static const struct piece real_ip[] = {
	VALUE("", CLIENT, ADDRESS),
	VALUE(" - [", NOTHING, LIST),
	VALUE("] - ", USER, TEXT),
	TO_LENGTH,
	UPSTREAM("] "),
};

/* real_ip goes first: one_upstream would take its list for a part of the user's name. */
static const struct layout layouts[] = {
	{ real_ip, ESCAPES_BACKSLASH, 0 },
	{ usual, ESCAPES_BACKSLASH, 0 },
	{ one_upstream, ESCAPES_BACKSLASH, 0 },
};

static int detect(struct slice line)
{
	return layouts_detect(layouts, COUNT(layouts), line);
}

static int parse(struct slice line, const struct parse_context *ctx, struct access_event *ev)
{
	return layouts_parse(layouts, COUNT(layouts), line, ctx, ev);
}

const struct log_format format_nginx_ingress = {
	.name = "nginx-ingress",
	.doc = "ingress-nginx's own (upstreaminfo)",
	.detect = detect,
	.parse = parse,
};
