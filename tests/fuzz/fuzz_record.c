/* Record lines: any bytes are read or refused; as the body of a record they always make one that is read. */
#include <stdlib.h>

#include "core/base/json.h"
#include "core/retention/match.h"
#include "core/trail/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

/* What the strict reader takes, the program's own JSON reader takes too. */
static void agree(struct slice line)
{
	struct json j;
	enum json_type t;

	json_init(&j, line);
	while ((t = json_next(&j)) > JSON_END)
		;
	if (t != JSON_END)
		abort();
}

/* As an order to erase looks at it: its own bytes as a name never break anything, and a text is found in
 * itself. */
static void look(struct slice line, const struct record *r)
{
	struct name_forms f;
	int64_t from, to;

	line_time(line, r, &from, &to);
	if (name_forms_of(&f, line))
		line_names(line, &f);
	name_forms_free(&f);
	if (!line_holds(line, slice_head(line, 1 + line.n / 2)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct record_head h = { .seq = 7, .ts_ns = 1, .type = "review" };
	struct renderer *r = renderer_new();
	struct slice in = slice_of(p, n), text;
	struct record_error why;
	struct record rec;
	struct hash32 a, b;
	struct buf out;
	int64_t v;

	if (record_read(in, &rec, &why)) {
		agree(in);
		look(in, &rec);
	} else if (why.why == NULL || why.offset > n) {
		abort();
	}
	stub_read(in, &a, &b);
	record_string(in, "policy", &text);
	record_number(in, "segment", &v);
	record_distinct(in, "approved_by");
	buf_init(&out, 64 << 20);
	if (r != NULL) {
		put_record(r, &out, &h, in);
		if (!out.failed && (!record_read(buf_slice(&out), &rec, &why) || rec.seq != 7))
			abort();
	}
	buf_free(&out);
	renderer_free(r);
	return 0;
}
