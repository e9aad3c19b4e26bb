/* The members of a flat JSON log line, by what they say. Operators choose the names, so nginx_json.def lists
 * those that are understood. */
#ifndef TK_SENSOR_GATEWAY_MEMBERS_H
#define TK_SENSOR_GATEWAY_MEMBERS_H

#include "sensor/gateway/format.h"

/* What a member can say; nginx_json.def uses the names behind M_. */
enum member {
	M_TIME, M_CLIENT, M_PEER, M_CLIENT_PORT, M_FORWARDED, M_SERVER, M_SERVER_PORT, M_USER, M_DEPARTMENT,
	M_KEY, M_METHOD, M_HOST, M_TARGET, M_ARGUMENTS, M_REQUEST_LINE, M_VERSION, M_STATUS, M_REQUEST_BYTES,
	M_RESPONSE_BYTES, M_DURATION, M_DURATION_NS, M_HEADER_TIME, M_UPSTREAM_TIME, M_REQUEST_ID,
	M_RESPONSE_TYPE, M_REQUEST_TYPE, M_AGENT, M_REFERRER, M_TLS_VERSION, M_TLS_NAME, M_MODEL,
	M_MODEL_SERVED, M_PROVIDER, M_OPERATION, M_RESPONSE_ID, M_INPUT, M_OUTPUT, M_CACHED, M_CACHE_WRITE,
	M_REASONING, M_COST, M_STREAM,
	M_COUNT
};

/* The members of a line, raw, borrowing it; rank 0: not there, 1: there and empty or "-", more: a value. An
 * empty one gives way to any other. */
struct found {
	struct slice text[M_COUNT];
	uint8_t rank[M_COUNT];
	bool escaped[M_COUNT];
};

/* Reads one object; nested values are passed over. False: not one JSON object, or something behind it. */
bool members_collect(struct slice line, struct parse_cache *cache, struct found *f);

#endif
