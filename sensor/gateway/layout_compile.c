#include "sensor/gateway/layout_compile.h"

#include <stdlib.h>

#include "core/config/yaml.h"
#include "sensor/fields/text.h"

/* The format, all in one block. */
struct compiled {
	struct log_format format;
	struct layout layout;
	struct piece pieces[PIECES_MAX];
	char text[PATTERN_MAX +
		  3 * PIECES_MAX]; /* the literals, NUL behind each, and brackets of Apache's %t */
};

struct compiler {
	struct compiled *out;
	struct slice in;
	size_t at;	/* the next byte of it */
	size_t n;	/* pieces */
	size_t used;	/* of the text */
	size_t literal; /* where the one being written begins */
	size_t *where;
	struct err *e;
};

/* A value as a vocabulary has it. */
struct meaning {
	uint8_t what, shape, rank;
};

static int wrong(struct compiler *c, size_t at, const char *what, struct slice name)
{
	*c->where = at;
	name = slice_head(name, 60);
	return err_set(c->e, TK_ECONFIG, what, (int)name.n, (const char *)name.p);
}

static void put_literal(struct compiler *c, char byte)
{
	c->out->text[c->used++] = byte;
}

/* Ends the literal at hand, and begins the next one. */
static const char *end_literal(struct compiler *c)
{
	const char *literal = c->out->text + c->literal;

	put_literal(c, 0);
	c->literal = c->used;
	return literal;
}

static int add_value(struct compiler *c, size_t at, struct slice name, struct meaning m)
{
	struct piece *last = c->n == 0 ? NULL : &c->out->pieces[c->n - 1];

	if (last != NULL && c->literal == c->used) {
		/* a path with its query behind is read as one */
		if (last->what == M_TARGET && (m.what == M_ARGUMENTS || m.what == M_NOTHING))
			return TK_OK;
		return wrong(c, at,
			     "nothing stands between '%.*s' and the value before it: no one can tell where "
			     "one ends",
			     name);
	}
	if (c->n + 1 == PIECES_MAX)
		return wrong(c, at, "'%.*s' is one value too many", name);
	c->out->pieces[c->n++] = (struct piece){ end_literal(c), m.what, m.shape, m.rank, NULL };
	return TK_OK;
}

/* ---- vocabularies ---- */

enum side { SIDE_REQUEST, SIDE_RESPONSE };

/* nginx writes header names with _ for -, and both ignore case. */
static bool same_header(struct slice name, const char *header)
{
	if (name.n != strlen(header))
		return false;
	for (size_t i = 0; i < name.n; i++) {
		uint8_t c = name.p[i] == '_' ? '-' : name.p[i];

		if ((c >= 'A' && c <= 'Z' ? c | 0x20 : c) != (uint8_t)header[i])
			return false;
	}
	return true;
}

/* Any header may be logged; most say nothing here. */
static struct meaning header(struct slice name, enum side side)
{
	static const struct {
		const char *name;
		uint8_t side, what, rank;
	} rows[] = {
#define HEADER(name, side, what, rank) { name, SIDE_##side, M_##what, rank },
#include "sensor/gateway/headers.def"
#undef HEADER
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		if (rows[i].side == side && same_header(name, rows[i].name))
			return (struct meaning){ rows[i].what, SHAPE_TEXT, rows[i].rank };
	return (struct meaning){ M_NOTHING, SHAPE_TEXT, 0 };
}

static const struct {
	const char *name;
	struct meaning means;
} variables[] = {
#define VARIABLE(name, what, shape, rank) { name, { M_##what, SHAPE_##shape, rank } },
#include "sensor/gateway/nginx_variables.def"
#undef VARIABLE
};

struct piece header_value(const char *before, struct slice name, bool answered)
{
	struct meaning m = header(name, answered ? SIDE_RESPONSE : SIDE_REQUEST);

