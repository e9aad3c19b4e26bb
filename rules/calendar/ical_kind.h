/* What an event of a calendar is, by its words. Private to rules/calendar. Pure. */
#ifndef TK_RULES_ICAL_KIND_H
#define TK_RULES_ICAL_KIND_H

#include "core/base/slice.h"
#include "rules/calendar/site.h"

#define ICAL_DUTY SITE_KINDS /* beside the kinds of site.h */

struct ical_kind {
	int kind;	    /* enum site_kind, ICAL_DUTY, or -1: not known */
	struct slice word;  /* a shift's word, of a duty */
	struct slice names; /* what of the summary stands behind or before the word */
};

/* One word of the tables, in any case. */
bool ical_kind_of_word(struct slice word, struct ical_kind *out);
/* By the list of categories, then the summary. */
void ical_kind_of(struct slice categories, struct slice summary, struct ical_kind *out);
/* The next name of a list with commas, blanks or their Japanese forms between. False: there is none. */
bool ical_next_name(struct slice *rest, struct slice *name);

#endif
