/* Both ends of a conversation as a number, the same for both directions. Seeded, so that strangers who choose
 * their ports cannot choose collisions. Pure. */
#ifndef TK_SENSOR_PROTO_PACKET_ENDS_H
#define TK_SENSOR_PROTO_PACKET_ENDS_H

#include "core/base/addr.h"

uint32_t ends_hash(uint64_t seed, const struct addr *a, uint16_t a_port, const struct addr *b,
		   uint16_t b_port);

#endif
