/* One batch into the ledger: input and position checked, events placed, enriched, recorded and matched.
 * Everything happens inside the caller's transaction. One thread. */
#ifndef TK_SENSOR_INTAKE_H
#define TK_SENSOR_INTAKE_H

#include "core/event/wire.h"
#include "core/ledger/ledger.h"
#include "sensor/enrich.h"
#include "sensor/evaluate.h"

struct intake;
struct intake *intake_new(struct ledger *l, struct err *e);
void intake_free(struct intake *in);
/* After a reload. Borrows both. */
void intake_use(struct intake *in, struct enrich *en, struct evaluate *v);

/* The stream of batches that one connection sends. */
struct stream {
	char input[256];      /* of an import: the input that its file was recognised as */
	int64_t last_minute;  /* import: watched up to here; INT64_MIN before the first event */
	int64_t events, duplicates, rejected, batches;
};
void stream_init(struct stream *s);

/* Takes a FRAME_BATCH payload. A batch that does not continue at the committed position changes nothing and
 * says so in the ack. The ack may go out only after the commit. `head` tells the caller the batch's flags. */
int intake_batch(struct intake *in, struct stream *s, struct slice payload, int64_t now_ns, struct batch_head *head,
		 struct batch_ack *ack, struct err *e);

#endif
