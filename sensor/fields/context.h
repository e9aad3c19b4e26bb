/* What every parser of strangers' text is given: where undone escapes go, who is a trusted proxy, and the key
 * that turns a credential into a fingerprint. Pure but for the cache. */
#ifndef TK_SENSOR_FIELDS_CONTEXT_H
#define TK_SENSOR_FIELDS_CONTEXT_H

#include "core/base/addr.h"
#include "core/base/slice.h"

/* Bytes that a parser needs for undone escapes, masks and fingerprints of one event. */
struct scratch {
	uint8_t *p;
	size_t n, cap;
};
#define SCRATCH_SIZE 65536
/* NULL when full: the caller then leaves the value out and the event says so nowhere else. */
uint8_t *scratch_take(struct scratch *s, size_t n);

/* What recurs from line to line: the last second's conversion, fingerprints of keys met before, the
 * index of JSON member names. It changes the speed of parsing, never its result. One for each thread
 * and fingerprint key; cache.c. */
struct parse_cache;
struct parse_cache *parse_cache_new(void); /* NULL: no memory */
void parse_cache_free(struct parse_cache *c); /* NULL is legal */

struct wanted_headers;
struct estimates;
struct tries;

struct parse_context {
	/* 32 bytes for each key of the chain (core/base/fingerprint.h); empty: keys are left out (decode) */
	struct slice fingerprint_key;
	struct parse_cache *cache;         /* NULL: slower */
	const struct cidr *trusted_proxies;
	size_t n_trusted_proxies;
	struct estimates *estimates;       /* of bodies (captures); NULL: nothing is estimated */
	struct tries *tries;               /* of requests (captures); NULL: keys are not compared */
	struct scratch *scratch;           /* reset by the caller before each line */
	const struct wanted_headers *wanted; /* what the site asks of request headers; NULL: nothing */
	/* Of the line at hand, set by log_format_parse: when it was written as what is around it says, ns (0:
	 * it does not), and what its format was made from. */
	int64_t frame_time;
	const struct json_log *fields;
	const struct layout *layout;
};

#endif
