#include "core/config/config.h"

#include <stdlib.h>

#include "core/base/sys.h"
#include "core/config/reading.h"
#include "core/config/yaml_tree.h"

/* The configuration and what it hangs from, in one piece. */
struct config_memory {
	struct config config;
	struct keep keep;
};

/* One with a duplicate key is checked as well: all errors are told at once. */
static const struct node *the_document(const struct yaml *y, struct problems *p)
{
	if (yaml_documents(y) == 0)
		return y->broken;
	if (yaml_documents(y) > 1)
		problem_at(p, yaml_document(y, 1), "a configuration is one document; this is a second one");
	return yaml_document(y, 0);
}

/* Another name in a file's folder. */
static const char *beside(struct keep *k, const char *file, const char *name)
{
	const char *slash = file == NULL ? NULL : strrchr(file, '/');
	size_t n = slash == NULL ? 0 : (size_t)(slash - file) + 1;
	char *out = keep_get(k, n + strlen(name) + 1);

	if (out == NULL)
		return NULL;
	memcpy(out, file, n);
	memcpy(out + n, name, strlen(name) + 1);
	return out;
}

/* Reads the tree into c; false without memory. */
static bool read_tree(struct config_memory *m, const struct node *root, const struct config_known *known,
		      bool files, struct problems *p)
{
	struct reading r = { .keep = &m->keep, .problems = p, .known = known, .files = files };

	read_map(&r, &config_options, "the configuration", root, (uint8_t *)&m->config);
	config_check(&r, root, &m->config);
	if (m->config.ledger.trail == NULL)
		m->config.ledger.trail = beside(&m->keep, m->config.ledger.path, "trail");
	free(r.seen);
	return !r.no_memory && !m->keep.failed;
}

static struct config *parse(struct slice text, const char *file, const struct config_known *known, bool files,
			    struct problems *p)
{
	struct config_memory *m = calloc(1, sizeof *m);
	struct yaml *y = yaml_parse(text, YAML_CONFIG, p);
	bool good = false;

	if (m != NULL && y != NULL) {
		m->config.memory = m;
		m->config.file = file == NULL ? NULL : keep_copy(&m->keep, slice_str(file));
		good = read_tree(m, the_document(y, p), known, files, p);
	}
	yaml_free(y);
	if (!good) {
		p->no_memory = true;
		problem_line(p, 0, 0, "no memory");
	}
	if (p->errors == 0)
		return &m->config;
	if (m != NULL)
		config_free(&m->config);
	return NULL;
}

struct config *config_parse_known(struct slice text, const char *file, const struct config_known *known,
				  struct problems *p)
{
	return parse(text, file, known, false, p);
}

struct config *config_parse(struct slice text, const char *file, struct problems *p)
{
	return config_parse_known(text, file, NULL, p);
}

/* The system's message without the file's name, which every problem is printed with. */
static const char *without_name(const char *text, const char *file)
{
	size_t n = strlen(file);

	return strncmp(text, file, n) == 0 && strncmp(text + n, ": ", 2) == 0 ? text + n + 2 : text;
}

struct config *config_load(const char *file, struct problems *p)
{
	return config_load_known(file, NULL, p);
}

struct config *config_load_known(const char *file, const struct config_known *known, struct problems *p)
{
	struct slice text;
	struct config *c;
	struct err e;

	if (sys_slurp(file, YAML_TEXT_MAX, &text, &e) != TK_OK) {
		p->no_memory = e.code == TK_ENOMEM;
		problem_line(p, 0, 0, "%s", without_name(e.text, file));
		return NULL;
	}
	c = parse(text, file, known, true, p);
	explicit_bzero((void *)(uintptr_t)text.p, text.n);
	free((void *)(uintptr_t)text.p);
	return c;
}

struct config *config_defaults(void)
{
	struct config *c;
	struct problems p;

	problems_init(&p, NULL);
	c = config_parse(SLICE(""), NULL, &p);
	problems_free(&p);
	return c;
}

void config_free(struct config *c)
{
	struct config_memory *m;

	if (c == NULL)
		return;
	m = c->memory == NULL ? (struct config_memory *)c : c->memory;
	keep_free(&m->keep);
	free(m);
}
