/* The ledger as its one writer sees it. Everything between ledger_begin and ledger_commit is one SQLite
 * transaction: events, positions, counters, findings, coverage and the chain commit together or not at all.
 * After an error nothing is committed and the ledger must be closed: what was in memory is then void.
 * One thread, one process (a lock file keeps others out). */
#ifndef TK_LEDGER_LEDGER_H
#define TK_LEDGER_LEDGER_H

#include "core/base/err.h"
#include "core/base/fingerprint.h"
#include "core/event/event.h"
#include "core/event/wire.h"
#include "core/ledger/sums.h"

struct ledger;
/* Makes the folder and the file where they are missing; migrates. TK_EBUSY: another process writes it
 * (its pid in the text). */
int ledger_open(struct ledger **out, const char *path, struct err *e);
/* The lock alone, for who opens and closes the ledger under it: the caller closes *fd (-1 after an error).
 * Makes the folder. TK_EBUSY as ledger_open. */
int ledger_lock(const char *path, int *fd, struct err *e);
int ledger_open_locked(struct ledger **out, const char *path, struct err *e);
/* Does a process hold the ledger for writing? */
bool ledger_busy(const char *path);
void ledger_close(struct ledger *l); /* NULL is legal; what is not committed is rolled back */

int ledger_begin(struct ledger *l, struct err *e); /* no-op inside a transaction */
int ledger_commit(struct ledger *l, int64_t now_ns, struct err *e); /* durable when it returns */
bool ledger_in_transaction(const struct ledger *l);
/* Reads the tables anew that it keeps in memory, between transactions: rows were erased. */
int ledger_reread(struct ledger *l, struct err *e);
/* When the last transaction before the ledger was opened was committed, by the clock of then; 0: there is
 * none. */
int64_t ledger_last_commit_ns(const struct ledger *l);
/* Bytes of the write-ahead log now. It is cut back when it passes LEDGER_WAL_MAX and no reader holds it. */
#define LEDGER_WAL_MAX (64 << 20)
int64_t ledger_wal_bytes(const struct ledger *l);
/* "-wal" or "-shm", if that file is another than at the last call, or not there any more: whoever opens the
 * ledger now does not see what we write. NULL: all is well. */
const char *ledger_side_gone(struct ledger *l);
/* Moves all of the log into the ledger's file, also out of one that was deleted. */
int ledger_empty_log(struct ledger *l, struct err *e);
/* Room is short: the log is cut at every commit that finds it longer than LEDGER_WAL_SPARE, and the places of
 * rejected lines are not kept; they are counted as ever. */
#define LEDGER_WAL_SPARE (1 << 20)
void ledger_spare(struct ledger *l, bool spare);

/* ---- a damaged ledger (core/ledger/aside.c); the caller holds its lock, and nobody has it open ---- */
/* TK_EDAMAGED where SQLite finds a page that is not as it must be, which reads the whole file: not in files
 * longer than `most` bytes; and where a table, a view or a column is not there,
 * or tables contradict each other. */
int ledger_examine(const char *path, int64_t most, struct err *e);
/* Renames the ledger and its log to PATH.damaged-20261126T031500Z, written to `name`, whose suffix is the
 * time. */
#define LEDGER_ASIDE_MAX 16 /* so many beside one ledger: then the disk is at fault, TK_ELIMIT */
int ledger_set_aside(const char *path, int64_t now_ns, char *name, size_t n, struct err *e);
/* Ledgers that were set aside and still lie there; `latest` (may be NULL): the name of the youngest. */
int ledger_asides(const char *path, char *latest, size_t n);
/* An empty ledger goes on behind that many records of the trail: they are in another ledger. In a
 * transaction. */
int ledger_begin_behind(struct ledger *l, int64_t records, struct err *e);
/* What an empty ledger cannot be given by logs and captures, as far as it can still be read there: registered
 * keys, their links, the mark of the fingerprint key. *rows: how many. In a transaction. */
int ledger_salvage(struct ledger *l, const char *from, int64_t *rows, struct err *e);

/* ---- events ---- */
int ledger_part(struct ledger *l, enum part_id id, const struct part *p, uint32_t absent_event, int64_t *row,
		struct err *e);
