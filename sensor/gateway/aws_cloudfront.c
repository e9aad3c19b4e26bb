/* CloudFront: standard logs as their "#Fields:" line says, without one in the order that legacy delivery
 * always has (newer fields come at the end, old files end earlier), and real-time records with all fields.
 * The time is the end of the request. Cookies and header lists are not looked at.
 * https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/AccessLogs.html */
#include "sensor/gateway/w3c.h"

#define FIELD(what) VALUE("\t", what, CELL)
#define LATER(what) VALUE_OR_END("\t", what, CELL, "")

static const struct piece standard[] = {
	VALUE("", TIME, TIME), /* date, tab, time */
	FIELD(NOTHING),	       /* x-edge-location */
	VALUE("\t", RESPONSE_BYTES, NUMBER),
	VALUE("\t", CLIENT, ADDRESS),
	VALUE("\t", METHOD, WORD),
	FIELD(NOTHING), /* cs(Host): the distribution's name */
	FIELD(TARGET),
	VALUE("\t", STATUS, NUMBER),
	FIELD(REFERRER),
	FIELD(AGENT),
	FIELD(ARGUMENTS),
	LATER(NOTHING), /* cs(Cookie) */
	LATER(NOTHING), /* x-edge-result-type */
	LATER(REQUEST_ID),
	LATER(HOST),	/* x-host-header: as the client wrote it */
	LATER(NOTHING), /* cs-protocol */
	LATER(REQUEST_BYTES),
	LATER(DURATION),
	LATER(FORWARDED),
	LATER(TLS_VERSION),
	LATER(NOTHING), /* ssl-cipher */
	LATER(NOTHING), /* x-edge-response-result-type */
	LATER(VERSION),
	LATER(NOTHING), /* fle-status */
	LATER(NOTHING), /* fle-encrypted-fields */
	LATER(CLIENT_PORT),
	LATER(TTFB),
	LATER(NOTHING), /* x-edge-detailed-result-type */
	LATER(RESPONSE_TYPE),
	LATER(NOTHING), /* sc-content-len, ranges, what will come */
	LATER(NOTHING),
	LATER(NOTHING),
	VALUE_OR_END("\t", NOTHING, TEXT, ""),
	LINE_END(""),
};

static const struct piece real_time[] = {
	VALUE("", TIME, TIME),
	VALUE("\t", CLIENT, ADDRESS),
	VALUE("\t", SERVER, ADDRESS),
	VALUE("\t", TTFB, NUMBER),
	VALUE("\t", STATUS, NUMBER),
	VALUE("\t", RESPONSE_BYTES, NUMBER),
	VALUE("\t", METHOD, WORD),
	FIELD(NOTHING), /* cs-protocol */
	FIELD(NOTHING), /* cs-host */
	FIELD(TARGET),
	VALUE("\t", REQUEST_BYTES, NUMBER),
	FIELD(NOTHING), /* x-edge-location */
	FIELD(REQUEST_ID),
	FIELD(HOST),
	VALUE("\t", DURATION, NUMBER),
	FIELD(VERSION),
	FIELD(NOTHING), /* c-ip-version */
	FIELD(AGENT),
	FIELD(REFERRER),
	FIELD(NOTHING), /* cs-cookie */
	FIELD(ARGUMENTS),
	FIELD(NOTHING), /* x-edge-response-result-type */
	FIELD(FORWARDED),
	FIELD(TLS_VERSION),
	FIELD(NOTHING), /* ssl-cipher */
	LATER(NOTHING), /* x-edge-result-type */
	LATER(NOTHING), /* fle-encrypted-fields */
	LATER(NOTHING), /* fle-status */
	LATER(RESPONSE_TYPE),
	LATER(NOTHING), /* sc-content-len */
	LATER(NOTHING), /* sc-range-start */
	LATER(NOTHING), /* sc-range-end */
	LATER(CLIENT_PORT),
	VALUE_OR_END("\t", NOTHING, TEXT, ""), /* x-edge-detailed-result-type, country, headers, ... */
	LINE_END(""),
};

static const struct layout layouts[] = { { standard, ESCAPES_PERCENT, HABIT_UTC },
					 { real_time, ESCAPES_PERCENT, HABIT_UTC } };

static int detect(struct slice line)
{
	const struct log_format *told;

	if (w3c_header(line, &told)) {
		int sure = told != NULL ? 80 : 0;

		log_format_close(told);
		return sure;
	}
	return layouts_detect(layouts, COUNT(layouts), line);
}

static int parse(struct slice line, const struct parse_context *ctx, struct access_event *ev)
{
	return layouts_parse(layouts, COUNT(layouts), line, ctx, ev);
}

const struct log_format format_aws_cloudfront = {
	.name = "aws-cloudfront",
	.doc = "CloudFront standard logs, as their #Fields line says or in legacy order; real-time records",
	.detect = detect,
	.parse = parse,
	.header = w3c_header,
};
