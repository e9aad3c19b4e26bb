/* The ledger for who evaluates what is recorded once more and keeps nothing of it: all that ledger.h reads,
 * and nothing that it writes. It takes no lock, so the recorder goes on beside it. */
#ifndef TK_LEDGER_VIEW_H
#define TK_LEDGER_VIEW_H

#include "core/ledger/ledger.h"

/* TK_ENOTFOUND, TK_ECONFIG: as ledger_reader_open. Close it with ledger_close. */
int ledger_view(struct ledger **out, const char *path, struct err *e);
/* From here to ledger_view_end everything is read as it is now. Keep it short: the recorder cannot cut its
 * log meanwhile. */
int ledger_view_begin(struct ledger *l, struct err *e);
void ledger_view_end(struct ledger *l);

#endif
