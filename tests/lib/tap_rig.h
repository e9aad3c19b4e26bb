/* The tap beside a conversation in packets (wire.h): what it tells, one line an event. */
#ifndef TK_TESTS_TAP_RIG_H
#define TK_TESTS_TAP_RIG_H

#include <stdlib.h>

#include "core/base/buf.h"
#include "sensor/proto/tap.h"
#include "tests/lib/tap.h"
#include "tests/lib/wire.h"

#define T0 (INT64_C(1795400000) * 1000000000)

struct seen {
	struct tap *tap;
	struct buf text; /* one line an event: what the tests compare */
	struct buf json; /* the last event whole */
	size_t n;
	struct losses losses;
};

static inline void put(struct buf *b, const struct access_event *ev, enum field_id f)
{
	buf_byte(b, ' ');
	if (ev_known(ev, f))
		value_to_text(f, ev_value(ev, f), b);
	else
		buf_str(b, ev_absent(ev, f) ? "absent" : "-");
}

static inline void take_event(void *ctx, struct access_event *ev)
{
	static const enum field_id shown[] = { F_METHOD, F_DOMAIN,	  F_PATH,
					       F_STATUS, F_REQUEST_BYTES, F_RESPONSE_BYTES };
	struct seen *s = ctx;

	s->n++;
	buf_str(&s->text, ev_int(ev, F_COMPLETE, 0) ? "+" : "~");
	for (size_t i = 0; i < COUNT(shown); i++)
		put(&s->text, ev, shown[i]);
	buf_str(&s->text, "\n");
	buf_clear(&s->json);
	event_to_json(ev, &s->json);
}

static inline void take_packet(void *ctx, int64_t ns, struct slice bytes)
{
	struct seen *s = ctx;

	tap_packet(s->tap, ns, WIRE_LINK, bytes, (uint32_t)bytes.n);
}

static inline void begin(struct seen *s, uint32_t exchanges)
{
	struct tap_limits limits = { { 64, 256, 64 }, exchanges, 8, 8, 8, 8, 8, 1 << 20, 1 << 20 };
	const struct tap_sink sink = { s, take_event };
	struct parse_context fields = { .fingerprint_key = SLICE("0123456789abcdef0123456789abcdef") };
	static struct cidr local;
	bool host_bits;

	cidr_parse(SLICE("10.0.0.1/32"), &local, &host_bits);
	fields.trusted_proxies = &local;
	fields.n_trusted_proxies = 1;
	*s = (struct seen){ 0 };
	buf_init(&s->text, 1 << 20);
	buf_init(&s->json, 1 << 20);
	s->tap = tap_new(&limits, &fields, &sink);
}

static const char *end(struct seen *s)
{
	tap_finish(s->tap);
	ok_int((int64_t)tap_in_flight(s->tap), 0, "nothing is under way at the end");
	tap_losses(s->tap, &s->losses);
	return s->n == 0 ? "" : buf_cstr(&s->text);
}

static inline void over(struct seen *s)
{
	tap_free(s->tap);
	buf_free(&s->text);
	buf_free(&s->json);
}

static inline struct wire connection(struct seen *s, uint8_t client, uint16_t port)
{
	return (struct wire){ .address = { client, 200 },
			      .port = { port, 80 },
			      .seq = { 1000, 0xfffffff0 },
			      .ns = T0,
			      .packet = take_packet,
			      .ctx = s };
}

static inline void say(struct wire *w, int side, const char *text)
{
	wire_say(w, side, slice_str(text));
}

static inline bool has(struct seen *s, const char *text)
{
	return strstr(buf_cstr(&s->json), text) != NULL;
}

#define GET(path) "GET " path " HTTP/1.1\r\nHost: api.example:8080\r\n\r\n"
#define OK(n, body) "HTTP/1.1 200 OK\r\nContent-Length: " n "\r\n\r\n" body

#endif
