/* What an LLM call used, read from its two bodies as they pass (llm-usage.md 2, 3): models, ids, tokens, in
 * normal form. Bodies come decoded and in any pieces; nothing of them is kept but the few values named here.
 * A reader is a fixed struct without allocation. Pure but for it; one thread.
 *
 * A shape (openai.c, ...) is one file that ends in one const struct, and one line in shapes.def. */
#ifndef TK_SENSOR_LLM_USAGE_H
#define TK_SENSOR_LLM_USAGE_H

#include "core/base/slice.h"
#include "sensor/llm/route.h"
#include "sensor/llm/text_count.h"
#include "sensor/llm/usage_details.h"

#define USAGE_TEXT_MAX 128 /* longer model names and ids are cut */

enum usage_quality { USAGE_NONE, USAGE_PARTIAL, USAGE_EXACT, USAGE_ESTIMATED };

struct usage { /* counts: -1 unknown */
	int64_t input, output;                  /* normal form: llm-usage.md 3 */
	int64_t cache_read, cache_write, reasoning;
	int64_t cost_reported;                  /* pico-USD */
	struct usage_details details;           /* of what else was billed; 0: not said */
	int64_t estimate_input, estimate_output; /* estimate.h */
	struct text_count asked, answered;      /* text of prompt and answer, where the shape counts it */
	int64_t images, messages;               /* of the prompt */
	bool failed;                            /* the answer is an error, or has one */
	bool generates;                         /* chat or text completion */
	enum usage_quality quality;
	int stream;                             /* 1 streamed, 0 not, -1 not known */
	/* Borrow the reader; empty: not said. `user` is the request body's. */
	struct slice request_model, response_model, response_id, service_tier, user;
	const char *provider, *operation;       /* where the bodies tell more than the route; else NULL */
};

struct usage_reader;
size_t usage_reader_size(void);
/* In memory of usage_reader_size() bytes, aligned for int64_t. The route is copied; host and path say what
 * kind of call it is, and which shape reads it. */
struct usage_reader *usage_begin(void *memory, const struct route *route);
/* Would the bodies be read at all? False: the caller need not hand them in. */
bool usage_wanted(const struct route *route);
/* Before the first bytes of the request, where its type is known: with parameters, for multipart bodies. */
void usage_request_head(struct usage_reader *u, struct slice media_type);
void usage_request(struct usage_reader *u, struct slice bytes);
/* Each header of the response. */
void usage_response_header(struct usage_reader *u, struct slice name, struct slice value);
/* Before the first bytes of the response. media_type without parameters, as sent; may be empty. */
void usage_response_head(struct usage_reader *u, int status, struct slice media_type);
void usage_response(struct usage_reader *u, struct slice bytes);
/* Both are over. *_whole: nothing of it is missing. Values that come from bytes behind a gap are not
 * trusted: the caller stops handing bytes in at the first gap of a body. */
void usage_end(struct usage_reader *u, bool request_whole, bool response_whole, struct usage *out);

#endif
