/* Any bytes as a block of a capture ring: packets lie within it, and it ends. */
#include <linux/if_packet.h>
#include <stdlib.h>

#include "sensor/input/capture_ring.h"

#define BLOCK 4096u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *memory = aligned_alloc(BLOCK, BLOCK); /* just one block: what is behind it is seen */
	struct tpacket_block_desc *b = (struct tpacket_block_desc *)(void *)memory;
	struct capture_ring r;
	struct packet p;
	size_t n = 0;

	if (memory == NULL)
		return 0;
	memset(memory, 0, BLOCK);
	memcpy(memory, data, size < BLOCK ? size : BLOCK);
	b->hdr.bh1.block_status |= TP_STATUS_USER;
	capture_ring_over(&r, memory, 1, BLOCK, 1);
	while (capture_ring_begin(&r))
		while (capture_ring_next(&r, &p)) {
			for (size_t i = 0; i < p.bytes.n; i++)
				n += p.bytes.p[i];
			if (p.bytes.p < memory || p.bytes.p + p.bytes.n > memory + BLOCK ||
			    p.wire_len < p.bytes.n)
				abort();
		}
	free(memory);
	return n == SIZE_MAX;
}
