/* 和暦: Japanese dates by the table calendar.eras (calendar.md 4). Pure. */
#ifndef TK_RULES_ERA_H
#define TK_RULES_ERA_H

#include "core/config/config.h"

enum era_form {
	ERA_LONG,  /* 令和8年11月23日, the first year 元年 */
	ERA_SHORT, /* R08.11.23 (JIS X 0301) */
	ERA_YEAR,  /* 令和8年 */
};
/* The era of a date and the year in it, from 1; NULL before the first era of the table. */
const struct cfg_era *era_of(const struct cfg_calendar *cfg, struct date d, int32_t *year);
/* Appends the date; before the first era as 1926年12月24日 or 1926-12-24. */
void era_format(const struct cfg_calendar *cfg, struct date d, enum era_form form, struct buf *out);

#endif
