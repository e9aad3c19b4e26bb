/* Figures as text: exact integer arithmetic, rounded half up only here (llm-usage.md 5). Pure. */
#ifndef TK_REPORTS_FIGURE_H
#define TK_REPORTS_FIGURE_H

#include "core/base/buf.h"

typedef __int128 figure;

void put_digits(struct buf *out, figure v);                    /* 1234567 */
void put_grouped(struct buf *out, figure v);                   /* 1,234,567 */
/* v / scale with `digits` decimals, half up (away from zero); grouped. scale > 0. */
void put_quotient(struct buf *out, figure v, figure scale, int digits);
/* The same, rounded down: percentages of availability must not be flattered (reports.md 5). */
void put_quotient_down(struct buf *out, figure v, figure scale, int digits);
/* As a JSON number: no grouping, no trailing zeros behind the point. */
void put_json_quotient(struct buf *out, figure v, figure scale, int digits);

#define PICO_USD INT64_C(1000000000000)

#endif
