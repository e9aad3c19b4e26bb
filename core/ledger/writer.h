/* What struct ledger holds: its modules share the connection and the statements. Private to core/ledger. */
#ifndef TK_LEDGER_WRITER_H
#define TK_LEDGER_WRITER_H

#include <sqlite3.h>

#include "core/ledger/chain.h"
#include "core/ledger/counters.h"
#include "core/ledger/dictionary.h"
#include "core/ledger/ledger.h"
#include "core/ledger/seen.h"
#include "core/ledger/stage.h"

enum ledger_statement { /* prepared at first use */
			LS_POSITION,
			LS_SET_GENERATION,
			LS_PRUNE_GENERATIONS,
			LS_GENERATIONS,
			LS_WATCH_OVERLAP,
			LS_WATCH_DELETE,
			LS_WATCH_INSERT,
			LS_WATCH_UNTIL,
			LS_LOSS,
			LS_REJECT_COUNT,
			LS_REJECT_KNOWN,
			LS_REJECT,
			LS_INPUT,
			LS_INPUT_CONFIGURED,
			LS_INPUT_NAMES,
			LS_DAY_MET,
			LS_DAY_BEGIN,
			LS_DAY_KNOWN,
			LS_DAY_FINE,
			LS_DAYS_AROUND,
			LS_DAYS_DIRTY,
			LS_DAY_RANGE,
			LS_DAY_REPRICED,
			LS_DAY_CLOSED,
			LS_DAY_UNTOLD,
			LS_DAY_NEXT,
			LS_KEYS,
			LS_KEY_PUT,
			LS_KEY_REVOKE,
			LS_KEYS_UNREGISTERED,
			LS_FINGERPRINT_MARK,
			LS_FINGERPRINT_SET_MARK,
			LS_FINGERPRINTS,
			LS_FINGERPRINT_LINK,
			LS_FINGERPRINT_MOVE,
			LS_FINGERPRINTS_LOST,
			LS_RECORD,
			LS_REPRICE_EVENTS,
			LS_REPRICED_BEFORE,
			LS_REPRICED_FROM,
			LS_REPRICE,
			LS_REVIEWS,
			LS_FINDING_STATE,
			LS_FINDING_STATUS,
			LS_ORDER,
			LS_OVERFLOW,
			LS_FINDING_GET,
			LS_FINDING_EVENTS,
			LS_FINDING_INSERT,
			LS_FINDING_UPDATE,
			LS_FINDING_CLEAR,
			LS_FINDING_EVENT,
			LS_FINDING_OF_DAY,
			LS_FINDING_ALL_OF_DAY,
			LS_FINDING_WITHDRAW,
			LS_FINDING_COUNT,
			LS_FINDING_TELL,
			LS_FINDING_TOLD,
			LS_FINDING_UNTOLD,
			LS_MEMORY_READ,
			LS_MEMORY_WRITE,
			LS_MEMORY_LAST,
			LS_KEY_DAY,
			LS_KEY_DAYS,
			LS_WATCH_STATE,
			LS_RECORDS_AFTER,
			LS_CHAIN_END,
			LS_NUMBER,
			LS_SET_NUMBER,
			LS_ERASING_PUT,
			LS_ERASING_RUN,
			LS_ERASING_FINDINGS,
			LS_ERASING_NEXT,
			LS_ERASING_RUNS,
			LS_ERASED,
			LS_SET_ERASED,
			LS_TWINS_OF_USER,
			LS_SIDES,
			LS_VIEWS_BEGUN,
			LS_VIEWS_BEGIN,
			LS_VIEWS_DONE,
			LS_VIEW_REQUEST,
			LS_VIEW_RESPONSE,
			LS_VIEW_DUE,
			LS_HALF_PUT,
			LS_HALF_DROP,
			LS_CALL_PUT,
			LS_CALL_PRUNE,
			LS_CALL_ALONE,
			LS_CALL_DROP,
			LS_SUPERSEDE,
			LS_JOINED,
			LS_ANSWER,
			LS_ANSWER_PRUNE,
			LS_COUNT
};

#define REJECT_COUNTS 64
struct reject_count {
	int64_t input, n;
	bool known;
};

#define LEDGER_SIDES 2 /* files beside it */
struct ledger_side {
	uint64_t dev, ino; /* 0: not seen yet */
};

struct ledger {
	sqlite3 *db;
	int lock_fd;
	char *path;
	struct chain *chain;
	struct stage *stage;
	struct seen *seen;
	struct dictionary *dictionary;
	struct counters *counters;
	struct row_reader *rows; /* made at first use */
	struct buf view;         /* strings of the view handed out last */
	sqlite3_stmt *statement[LS_COUNT];
	struct reject_count rejects[REJECT_COUNTS];
	int64_t overflow_told; /* of dictionary_overflow, already in meta */
	bool in_transaction;
	bool spare; /* room is short: ledger_spare */
	struct ledger_side side[LEDGER_SIDES];
};

/* One that has nothing open yet; NULL with `e` set. */
struct ledger *ledger_make(const char *path, struct err *e);
/* What works on l->db, behind its opening. */
int ledger_open_modules(struct ledger *l, struct err *e);
/* The statement, prepared and reset; NULL with `e` set. */
sqlite3_stmt *ledger_statement(struct ledger *l, enum ledger_statement which, const char *sql, struct err *e);

/* reprice.c: another event comes in the place of this one (names and figures as they are now): if its cost
 * had been changed, that is no more so. */
int ledger_reprice_ends(struct ledger *l, int64_t seq, const struct event_names *names,
			const struct access_event *ev, struct err *e);
/* Counts the event under its names, in place of `old` (NULL: of none). */
int ledger_count(struct ledger *l, const struct event_names *names, const struct access_event *ev,
		 const struct event_names *old_names, const struct access_event *old, struct err *e);

#endif
