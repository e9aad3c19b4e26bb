/* When the blocks of the duty sheets are done (reports.md 1 to 3), and which sheet looks at which period. */
#ifndef TK_REPORTS_SLOTS_H
#define TK_REPORTS_SLOTS_H

#include "rules/calendar/periods.h"

enum duty_sheet { DUTY_DAILY, DUTY_WEEKLY, DUTY_MONTHLY, DUTY_SHEETS };
enum duty_slot { SLOT_D1, SLOT_D2, SLOT_D3, SLOT_W1, SLOT_W2, SLOT_M, SLOTS };

enum duty_sheet duty_sheet_of(enum duty_slot slot);
const char *duty_sheet_name(enum duty_sheet s); /* daily, weekly, monthly: the report's name too */
/* D1 to W2 as the sheet's blocks are named; "M" of the month, which has none. */
const char *duty_slot_name(enum duty_slot slot);
struct period_options duty_options(const struct config *cfg);
/* The day on which a sheet is done that covers `days`: itself, its week's, its month's. */
int32_t duty_date(struct calendar *cal, const struct period_options *o, enum duty_sheet sheet, int32_t days);
/* What the sheet that is done on that date looks at, and the other way round. */
struct period duty_period(struct calendar *cal, const struct period_options *o, enum duty_sheet sheet,
			  int32_t date);
int32_t duty_date_of(struct calendar *cal, const struct period_options *o, enum duty_sheet sheet,
		     struct period p);
/* UTC seconds at which a block of that sheet is to be finished. */
int64_t duty_due(const struct period_options *o, enum duty_slot slot, int32_t date);

#endif
