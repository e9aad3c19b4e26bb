/* The ring of an opened capture (capture_open.h): blocks of packets, filled by the kernel and handed back.
 * Nothing is copied, and no system call is made for a packet. What the ring says of itself is checked against
 * its bounds. One thread. */
#ifndef TK_SENSOR_INPUT_CAPTURE_RING_H
#define TK_SENSOR_INPUT_CAPTURE_RING_H

#include "core/base/err.h"
#include "sensor/input/packet.h"

#define CAPTURE_BLOCK_MIN 4096u
#define CAPTURE_BLOCK_MAX (16u << 20)
#define CAPTURE_BLOCKS_MAX 4096u

struct capture_ring {
	int fd; /* -1: memory of a test */
	uint8_t *memory;
	uint32_t link_type, block_size, n_blocks;
	uint32_t block;		/* the next to be read, or being read */
	uint32_t left, at, end; /* packets left in it, where the next begins, where its packets end */
	bool open;
	uint64_t bad; /* packets and blocks whose places make no sense; the reader takes and zeroes it */
};

/* Maps the ring of a handed-in socket, which is taken over also when it fails. TK_EMALFORMED: a geometry that
 * cannot be; TK_EIO. */
int capture_ring_map(struct capture_ring *r, int fd, uint32_t link_type, uint32_t block_size,
		     uint32_t n_blocks, struct err *e);
/* Over memory that is the caller's. */
void capture_ring_over(struct capture_ring *r, uint8_t *memory, uint32_t link_type, uint32_t block_size,
		       uint32_t n_blocks);
void capture_ring_close(struct capture_ring *r);

/* Is there a block to be read? Then it is being read. */
bool capture_ring_begin(struct capture_ring *r);
/* The next packet of the block. False: that was all; the block is the kernel's again, and the packets with
 * it. */
bool capture_ring_next(struct capture_ring *r, struct packet *p);
/* Packets dropped since the last call because the ring was full. */
uint64_t capture_ring_drops(struct capture_ring *r);
/* What poll's POLLERR means, which ends with it: 0, or an errno such as ENETDOWN. */
int capture_ring_error(struct capture_ring *r);

#endif
