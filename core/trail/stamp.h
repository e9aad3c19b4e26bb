/* Time stamps over a checkpoint note (RFC 3161) by OpenSSL. The query is written, the reply read: nothing
 * here connects to anybody. */
#ifndef TK_TRAIL_STAMP_H
#define TK_TRAIL_STAMP_H

#include "core/base/buf.h"
#include "core/base/err.h"

/* A query with a random nonce that asks for the authority's certificate. */
int stamp_query(struct slice data, struct buf *out, struct err *e);

enum stamp_verdict { STAMP_GOOD, STAMP_OTHER_DATA, STAMP_INVALID, STAMP_UNCHECKED };
/* STAMP_OTHER_DATA: its imprint is not that of `data`. STAMP_INVALID: no granted reply, or the signature, its
 * chain to the CA at `now` (UTC seconds), or the certificate's purpose is wrong; *e says which. ca NULL:
 * STAMP_UNCHECKED when the imprint agrees. *at: the authority's time, UTC seconds. */
enum stamp_verdict stamp_verify(struct slice reply, struct slice data, const char *ca, int64_t now,
				int64_t *at, struct err *e);

/* Does the reply bear the nonce of the query? */
bool stamp_answers(struct slice query, struct slice reply);

#endif
