/* Response times by 15 minutes and model, gathered for one transaction and then merged with their rows.
 * Private to core/ledger. */
#ifndef TK_LEDGER_HISTOGRAMS_H
#define TK_LEDGER_HISTOGRAMS_H

#include <sqlite3.h>

#include "core/base/err.h"
#include "core/base/slice.h"
#include "core/ledger/sums.h"

struct histograms;
int histograms_open(struct histograms **out, sqlite3 *db, struct err *e);
void histograms_free(struct histograms *h);
/* model: a label. */
int histograms_add(struct histograms *h, int64_t bucket, int64_t model, int64_t ns, struct err *e);
/* One that was added. What was the longest is then the longest left, to the histogram's precision. */
int histograms_remove(struct histograms *h, int64_t bucket, int64_t model, int64_t ns, struct err *e);
int histograms_flush(struct histograms *h, struct err *e); /* before each commit */
/* Adds n, bins and maximum of the rows of [from, to); after a flush. */
int histograms_range(struct histograms *h, int64_t from, int64_t to, struct latency *out, struct err *e);

#endif
