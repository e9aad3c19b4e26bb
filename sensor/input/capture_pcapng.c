/* pcapng (draft-ietf-opsawg-pcapng): blocks of type, length, body, and the length once more. A section header
 * begins a section, with a byte order and interfaces of its own. */
#include <inttypes.h>

#include "sensor/input/capture_state.h"

#define INTERFACE_BLOCK 1u
#define OLD_PACKET_BLOCK 2u
#define SIMPLE_PACKET_BLOCK 3u
#define ENHANCED_PACKET_BLOCK 6u
#define SECRETS_BLOCK 10u
#define SECRETS_TLS 0x544c534bu /* NSS key log */
#define SECTION_BLOCK 0x0a0d0d0au
#define ORDER_MAGIC 0x1a2b3c4du

#define OPTION_END 0
#define OPTION_RESOLUTION 9 /* if_tsresol */
#define OPTION_OFFSET 14    /* if_tsoffset */

#define WRAPPING 12u /* bytes of a block without its body */
#define BEYOND "a packet of %" PRIu32 " bytes in a block of %" PRIu32

/* The bytes that were looked at are done with; the rest is passed over up to the length at its end. */
static void leave_block(struct capture_file *c, uint32_t length)
{
	c->skip = length - 4 - c->peeked;
	c->length = length;
	capture_take(c);
}

/* TK_OK: the next block begins here. */
static int end_block(struct capture_file *c, struct err *e)
{
	size_t n = c->skip < c->chunk.n ? (size_t)c->skip : c->chunk.n;
	const uint8_t *h;

	c->chunk = slice_from(c->chunk, n);
	c->offset += n;
	c->skip -= n;
	if (c->skip > 0)
		return TK_AGAIN;
	h = capture_peek(c, 4);
	if (h == NULL)
		return TK_AGAIN;
	if (capture_u32(c, h) != c->length)
		return capture_broken(c, e, "a block of %" PRIu32 " bytes that ends with the length %" PRIu32,
				      c->length, capture_u32(c, h));
	capture_take(c);
	c->length = 0;
	return TK_OK;
}

/* Type, length, byte order, version, length of the section: which is not needed. */
static int begin_section(struct capture_file *c, struct err *e)
{
	const uint8_t *h = capture_peek(c, 24);
	uint32_t length;

	if (h == NULL)
		return TK_AGAIN;
	c->big = h[8] == 0x1a;
	if (capture_u32(c, h + 8) != ORDER_MAGIC)
		return capture_broken(c, e, "a section header without byte order");
	if (capture_u16(c, h + 12) != 1)
		return capture_broken(c, e, "pcapng version %u, where only 1 is read",
				      capture_u16(c, h + 12));
	length = capture_u32(c, h + 4);
	if (length < 28 || length % 4 != 0)
		return capture_broken(c, e, "a section header of %" PRIu32 " bytes", length);
	c->interfaces_n = 0;
	leave_block(c, length);
	return TK_OK;
}

static uint64_t power_of_ten(unsigned n)
{
	uint64_t v = 1;

	while (n-- > 0)
		v *= 10;
	return v;
}

/* if_tsresol: units of 10^-v seconds, or with the highest bit set of 2^-v. */
static void set_resolution(struct capture_interface *i, uint8_t v)
{
	i->mul = 1;
	i->div = 1;
	i->shift = 0;
	if ((v & 0x80) != 0) {
		i->mul = 1000000000;
		i->shift = v & 0x7f;
	} else if (v <= 9) {
		i->mul = power_of_ten(9 - v);
	} else if (v - 9 <= 19) {
		i->div = power_of_ten(v - 9u);
	} else {
		i->mul = 0; /* so fine that 64 bits of them are less than a nanosecond */
	}
}

static int64_t to_ns(const struct capture_interface *i, uint64_t units)
{
	unsigned __int128 scaled = (unsigned __int128)(units / i->div) * i->mul >> i->shift;
	__int128 ns = (__int128)scaled + (__int128)i->offset * 1000000000;

	return ns > INT64_MAX ? INT64_MAX : ns < INT64_MIN ? INT64_MIN : (int64_t)ns;
}

/* False: an option that makes no sense. */
static bool read_options(const struct capture_file *c, struct slice body, struct capture_interface *i)
{
	while (body.n >= 4) {
		unsigned code = capture_u16(c, body.p), n = capture_u16(c, body.p + 2);

		body = slice_from(body, 4);
		if (code == OPTION_END)
			return true;
		if (n > body.n)
			return false;
		if (code == OPTION_RESOLUTION) {
			if (n != 1)
				return false;
			set_resolution(i, body.p[0]);
		} else if (code == OPTION_OFFSET) {
			if (n != 8)
				return false;
			i->offset = (int64_t)capture_u64(c, body.p);
		}
		body = slice_from(body, (n + 3u) & ~3u);
	}
	return true; /* the end need not be told where there is nothing more */
}

/* Link type, two reserved bytes, snap length, options. */
static int read_interface(struct capture_file *c, uint32_t length, struct err *e)
{
	struct capture_interface spare, *i = &spare;
	const uint8_t *h;

	if (length < 20 || length > INTERFACE_BLOCK_MAX)
		return capture_broken(c, e, "an interface block of %" PRIu32 " bytes", length);
	h = capture_peek(c, length - 4);
	if (h == NULL)
		return TK_AGAIN;
	if (c->interfaces_n < INTERFACES_MAX)
		i = &c->interfaces[c->interfaces_n];
	*i = (struct capture_interface){ .link_type = capture_u16(c, h + 8), .snap = capture_u32(c, h + 12) };
	set_resolution(i, 6);
	if (!read_options(c, slice_of(h + 16, length - 20), i))
		return capture_broken(c, e, "an interface with a broken option");
	c->interfaces_n++;
	leave_block(c, length);
	return TK_OK;
}

