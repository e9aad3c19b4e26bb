#include "sensor/capture_import.h"

#include <stdlib.h>

#include "sensor/input/capture_file.h"
#include "sensor/proto/tls/key_log.h"
#include "sensor/proto/tap.h"

#define SECRETS 65536 /* TLS connections whose secrets are known at a time */

struct importing {
	struct capture_file *file;
	struct tap *tap;
	struct key_log *keys; /* that the file brings along */
	/* of the call under way */
	capture_event event;
	void *to;
	int rc;
	struct err *e;
};

static void take_event(void *ctx, struct access_event *ev)
{
	struct importing *m = ctx;

	if (m->rc == TK_OK)
		m->rc = m->event(m->to, ev, m->e);
}

static void take_secrets(void *ctx, struct slice text)
{
	struct importing *m = ctx;
	struct key_log_source block = { 0 };

	key_log_feed(m->keys, &block, text);
	key_log_end(m->keys, &block);
}

static void close_reader(void *reader)
{
	struct importing *m = reader;

	if (m == NULL)
		return;
	capture_file_free(m->file);
	tap_free(m->tap);
	key_log_free(m->keys);
	free(m);
}

static void *open_reader(void *ctx)
{
	static const struct tap_limits limits = TAP_LIMITS_DEFAULT;
	struct importing *m = calloc(1, sizeof *m);
	struct tap_sink sink = { m, take_event };

	if (m == NULL)
		return NULL;
	m->file = capture_file_new();
	m->tap = tap_new(&limits, ctx, &sink);
	m->keys = key_log_new(SECRETS);
	if (m->file == NULL || m->tap == NULL || m->keys == NULL) {
		close_reader(m);
		return NULL;
	}
	capture_file_secrets(m->file, take_secrets, m);
	tap_use_keys(m->tap, m->keys);
	return m;
}

static void begin(struct importing *m, capture_event event, void *to, struct err *e)
{
	m->event = event;
	m->to = to;
	m->e = e;
	m->rc = TK_OK;
}

static int read_chunk(void *reader, struct slice chunk, capture_event event, void *to, struct err *e)
{
	struct importing *m = reader;
	struct packet p;
	int rc;

	begin(m, event, to, e);
	capture_file_feed(m->file, chunk);
	while ((rc = capture_file_next(m->file, &p, e)) == TK_OK && m->rc == TK_OK)
		tap_packet(m->tap, p.ns, p.link_type, p.bytes, p.wire_len);
	return m->rc != TK_OK ? m->rc : rc == TK_AGAIN ? TK_OK : rc;
}

static int end_reader(void *reader, capture_event event, void *to, struct losses *lost, bool *cut,
		      struct err *e)
{
	struct importing *m = reader;

	begin(m, event, to, e);
	tap_finish(m->tap);
	tap_losses(m->tap, lost);
	*cut = capture_file_rest(m->file) > 0;
	return m->rc;
}

const struct capture_reader capture_import = {
	.open = open_reader,
	.read = read_chunk,
	.end = end_reader,
	.close = close_reader,
};