/* 0: unknown (empty). 1: 'other', when there are LEDGER_LABELS already. */
#define LEDGER_LABELS 16384
int ledger_label(struct ledger *l, struct slice name, int64_t *label, struct err *e);
/* The name of a label; empty: of unknown and of other. Lives as long as the ledger is open. */
struct slice ledger_label_name(const struct ledger *l, int64_t label);

struct placing {
	bool duplicate;
	uint32_t ordinal; /* among identical lines of the input, from 1 */
};
/* first_id: the id the line has as the first of its kind (event_log_id with ordinal 1). */
int ledger_place(struct ledger *l, enum batch_mode mode, struct slice input, int64_t time_ns,
		 const uint8_t first_id[16], struct placing *out, struct err *e);
void ledger_new_file(struct ledger *l); /* an imported file begins */
int ledger_has(struct ledger *l, int64_t time_ns, const uint8_t first_id[16], bool *has, struct err *e);

/* The names an event is counted under. */
struct event_names {
	int64_t input, user, department, function, model; /* labels */
};
/* Records a placed event. The EV part's strings must live until ledger_flush_events. */
int ledger_add(struct ledger *l, const struct access_event *ev, const uint8_t id[16], int64_t ordinal,
	       bool imported, const int64_t rows[P_COUNT], const struct event_names *names, struct err *e);
int ledger_flush_events(struct ledger *l, struct err *e);

typedef void (*counted_fn)(void *ctx, int64_t bucket, const struct event_names *of, const struct sums *s);
/* What is counted of the calls that began in [from, to) UTC seconds, multiples of 900, by bucket and names:
 * parts to be added up. */
int ledger_counted(struct ledger *l, int64_t from, int64_t to, counted_fn row, void *ctx, struct err *e);
/* Response times of these calls: n, the bins and the maximum. */
int ledger_response_times(struct ledger *l, int64_t from, int64_t to, struct latency *out, struct err *e);

/* Every recorded event that began in [from, to) ns, in order of completion, then id. */
typedef int (*ledger_event_fn)(void *ctx, const struct access_event *ev);
int ledger_events_in_order(struct ledger *l, int64_t from_ns, int64_t to_ns, ledger_event_fn row, void *ctx,
			   struct err *e);

/* Findings of [from, to] (local days) of that rank or a higher one, not withdrawn; of what is flushed. */
int ledger_findings_of(struct ledger *l, int32_t from, int32_t to, int rank, int64_t *n, struct err *e);

/* ---- other records of the trail ---- */
/* body: one JSON object. */
int ledger_record(struct ledger *l, const char *type, int64_t now_ns, struct slice body, struct err *e);

/* ---- what people decide (core/ledger/reviews.c); their records are folded by core/review ---- */
/* Every review, entry and incident, by seq. The body lives for the call. */
typedef int (*review_row_fn)(void *ctx, int64_t seq, int64_t ts_ns, struct slice body);
int ledger_reviews(struct ledger *l, review_row_fn row, void *ctx, struct err *e);
/* What a decision about a finding needs to know. TK_ENOTFOUND: no finding of that number. */
typedef int (*finding_state_fn)(void *ctx, struct slice rule_id, struct slice entity_json, int64_t first_ns,
				int64_t count);
int ledger_finding(struct ledger *l, int64_t id, finding_state_fn row, void *ctx, struct err *e);
int ledger_finding_status(struct ledger *l, int64_t id, const char *status, struct err *e);

/* ---- positions (core/ledger/positions.c) ---- */
/* The committed position of a generation; TK_ENOTFOUND: never met. */
int ledger_position(struct ledger *l, uint64_t token, uint64_t *position, struct err *e);
int ledger_set_generation(struct ledger *l, int64_t input, struct slice path, const struct generation *g,
			  int64_t now_ns, struct err *e);
typedef int (*generation_fn)(void *ctx, struct slice input, struct slice path, const struct generation *g);
int ledger_generations(struct ledger *l, generation_fn row, void *ctx, struct err *e);

