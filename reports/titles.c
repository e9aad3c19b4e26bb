#include "reports/titles.h"

#include <stdlib.h>

#include "reports/words.h"
#include "rules/rules.h"

struct titles {
	struct rule_set *set;
	char *shipped;
};

struct titles *titles_load(const struct config *cfg)
{
	struct titles *t = calloc(1, sizeof *t);
	const char *one[1];
	size_t errors = 0;

	if (t == NULL)
		return NULL;
	if (cfg->n_rule_paths > 0) {
		t->set = rule_set_load(cfg->rule_paths, cfg->n_rule_paths, cfg, NULL, NULL, &errors);
	} else if ((t->shipped = rules_shipped_path()) != NULL) {
		one[0] = t->shipped;
		t->set = rule_set_load(one, 1, cfg, NULL, NULL, &errors);
	}
	if (t->set == NULL) {
		titles_free(t);
		return NULL;
	}
	return t;
}

void titles_free(struct titles *t)
{
	if (t == NULL)
		return;
	rule_set_free(t->set);
	free(t->shipped);
	free(t);
}

static const struct rule_info *rule_of(const struct titles *t, struct slice id)
{
	for (size_t i = 0; i < rule_set_count(t->set); i++)
		if (slice_is(id, rule_set_info(t->set, i)->id))
			return rule_set_info(t->set, i);
	return NULL;
}

void titles_say(const struct titles *t, enum lang lang, struct slice rule_id, struct slice reason,
		struct buf *out)
{
	const struct rule_info *rule = t == NULL ? NULL : rule_of(t, rule_id);
	bool no_roster = slice_ends(reason, SLICE(RULE_NO_ROSTER));

	if (lang == LANG_JA && rule != NULL && rule->title != NULL && rule->title_ja != NULL &&
	    slice_starts(reason, slice_str(rule->title))) {
		buf_str(out, rule->title_ja);
		reason = slice_from(reason, strlen(rule->title));
	}
	if (no_roster)
		reason.n -= sizeof RULE_NO_ROSTER - 1;
	buf_add(out, reason);
	if (no_roster)
		buf_str(out, word(lang, W_NO_ROSTER));
}
