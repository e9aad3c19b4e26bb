/* Rows that are erased, in step with the trail's files (audit-trail.md 6). What an erase record allows stands
 * in the ledger from the transaction of that record on, until it is done: so whoever is killed, the next one
 * finishes. Seqs are the trail's (the ledger's rows are numbered from 1). The writer's; in a transaction
 * where it says so. */
#ifndef TK_LEDGER_ERASE_H
#define TK_LEDGER_ERASE_H

#include "core/base/err.h"
#include "core/base/slice.h"

struct ledger;

/* ---- what is to be done ---- */
struct erasing {
	int64_t segment;
	bool whole; /* its file goes; else it then has this SHA-256 */
	uint8_t sha256[32];
	unsigned classes; /* bits: those that are then gone from it */
	bool asked;	  /* by a person, not by the periods */
};
int ledger_erasing_put(struct ledger *l, const struct erasing *x, struct err *e); /* in a transaction */
int ledger_erasing_run(struct ledger *l, int64_t segment, int64_t first, int64_t last, struct err *e);
/* The finding too, which may not be in the trail yet. */
int ledger_erasing_findings(struct ledger *l, struct slice text, struct err *e);
/* The first one behind segment `after`; TK_ENOTFOUND: none. */
int ledger_erasing_next(struct ledger *l, int64_t after, struct erasing *out, struct err *e);
typedef int (*erasing_run_fn)(void *ctx, int64_t first, int64_t last);
int ledger_erasing_runs(struct ledger *l, int64_t segment, erasing_run_fn row, void *ctx, struct err *e);

/* ---- doing it ---- */
/* Deletes the rows of all runs, what hangs on them, what nothing refers to any more, and the notes of what
 * was to be done. Names that no record has any more become `erased:N` in counters. In a transaction, once the
 * trail's files are done; afterwards ledger_reread. *n: records. */
int ledger_erase_rows(struct ledger *l, int64_t *n, struct err *e);
/* Makes the file, its log and its free pages hold nothing of it, and removes copies from before an upgrade;
 * between transactions. Nothing to do where nothing was erased. TK_EBUSY: a reader holds the log; try again.
 */
int ledger_scrub(struct ledger *l, struct err *e);

/* ---- what is gone ---- */
int ledger_erased_classes(struct ledger *l, int64_t segment, unsigned *classes, struct err *e);
int ledger_set_erased(struct ledger *l, int64_t segment, unsigned classes, struct err *e); /* adds */
/* Every view that joins (core/ledger/twins.h) has a twin; those whose twin is a call of the user, ascending.
 */
typedef int (*erase_seq_fn)(void *ctx, int64_t seq);
int ledger_twins_of_user(struct ledger *l, struct slice user, erase_seq_fn row, void *ctx, struct err *e);

#endif
