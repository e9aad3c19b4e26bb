/* Rules over recorded events, and the closing of days (architecture.md 6). Live hits are provisional; a day
 * whose rules depend on the order of events is evaluated once more, in order, from the ledger, when it is
 * over or when a late event touches it. One thread. */
#ifndef TK_SENSOR_RECORDER_EVALUATE_H
#define TK_SENSOR_RECORDER_EVALUATE_H

#include "core/config/config.h"
#include "core/ledger/findings.h"
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
/* How the disk and the ledger stand, for the rules on the sensor; each may be unknown. Borrows. */
struct disk_notice {
	const char *state; /* name of a state of disk.def; NULL: not known */
	int64_t free_bytes;
	int64_t not_recorded; /* calls that were counted alone since it is full */
	const char *aside;    /* file name of a ledger that was just set aside; NULL: none was */
};
/* What the next notices are told; the ledger's name but once. */
void evaluate_disk(struct evaluate *v, const struct disk_notice *d);
/* The same at once, not once a minute. */
int evaluate_notices_now(struct evaluate *v, int64_t now_ns, struct err *e);
/* Findings of the transaction; before each commit. */
int evaluate_flush(struct evaluate *v, int64_t now_ns, struct err *e);
/* Closes, at most one a call, the earliest local day that was over GRACE ago, or goes on telling its findings
 * to the trail: *closed tells whether there was one. In a transaction of the caller's. */
int evaluate_close_day(struct evaluate *v, int64_t now_ns, bool *closed, struct err *e);

/* ---- recorded days by rules at hand, for who changes nothing (look.c) ---- */

/* As evaluate_new, over a ledger that may be a view (core/ledger/view.h), by rules that are loaded already.
 * Borrows all. */
struct evaluate *evaluate_look(const struct config *cfg, struct ledger *l, struct enrich *en,
			       struct rule_set *set, struct err *e);

/* The first and the last day that these rules have something to look at on; TK_ENOTFOUND: none. */
int evaluate_days(struct evaluate *v, int32_t *first, int32_t *last, struct err *e);
/* What is found on the day by these rules, against what is recorded of them. Their findings of the sensor,
 * which no day's events tell, are left out. `asked` is not asked. */
int evaluate_compare(struct evaluate *v, int32_t day, int64_t now_ns, struct findings_difference *d,
		     struct err *e);

/* All that these rules find on the day, whatever is recorded; but for the sensor's, as above. `f` is without
 * number and events and lives for the call. */
int evaluate_found(struct evaluate *v, int32_t day, int64_t now_ns,
		   void (*found)(void *ctx, const struct finding *f), void *ctx, struct err *e);

/* Where rules looked: at the recorded event itself, at the minute that it ended in, at the close of its day.
 */
enum look_at { LOOK_EVENT, LOOK_MINUTE, LOOK_DAY_CLOSE };
struct look {
	enum look_at at;
	struct rule_run *run; /* has just evaluated it */
	int64_t start_ns;
	/* What it was compared with; 0: nothing */
	int32_t base_day;
	int64_t base_calls, yesterday_calls, budget_pico, usual_night_micro;
};
typedef void (*look_fn)(void *ctx, const struct look *l);
/* The day is evaluated in order, and `see` called where it met the event. TK_ENOTFOUND: it did not. The set's
 * rules all run, whether they are on or not. */
int evaluate_at(struct evaluate *v, int32_t day, const uint8_t id[16], int64_t now_ns, look_fn see, void *ctx,
		struct err *e);

#endif
