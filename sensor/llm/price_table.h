/* The inside of a price table: rows, how they are found, exact prices. Private to the price_*.c files. */
#ifndef TK_SENSOR_LLM_PRICE_TABLE_H
#define TK_SENSOR_LLM_PRICE_TABLE_H

#include "core/base/map.h"
#include "core/config/keep.h"
#include "core/config/yaml.h"
#include "sensor/llm/price.h"

/* USD in units of 10^-24: the longest price in use has 23 decimals. */
typedef __int128 money;
#define MONEY_UNKNOWN ((money)-1)
#define PER_TOKEN 24   /* decimals of one USD in `money` */
#define PER_MILLION 18 /* ... of one USD per million tokens */
#define PER_SECOND 21  /* ... of one USD per second: lengths are milliseconds */

enum price_class {
#define CLASS(id, key, litellm, unit) CLASS_##id,
#include "sensor/llm/prices.def"
	PRICE_CLASSES
};
enum price_tier {
#define TIER(id, key, litellm) TIER_##id,
#include "sensor/llm/prices.def"
	PRICE_TIERS
};
enum price_factor {
#define FACTOR(id, key, litellm) FACTOR_##id,
#include "sensor/llm/prices.def"
	PRICE_FACTORS
};
#define FACTOR_ONE 1000 /* factors are thousandths */
#define FACTOR_MAX 1000000
enum price_unit { UNIT_MILLION, UNIT_EACH, UNIT_SECOND };
struct price_words {
	const char *key, *litellm;
	enum price_unit unit;
};
extern const struct price_words price_class_words[PRICE_CLASSES], price_tier_words[PRICE_TIERS],
	price_factor_words[PRICE_FACTORS];

/* Decimals of a price as our own table has it, as LiteLLM's has it: USD per token, each, per second. */
static inline int price_decimals(enum price_class c)
{
	enum price_unit u = price_class_words[c].unit;

	return u == UNIT_MILLION ? PER_MILLION : u == UNIT_SECOND ? PER_SECOND : PER_TOKEN;
}
static inline int price_decimals_litellm(enum price_class c)
{
	return price_class_words[c].unit == UNIT_SECOND ? PER_SECOND : PER_TOKEN;
}

/* Prices of one token, piece or millisecond, for requests of more than `above` input tokens. */
struct price_band {
	int64_t above;
	money rate[PRICE_TIERS][PRICE_CLASSES]; /* or MONEY_UNKNOWN */
};
#define BANDS_MAX 8

struct price_row {
	struct slice model, family; /* owned by the table; family "": of any provider */
	struct slice key;	    /* LiteLLM's, where it is more than the model; else empty */
	struct slice *aliases;
	size_t n_aliases;
	int64_t from, to; /* ns; it holds in [from, to) */
	bool ends;	  /* `to` was said; else it holds until the next row of its model begins */
	int64_t factor[PRICE_FACTORS];
	int rank;	  /* LiteLLM: place of its prefix; the lowest counts */
	uint32_t line, column;
	size_t n_bands;
	struct price_band bands[BANDS_MAX]; /* by `above`; the first one's is 0. A table keeps those in use */
};

/* A row under one of its names; those of one name in a list, the latest `from` first. */
struct price_listing {
	struct price_row *row;
	int64_t to; /* the row's, or where the next one begins */
	struct price_listing *next;
};

struct price_table {
	struct keep keep;
	const char *name;
	char date[11];
	struct map *names; /* FAMILY '\n' MODEL -> place in lists */
	struct price_listing **lists;
	size_t n_lists, cap_lists;
	struct price_row **rows; /* in the order of the file */
	size_t n_rows, cap_rows;
	int64_t *changes; /* when some row begins or ends, in order */
	size_t n_changes;
	size_t left_out; /* LiteLLM: models without a price by tokens */
	bool litellm;
};

#define ROWS_MAX 100000
#define NAME_MAX_BYTES 256
/* The family's list of models that LiteLLM's own keys name, where nobody else is known. */
#define FAMILY_KEYS "*"

/* price_table.c */
struct price_table *price_table_new(const char *name);
void price_row_init(struct price_row *row); /* no price, valid for ever, one band */
/* The band of that threshold, made where it is missing; NULL: too many. */
struct price_band *price_row_band(struct price_row *row, int64_t above);
/* Copies the row. */
bool price_table_add(struct price_table *t, const struct price_row *row);
/* Puts rows in order of time; those that overlap are problems. */
void price_table_seal(struct price_table *t, struct problems *p);
struct price_listing *price_table_list(const struct price_table *t, struct slice family, struct slice model);

/* price_family.c */
struct slice price_family(struct slice provider);
/* The family that comes i-th for models without provider; empty behind the last. */
struct slice price_family_first(size_t i);
/* Takes the prefix of its family from LiteLLM's key; returns the prefix's rank. */
int price_family_strip(struct slice family, struct slice provider, struct slice *key);

/* price_decimal.c: a decimal, "0.15" or "1.5e-07", exactly as units of 10^-decimals. False: no such number,
 * it is negative, above a million USD, or has more decimals than `money`. */
bool price_decimal(struct slice text, int decimals, money *out);
void price_put(money m, int decimals, struct buf *out);

/* The readers of the two forms. */
void price_read_yaml(struct price_table *t, struct slice text, struct problems *p);
void price_read_litellm(struct price_table *t, struct slice text, struct problems *p);

/* price_find.c: price_find for two names, each step for the first, then for the second. */
const struct price_row *price_find_pair(const struct price_table *t, struct slice provider,
					struct slice served, struct slice requested, int64_t ns);

#endif
