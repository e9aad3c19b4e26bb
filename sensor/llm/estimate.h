/* Tokens of a call that says no usage, from the text that passed (llm-usage.md 3): near 4 characters a token
 * in English, 1 in Japanese at first; then as calls of the same model and language with exact usage had it.
 * What was learned is this process's own. One thread. */
#ifndef TK_SENSOR_LLM_ESTIMATE_H
#define TK_SENSOR_LLM_ESTIMATE_H

#include "sensor/llm/usage.h"

struct estimates;
struct estimates *estimates_new(void); /* NULL: no memory */
void estimates_free(struct estimates *e);
/* Learns from a call with exact usage. Of a generating call that ended well (status 200, no error in its
 * stream) without any it sets estimate_input, estimate_output and the quality; token counts stay unknown.
 * `whole`: nothing of both bodies is missing. */
void estimate_usage(struct estimates *e, int64_t status, bool whole, struct usage *u);

#endif
