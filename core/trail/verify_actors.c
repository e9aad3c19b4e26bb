/* Who did what: the actors of records against the register of those who may be there (audit-trail.md 8, T41).
 */
#include <stdlib.h>

#include "core/base/sys.h"
#include "core/trail/verify_state.h"

#define REGISTER_MAX (16u << 20)

static int by_name(const void *a, const void *b)
{
	return slice_cmp(*(const struct slice *)a, *(const struct slice *)b);
}

/* The first field of a line, which is all of it where there is but one. */
static struct slice first_field(struct slice line)
{
	const uint8_t *comma;

	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	if (line.n > 1 && line.p[0] == '"') {
		line = slice_from(line, 1);
		comma = memchr(line.p, '"', line.n);
	} else {
		comma = line.n == 0 ? NULL : memchr(line.p, ',', line.n);
	}
	return comma == NULL ? line : slice_head(line, (size_t)(comma - line.p));
}

static int add(struct actors *a, struct slice name)
{
	if (name.n == 0 || name.p[0] == '#')
		return TK_OK;
	if (a->n == a->cap) {
		size_t cap = a->cap == 0 ? 64 : a->cap * 2;
		struct slice *p = realloc(a->name, cap * sizeof *p);

		if (p == NULL)
			return TK_ENOMEM;
		a->name = p;
		a->cap = cap;
	}
	a->name[a->n++] = name;
	return TK_OK;
}

int actors_read(struct actors *a, const char *path, struct err *e)
{
	struct slice rest, line;
	int rc = sys_slurp(path, REGISTER_MAX, &a->bytes, e);
	bool more = true;

	if (rc != TK_OK)
		return rc;
	rest = a->bytes;
	if (slice_starts(rest, SLICE("\xef\xbb\xbf")))
		rest = slice_from(rest, 3);
	while (more && rc == TK_OK) {
		more = take_line(&rest, &line);
		rc = add(a, first_field(more ? line : rest));
	}
	if (rc != TK_OK)
		return err_set(e, rc, "no memory");
	if (a->n == 0)
		return err_set(e, TK_ECONFIG, "%s: holds no name", path);
	qsort(a->name, a->n, sizeof *a->name, by_name);
	return TK_OK;
}

void actors_free(struct actors *a)
{
	free(a->name);
	free((void *)(uintptr_t)a->bytes.p);
	*a = (struct actors){ 0 };
}

void verify_actor(struct verify *v, struct slice line, struct place at)
{
	const struct actors *known = v->o->actors;
	struct slice actor;

	if (known == NULL || !record_string(line, "actor", &actor) || slice_is(actor, "tochoku"))
		return; /* `tochoku` is the program itself */
	if (bsearch(&actor, known->name, known->n, sizeof *known->name, by_name) == NULL)
		found(v, FOUND_ACTOR, at, "%.*s", (int)slice_head(actor, 200).n, (const char *)actor.p);
}
