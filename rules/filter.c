/* A filter document (sigma-digest.md 10): its condition is added to rules that it names and covers. */
#include "rules/build.h"

#define TARGETS_MAX 4096

static void read_targets(struct builder *b, const struct node *map, struct filter *f)
{
	const struct node *n = node_get(map, "rules");

	if (n == NULL) {
		BAD(b, map, "a filter needs 'rules': ids or names, or any");
		return;
	}
	f->any = n->kind == NODE_SCALAR && slice_is(n->text, "any");
	if (!f->any)
		f->rules = build_references(b, n, "the id or name of a rule", TARGETS_MAX, &f->n_rules);
}

void build_filter(struct builder *b, const struct node *doc, const char *path)
{
	const struct node *map = node_get(doc, "filter");
	struct filter *f = arena_alloc(&b->set->arena, sizeof *f);
	struct rule source = { 0 };
	struct expr *e;

	if (f == NULL)
		return;
	memset(b->uses, 0, sizeof b->uses);
	build_source(b, doc, &source);
	if (map->kind != NODE_MAP) {
		BAD(b, map, "'filter' must be a map of rules, searches and a condition");
		return;
	}
	f->path = path;
	f->source = source.source;
	read_targets(b, map, f);
	e = b->bad ? NULL : build_exclusion(b, map);
	if (e == NULL)
		return;
	f->code = (uint32_t)b->set->n_code;
	if (!build_code(b, e)) {
		b->set->n_code = f->code;
		BAD(b, map, "the filter is too large once its selections are written out");
		return;
	}
	f->n_code = (uint32_t)b->set->n_code - f->code;
	memcpy(f->uses, b->uses, sizeof f->uses);
	*b->filters_tail = f;
	b->filters_tail = &f->next;
}