/* ---- coverage (core/ledger/coverage.c) ---- */
/* The input was watched in every minute of [from, to] (UTC minutes since 1970). */
int ledger_watched(struct ledger *l, int64_t input, int64_t from, int64_t to, struct err *e);
/* The last watched minute of an input; INT64_MIN: never. */
int ledger_watched_until(struct ledger *l, int64_t input, int64_t *minute, struct err *e);
int ledger_loss(struct ledger *l, int64_t input, int64_t minute, const char *reason, int64_t n, int64_t bytes,
		struct err *e);
/* Where a rejected line stands. *known: it was there already (an import seen before). */
int ledger_reject(struct ledger *l, int64_t input, struct slice path, const struct reject *r, bool import,
		  int64_t now_ns, bool *known, struct err *e);
int ledger_input_seen(struct ledger *l, int64_t input, struct slice path, int64_t events,
		      int64_t last_event_ns, int64_t heartbeat_ns, struct err *e);
/* Marks which inputs the configuration names now. */
int ledger_inputs_configured(struct ledger *l, const int64_t *inputs, size_t n, struct err *e);
typedef int (*input_name_fn)(void *ctx, struct slice name);
int ledger_input_names(struct ledger *l, input_name_fn row, void *ctx, struct err *e);

/* ---- local days (core/ledger/days.c): a number is days since 1970 ---- */
int ledger_day_met(struct ledger *l, int32_t day, struct err *e);          /* there is something to close */
/* An event of the day has come. Until somebody says that the live result is that of all its events in order
 * (ledger_day_fine) it is to be evaluated again; *known: it was met before. */
int ledger_day_begin(struct ledger *l, int32_t day, bool *known, struct err *e);
int ledger_day_known(struct ledger *l, int32_t day, bool *known, struct err *e); /* it was met */
/* Days without a row between this one and its neighbours at most `most` days away: quiet ones, met. */
int ledger_days_between(struct ledger *l, int32_t day, int32_t most, struct err *e);
int ledger_day_fine(struct ledger *l, int32_t day, struct err *e);
/* Days of [from, to] that were met: evaluate them again, in order. */
int ledger_days_dirty(struct ledger *l, int32_t from, int32_t to, struct err *e);
/* The first and the last day that calls are counted of or that was met; TK_ENOTFOUND: none. */
int ledger_day_range(struct ledger *l, int32_t *first, int32_t *last, struct err *e);
/* The cost of one of its calls was changed: evaluate it again where a rule looks at cost. */
int ledger_day_repriced(struct ledger *l, int32_t day, struct err *e);
/* told: the trail has its findings as they stand; else the day comes up again, as DAY_UNTOLD. */
int ledger_day_closed(struct ledger *l, int32_t day, int64_t now_ns, bool told, struct err *e);
enum day_state { DAY_CLEAN, DAY_DIRTY, DAY_REPRICED, DAY_UNTOLD };
/* The earliest day before `before` that is open, dirty, repriced or untold; *closed: it was, if only to be
 * evaluated again. TK_ENOTFOUND: none. */
int ledger_day_next(struct ledger *l, int32_t before, int32_t *day, enum day_state *state, bool *closed,
		    struct err *e);

/* ---- costs that are changed (core/ledger/reprice.c) ---- */
/* What a recorded call costs now. False: nothing tells, it keeps the cost that it has. */
typedef bool (*reprice_fn)(void *ctx, const struct access_event *ev, int64_t *pico_usd);
struct repriced {
	int64_t calls, changed;   /* looked at; whose cost is another now */
	int64_t untold;           /* that use tokens and keep what they have, a cost or none */
	__int128 before, after;   /* pico-USD of all that were looked at */
	uint8_t digest[32];       /* SHA-256 over "SEQ COST\n" of those changed, in order of seq */
};
/* Every call that began in [from, to) ns. What was recorded stays, also a figure of an earlier run: a new one
 * stands beside it, under the number of the record that the caller writes next (the run). Counters move by
 * the difference; the days are marked. */
int ledger_reprice(struct ledger *l, int64_t from_ns, int64_t to_ns, reprice_fn price, void *ctx,
		   struct repriced *out, struct err *e);

/* ---- memory (core/ledger/memory.c): what was met on which local day, as numbers of 64 bits, each a hash
 * with the ledger's own secret seed ---- */
