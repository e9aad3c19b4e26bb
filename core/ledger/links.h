/* Dictionary rows that go together, as one number: an event row names two of them in place of six rows. Who
 * calls (where, who, how) and what is called when (what, shape, when) recur far more often than all six do.
 * Private to core/ledger. */
#ifndef TK_LEDGER_LINKS_H
#define TK_LEDGER_LINKS_H

#include <sqlite3.h>

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/event/event.h"

#define LINK_PARTS 3
enum link { LINK_CALLER, LINK_MATTER, LINK_COUNT };

struct link_info {
	const char *table;
	enum part_id part[LINK_PARTS];
};
extern const struct link_info link_infos[LINK_COUNT];

struct links;
int links_open(struct links **out, sqlite3 *db, struct err *e);
void links_free(struct links *l);
/* The number of these rows' link, which is made where there is none. */
int links_find(struct links *l, enum link which, const int64_t rows[P_COUNT], int64_t *id, struct err *e);
/* Links that were made anew since the tables in memory were full. */
int64_t links_overflow(const struct links *l);

#endif
