/* "udp://192.0.2.5:514", "tcp://[2001:db8::5]:601": where something is sent. An address, never a name: nobody
 * is asked for one. Pure; any thread. */
#ifndef TK_BASE_ENDPOINT_H
#define TK_BASE_ENDPOINT_H

#include "core/base/addr.h"

struct endpoint {
	bool tcp;
	struct addr ip;
	uint16_t port;
};
bool endpoint_parse(struct slice text, struct endpoint *out);

#endif
