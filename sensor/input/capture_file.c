#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "sensor/input/capture_state.h"

/* As the first four bytes spell them, big-endian. */
#define MICROSECONDS 0xa1b2c3d4u
#define NANOSECONDS 0xa1b23c4du
#define MODIFIED 0xa1b2cd34u /* of a patched libpcap of the nineties: longer record headers */
#define SECTION 0x0a0d0d0au  /* pcapng, the same in both orders */

static uint32_t magic_of(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* The pcap magic that m is, in either order; 0: none. */
static uint32_t pcap_magic(uint32_t m, bool *big)
{
	static const uint32_t known[] = { MICROSECONDS, NANOSECONDS, MODIFIED };

	for (size_t i = 0; i < COUNT(known); i++) {
		*big = m == known[i];
		if (*big || m == __builtin_bswap32(known[i]))
			return known[i];
	}
	return 0;
}

bool capture_file_is(struct slice head)
{
	bool big;

	return head.n >= 4 && (magic_of(head.p) == SECTION || pcap_magic(magic_of(head.p), &big) != 0);
}

const uint8_t *capture_peek(struct capture_file *c, size_t n)
{
	size_t more;

	c->peeked = n;
	if (c->kept_n == 0 && c->chunk.n >= n)
		return c->chunk.p;
	more = n > c->kept_n ? n - c->kept_n : 0;
	if (more > c->chunk.n)
		more = c->chunk.n;
	if (more > 0)
		memcpy(c->kept + c->kept_n, c->chunk.p, more);
	c->kept_n += more;
	c->chunk = slice_from(c->chunk, more);
	return c->kept_n >= n ? c->kept : NULL;
}

void capture_take(struct capture_file *c)
{
	c->offset += c->peeked;
	if (c->kept_n == 0)
		c->chunk = slice_from(c->chunk, c->peeked);
	c->kept_n = 0; /* nothing is kept beyond what was asked for */
}

int capture_broken(struct capture_file *c, struct err *e, const char *what, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, what);
	vsnprintf(text, sizeof text, what, ap);
	va_end(ap);
	err_set(&c->broken, TK_EMALFORMED, "byte %" PRIu64 " of the capture file: %s", c->start, text);
	if (e != NULL)
		*e = c->broken;
	return TK_EMALFORMED;
}

/* A record: seconds, fraction, captured length, sent length; the packet. */
static int pcap_next(struct capture_file *c, struct packet *p, struct err *e)
{
	const uint8_t *h;
	uint32_t n;

	c->start = c->offset;
	h = capture_peek(c, 16);
	if (h == NULL)
		return TK_AGAIN;
	n = capture_u32(c, h + 8);
	if (n > CAPTURE_PACKET_MAX)
		return capture_broken(c, e, "a packet of %" PRIu32 " bytes, more than %u", n,
				      CAPTURE_PACKET_MAX);
	h = capture_peek(c, 16 + (size_t)n);
	if (h == NULL)
		return TK_AGAIN;
	p->ns = (int64_t)capture_u32(c, h) * 1000000000 + (int64_t)capture_u32(c, h + 4) * c->fraction;
	p->link_type = c->link_type;
	p->wire_len = capture_u32(c, h + 12);
	p->bytes = slice_of(h + 16, n);
	capture_take(c);
	return TK_OK;
}

/* Magic, version, two numbers that nobody uses, snap length, link type. */
static int pcap_begin(struct capture_file *c, struct packet *p, struct err *e)
{
	const uint8_t *h = capture_peek(c, 24);
	unsigned major, minor;

	if (h == NULL)
		return TK_AGAIN;
	major = capture_u16(c, h + 4);
	minor = capture_u16(c, h + 6);
	if (major != 2 || minor != 4)
		return capture_broken(c, e, "pcap version %u.%u, where only 2.4 is read", major, minor);
	c->link_type = capture_u32(c, h + 20) & 0xffff; /* above may stand the length of a checksum */
	capture_take(c);
	c->read = pcap_next;
	return pcap_next(c, p, e);
}

static int file_begin(struct capture_file *c, struct packet *p, struct err *e)
{
	const uint8_t *h = capture_peek(c, 4);
	uint32_t magic;

	if (h == NULL)
		return TK_AGAIN;
	magic = pcap_magic(magic_of(h), &c->big);
	if (magic == MODIFIED)
		return capture_broken(c, e, "a pcap of the modified form (magic a1b2cd34), which is not "
				      "read; `tcpdump -r FILE -w NEW` writes it anew");
	if (magic == 0 && magic_of(h) != SECTION)
		return capture_broken(c, e, "%08" PRIx32 " is neither pcap nor pcapng", magic_of(h));
	c->fraction = magic == NANOSECONDS ? 1 : 1000;
	c->read = magic == 0 ? capture_pcapng_next : pcap_begin;
	return c->read(c, p, e);
}

struct capture_file *capture_file_new(void)
{
	struct capture_file *c = calloc(1, sizeof *c);

	if (c == NULL)
		return NULL;
	c->kept = malloc(KEPT_MAX);
	c->interfaces = calloc(INTERFACES_MAX, sizeof *c->interfaces);
	c->read = file_begin;
	if (c->kept != NULL && c->interfaces != NULL)
		return c;
	capture_file_free(c);
	return NULL;
}

void capture_file_free(struct capture_file *c)
{
	if (c == NULL)
		return;
	free(c->kept);
	free(c->interfaces);
	free(c);
}

void capture_file_feed(struct capture_file *c, struct slice chunk)
{
	c->chunk = chunk;
}

int capture_file_next(struct capture_file *c, struct packet *p, struct err *e)
{
	if (c->broken.code == 0)
		return c->read(c, p, e);
	if (e != NULL)
		*e = c->broken;
	return c->broken.code;
}

size_t capture_file_rest(const struct capture_file *c)
{
	return c->broken.code != 0 ? 0 : (size_t)(c->offset - c->start) + c->kept_n + c->chunk.n;
}

void capture_file_secrets(struct capture_file *c, void (*secrets)(void *ctx, struct slice key_log), void *ctx)
{
	c->secrets = secrets;
	c->secrets_ctx = ctx;
}
