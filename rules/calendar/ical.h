/* iCalendar (RFC 5545) into rows of a roster and of the site's own days (calendar.md 5). VEVENT alone; what
 * kind an event is, its CATEGORIES say, else its SUMMARY, by the words of shifts.def and ical_kinds.def. A
 * duty names its people as ATTENDEE (the part before the @) or behind the word in SUMMARY ("当直 tanaka,
 * role:nurse"). TRANSP changes nothing: groupware writes it for every event of a whole day. */
#ifndef TK_RULES_ICAL_H
#define TK_RULES_ICAL_H

#include "core/config/yaml.h"

#define ICAL_BYTES_MAX (10 << 20)
#define ICAL_EVENTS_MAX 10000
#define ICAL_ROWS_MAX 100000

struct ical_result {
	struct buf roster, days; /* rows of CSV without headers; the caller frees them */
	size_t events, cancelled;
	size_t left_out; /* of no kind that we know, or a duty that names nobody */
};

/* Reads what begins on a local date from `from` to `to` (days since 1970, both included) into *out, which the
 * caller has not initialised. `kind`: what all events are (a word of the tables), or NULL. False: errors in
 * `p`, each with line and column; *out is empty then. Uses the process's zone; one thread. */
bool ical_read(struct slice text, int32_t from, int32_t to, const char *kind, struct ical_result *out,
	       struct problems *p);
void ical_result_free(struct ical_result *r);

#endif
