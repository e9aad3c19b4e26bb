/* The state in numbers. Private to cli. */
#ifndef TK_CLI_FIGURES_H
#define TK_CLI_FIGURES_H

#include "cli/reading.h"

/* Appends every figure that is known: as JSON objects a line, or as Prometheus text (exposition format
 * 0.0.4). `r` may be NULL where there is no ledger. TK_OK, or the ledger's error. */
int figures_put(const struct config *cfg, struct ledger_reader *r, bool json, struct buf *out, struct err *e);

#endif
