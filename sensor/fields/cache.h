/* The inside of struct parse_cache, for the files of this folder: tables of fixed size, in which what is
 * new takes the place of what stood there. */
#ifndef TK_SENSOR_FIELDS_CACHE_H
#define TK_SENSOR_FIELDS_CACHE_H

#include "core/base/fingerprint.h"
#include "core/event/event.h"
#include "sensor/fields/context.h"
#include "sensor/fields/memo.h"

/* Sizes are powers of two. */
#define CACHE_KEYS 16384   /* fingerprints: a site's keys, with room */
#define CACHE_KEY_WAYS 4   /* of them may share a place */
#define CACHE_MEMBERS 1024 /* slots for JSON member names; well above their number */
#define CACHE_NAMES 64     /* members of a line */
#define CACHE_TEXTS 256
#define CACHE_TEXT_MAX 255
#define CACHE_ROUTES 64
#define CACHE_SHAPES 6

enum key_state { KEY_NONE, KEY_ABSENT, KEY_UNKNOWN, KEY_FINGERPRINT };

/* What became of a credential header. A secret is never kept: 126 bits of a hash seeded per process stand
 * for it. */
struct cached_key {
	uint64_t tag[2]; /* the two low bits of the second: enum key_state, KEY_NONE: free */
	uint8_t fingerprint[FINGERPRINT_BYTES];
};

/* The last day as written, and what a day is worth. */
struct cached_day {
	uint8_t text[12];  /* "23/Nov/2026:" */
	uint8_t offset[6]; /* " +0900" */
	bool known;
	int64_t start;     /* its midnight at that offset, UTC seconds */
};

/* A JSON member's name as the line before had it at this place. */
struct cached_name {
	uint8_t text[46]; /* `"name":` */
	uint8_t n;        /* 0: none yet */
	uint8_t row;      /* row + 1 of nginx_json.def; 0: nobody reads it */
};

/* A text with nothing to mask. */
struct cached_text {
	uint8_t n; /* 0: none yet */
	uint8_t text[CACHE_TEXT_MAX];
};

struct cached_route {
	uint8_t host_n, path_n; /* path_n 0: none yet */
	uint8_t model_at, model_n; /* within the path */
	const char *operation, *provider, *shape;
	uint8_t host[64], path[192];
};

struct parse_cache {
	uint64_t seed[2];
	uint8_t time_text[32]; /* the last time as written */
	size_t time_n;         /* 0: none yet */
	int64_t time_ns;
	struct cached_day day;
	bool claimed; /* the line at hand has its user from its credential: see secret_set_key */
	bool members_ready;
	uint8_t member[CACHE_MEMBERS]; /* row + 1 of nginx_json.def, 0: empty */
	struct cached_name name[CACHE_NAMES];
	uint64_t shape_serial[CACHE_SHAPES]; /* of what a JSON line tells of itself; 0: none yet */
	struct cached_route route[CACHE_ROUTES];
	struct cached_text text[CACHE_TEXTS];
	struct cached_key key[CACHE_KEYS];
	struct memo_table memo[MEMO_END - MEMO_FIRST];
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

/* Where a text of 8 bytes or more is looked for. Who makes texts that share a place gains nothing but the
 * time that they would take without a cache. */
static inline size_t cache_place(struct slice s, size_t places)
{
	uint64_t first, middle, last;

	memcpy(&first, s.p, 8);
	memcpy(&middle, s.p + (s.n - 8) / 2, 8);
	memcpy(&last, s.p + s.n - 8, 8);
	first = (first ^ (middle << 23 | middle >> 41)) * UINT64_C(0x9e3779b97f4a7c15) + s.n;
	first = (first ^ last ^ first >> 32) * UINT64_C(0xd6e8feb86659fd93);
	return (size_t)(first >> 40) & (places - 1);
}

/* secret_mask_text for texts that recur: paths, client software, models. */
struct slice cache_mask_text(struct slice text, const struct parse_context *ctx);

/* route_find, remembered. */
struct route;
void cache_route_find(struct slice host, struct slice path, struct parse_cache *c, struct route *out);

#endif
