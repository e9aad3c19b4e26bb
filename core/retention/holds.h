/* Legal holds: records that must not be erased, whatever their age. Folded from their records (type `hold`):
 * hold.place: hold (number), reason, approved_by, and of user, from, to, incident those that it is for; all
 * that are said must hold of a record. hold.release: hold, reason, approved_by. */
#ifndef TK_RETENTION_HOLDS_H
#define TK_RETENTION_HOLDS_H

#include "core/retention/match.h"
#include "core/review/journal.h"

struct hold {
	int64_t number, placed_ns, released_ns;	  /* released_ns 0: it is in force */
	int64_t from_ns, to_ns;			  /* INT64_MIN, INT64_MAX: without bound */
	int64_t incident;			  /* 0: of none */
	int64_t incident_from_ns, incident_to_ns; /* the time of the incident */
	struct slice user, reason, actor, approved_by, released_by;
	struct name_forms forms; /* of the user */
};
struct holds {
	struct journal journal, people; /* what the holds borrow; incidents are in the second */
	struct hold *p;
	size_t n;
};
/* Free in any case. */
int holds_load(struct holds *h, struct ledger *l, struct err *e);
int holds_read(struct holds *h, struct ledger_reader *r, struct err *e);
void holds_free(struct holds *h);
size_t holds_in_force(const struct holds *h);
/* The number of the first hold in force on the record; 0: none. */
int64_t holds_cover(const struct holds *h, struct slice line, const struct record *r);
/* May the record follow? NULL: yes, else why not. hold.place gets its number from hold_next. */
const char *hold_refusal(const struct holds *h, const struct journal_entry *next);
int64_t hold_next(const struct holds *h);

#endif
