/* `fields`: what the members of a JSON log say, as {meaning: path}. It is kept as the gateway room reads it,
 * "json:meaning=path,meaning=path". */
#include "core/config/reading.h"

#define FIELDS_TEXT_MAX 8192

static bool is_known(const struct reading *r, struct slice name)
{
	size_t i = 0;

	if (r->known == NULL || r->known->fields == NULL)
		return true;
	while (i < r->known->n_fields && !slice_is(name, r->known->fields[i]))
		i++;
	return i < r->known->n_fields;
}

static void unknown_field(struct reading *r, const struct option *o, const struct node *key)
{
	const char *near = nearest(key->text, r->known->fields, r->known->n_fields);

	problem_at(r->problems, key, "'%s': no field is named '%.*s'%s%s%s", o->key,
		   (int)slice_head(key->text, 100).n, (const char *)key->text.p,
		   near != NULL ? " (did you mean '" : "", near != NULL ? near : "",
		   near != NULL ? "'?)" : "; tochoku(1) lists them");
}

static void add_path(struct reading *r, const struct option *o, const struct node *field,
		     const struct node *path, struct buf *out)
{
	struct slice s = scalar_text(r, o, path, false);

	if (s.n == 0)
		return;
	if (memchr(s.p, ',', s.n) != NULL)
		problem_at(r->problems, path,
			   "'%s': the path of a member has no comma; write a list: [a, b.c]", o->key);
	else if (s.n > 255)
		problem_at(r->problems, path, "'%s': the path of a member is longer than 255 bytes", o->key);
	else
		buf_fmt(out, "%s%.*s=%.*s", out->n > 5 ? "," : "", (int)field->key->text.n,
			(const char *)field->key->text.p, (int)s.n, (const char *)s.p);
}

static void read_fields(struct reading *r, const struct option *o, const struct node *n, void *store)
{
	size_t errors = r->problems->errors;
	struct err why = { 0 };
	const char *text;
	struct buf b;

	if (n->kind != NODE_MAP) {
		wrong_value(r, o, n);
		return;
	}
	buf_init(&b, FIELDS_TEXT_MAX);
	buf_str(&b, "json:");
	for (const struct node *f = n->child; f != NULL; f = f->next) {
		bool list = f->kind == NODE_SEQ;

		if (!is_known(r, f->key->text))
			unknown_field(r, o, f->key);
		for (const struct node *p = list ? f->child : f; p != NULL; p = list ? p->next : NULL)
			add_path(r, o, f, p, &b);
	}
	if (b.failed)
		problem_at(r->problems, n, "'%s' is longer than %d bytes", o->key, FIELDS_TEXT_MAX);
	text = b.failed ? NULL : keep_copy(r->keep, buf_slice(&b));
	memcpy(store, &text, sizeof text);
	if (errors == r->problems->errors && text != NULL && r->known != NULL &&
	    r->known->fields_check != NULL && r->known->fields_check(buf_slice(&b), &why) != TK_OK)
		problem_at(r->problems, n, "'%s': %s", o->key, why.text);
	buf_free(&b);
}

/* Up to the byte, which is taken too. */
static struct slice take_to(struct slice *s, uint8_t byte)
{
	const uint8_t *at = s->n == 0 ? NULL : memchr(s->p, byte, s->n);
	struct slice head = slice_head(*s, at == NULL ? s->n : (size_t)(at - s->p));

	*s = slice_from(*s, head.n + 1);
	return head;
}

static void print_fields(const struct option *o, const void *store, struct buf *out)
{
	struct slice rest, name, last = { NULL, 0 };
	const char *text;

	(void)o;
	memcpy(&text, store, sizeof text);
	if (text == NULL) {
		buf_str(out, "null");
		return;
	}
	buf_byte(out, '{');
	for (rest = slice_from(slice_str(text), 5); rest.n > 0; last = name) {
		bool again;

		name = take_to(&rest, '=');
		again = last.n > 0 && slice_eq(name, last);
		if (!again)
			buf_fmt(out, "%s%.*s: [", last.n > 0 ? "], " : "", (int)name.n, (const char *)name.p);
		else
			buf_str(out, ", ");
		print_quoted(out, take_to(&rest, ','));
	}
	buf_str(out, last.n > 0 ? "]}" : "}");
}

const struct option_type type_fields = { "a map such as {time: ts, client: request.ip}", sizeof(const char *),
					 read_fields, print_fields };
