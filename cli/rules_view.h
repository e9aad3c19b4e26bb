/* The ledger's days under the eyes of rules: for verbs that evaluate them once more and change nothing. */
#ifndef TK_CLI_RULES_VIEW_H
#define TK_CLI_RULES_VIEW_H

#include "cli/rules.h"
#include "sensor/recorder/evaluate.h"
#include "sensor/recorder/fingerprint.h"

struct rules_view {
	struct fingerprint_keys keys;
	struct ledger *ledger;
	struct enrich *enrich;
	struct evaluate *evaluate;
};
/* Borrows all. The caller closes it in any case. */
int rules_view_open(struct rules_view *v, const struct config *cfg, struct rule_set *set, struct err *e);
void rules_view_close(struct rules_view *v);
/* `day` for each local day of [from_ns, to_ns) that the ledger has, first to last, each with a view of its
 * own; none where it has none. Ends at what is not TK_OK. */
typedef int (*rules_day_fn)(void *ctx, struct evaluate *v, int32_t day, struct err *e);
int rules_view_days(struct rules_view *v, int64_t from_ns, int64_t to_ns, rules_day_fn day, void *ctx,
		    struct err *e);

#endif
