/* One captured packet, from a ring or a file. */
#ifndef TK_SENSOR_INPUT_PACKET_H
#define TK_SENSOR_INPUT_PACKET_H

#include "core/base/slice.h"

struct packet {
	int64_t ns;          /* since 1970 UTC */
	uint32_t link_type;  /* LINKTYPE_ number */
	uint32_t wire_len;   /* before the snap length */
	struct slice bytes;  /* borrowed until the next packet is asked for */
};

#endif
