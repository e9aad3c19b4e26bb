/* When a record was committed. One thread per reader. */
#ifndef TK_LEDGER_RECORDED_H
#define TK_LEDGER_RECORDED_H

#include "core/ledger/reader.h"

struct ledger_recorded;
int ledger_recorded_open(struct ledger_recorded **out, struct ledger_reader *r, struct err *e);
void ledger_recorded_close(struct ledger_recorded *c);
/* Of the transaction that holds `seq`, UTC ns. Cheap for ascending ones. TK_ENOTFOUND: none does. */
int ledger_recorded_at(struct ledger_recorded *c, int64_t seq, int64_t *ns, struct err *e);

#endif
