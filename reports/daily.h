/* The daily check sheet: one file a block. Private to reports. */
#ifndef TK_REPORTS_DAILY_H
#define TK_REPORTS_DAILY_H

#include "reports/say.h"

void daily_block_system(struct sheet *s, const struct figures *f);
void daily_block_usage(struct sheet *s, const struct figures *f);
void daily_block_security(struct sheet *s, const struct figures *f);

#endif
