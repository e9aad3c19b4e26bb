/* Parts of a time as it is written, no zone change (sigma-digest.md 7). Pure functions. */
#ifndef TK_RULES_TIMEPART_H
#define TK_RULES_TIMEPART_H

#include "core/base/slice.h"

enum time_part { PART_MINUTE, PART_HOUR, PART_DAY, PART_WEEK, PART_MONTH, PART_YEAR };

/* From text "YYYY-MM-DD", optionally with 'T' or a blank and HH:MM behind. False: not such a text, or
 * it lacks that part. */
bool time_part_of_text(struct slice text, enum time_part part, int64_t *out);
/* From a local date (days since 1970) and second of the day. */
int64_t time_part_of_wall(int32_t days, int32_t second, enum time_part part);

#endif
