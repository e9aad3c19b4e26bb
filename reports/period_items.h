/* Items that the weekly and the monthly report say alike. */
#ifndef TK_REPORTS_PERIOD_ITEMS_H
#define TK_REPORTS_PERIOD_ITEMS_H

#include "reports/frame.h"

/* Three sentences for who reads no more. */
void period_summary(struct sheet *s);
void period_error_rate(struct sheet *s, struct sheet_item *i);
/* Calls, cost and users against the period before. */
void period_versus(struct sheet *s, struct sheet_item *i);
void period_trend(struct sheet *s, struct sheet_item *i);
/* Critical and high ones. */
int64_t period_severe(const struct figures *f);
void table_rules(struct sheet *s, struct sheet_section *b);

#endif
