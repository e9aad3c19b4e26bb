/* Access events as JSON lines: type and seq first, then the event's fields; at the end a trailer with the
 * count and the SHA-256 of every byte before it. */
#include "core/base/hash.h"
#include "core/base/json.h"
#include "reports/export/export.h"

#define BLOCK 65536
#define LINE_MAX_BYTES (8u << 20)

extern const struct export_format export_jsonl;

struct writer {
	const struct export_sink *sink;
	struct sha256 *hash;
	struct buf out, event;
	struct err *e;
	int64_t count, first_seq, last_seq;
};

static int flush(struct writer *w)
{
	int rc;

	if (w->out.failed)
		return err_set(w->e, TK_ENOMEM, "out of memory");
	sha256_add(w->hash, buf_slice(&w->out));
	rc = w->sink->put(w->sink->ctx, buf_slice(&w->out), w->e);
	buf_clear(&w->out);
	return rc;
}

static int put_event(void *ctx, int64_t seq, const struct access_event *ev)
{
	struct writer *w = ctx;

	buf_clear(&w->event);
	event_to_json(ev, &w->event);
	if (w->event.failed || w->event.n < 2)
		return err_set(w->e, TK_ENOMEM, "out of memory");
	buf_str(&w->out, "{\"type\":\"access\",\"seq\":");
	buf_i64(&w->out, seq);
	if (w->event.n > 2)
		buf_byte(&w->out, ',');
	buf_add(&w->out, slice_from(buf_slice(&w->event), 1));
	buf_byte(&w->out, '\n');
	if (w->count++ == 0)
		w->first_seq = seq;
	w->last_seq = seq;
	return w->out.n >= BLOCK || w->out.failed ? flush(w) : TK_OK;
}

static void put_int(struct json_out *o, const char *key, int64_t v)
{
	json_key(o, key);
	json_int(o, v);
}

static int put_trailer(struct writer *w)
{
	struct json_out o;
	uint8_t digest[32];
	char hex[65];
	int rc = flush(w);

	if (rc != TK_OK)
		return rc;
	sha256_end(w->hash, digest);
	hex_encode(slice_of(digest, sizeof digest), hex);
	o = json_out(&w->out);
	json_open(&o, '{');
	json_key(&o, "trailer");
	json_str(&o, SLICE("jsonl"));
	put_int(&o, "count", w->count);
	if (w->count > 0) {
		put_int(&o, "first_seq", w->first_seq);
		put_int(&o, "last_seq", w->last_seq);
	}
	json_key(&o, "sha256");
	json_str(&o, slice_of(hex, 64));
	json_close(&o, '}');
	buf_byte(&w->out, '\n');
	return w->sink->put(w->sink->ctx, buf_slice(&w->out), w->e);
}

static int run(struct ledger_reader *r, int64_t from_ns, int64_t to_ns, const struct export_sink *sink,
	       int64_t *count, struct err *e)
{
	struct writer w = { .sink = sink, .e = e };
	int rc;

	if ((w.hash = sha256_new()) == NULL)
		return err_set(e, TK_ENOMEM, "SHA-256 is not available");
	sha256_begin(w.hash);
	buf_init(&w.out, LINE_MAX_BYTES);
	buf_init(&w.event, LINE_MAX_BYTES);
	rc = ledger_events(r, from_ns, to_ns, false, put_event, &w, e);
	if (rc == TK_OK)
		rc = put_trailer(&w);
	*count = w.count;
	buf_free(&w.out);
	buf_free(&w.event);
	sha256_free(w.hash);
	return rc;
}

const struct export_format export_jsonl = {
	.name = "jsonl",
	.doc = "access events as JSON lines with a trailer (count, SHA-256)",
	.run = run,
};
