/* Patterns as people write them: '*' stands for any bytes, also none; everything else for itself. */
#ifndef TK_BASE_WILDCARD_H
#define TK_BASE_WILDCARD_H

#include "core/base/slice.h"

/* Time grows with the product of the lengths at most, however many stars there are. */
bool wildcard_match(struct slice pattern, struct slice text);
/* One of several patterns, joined by commas; blanks around them do not count. */
bool wildcard_match_any(struct slice patterns, struct slice text);

#endif
