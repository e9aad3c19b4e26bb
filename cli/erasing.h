/* An order to erase, as prune and erase give it: previewed in pieces, then written and carried out. Private
 * to cli. */
#ifndef TK_CLI_ERASING_H
#define TK_CLI_ERASING_H

#include "cli/asking.h"
#include "core/trail/record.h"

#define APPROVERS_MAX 16

struct erasing_order {
	const struct config *cfg;
	const char *verb; /* "prune", "erase" */
	const char *user, *text, *why, *reference, *reason;
	const char *approver[APPROVERS_MAX];
	size_t n_approvers;
	int64_t first, last;	/* -1: none */
	int64_t from_ns, to_ns; /* INT64_MIN, INT64_MAX: none */
	bool accept_short, json;
};
struct erasing_sums {
	int64_t records, segments, whole, held, kept, two;
	int64_t of[RECORD_TYPES];
};
/* What would go. EXIT_DONE, or told. */
int erasing_preview(const struct erasing_order *o, struct erasing_sums *out);
/* Does it, in as many pieces as it takes. */
int erasing_run(const struct erasing_order *o, struct erasing_sums *out);
/* What an erasure that was cut short has left to do. */
int erasing_finish(const struct erasing_order *o);
void erasing_tell(const struct erasing_order *o, const struct erasing_sums *s, bool done);

#endif
