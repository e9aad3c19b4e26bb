/* What the trail is rendered from: the events and all other records of the ledger, in order of recording. */
#ifndef TK_LEDGER_TRAIL_ROWS_H
#define TK_LEDGER_TRAIL_ROWS_H

#include "core/ledger/reader.h"

struct trail_row {
	int64_t seq, ts_ns;            /* ts_ns: of recording */
	const struct access_event *ev; /* NULL: another record, */
	const char *type;              /* of this type */
	struct slice body;             /* and this JSON object */
};
/* Everything lives for the call. Return non-zero to stop (returned). */
typedef int (*trail_row_fn)(void *ctx, const struct trail_row *row, struct err *e);
/* Every row behind `after`, in one read transaction. */
int ledger_trail_rows(struct ledger_reader *r, int64_t after, trail_row_fn row, void *ctx, struct err *e);

#endif
