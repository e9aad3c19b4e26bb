/* Tells a service manager how it stands: the datagrams of sd_notify(3), without its library. */
#ifndef TK_BASE_NOTIFY_H
#define TK_BASE_NOTIFY_H

#include "core/base/err.h"

/* A socket to $NOTIFY_SOCKET, or -1 where nobody asked. The caller closes it. */
int notify_open(void);
/* "READY=1", "WATCHDOG=1", ...; several are lines. Never waits, and nothing happens with -1. */
void notify_send(int fd, const char *fmt, ...) TK_PRINTF(2, 3);

#endif
