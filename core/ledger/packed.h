/* The counters of one 15-minute bucket as the ledger holds them: one row a bucket, its entries packed and in
 * order of their names. A row an entry would cost more than the events it counts, since in a hospital nearly
 * every call is the only one of its user, model and function in its quarter of an hour.
 *
 *   entry = five varints (labels: input, user, department, function, model) || varint mask || one zigzag
 * varint for each set bit of the mask: the sums that are not 0, in the order of sums.def Pure functions.
 * Private to core/ledger. */
#ifndef TK_LEDGER_PACKED_H
#define TK_LEDGER_PACKED_H

#include "core/base/buf.h"
#include "core/ledger/sums.h"

enum counter_name { NAME_INPUT, NAME_USER, NAME_DEPARTMENT, NAME_FUNCTION, NAME_MODEL, NAME_COUNT };

struct counter_entry {
	uint32_t name[NAME_COUNT]; /* labels */
	struct sums sums;
};

void entry_write(const struct counter_entry *c, struct buf *out);
/* False at the end or when damaged; then in->n tells which. */
bool entry_read(struct slice *in, struct counter_entry *c);
int entry_order(const struct counter_entry *a, const struct counter_entry *b);

#endif
