/* An import into the file that the configuration names: the new text, and what differs. Pure. */
#ifndef TK_RULES_MERGE_H
#define TK_RULES_MERGE_H

#include "rules/calendar/holiday_list.h"
#include "rules/calendar/roster.h"
#include "rules/calendar/site.h"

/* The rows of the dates that `fresh` has replace those of the same dates; with `edit` they come behind them,
 * as changes. `old` may be NULL. */
void merge_roster(const struct roster *old, const struct roster *fresh, bool edit, struct buf *out);
/* Rows of the kinds that `fresh` has and that begin on [from, to] (days) give way to its rows; with `edit`
 * none does. */
void merge_site(const struct site *old, const struct site *fresh, int32_t from, int32_t to, bool edit,
		struct buf *out);
/* Calls `row` for all rows as the file has them: their order says which one wins. False: no memory. */
bool site_in_order(const struct site *s, site_row_fn row, void *ctx);
/* Years that `fresh` has replace those of `old`. */
void merge_holidays(const struct holiday_list *old, const struct holiday_list *fresh, struct buf *out);

struct line_changes {
	size_t added, removed;
};
/* Lines of one text and not of the other: "- LINE" and "+ LINE" into out, at most `most` of them. False: no
 * memory. */
bool diff_lines(struct slice old, struct slice fresh, size_t most, struct line_changes *n, struct buf *out);
/* What the list says otherwise than the rule, in the years that it decides: "+ DATE NAME", "- DATE NAME",
 * "~ DATE RULE -> NAME". The number of them. */
size_t diff_holidays(const struct holiday_list *l, struct buf *out);

#endif
