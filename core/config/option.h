/* Options as rows: one row is one key of the configuration, from which it is read, checked, given its
 * default, printed and tested for being documented. Private to core/config. */
#ifndef TK_CONFIG_OPTION_H
#define TK_CONFIG_OPTION_H

#include "core/config/config.h"
#include "core/config/keep.h"

struct option;
struct reading; /* one configuration being read: reading.h */

/* How one value looks. `read` reports a wrong value at its node, or fills `store`. */
struct option_type {
	const char *what; /* "expected ...": "a day such as 2026-11-23" */
	size_t size;      /* of the stored value */
	void (*read)(struct reading *r, const struct option *o, const struct node *n, void *store);
	void (*print)(const struct option *o, const void *store, struct buf *out);
};

enum option_shape {
	ONE,	  /* a value */
	MANY,	  /* a list of values; one alone may stand without brackets */
	SECTION,  /* a map with fixed keys: the rows of `table`, in the same struct */
	RECORDS,  /* a list of maps: an array of structs */
	NAMED,	  /* a map of maps: the same, the key being the record's first member */
	PREFIXED, /* keys that begin with this one and a value each: an array of structs of two strings, the
		   * rest of the key in lower case and the value */
	ANY,	  /* whatever: only for keys not acted on yet */
};

enum {
	REQUIRED = 1, /* in its record or section */
	SECRET = 2,   /* never in a message, masked when printed */
	LATER = 4,    /* accepted with a warning: not acted on in this version */
};

struct option_table {
	const struct option *rows;
	size_t n;
};

struct option {
	const char *key, *doc;
	enum option_shape shape;
	const struct option_type *type;    /* of ONE and MANY */
	const struct option_table *table;  /* of SECTION, RECORDS, NAMED */
	size_t at, count;                  /* offsets of the value, and of the number of values or records */
	size_t record;                     /* size of a record */
	const char *preset;                /* the default as YAML; NULL: not set */
	const char *const *words;          /* of a word type */
	size_t n_words;
	const char *unique;                /* what no two may share: "input name" */
	unsigned flags;
};

#define TABLE(rows) { rows, COUNT(rows) }
#define WORDS(list) .words = list, .n_words = COUNT(list)
#define IN(record, member) .at = offsetof(struct record, member)
#define COUNTED(record, member, number) \
	.at = offsetof(struct record, member), .count = offsetof(struct record, number)

extern const struct option_table config_options;
extern const struct option_table calendar_options; /* options_calendar.c */

/* Calls `row` for each row, sections before what they hold, with its dotted path; "[]" and "{}" stand for
 * the records of a list and of a map. */
typedef void (*option_row_fn)(void *ctx, const char *path, const struct option *o);
void option_walk(option_row_fn row, void *ctx);

/* value_text.c */
extern const struct option_type type_text, type_id, type_word, type_saturday, type_format, type_log_format,
	type_filter, type_listen, type_country, type_currency, type_roles, type_patterns, type_header,
	type_zone, type_cidr, type_collector;
/* value_calendar.c */
extern const struct option_type type_hours, type_shift, type_week_day, type_minutes, type_month_day,
	type_closure, type_date, type_date_text, type_open_holiday, type_wall;
/* value_fields.c */
extern const struct option_type type_fields;
/* value_number.c */
extern const struct option_type type_usd, type_rate, type_count, type_seconds, type_count_range,
	type_usd_range, type_size, type_period, type_bool;

#define CONFIG_MASK "***" /* stands for a secret */

/* A plain whole number from 0 to max. value_number.c */
bool whole_number(const struct node *n, int64_t max, int64_t *v);
/* Text between double quotes, as YAML and JSON read it. */
void print_quoted(struct buf *out, struct slice text);

#endif
