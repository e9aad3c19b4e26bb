/* Aleph Alpha: models only. */
#include "sensor/llm/shape.h"

static const struct json_want response[] = {
	JSON_WANT("model_version", U_MODEL, NULL),
	JSON_WANT("completions", U_IS_TEXT, NULL),
	JSON_WANT("embedding", U_IS_EMBEDDINGS, NULL),
	JSON_WANT("embeddings", U_IS_EMBEDDINGS, NULL),
	JSON_WANT_END
};
static const struct json_want request[] = {
	JSON_WANT("model", U_MODEL, NULL),
	JSON_WANT_END
};
static const struct json_want whole_request = JSON_WANT("", U_NOTHING, request);
static const struct json_want whole_response = JSON_WANT("", U_NOTHING, response);

static bool reads(const struct route *r)
{
	return r->shape == NULL && route_by(r, "aleph_alpha");
}

static void normal(const struct usage_seen *seen, struct usage *out)
{
	(void)seen;
	(void)out;
}

static const char *operation(const struct usage_seen *seen)
{
	return usage_is(seen, U_IS_EMBEDDINGS) ? "embeddings" :
	       usage_is(seen, U_IS_TEXT)       ? "text_completion" :
						 NULL;
}

const struct usage_shape shape_aleph_alpha = {
	.reads = reads, .request = &whole_request, .response = &whole_response, .normal = normal,
	.operation = operation,
};
