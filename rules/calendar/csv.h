/* The calendar's CSV files, row by row (core/base/csv_table.h), and what stands in their cells. One thread.
 */
#ifndef TK_RULES_CSV_H
#define TK_RULES_CSV_H

#include "core/base/buf.h"
#include "core/base/csv_table.h"
#include "core/config/yaml.h"

struct csv {
	struct csv_table *table; /* NULL: it cannot be read */
	size_t next;
	const struct csv_field *cell; /* of the row at hand */
	size_t n;
	uint32_t line; /* of the row */
	const char *wrong; /* why csv_row failed, at .line and .wrong_column */
	uint32_t wrong_column;
};

/* Text that cannot be read is told by csv_row, with its place. */
void csv_open(struct csv *c, struct slice bytes);
void csv_close(struct csv *c);
/* The next row that is not blank. False: the end, or with c->wrong set an error. */
bool csv_row(struct csv *c);
/* Cells are these words? (a header, trailing empty cells left out) */
bool csv_is_header(const struct csv *c, const char *const *words, size_t n);
/* One field, in quotes where it needs them. */
void csv_put(struct buf *out, struct slice text);

/* "2026-11-23" or "2026/1/1", an existing date. */
bool csv_date(struct slice text, int32_t *days);
/* "17:15", "8:30", "24:00" in seconds. */
bool csv_clock(struct slice text, int32_t *second);
/* The first problem as an error. */
int problems_to_err(const struct problems *p, struct err *e);

#endif
