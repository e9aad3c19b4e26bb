/* Duty sheets (reports.md 1 to 4): what people said on them. A sheet is named by its kind and the date of the
 * day on which it is due. Members of its records: sheet, date, and
 * duty.verdict: item, verdict (normal, caution, abnormal), value (as it was shown), text, correction
 * duty.enter: item, value, text, correction; a record of type `entry`
 * duty.sign: as (checker, approver), for (who is stood in for), coverage (reason), same_person (reason),
 *            text, correction
 * duty.handover: text */
#ifndef TK_REVIEW_DUTY_H
#define TK_REVIEW_DUTY_H

#include "core/review/journal.h"

struct duty_item_said {
	const struct journal_entry *verdict, *entry; /* the last ones; NULL: nothing said */
	const struct journal_entry *was;	     /* the version before a correction, or NULL */
	int corrections;
};
struct duty_said {
	const struct journal_entry **p; /* of this sheet, in order */
	size_t n;
	const struct journal_entry *checker, *approver, *handover; /* the last signatures; NULL: none */
};

/* False: no memory. Free p with free(). */
bool duty_read(const struct journal *j, struct slice sheet, struct slice date, struct duty_said *out);
void duty_item(const struct duty_said *s, struct slice item, struct duty_item_said *out);
/* May the record follow those that are there? NULL: yes, else why not. */
const char *duty_refusal(const struct journal *j, const struct journal_entry *next);
/* The last signature of a sheet of the kind by a checker, before `before_ns`; NULL: none. */
const struct journal_entry *duty_last_sign(const struct journal *j, struct slice sheet, int64_t before_ns);

#endif
