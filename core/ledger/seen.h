/* Has this event been recorded? Looked up by (minute, digest) in memory; a minute's events are loaded from
 * the ledger when an event older than its newest minute comes, so no index grows with the ledger.
 *
 * Among identical lines of one input the ordinal tells them apart (architecture.md 5). A tail's count of a
 * line goes on over rotations and is durable; an imported file's count begins anew with each file and joins
 * by maximum. Private to core/ledger. */
#ifndef TK_LEDGER_SEEN_H
#define TK_LEDGER_SEEN_H

#include <sqlite3.h>

#include "core/ledger/ledger.h"
#include "core/ledger/stage.h"

#define SEEN_MAX (1u << 18) /* lines held in memory; the oldest minutes are let go beyond it */

struct seen;
int seen_open(struct seen **out, sqlite3 *db, struct stage *stage, struct err *e);
void seen_free(struct seen *s);

/* One line of a tail at a position never read before: new, unless an import brought it already. */
int seen_tail(struct seen *s, struct slice input, int64_t time_ns, const uint8_t first_id[16],
	      struct placing *out, struct err *e);
/* One line of an imported file. */
int seen_import(struct seen *s, int64_t time_ns, const uint8_t first_id[16], struct placing *out,
		struct err *e);
/* The event was given this number: remembers where its minute lies. After seen_tail or seen_import. */
int seen_recorded(struct seen *s, int64_t seq, struct err *e);
/* The placed line has no event of its own yet: its row of `half` stands for it. After seen_tail or
 * seen_import. */
void seen_waits(struct seen *s);
/* seen_recorded will speak of an event of that time, which was placed before. */
int seen_revisit(struct seen *s, int64_t time_ns, struct err *e);
/* A new imported file begins: its identical lines are counted from one. */
void seen_new_file(struct seen *s);
/* Is an event of that first id recorded at that time? */
int seen_has(struct seen *s, int64_t time_ns, const uint8_t first_id[16], bool *has, struct err *e);
/* Writes where the transaction's events lie; before each commit. */
int seen_flush(struct seen *s, struct err *e);

#endif
