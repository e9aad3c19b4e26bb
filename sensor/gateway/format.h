/* A gateway log format: one file that ends in one const struct log_format, one line in formats.def.
 * Parsing is a pure function of the line, the options and nothing else. */
#ifndef TK_SENSOR_GATEWAY_FORMAT_H
#define TK_SENSOR_GATEWAY_FORMAT_H

#include "core/base/hash.h"
#include "core/event/event.h"
#include "core/event/wire.h"

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

struct parse_context {
	struct slice fingerprint_key;      /* 32 bytes, or empty: keys are then left out (decode) */
	struct parse_cache *cache;         /* NULL: slower */
	const struct cidr *trusted_proxies;
	size_t n_trusted_proxies;
	struct scratch *scratch;           /* reset by the caller before each line */
};

struct log_format {
	const char *name;
	const char *doc;                   /* one line for the manual */
	/* Sure that this line is of the format: 0 no ... 100 yes. */
	int (*detect)(struct slice line);
	/* One line without its LF or CRLF into a reset event. Strings borrow the line or the scratch.
	 * 0, or an enum reject_reason. */
	int (*parse)(struct slice line, const struct parse_context *ctx, struct access_event *ev);
};

/* formats.c: the roof of the folder. */
const struct log_format *log_format_by_name(struct slice name); /* NULL: none */
const struct log_format *log_format_detect(struct slice line);  /* NULL: none */
const struct log_format *log_format_at(size_t i);               /* NULL behind the last */
/* Detects over the first lines of a sample and names the format most of them are of. */
const struct log_format *log_format_detect_sample(struct slice sample);
/* Digest of a line, as identity and imports need it: SHA-256 of the bytes without LF/CRLF, first half.
 * `s` is any context of sha256_new, reused from line to line. */
void log_line_digest(struct sha256 *s, struct slice line, uint8_t out[16]);

#endif
