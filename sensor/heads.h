/* Tells syslog collectors of the trail's live head: at every seal and every 15 minutes (audit-trail.md 5.3).
 * A process of its own, since neither supervisor, sensor nor recorder may have a network: it asks the
 * recorder through its socket, which answers when all of it is on disk. */
#ifndef TK_SENSOR_HEADS_H
#define TK_SENSOR_HEADS_H

#include "core/config/config.h"

/* Once, to every collector, with a recorder running or not. TK_EIO: not every one of them was told. */
int heads_send(const struct config *cfg, struct err *e);
/* Until it is killed; confined first, so nothing is read again. Of a recorder that does not run it waits for
 * the next. Errors are those of the beginning. */
int heads_follow(const struct config *cfg, struct err *e);

#endif
