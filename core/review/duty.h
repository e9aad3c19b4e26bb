/* Duty sheets (reports.md 1 to 4): what people said on them. A sheet is named by its kind and the date of the
 * day on which it is due. Members of its records: sheet, date, and
 * duty.verdict: item, verdict (normal, caution, abnormal), value (as it was shown), text, correction
 * duty.enter: item, value, text, correction; a record of type `entry`
 * duty.sign: as (checker, approver), block (a part of the sheet that has its own checker: D1, D2, D3, W1,
 *            W2; none: the whole of it), for (who is stood in for), coverage (reason), same_person (reason),
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
#define DUTY_BLOCKS 3
/* The blocks of a sheet, NULL behind the last: each may be signed by whoever did it. NULL: there is no such
 * sheet. */
const char *const *duty_blocks(struct slice sheet);

struct duty_said {
	const struct journal_entry **p; /* of this sheet, in order */
	size_t n;
	/* The last signatures; NULL: none. The checker of the whole, or who signed its last block. */
	const struct journal_entry *checker, *approver, *handover;
	const struct journal_entry *block[DUTY_BLOCKS]; /* of its checks, in the order of duty_blocks */
};

/* False: no memory. Free p with free(). */
bool duty_read(const struct journal *j, struct slice sheet, struct slice date, struct duty_said *out);
void duty_item(const struct duty_said *s, struct slice item, struct duty_item_said *out);
/* May the record follow those that are there? NULL: yes, else why not. */
const char *duty_refusal(const struct journal *j, const struct journal_entry *next);
/* Has the record signed that block, by itself or with the whole sheet? */
bool duty_signs(const struct journal_entry *sign, const char *block);
/* The last signature by a checker of a sheet of the kind, or of its last block (of a day, the findings),
 * before `before_ns`; NULL: none. */
const struct journal_entry *duty_last_sign(const struct journal *j, struct slice sheet, int64_t before_ns);

#endif
