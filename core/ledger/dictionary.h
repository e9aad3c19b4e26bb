/* Dictionaries: recurring parts of events and the names of counters become small numbers. Kept in memory
 * up to a cap; beyond it a part gets a row of its own (nothing is lost, memory stays flat) and a name
 * becomes 'other', both counted. Private to core/ledger. */
#ifndef TK_LEDGER_DICTIONARY_H
#define TK_LEDGER_DICTIONARY_H

#include <sqlite3.h>

#include "core/event/event.h"
#include "core/ledger/chain.h"
#include "core/ledger/ledger.h"

#define DICTIONARY_MAX 32768           /* parts of one kind held in memory */
#define DICTIONARY_BYTES (8u << 20)
#define LABEL_UNKNOWN 0
#define LABEL_OTHER 1

struct dictionary;
int dictionary_open(struct dictionary **out, sqlite3 *db, struct chain *chain, struct err *e);
void dictionary_free(struct dictionary *d);
/* Number of the part's row, made if it is new. `absent_event` belongs to P_SHAPE alone. */
int dictionary_part(struct dictionary *d, enum part_id id, const struct part *p, uint32_t absent_event,
		    int64_t *row, struct err *e);
/* Number of a counter's name; empty is LABEL_UNKNOWN, excess LABEL_OTHER. */
int dictionary_label(struct dictionary *d, struct slice name, int64_t *label, struct err *e);
struct slice dictionary_name(const struct dictionary *d, int64_t label); /* empty: it has none */
int dictionary_reload(struct dictionary *d, struct err *e); /* names that another process has added since */
int64_t dictionary_overflow(const struct dictionary *d); /* parts and names beyond the caps, this run */

/* One event row and its parts back into an event. Strings live until the next row_read. */
struct row_reader;
int row_reader_open(struct row_reader **out, sqlite3 *db, struct err *e);
void row_reader_free(struct row_reader *r);
/* TK_ENOTFOUND: no such event (a record has that number, or none). Valid until the next call. */
/* Ends the last read: what it gave is void. NULL is legal. */
void row_rest(struct row_reader *r);
int row_read(struct row_reader *r, int64_t seq, struct access_event **ev, struct err *e);

#endif
