/* Fragments on their way through the tap: put together they give the exchange, and only what may have held
 * TCP is a loss. */
#include "sensor/proto/tap.h"
#include "tests/lib/tap.h"
#include "tests/lib/wire.h"

#define T0 (INT64_C(1795400000) * 1000000000)
#define HEADER 20
#define CUT 24 /* bytes of each datagram's first fragment */

struct seen {
	struct tap *tap;
	size_t n;
	int64_t status;
	uint16_t id;
	bool lose; /* every first fragment */
};

static void take_event(void *ctx, struct access_event *ev)
{
	struct seen *s = ctx;

	s->n++;
	s->status = ev_int(ev, F_STATUS, 0);
}

static void send(struct seen *s, int64_t ns, struct slice packet, size_t from, size_t to)
{
	uint8_t b[WIRE_MAX];
	size_t n = HEADER + to - from;

	memcpy(b, packet.p, HEADER);
	memcpy(b + HEADER, packet.p + HEADER + from, to - from);
	wire_put16(b + 2, (unsigned)n);
	wire_put16(b + 4, s->id);
	wire_put16(b + 6, (unsigned)(from / 8) | (HEADER + to < packet.n ? 0x2000 : 0));
	tap_packet(s->tap, ns, WIRE_LINK, slice_of(b, n), (uint32_t)n);
}

/* The end comes first. */
static void take_packet(void *ctx, int64_t ns, struct slice packet)
{
	struct seen *s = ctx;

	s->id++;
	if (packet.n <= HEADER + CUT) {
		send(s, ns, packet, 0, packet.n - HEADER);
		return;
	}
	send(s, ns, packet, CUT, packet.n - HEADER);
	if (!s->lose)
		send(s, ns, packet, 0, CUT);
}

static void exchange(struct seen *s, uint8_t protocol, bool lose, struct losses *losses)
{
	const struct tap_limits limits = { { 64, 256, 64 }, 16, 8, 8, 8, 8, 8, 1 << 20, 1 << 20 };
	const struct tap_sink sink = { s, take_event };
	const struct parse_context fields = { .fingerprint_key = SLICE("0123456789abcdef0123456789abcdef") };
	struct wire w = { .address = { 1, 200 },
			  .port = { 40000, 80 },
			  .seq = { 1000, 2000 },
			  .ns = T0,
			  .packet = take_packet,
			  .ctx = s };

	*s = (struct seen){ .lose = lose };
	s->tap = tap_new(&limits, &fields, &sink);
	if (protocol == 6) {
		wire_open(&w);
		wire_say(&w, 0, SLICE("GET / HTTP/1.1\r\nHost: api.example\r\n\r\n"));
		wire_say(&w, 1, SLICE("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"));
		wire_close(&w);
	} else {
		uint8_t p[HEADER + 64] = { 0x45, [9] = protocol, [12] = 10, [15] = 1, [16] = 10, [19] = 2 };

		wire_put16(p + HEADER, 40000);
		wire_put16(p + HEADER + 2, 53);
		wire_put16(p + HEADER + 4, 64);
		take_packet(s, T0, slice_of(p, sizeof p));
	}
	tap_finish(s->tap);
	tap_losses(s->tap, losses);
	tap_free(s->tap);
}

int main(void)
{
	struct losses losses;
	struct seen s;
	uint64_t lost = 0;

	exchange(&s, 6, false, &losses);
	ok_int((int64_t)s.n, 1, "fragments of TCP give the exchange");
	ok_int(s.status, 200, "with its answer");
	for (size_t i = 0; i < LOSS_COUNT; i++)
		lost += losses.of[i].n;
	ok_int((int64_t)lost, 0, "and no loss");

	exchange(&s, 6, true, &losses);
	ok_int((int64_t)s.n, 0, "without their beginnings they give nothing");
	ok_int((int64_t)losses.of[LOSS_FRAGMENT].n, 2, "and are counted");

	exchange(&s, 17, false, &losses);
	ok_int((int64_t)losses.of[LOSS_FRAGMENT].n, 0, "UDP is no loss");
	ok_int((int64_t)losses.of[LOSS_BAD_PACKET].n, 0, "and sound");
	exchange(&s, 17, true, &losses);
	ok_int((int64_t)losses.of[LOSS_FRAGMENT].n, 0, "nor are parts of it");
	return tap_done();
}
