#include "sensor/gateway/json_fields.h"

#include <stdlib.h>

#include "core/config/yaml.h"

#define TEXT_MAX 8192

static const char *const names[] = {
#define MEANING(id, name, doc) name,
#include "sensor/gateway/meanings.def"
#undef MEANING
};

/* The format, its rows and their text in one piece of memory. */
struct fields {
	struct log_format format;
	struct json_log log;
	struct path_row rows[PATHS_MAX];
	char text[];
};

static int parse(struct slice line, const struct parse_context *ctx, struct access_event *ev)
{
	return json_log_parse(ctx->fields, line, ctx, ev);
}

int fields_detect(const struct json_log *l, struct slice line)
{
	struct found f;
	uint8_t marks;

	return paths_collect(&l->paths, line, NULL, &f, &marks) && json_log_tells(&f) &&
			       (found_has(&f, M_TIME) || found_has(&f, M_START))
		       ? 90
		       : 0;
}

bool is_fields(struct slice text)
{
	return slice_starts(text, SLICE("json:")) || slice_is(text, "json");
}

const char *const *fields_names(size_t *n)
{
	*n = COUNT(names);
	return names;
}

static int wrong_name(struct slice name, struct err *e)
{
	const char *near = nearest(name, names, COUNT(names));

	return err_set(e, TK_ECONFIG, "a field says nothing that is named \"%.*s\"%s%s%s",
		       (int)slice_head(name, 60).n, (const char *)name.p,
		       near != NULL ? " (did you mean \"" : "", near != NULL ? near : "",
		       near != NULL ? "\"?)" : "");
}

/* "name=path" as the next row. Earlier ones are preferred. */
static int add_row(struct fields *f, struct slice pair, struct err *e)
{
	const uint8_t *equals = pair.n == 0 ? NULL : memchr(pair.p, '=', pair.n);
	struct slice name = slice_head(pair, equals == NULL ? pair.n : (size_t)(equals - pair.p));
	struct slice path = slice_from(pair, name.n + 1);
	size_t i = 0;

	while (i < COUNT(names) && !slice_is(name, names[i]))
		i++;
	if (i == COUNT(names))
		return wrong_name(name, e);
	if (path.n == 0 || path.n > UINT8_MAX)
		return err_set(e, TK_ECONFIG, "field \"%s\" needs the path of a member, of 1 to 255 bytes",
			       names[i]);
	if (f->log.paths.n == PATHS_MAX)
		return err_set(e, TK_ECONFIG, "more than %d fields", PATHS_MAX);
	f->rows[f->log.paths.n] = (struct path_row){ .path = (const char *)path.p,
						     .n = (uint8_t)path.n,
						     .member = (uint8_t)i,
						     .rank = (uint8_t)(PATHS_MAX - f->log.paths.n) };
	f->log.paths.n++;
	return TK_OK;
}

static bool has_row(const struct fields *f, enum member m)
{
	for (size_t i = 0; i < f->log.paths.n; i++)
		if (f->rows[i].member == m)
			return true;
	return false;
}

static int check_rows(const struct fields *f, struct err *e)
{
	if (!has_row(f, M_TIME) && !has_row(f, M_START))
		return err_set(e, TK_ECONFIG, "fields need \"time\" or \"start_time\"");
	if (!has_row(f, M_TARGET) && !has_row(f, M_REQUEST_LINE) && !has_row(f, M_METHOD) &&
	    !has_row(f, M_STATUS) && !has_row(f, M_MODEL) && !has_row(f, M_OPERATION))
		return err_set(e, TK_ECONFIG,
			       "fields need one of \"target\", \"request_line\", \"method\", \"status\", "
			       "\"model\" and \"operation\"");
	return TK_OK;
}

struct log_format *fields_compile(struct slice text, struct err *e)
{
	struct fields *f = text.n > TEXT_MAX ? NULL : calloc(1, sizeof *f + text.n + 1);
	struct slice rest;
	int rc = TK_OK;

	if (f == NULL) {
		err_set(e, text.n > TEXT_MAX ? TK_ECONFIG : TK_ENOMEM,
			text.n > TEXT_MAX ? "fields of more than %d bytes" : "no memory for fields",
			TEXT_MAX);
		return NULL;
	}
	memcpy(f->text, text.p, text.n);
	f->log.paths.row = f->rows;
	f->log.habits = HABIT_PROVIDER | HABIT_RAW_TOKENS;
	f->format = (struct log_format){ .name = "json",
					 .doc = "JSON whose fields the configuration names",
					 .parse = parse,
					 .fields = &f->log };
	for (rest = slice_from(slice_of((uint8_t *)f->text, text.n), 5); rc == TK_OK && rest.n > 0;) {
		const uint8_t *comma = memchr(rest.p, ',', rest.n);
		struct slice pair = slice_head(rest, comma == NULL ? rest.n : (size_t)(comma - rest.p));

		rc = add_row(f, pair, e);
		rest = slice_from(rest, pair.n + 1);
	}
	if (rc == TK_OK)
		rc = check_rows(f, e);
	if (rc == TK_OK)
		return &f->format;
	free(f);
	return NULL;
}

int fields_check(struct slice text, struct err *e)
{
	struct log_format *f = fields_compile(text, e);

	if (f == NULL)
		return e->code;
	free(f);
	return TK_OK;
}
