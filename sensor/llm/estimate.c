#include "sensor/llm/estimate.h"

#include <stdlib.h>

#include "core/base/hash.h"

#define SLOTS 512	/* of model, language and side; a newcomer takes the place of who has it */
#define START_TOKENS 64 /* the start value counts as much as so many tokens of exact calls */
#define WEIGHT_MAX (INT64_C(1) << 24)
#define ODD 8	   /* what is so many times off the start value teaches nothing: tools, images */
#define MESSAGE 16 /* role and separators: about 4 tokens */

/* Weights are quarters of a token by the start values. */
struct ratio {
	uint64_t key;
	int64_t tokens, weight;
};

struct estimates {
	struct ratio slot[SLOTS];
};

enum side { SIDE_INPUT, SIDE_OUTPUT };

/* An image of about 1,000 x 1,000 pixels, as the vendors' documents have it. The last row is everybody else.
 */
static const struct {
	const char *model;
	int64_t tokens;
} images[] = {
	{ "claude", 1334 },
	{ "gemini", 258 },
	{ "", 765 },
};

struct estimates *estimates_new(void)
{
	return calloc(1, sizeof(struct estimates));
}

void estimates_free(struct estimates *e)
{
	free(e);
}

static int64_t weight_of(const struct usage *u, enum side side)
{
	const struct text_count *t = side == SIDE_INPUT ? &u->asked : &u->answered;

	return t->narrow + 4 * t->wide + (side == SIDE_INPUT ? u->messages * MESSAGE : 0);
}

/* Japanese where a fifth of the characters is wide. */
static bool is_wide(const struct text_count *t)
{
	return t->wide * 4 >= t->narrow;
}

static struct ratio *ratio_of(struct estimates *e, const struct usage *u, enum side side)
{
	struct slice model = u->response_model.n > 0 ? u->response_model : u->request_model;
	uint64_t key = hash64(model, (uint64_t)side * 2 +
					     is_wide(side == SIDE_INPUT ? &u->asked : &u->answered) + 1);
	struct ratio *r = &e->slot[key % SLOTS];

	if (r->key != key || r->weight == 0)
		*r = (struct ratio){ key, START_TOKENS, 4 * START_TOKENS };
	return r;
}

static void learn(struct estimates *e, const struct usage *u, enum side side, int64_t tokens)
{
	int64_t weight = weight_of(u, side);
	struct ratio *r;

	if (weight <= 0 || weight > WEIGHT_MAX || tokens <= 0 || tokens > weight * ODD / 4 ||
	    tokens * ODD * 4 < weight)
		return;
	r = ratio_of(e, u, side);
	r->tokens += tokens;
	r->weight += weight;
	if (r->weight > WEIGHT_MAX) {
		r->tokens /= 2;
		r->weight /= 2;
	}
}

static int64_t estimate(struct estimates *e, const struct usage *u, enum side side)
{
	const struct ratio *r = ratio_of(e, u, side);

	return (int64_t)(((__int128)weight_of(u, side) * r->tokens + r->weight / 2) / r->weight);
}

static int64_t image_tokens(struct slice model)
{
	size_t i = 0;

	if (model.n == 0) /* no prompt names none; then the list's end tells */
		return images[COUNT(images) - 1].tokens;
	while (images[i].model[0] != 0 &&
	       memmem(model.p, model.n, images[i].model, strlen(images[i].model)) == NULL)
		i++;
	return images[i].tokens;
}

void estimate_usage(struct estimates *e, int64_t status, bool whole, struct usage *u)
{
	bool text = text_characters(&u->asked) > 0 || text_characters(&u->answered) > 0;

	if (!u->generates || status != 200 || u->failed || !whole)
		return;
	if (u->quality == USAGE_EXACT) {
		if (u->images == 0)
			learn(e, u, SIDE_INPUT, u->input);
		learn(e, u, SIDE_OUTPUT, u->output - (u->reasoning > 0 ? u->reasoning : 0));
	} else if (u->quality == USAGE_NONE && u->input < 0 && u->output < 0 && text) {
		struct slice model = u->response_model.n > 0 ? u->response_model : u->request_model;

		u->estimate_input = estimate(e, u, SIDE_INPUT) + u->images * image_tokens(model);
		u->estimate_output = estimate(e, u, SIDE_OUTPUT);
		u->quality = USAGE_ESTIMATED;
	}
}
