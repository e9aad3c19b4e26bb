/* Columns of text on a terminal (UAX #11: wide and full-width characters take two, ambiguous ones one,
 * combining marks none). Pure. */
#ifndef TK_BASE_COLUMNS_H
#define TK_BASE_COLUMNS_H

#include "core/base/buf.h"

int columns_of(uint32_t character);
int columns_text(struct slice text); /* UTF-8; a byte that is none counts one */
/* Safe for a terminal, then blanks up to `width` columns and one more; longer text stays whole. */
void columns_pad(struct buf *out, struct slice text, int width);

#endif
