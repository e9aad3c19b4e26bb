/* The scanner ends on any bytes, its texts lie inside the input, and what the writer makes is JSON. */
#include <stdlib.h>

#include "core/base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void use_text(const struct json *j, enum json_type t)
{
	uint8_t *out = malloc(j->text.n + 1);
	int64_t v;

	if (t == JSON_KEY || t == JSON_STRING)
		json_unescape(j->text, out);
	json_i64(j->text, &v);
	json_decimal(j->text, 12, &v);
	free(out);
}

static void write_and_read(struct slice in)
{
	struct buf b;
	struct json j;

	buf_init(&b, 6 * in.n + 2);
	json_put_string(&b, in);
	json_init(&j, buf_slice(&b));
	if (b.failed || json_next(&j) != JSON_STRING || json_next(&j) != JSON_END)
		abort();
	buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct json j;
	enum json_type t;
	size_t steps = 0;

	json_init(&j, slice_of(p, n));
	while ((t = json_next(&j)) > JSON_END) {
		if (t >= JSON_KEY && t <= JSON_NUMBER) {
			if (j.text.p < p || j.text.p + j.text.n > p + n)
				abort();
			use_text(&j, t);
		}
		if (++steps > n)
			abort();
	}
	json_init(&j, slice_of(p, n));
	json_skip(&j);
	write_and_read(slice_of(p, n));
	return 0;
}