	return (struct piece){ before, m.what, m.shape, m.rank, NULL };
}

static bool nginx_variable(struct slice name, struct meaning *m)
{
	static const struct {
		const char *prefix;
		uint8_t side;
	} families[] = {
		{ "http_", SIDE_REQUEST },
		{ "sent_http_", SIDE_RESPONSE },
		{ "upstream_http_", SIDE_RESPONSE },
	};
	static const char *const idle[] = { "cookie_", "arg_", "upstream_cookie_", "sent_trailer_",
					    "upstream_trailer_" };

	for (size_t i = 0; i < COUNT(variables); i++)
		if (slice_is(name, variables[i].name)) {
			*m = variables[i].means;
			return true;
		}
	for (size_t i = 0; i < COUNT(families); i++)
		if (slice_starts(name, slice_str(families[i].prefix))) {
			*m = header(slice_from(name, strlen(families[i].prefix)), families[i].side);
			return true;
		}
	*m = (struct meaning){ M_NOTHING, SHAPE_TEXT, 0 };
	for (size_t i = 0; i < COUNT(idle); i++)
		if (slice_starts(name, slice_str(idle[i])))
			return true;
	return false;
}

static bool apache_directive(uint8_t letter, struct slice argument, struct meaning *m)
{
	static const struct {
		char letter;
		const char *argument;
		struct meaning means;
	} rows[] = {
#define DIRECTIVE(letter, argument, what, shape, rank)                                                       \
	{ letter, argument, { M_##what, SHAPE_##shape, rank } },
#include "sensor/gateway/apache_directives.def"
#undef DIRECTIVE
	};

	if (letter == 'i' || letter == 'o') {
		*m = header(argument, letter == 'i' ? SIDE_REQUEST : SIDE_RESPONSE);
		return argument.n > 0;
	}
	for (size_t i = 0; i < COUNT(rows); i++)
		if (letter == (uint8_t)rows[i].letter && slice_eq(argument, slice_str(rows[i].argument))) {
			*m = rows[i].means;
			return true;
		}
	*m = (struct meaning){ M_NOTHING, SHAPE_TEXT, 0 }; /* cookies, notes, variables, TLS */
	return argument.n > 0 && strchr("Cenx", letter) != NULL;
}

/* ---- $variable ---- */

static int unknown_variable(struct compiler *c, size_t at, struct slice name)
{
	const char *names[COUNT(variables)], *near;

	for (size_t i = 0; i < COUNT(variables); i++)
		names[i] = variables[i].name;
	near = nearest(name, names, COUNT(names));
	*c->where = at;
	name = slice_head(name, 60);
	return err_set(c->e, TK_ECONFIG,
		       "nginx has no variable '$%.*s'%s%s%s; for one of your own write $skip: its value is "
		       "passed over",
		       (int)name.n, (const char *)name.p, near == NULL ? "" : " (did you mean '$",
		       near == NULL ? "" : near, near == NULL ? "" : "'?)");
}

static bool is_name_byte(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* $name or ${name} at c->at. */
static int take_variable(struct compiler *c)
{
	size_t begin = c->at++, from;
	bool braces = c->at < c->in.n && c->in.p[c->at] == '{';
	struct slice name, shown;
	struct meaning m;

	from = c->at += braces;
	while (c->at < c->in.n && is_name_byte(c->in.p[c->at]))
		c->at++;
	name = slice_of(c->in.p + from, c->at - from);
	if (braces && (c->at == c->in.n || c->in.p[c->at++] != '}'))
		return wrong(c, begin, "'${%.*s' lacks its closing brace", name);
	shown = slice_of(c->in.p + begin, c->at - begin);
	if (!nginx_variable(name, &m))
		return unknown_variable(c, begin, name);
	return add_value(c, begin, shown, m);
}

/* ---- %directive ---- */

/* Conditions and modifiers: %400,501{...}, %!200{...}, %>s, %<s. */
static void skip_modifiers(struct compiler *c)
{
	while (c->at < c->in.n && strchr("!,<>^0123456789", c->in.p[c->at]) != NULL)
		c->at++;
}

static int take_directive(struct compiler *c)
{
	size_t begin = c->at++;
	struct slice argument = { NULL, 0 }, shown;
	struct meaning m;
	uint8_t letter;
	int rc;

	if (c->at < c->in.n && c->in.p[c->at] == '%') {
		put_literal(c, '%');
		c->at++;
		return TK_OK;
	}
	skip_modifiers(c);
	if (c->at < c->in.n && c->in.p[c->at] == '{') {
		const uint8_t *end = memchr(c->in.p + c->at, '}', c->in.n - c->at);

		argument = slice_from(c->in, c->at + 1);
		if (end == NULL)
			return wrong(c, begin, "'%%{%.*s' lacks its closing brace", argument);
		argument.n = (size_t)(end - argument.p);
		c->at += argument.n + 2;
	}
	skip_modifiers(c);
	shown = slice_of(c->in.p + begin, c->at - begin + (c->at < c->in.n));
	if (c->at == c->in.n)
		return wrong(c, begin, "'%.*s' lacks the letter that says what is logged", shown);
	letter = c->in.p[c->at++];
	if (!apache_directive(letter, argument, &m))
		return wrong(c, begin, "'%.*s' is no directive of Apache's LogFormat that is known here",
			     shown);
	if (letter != 't' || argument.n > 0)
		return add_value(c, begin, shown, m);
	put_literal(c, '[');
	rc = add_value(c, begin, shown, m);
	put_literal(c, ']');
	return rc;
}

/* ---- the pattern ---- */

/* Byte of a literal; \" \t \n \\ and \' are as in the configuration files. */
static void take_literal(struct compiler *c)
{
	static const char escaped[] = "\"'\\tn", bytes[] = "\"'\\\t\n";
	const char *known;

	if (c->in.p[c->at] == '\\' && c->at + 1 < c->in.n && c->in.p[c->at + 1] != 0 &&
	    (known = strchr(escaped, c->in.p[c->at + 1])) != NULL) {
		put_literal(c, bytes[known - escaped]);
		c->at += 2;
		return;
	}
	put_literal(c, (char)c->in.p[c->at++]);
}

/* A text in quotation marks ends at one that is not escaped. */
static void find_quoted(struct compiled *out, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct piece *p = &out->pieces[i];
		size_t k = strlen(p->before);

		if (p->shape == SHAPE_TEXT && k > 0 && p->before[k - 1] == '"' && p[1].before[0] == '"')
			p->shape = SHAPE_QUOTED;
	}
}

static bool says(const struct compiler *c, enum member what)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->out->pieces[i].what == what)
			return true;
	return false;
}

static int compile(struct compiler *c, bool nginx)
{
	int rc = TK_OK;

	if (c->in.n > PATTERN_MAX || memchr(c->in.p, 0, c->in.n) != NULL)
		return wrong(c, 0, "a pattern has at most 4096 bytes, none of them NUL%.*s", slice_of("", 0));
	if (c->in.p[0] == '{')
		return wrong(c, 0, "a log_format that writes JSON is read by 'format: nginx-json'%.*s",
			     slice_of("", 0));
	while (rc == TK_OK && c->at < c->in.n) {
		if (c->in.p[c->at] == (nginx ? '$' : '%'))
			rc = nginx ? take_variable(c) : take_directive(c);
		else
			take_literal(c);
	}
	if (rc != TK_OK)
		return rc;
	c->out->pieces[c->n] = (struct piece){ end_literal(c), M_NOTHING, SHAPE_END, 0, NULL };
	find_quoted(c->out, c->n);
	if (!says(c, M_STATUS) && !says(c, M_REQUEST_LINE) && !says(c, M_TARGET))
		return wrong(c, 0, "the pattern says neither a request nor a status%.*s", slice_of("", 0));
	return TK_OK;
}

static int parse(struct slice line, const struct parse_context *ctx, struct access_event *ev)
{
	return layouts_parse(ctx->layout, 1, line, ctx, ev);
}

static bool has_variable(struct slice s)
{
	for (size_t i = 0; i + 1 < s.n; i++)
		if (s.p[i] == '$' && (is_name_byte(s.p[i + 1]) || s.p[i + 1] == '{'))
			return true;
	return false;
}

bool is_pattern(struct slice text)
{
	return has_variable(text) || (text.n > 0 && memchr(text.p, '%', text.n) != NULL);
}

struct log_format *pattern_compile(struct slice pattern, size_t *at, struct err *e)
{
	bool nginx = has_variable(pattern);
	struct compiled *out = calloc(1, sizeof *out);
	struct compiler c = { .out = out, .in = pattern, .where = at, .e = e };

	*at = 0;
	if (out == NULL) {
		err_set(e, TK_ENOMEM, "no memory for a log format");
		return NULL;
	}
	if (pattern.n == 0 || !is_pattern(pattern)) {
		err_set(e, TK_ECONFIG, "no $variable of nginx and no %%directive of Apache is in it");
		free(out);
		return NULL;
	}
	if (compile(&c, nginx) != TK_OK) {
		free(out);
		return NULL;
	}
	out->layout = (struct layout){ out->pieces, ESCAPES_BACKSLASH, 0 };
	out->format = (struct log_format){
		.name = nginx ? "log_format" : "LogFormat",
		.parse = parse,
		.layout = &out->layout,
	};
	return &out->format;
}

int pattern_check(struct slice pattern, size_t *at, struct err *e)
{
	struct log_format *f = pattern_compile(pattern, at, e);

	free(f);
	return f == NULL ? e->code : TK_OK;
}
