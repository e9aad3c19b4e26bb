/* Items that the weekly and the monthly report say alike. */
#ifndef TK_REPORTS_PERIOD_ITEMS_H
#define TK_REPORTS_PERIOD_ITEMS_H

#include "reports/frame.h"

/* Three sentences for who reads no more. */
void period_summary(struct sheet *s);
void period_error_rate(struct sheet *s, struct sheet_item *i);
/* Calls, cost and users against the period before. */
void period_versus(struct sheet *s, struct sheet_item *i);
/* Critical and high ones. */
int64_t period_severe(const struct figures *f);
void table_rules(struct sheet *s, struct sheet_section *b);
/* Manual items, a row each. */
struct manual_item {
	const char *id;
	enum word title;
};
void manual_items(struct sheet *s, struct sheet_section *b, const struct manual_item *rows, size_t n);

#endif
