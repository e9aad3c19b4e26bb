/* A JSON log whose members the operator names: "json:time=ts,client=a.b,client=c", a meaning (meanings.def)
 * and the path of a member (paths.h) each; of several paths of one meaning the first that has a value counts.
 */
#ifndef TK_SENSOR_GATEWAY_JSON_FIELDS_H
#define TK_SENSOR_GATEWAY_JSON_FIELDS_H

#include "core/base/err.h"
#include "sensor/gateway/json_log.h"

/* Is it such a text, or "json" alone, which lacks its fields? */
bool is_fields(struct slice text);
/* NULL with TK_ECONFIG or TK_ENOMEM. Free with free(). */
struct log_format *fields_compile(struct slice text, struct err *e);
/* The same, for the problems alone. */
int fields_check(struct slice text, struct err *e);
/* 90 where the line has a time and tells of a call. */
int fields_detect(const struct json_log *l, struct slice line);
/* The names of meanings. */
const char *const *fields_names(size_t *n);

#endif
