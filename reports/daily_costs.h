/* What the day cost by user x department x function x provider x model x quality, and what hinders knowing
 * it. */
#ifndef TK_REPORTS_DAILY_COSTS_H
#define TK_REPORTS_DAILY_COSTS_H

#include "core/ledger/reader.h"
#include "reports/pool.h"

enum cost_name {
	COST_USER,
	COST_DEPARTMENT,
	COST_FUNCTION,
	COST_PROVIDER,
	COST_MODEL,
	COST_QUALITY,
	COST_NAMES
};
extern const char *const cost_name_keys[COST_NAMES]; /* fields of the access event */

struct cost_line {
	struct slice name[COST_NAMES]; /* empty: unknown */
	struct sums s;
};
/* Something that was met n times, out of `of`. */
struct counted {
	struct slice name; /* empty: unknown */
	int64_t n, of;
};
struct counted_list { /* most first, then by name */
	struct counted *p;
	size_t n;
};

struct costs {
	struct cost_line
		*line; /* dearest first, then by name; those beyond COST_LINES_MAX are one without names */
	size_t n;
	struct counted_list silent;    /* clients: streamed answers without usage, of all that they had */
	struct counted_list unpriced;  /* models without a price */
	struct counted_list ownerless; /* keys that no user is known of */
	struct counted_list unread;    /* servers of encrypted connections */
};
#define COST_LINES_MAX 20000

/* Of the calls that began in [from, to) UTC seconds; everything is the pool's. */
int costs_read(struct costs *out, struct pool *pool, struct ledger_reader *r, int64_t from, int64_t to,
	       struct err *e);

#endif
