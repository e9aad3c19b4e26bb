/* decode: capture files. */
#include <inttypes.h>

#include "cli/decode.h"
#include "sensor/input/capture_file.h"
#include "sensor/proto/tap.h"

struct capture {
	struct decoder *d;
	const char *name;
	uint64_t events;
};

static void take_event(void *ctx, struct access_event *ev)
{
	struct capture *c = ctx;

	c->events++;
	decode_event(c->d, ev, 1);
}

static void take_secrets(void *ctx, struct slice key_log)
{
	struct decoder *d = ctx;
	struct key_log_source block = { 0 };

	key_log_feed(d->keys, &block, key_log);
	key_log_end(d->keys, &block);
}

static void tell_losses(const struct capture *c, struct tap *tap)
{
	struct losses l;

	tap_losses(tap, &l);
	for (int r = LOSS_NONE + 1; r < LOSS_COUNT; r++)
		if (l.of[r].n > 0)
			cli_error("%s: %s: %" PRIu64 " %s%s", c->name, loss_name(r), l.of[r].n, loss_doc(r),
				  r == LOSS_TLS && c->events == 0 ? "; and no readable HTTP" : "");
}

static int read_packets(struct capture *c, struct tap *tap, struct capture_file *f, struct codec_reader *r,
			size_t n, struct err *e)
{
	struct packet p;
	int rc;

	do {
		capture_file_feed(f, slice_of(c->d->chunk, n));
		while ((rc = capture_file_next(f, &p, e)) == TK_OK)
			tap_packet(tap, p.ns, p.link_type, p.bytes, p.wire_len);
		if (rc != TK_AGAIN)
			return rc;
	} while ((rc = decode_chunk(r, c->d->chunk, &n, e)) == TK_OK);
	return rc;
}

static int decode_packets(struct capture *c, struct tap *tap, struct capture_file *f, struct codec_reader *r,
			  size_t n)
{
	struct err e = { 0 };
	int rc = read_packets(c, tap, f, r, n, &e);

	tap_finish(tap);
	if (rc == TK_AGAIN)
		cli_error("%s: the %s data ends early: the file is cut off", c->name, codec_name(r));
	else if (rc != TK_EEND)
		cli_error("%s: %s", c->name, e.text);
	else if (capture_file_rest(f) > 0)
		cli_error("%s: the last packet is cut off", c->name);
	tell_losses(c, tap);
	return tap_packets(tap) > 0 || rc == TK_EEND ? EXIT_DONE : EXIT_INPUT;
}

int decode_capture(struct decoder *d, const char *name, struct codec_reader *r, struct slice first)
{
	static const struct tap_limits limits = TAP_LIMITS_DEFAULT;
	struct capture c = { .d = d, .name = name };
	const struct tap_sink sink = { &c, take_event };
	struct parse_context fields = decode_context(d);
	struct tap *tap = tap_new(&limits, &fields, &sink);
	struct capture_file *f = capture_file_new();
	int rc = EXIT_INPUT;

	if (tap == NULL || f == NULL) {
		cli_error("%s: no memory", name);
	} else {
		tap_use_keys(tap, d->keys);
		capture_file_secrets(f, take_secrets, d);
		rc = decode_packets(&c, tap, f, r, first.n);
	}
	capture_file_free(f);
	tap_free(tap);
	return rc;
}
