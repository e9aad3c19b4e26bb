/* Apache httpd's nicknamed formats (httpd.conf, Debian's apache2.conf): common, combined, vhost_combined, and
 * the last with what is usually added. %t is the start of the request.
 * https://httpd.apache.org/docs/2.4/mod/mod_log_config.html */
#include "sensor/gateway/layout.h"

#define COMMON(before)                                                                                       \
	VALUE(before, CLIENT, ADDRESS), VALUE(" ", NOTHING, IDENT), VALUE(" ", USER, TEXT),                  \
		VALUE(" [", START, TIME), VALUE("] \"", REQUEST_LINE, QUOTED), VALUE("\" ", STATUS, NUMBER), \
		VALUE(" ", RESPONSE_BYTES, NUMBER)
#define AGENT VALUE(" \"", REFERRER, QUOTED), VALUE("\" \"", AGENT, QUOTED)

static const struct piece common[] = { COMMON(""), LINE_END("") };
static const struct piece combined[] = { COMMON(""), AGENT, LINE_END("\"") };

/* %v:%p before combined; behind it %D, %I, "%{X-Forwarded-For}i" and an id (%{UNIQUE_ID}e, %L), as far as
 * they are there. */
static const struct piece vhost[] = {
	VALUE("", HOST, WORD),
	VALUE(":", SERVER_PORT, NUMBER),
	COMMON(" "),
	AGENT,
	VALUE_OR_END("\" ", DURATION_US, NUMBER, "\""),
	VALUE_OR_END(" ", REQUEST_BYTES, NUMBER, ""),
	VALUE_OR_END(" \"", FORWARDED, QUOTED, ""),
	VALUE_OR_END("\" ", REQUEST_ID, WORD, "\""),
	LINE_END(""),
};

static const struct layout layouts[] = {
	{ common, ESCAPES_BACKSLASH, 0 },
	{ combined, ESCAPES_BACKSLASH, 0 },
	{ vhost, ESCAPES_BACKSLASH, 0 },
};

static int detect_common(struct slice line)
{
	return layouts_detect(&layouts[0], 1, line);
}

static int parse_common(struct slice line, const struct parse_context *ctx, struct access_event *ev)
{
	return layouts_parse(&layouts[0], 1, line, ctx, ev);
}

static int detect_combined(struct slice line)
{
	return layouts_detect(&layouts[1], 1, line);
}

static int parse_combined(struct slice line, const struct parse_context *ctx, struct access_event *ev)
{
	return layouts_parse(&layouts[1], 1, line, ctx, ev);
}

static int detect_vhost(struct slice line)
{
	return layouts_detect(&layouts[2], 1, line);
}

static int parse_vhost(struct slice line, const struct parse_context *ctx, struct access_event *ev)
{
	return layouts_parse(&layouts[2], 1, line, ctx, ev);
}

const struct log_format format_apache_common = {
	.name = "apache-common",
	.doc = "Apache `common`",
	.detect = detect_common,
	.parse = parse_common,
};

const struct log_format format_apache_combined = {
	.name = "apache-combined",
	.doc = "Apache `combined`; where nothing tells it from nginx's, that is what it is taken for",
	.detect = detect_combined,
	.parse = parse_combined,
};

const struct log_format format_apache_vhost_timed = {
	.name = "apache-vhost-timed",
	.doc = "Apache `vhost_combined`, and with %D %I \"%{X-Forwarded-For}i\" and an id behind it",
	.detect = detect_vhost,
	.parse = parse_vhost,
};
