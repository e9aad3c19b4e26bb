/* The documented example against the configuration's table. */
#include "core/config/config.h"

#include <stdlib.h>

#include "core/base/sys.h"
#include "core/config/option.h"
#include "tests/lib/tap.h"

#define EXAMPLE "sensor/tochoku.example.yml"

struct listing {
	char *path[400];
	bool found[400];
	size_t n;
};

static void list_row(void *ctx, const char *path, const struct option *o)
{
	struct listing *l = ctx;

	(void)o;
	if (l->n < COUNT(l->path))
		l->path[l->n++] = strdup(path);
}

static void mark(struct listing *l, const char *path, unsigned line)
{
	char label[300];
	size_t i;

	for (i = 0; i < l->n; i++)
		if (strcmp(l->path[i], path) == 0) {
			l->found[i] = true;
			return;
		}
	snprintf(label, sizeof label, "line %u: %.200s is no option", line, path);
	ok(false, label);
}

/* The tree of the example against the table: a path of keys, records as "[]", names as "{}". */
static void mark_tree(struct listing *l, const struct node *n, const char *above)
{
	const struct node *c;
	char path[310];

	if (n->kind == NODE_SEQ) {
		for (c = n->child; c != NULL; c = c->next)
			if (c->kind == NODE_MAP) {
				snprintf(path, sizeof path, "%s[]", above);
				mark_tree(l, c, path);
			}
		return;
	}
	for (c = n->kind == NODE_MAP ? n->child : NULL; c != NULL; c = c->next) {
		const char *key = (const char *)c->key->text.p;
		bool any = strcmp(above, "console") == 0 || strncmp(above, "notify", 6) == 0;

		/* not acted on, or one value: no rows below */
		if (any || strcmp(above, "inputs.tails[].fields") == 0 ||
		    strcmp(above, "inputs.syslog[].fields") == 0)
			continue;
		if (strcmp(above, "calendar.departments") == 0 || strcmp(above, "calendar.roles") == 0) {
			snprintf(path, sizeof path, "%s{}", above);
			mark_tree(l, c, path);
			continue;
		}
		snprintf(path, sizeof path, "%.250s%s%s", above, above[0] != 0 ? "." : "",
			 strncmp(key, "header.", 7) == 0 ? "header." : key);
		mark(l, path, c->key->line);
		mark_tree(l, c, path);
	}
}

/* The example loads; every key in it is a row of the table and every row is in it. */
static void test_example(void)
{
	struct listing l = { .n = 0 };
	struct problems p;
	struct slice text = { NULL, 0 };
	struct config *c;
	struct yaml *y;
	struct err e;
	size_t i;

	problems_init(&p, EXAMPLE);
	option_walk(list_row, &l);
	if (sys_slurp(EXAMPLE, YAML_TEXT_MAX, &text, &e) != TK_OK) {
		ok(false, e.text);
		return;
	}
	c = config_parse(text, EXAMPLE, &p); /* the files that it names are not here */
	if (!ok(c != NULL, "the example loads"))
		problems_print(&p);
	config_free(c);
	problems_free(&p);
	y = yaml_parse(text, YAML_CONFIG, &p);
	if (y != NULL && yaml_documents(y) == 1)
		mark_tree(&l, yaml_document(y, 0), "");
	yaml_free(y);
	for (i = 0; i < l.n; i++) {
		ok(l.found[i], l.path[i]);
		free(l.path[i]);
	}
	free((void *)(uintptr_t)text.p);
}

int main(void)
{
	test_example();
	return tap_done();
}
