/* What people may ask the writer to do: one table of requests, run by the recorder or, with none running, by
 * the command itself under the ledger's lock. */
#ifndef TK_SENSOR_RECORDER_REQUEST_H
#define TK_SENSOR_RECORDER_REQUEST_H

#include "core/base/buf.h"
#include "core/config/config.h"
#include "core/ledger/ledger.h"
#include "sensor/recorder/seal.h"

/* The texts of one key in the list of keys.add, in this order; days as 2026-12-31, what is not set is empty.
 */
enum key_text {
	KEY_FINGERPRINT,
	KEY_ID,
	KEY_USER,
	KEY_KIND,
	KEY_OWNER,
	KEY_DEPARTMENT,
	KEY_MODELS,
	KEY_PATHS,
	KEY_ISSUED,
	KEY_FROM,
	KEY_EXPIRES,
	KEY_REVOKED,
	KEY_TEXTS
};
#define REQUEST_KEYS_MAX 2000 /* of one request */

/* Runs one request (a JSON object, see control.h) in a transaction that the caller begins and commits.
 * `actor` is the user's name for the record. The reply is one JSON object; an error of the ledger itself is
 * returned. The caller then does what `next` says: keys_changed, keys or the calendar must be read anew;
 * trail, what is to be done with it once the transaction is committed, which writes a reply of its own
 * (sealer_answer). */
struct request_next {
	bool keys_changed;
	struct trail_order trail;
};
int request_run(struct ledger *l, const struct config *cfg, struct slice request, struct slice actor,
		int64_t now_ns, struct buf *reply, struct request_next *next, struct err *e);

#endif