int ledger_memory_seed(struct ledger *l, uint64_t *seed, struct err *e);
/* Appends the day's numbers, 8 bytes each, lowest byte first. */
int ledger_memory_read(struct ledger *l, int32_t day, struct buf *out, struct err *e);
/* Adds numbers that the day does not have yet. */
int ledger_memory_add(struct ledger *l, int32_t day, struct slice numbers, struct err *e);
/* The last day that has any; INT32_MIN: none. */
int ledger_memory_last(struct ledger *l, int32_t *day, struct err *e);
/* Days on which a key was used, however long ago. before, after: INT32_MIN, INT32_MAX where there is none. */
int ledger_key_used(struct ledger *l, uint64_t key, int32_t day, struct err *e);
int ledger_key_days(struct ledger *l, uint64_t key, int32_t day, int32_t *before, int32_t *after,
		    struct err *e);

/* ---- the watch itself (core/ledger/watch.c) ---- */
struct watch_state {
	int64_t last_call_ns; /* latest end of a call; 0: none */
	int64_t behind_ns;    /* when the configured input furthest behind was last at its end; 0: unknown */
	int64_t lost;         /* lost and rejected since the minute asked for */
};
int ledger_watch_state(struct ledger *l, int64_t since_minute, struct watch_state *out, struct err *e);
/* Records of the type behind seq `after`, in order. */
typedef int (*record_fn)(void *ctx, int64_t seq, int64_t ts_ns, struct slice body);
int ledger_records_after(struct ledger *l, const char *type, int64_t after, record_fn row, void *ctx,
			 struct err *e);
/* Is the last link of the chain in the ledger the one that was written last? */
int ledger_ends_as_written(struct ledger *l, bool *yes, struct err *e);
/* A number kept under a name; `otherwise` where there is none yet. */
int ledger_number(struct ledger *l, const char *name, int64_t otherwise, int64_t *out, struct err *e);
int ledger_set_number(struct ledger *l, const char *name, int64_t value, struct err *e);

/* ---- keys (core/ledger/register.c) ---- */
struct key_entry {
	struct slice fingerprint, id, user, kind, owner, department;
	struct slice
		state; /* active, revoked, or lost: its fingerprint is of a fingerprint key that is no more */
	struct slice models, paths;  /* the plan: patterns, comma-joined; empty: all of them */
	int64_t issued_ns;	     /* 0: not known */
	int64_t from_ns, expires_ns; /* valid from, and before; 0: without end */
	int64_t revoked_ns;	     /* of a revoked key: since when */
};
typedef int (*key_entry_fn)(void *ctx, const struct key_entry *k);
int ledger_key_list(struct ledger *l, key_entry_fn row, void *ctx, struct err *e);
int ledger_key_put(struct ledger *l, const struct key_entry *k, int64_t now_ns, struct err *e);
/* TK_ENOTFOUND: no key of that id or fingerprint that is not revoked already. */
int ledger_key_revoke(struct ledger *l, struct slice id, int64_t now_ns, struct err *e);
/* Fingerprints that events hold and nobody registered, with a user seen with each. */
int ledger_keys_unregistered(struct ledger *l, key_entry_fn row, void *ctx, struct err *e);

/* ---- the key that fingerprints are made with (core/ledger/fingerprints.c) ---- */
/* What the ledger remembers of it: a fingerprint of a fixed text. TK_ENOTFOUND: nothing yet. */
int ledger_fingerprint_mark(struct ledger *l, char mark[FINGERPRINT_TEXT + 1], struct err *e);
int ledger_set_fingerprint_mark(struct ledger *l, struct slice mark, struct err *e);
/* Every fingerprint of events and of the register has become another: `next` writes it over the one it is
 * given. Events keep theirs, and are linked to it; the register's change. *n: how many were linked. */
typedef int (*fingerprint_fn)(void *ctx, char fingerprint[FINGERPRINT_TEXT + 1]);
int ledger_link_fingerprints(struct ledger *l, fingerprint_fn next, void *ctx, int64_t *n, struct err *e);
/* The fingerprint key is lost: registered keys cannot be known again. */
int ledger_lose_fingerprints(struct ledger *l, int64_t *n, struct err *e);

#endif
