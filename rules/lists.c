#include "rules/lists.h"

#include <stdlib.h>

#include "core/base/sys.h"

#define LIST_FILE_MAX (16u << 20)

static struct rule_list *list_add(struct rule_lists *l, const char *name, const char *path)
{
	struct rule_list *r = arena_alloc(&l->arena, sizeof *r);

	if (r == NULL)
		return NULL;
	r->name = name;
	r->path = path;
	r->loaded = path == NULL;
	r->tail = &r->values;
	r->next = l->first;
	l->first = r;
	return r;
}

static bool value_add(struct rule_lists *l, struct rule_list *r, struct slice text)
{
	struct list_value *v = arena_alloc(&l->arena, sizeof *v);

	if (v == NULL)
		return false;
	v->text = arena_copy(&l->arena, text);
	*r->tail = v;
	r->tail = &v->next;
	r->n++;
	return !l->arena.failed;
}

static bool shipped_lists(struct rule_lists *l)
{
	static const struct {
		const char *name, *values;
	} rows[] = {
#define LIST(name, values, doc) { name, values },
#include "rules/lists.def"
#undef LIST
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct rule_list *r = list_add(l, rows[i].name, NULL);

		if (r == NULL)
			return false;
		r->shipped = true;
		for (const char *at = rows[i].values; *at != '\0'; at += *at == ',') {
			size_t n = strcspn(at, ",");

			if (!value_add(l, r, slice_of(at, n)))
				return false;
			at += n;
		}
	}
	return true;
}

bool lists_from_config(struct rule_lists *l, const struct config *cfg)
{
	struct rule_list *r = list_add(l, "expected_countries", NULL);

	if (r == NULL || !shipped_lists(l))
		return false;
	l->cfg = cfg;
	if (cfg == NULL)
		return value_add(l, r, SLICE("JP"));
	for (size_t i = 0; i < cfg->n_expected_countries; i++)
		if (!value_add(l, r, slice_str(cfg->expected_countries[i])))
			return false;
	for (size_t i = 0; i < cfg->n_lists; i++)
		if (list_add(l, cfg->lists[i].name, cfg->lists[i].path) == NULL)
			return false;
	for (size_t i = 0; i < cfg->n_rule_lists; i++)
		if (list_add(l, cfg->rule_lists[i].name, cfg->rule_lists[i].path) == NULL)
			return false;
	return true;
}

static bool yaml_list(struct rule_lists *l, const struct node *entry, struct problems *p)
{
	struct rule_list *r = list_add(l, arena_str(&l->arena, entry->key->text), NULL);

	if (r == NULL)
		return false;
	if (entry->kind == NODE_SCALAR)
		return value_add(l, r, entry->text);
	if (entry->kind == NODE_MAP)
		problem_at(p, entry, "the list '%s' must be a value or a list of values", r->name);
	for (const struct node *v = entry->child; entry->kind == NODE_SEQ && v != NULL; v = v->next) {
		if (v->kind != NODE_SCALAR)
			problem_at(p, v, "a value of the list '%s' must be a plain value", r->name);
		else if (!value_add(l, r, v->text))
			return false;
	}
	return true;
}

bool lists_from_yaml(struct rule_lists *l, struct slice text, struct problems *p)
{
	struct yaml *y = yaml_parse(text, YAML_CONFIG, p);
	bool good = y != NULL;

	for (size_t i = 0; good && i < yaml_documents(y); i++) {
		const struct node *map = yaml_document(y, i);

		if (map->kind != NODE_MAP) {
			problem_at(p, map, "a map of list names to values was expected");
			continue;
		}
		for (const struct node *e = map->child; good && e != NULL; e = e->next)
			good = yaml_list(l, e, p);
	}
	yaml_free(y);
	return good;
}

void lists_free(struct rule_lists *l)
{
	arena_free(&l->arena);
	l->first = NULL;
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* One value a line; blanks around it and lines that begin with '#' do not count. */
static void list_load(struct rule_lists *l, struct rule_list *r)
{
	struct slice text;

	r->loaded = true;
	if (sys_slurp(r->path, LIST_FILE_MAX, &text, &r->problem) != TK_OK)
		return;
	for (struct slice rest = text; rest.n > 0;) {
		const uint8_t *nl = memchr(rest.p, '\n', rest.n);
		size_t n = nl == NULL ? rest.n : (size_t)(nl - rest.p);
		struct slice line = slice_head(rest, n);

		while (line.n > 0 && is_blank(line.p[line.n - 1]))
			line.n--;
		while (line.n > 0 && is_blank(line.p[0]))
			line = slice_from(line, 1);
		if (line.n > 0 && line.p[0] != '#' && !value_add(l, r, line))
			break;
		rest = slice_from(rest, n + 1);
	}
	free((void *)text.p);
}

struct rule_list *lists_get(struct rule_lists *l, struct slice name)
{
	for (struct rule_list *r = l->first; r != NULL; r = r->next) {
		if (!slice_is(name, r->name))
			continue;
		if (!r->loaded)
			list_load(l, r);
		return r;
	}
	return NULL;
}
