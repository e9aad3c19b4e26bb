/* The reason of a finding in the reader's language. The ledger holds it as it was recorded: in both languages
 * where the rule has a sentence, else the rule's title and the subject; a title in Japanese is put in its
 * place. */
#ifndef TK_REPORTS_TITLES_H
#define TK_REPORTS_TITLES_H

#include "reports/report.h"
#include "rules/rules.h"

struct titles;
/* The configuration's rules, or the shipped ones. NULL: no memory or no rules; reasons then stay as they
 * are. */
struct titles *titles_load(const struct config *cfg);
void titles_free(struct titles *t);
/* The finding's rule; NULL: it is not among them (any more). */
const struct rule_info *titles_rule(const struct titles *t, const struct finding *f);
/* Does its rule ask whether somebody is on duty? */
bool titles_asks_duty(const struct titles *t, const struct finding *f);
/* Appends the title of the finding's rule, as it is now or as it was recorded. */
void titles_title(const struct titles *t, enum lang lang, const struct finding *f, struct buf *out);
/* Appends the finding's reason; `t` may be NULL. */
void titles_say(const struct titles *t, enum lang lang, const struct finding *f, struct buf *out);

#endif
