/* What other programs put around a gateway's line on its way: syslog (RFC 3164, RFC 5424, and as rsyslog
 * writes both to files), Docker's json-file driver, and CRI (containerd, CRI-O). The last two cut long lines
 * into pieces. Pure functions. */
#ifndef TK_SENSOR_GATEWAY_FRAMING_H
#define TK_SENSOR_GATEWAY_FRAMING_H

#include "sensor/fields/context.h"

struct framed {
	struct slice text; /* the gateway's own line; borrows the line or the scratch */
	int64_t time; /* ns, when it was written; 0: the frame does not say (RFC 3164 knows neither year nor
			 zone) */
};

/* Takes all frames off. False: there is none, or the scratch has no room for the line. */
bool frame_open(struct slice line, struct scratch *s, struct framed *out);
/* A piece of Docker or CRI that the next line goes on with. Cheap for all other lines. */
bool frame_continues(struct slice line);

#endif
