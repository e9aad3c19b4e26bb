/* Duty sheets of the day, week and month: one line an item of reports.md, filled from the ledger, answered by
 * people (core/review/duty.h). */
#ifndef TK_REPORTS_DUTY_H
#define TK_REPORTS_DUTY_H

#include "reports/figures.h"

enum duty_how { HOW_AUTO, HOW_HALF, HOW_MANUAL };

struct duty;
struct duty_line;

/* The value of a line is that of the report's item of the same id. */
struct duty_info {
	const char *id;
	enum duty_slot slot;
	enum duty_how how;
	const char *title[2]; /* by language */
};
extern const struct duty_info duty_items[];
extern const size_t duty_item_count;

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
	struct figures *figures;      /* of the period */
	const struct duty_said *said; /* of `figures` */
	struct sheet *report;	      /* what they say, without what people said */
	enum duty_sheet sheet;
	int32_t date; /* on which the sheet is done */
	char date_text[11];
	struct period period; /* that it looks at */
	int64_t coverage_minutes, coverage_missed;
	struct duty_line *line;
	size_t n;
};

/* The sheet that is done on `days` (its week's, its month's). What is in it borrows the arguments. */
int duty_make(struct duty **out, struct ledger_reader *r, const struct config *cfg, struct calendar *cal,
	      enum duty_sheet sheet, int32_t days, enum lang lang, struct err *e);
void duty_free(struct duty *d);

/* Where a sheet stands: the second is before its due day is over. */
enum duty_state { DUTY_OPEN, DUTY_MISSED, DUTY_SIGNED, DUTY_SIGNED_LATE, DUTY_APPROVED };
enum duty_state duty_state(const struct duty *d, int64_t now_ns);
bool duty_coverage_low(const struct duty *d);
const char *duty_verdict_name(enum verdict v); /* normal, caution, abnormal, "" */

#endif