/* What is known of the interface a packet names; NULL: nothing. */
static const struct capture_interface *interface_of(const struct capture_file *c, uint32_t id)
{
	return id < c->interfaces_n && id < INTERFACES_MAX ? &c->interfaces[id] : NULL;
}

static void tell(struct capture_file *c, const struct capture_interface *i, struct packet *p)
{
	p->link_type = i == NULL ? NO_LINK_TYPE : i->link_type;
	p->ns = c->last_ns;
}

/* Enhanced: interface, time, captured and sent length, packet, options. The old one has 16 bits of interface
 * and a count of drops in its place. */
static int read_packet(struct capture_file *c, uint32_t type, uint32_t length, struct packet *p,
		       struct err *e)
{
	const struct capture_interface *i;
	const uint8_t *h;
	uint32_t n;

	if (length < 32)
		return capture_broken(c, e, "a packet block of %" PRIu32 " bytes", length);
	h = capture_peek(c, 28);
	if (h == NULL)
		return TK_AGAIN;
	n = capture_u32(c, h + 20);
	if (n > CAPTURE_PACKET_MAX || n > length - 32)
		return capture_broken(c, e, BEYOND, n, length);
	h = capture_peek(c, 28 + (size_t)n);
	if (h == NULL)
		return TK_AGAIN;
	i = interface_of(c, type == OLD_PACKET_BLOCK ? capture_u16(c, h + 8) : capture_u32(c, h + 8));
	if (i != NULL)
		c->last_ns = to_ns(i, (uint64_t)capture_u32(c, h + 12) << 32 | capture_u32(c, h + 16));
	tell(c, i, p);
	p->wire_len = capture_u32(c, h + 24);
	p->bytes = slice_of(h + 28, n);
	leave_block(c, length);
	return TK_OK;
}

/* Sent length and packet, of the first interface, cut at its snap length. */
static int read_simple(struct capture_file *c, uint32_t length, struct packet *p, struct err *e)
{
	const struct capture_interface *i = interface_of(c, 0);
	const uint8_t *h;
	uint32_t n;

	if (length < 16)
		return capture_broken(c, e, "a packet block of %" PRIu32 " bytes", length);
	h = capture_peek(c, 12);
	if (h == NULL)
		return TK_AGAIN;
	n = capture_u32(c, h + 8);
	if (i != NULL && i->snap != 0 && n > i->snap)
		n = i->snap;
	if (n > CAPTURE_PACKET_MAX || n > length - 16)
		return capture_broken(c, e, BEYOND, n, length);
	h = capture_peek(c, 12 + (size_t)n);
	if (h == NULL)
		return TK_AGAIN;
	tell(c, i, p);
	p->wire_len = capture_u32(c, h + 8);
	p->bytes = slice_of(h + 12, n);
	leave_block(c, length);
	return TK_OK;
}

/* Type of the secrets, their length, themselves. */
static int read_secrets(struct capture_file *c, uint32_t length, struct err *e)
{
	const uint8_t *h;
	uint32_t n;

	if (c->secrets == NULL || length < 20 || length > KEPT_MAX) {
		leave_block(c, length);
		return TK_OK;
	}
	h = capture_peek(c, length - 4);
	if (h == NULL)
		return TK_AGAIN;
	n = capture_u32(c, h + 12);
	if (n > length - 20)
		return capture_broken(c, e, "secrets of %" PRIu32 " bytes in a block of %" PRIu32, n, length);
	if (capture_u32(c, h + 8) == SECRETS_TLS)
		c->secrets(c->secrets_ctx, slice_of(h + 16, n));
	leave_block(c, length);
	return TK_OK;
}

/* One block's beginning. *is_packet: p was filled. */
static int read_block(struct capture_file *c, struct packet *p, bool *is_packet, struct err *e)
{
	const uint8_t *h;
	uint32_t type, length;

	c->start = c->offset;
	h = capture_peek(c, 8);
	if (h == NULL)
		return TK_AGAIN;
	type = capture_u32(c, h);
	if (type == SECTION_BLOCK)
		return begin_section(c, e);
	length = capture_u32(c, h + 4);
	if (length < WRAPPING || length % 4 != 0)
		return capture_broken(c, e, "a block of %" PRIu32 " bytes", length);
	switch (type) {
	case INTERFACE_BLOCK:
		return read_interface(c, length, e);
	case OLD_PACKET_BLOCK:
	case ENHANCED_PACKET_BLOCK:
		*is_packet = true;
		return read_packet(c, type, length, p, e);
	case SIMPLE_PACKET_BLOCK:
		*is_packet = true;
		return read_simple(c, length, p, e);
	case SECRETS_BLOCK:
		return read_secrets(c, length, e);
	default:
		leave_block(c, length);
		return TK_OK;
	}
}

int capture_pcapng_next(struct capture_file *c, struct packet *p, struct err *e)
{
	bool is_packet = false;
	int rc = TK_OK;

	while (rc == TK_OK && !is_packet) {
		if (c->length != 0)
			rc = end_block(c, e);
		if (rc == TK_OK)
			rc = read_block(c, p, &is_packet, e);
	}
	return rc;
}
