/* The shape of an API's bodies: which members say what, and how their numbers become normal form. A shape is
 * one file that ends in one const struct, and one line in shapes.def. */
#ifndef TK_SENSOR_LLM_SHAPE_H
#define TK_SENSOR_LLM_SHAPE_H

#include "sensor/llm/json_stream.h"
#include "sensor/llm/usage.h"

/* What a wanted member is. The numbers are as the vendor writes them; a shape gives them their meaning. */
enum usage_member {
	U_NOTHING,
	U_INPUT, U_OUTPUT, U_TOTAL,
	U_OUTPUT_FLOOR,           /* a first guess of a stream, until U_OUTPUT is there */
	U_CACHED, U_CACHED_ALSO,  /* the second: where some write it besides or instead */
	U_WRITE, U_REASONING, U_AUDIO_IN, U_TOOL_IN,
	U_PAGES,                  /* or searches: billed by the piece, without tokens */
	U_SECONDS,                /* billed by time */
	U_COST, U_TICKS,          /* USD; 10^-10 USD: in pico-USD */
	/* of a list's items, added up */
	U_SUM_INPUT, U_SUM_OUTPUT, U_SUM_CACHED, U_SUM_WRITE,
	U_NUMBERS,
	/* containers */
	U_BLOCK = U_NUMBERS,      /* the usage block: its numbers count together */
	U_STREAMED,               /* only streamed bodies have it */
	/* texts: the last that is not empty */
	U_MODEL, U_TEXTS = U_MODEL,
	U_ID, U_TIER,
	U_FINGERPRINT,            /* of the serving system */
	U_USER, U_USER_ALSO,      /* the second: if the first is not there */
	U_END,
};

/* What was read, for a shape to judge. */
struct usage_seen {
	const int64_t *n;          /* by usage_member; -1: not said */
	bool closed;               /* the block's end was seen: what it does not say is not to come */
	const struct route *route;
};

struct usage_shape {
	bool (*reads)(const struct route *route); /* the first shape of the list that says so */
	const struct json_want *request, *response;
	/* Sets input, output, cache_read, cache_write, reasoning as far as known; parts are bounded
	 * afterwards. May lower the quality. */
	void (*normal)(const struct usage_seen *seen, struct usage *out);
	/* Who serves, where a gateway's or a site's own host does not tell: NULL when the body does not
	 * either. */
	const char *(*server)(struct slice fingerprint);
	bool model_in_path;        /* where the path names a model, the body's does not count */
};

/* Whose API it is: what the path says; else the host. */
static inline bool route_of(const struct route *r, const char *api)
{
	const char *own = r->shape != NULL ? r->shape : r->provider;

	return own != NULL && strcmp(own, api) == 0;
}

static inline bool route_does(const struct route *r, const char *operation)
{
	return r->operation != NULL && strcmp(r->operation, operation) == 0;
}

/* A sum of what is known; -1 when the first is not. */
static inline int64_t plus(int64_t a, int64_t b)
{
	return a < 0 ? -1 : a + (b < 0 ? 0 : b);
}

#endif
