/* Amazon API Gateway's access log as JSON. The operator chooses the names; these are the documentation's, and
 * those of the $context variables. Latencies are ms.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html */
#include "sensor/gateway/json_log.h"

static const struct path_row rows[] = {
	MARK("requestId", 0),
	MARK("requestTime", 1),
	MARK("requestTimeEpoch", 1),
	MARK("httpMethod", 2),
	MARK("routeKey", 2),
	MARK("responseLength", 3),
	MARK("responseLatency", 3),
	MARK("resourcePath", 3),
	PATH("requestTimeEpoch", START, 2),
	PATH("requestTime", START, 1),
	PATH("responseLatency", DURATION_MS, 1),
	PATH("ip", CLIENT, 2),
	PATH("sourceIp", CLIENT, 2),
	PATH("identity.sourceIp", CLIENT, 2),
	PATH("authorizer_principalId", USER, 4),
	PATH("authorizer.principalId", USER, 4),
	PATH("principalId", USER, 4),
	PATH("authorizer.claims.sub", USER, 3),
	PATH("user", USER, 2),
	PATH("identity.user", USER, 2),
	PATH("caller", USER, 1),
	PATH("identity.caller", USER, 1),
	PATH("apiKeyId", KEY, 2),
	PATH("identity.apiKeyId", KEY, 2),
	PATH("apiKey", KEY, 1),
	PATH("identity.apiKey", KEY, 1),
	PATH("accessKey", KEY, 1),
	PATH("identity.accessKey", KEY, 1),
	PATH("httpMethod", METHOD, 1),
	PATH("domainName", HOST, 1),
	PATH("path", TARGET, 2),
	PATH("resourcePath", TARGET, 1),
	PATH("routeKey", REQUEST_LINE, 1),
	PATH("protocol", VERSION, 1),
	PATH("status", STATUS, 1),
	PATH("responseLength", RESPONSE_BYTES, 1),
	PATH("requestId", REQUEST_ID, 1),
	PATH("userAgent", AGENT, 1),
	PATH("identity.userAgent", AGENT, 1),
};

/* A route's pattern ("/{proxy+}", "$default") is no path, and a route that is a path ("ANY /v1/messages") is
 * one where nothing better is logged. */
static int amend(struct found *f, const struct parse_context *ctx)
{
	static const uint8_t routes[] = { M_TARGET, M_REQUEST_LINE };

	(void)ctx;
	for (size_t i = 0; i < COUNT(routes); i++)
		if (found_has(f, routes[i]) &&
		    memchr(f->text[routes[i]].p, '{', f->text[routes[i]].n) != NULL)
			f->rank[routes[i]] = 0;
	if (found_has(f, M_TARGET))
		f->rank[M_REQUEST_LINE] = 0;
	return 0;
}

static const struct json_log own = { .paths = JSON_ROWS(rows), .marks = 0xf, .amend = amend };

JSON_LOG_FORMAT(aws_apigw, .name = "aws-apigw", .doc = "Amazon API Gateway's access log as JSON");
