/* The first byte picks a link type, the second how much the snap length took away, the third how it is cut
 * into fragments; the rest is a packet. Cut by the snap length, it says the same as whole, or that it was
 * cut. As what IP carries, in fragments that come in another order, it says the same as in one packet. */
#include <stdlib.h>

#include "sensor/proto/packet/fragments.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const uint32_t links[] = {
#define LINK(number, reader) number,
#include "sensor/proto/packet/link.def"
#undef LINK
	147 /* none */
};

static const uint8_t protocols[] = { 6, 17, 4, 41, 47, 97, 137 };

#define RAW 101
#define HEADER 20
#define WHOLE_MAX 4096
#define PIECES_MAX (WHOLE_MAX / 8 + 1)

static void require(bool good)
{
	if (!good)
		abort();
}

static bool within(struct slice part, struct slice whole)
{
	return part.p >= whole.p && part.p + part.n <= whole.p + whole.n;
}

static void check(enum frame_verdict v, const struct segment *s, const struct fragment *f,
		  struct slice packet)
{
	require(v <= FRAME_CUT);
	if (v == FRAME_TCP || v == FRAME_UDP)
		require(s->payload.n <= s->payload_len && within(s->payload, packet));
	if (v == FRAME_FRAGMENT)
		require(f->bytes.n > 0 && within(f->bytes, packet) && f->offset % 8 == 0 &&
			f->offset + f->bytes.n <= FRAGMENT_END_MAX && (!f->more || f->bytes.n % 8 == 0) &&
			(f->more || f->offset > 0));
}

static void compare(const struct segment *whole, const struct segment *cut)
{
	require(addr_eq(&whole->src, &cut->src) && addr_eq(&whole->dst, &cut->dst));
	require(whole->sport == cut->sport && whole->dport == cut->dport && whole->seq == cut->seq);
	require(whole->ack == cut->ack && whole->flags == cut->flags);
	require(whole->payload_len == cut->payload_len);
	require(cut->payload.n <= whole->payload.n && slice_starts(whole->payload, cut->payload));
}

static void snap(uint32_t link, struct slice packet, uint8_t away)
{
	struct slice head = slice_head(packet, packet.n - packet.n * away / 255);
	struct segment whole, cut;
	struct fragment f, g;
	enum frame_verdict v = frame_parse(link, packet, (uint32_t)packet.n, &whole, &f), w;
	uint8_t *exact = malloc(head.n + 1);

	check(v, &whole, &f, packet);
	require(exact != NULL);
	memcpy(exact + 1, head.p, head.n);
	w = frame_parse(link, slice_of(exact + 1, head.n), (uint32_t)packet.n, &cut, &g);
	require(w == v || w == FRAME_CUT);
	if (w == FRAME_TCP || w == FRAME_UDP)
		compare(&whole, &cut);
	if (w == FRAME_FRAGMENT)
		require(slice_eq(f.bytes, g.bytes) && f.offset == g.offset && f.id == g.id &&
			f.more == g.more);
	free(exact);
}

static void header(uint8_t *p, size_t n, uint8_t protocol, size_t offset, bool more)
{
	static const uint8_t rest[] = { 10, 0, 0, 1, 10, 0, 0, 2 };
	size_t where = offset / 8 + (more ? 0x2000 : 0);

	memset(p, 0, HEADER);
	p[0] = 0x45;
	p[2] = (uint8_t)((HEADER + n) >> 8);
	p[3] = (uint8_t)(HEADER + n);
	p[6] = (uint8_t)(where >> 8);
	p[7] = (uint8_t)where;
	p[9] = protocol;
	memcpy(p + 12, rest, sizeof rest);
}

/* Piece k of `step` bytes, as a packet of its own. */
static bool piece(struct fragments *pool, struct slice carried, uint8_t protocol, size_t k, size_t step,
		  struct fragment *whole)
{
	uint8_t p[HEADER + WHOLE_MAX];
	struct slice bytes = slice_head(slice_from(carried, k * step), step);
	struct segment s;

	header(p, bytes.n, protocol, k * step, k * step + bytes.n < carried.n);
	memcpy(p + HEADER, bytes.p, bytes.n);
	require(frame_parse(RAW, slice_of(p, HEADER + bytes.n), 0, &s, whole) == FRAME_FRAGMENT);
	return fragments_add(pool, whole, 1, whole);
}

static void fragment(struct slice carried, uint8_t how)
{
	const struct fragments_limits limits = { 2, 64 };
	struct losses losses = { 0 };
	uint8_t p[HEADER + WHOLE_MAX], protocol = protocols[how % COUNT(protocols)];
	size_t step = 8 * (1 + how % 13u), pieces = (carried.n + step - 1) / step, told = 0;
	struct fragment f, whole;
	struct segment one, other;
	enum frame_verdict v, w;
	struct fragments *pool;

	if (pieces < 2 || carried.n > WHOLE_MAX)
		return;
	header(p, carried.n, protocol, 0, false);
	memcpy(p + HEADER, carried.p, carried.n);
	v = frame_parse(RAW, slice_of(p, HEADER + carried.n), 0, &one, &f);
	pool = fragments_new(&limits, &losses);
	require(pool != NULL);
	for (size_t i = 0; i < pieces; i++) /* 7919 is a prime, and more than there are pieces */
		if (piece(pool, carried, protocol, (i * 7919 + how) % pieces, step, &f)) {
			told++;
			whole = f;
		}
	require(told == 1 && slice_eq(whole.bytes, carried) && losses.of[LOSS_FRAGMENT].n == 0);
	w = frame_parse_whole(&whole, &other, &f);
	check(w, &other, &f, whole.bytes);
	require(w == v);
	if (w == FRAME_TCP || w == FRAME_UDP)
		compare(&one, &other);
	fragments_free(pool);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct slice packet;

	if (n < 3)
		return 0;
	packet = slice_of(data + 3, n - 3);
	snap(links[data[0] % COUNT(links)], packet, data[1]);
	fragment(packet, data[2]);
	return 0;
}
