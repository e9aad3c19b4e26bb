/* What was met on which local day: keys, and with which address and kind of client software; users, and with
 * which model. It answers "not seen in the 60 days before" and "idle since": about whole local
 * days, so the answer is the same for every call of a day and does not depend on the order of calls. Refused
 * calls (401, 403) ask, but are not remembered. Days from which a late call takes something away, or gives,
 * are marked to be evaluated again. One thread. */
#ifndef TK_SENSOR_RECORDER_MEMORY_H
#define TK_SENSOR_RECORDER_MEMORY_H

#include "core/ledger/ledger.h"
#include "rules/rules.h"

/* -1: not known, or still learning. */
struct recall {
	int32_t idle_days;
	int8_t key_ip, key_agent, user_model;
};

struct memory;
/* A late call changes what is found on that later day. */
typedef int (*disturb_fn)(void *ctx, int32_t day, struct err *e);
/* Borrows all. What the rules do not ask for disturbs no day. */
struct memory *memory_new(struct ledger *l, const struct rule_set *set, disturb_fn disturb, void *ctx,
			  struct err *e);
void memory_free(struct memory *m);
/* A recorded call, with its rows of the dictionaries, is remembered. *out lives until the next call. */
int memory_event(struct memory *m, const struct access_event *ev, int32_t day, const int64_t rows[P_COUNT],
		 const struct recall **out, struct err *e);
/* The same of a call that was recorded before. */
int memory_recall(struct memory *m, const struct access_event *ev, int32_t day, struct recall *out,
		  struct err *e);
/* Writes what is new; before each commit. */
int memory_flush(struct memory *m, struct err *e);
int64_t memory_dropped(const struct memory *m); /* what found no room, since the start */

/* "python-httpx" of "python-httpx/0.27.0", "OpenAI/Python" of "OpenAI/Python 1.99.1". */
struct slice agent_family(struct slice agent);

#endif
