/* Who is at the other end of the control socket, and where the socket lies. */
#ifndef TK_SENSOR_RECORDER_ACTOR_H
#define TK_SENSOR_RECORDER_ACTOR_H

#include <stdbool.h>
#include <stddef.h>

struct sockaddr_un;

/* Login name of a uid, or "uid N". */
void actor_name(unsigned uid, char *out, size_t n);
/* Root, the recorder's own user, and the people whom the administrator put into its group, as the socket's
 * mode says: so that each of them decides and signs under a name of their own. fd: the peer's connection
 * (SO_PEERGROUPS). */
bool actor_may_ask(int fd, unsigned uid, unsigned gid);
/* Address of a path of any length; *folder must stay open while it is used (-1: not needed). 0 or -1. */
int control_address(const char *path, struct sockaddr_un *a, int *folder);

#endif
