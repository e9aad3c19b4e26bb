/* Comma-separated values as hospitals save them: UTF-8 (BOM or not) or CP932, CRLF or LF, fields in quotes or
 * not (RFC 4180, but a field ends on its line). One thread. */
#ifndef TK_RULES_CSV_H
#define TK_RULES_CSV_H

#include "core/base/err.h"
#include "core/config/yaml.h"

#define CSV_CELLS 8

struct csv_cell {
	struct slice text; /* without quotes, NUL behind; lives as long as the csv */
	uint32_t column;   /* in characters, from 1 */
};
struct csv {
	char *text; /* the file in UTF-8 */
	struct slice rest;
	uint32_t line; /* of the row at hand, from 1 */
	struct csv_cell cell[CSV_CELLS];
	size_t n;	   /* cells of the row, at most CSV_CELLS */
	const char *wrong; /* why csv_row failed, at .wrong_column */
	uint32_t wrong_column;
};

/* TK_ECONFIG: neither UTF-8 nor CP932, or a NUL byte. TK_ENOMEM. */
int csv_open(struct csv *c, struct slice bytes, struct err *e);
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
