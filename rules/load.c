/* Files and folders of rules into one rule set; one bad document does not stop the others. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/hash.h"
#include "core/base/sys.h"
#include "rules/build.h"
#include "rules/eval.h"
#include "rules/literals.h"
#include "rules/regex.h"

#define FILE_MAX (16u << 20)
#define FOLDERS_MAX 16
#define RULES_MAX 65535
#define KNOWN_BYTES (64u << 20)

struct loader {
	struct builder b;
	struct sha256 *sha;
	void (*report)(void *ctx, const struct problems *p);
	void *ctx;
	size_t errors;
	bool failed;
	struct problems *single;              /* of the one text, where it is one */
	struct problems *linked, linked_room; /* of the file at hand while linking */
};

/* ---- one document ---- */

static void add_rule(struct builder *b, const struct node *doc, const char *path)
{
	struct rule_set *s = b->set;
	const struct node *detection = node_get(doc, "detection");
	struct rule r = { 0 }, *own;
	struct expr *e;

	b->stateful = b->asks_roster = false;
	memset(b->uses, 0, sizeof b->uses);
	build_meta(b, doc, &r);
	r.info.path = path;
	if (detection->kind != NODE_MAP) {
		BAD(b, detection, "'detection' must be a map of search identifiers and a condition");
		return;
	}
	bool bad = b->bad;

	b->bad = false;
	e = build_condition(b, detection);
	b->bad |= bad;
	if (!b->bad && s->n_rules == RULES_MAX)
		BAD(b, doc, "more than %d rules", RULES_MAX);
	if (b->bad || e == NULL)
		return;
	literals_triggers(b, e, &r);
	r.code = (uint32_t)s->n_code;
	if (!build_code(b, e)) {
		s->n_code = r.code;
		BAD(b, detection, "the rule is too large once its selections are written out");
		return;
	}
	r.n_code = (uint32_t)s->n_code - r.code;
	if (!build_known(b, doc, &r, (int64_t)s->n_rules)) {
		s->n_code = r.code;
		return;
	}
	r.info.stateful = b->stateful;
	r.info.asks_roster = b->asks_roster;
	memcpy(r.info.uses, b->uses, sizeof r.info.uses);
	own = grow((void **)&s->rules, &s->n_rules, &s->cap_rules, sizeof *own);
	if (own == NULL)
		b->work.failed = true;
	else
		*own = r;
}

static void add_document(struct builder *b, const struct node *doc, const char *path)
{
	b->bad = false;
	arena_reset(&b->work);
	if (doc->kind == NODE_SCALAR && node_scalar_type(doc) == SCALAR_NULL)
		return; /* nothing between two `---` */
	if (doc->kind != NODE_MAP)
		BAD(b, doc, "a rule must be a map");
	else if (node_get(doc, "detection") != NULL)
		add_rule(b, doc, path);
	else if (node_get(doc, "correlation") != NULL)
		build_correlation(b, doc, path);
	else if (node_get(doc, "filter") != NULL)
		build_filter(b, doc, path);
	else
		BAD(b, doc,
		    "a rule has 'detection'; this document has neither it nor 'correlation' or 'filter'");
}

static void add_text(struct loader *l, struct slice text, const char *name, struct problems *p)
{
	const char *path = arena_str(&l->b.set->arena, slice_str(name));
	struct yaml *y = yaml_parse(text, YAML_RULES, p);

	if (l->sha != NULL) {
		uint8_t n[8];

		for (int i = 0; i < 8; i++)
			n[i] = (uint8_t)((uint64_t)text.n >> 8 * i);
		/* the length first: no two sets of files look alike */
		sha256_add(l->sha, slice_of(n, sizeof n));
		sha256_add(l->sha, text);
	}
	l->b.problems = p;
	for (size_t i = 0; y != NULL && path != NULL && i < yaml_documents(y); i++)
		add_document(&l->b, yaml_document(y, i), path);
	l->failed |= y == NULL || path == NULL || l->b.work.failed || l->b.set->arena.failed;
	yaml_free(y);
}

/* ---- files ---- */

static void add_file(struct loader *l, const char *path)
{
	struct problems p;
	struct slice text = { NULL, 0 };
	struct err e = { 0 };

	problems_init(&p, path);
	if (sys_slurp(path, FILE_MAX, &text, &e) != TK_OK)
		problem_line(&p, 1, 1, "cannot be read: %s", e.text);
	else
		add_text(l, text, path, &p);
	free((void *)text.p);
	l->errors += p.errors;
	if (p.n > 0 && l->report != NULL)
		l->report(l->ctx, &p);
	problems_free(&p);
}

