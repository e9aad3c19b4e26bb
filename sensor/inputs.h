/* What a sensor is told of the configuration before anything else: its options and the names of all inputs.
 * Waits for room in the channel. One thread. */
#ifndef TK_SENSOR_INPUTS_H
#define TK_SENSOR_INPUTS_H

#include "core/base/err.h"
#include "core/config/config.h"

/* TK_ECONFIG: there is no input, or one that nothing can be made of. */
int inputs_check(const struct config *cfg, struct err *e);
/* TK_EEND, TK_EIO, TK_ELIMIT. */
int inputs_tell(const struct config *cfg, int channel, struct err *e);

#endif
