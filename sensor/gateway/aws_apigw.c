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
	PATH("authorizer_principalId", USER, 3),
	PATH("authorizer.principalId", USER, 3),
	PATH("principalId", USER, 3),
	PATH("authorizer.claims.sub", USER, 2),
	PATH("user", USER, 1),
	PATH("identity.user", USER, 1),
	PATH("caller", USER, 0),
	PATH("identity.caller", USER, 0),
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
	PATH("routeKey", TARGET, 0),
	PATH("protocol", VERSION, 1),
	PATH("status", STATUS, 1),
	PATH("responseLength", RESPONSE_BYTES, 1),
	PATH("requestId", REQUEST_ID, 1),
	PATH("userAgent", AGENT, 1),
	PATH("identity.userAgent", AGENT, 1),
};

/* A route's pattern ("/{proxy+}", "$default", "GET /x") is no path. */
static int amend(struct found *f, const struct parse_context *ctx)
{
	struct slice s = f->text[M_TARGET];

	(void)ctx;
	if (found_has(f, M_TARGET) && (s.p[0] != '/' || memchr(s.p, '{', s.n) != NULL))
		f->rank[M_TARGET] = 0;
	return 0;
}

static const struct json_log own = { .paths = JSON_ROWS(rows), .marks = 0xf, .amend = amend };

JSON_LOG_FORMAT(aws_apigw, .name = "aws-apigw", .doc = "Amazon API Gateway's access log as JSON");
