#include "sensor/proto/packet/ends.h"

#include "core/base/hash.h"

/* The lower end comes first. */
uint32_t ends_hash(uint64_t seed, const struct addr *a, uint16_t a_port, const struct addr *b,
		   uint16_t b_port)
{
	uint8_t in[36];
	int order = memcmp(a->b, b->b, sizeof a->b);
	bool a_first = order < 0 || (order == 0 && a_port <= b_port);

	memcpy(in, a_first ? a : b, 16);
	memcpy(in + 16, a_first ? b : a, 16);
	memcpy(in + 32, a_first ? &a_port : &b_port, 2);
	memcpy(in + 34, a_first ? &b_port : &a_port, 2);
	return (uint32_t)hash64(slice_of(in, sizeof in), seed);
}
