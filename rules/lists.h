/* Named lists for the `expand` modifier: given values, files of one value a line, a YAML map. */
#ifndef TK_RULES_LISTS_H
#define TK_RULES_LISTS_H

#include "core/config/config.h"
#include "rules/arena.h"

struct list_value {
	struct list_value *next;
	struct slice text;
};

struct rule_list {
	struct rule_list *next;
	const char *name;
	const char *path; /* read when first asked for; NULL: values are there */
	bool loaded;
	bool shipped; /* of lists.def: nobody is told that it is empty */
	struct err problem; /* code 0: none */
	struct list_value *values, **tail;
	size_t n;
};

struct rule_lists {
	bool all_on; /* every rule of the set is on, whatever it and the configuration say */
	struct arena arena;
	struct rule_list *first;
	const struct config *cfg; /* which rules it turns on and off; NULL: none */
};

/* The configuration's lists and %expected_countries%; `cfg` may be NULL. False: no memory. */
bool lists_from_config(struct rule_lists *l, const struct config *cfg);
/* A YAML map: name -> value or list of values. Problems go to `p`. */
bool lists_from_yaml(struct rule_lists *l, struct slice text, struct problems *p);
void lists_free(struct rule_lists *l);
/* The list with its values loaded, or NULL: no such name. */
struct rule_list *lists_get(struct rule_lists *l, struct slice name);

#endif
