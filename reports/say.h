/* Figures, dates and names as text of a sheet. */
#ifndef TK_REPORTS_SAY_H
#define TK_REPORTS_SAY_H

#include "reports/figure.h"
#include "reports/figures.h"
#include "reports/sheet.h"

const char *say_count(struct sheet *s, figure v);                      /* 1,234 */
const char *say_quotient(struct sheet *s, figure v, figure scale, int digits);
const char *say_percent_down(struct sheet *s, figure part, figure whole);
const char *say_usd(struct sheet *s, figure pico);                     /* 12.34 */
/* The same; 未計算 where nothing was: absent money is never 0 (reports.md 6). */
const char *say_cost(struct sheet *s, figure pico, int64_t unpriced);
/* In the site's currency, or in USD: 1,234 JPY. */
const char *say_money(struct sheet *s, figure pico, int64_t unpriced);
/* The same amount in the site's currency alone: 1,234; NULL where none is set. */
const char *say_site_amount(struct sheet *s, figure pico);
const char *say_level(struct sheet *s, enum level level);
const char *say_time(struct sheet *s, int64_t utc_sec);                /* 2026-11-24 00:00 +09:00 */
/* 2026年11月23日（月）; where the figures ask for it by its era: 令和8年11月23日（月） */
const char *say_date(struct sheet *s, int32_t days);
/* A name out of a log, or 不明. */
const char *say_name(struct sheet *s, struct slice name);
const char *say_given(struct sheet *s, struct slice text); /* as said, or a dash */
/* The largest entries by a measure, at most `max`, as "a 3、b 2、他 4 件"; NULL when all are 0. With W_NAME_COST
 * the measure is pico-USD. */
typedef int64_t (*measure_fn)(const struct sums *s);
const char *say_top(struct sheet *s, const struct named_list *l, measure_fn measure, size_t max,
		    enum word form);

#endif
