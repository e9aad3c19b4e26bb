/* One batch into the ledger: input and position checked, events placed, enriched, recorded and matched.
 * Everything happens inside the caller's transaction. One thread. */
#ifndef TK_SENSOR_RECORDER_INTAKE_H
#define TK_SENSOR_RECORDER_INTAKE_H

#include "core/event/wire.h"
#include "core/ledger/ledger.h"
#include "sensor/recorder/enrich.h"
#include "sensor/recorder/evaluate.h"

struct intake;
struct intake *intake_new(struct ledger *l, struct err *e);
void intake_free(struct intake *in);
/* After a reload. Borrows both. */
void intake_use(struct intake *in, struct enrich *en, struct evaluate *v);

/* Which inputs there are, and how close two views of one call lie. */
void intake_join(struct intake *in, const struct config *cfg);
/* Records the calls whose twin did not come until `horizon_ns`, in the transaction under way. */
int intake_release(struct intake *in, int64_t horizon_ns, int64_t now_ns, struct err *e);

/* What a batch brought, for when it cannot be recorded. */
struct batch_taken {
	bool live;	  /* a capture's: what is not taken now is lost. Else it can be read again */
	bool import;
	uint64_t from;	  /* position that it continues at */
	int64_t minute;	  /* of the sensor's clock, UTC since 1970 */
	int64_t n_events;
	struct losses lost;
	struct generation to;
	char input[256], path[256];
};

/* The stream of batches that one connection sends, with the definitions in force on it. */
struct stream {
	struct batch_reader *reader;
	struct resolved *resolved[P_COUNT]; /* what is known of each definition, and behind them of none */
	struct part bare_shape; /* of an event of whose shape nothing is known but the input */
	uint32_t resets, uses;  /* of the reader and of the enrichment that `resolved` was made with */
	uint64_t stamp, shape_stamp; /* resolved entries with an older one are void */
	char input[256];      /* that its lines belong to */
	int64_t file_events;  /* import: new ones of this file */
	int64_t last_minute;  /* import: watched up to here; INT64_MIN before the first event */
	int64_t events, duplicates, rejected, batches;
	struct batch_taken last; /* the batch taken, or tried, last */
};
int stream_init(struct stream *s); /* TK_ENOMEM */
/* What was resolved stands in a ledger that was closed: it is resolved anew. */
void stream_forget(struct stream *s);
void stream_free(struct stream *s); /* legal on a zeroed struct */

/* Takes a FRAME_BATCH payload. A batch that does not continue at the committed position changes nothing and
 * says so in the ack. The ack may go out only after the commit. `head` tells the caller the batch's flags. */
int intake_batch(struct intake *in, struct stream *s, struct slice payload, int64_t now_ns,
		 struct batch_head *head, struct batch_ack *ack, struct err *e);
/* Its head alone; whoever takes the batch opens it again. False: it is none. */
bool intake_peek(struct stream *s, struct slice payload, struct batch_head *head);
/* Reads it through and records nothing: its definitions hold from now on. s->last and the ack are filled in.
 */
int intake_pass_over(struct stream *s, struct slice payload, struct batch_ack *ack, struct err *e);
/* Records, in place of a capture's batch that was passed over, how much it brought, and its position. */
int intake_not_recorded(struct intake *in, const struct batch_taken *t, int64_t now_ns, struct err *e);
/* Something passed unrecorded: no input counts as watched from before to what comes next. */
void intake_unwatched(struct intake *in);

#endif
