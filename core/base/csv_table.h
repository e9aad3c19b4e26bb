/* CSV (RFC 4180) as spreadsheets write it: UTF-8 with or without BOM, or CP932; rows end in CRLF, LF or CR,
 * blank ones do not count; blanks around an unquoted field are not part of it. The whole text at once: a pure
 * function but for memory. Not for several threads at one struct csv_table. */
#ifndef TK_BASE_CSV_TABLE_H
#define TK_BASE_CSV_TABLE_H

#include "core/base/err.h"
#include "core/base/slice.h"

struct csv_field {
	struct slice text;     /* UTF-8, quotes undone, a NUL behind */
	uint32_t line, column; /* of its first character, both from 1; columns in characters */
};

struct csv_row {
	const struct csv_field *field;
	size_t n;
	uint32_t line;
};

struct csv_table;
#define CSV_ROWS_MAX 200000
/* Where and why it cannot be read. */
struct csv_problem {
	uint32_t line, column;
	const char *text;
};
/* NULL with `problem` filled in. What is read lives until csv_table_free. */
struct csv_table *csv_table_read(struct slice bytes, struct csv_problem *problem);
void csv_table_free(struct csv_table *c); /* NULL is legal */
size_t csv_table_rows(const struct csv_table *c);
struct csv_row csv_table_row(const struct csv_table *c, size_t i);
/* The row's field, empty (at the row's beginning) where it has fewer. */
struct csv_field csv_field(const struct csv_row *row, size_t i);

/* One column that a program reads: its names, compared without regard to ASCII case, blanks, '_', '-' and
 * full-width blanks. */
#define CSV_NAMES 12
struct csv_column {
	const char *name[CSV_NAMES];
};
#define CSV_NO_COLUMN SIZE_MAX
/* Number of the header's field that has one of these names, or CSV_NO_COLUMN. */
size_t csv_column(const struct csv_row *header, const struct csv_column *column);

#endif
