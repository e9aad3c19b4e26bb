/* What a log line was found to say, and how it becomes an event: the part that all formats whose values have
 * names share. Values are raw and borrow the line, or the scratch. Pure functions. */
#ifndef TK_SENSOR_GATEWAY_FOUND_H
#define TK_SENSOR_GATEWAY_FOUND_H

#include "sensor/gateway/format.h"

enum member {
#define MEANING(id, name, doc) M_##id,
#include "sensor/gateway/meanings.def"
#undef MEANING
	M_COUNT
};

/* How a gateway says things; together they are the format's habits. */
enum habit {
	HABIT_UTC = 1,        /* a time without a zone is UTC, not the site's */
	HABIT_RAW_TOKENS = 2, /* the provider's own figures, not yet in normal form (llm-usage.md 3, 9) */
	HABIT_PROVIDER = 4,   /* words of its own for providers: providers.def */
	HABIT_BARE_PATH = 8,  /* paths without the leading '/' */
};

/* rank 0: not there, 1: there and empty or "-", more: a value. An empty one gives way to any other. */
struct found {
	struct slice text[M_COUNT]; /* undefined where the rank is 0 */
	uint8_t rank[M_COUNT];
	bool escaped[M_COUNT]; /* JSON escapes are in the text */
};

/* There, and not empty. */
static inline bool found_has(const struct found *f, enum member m)
{
	return f->rank[m] > 1;
}

static inline bool found_is(const struct found *f, enum member m, const char *word)
{
	return found_has(f, m) && slice_is(f->text[m], word);
}

/* A value that no text of the line says. */
static inline void found_put(struct found *f, enum member m, struct slice text)
{
	f->text[m] = text;
	f->rank[m] = 2;
	f->escaped[m] = false;
}

/* The value with its escapes undone, in the scratch; empty when there is none. */
struct slice found_text(const struct found *f, enum member m, const struct parse_context *ctx);
/* Does it speak of a request at all? */
bool found_request(const struct found *f);

/* All of it, in the order in which one builds upon another. 0 or REJECT_TIME. */
int found_event(const struct found *f, unsigned habits, const struct parse_context *ctx,
		struct access_event *ev);

/* ---- its steps, for a format that remembers parts of events ---- */

int found_times(const struct found *f, unsigned habits, const struct parse_context *ctx,
		struct access_event *ev);
/* The parts WHERE, WHO without the key, WHAT and HOW, and the query. */
void found_parts(const struct found *f, unsigned habits, const struct parse_context *ctx,
		 struct access_event *ev);
void found_own(const struct found *f, const struct parse_context *ctx, struct access_event *ev);
void found_usage(const struct found *f, unsigned habits, const struct parse_context *ctx,
		 struct access_event *ev);
void found_stream(const struct found *f, struct access_event *ev);

/* found_time.c: a time as logs write it. UTC ns. */
bool log_time(struct slice s, unsigned habits, struct parse_cache *cache, int64_t *ns);

#endif
