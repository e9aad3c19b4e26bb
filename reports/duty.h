/* Duty sheets of the day, week and month: one line an item of reports.md, filled from the ledger, answered by
 * people (core/review/duty.h). */
#ifndef TK_REPORTS_DUTY_H
#define TK_REPORTS_DUTY_H

#include "core/review/duty.h"
#include "core/review/incident.h"
#include "reports/sheet.h"
#include "rules/calendar/periods.h"

enum duty_sheet { DUTY_DAILY, DUTY_WEEKLY, DUTY_MONTHLY, DUTY_SHEETS };
enum duty_slot { SLOT_D1, SLOT_D2, SLOT_D3, SLOT_W1, SLOT_W2, SLOT_M, SLOTS };
enum duty_how { HOW_AUTO, HOW_HALF, HOW_MANUAL };

struct duty;
struct duty_line;
typedef void (*duty_fill_fn)(struct duty *d, struct duty_line *l);

struct duty_info {
	const char *id;
	enum duty_slot slot;
	enum duty_how how;
	const char *from;     /* item of the report's sheet, or NULL */
	duty_fill_fn fill;    /* or NULL */
	const char *title[2]; /* by language */
};
extern const struct duty_info duty_items[];
extern const size_t duty_item_count;
enum duty_sheet duty_sheet_of(enum duty_slot slot);
const char *duty_sheet_name(enum duty_sheet s); /* daily, weekly, monthly */

struct duty_line {
	const struct duty_info *info;
	const char *value; /* "": none (yet) */
	enum verdict proposed;
	struct duty_item_said said;
	int64_t due; /* UTC seconds */
};
struct duty {
	struct pool pool;
	enum lang lang;
	const struct config *cfg;
	struct ledger_reader *reader;
	struct calendar *cal;
	const struct journal *journal;
	struct incidents incidents;
	struct duty_said said;
	struct figures *figures; /* that `report` was built from */
	struct sheet *report; /* of the period; NULL: none */
	enum duty_sheet sheet;
	int32_t date; /* on which the sheet is done */
	char date_text[11];
	struct period period; /* that it looks at */
	int64_t coverage_minutes, coverage_missed;
	struct duty_line *line;
	size_t n;
	int rc; /* of a fill */
	struct err *e;
};

/* The sheet that is done on `days` (its week's, its month's). What is in it borrows the arguments. */
int duty_make(struct duty **out, struct ledger_reader *r, const struct config *cfg, struct calendar *cal,
	      const struct journal *j, enum duty_sheet sheet, int32_t days, enum lang lang, struct err *e);
void duty_free(struct duty *d);

/* Where a sheet stands: the second is before its due day is over. */
enum duty_state { DUTY_OPEN, DUTY_MISSED, DUTY_SIGNED, DUTY_SIGNED_LATE, DUTY_APPROVED };
enum duty_state duty_state(const struct duty *d, int64_t now_ns);
bool duty_is_late(const struct journal_entry *sign, int32_t date);
/* The day on which a sheet is done that covers `days`: itself, its week's, its month's. */
int32_t duty_date(struct calendar *cal, enum duty_sheet sheet, int32_t days);
/* Items without verdict, manual ones without entry left aside: they are judged like others. */
size_t duty_unanswered(const struct duty *d);
bool duty_coverage_low(const struct duty *d);
const char *duty_verdict_name(enum verdict v); /* normal, caution, abnormal, "" */

/* How the sheets of the business days in [from, to) were done (M5). */
struct duty_rate {
	int64_t due, done, late, missing;
};
void duty_rate_of(const struct journal *j, struct calendar *cal, int32_t first, int32_t last,
		  struct duty_rate *out);

#endif
