#include "reports/export/csv_cell.h"

/* = + - @ TAB CR and the full-width forms of the first four. */
static bool is_formula(struct slice text)
{
	static const char *const begins[] = {
		"=", "+", "-", "@", "\t", "\r", "\xef\xbc\x9d", "\xef\xbc\x8b", "\xef\xbc\x8d", "\xef\xbc\xa0"
	};

	for (size_t i = 0; i < COUNT(begins); i++)
		if (slice_starts(text, slice_str(begins[i])))
			return true;
	return false;
}

void csv_cell(struct buf *out, struct slice text, bool as_text)
{
	buf_byte(out, '"');
	if (text.n > 0 && (as_text || is_formula(text)))
		buf_byte(out, '\'');
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '"')
			buf_byte(out, '"');
		buf_byte(out, text.p[i]);
	}
	buf_byte(out, '"');
}

void csv_next(struct buf *out)
{
	buf_byte(out, ',');
}

void csv_end(struct buf *out)
{
	buf_str(out, "\r\n");
}
