/* Packets for tests, built byte by byte out of layers given as hex, and what is told of them as text. */
#ifndef TK_TESTS_PACKETS_H
#define TK_TESTS_PACKETS_H

#include <stdlib.h>

#include "core/base/buf.h"
#include "sensor/proto/packet/frame.h"
#include "tests/lib/tap.h"

#define ETH "020000000001 020000000002 "
/* 10.0.0.1:4096 -> 10.0.0.2:80, "hello!!" */
#define IP4 "4500002f 00004000 40060000 0a000001 0a000002 "
#define TCP "10000050 01020304 05060708 50180100 00000000 "
#define DATA "68656c6c6f2121 "
#define WHOLE4 IP4 TCP DATA
#define TOLD4_AS "tcp 10.0.0.1:4096 10.0.0.2:80 16909060 84281096 18 "
#define TOLD4 TOLD4_AS "7/7 hello!!"
/* [2001:db8::1]:4096 -> [2001:db8::2]:80; length and next header are given */
#define IP6(length, next) "60000000 " length next "40 " \
	"20010db8000000000000000000000001 20010db8000000000000000000000002 "
#define WHOLE6 IP6("001b", "06") TCP DATA
#define TOLD6_AS "tcp 2001:db8::1:4096 2001:db8::2:80 16909060 84281096 18 "
#define TOLD6 TOLD6_AS "7/7 hello!!"

static inline size_t packet_unhex(const char *hex, uint8_t *out, size_t max)
{
	size_t n = 0;

	while (*hex != 0) {
		unsigned v;

		if (*hex == ' ') {
			hex++;
			continue;
		}
		if (n == max || sscanf(hex, "%2x", &v) != 1)
			abort();
		out[n++] = (uint8_t)v;
		hex += 2;
	}
	return n;
}

static inline void packet_tell(enum frame_verdict v, const struct segment *s, const struct fragment *f,
			       struct buf *out)
{
	static const char *const names[] = { "tcp", "udp", "other", "fragment", "bad", "cut" };
	char src[ADDR_TEXT_MAX], dst[ADDR_TEXT_MAX];

	buf_clear(out);
	buf_str(out, names[v]);
	if (v > FRAME_UDP && v != FRAME_FRAGMENT)
		return;
	addr_format(v == FRAME_FRAGMENT ? &f->src : &s->src, src);
	addr_format(v == FRAME_FRAGMENT ? &f->dst : &s->dst, dst);
	if (v == FRAME_FRAGMENT) {
		buf_fmt(out, " %s %s %x/%u %u+%zu%s ", src, dst, f->id, f->protocol, f->offset, f->bytes.n,
			f->more ? " more" : "");
		buf_add(out, f->bytes);
		return;
	}
	buf_fmt(out, " %s:%u %s:%u %u %u %x %zu/%u ", src, s->sport, dst, s->dport, s->seq, s->ack, s->flags,
		s->payload.n, s->payload_len);
	buf_add(out, s->payload);
}

/* From a block of exactly its size, so that the sanitizer sees a read behind it. */
static inline enum frame_verdict packet_parse(uint32_t link, const uint8_t *p, size_t n, uint32_t wire,
					      struct buf *told)
{
	uint8_t *exact = malloc(n == 0 ? 1 : n);
	enum frame_verdict v;
	struct fragment f;
	struct segment s;

	if (exact == NULL)
		abort();
	memcpy(exact, p, n);
	memset(&s, 0xee, sizeof s);
	v = frame_parse(link, slice_of(exact, n), wire, &s, &f);
	packet_tell(v, &s, &f, told);
	free(exact);
	return v;
}

/* Cut by the snap length anywhere, a packet says the same as whole, or that it was cut; and never more than
 * was captured. */
static inline void packet_cut_anywhere(const char *name, uint32_t link, const uint8_t *p, size_t n)
{
	uint8_t *exact = malloc(n == 0 ? 1 : n);
	struct fragment f;
	struct segment whole, s;
	enum frame_verdict want = frame_parse(link, slice_of(p, n), (uint32_t)n, &whole, &f), v;
	int bad = 0;

	for (size_t k = 0; k < n; k++) {
		memcpy(exact + n - k, p, k); /* ends where the block ends */
		v = frame_parse(link, slice_of(exact + n - k, k), (uint32_t)n, &s, &f);
		bad += v != want && v != FRAME_CUT;
		if (v > FRAME_UDP || want > FRAME_UDP)
			continue;
		bad += s.seq != whole.seq || s.ack != whole.ack || s.flags != whole.flags ||
		       s.sport != whole.sport || s.dport != whole.dport || !addr_eq(&s.src, &whole.src) ||
		       !addr_eq(&s.dst, &whole.dst) || s.payload_len != whole.payload_len ||
		       s.payload.n > whole.payload.n || !slice_starts(whole.payload, s.payload);
	}
	free(exact);
	ok_int(bad, 0, name);
}

struct packet_case {
	const char *name;
	uint32_t link;
	const char *hex;
	const char *want;
};

static inline void packet_check(const struct packet_case *c, struct buf *told)
{
	uint8_t p[1024];
	size_t n = packet_unhex(c->hex, p, sizeof p);
	char name[128];

	packet_parse(c->link, p, n, (uint32_t)n, told);
	ok_slice(buf_slice(told), slice_str(c->want), c->name);
	snprintf(name, sizeof name, "%s, cut anywhere", c->name);
	packet_cut_anywhere(name, c->link, p, n);
}

#endif
