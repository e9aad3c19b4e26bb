/* A capture file through the whole tap, in rooms so small that every limit is met, with the secrets that it
 * brings along, also where they come too late: no crash, nothing left under way, no event that is not valid
 * JSON's beginning. */
#include <stdlib.h>

#include "core/base/buf.h"
#include "sensor/input/capture_file.h"
#include "sensor/proto/tls/key_log.h"
#include "sensor/proto/tap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void take_event(void *ctx, struct access_event *ev)
{
	struct buf *b = ctx;

	buf_clear(b);
	event_to_json(ev, b);
	if (b->failed || b->n < 2 || b->p[0] != '{' || !ev_known(ev, F_TIMESTAMP))
		abort();
}

static void take_secrets(void *ctx, struct slice text)
{
	struct key_log_source block = { 0 };

	key_log_feed(ctx, &block, text);
	key_log_end(ctx, &block);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct tap_limits limits = { { 8, 16, 8 }, 4, 2, 2, 2, 2, 2, 4096, 1 << 18 };
	struct parse_context fields = { .fingerprint_key = SLICE("0123456789abcdef0123456789abcdef") };
	struct capture_file *f = capture_file_new();
	struct key_log *keys = key_log_new(4);
	struct buf text;
	const struct tap_sink sink = { &text, take_event };
	struct tap *t = tap_new(&limits, &fields, &sink);
	struct err e = { 0 };
	struct packet p;
	uint64_t version = 0;

	buf_init(&text, 1 << 20);
	if (t == NULL || f == NULL || keys == NULL || !tap_linger(t, 1000000000))
		abort();
	tap_use_keys(t, keys);
	capture_file_secrets(f, take_secrets, keys);
	capture_file_feed(f, slice_of(data, n));
	while (capture_file_next(f, &p, &e) == TK_OK) {
		tap_packet(t, p.ns, p.link_type, p.bytes, p.wire_len);
		if (key_log_version(keys) != version)
			tap_retry(t);
		version = key_log_version(keys);
	}
	tap_finish(t);
	if (tap_in_flight(t) != 0)
		abort();
	tap_free(t);
	key_log_free(keys);
	capture_file_free(f);
	buf_free(&text);
	return 0;
}
