/* What a call costs (llm-usage.md 5): a dated price table, in our own YAML or LiteLLM's JSON, read as exact
 * decimals; the cost of one access event in pico-USD (10^-12), exact, rounded half up once. Immutable after load; any
 * thread. */
#ifndef TK_SENSOR_LLM_PRICE_H
#define TK_SENSOR_LLM_PRICE_H

#include "core/base/buf.h"
#include "core/event/event.h"

struct price_table;
struct price_row;

/* Loads a table by its content: our YAML or LiteLLM's JSON. NULL with all problems in *problems as
 * "FILE:LINE:COLUMN: text" lines. `file` is for messages. */
struct price_table *prices_load(const char *file, struct buf *problems);
/* The table that is shipped: beside the program or under its prefix. */
struct price_table *prices_shipped(struct buf *problems);
void prices_free(struct price_table *t); /* NULL is legal */
const char *prices_name(const struct price_table *t);    /* its id, for records and messages */
const char *prices_date(const struct price_table *t);    /* newest valid_from, "2026-11-01"; "" where undated */

/* The row that prices this model at this time: the name as it is, then without date suffix, without region prefix,
 * by alias (llm-usage.md 5, "model name lookup"). NULL: none. `provider` may be empty. */
const struct price_row *price_find(const struct price_table *t, struct slice provider, struct slice model, int64_t ns);

enum price_result {
	PRICE_OK,
	PRICE_NO_MODEL,   /* no row, or a row without input price: 未計算 */
	PRICE_NO_USAGE,   /* nothing was measured, or nothing of it is billed: no cost */
	PRICE_OVERFLOW
};
/* Served model first, then the requested one; at the time of completion. */
enum price_result price_event(const struct price_table *t, const struct access_event *ev, int64_t *pico_usd);

#endif
