/* The way of events into the event tables: staged in memory, then one INSERT ... SELECT from a virtual
 * table over them, which costs half of a prepared INSERT each. Private to core/ledger. */
#ifndef TK_LEDGER_STAGE_H
#define TK_LEDGER_STAGE_H

#include <sqlite3.h>

#include "core/event/event.h"
#include "core/ledger/chain.h"

struct stage;
int stage_open(struct stage **out, sqlite3 *db, struct chain *chain, struct err *e);
void stage_free(struct stage *s);
/* Takes the next number of the sequence. `ordinal` is negative for an event that an import brought.
 * `rows` are the dictionary rows of the parts (0: none). The EV part's strings must live until the flush.
 * Flushes by itself when full. */
int stage_add(struct stage *s, const struct part *own, const uint8_t id[16], int64_t ordinal,
	      const int64_t rows[P_COUNT], int64_t *seq, struct err *e);
int64_t stage_overflow(const struct stage *s); /* links that did not fit into memory */
int stage_flush(struct stage *s, struct err *e);

#endif
