/* Opens network interfaces for capturing: filtered, bounded and locked before the first packet, so that the
 * socket can be handed to a process that may open nothing. The supervisor's side; the only place of libpcap,
 * which compiles filters. Linux packet(7), TPACKET_V3. Errors say what to do. Not for several threads. */
#ifndef TK_SENSOR_INPUT_CAPTURE_OPEN_H
#define TK_SENSOR_INPUT_CAPTURE_OPEN_H

#include "core/base/err.h"
#include "core/base/slice.h"

#define CAPTURE_BLOCK (1u << 20) /* bytes of a block of the ring */
#define CAPTURE_RETIRE_MS 50	 /* a block that is not full is handed over after this */
#define CAPTURE_ANY "any"	 /* all interfaces at once */

enum capture_link { /* LINKTYPE_ numbers (tcpdump.org/linktypes.html) */
		    CAPTURE_LINK_ETHERNET = 1,
		    CAPTURE_LINK_RAW = 101 /* begins with the IP header */
};

struct capture_want {
	const char *interface, *filter;
	uint32_t snaplen; /* bytes of each packet */
	uint64_t ring;	  /* bytes; whole blocks of it */
	bool promiscuous;
};

struct capture_socket {
	int fd;
	int index; /* of the interface; 0: any. A name that comes back has another one */
	uint32_t link_type, block_size, n_blocks;
};

/* TK_ENOTFOUND: no such interface now, or it is down. TK_ECONFIG: the filter. TK_EIO: no right
 * (capture_allowed tells it from the rest), no memory for the ring, an old kernel. */
int capture_open(const struct capture_want *want, struct capture_socket *out, struct err *e);
/* May this process capture at all? TK_EIO with what to do. */
int capture_allowed(struct err *e);
/* TK_OK, or TK_ECONFIG with libpcap's reason. */
int capture_filter_check(const char *filter, struct err *e);

struct capture_interface {
	int index;	/* 0: there is none of this name */
	bool up;	/* administratively up, with a carrier */
	uint64_t drops; /* rx_missed_errors and rx_dropped, of the card and its driver */
};
/* As it is now. CAPTURE_ANY is always up. */
void capture_interface(const char *name, struct capture_interface *out);

#endif
