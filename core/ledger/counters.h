/* The counters of 15 minutes, gathered in memory for one transaction and then added to their rows.
 * Private to core/ledger. */
#ifndef TK_LEDGER_COUNTERS_H
#define TK_LEDGER_COUNTERS_H

#include <sqlite3.h>

#include "core/ledger/ledger.h"
#include "core/ledger/packed.h"
#include "core/ledger/sums.h"

/* The names of one event, as label numbers. */
struct counter_key {
	int64_t bucket; /* UTC seconds */
	uint32_t name[NAME_COUNT];
};

struct counters;
int counters_open(struct counters **out, sqlite3 *db, struct err *e);
void counters_free(struct counters *c);
int counters_add(struct counters *c, const struct counter_key *k, const struct access_event *ev,
		 struct err *e);
/* Adds `by`, whose sums may be negative, to what is counted there. */
int counters_move(struct counters *c, const struct counter_key *k, const struct sums *by, struct err *e);
/* `ev` takes the place of `old`, which was counted. */
int counters_replace(struct counters *c, const struct counter_key *old_key, const struct access_event *old,
		     const struct counter_key *key, const struct access_event *ev, struct err *e);
/* Before each commit, and by the two below. */
int counters_flush(struct counters *c, struct err *e);
/* Entries of [from, to) UTC seconds, from the rows. */
int counters_each(struct counters *c, int64_t from, int64_t to, counted_fn row, void *ctx, struct err *e);
int counters_latency(struct counters *c, int64_t from, int64_t to, struct latency *out, struct err *e);
/* The 15-minute bucket of an instant. */
int64_t counter_bucket(int64_t ns);

#endif
