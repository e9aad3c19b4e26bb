/* The first byte picks a link type, the second how much the snap length took away; the rest is a packet. Cut,
 * it says the same as whole, or that it was cut. */
#include <stdlib.h>

#include "sensor/proto/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const uint32_t links[] = {
#define LINK(number, reader) number,
#include "sensor/proto/link.def"
#undef LINK
	147 /* none */
};

static void require(bool good)
{
	if (!good)
		abort();
}

static void compare(const struct segment *whole, const struct segment *cut)
{
	require(addr_eq(&whole->src, &cut->src) && addr_eq(&whole->dst, &cut->dst));
	require(whole->sport == cut->sport && whole->dport == cut->dport && whole->seq == cut->seq);
	require(whole->ack == cut->ack && whole->flags == cut->flags);
	require(whole->payload_len == cut->payload_len);
	require(cut->payload.n <= whole->payload.n && slice_starts(whole->payload, cut->payload));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct segment whole, cut;
	enum frame_verdict v, w;
	struct slice packet, head;
	uint8_t *exact;

	if (n < 2)
		return 0;
	packet = slice_of(data + 2, n - 2);
	v = frame_parse(links[data[0] % COUNT(links)], packet, (uint32_t)packet.n, &whole);
	require(v <= FRAME_CUT);
	if (v == FRAME_TCP) {
		require(whole.payload.n <= whole.payload_len && whole.payload.n <= packet.n);
		require(whole.payload.p >= packet.p);
		require(whole.payload.p + whole.payload.n <= packet.p + packet.n);
	}
	head = slice_head(packet, packet.n - packet.n * data[1] / 255);
	exact = malloc(head.n + 1);
	require(exact != NULL);
	memcpy(exact + 1, head.p, head.n);
	w = frame_parse(links[data[0] % COUNT(links)], slice_of(exact + 1, head.n), (uint32_t)packet.n, &cut);
	require(w == v || w == FRAME_CUT);
	if (w == FRAME_TCP)
		compare(&whole, &cut);
	free(exact);
	return 0;
}
