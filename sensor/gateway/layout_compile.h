/* An operator's own text format: nginx's log_format or Apache's LogFormat, as it stands in their
 * configuration, made into a log_format whose layout it is. */
#ifndef TK_SENSOR_GATEWAY_LAYOUT_COMPILE_H
#define TK_SENSOR_GATEWAY_LAYOUT_COMPILE_H

#include "sensor/gateway/layout.h"

#define PATTERN_MAX 4096 /* bytes */

/* Is this a pattern at all, and no format's name? It has a $variable or a %directive. */
bool is_pattern(struct slice text);
/* NULL with TK_ECONFIG and *at, the byte of the pattern that is wrong, or with TK_ENOMEM. Free with free().
 */
struct log_format *pattern_compile(struct slice pattern, size_t *at, struct err *e);
/* The same, for the problems alone. */
int pattern_check(struct slice pattern, size_t *at, struct err *e);
/* The value of a header of the request, or of the answer, behind a literal. */
struct piece header_value(const char *before, struct slice name, bool answered);

#endif
