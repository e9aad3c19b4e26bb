/* Any bytes up to the first line feed as an operator's log_format, or as a header, what is behind as a line
 * of it. */
#include "sensor/gateway/format.h"
#include "sensor/gateway/layout_compile.h"
#include "sensor/gateway/w3c.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static uint8_t room[SCRATCH_SIZE];
	static struct flat_event fe;
	const uint8_t *lf = n == 0 ? NULL : memchr(data, '\n', n);
	struct slice pattern = { data, lf == NULL ? n : (size_t)(lf - data) }, line = { NULL, 0 };
	struct scratch scratch = { room, 0, sizeof room };
	struct parse_context ctx = { .scratch = &scratch };
	const struct log_format *f;
	struct err e;
	size_t at;

	if (lf != NULL)
		line = slice_of(lf + 1, n - pattern.n - 1);
	f = NULL;
	if (w3c_header(pattern, &f))
		at = 0;
	else
		f = pattern_compile(pattern, &at, &e);
	if (at > pattern.n)
		__builtin_trap();
	if (f == NULL)
		return 0;
	log_format_fits_sample(f, line);
	if (log_format_parse(f, line, &ctx, &fe) == 0) {
		struct buf out;

		buf_init(&out, 1 << 20);
		event_to_json(&fe.ev, &out);
		buf_free(&out);
	}
	log_format_close(f);
	return 0;
}
