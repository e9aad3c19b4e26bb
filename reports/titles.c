#include "reports/titles.h"

#include <stdlib.h>

#include "reports/words.h"

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

const struct rule_info *titles_rule(const struct titles *t, const struct finding *f)
{
	for (size_t i = 0; t != NULL && i < rule_set_count(t->set); i++)
		if (slice_is(f->rule_id, rule_set_info(t->set, i)->id))
			return rule_set_info(t->set, i);
	return NULL;
}

bool titles_asks_duty(const struct titles *t, const struct finding *f)
{
	const struct rule_info *rule = titles_rule(t, f);

	return rule != NULL && rule->asks_roster;
}

void titles_title(const struct titles *t, enum lang lang, const struct finding *f, struct buf *out)
{
	const struct rule_info *rule = lang == LANG_JA ? titles_rule(t, f) : NULL;

	if (rule != NULL && rule->title_ja != NULL)
		buf_str(out, rule->title_ja);
	else
		buf_add(out, f->rule_name);
}

void titles_say(const struct titles *t, enum lang lang, const struct finding *f, struct buf *out)
{
	bool sentence = lang == LANG_JA && f->reason_ja.n > 0;
	const struct rule_info *rule = sentence ? NULL : titles_rule(t, f);
	struct slice reason = sentence ? f->reason_ja : f->reason.n > 0 ? f->reason : f->rule_name;
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
