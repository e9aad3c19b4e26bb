/* Rings of captured packets in memory: blocks in turn, packets as they are, and whatever a ring says of
 * itself that cannot be. */
#include <linux/if_packet.h>
#include <stdlib.h>

#include "core/base/zone.h"
#include "sensor/input/capture_ring.h"
#include "tests/lib/tap.h"

#define BLOCK 4096u
#define BLOCKS 3u

struct bench {
	uint8_t *memory;
	struct capture_ring ring;
};

static struct tpacket_block_desc *block(const struct bench *b, unsigned i)
{
	return (struct tpacket_block_desc *)(void *)(b->memory + (size_t)i * BLOCK);
}

static struct tpacket3_hdr *header(const struct bench *b, unsigned i, uint32_t at)
{
	return (struct tpacket3_hdr *)(void *)(b->memory + (size_t)i * BLOCK + at);
}

/* A block as the kernel fills it: n packets of 100 bytes, the first byte their number. */
static void fill(const struct bench *b, unsigned i, uint32_t n)
{
	uint32_t at = 48;

	memset(b->memory + (size_t)i * BLOCK, 0, BLOCK);
	for (uint32_t k = 0; k < n; k++, at += 200) {
		struct tpacket3_hdr *h = header(b, i, at);

		*h = (struct tpacket3_hdr){ .tp_next_offset = k + 1 < n ? 200 : 0,
					    .tp_sec = 1000 + k,
					    .tp_nsec = 7,
					    .tp_snaplen = 100,
					    .tp_len = 100 + k,
					    .tp_mac = 82 };
		b->memory[(size_t)i * BLOCK + at + 82] = (uint8_t)k;
	}
	block(b, i)->hdr.bh1.num_pkts = n;
	block(b, i)->hdr.bh1.offset_to_first_pkt = 48;
	block(b, i)->hdr.bh1.blk_len = at;
	block(b, i)->hdr.bh1.block_status = TP_STATUS_USER | TP_STATUS_BLK_TMO;
}

static void bench_new(struct bench *b)
{
	b->memory = aligned_alloc(BLOCK, BLOCKS * BLOCK);
	memset(b->memory, 0, BLOCKS * BLOCK);
	capture_ring_over(&b->ring, b->memory, 1, BLOCK, BLOCKS);
}

/* Reads what is there; the packets that were sound. */
static int drain(struct bench *b)
{
	struct packet p;
	int n = 0, sum = 0;

	while (n < 10000 && capture_ring_begin(&b->ring))
		while (n < 10000 && capture_ring_next(&b->ring, &p)) {
			n++;
			for (size_t k = 0; k < p.bytes.n; k++) /* the sanitizer watches */
				sum += p.bytes.p[k];
		}
	return sum < 0 ? -1 : n;
}

static void test_order(void)
{
	struct bench b;
	struct packet p;
	int bad = 0;

	bench_new(&b);
	ok(!capture_ring_begin(&b.ring), "nothing yet");
	ok(!capture_ring_next(&b.ring, &p), "nor a packet");
	fill(&b, 0, 5);
	fill(&b, 1, 2);
	ok(capture_ring_begin(&b.ring), "a block");
	for (unsigned k = 0; k < 5; k++)
		bad += !capture_ring_next(&b.ring, &p) || p.bytes.p[0] != k || p.bytes.n != 100 ||
		       p.wire_len != 100 + k || p.ns != (1000 + k) * NS_PER_SEC + 7 || p.link_type != 1;
	ok_int(bad, 0, "its packets, in order");
	ok((block(&b, 0)->hdr.bh1.block_status & TP_STATUS_USER) != 0, "which is ours until all were read");
	ok(!capture_ring_next(&b.ring, &p), "that was all");
	ok_int(block(&b, 0)->hdr.bh1.block_status, TP_STATUS_KERNEL, "and the kernel's again");
	ok_int(drain(&b), 2, "then the next one");
	fill(&b, 2, 3);
	fill(&b, 0, 1);
	ok_int(drain(&b), 4, "and round");
	fill(&b, 1, 0);
	fill(&b, 2, 1);
	ok_int(drain(&b), 1, "an empty block too");
	ok_int((int64_t)b.ring.bad, 0, "nothing was wrong");
	free(b.memory);
}

static const struct {
	const char *name;
	size_t at; /* of the 32-bit member in the block */
	uint32_t value;
	int sound; /* packets of 4 that are read */
} rows[] = {
#define HEAD(m) offsetof(struct tpacket_block_desc, hdr.bh1.m)
#define SECOND(m) 48 + 200 + offsetof(struct tpacket3_hdr, m)
	{ "a length beyond the block", HEAD(blk_len), BLOCK + 1, 0 },
	{ "no length", HEAD(blk_len), 0, 0 },
	{ "a length that ends in the second packet", HEAD(blk_len), 48 + 200 + 181, 1 },
	{ "a first packet in the head", HEAD(offset_to_first_pkt), 0, 0 },
	{ "a first packet outside", HEAD(offset_to_first_pkt), 0xfffffff0, 0 },
	{ "more packets than there are", HEAD(num_pkts), 0xffffffff, 4 },
	{ "bytes outside", SECOND(tp_mac), 0xffffffff, 1 },
	{ "bytes in the header", SECOND(tp_mac), 8, 1 },
	{ "bytes to beyond the end", SECOND(tp_snaplen), BLOCK, 1 },
	{ "bytes to beyond the address space", SECOND(tp_snaplen), 0xffffffff, 1 },
	{ "the next packet is the same", SECOND(tp_next_offset), 0, 2 },
	{ "the next packet is inside", SECOND(tp_next_offset), 16, 2 },
	{ "the next packet is outside", SECOND(tp_next_offset), BLOCK, 2 },
	{ "the next packet is before", SECOND(tp_next_offset), (uint32_t)-200, 2 },
};

static void test_hostile(void)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct bench b;

		bench_new(&b);
		fill(&b, 0, 4);
		memcpy(b.memory + rows[i].at, &rows[i].value, sizeof rows[i].value);
		ok_int(drain(&b), rows[i].sound, rows[i].name);
		ok(b.ring.bad > 0, "counted");
		fill(&b, 1, 2);
		ok_int(drain(&b), 2, "and the next block is read");
		free(b.memory);
	}
}

/* Every word of a block turned over, one at a time. */
static void test_damage(void)
{
	struct bench b;
	int most = 0;

	for (size_t at = 0; at + 4 <= 48 + 4 * 200; at += 4) {
		uint32_t word;
		int n;

		bench_new(&b);
		fill(&b, 0, 4);
		memcpy(&word, b.memory + at, 4);
		word = ~word;
		memcpy(b.memory + at, &word, 4);
		n = drain(&b);
		most = n > most ? n : most;
		free(b.memory);
	}
	ok(most <= 4, "no damage makes packets");
}

static void test_geometry(void)
{
	struct capture_ring r;
	struct err e;

	ok_int(capture_ring_map(&r, -1, 1, 5000, 2, &e), TK_EMALFORMED, "a block size that cannot be");
	ok_int(capture_ring_map(&r, -1, 1, 4096, 0, &e), TK_EMALFORMED, "no blocks");
	ok_int(capture_ring_map(&r, -1, 1, 4096, 1u << 30, &e), TK_EMALFORMED, "too many");
	ok(!capture_ring_begin(&r), "and there is nothing to read");
	ok_int((int64_t)capture_ring_drops(&r), 0, "nor was anything dropped");
	capture_ring_close(&r);
}

int main(void)
{
	test_order();
	test_hostile();
	test_damage();
	test_geometry();
	return tap_done();
}
