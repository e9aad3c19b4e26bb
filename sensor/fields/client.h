/* Who the client is: X-Forwarded-For unwound over trusted proxies (llm-usage.md 9). */
#ifndef TK_SENSOR_FIELDS_CLIENT_H
#define TK_SENSOR_FIELDS_CLIENT_H

#include "core/event/event.h"
#include "sensor/fields/context.h"

/* Is it one of networks.trusted_proxies? Only such a peer's word about who called is taken. */
bool client_trusted(const struct addr *a, const struct parse_context *ctx);

#define FORWARDED_MAX 32 /* entries; more is nobody's proxy chain */

/* Sets F_SOURCE_IP, and F_PEER_IP where the two differ. `peer` is the address on the wire or, with
 * realip, what the gateway already made of it; `forwarded` is the header as logged, or empty. */
void client_set(struct access_event *ev, const struct addr *peer, struct slice forwarded,
		const struct parse_context *ctx);

#endif
