/* What an LLM call is, told by host and path alone (llm-usage.md 1): all that a log has. Behind a gateway
 * the host is the gateway's own, so the path's shape must do; where it is not certain nothing is said.
 * Pure. */
#ifndef TK_SENSOR_LLM_ROUTE_H
#define TK_SENSOR_LLM_ROUTE_H

#include "core/base/slice.h"

struct route {
	const char *operation; /* gen_ai.operation.name, or NULL */
	const char *provider;  /* gen_ai.provider.name, or NULL */
	const char *shape;     /* whose API the path is of, as a provider's name; NULL: it does not say */
	struct slice model;    /* as the path has it, percent-encoded; empty: the path does not say */
};

/* Both may be empty. The path comes without query. */
void route_find(struct slice host, struct slice path, struct route *out);
/* The model, percent-encoded, of those who have it among the parameters (Deepgram); empty: there is none. */
struct slice route_query_model(const struct route *r, struct slice query);
/* Does the path belong to an LLM API, so that its parameters may hold what people wrote? */
bool route_is_llm(struct slice path);

#endif
