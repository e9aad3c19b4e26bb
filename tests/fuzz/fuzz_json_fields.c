/* A first line as the fields of a JSON format, and the bytes behind it as its log; and as lines of the
 * formats that hold several events: no crash, no read past the bytes, each event within its line. */
#include "sensor/gateway/framing.h"
#include "sensor/gateway/json_fields.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static uint8_t room[SCRATCH_SIZE];

static int parse(const struct log_format *f, struct slice text)
{
	static const uint8_t key[32] = { 1 };
	static struct flat_event fe;
	struct scratch scratch = { room, 0, sizeof room };
	struct parse_context ctx = { .fingerprint_key = slice_of(key, sizeof key), .scratch = &scratch };
	struct buf out;

	if (log_format_parse(f, text, &ctx, &fe) != 0)
		return 0;
	buf_init(&out, 1 << 20);
	event_to_json(&fe.ev, &out);
	buf_free(&out);
	return 0;
}

struct within {
	const struct log_format *f;
	struct slice line;
};

static int one(void *arg, struct slice text)
{
	const struct within *w = arg;
	static uint8_t undone[256 << 10];
	struct scratch s = { undone, 0, sizeof undone };
	struct framed in;

	/* Escapes in a frame are undone elsewhere: nothing else is. */
	if (text.n > 0 && (text.p < w->line.p || text.p + text.n > w->line.p + w->line.n) &&
	    !frame_open(w->line, &s, &in))
		abort();
	return parse(w->f, text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const uint8_t *lf = n == 0 ? NULL : memchr(data, '\n', n);
	struct slice first = slice_of(data, lf == NULL ? 0 : (size_t)(lf - data));
	struct slice rest = slice_from(slice_of(data, n), lf == NULL ? 0 : first.n + 1);
	const struct log_format *f = is_fields(first) ? fields_compile(first, NULL) : NULL;

	if (f != NULL)
		parse(f, rest);
	log_format_close(f);
	for (size_t i = 0; log_format_at(i) != NULL; i++) {
		struct within w = { log_format_at(i), rest };

		if (w.f->several != NULL)
			log_line_events(w.f, rest, one, &w);
	}
	return 0;
}
