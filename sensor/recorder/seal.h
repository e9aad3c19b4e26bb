/* The sealer: renders the trail's record lines from the committed rows of the ledger, makes them durable at
 * each live head, and seals the open segment at local midnight, on size and on demand (audit-trail.md 2
 * and 3.1). Row n of the ledger is record n - 1 of the trail: whatever is killed, the two are in step again
 * when they meet.
 *
 * A trail that cannot be written costs no event: it is told once, tried again, and the rows wait in the
 * ledger. One thread; the caller holds the ledger's lock. */
#ifndef TK_SENSOR_RECORDER_SEAL_H
#define TK_SENSOR_RECORDER_SEAL_H

#include "core/base/buf.h"
#include "core/config/config.h"
#include "core/ledger/ledger.h"
#include "core/trail/scalar.h"

struct sealer;
/* Makes the trail and its keys where they are missing. Errors are the want of memory alone. */
int sealer_open(struct sealer **out, const struct config *cfg, struct ledger *l, struct err *e);
void sealer_close(struct sealer *s); /* NULL is legal */

/* Records in the trail's files so far; 0: it could not be opened. */
int64_t sealer_records(const struct sealer *s);

/* Set back while nobody wrote: a clock record, before all others of this opening of the ledger; each
 * writer's first word. In a transaction. */
int clock_behind(struct ledger *l, int64_t now_ns, struct err *e);
/* Of a process that records live: a control record of its beginning, and of its end. Between transactions. */
int sealer_started(struct sealer *s, struct err *e);
int sealer_stopped(struct sealer *s, struct err *e);
/* Every second or so, between transactions: heartbeat, clock record, head and seal where they are due. Takes
 * a fraction of a second at most, and goes on the next time. Errors are the ledger's. */
int sealer_tick(struct sealer *s, struct err *e);

/* What is asked of the trail through the door, between transactions. TRAIL_HEAD: everything that the ledger
 * holds is in the trail's files when it returns. TRAIL_SEAL: and is sealed. TRAIL_SIGN: the note of an
 * evidence pack with this digest of its sums (core/trail/pack.h). TRAIL_ERASE: what erase records allow is
 * sealed and carried out; so is what was left undone before, with TRAIL_SEAL too. The reply is one JSON
 * object, also where it says no. */
enum trail_request { TRAIL_NOTHING, TRAIL_HEAD, TRAIL_SEAL, TRAIL_SIGN, TRAIL_ERASE };
struct trail_order {
	enum trail_request what;
	struct hash32 sums;
};
/* Carries out what an erasure that was cut short has left to do; told where it cannot be, and tried again. */
void sealer_resume(struct sealer *s);
/* Were records erased since this was asked last? Then what is kept in memory of the ledger is void. */
bool sealer_erased(struct sealer *s);
void sealer_answer(struct sealer *s, const struct trail_order *order, struct buf *reply);

#endif
