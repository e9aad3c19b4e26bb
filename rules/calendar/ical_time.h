/* Times, zones and recurrences of iCalendar, by libical. Private to rules/calendar. One thread: libical keeps
 * its zones in statics. */
#ifndef TK_RULES_ICAL_TIME_H
#define TK_RULES_ICAL_TIME_H

#include <libical/ical.h>

#include "core/config/keep.h"
#include "core/config/yaml.h"

#define ICAL_ZONES_MAX 100
#define ICAL_STEPS_MAX 1000000 /* of all rules of a file: what is passed over counts too */

/* The zones that the file defines. */
struct ical_zones {
	icaltimezone *zone[ICAL_ZONES_MAX];
	const char *name[ICAL_ZONES_MAX];
	size_t n;
};

/* A value as it stands in the file; several hang together by `next`. */
struct moment {
	const char *text, *tzid; /* tzid: NULL for none */
	uint32_t line, column;
	struct moment *next;
};

/* A value, understood. */
struct instant {
	struct icaltimetype nominal; /* as written, without a zone */
	icaltimezone *zone;	     /* NULL: the site's clocks */
	bool date;		     /* a day, no time */
	int64_t at;		     /* days since 1970, or UTC seconds */
};

/* Takes a VTIMEZONE (its unfolded lines) or says why not: NULL when good. */
const char *ical_zone_add(struct ical_zones *z, const char *text, const char *name);
void ical_zones_free(struct ical_zones *z);
/* False: told in `p`. */
bool ical_instant(const struct ical_zones *z, const struct moment *m, struct instant *out,
		  struct problems *p);
/* The same zone and form at another nominal time. */
struct instant ical_instant_at(const struct instant *like, struct icaltimetype nominal);
bool ical_duration(const struct moment *m, int64_t *seconds, struct problems *p);
/* Calls `each` with the instances of a rule up to `last` (in the unit of instant.at); false from it ends the
 * walk. *budget: steps that are left. False: the rule was refused, told in `p`. */
bool ical_recur(const struct moment *rule, const struct instant *start, int64_t last, int32_t *budget,
		bool (*each)(void *ctx, const struct instant *i), void *ctx, struct problems *p);

#endif
