/* The inside of struct parse_cache, for the files of this folder. */
#ifndef TK_SENSOR_GATEWAY_CACHE_H
#define TK_SENSOR_GATEWAY_CACHE_H

#include "sensor/gateway/format.h"

#define CACHE_KEYS 1024    /* fingerprints kept; a power of two */
#define CACHE_MEMBERS 1024 /* slots for JSON member names; a power of two, well above their number */
#define FINGERPRINT_DIGITS 16

/* A secret is never kept: 128 bits of a hash seeded per process stand for it. */
struct cached_key {
	uint64_t tag[2];
	uint8_t digits[FINGERPRINT_DIGITS];
	bool used;
};

struct parse_cache {
	uint64_t seed[2];
	uint8_t time_text[32]; /* the last time as written */
	size_t time_n;         /* 0: none yet */
	int64_t time_ns;
	struct cached_key key[CACHE_KEYS];
	bool members_ready;
	uint8_t member[CACHE_MEMBERS]; /* row + 1 of nginx_json.def, 0: empty */
};

/* The conversion of the last time text, if this is the same. */
static inline bool cache_time(const struct parse_cache *c, struct slice text, int64_t *ns)
{
	if (c == NULL || c->time_n != text.n || text.n == 0 || memcmp(c->time_text, text.p, text.n) != 0)
		return false;
	*ns = c->time_ns;
	return true;
}

void cache_keep_time(struct parse_cache *c, struct slice text, int64_t ns);

#endif
