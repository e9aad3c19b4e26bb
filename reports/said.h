/* What people said about a period: the duty sheet that looks at it, incidents, planned windows. It is read
 * with the figures and printed with them. */
#ifndef TK_REPORTS_SAID_H
#define TK_REPORTS_SAID_H

#include "core/review/duty.h"
#include "core/review/incident.h"
#include "reports/sheet.h"
#include "reports/slots.h"

struct said {
	struct journal journal;
	struct incidents incidents;
	struct period_options options;
	enum duty_sheet kind;
	int32_t date; /* on which the sheet is done */
	char date_text[11];
	struct duty_said sheet;
};
/* Of the sheet of that kind that looks at the period. Free in any case. */
int said_read(struct said *out, struct ledger_reader *r, const struct config *cfg, struct calendar *cal,
	      enum duty_sheet kind, struct period p, struct err *e);
void said_free(struct said *s);
/* Was it signed behind the day on which the sheet is done? */
bool duty_is_late(const struct journal_entry *sign, int32_t date);
/* Verdicts on items of the sheet, and those of them that are abnormal. */
void said_count(const struct said *s, int64_t *judged, int64_t *abnormal);

/* Puts answers, verdicts and signatures onto a sheet that was built from the figures. */
void said_put(struct sheet *s, const struct said *said);
/* "tanaka", or both names where somebody stood in. `lang` of the words between. */
void said_signer(const struct journal_entry *sign, enum lang lang, struct buf *out);

#endif
