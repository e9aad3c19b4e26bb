/* A finding as one JSON object under the names of `findings list --json` (interface.md 2): the trail's
 * records and the command write the same. */
#ifndef TK_LEDGER_FINDING_JSON_H
#define TK_LEDGER_FINDING_JSON_H

#include "core/base/buf.h"
#include "core/ledger/reader.h"

/* The reason as it is stored: its second line is the Japanese sentence. */
void finding_split_reason(struct finding *f);
void finding_json(struct buf *out, const struct finding *f);

#endif
