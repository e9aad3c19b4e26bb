/* Content lines of iCalendar (RFC 5545 3.1), unfolded by octets: a fold may split a character. CRLF or LF,
 * BOM tolerated. Pure; one thread. */
#ifndef TK_RULES_ICAL_LINES_H
#define TK_RULES_ICAL_LINES_H

#include "core/base/buf.h"
#include "core/base/slice.h"

#define ICAL_LINE_MAX (256 << 10) /* bytes of one unfolded line */

struct ical_lines {
	struct slice rest;
	struct buf text;		  /* the line at hand */
	uint32_t line, next;		  /* where it began, from 1 */
	struct slice name, params, value; /* valid until the next call */
	uint32_t column;		  /* of the value, in characters of the unfolded line */
	const char *wrong;		  /* why ical_next failed */
};

void ical_lines_init(struct ical_lines *l, struct slice text);
void ical_lines_free(struct ical_lines *l);
/* False: the end, or with l->wrong set an error at l->line. Blank lines are passed over. */
bool ical_next(struct ical_lines *l);
/* Names of properties and components are in any case. */
bool ical_is(struct slice a, const char *word);
/* Value of a parameter without quotes; empty: it is not there. */
struct slice ical_param(struct slice params, const char *name);
/* Undoes the escapes of TEXT in place; *rest is what stands behind the next comma (a list of texts). */
struct slice ical_text(struct slice value, struct slice *rest);

#endif
