/* The trail's record lines, of every type, byte for byte (interface.md 2). */
#include "core/base/zone.h"
#include "core/trail/record.h"
#include "reports/export/record.h"

extern const struct export_format export_jsonl;

/* An access record by its @timestamp, a finding by its first event, any other by when it was recorded. */
static bool chosen(const struct record *r, struct slice line, int64_t from_ns, int64_t to_ns)
{
	const char *by = r->type == RECORD_ACCESS    ? event_fields[F_TIMESTAMP].name
			 : r->type == RECORD_FINDING ? "first"
						     : NULL;
	int64_t at = r->ts_ns;
	struct slice text;

	if (by != NULL && (!record_string(line, by, &text) || !time_parse_rfc3339(text, false, &at)))
		at = r->ts_ns;
	return at >= from_ns && at < to_ns;
}

const struct export_format export_jsonl = {
	.name = "jsonl",
	.doc = "the trail's record lines",
	.trailer = TRAILER_JSON,
	.chosen = chosen,
};
