/* What the files of recorder.h share: the recorder itself. Nobody else includes this. */
#ifndef TK_SENSOR_RECORDER_RECORDER_STATE_H
#define TK_SENSOR_RECORDER_RECORDER_STATE_H

#include "core/base/zone.h"
#include "sensor/recorder/alive.h"
#include "sensor/recorder/disk.h"
#include "sensor/recorder/enrich.h"
#include "sensor/recorder/evaluate.h"
#include "sensor/recorder/fingerprint.h"
#include "sensor/recorder/hole.h"
#include "sensor/recorder/intake.h"
#include "sensor/recorder/peer.h"
#include "sensor/recorder/recorder.h"
#include "sensor/recorder/seal.h"

#define HELD 64     /* files that wait at a position while nothing is recorded */
#define SESSIONS 32 /* captures, with what was counted of them */

struct held {
	uint64_t token, position;
};
struct disk_watch {
	enum disk_state state;
	int64_t since_ns;     /* monotonic: when it began */
	struct hole hole;     /* counted since; none but in `full`, and behind it until it is recorded */
	bool hole_told;	      /* the finding of `full` is in the ledger */
	int64_t try_ns, kept_ns; /* monotonic: when to try again; when the hole was written last */
	int64_t kept_calls;
	struct held held[HELD];
	size_t n_held;
	struct batch_taken session[SESSIONS]; /* the last batch counted of each */
	size_t n_sessions;
};

struct recorder {
	const struct recorder_options *o;
	const struct config *cfg;
	struct config *own_cfg; /* after a reload */
	struct ledger *ledger;
	struct enrich *enrich;
	struct evaluate *evaluate;
	struct intake *intake;
	struct sealer *sealer;
	struct fingerprint_keys keys;
	int listen_fd, signal_fd;
	int lock_fd; /* the ledger's, held while it is closed and opened too */
	struct alive alive;
	struct peer peers[PEERS];
	int64_t begun_ns, pending_events, last_tick_ns;
	bool reload, hangup, stop; /* keys changed; SIGHUP; SIGTERM or the end of the work */
	struct recorder_result *result;
	struct disk_watch disk; /* recorder_full.c */
};

/* Of `run`, in whichever way; else it serves one import. */
static inline bool recorder_stays(const struct recorder *r)
{
	return r->o->supervisor_fd >= 0 || r->o->alone;
}

/* ---- recorder.c: transactions ---- */
int recorder_begin(struct recorder *r, struct err *e);
int recorder_commit(struct recorder *r, struct err *e);

/* ---- recorder_load.c ---- */
/* At a start broken rules are left out; later the set that was whole stays in force. */
int recorder_load(struct recorder *r, struct err *e);
int recorder_take_keys(struct recorder *r, struct err *e);
/* Rows are gone that are known in memory: everything is read anew, as at a start. */
int recorder_forget(struct recorder *r, struct err *e);
/* Between two transactions, so between two events. What does not load is told, and the old stays. */
void recorder_reread(struct recorder *r);

/* ---- recorder_open.c ---- */
/* The ledger, under the lock, and everything that hangs on it; closing throws away what is not committed. */
int recorder_open_ledger(struct recorder *r, struct err *e);
void recorder_close_ledger(struct recorder *r);
int recorder_start(struct recorder *r, struct err *e);
void recorder_finish(struct recorder *r);

/* ---- recorder_aside.c ---- */
/* `e` says why the ledger is damaged: it is set aside, and a new one begun that continues the trail. */
int recorder_begin_anew(struct recorder *r, struct err *e);

/* ---- recorder_full.c ---- */
static inline bool recorder_counts(const struct recorder *r)
{
	return r->disk.state == DISK_FULL;
}
/* Nothing more is written. `open`: the ledger is between two transactions, and sound; else it is closed, and
 * what the peers' batches under way brought is counted. */
void recorder_count_only(struct recorder *r, bool open, const char *cause);
/* A batch that is counted and not recorded: of a capture of any kind while nothing is, or of an optional one.
 */
int recorder_count_batch(struct recorder *r, struct peer *p, struct slice payload, struct err *e);
bool recorder_leaves_out(const struct recorder *r, const struct batch_head *head);
/* Once a second. While counting: answers what waits, keeps the hole, tries to go on recording. Else looks
 * whether the state is another one. */
int recorder_watch_disk(struct recorder *r, struct err *e);
/* The hole that a former recorder left; before the ledger is opened. */
void recorder_take_hole(struct recorder *r);
/* Records that hole, and makes the reserve. After a start, between transactions. */
int recorder_take_up(struct recorder *r, struct err *e);
/* The hole outlives the process. */
void recorder_keep_hole(struct recorder *r);
/* The answer to {"do":"disk"}. */
void recorder_say_disk(const struct recorder *r, struct buf *reply);

#endif

