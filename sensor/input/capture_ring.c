#include "sensor/input/capture_ring.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "core/base/sys.h"
#include "core/base/zone.h"

/* The kernel writes while we read: each word is read once, into a copy. */
static struct tpacket_block_desc *block_at(const struct capture_ring *r)
{
	return (struct tpacket_block_desc *)(void *)(r->memory + (size_t)r->block * r->block_size);
}

static bool geometry_can_be(uint32_t block_size, uint32_t n_blocks)
{
	return block_size >= CAPTURE_BLOCK_MIN && block_size <= CAPTURE_BLOCK_MAX &&
	       (block_size & (block_size - 1)) == 0 && n_blocks >= 1 && n_blocks <= CAPTURE_BLOCKS_MAX;
}

void capture_ring_over(struct capture_ring *r, uint8_t *memory, uint32_t link_type, uint32_t block_size,
		       uint32_t n_blocks)
{
	*r = (struct capture_ring){ .fd = -1,
				    .memory = memory,
				    .link_type = link_type,
				    .block_size = block_size,
				    .n_blocks = n_blocks };
}

int capture_ring_map(struct capture_ring *r, int fd, uint32_t link_type, uint32_t block_size,
		     uint32_t n_blocks, struct err *e)
{
	void *memory;

	*r = (struct capture_ring){ .fd = -1 };
	if (!geometry_can_be(block_size, n_blocks)) {
		sys_close(fd);
		return err_set(e, TK_EMALFORMED, "a capture ring of %u blocks of %u bytes", n_blocks,
			       block_size);
	}
	memory = mmap(NULL, (size_t)block_size * n_blocks, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED) {
		err_sys(e, "cannot map a capture ring");
		sys_close(fd);
		return TK_EIO;
	}
	capture_ring_over(r, memory, link_type, block_size, n_blocks);
	r->fd = fd;
	return TK_OK;
}

void capture_ring_close(struct capture_ring *r)
{
	if (r->fd >= 0) {
		munmap(r->memory, (size_t)r->block_size * r->n_blocks);
		sys_close(r->fd);
	}
	*r = (struct capture_ring){ .fd = -1 };
}

static void give_back(struct capture_ring *r)
{
	__atomic_store_n(&block_at(r)->hdr.bh1.block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
	r->block = (r->block + 1) % r->n_blocks;
	r->open = false;
}

bool capture_ring_begin(struct capture_ring *r)
{
	struct tpacket_hdr_v1 h;

	if (r->open)
		return true;
	if (r->memory == NULL)
		return false;
	if ((__atomic_load_n(&block_at(r)->hdr.bh1.block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER) == 0)
		return false;
	memcpy(&h, &block_at(r)->hdr.bh1, sizeof h);
	r->open = true;
	r->left = h.num_pkts;
	r->at = h.offset_to_first_pkt;
	r->end = h.blk_len;
	if (r->end > r->block_size || r->at < sizeof(struct tpacket_block_desc)) {
		r->bad += r->left > 0;
		r->left = 0;
	}
	return true;
}

/* The packet at r->at; false when it does not lie within the block. */
static bool take(struct capture_ring *r, struct packet *p)
{
	struct tpacket3_hdr h;
	const uint8_t *base = r->memory + (size_t)r->block * r->block_size;
	uint32_t room;

	if (r->at > r->end || r->end - r->at < sizeof h)
		return false;
	memcpy(&h, base + r->at, sizeof h);
	room = r->end - r->at;
	if (h.tp_mac < sizeof h || h.tp_mac > room || h.tp_snaplen > room - h.tp_mac)
		return false;
	*p = (struct packet){ .ns = (int64_t)h.tp_sec * NS_PER_SEC + h.tp_nsec,
			      .link_type = r->link_type,
			      .wire_len = h.tp_len < h.tp_snaplen ? h.tp_snaplen : h.tp_len,
			      .bytes = slice_of(base + r->at + h.tp_mac, h.tp_snaplen) };
	/* The last one's next is of no matter. Forwards only, so that a block ends. */
	if (r->left > 1 && (h.tp_next_offset < sizeof h || h.tp_next_offset > room)) {
		r->bad += r->left - 1;
		r->left = 1;
	}
	r->at += r->left > 1 ? h.tp_next_offset : 0;
	return true;
}

bool capture_ring_next(struct capture_ring *r, struct packet *p)
{
	if (!r->open)
		return false;
	if (r->left > 0 && take(r, p)) {
		r->left--;
		return true;
	}
	r->bad += r->left;
	give_back(r);
	return false;
}

uint64_t capture_ring_drops(struct capture_ring *r)
{
	struct tpacket_stats_v3 s = { 0 };
	socklen_t n = sizeof s;

	if (r->fd < 0 || getsockopt(r->fd, SOL_PACKET, PACKET_STATISTICS, &s, &n) != 0)
		return 0;
	return s.tp_drops;
}

int capture_ring_error(struct capture_ring *r)
{
	int error = 0;
	socklen_t n = sizeof error;

	if (r->fd < 0 || getsockopt(r->fd, SOL_SOCKET, SO_ERROR, &error, &n) != 0)
		return 0;
	return error;
}
