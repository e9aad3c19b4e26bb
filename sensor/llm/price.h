/* What a call costs (llm-usage.md 5): a dated price table, in our own YAML or LiteLLM's JSON, read as exact
 * decimals; the cost of one access event in pico-USD (10^-12), exact, rounded half up once. Immutable after
 * load; any thread.
 *
 * Our YAML: `table` (its id), `source`, `models`, a list of rows. Prices are USD per million tokens or
 * `character`s; each for `search_unit` (rerank), `search` (web), `page`, `image`; per `second` of audio. A
 * row has `model`, `provider` (any where it is left out), `aliases`, `from` and `to` (UTC: a date, which `to`
 * includes, or a time, which it does not; without `to` until the next row of the model begins), `input`,
 * `cached`, `cache_write`, `cache_write_1h`, `output`, `reasoning`, `audio_input`, `audio_cached`,
 * `audio_output`, `image_input`, `image_output`, the same under `flex`, `priority`, `batch`, and all of it
 * under `above` with `tokens`: for requests of more input tokens than that. `geo_us` and `fast` are what its
 * prices of tokens are multiplied by. LiteLLM's rows hold for every day. */
#ifndef TK_SENSOR_LLM_PRICE_H
#define TK_SENSOR_LLM_PRICE_H

#include "core/base/buf.h"
#include "core/event/event.h"

struct price_table;
struct price_row;

/* Loads the table in `file`, whichever of the two forms it has. NULL with all problems in *problems as
 * "FILE:LINE:COLUMN: text" lines; with a table the lines are warnings. */
struct price_table *prices_load(const char *file, struct buf *problems);
/* The same from text, for tests and fuzzing. `file` is for messages. */
struct price_table *prices_parse(struct slice text, const char *file, struct buf *problems);
/* The table that is shipped: beside the program or under its prefix. */
struct price_table *prices_shipped(struct buf *problems);
void prices_free(struct price_table *t);	      /* NULL is legal */
const char *prices_name(const struct price_table *t); /* its id, for records and messages */
const char *prices_date(const struct price_table *t); /* newest valid_from, "2026-11-01"; "" where undated */
size_t prices_count(const struct price_table *t);     /* rows */
bool prices_litellm(const struct price_table *t);     /* read from LiteLLM's JSON */
size_t prices_left_out(const struct price_table *t);  /* LiteLLM: models that are not priced by tokens */

/* The row that prices this model at this time: the name as it is, then without date suffix, without region
 * prefix, by alias (llm-usage.md 5, "model name lookup"). NULL: none. `provider` may be empty. */
const struct price_row *price_find(const struct price_table *t, struct slice provider, struct slice model,
				   int64_t ns);

enum price_result {
	PRICE_OK,
	PRICE_NO_MODEL, /* no row, or a row without input price: 未計算 */
	PRICE_NO_USAGE, /* nothing was measured, or nothing of it is billed: no cost */
	PRICE_OVERFLOW
};
/* What was found for one provider and pair of models, to be kept where many events share them. Zeroed:
 * nothing yet. */
struct price_memo {
	const struct price_row *row;
	int64_t from, to; /* ns in which it stays so */
};
enum price_result price_event_memo(const struct price_table *t, struct price_memo *memo,
				   const struct access_event *ev, int64_t *pico_usd);
/* The same of the tokens that were estimated. */
enum price_result price_estimate(const struct price_table *t, struct price_memo *memo,
				 const struct access_event *ev, int64_t *pico_usd);
/* Served model first, then the requested one; at the time of completion. */
enum price_result price_event(const struct price_table *t, const struct access_event *ev, int64_t *pico_usd);

/* A row for people, a line a price; as one JSON object. */
void price_row_text(const struct price_row *r, struct buf *out);
void price_row_json(const struct price_row *r, const struct price_table *t, struct buf *out);
/* The table as our YAML; rows without a beginning begin at from_ns, INT64_MIN: they have none. `source` is a
 * note. */
void prices_to_yaml(const struct price_table *t, int64_t from_ns, const char *source, struct buf *out);
/* The same of two: rows of `fresh` hold from from_ns on, those of `old` before, and where `fresh` has no
 * row of their name. */
void prices_to_yaml_after(const struct price_table *old, const struct price_table *fresh, int64_t from_ns,
			  const char *source, struct buf *out);

/* Times of which a model that the table knows has no price: between two of its rows, or after the last
 * (to_ns INT64_MAX). In order of the file; every name once. */
struct price_gap {
	struct slice model, provider;
	int64_t from_ns, to_ns;
	uint32_t line, column; /* of the row before */
};
typedef void (*price_gap_fn)(void *ctx, const struct price_gap *g);
void prices_gaps(const struct price_table *t, price_gap_fn row, void *ctx);
/* The first such time that begins after now_ns, or began less than PRICES_SOON_DAYS before it, and is
 * not over. False: there is none. */
#define PRICE_DAY_NS (INT64_C(86400) * 1000000000)
#define PRICES_SOON_DAYS 30
bool prices_end(const struct price_table *t, int64_t now_ns, int64_t *end_ns);

#endif
