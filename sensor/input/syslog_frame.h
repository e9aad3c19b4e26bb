/* Messages out of the bytes of a TCP connection that carries syslog (RFC 6587): counted octets (3.4.1), or up
 * to a line feed or NUL (3.4.2). Each message is told apart for itself, since some senders mix. Pure; nothing
 * is copied. */
#ifndef TK_SENSOR_INPUT_SYSLOG_FRAME_H
#define TK_SENSOR_INPUT_SYSLOG_FRAME_H

#include "core/base/slice.h"

#define SYSLOG_MESSAGE_MAX (64u << 10) /* bytes of a message; a longer one is passed over and counted */

enum syslog_found {
	SYSLOG_MORE,	 /* no whole message: there may be one with more bytes */
	SYSLOG_MESSAGE,	 /* `text` is one, without its frame and the line ends behind it; it may be empty */
	SYSLOG_TOO_LONG, /* `text` is its beginning; `size` bytes of it are to be passed over */
	SYSLOG_CUT,	 /* at the end of the connection: `text` is what there is of a counted message */
};

struct syslog_frame {
	enum syslog_found found;
	struct slice text;
	bool to_line_end; /* of SYSLOG_TOO_LONG: what follows `size` belongs to it, up to the next line feed
			     or NUL */
	uint64_t size; /* bytes that it takes of the connection; of SYSLOG_TOO_LONG more than were handed in,
			  perhaps */
};

/* The first message of `in`, where a message begins. `last`: the connection has ended behind `in`. With
 * SYSLOG_MESSAGE_MAX + 16 bytes or more, or `last` and any, it is not SYSLOG_MORE. */
void syslog_frame(struct slice in, bool last, struct syslog_frame *out);
/* A datagram's text (RFC 5426, one message each): without line ends and NULs behind it. */
struct slice syslog_datagram(struct slice in);

#endif
