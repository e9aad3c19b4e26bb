/* Logs that say themselves what is in their lines: "#Fields: date time c-ip ..." (W3C extended log file
 * format). Values have a tab between them, as CloudFront writes them. */
#ifndef TK_SENSOR_GATEWAY_W3C_H
#define TK_SENSOR_GATEWAY_W3C_H

#include "sensor/gateway/layout.h"

/* Is it one of the "#..." lines at all? *next is then the format that it tells of, for log_format_close, or
 * NULL: it tells of none, or there is no memory. */
bool w3c_header(struct slice line, const struct log_format **next);

#endif
