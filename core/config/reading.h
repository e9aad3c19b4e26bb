/* A configuration being read; private to core/config. */
#ifndef TK_CONFIG_READING_H
#define TK_CONFIG_READING_H

#include "core/config/option.h"

/* A value that no two may share. `place` is the value's node. */
struct seen {
	const char *space;
	struct slice value;
	const struct node *place;
	const void *record; /* which record it stood in */
	bool secret;
};

struct reading {
	struct keep *keep;
	struct problems *problems;
	const struct config_known *known; /* or NULL */
	const void *record; /* the one at hand, or NULL */
	struct seen *seen;
	size_t n_seen, cap_seen;
	bool no_memory;
	bool files; /* those that the configuration names are read too */
};

/* Reports "expected WHAT, got ..." with the value, unless it is a secret. */
void wrong_value(struct reading *r, const struct option *o, const struct node *n);
/* The scalar as text, or an empty slice after the report of a wrong value. Numbers and booleans are no text
 * unless `number_ok`. */
struct slice scalar_text(struct reading *r, const struct option *o, const struct node *n, bool number_ok);
/* Notes a value of an option with `unique`. The bytes must live as long as the reading. */
void note_unique(struct reading *r, const struct option *o, struct slice value, const struct node *n);
/* The default of a row into `store` (MANY and RECORDS: pointer and count below `base`). */
void read_preset(struct reading *r, const struct option *o, uint8_t *base);
/* Reads a map by a table into the struct at base. `n` NULL: absent, so defaults, and nothing is required. */
void read_map(struct reading *r, const struct option_table *t, const char *name, const struct node *n,
	      uint8_t *base);

/* What takes more than one value to see (config_check.c). `root` may be NULL. */
void config_check(struct reading *r, const struct node *root, struct config *c);

/* People of a CSV file behind those of c (people.c); each wrong row is an error. */
void people_read(struct reading *r, const char *file, struct slice text, struct config *c);
/* The same of c->users_file; `place` is where it is named. */
void people_load(struct reading *r, const struct node *place, struct config *c);
/* What YAML can hold as it is, without controls and line breaks. */
bool text_is_plain(struct slice s);

/* Is there such a zone in the system's tzdata; the nearest name of one, in `out`, or NULL. */
bool zone_known(struct slice name);
bool zone_data(void); /* is tzdata there at all */
const char *zone_nearest(struct slice name, char out[128]);

#endif
