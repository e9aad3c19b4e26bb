/* Labels of registered keys by fingerprint. */
#ifndef TK_REPORTS_EXPORT_KEY_LABELS_H
#define TK_REPORTS_EXPORT_KEY_LABELS_H

#include "core/ledger/reader.h"

struct key_labels;
/* NULL, told: no memory, or the ledger cannot be read. */
struct key_labels *key_labels_load(struct ledger_reader *r, struct err *e);
void key_labels_free(struct key_labels *k);
struct slice key_labels_find(const struct key_labels *k, struct slice fingerprint); /* empty: none */

#endif
