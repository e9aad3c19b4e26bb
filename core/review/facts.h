/* What people enter for the month (reports.md 3 and 7), each a record of type `entry`; a later one of the
 * same name holds, all versions stay in the journal. duty.assume: name, function (of those that are per
 * function), value, low, high (decimals), source, from (the first day on which it holds) duty.register:
 * register, key, title, owner, due (a day), state (open, planned, done, accepted), text */
#ifndef TK_REVIEW_FACTS_H
#define TK_REVIEW_FACTS_H

#include "core/review/journal.h"

enum assumption {
#define ASSUME(id, name, per_function, needed, ja, en) ASSUME_##id,
#include "core/review/assumptions.def"
#undef ASSUME
	ASSUMPTIONS
};
struct assumption_info {
	const char *name;
	bool per_function, needed;
	const char *title[2];
};
extern const struct assumption_info assumption_infos[ASSUMPTIONS];

#define FACT_UNIT 1000000 /* of the values below */
struct assumed {
	const struct journal_entry *entry; /* NULL: nobody has said */
	int64_t value, low, high;	   /* in millionths */
	struct slice source, from, function;
};
/* What held on the day (YYYY-MM-DD): the version recorded last whose first day is not after it. `function`:
 * of those per function. */
void fact_assumed(const struct journal *j, enum assumption a, struct slice function, struct slice day,
		  struct assumed *out);

enum fact_register {
#define REGISTER(id, name, item, ja, en) REGISTER_##id,
#include "core/review/registers.def"
#undef REGISTER
	REGISTERS
};
struct register_info {
	const char *name, *item, *title[2];
};
extern const struct register_info register_infos[REGISTERS];
extern const char *const register_states[]; /* NULL behind the last; all but `open` and `planned` are ends */
#define REGISTER_KEY_MAX 64
/* An entry as it was when time `before_ns` came: what was said last of each member. */
struct register_row {
	struct slice key, title, owner, due, state, text;
	const struct journal_entry *last;
	int changes;
	bool ended;
};
/* In the order in which they were entered. False: no memory. Free *out with free(). */
bool fact_register(const struct journal *j, enum fact_register r, int64_t before_ns,
		   struct register_row **out, size_t *n);

/* May the record be written? NULL: yes, else why not. */
const char *fact_refusal(const struct journal *j, const struct journal_entry *next);
/* "12.5" into millionths; false: no number from 0 with at most six decimals. */
bool fact_decimal(struct slice text, int64_t *out);

#endif
