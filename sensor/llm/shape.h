/* The shape of an API's bodies: which members say what, and how their numbers become normal form. A shape is
 * one file that ends in one const struct, and one line in shapes.def. */
#ifndef TK_SENSOR_LLM_SHAPE_H
#define TK_SENSOR_LLM_SHAPE_H

#include "sensor/llm/json_stream.h"
#include "sensor/llm/usage.h"

/* What a wanted member is. The numbers are as the vendor writes them; a shape gives them their meaning. */
enum usage_member {
	U_NOTHING,
	/* numbers of the usage block */
	U_INPUT, U_OUTPUT, U_TOTAL,
	U_OUTPUT_FLOOR,           /* a first guess of a stream, until U_OUTPUT is there */
	U_CACHED, U_CACHED_ALSO,  /* the second: where some write it besides or instead */
	U_WRITE, U_REASONING, U_TOOL_IN,
	/* said a second time by who passes on */
	U_METRIC_INPUT, U_METRIC_OUTPUT, U_METRIC_CACHED, U_METRIC_WRITE,
	U_COST, U_COST_ALSO, U_TICKS, /* USD, the second a gateway's; 10^-10 USD: in pico-USD */
	/* of the U_PASS that is open */
	U_PASS_INPUT, U_PASS_OUTPUT, U_PASS_CACHED, U_PASS_WRITE, U_PASS_WRITE_1H,
	U_PAIR_COUNT,             /* of the U_PAIR_... that is open */
	U_DETAIL,                 /* + enum usage_detail */
	U_MAX_INPUT = U_DETAIL + USAGE_DETAILS, U_MAX_OUTPUT, /* the largest of all */
	U_SUM_INPUT, U_SUM_OUTPUT, /* of a list's items, added up */
	U_NUMBERS,
	/* numbers that stand anywhere */
	U_LENGTH = U_NUMBERS,     /* of audio, in seconds */
	/* containers */
	U_BLOCK,                  /* the usage block: its numbers count together */
	U_ITEM,                   /* the same of one call of a batch: all are added up */
	U_LINE,                   /* the same in an output file, which may repeat what the batch has told */
	U_ITEMS,                  /* a list of such calls; a later one repeats it */
	U_PASS,                   /* one of the passes of a call */
	U_PAIR_INPUT, U_PAIR_OUTPUT, U_PAIR_CACHED, U_PAIR_WRITE, /* a kind and a number of tokens */
	U_CALLS, U_CALL,          /* a list of what was done for the answer; one of it */
	U_IMAGES, U_IMAGE,        /* a list of images; one of it */
	U_TOKEN_IN,               /* one token of the input */
	U_MESSAGE,                /* a message of a prompt */
	U_PICTURE,                /* an image of a prompt */
	U_STREAMED,               /* only streamed bodies have it */
	/* anything: that it is there tells the operation */
	U_IS, U_IS_CHAT = U_IS, U_IS_TEXT, U_IS_EMBEDDINGS, U_IS_RERANK, U_IS_IMAGE, U_IS_GROQ, U_IS_SEARCH,
		U_IS_GUARDED,
	U_IS_FAILED,              /* an error, also within a stream */
	U_IS_END,
	/* texts: the last that is not empty */
	U_MODEL = U_IS_END, U_TEXTS = U_MODEL,
	U_ID, U_TIER,
	U_FINGERPRINT,            /* of the serving system */
	U_USER, U_USER_ALSO,      /* the second: if the first is not there */
	U_KEPT,
	/* texts that are looked at */
	U_PAIR_WORD = U_KEPT,     /* the kind of an open U_PAIR_..., what an open U_CALL was */
	U_PASS_MODEL, U_GEO, U_SPEED,
	/* JSON_PIECES */
	U_BYTES,                  /* JSON in base64 */
	U_SPOKEN,                 /* text of the request that may be spoken: its characters are counted */
	U_TEXT,                   /* any other text of a prompt or an answer: so are its */
};

/* A usage block as it stands there. */
struct usage_block {
	int64_t n[U_NUMBERS]; /* by usage_member; -1: not said */
	uint8_t passes;
	bool passes_lost;     /* there were more */
	struct usage_pass pass[USAGE_PASSES_MAX]; /* as the vendor writes them */
};

/* What was read, for a shape to judge. */
struct usage_seen {
	const int64_t *n;
	const struct usage_block *block; /* whose numbers they are */
	bool closed;                     /* its end was seen: what it does not say is not to come */
	uint32_t is;                     /* bit U_IS_... - U_IS */
	struct slice fingerprint;
	const struct route *route;
};

struct usage_shape {
	bool (*reads)(const struct route *route); /* the first shape of the list that says so */
	const struct json_want *request, *response;
	/* Sets input, output, cache_read, cache_write, reasoning as far as known, and passes; parts are
	 * bounded and details copied afterwards. May lower the quality. */
	void (*normal)(const struct usage_seen *seen, struct usage *out);
	/* Who serves, where a gateway's or a site's own host does not tell; what was done, where the path
	 * does not. NULL when the bodies do not either. */
	const char *(*server)(const struct usage_seen *seen);
	const char *(*operation)(const struct usage_seen *seen);
	bool model_in_path; /* where the path names a model, the body's does not count */
};

static inline bool usage_is(const struct usage_seen *seen, enum usage_member what)
{
	return (seen->is >> (what - U_IS) & 1) != 0;
}

/* Whose API it is: what the path says; else the host. */
static inline bool route_of(const struct route *r, const char *api)
{
	const char *own = r->shape != NULL ? r->shape : r->provider;

	return own != NULL && strcmp(own, api) == 0;
}

static inline bool route_by(const struct route *r, const char *provider)
{
	return r->provider != NULL && strcmp(r->provider, provider) == 0;
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

static inline int64_t larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

#endif
