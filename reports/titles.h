/* Titles of rules in the reader's language. The ledger holds a finding's reason as it was recorded, which
 * begins with the rule's title; a rule that also has a Japanese one is told in Japanese. */
#ifndef TK_REPORTS_TITLES_H
#define TK_REPORTS_TITLES_H

#include "reports/report.h"

struct titles;
/* The configuration's rules, or the shipped ones. NULL: no memory or no rules; reasons then stay as they
 * are. */
struct titles *titles_load(const struct config *cfg);
void titles_free(struct titles *t);
/* Appends the reason; `t` may be NULL. */
void titles_say(const struct titles *t, enum lang lang, struct slice rule_id, struct slice reason,
		struct buf *out);

#endif
