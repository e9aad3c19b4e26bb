/* The supervisor's eye on the sockets of inputs.syslog: opens them, accepts connections, and hands
 * descriptors to the sensor. It keeps its own, so that what a sensor has not taken out of a socket waits for
 * the next one; it reads nothing of them. Trouble is told once on standard error. One thread. */
#ifndef TK_SENSOR_WATCH_SYSLOG_H
#define TK_SENSOR_WATCH_SYSLOG_H

#include <poll.h>

#include "core/config/config.h"
#include "sensor/options.h"

#define SYSLOG_CONNECTIONS_MAX 64 /* of all inputs together; of more, one that was silent for long is ended */

struct syslog_watch;
/* The configuration is borrowed until the next reconfigure. NULL: no memory. */
struct syslog_watch *syslog_watch_new(const struct config *cfg);
void syslog_watch_free(struct syslog_watch *w);
/* A new configuration: sockets that it still has stay open, and so do their connections. */
void syslog_watch_reconfigure(struct syslog_watch *w, const struct config *cfg);
/* A new sensor has none of them. */
void syslog_watch_restart(struct syslog_watch *w);

/* Opens what is not open. */
void syslog_watch_look(struct syslog_watch *w, int64_t mono);
/* The listening sockets to be waited for; how many. */
size_t syslog_watch_poll(const struct syslog_watch *w, struct pollfd polled[SYSLOG_MAX]);
/* Takes in connections that wait. True: there is something to hand in. */
bool syslog_watch_accept(struct syslog_watch *w);
/* The sensor has read this one to its end. */
void syslog_watch_done(struct syslog_watch *w, uint64_t connection);

/* What the sensor is to be told next; the descriptor stays the watch's, -1: none. False: nothing. */
bool syslog_watch_next(struct syslog_watch *w, struct role_syslog_socket *s, int *fd);
/* What `next` gave has been sent. */
void syslog_watch_sent(struct syslog_watch *w);

#endif
