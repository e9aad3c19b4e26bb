/* Every field of the access event but url.query, one record a line (exports.md 9). */
#include <stdio.h>

#include "reports/export/csv_cell.h"
#include "reports/export/record.h"

extern const struct export_format export_csv;

static const char *const heads_ja[F_COUNT] = {
#define HEAD(id, ja) [F_##id] = ja,
#include "reports/export/csv_heads.def"
#undef HEAD
};

static bool is_column(enum field_id f)
{
	return f != F_QUERY &&
	       f != F_TIMESTAMP; /* a query may hold a patient's name; the times stand first */
}

/* What a spreadsheet must not take for a number or a date. */
static bool is_id(enum field_id f)
{
	switch (f) {
	case F_EVENT_ID:
	case F_REQUEST_ID:
	case F_RESPONSE_ID:
	case F_USER:
	case F_KEY_ID:
		return true;
	default:
		return false;
	}
}

static void header(struct export_context *x, struct buf *out)
{
	bool ja = x->choice.lang == LANG_JA;

	if (!x->choice.cp932)
		buf_str(out, CSV_BOM);
	csv_cell(out, slice_str(ja ? "日時" : "time"), false);
	csv_next(out);
	csv_cell(out, slice_str(ja ? heads_ja[F_TIMESTAMP] : "@timestamp"), false);
	csv_next(out);
	csv_cell(out, slice_str(ja ? "通番" : "seq"), false);
	for (enum field_id f = 0; f < F_COUNT; f++)
		if (is_column(f)) {
			csv_next(out);
			csv_cell(out, slice_str(ja ? heads_ja[f] : event_fields[f].name), false);
		}
	csv_end(out);
}

/* "2026/11/22 01:42:07" */
static void put_local(struct buf *out, int64_t ns)
{
	char text[32];
	int32_t days, second;
	struct date d;

	zone_wall(export_ms(ns) / 1000, &days, &second);
	d = date_from_days(days);
	snprintf(text, sizeof text, "%04d/%02d/%02d %02d:%02d:%02d", (int)d.year, d.month, d.day,
		 (int)second / 3600, (int)second / 60 % 60, (int)second % 60);
	csv_cell(out, slice_str(text), false);
}

static void access(struct export_context *x, const struct export_access *a, struct buf *out)
{
	int64_t ns = ev_int(a->ev, F_TIMESTAMP, 0);
	char text[TIME_TEXT_MAX];

	put_local(out, ns);
	csv_next(out);
	csv_cell(out, export_time(ns, text), false);
	csv_next(out);
	csv_cell(out, export_number(x, a->seq), false);
	for (enum field_id f = 0; f < F_COUNT; f++)
		if (is_column(f)) {
			csv_next(out);
			csv_cell(out, export_text(x, a->ev, f), x->choice.excel_text && is_id(f));
		}
	csv_end(out);
}

const struct export_format export_csv = {
	.name = "csv",
	.doc = "every field of the access events, for spreadsheets",
	.trailer = TRAILER_HASH,
	.cp932 = true,
	.header = header,
	.access = access,
};
