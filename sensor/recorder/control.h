/* The one door through which people write (architecture.md 3). With a recorder running a request
 * goes over its unix socket (peer credentials name the actor); with none the same code runs here,
 * under the ledger's lock. */
#ifndef TK_SENSOR_RECORDER_CONTROL_H
#define TK_SENSOR_RECORDER_CONTROL_H

#include "core/config/config.h"

/* One JSON object each way. Requests: "do" and its members,
 *   {"do":"keys.add","mark":M,"keys":[..]} (KEY_TEXTS texts for each: request.h)
 *   {"do":"keys.revoke","id":I} {"do":"keys.adopt"} (all seen, unknown ones; or "fingerprints":[..])
 *   {"do":"calendar.import","file":F,"what":W,"source":S,"added":N,"removed":N,"sha256":H}
 *   {"do":"calendar.emergency","reason":R,"approver":A,"from":T,"to":T} (both: the files were changed)
 *   {"do":"keys.settle"} (the fingerprint key has a new link; with "lost":"yes" it is another)
 *   {"do":"prices.import","file":F,"source":S,"table":NAME,"added":N,"removed":N,"sha256":H} (replaced)
 *   {"do":"prices.invoice","month":"2026-11","pico_usd":DIGITS,"computed.pico_usd":DIGITS,"reason":R}
 *   {"do":"prices.reprice","from":NS,"to":NS,"table":TEXT,"name":FILE,"reason":R}
 *   {"do":"log-used","what":W,"from":T,"to":T,"count":N} {"do":"status"}
 *   {"do":"seal"}, answered with "segment", "records", "size" and "code"
 *   {"do":"head"}, answered with "next_seq", "h" (of the last line), "origin", "size" and "checkpoint" (its
 * SHA-256)
 *   {"do":"trail.receipt","kind":K,"size":N,"data":BASE64} (K: query, reply or witness; receipt.c)
 * A reply has "ok":true, or "ok":false and "error". `reply` is the caller's.
 * TK_OK also when the reply says no; TK_EBUSY, TK_EIO when nobody could be asked. */
int control_request(const struct config *cfg, struct slice request, struct buf *reply, struct err *e);

/* The same of a running recorder alone, without waiting for one: for looking. {"do":"disk"} is answered with
 * "state" (disk.def) and "not_recorded", in `full` also with "since" and "cause". TK_ENOTFOUND: none runs. */
int control_look(const struct config *cfg, struct slice request, struct buf *reply, struct err *e);

/* A connected socket to a running recorder on which batches may be sent (import), or TK_ENOTFOUND when none
 * runs: then the ledger's lock is taken, in *lock_fd (else -1), so that none starts. The caller closes both.
 */
int control_open_batches(const struct config *cfg, int *fd, int *lock_fd, struct err *e);
/* A connected socket to it, or TK_ENOTFOUND. */
int control_reach(const struct config *cfg, int *fd, struct err *e);

/* The same for the sensor of a recorder that is a service of its own. The recorder greets, or closes. */
int control_open_sensor(const struct config *cfg, int *fd, struct err *e);

/* Path of the control socket of a ledger; `out` is the caller's. */
void control_path(const struct config *cfg, struct buf *out);

#endif
