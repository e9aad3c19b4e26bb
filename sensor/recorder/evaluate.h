/* Rules over recorded events, and the closing of days (architecture.md 6). Live hits are provisional; a day
 * whose rules depend on the order of events is evaluated once more, in order, from the ledger, when it is
 * over or when a late event touches it. One thread. */
#ifndef TK_SENSOR_RECORDER_EVALUATE_H
#define TK_SENSOR_RECORDER_EVALUATE_H

#include "core/config/config.h"
#include "core/ledger/ledger.h"
#include "rules/rules.h"
#include "sensor/recorder/enrich.h"

struct evaluate;
/* Loads the rules; broken documents are left out and reported on standard error. Borrows all. */
struct evaluate *evaluate_new(const struct config *cfg, struct ledger *l, struct enrich *en, struct err *e);
void evaluate_free(struct evaluate *v);
size_t evaluate_rule_errors(const struct evaluate *v); /* in documents that were left out */
/* The register has changed; the configuration has not. Borrows. */
void evaluate_use(struct evaluate *v, struct enrich *en);
/* What this part of the event leaves possible. */
void evaluate_part(struct evaluate *v, const struct access_event *ev, enum part_id part,
		   struct prospects *out);
/* An event that ledger_add has just taken; `may` is what all its parts leave, `rows` are theirs, `user` is
 * its label (0: unknown). */
int evaluate_event(struct evaluate *v, const struct access_event *ev, const uint8_t id[16],
		   const struct prospects *may, const int64_t rows[P_COUNT], int64_t user, int64_t now_ns,
		   struct err *e);
/* `ev`, with its rows, took the place of the recorded `old`: their days are evaluated again, in order. */
int evaluate_moved(struct evaluate *v, const struct access_event *old, const struct access_event *ev,
		   const int64_t rows[P_COUNT], struct err *e);
/* What the clock brings: minutes that are over. Live alone; an import brings its own time. */
int evaluate_time(struct evaluate *v, int64_t now_ns, struct err *e);
/* Once a minute: the state of the watch, and changes of keys. Live alone. */
int evaluate_notices(struct evaluate *v, int64_t now_ns, struct err *e);
/* Findings of the transaction; before each commit. */
int evaluate_flush(struct evaluate *v, int64_t now_ns, struct err *e);
/* Closes, at most one a call, the earliest local day that was over GRACE ago, or goes on telling its findings to
 * the trail: *closed tells whether there was one. In a transaction of the caller's. */
int evaluate_close_day(struct evaluate *v, int64_t now_ns, bool *closed, struct err *e);
/* The day once more, whether it needs it or not: its findings become those of the rules at hand. In a
 * transaction of the caller's. */
int evaluate_day(struct evaluate *v, int32_t day, int64_t now_ns, struct err *e);

#endif
