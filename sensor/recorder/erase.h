/* Carrying out what sealed erase records allow (audit-trail.md 6): the trail's files, then the ledger's rows,
 * then a control record that it is done. Each step can be done again with the same result, so whoever is
 * killed, the next one finishes. Between transactions, under the ledger's lock. */
#ifndef TK_SENSOR_RECORDER_ERASE_H
#define TK_SENSOR_RECORDER_ERASE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/err.h"

struct ledger;

struct erased {
	int64_t segments, records; /* carried out now */
};
/* Is there something to carry out, or to scrub? */
int erase_pending(struct ledger *l, bool *pending, struct err *e);
/* Every erase record must be sealed by now. Afterwards, where records went, what is kept in memory of the
 * ledger's tables is void (ledger_reread). TK_EBUSY: all is done but the write-ahead log, which a reader
 * holds. */
int erase_carry_out(struct ledger *l, const char *folder, struct erased *out, struct err *e);

#endif
