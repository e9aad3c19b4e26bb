/* Which calls try again what an earlier one tried (llm-usage.md 4): a client library says so in a header
 * (x-stainless-retry-count, a number), or sends the same idempotency key with each try. The keys of the last
 * minutes are remembered as hashes, in fixed memory; a capture's own, begun anew with its process. One
 * thread. */
#ifndef TK_SENSOR_PROTO_TRIES_H
#define TK_SENSOR_PROTO_TRIES_H

#include "core/base/slice.h"

struct tries;
struct tries *tries_new(void); /* NULL: no memory */
void tries_free(struct tries *t); /* NULL is legal */
/* How many tries of its operation came before this request, that began at `ns`: 0 where it is the first, or
 * where nothing tells. Both texts may be empty; `t` may be NULL. */
int64_t tries_before(struct tries *t, struct slice retry_count, struct slice idempotency_key,
		     struct slice target, int64_t ns);

#endif
