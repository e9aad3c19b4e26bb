/* What the verbs of `tochoku rules` share. */
#ifndef TK_CLI_RULES_H
#define TK_CLI_RULES_H

#include "cli/command.h"
#include "rules/eval.h"
#include "rules/rules.h"

#define RULES_PATHS_MAX 256

extern const struct command command_rules;

struct rules_options {
	struct cli *cli;
	const char *paths[RULES_PATHS_MAX];
	size_t n_paths;
	const char *events, *lists, *event;
	const char *from, *to;
	bool json, holds, hits;
	bool all_on; /* rules that are off too */
};

struct rules_loaded {
	struct config *cfg;
	struct rule_lists lists;
	struct rule_set *set;
	size_t errors, warnings;
	bool quiet; /* warnings are not told */
	bool json;
};

/* Rules of the options' paths, else the configuration's, else the shipped ones. An exit status; problems are
 * told. rules_unload is due in any case. */
int rules_load(struct rules_loaded *l, const struct rules_options *o);
void rules_unload(struct rules_loaded *l);

struct rule_hits {
	int64_t hits, findings;
};
/* rules_hits.c: what each of the `n` rules of these options, all of them on, finds on the days from o->from
 * to o->to, by its number in the set; the caller frees. An exit status; problems are told. */
int rules_hits(const struct rules_options *o, size_t n, struct rule_hits **out);

/* The verbs that have a file of their own: rules_eval.c, rules_explain.c, rules_replay.c. */
int rules_eval(struct rules_options *o);
int rules_explain(struct rules_options *o);
int rules_replay(struct rules_options *o);

#endif
