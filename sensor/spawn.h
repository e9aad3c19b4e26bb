/* Starts a role of this program as a process of its own. */
#ifndef TK_SENSOR_SPAWN_H
#define TK_SENSOR_SPAWN_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/base/err.h"
#include "sensor/confine/confine.h"

/* fork, and exec of /proc/self/exe as `tochoku --role ROLE [-c FILE]`, the channel on ROLE_FD, standard
 * input from /dev/null, no signal blocked. The channel stays the caller's. `death` is sent to the role
 * when the calling thread ends, however it ends. `user`: who it is from its first instruction; NULL: the
 * caller. -1 with text. */
pid_t role_spawn(const char *role, const char *config_file, int channel, int death,
		 const struct confine_user *user, struct err *e);
/* A SEQPACKET (channel) or STREAM (batches, with large buffers) pair, close-on-exec. */
int role_channel(int fds[2], struct err *e);
int role_batch_pair(int fds[2], struct err *e);
void role_nonblock(int fd);

#endif
