/* What the service manager is told of the recorder (sd_notify(3)): that it is ready once what the sensor sent
 * is durable, and that it works while commits return. */
#ifndef TK_SENSOR_RECORDER_ALIVE_H
#define TK_SENSOR_RECORDER_ALIVE_H

#include <stdbool.h>
#include <stdint.h>

struct alive {
	int fd;          /* -1: nobody listens */
	int64_t told_ns; /* monotonic */
	bool fed, ready; /* a batch of the sensor came; READY was said */
	const char *status; /* said last */
};

/* Behind each commit. */
void alive_committed(struct alive *a);
/* While nothing can be committed, and that is known and told. */
void alive_counting(struct alive *a);

#endif
