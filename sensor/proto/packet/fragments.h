/* IP datagrams put back together from fragments (RFC 791 3.2, RFC 8200 4.5), from any order. All memory is
 * taken at birth; time is packet time. One thread.
 *
 * Where IPv4 fragments overlap with different content the first captured wins, and what is refused is
 * counted as LOSS_OVERLAP. An IPv6 datagram with overlapping fragments is dropped (RFC 5722), exact copies
 * apart. LOSS_FRAGMENT counts fragments of datagrams given up: FRAGMENTS_WAIT_NS old and not whole, too many
 * at a time (the oldest goes), dropped, or waiting when the capture ended. What surely held no TCP is not
 * counted: plain UDP, ICMP. A copy of a fragment may come up to FRAGMENTS_ECHO_NS after its datagram was
 * whole; it opens none. */
#ifndef TK_SENSOR_PROTO_PACKET_FRAGMENTS_H
#define TK_SENSOR_PROTO_PACKET_FRAGMENTS_H

#include "core/event/loss.h"
#include "sensor/proto/packet/frame.h"

#define FRAGMENTS_WAIT_NS (INT64_C(30) * 1000000000) /* from the first that came */
#define FRAGMENTS_ECHO_NS INT64_C(1000000000)
#define FRAGMENTS_BLOCK 1024

struct fragments_limits {
	uint32_t datagrams; /* at a time, at least 2 */
	uint32_t blocks;    /* of FRAGMENTS_BLOCK bytes, all datagrams together, at least 64 */
};
#define FRAGMENTS_LIMITS_DEFAULT { 256, 3800 } /* 4 MiB */

struct fragments;
/* NULL: no memory. `losses` is the caller's. */
struct fragments *fragments_new(const struct fragments_limits *limits, struct losses *losses);
void fragments_free(struct fragments *f); /* NULL is legal */
/* True: `frag` made its datagram whole; `whole` borrows from `f` until the next call, which may get a
 * fragment that lies in it. `whole` and `frag` may be the same. */
bool fragments_add(struct fragments *f, const struct fragment *frag, int64_t ns, struct fragment *whole);
/* Packet time has come this far. Called by fragments_add itself. */
void fragments_time(struct fragments *f, int64_t ns);
/* The capture is over. */
void fragments_finish(struct fragments *f);
size_t fragments_waiting(const struct fragments *f); /* datagrams that are not whole */
size_t fragments_blocks(const struct fragments *f);  /* in use */

#endif