static int rule_or_folder(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static void add_path(struct loader *l, const char *path, int depth);

static void add_folder(struct loader *l, const char *path, int depth)
{
	struct dirent **list;
	int n = scandir(path, &list, rule_or_folder, alphasort);

	for (int i = 0; i < n; i++) {
		char *full = NULL;

		if (!l->failed && asprintf(&full, "%s/%s", path, list[i]->d_name) >= 0) {
			struct stat st;
			size_t len = strlen(full);
			bool yml = len > 4 && strcmp(full + len - 4, ".yml") == 0;

			if (stat(full, &st) == 0 && (S_ISDIR(st.st_mode) || yml))
				add_path(l, full, depth + 1);
			free(full);
		}
		free(list[i]);
	}
	if (n >= 0)
		free(list);
}

static void add_path(struct loader *l, const char *path, int depth)
{
	struct stat st;

	if (depth <= FOLDERS_MAX && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		add_folder(l, path, depth);
	else
		add_file(l, path);
}

/* ---- the set ---- */

static void tell_linked(struct loader *l)
{
	if (l->linked == NULL)
		return;
	l->errors += l->linked->errors;
	if (l->linked->n > 0 && l->report != NULL)
		l->report(l->ctx, l->linked);
	problems_free(l->linked);
	l->linked = NULL;
}

/* Files were reported as they were read: what linking finds is told file by file, too. */
static struct problems *problems_of(void *ctx, const char *path)
{
	struct loader *l = ctx;

	if (l->single != NULL)
		return l->single;
	if (l->linked != NULL && strcmp(l->linked->file, path) == 0)
		return l->linked;
	tell_linked(l);
	l->linked = &l->linked_room;
	problems_init(l->linked, path);
	return l->linked;
}

static void loader_link(struct loader *l)
{
	struct linker linker = { &l->b, problems_of, l };

	link_set(&linker);
	tell_linked(l);
	l->failed |= l->b.work.failed || l->b.set->arena.failed;
}

static bool loader_begin(struct loader *l, struct rule_lists *lists)
{
	l->b.set = calloc(1, sizeof *l->b.set);
	l->b.lists = lists;
	l->b.drafts_tail = &l->b.drafts;
	l->b.filters_tail = &l->b.filters;
	l->b.known = map_new(2 * (size_t)RULES_MAX, KNOWN_BYTES);
	l->sha = sha256_new();
	if (l->b.set == NULL || l->sha == NULL || l->b.known == NULL)
		return false;
	sha256_begin(l->sha);
	return grow((void **)&l->b.set->names, &l->b.set->n_names, &l->b.set->cap_names,
		    sizeof(struct name)) != NULL;
}

/* Lists are part of what was loaded: other values, other findings. */
static void digest_lists(struct loader *l)
{
	for (const struct rule_list *r = l->b.lists->first; r != NULL; r = r->next) {
		if (!r->loaded)
			continue;
		sha256_add(l->sha, slice_of(r->name, strlen(r->name) + 1));
		for (const struct list_value *v = r->values; v != NULL; v = v->next)
			sha256_add(l->sha, slice_of(v->text.p, v->text.n + 1));
	}
}

/* So are switches. */
static void digest_switches(struct loader *l)
{
	const struct rule_set *s = l->b.set;

	for (size_t i = 0; i < s->n_rules; i++)
		sha256_add(l->sha, slice_of(s->rules[i].info.enabled ? "+" : "-", 1));
}

static void check_switches(struct loader *l, const char *key, const char *const *ids, size_t n)
{
	const struct config *cfg = l->b.lists->cfg;
	struct problems p;

	problems_init(&p, cfg->file != NULL ? cfg->file : "configuration");
	for (size_t i = 0; i < n; i++)
		if (map_get(l->b.known, slice_str(ids[i])) == NULL)
			problem_warn(&p, &(struct node){ .line = 1, .column = 1 },
				     "%s: no rule has the id '%s'; 'tochoku rules list' has them", key, ids[i]);
	if (p.n > 0 && l->report != NULL)
		l->report(l->ctx, &p);
	problems_free(&p);
}

static struct rule_set *loader_end(struct loader *l, bool good)
{
	struct rule_set *s = l->b.set;

	if (good && !l->failed)
		loader_link(l);
	if (good && !l->failed && literals_build(s)) {
		s->names[0].bind.kind = BIND_ALL;
		digest_lists(l);
		digest_switches(l);
		if (l->b.lists->cfg != NULL) {
			check_switches(l, "rules.enable", l->b.lists->cfg->rules_on,
				       l->b.lists->cfg->n_rules_on);
			check_switches(l, "rules.disable", l->b.lists->cfg->rules_off,
				       l->b.lists->cfg->n_rules_off);
		}
		sha256_end(l->sha, s->digest);
	} else {
		rule_set_free(s);
		s = NULL;
	}
	sha256_free(l->sha);
	builder_free(&l->b);
	return s;
}

struct rule_set *rule_set_load_lists(const char *const *paths, size_t n, struct rule_lists *lists,
				     void (*report)(void *ctx, const struct problems *p), void *ctx,
				     size_t *errors)
{
	struct loader l = { .report = report, .ctx = ctx };
	bool good = loader_begin(&l, lists);

	for (size_t i = 0; good && i < n; i++)
		add_path(&l, paths[i], 0);
	struct rule_set *s = loader_end(&l, good);

	if (errors != NULL)
		*errors = l.errors;
	return s;
}

struct rule_set *rule_set_load(const char *const *paths, size_t n, const struct config *cfg,
			       void (*report)(void *ctx, const struct problems *p), void *ctx, size_t *errors)
{
	struct rule_lists lists = { 0 };
	struct rule_set *s = NULL;

	if (lists_from_config(&lists, cfg))
		s = rule_set_load_lists(paths, n, &lists, report, ctx, errors);
	lists_free(&lists);
	return s;
}

struct rule_set *rule_set_parse(struct slice text, const char *name, const struct config *cfg,
				struct problems *p)
{
	struct rule_lists lists = { 0 };
	struct loader l = { .single = p };
	bool good = lists_from_config(&lists, cfg) && loader_begin(&l, &lists);
	struct rule_set *s;

	if (good)
		add_text(&l, text, name, p);
	s = loader_end(&l, good);
	lists_free(&lists);
	return s;
}

void rule_set_free(struct rule_set *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->n_preds; i++)
		if (s->preds[i].kind == PRED_REGEX)
			regex_free(s->preds[i].regex);
	literals_free(s);
	arena_free(&s->arena);
	free(s->rules);
	free(s->preds);
	free(s->names);
	free(s->code);
	free(s);
}

size_t rule_set_count(const struct rule_set *s)
{
	return s->n_rules;
}

const struct rule_info *rule_set_info(const struct rule_set *s, size_t i)
{
	return i < s->n_rules ? &s->rules[i].info : NULL;
}

const uint8_t *rule_set_digest(const struct rule_set *s)
{
	return s->digest;
}

int64_t rule_set_memory(const struct rule_set *s)
{
	int64_t most = 0;

	for (size_t i = 0; i < s->n_correlations; i++)
		if (s->rules[s->correlations[i]->rule].runs && s->correlations[i]->memory > most)
			most = s->correlations[i]->memory;
	return most;
}

/* A correlation's members stand before it. */
int64_t rule_set_memory_own(const struct rule_set *s, enum own_service service)
{
	int64_t most = 0;
	bool *looks = calloc(s->n_correlations + 1, sizeof *looks);

	for (size_t i = 0; i < s->n_correlations; i++) {
		const struct correlation *c = s->correlations[i];
		bool own = looks == NULL; /* no memory: more is looked at than need be */

		for (size_t m = 0; m < c->n_members && !own; m++) {
			const struct rule *member = &s->rules[c->members[m].rule];

			own = (member->own >> service & 1) != 0;
			for (size_t k = 0; k < i && member->correlation != NULL; k++)
				own |= looks[k] && s->correlations[k] == member->correlation;
		}
		if (looks != NULL)
			looks[i] = own;
		if (own && s->rules[c->rule].runs && c->memory > most)
			most = c->memory;
	}
	free(looks);
	return most;
}

bool rule_set_parts_need(const struct rule_set *s, enum derived_id from, enum derived_id to)
{
	for (size_t i = 0; i < s->n_rules; i++)
		for (enum derived_id d = from; d <= to && s->rules[i].runs && s->rules[i].feeds != NULL; d++)
			if (s->rules[i].info.uses[d])
				return true;
	return false;
}

bool rule_set_needs(const struct rule_set *s, enum derived_id d)
{
	return (unsigned)d < D_COUNT && s->needs[d];
}

bool rule_set_needs_own(const struct rule_set *s, enum derived_id d)
{
	return (unsigned)d < D_COUNT && s->needs_own[d];
}

bool rule_set_asks(const struct rule_set *s, size_t i, enum own_service service)
{
	return i < s->n_rules && (s->rules[i].own >> service & 1) != 0;
}

bool rule_set_has_own(const struct rule_set *s, enum own_service service)
{
	for (size_t i = 0; i < s->n_rules; i++)
		if (s->rules[i].runs && s->rules[i].own >> service & 1)
			return true;
	return false;
}

bool rule_set_needs_cost(const struct rule_set *s)
{
	static const enum derived_id derived[] = { D_COST_USD, D_SITE_DAY_COST, D_SITE_DAY_BUDGET_PCT,
						   D_OWN_COST_USD, D_OWN_BUDGET_PCT };

	for (size_t i = 0; i < s->n_names; i++)
		if (s->names[i].bind.kind == BIND_FIELD && s->names[i].bind.id == F_COST)
			return true;
	for (size_t i = 0; i < COUNT(derived); i++)
		if (rule_set_needs(s, derived[i]) || rule_set_needs_own(s, derived[i]))
			return true;
	return false;
}
