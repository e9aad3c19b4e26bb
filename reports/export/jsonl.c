/* The records under the names of interface.md, as JSON lines: type and seq first, then the fields. */
#include "reports/export/record.h"

extern const struct export_format export_jsonl;

static void access(struct export_context *x, const struct export_access *a, struct buf *out)
{
	struct json_out o = json_out(out);

	(void)x;
	json_open(&o, '{');
	put_constant(&o, "type", "access");
	put_int(&o, "seq", a->seq);
	put_event(&o, a->ev);
	json_close(&o, '}');
	buf_byte(out, '\n');
}

const struct export_format export_jsonl = {
	.name = "jsonl",
	.doc = "access events as JSON lines",
	.trailer = TRAILER_JSON,
	.access = access,
};
