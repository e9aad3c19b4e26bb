/* Who a call is by, and whom a line of a roster or a window means: an id, role:NAME or dept:NAME. Pure. */
#ifndef TK_RULES_PERSON_H
#define TK_RULES_PERSON_H

#include "core/base/slice.h"

struct person {
	struct slice user, roles /* comma-joined */, department; /* each may be empty */
};
enum who_kind { WHO_USER, WHO_ROLE, WHO_DEPARTMENT };

/* The name without its prefix. */
struct slice who_name(struct slice who, enum who_kind *kind);
bool who_means(struct slice who, const struct person *p);
/* Takes the next role off *roles; false: there is none. */
bool next_role(struct slice *roles, struct slice *role);

#endif
