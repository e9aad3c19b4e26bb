/* Application Load Balancer access logs; the time is the end of the request. New fields come at the end.
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html */
#include <stdio.h>

#include "core/base/json.h"
#include "sensor/gateway/layout.h"

static const struct piece pieces[] = {
	VALUE("", NOTHING, WORD), /* type: http, https, h2, grpcs, ws, wss */
	VALUE(" ", TIME, TIME),
	VALUE(" app/", NOTHING, WORD), /* the load balancer */
	VALUE(" ", CLIENT, ADDRESS),
	VALUE(":", CLIENT_PORT, NUMBER),
	VALUE(" ", NOTHING, WORD), /* target */
	OWN_VALUE(" ", 1, NUMBER), /* request processing time */
	OWN_VALUE(" ", 2, NUMBER), /* target processing time */
	OWN_VALUE(" ", 3, NUMBER), /* response processing time */
	VALUE(" ", STATUS, NUMBER),
	VALUE(" ", NOTHING, NUMBER), /* the target's status */
	VALUE(" ", REQUEST_BYTES, NUMBER),
	VALUE(" ", RESPONSE_BYTES, NUMBER),
	VALUE(" \"", REQUEST_LINE, QUOTED),
	VALUE("\" \"", AGENT, QUOTED),
	VALUE("\" ", NOTHING, WORD), /* cipher */
	VALUE(" ", TLS_VERSION, WORD),
	VALUE(" ", NOTHING, WORD),	  /* target group */
	VALUE(" \"", REQUEST_ID, QUOTED), /* X-Amzn-Trace-Id */
	VALUE_OR_END("\" \"", TLS_NAME, QUOTED, "\""),
	VALUE_OR_END("\" \"", NOTHING, QUOTED, "\""), /* certificate */
	VALUE_OR_END("\" ", NOTHING, WORD, "\""),     /* rule priority */
	VALUE_OR_END(" ", NOTHING, WORD, ""),	      /* request creation time */
	VALUE_OR_END(" ", NOTHING, TEXT, ""),	      /* actions, redirect, error, targets, ... */
	LINE_END(""),
};

static const struct layout layout = { pieces, ESCAPES_BACKSLASH, 0 };

/* The three times together are the duration, the second one leads to the first byte; -1 where the connection
 * ended before. */
static void put_times(struct found *f, const struct slice own[OWN_MAX], struct scratch *s)
{
	int64_t sum = 0, ns;
	uint8_t *text;

	layout_put(f, M_TTFB, 0, own[2]);
	for (int i = 1; i <= 3; i++)
		if (own[i].n == 0 || own[i].p[0] == '-' || !json_decimal(own[i], 9, &ns) ||
		    __builtin_add_overflow(sum, ns, &sum))
			return;
	text = scratch_take(s, 20);
	if (text != NULL)
		layout_put(f, M_DURATION_NS, 0,
			   slice_of(text, (size_t)snprintf((char *)text, 20, "%lld", (long long)sum)));
}

static int detect(struct slice line)
{
	return layouts_detect(&layout, 1, line);
}

static int parse(struct slice line, const struct parse_context *ctx, struct access_event *ev)
{
	struct slice own[OWN_MAX];
	struct found f;

	if (!layout_match(&layout, line, ctx->scratch, &f, own))
		return REJECT_MALFORMED;
	put_times(&f, own, ctx->scratch);
	return found_event(&f, layout.habits, ctx, ev);
}

const struct log_format format_aws_alb = {
	.name = "aws-alb",
	.doc = "AWS Application Load Balancer",
	.detect = detect,
	.parse = parse,
};
