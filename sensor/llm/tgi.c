/* Text Generation Inference's own API (llm-usage.md 2), as Hugging Face's and SageMaker's endpoints have it:
 * an object, a list of one, or events, of which the last has the details. The input is often not told. */
#include "sensor/llm/shape.h"

static const struct json_want prefill[] = { JSON_EACH(U_TOKEN_IN, NULL), JSON_WANT_END };
static const struct json_want details[] = {
	JSON_WANT("generated_tokens", U_OUTPUT, NULL),
	JSON_WANT("input_length", U_INPUT, NULL),
	JSON_WANT("prefill", U_NOTHING, prefill),
	JSON_WANT_END
};

#define GENERATED \
	JSON_WANT("generated_text", U_IS_TEXT, NULL), \
	JSON_WANT("details", U_BLOCK, details)

static const struct json_want one[] = { GENERATED, JSON_WANT_END };
static const struct json_want response[] = {
	GENERATED,
	JSON_EACH(U_NOTHING, one),
	JSON_WANT_END
};
static const struct json_want request[] = { JSON_WANT("inputs", U_IS_TEXT, NULL), JSON_WANT_END };
static const struct json_want whole_request = JSON_WANT("", U_NOTHING, request);
static const struct json_want whole_response = JSON_WANT("", U_NOTHING, response);

static bool reads(const struct route *r)
{
	return r->shape == NULL && (route_by(r, "huggingface") || route_by(r, "aws.sagemaker"));
}

static void normal(const struct usage_seen *seen, struct usage *out)
{
	out->input = seen->n[U_INPUT] >= 0 ? seen->n[U_INPUT] : seen->n[U_SUM_INPUT];
	out->output = seen->n[U_OUTPUT];
}

static const char *operation(const struct usage_seen *seen)
{
	return usage_is(seen, U_IS_TEXT) ? "text_completion" : NULL;
}

const struct usage_shape shape_tgi = {
	.reads = reads, .request = &whole_request, .response = &whole_response, .normal = normal,
	.operation = operation,
};
