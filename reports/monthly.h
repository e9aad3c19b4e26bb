/* Parts of the monthly review. Private to reports. */
#ifndef TK_REPORTS_MONTHLY_H
#define TK_REPORTS_MONTHLY_H

#include "core/review/facts.h"
#include "reports/say.h"

void monthly_roi(struct sheet *s, struct sheet_section *b);
/* How many entries, and the first of them, open ones first. */
void monthly_register(struct sheet *s, struct sheet_item *i, enum fact_register which);

#endif
