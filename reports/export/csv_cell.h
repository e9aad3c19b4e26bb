/* Cells of RFC 4180 lines that a spreadsheet opens without running anything (exports.md 9). */
#ifndef TK_REPORTS_EXPORT_CSV_CELL_H
#define TK_REPORTS_EXPORT_CSV_CELL_H

#include "core/base/buf.h"

#define CSV_BOM "\xef\xbb\xbf"

/* Quoted. An apostrophe goes before what a spreadsheet would take for a formula and, if `as_text`, before any
 * text but an empty one. */
void csv_cell(struct buf *out, struct slice text, bool as_text);
void csv_next(struct buf *out); /* between two cells */
void csv_end(struct buf *out);  /* CRLF */

#endif
