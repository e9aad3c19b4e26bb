/* The shifts of calendar.md 3 by name and hours. Pure. */
#ifndef TK_RULES_SHIFTS_H
#define TK_RULES_SHIFTS_H

#include "core/config/config.h"

/* What a word means: a shift, SHIFT_COUNT for a day off, or -1. ASCII letters in any case. */
int shift_of_word(struct slice word);
/* The English name. */
const char *shift_name(enum shift_id id);
/* day, evening or night at a second of the day; where two overlap the one that began last. NULL: none. */
const char *shift_at(const struct cfg_calendar *cfg, int32_t second);

#endif
