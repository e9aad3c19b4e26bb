/* The members of a flat JSON log line, by what they say. Operators choose the names, so nginx_json.def lists
 * those that are understood. */
#ifndef TK_SENSOR_GATEWAY_MEMBERS_H
#define TK_SENSOR_GATEWAY_MEMBERS_H

#include "sensor/gateway/found.h"

/* Reads one object; nested values are passed over. False: not one JSON object, or something behind it. */
bool members_collect(struct slice line, struct parse_cache *cache, struct found *f);

#endif
