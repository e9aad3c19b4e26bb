/* Any bytes as CSV: no field lies outside, places only grow, and what is written again with quotes is read as
 * it was. */
#include <stdlib.h>

#include "core/base/buf.h"
#include "core/base/csv_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void write_again(const struct csv_table *c, struct buf *out)
{
	for (size_t i = 0; i < csv_table_rows(c); i++) {
		struct csv_row row = csv_table_row(c, i);

		for (size_t k = 0; k < row.n; k++) {
			buf_str(out, k > 0 ? ",\"" : "\"");
			for (size_t b = 0; b < row.field[k].text.n; b++) {
				if (row.field[k].text.p[b] == '"')
					buf_byte(out, '"');
				buf_byte(out, row.field[k].text.p[b]);
			}
			buf_byte(out, '"');
		}
		buf_byte(out, '\n');
	}
}

static void compare(const struct csv_table *a, const struct csv_table *b)
{
	if (csv_table_rows(a) != csv_table_rows(b))
		abort();
	for (size_t i = 0; i < csv_table_rows(a); i++) {
		struct csv_row x = csv_table_row(a, i), y = csv_table_row(b, i);

		if (x.n != y.n || (i > 0 && x.line <= csv_table_row(a, i - 1).line))
			abort();
		for (size_t k = 0; k < x.n; k++)
			if (!slice_eq(x.field[k].text, y.field[k].text) || x.field[k].line < x.line ||
			    x.field[k].column == 0)
				abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct csv_problem p;
	struct csv_table *c = csv_table_read(slice_of(data, n), &p), *again;
	struct buf out;

	if (c == NULL) {
		if (p.line == 0 || p.column == 0 || p.text == NULL)
			abort();
		return 0;
	}
	buf_init(&out, 64 << 20);
	write_again(c, &out);
	again = csv_table_read(buf_slice(&out), &p);
	if (again == NULL)
		abort();
	compare(c, again);
	csv_table_free(again);
	csv_table_free(c);
	buf_free(&out);
	return 0;
}
