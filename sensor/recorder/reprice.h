/* Pricing recorded calls anew, through the one door (llm-usage.md 5: a correction is a new run with both
 * results kept). */
#ifndef TK_SENSOR_RECORDER_REPRICE_H
#define TK_SENSOR_RECORDER_REPRICE_H

#include "core/base/json.h"
#include "core/ledger/ledger.h"

struct reprice_order {
	int64_t from_ns, to_ns;	  /* by the calls' beginning */
	struct slice table, name; /* the price table's text; where it comes from */
	struct slice reason, actor;
};
/* In a transaction that the caller begins and commits. Writes an `entry` record and, as members of the open
 * object, what was done into `reply`. *refusal: the order is wrong and nothing was done. */
int reprice_run(struct ledger *l, const struct reprice_order *order, int64_t now_ns, struct json_out *reply,
		const char **refusal, int64_t *changed, struct err *e);

#endif
