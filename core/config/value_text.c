#include <stdio.h>

#include "core/base/endpoint.h"
#include "core/base/safe.h"
#include "core/config/reading.h"

#define TEXT_MAX 4095
#define ID_MAX 200
#define HEADER_MAX 100

void wrong_value(struct reading *r, const struct option *o, const struct node *n)
{
	const char *what = o->type != NULL ? o->type->what : "text";

	if (n->kind != NODE_SCALAR)
		problem_at(r->problems, n, "'%s': expected %s, got a %s", o->key, what,
			   n->kind == NODE_MAP ? "map" : "list");
	else if ((o->flags & SECRET) != 0)
		problem_at(r->problems, n, "'%s': expected %s", o->key, what);
	else if (!n->quoted && n->text.n == 0)
		problem_at(r->problems, n, "'%s': expected %s, got nothing", o->key, what);
	else
		problem_at(r->problems, n, "'%s': expected %s, got '%.*s'", o->key, what,
			   (int)slice_head(n->text, 100).n, (const char *)n->text.p);
}

/* What YAML can hold as it is (YAML 1.2 5.1), without controls: such a text goes everywhere, and is
 * printed so that it loads again. */
bool text_is_plain(struct slice s)
{
	uint32_t c = 0;
	size_t n;

	for (; s.n > 0; s = slice_from(s, n)) {
		n = utf8_take(s, &c);
		if (n == 0 || c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xfeff || c == 0xfffe ||
		    c == 0xffff || c == 0x2028 || c == 0x2029)
			return false;
	}
	return true;
}

struct slice scalar_text(struct reading *r, const struct option *o, const struct node *n, bool number_ok)
{
	enum scalar_type type = n->kind == NODE_SCALAR ? node_scalar_type(n) : SCALAR_NULL;

	if (type == SCALAR_STRING || (number_ok && (type == SCALAR_INT || type == SCALAR_DECIMAL))) {
		if (n->text.n > 0 && text_is_plain(n->text))
			return n->text;
		problem_at(r->problems, n, n->text.n == 0 ? "'%s' must not be empty" :
			   "'%s' holds a control character or a line break", o->key);
	} else if (n->kind == NODE_SCALAR && type != SCALAR_NULL && (o->flags & SECRET) == 0) {
		problem_at(r->problems, n, "'%s': expected text, got '%.*s'; in quotes it would be text",
			   o->key, (int)slice_head(n->text, 100).n, (const char *)n->text.p);
	} else {
		wrong_value(r, o, n);
	}
	return (struct slice){ NULL, 0 };
}

static void read_bounded(struct reading *r, const struct option *o, const struct node *n, void *store,
			 bool number_ok, size_t max)
{
	struct slice s = scalar_text(r, o, n, number_ok);
	char *copy;

	if (s.n == 0)
		return;
	if (s.n > max) {
		problem_at(r->problems, n, "'%s' is longer than %zu bytes", o->key, max);
		return;
	}
	copy = keep_copy(r->keep, s);
	memcpy(store, &copy, sizeof copy);
	if (copy != NULL)
		note_unique(r, o, slice_of(copy, s.n), n);
}

static void read_text(struct reading *r, const struct option *o, const struct node *n, void *store)
{
	read_bounded(r, o, n, store, false, TEXT_MAX);
}

/* Names of people, keys and models may be numbers: they are kept as written. */
static void read_id(struct reading *r, const struct option *o, const struct node *n, void *store)
{
	read_bounded(r, o, n, store, true, ID_MAX);
}

void print_quoted(struct buf *out, struct slice text)
{
	size_t i;

	buf_byte(out, '"');
	for (i = 0; i < text.n; i++) {
		if (text.p[i] == '"' || text.p[i] == '\\')
			buf_byte(out, '\\');
		buf_byte(out, text.p[i]);
	}
	buf_byte(out, '"');
}

static const char *stored_text(const void *store)
{
	const char *s;

	memcpy(&s, store, sizeof s);
	return s;
}

static void print_text(const struct option *o, const void *store, struct buf *out)
{
	const char *s = stored_text(store);

	if (s == NULL)
		buf_str(out, "null");
	else
		print_quoted(out, (o->flags & SECRET) != 0 ? SLICE(CONFIG_MASK) : slice_str(s));
}

/* Index of a word, or n_words after the report with the nearest one. */
static size_t find_word(struct reading *r, const struct option *o, const struct node *n)
{
	struct slice s = scalar_text(r, o, n, true);
	struct buf all;
	const char *near;
	size_t i;

	for (i = 0; i < o->n_words; i++)
		if (slice_is(s, o->words[i]))
			return i;
	if (s.n == 0)
		return i;
	buf_init(&all, 256);
	for (i = 0; i < o->n_words; i++)
		buf_fmt(&all, "%s%s", i == 0 ? "" : i + 1 < o->n_words ? ", " : " or ", o->words[i]);
	near = nearest(s, o->words, o->n_words);
	problem_at(r->problems, n, "'%s': expected %s, got '%.*s'%s%s%s", o->key, buf_cstr(&all),
		   (int)slice_head(s, 100).n, (const char *)s.p, near != NULL ? " (did you mean '" : "",
		   near != NULL ? near : "", near != NULL ? "'?)" : "");
	buf_free(&all);
	return o->n_words;
}

static void read_word(struct reading *r, const struct option *o, const struct node *n, void *store)
{
	size_t i = find_word(r, o, n);

	if (i < o->n_words)
		memcpy(store, &o->words[i], sizeof o->words[i]);
}

static void read_saturday(struct reading *r, const struct option *o, const struct node *n, void *store)
{
	size_t i = find_word(r, o, n);
	enum saturday s = (enum saturday)i;

	if (i < o->n_words)
		memcpy(store, &s, sizeof s);
}

static void print_saturday(const struct option *o, const void *store, struct buf *out)
{
	enum saturday s;

	memcpy(&s, store, sizeof s);
	buf_str(out, o->words[s]);
}

static void read_format(struct reading *r, const struct option *o, const struct node *n, void *store)
{
	const char *const *names = r->known == NULL ? NULL : r->known->formats, *near;
	struct slice s = scalar_text(r, o, n, false);
	size_t i;

	if (s.n == 0)
		return;
	if (names == NULL || slice_is(s, "auto")) {
		read_id(r, o, n, store);
		return;
	}
	for (i = 0; i < r->known->n_formats; i++)
		if (slice_is(s, names[i])) {
			read_id(r, o, n, store);
			return;
		}
	near = nearest(s, names, r->known->n_formats);
	problem_at(r->problems, n, "'%s': unknown log format '%.*s'%s%s%s", o->key, (int)slice_head(s, 100).n,
		   (const char *)s.p,
		   near != NULL ? " (did you mean '" : "; 'tochoku decode --help' lists them",
		   near != NULL ? near : "", near != NULL ? "'?)" : "");
}

/* The place of a byte of the pattern is told where the pattern stands in one line. */
static void read_log_format(struct reading *r, const struct option *o, const struct node *n, void *store)
{
	const char *pattern = NULL;
	struct slice text;
	struct err why = { 0 };
	size_t at = 0;

	read_bounded(r, o, n, &pattern, false, TEXT_MAX);
	if (pattern == NULL)
		return;
	memcpy(store, &pattern, sizeof pattern);
	text = slice_str(pattern);
	if (r->known == NULL || r->known->log_format == NULL ||
	    r->known->log_format(text, &at, &why) == TK_OK)
		return;
	if (memchr(text.p, '\n', text.n) != NULL)
		problem_at(r->problems, n, "'%s': byte %zu: %s", o->key, at + 1, why.text);
	else
		problem_line(r->problems, n->line, n->column + n->quoted + (uint32_t)at, "'%s': %s", o->key,
			     why.text);
}

static void read_filter(struct reading *r, const struct option *o, const struct node *n, void *store)
{
	const char *filter = NULL;
	struct err why = { 0 };

	read_bounded(r, o, n, &filter, false, TEXT_MAX);
	if (filter == NULL)
		return;
	if (r->known != NULL && r->known->filter != NULL && r->known->filter(filter, &why) != TK_OK)
		problem_at(r->problems, n, "'%s': %s", o->key, why.text);
	memcpy(store, &filter, sizeof filter);
}

static void read_listen(struct reading *r, const struct option *o, const struct node *n, void *store)
{
	const char *listen = NULL;
	struct addr ip;
	uint16_t port;

	read_bounded(r, o, n, &listen, false, TEXT_MAX);
	if (listen != NULL && (!addr_port_parse(slice_str(listen), &ip, &port) || port == 0))
		wrong_value(r, o, n);
	memcpy(store, &listen, sizeof listen);
}

/* RFC 9110 5.6.2, in lower case: names of headers are compared so (5.1). */
static void read_header(struct reading *r, const struct option *o, const struct node *n, void *store)
{
	struct slice s = n->kind == NODE_SCALAR ? n->text : (struct slice){ NULL, 0 };
	const char *name = NULL;
	size_t i = 0;
	char *lower;

	while (i < s.n && ((s.p[i] | 0x20) >= 'a' && (s.p[i] | 0x20) <= 'z'
				   ? true
				   : (s.p[i] >= '0' && s.p[i] <= '9') ||
					     (s.p[i] != 0 && strchr("!#$%&'*+-.^_`|~", s.p[i]) != NULL)))
		i++;
	if (s.n == 0 || i < s.n) {
		wrong_value(r, o, n);
		return;
	}
	read_bounded(r, o, n, &name, true, HEADER_MAX);
	if (name == NULL)
		return;
	lower = keep_copy(r->keep, slice_str(name));
	for (i = 0; lower != NULL && lower[i] != 0; i++)
		lower[i] = lower[i] >= 'A' && lower[i] <= 'Z' ? (char)(lower[i] | 0x20) : lower[i];
	memcpy(store, &lower, sizeof lower);
}

/* A code of n capital letters. */
static void read_code(struct reading *r, const struct option *o, const struct node *n, void *store,
		      size_t letters)
{
	struct slice s = n->kind == NODE_SCALAR ? n->text : (struct slice){ NULL, 0 };
	size_t i = 0;

	while (i < s.n && s.p[i] >= 'A' && s.p[i] <= 'Z')
		i++;
	if (s.n != letters || i != letters)
		wrong_value(r, o, n);
	else
		read_bounded(r, o, n, store, false, letters);
}

static void read_country(struct reading *r, const struct option *o, const struct node *n, void *store)
{
	read_code(r, o, n, store, 2);
}

static void read_currency(struct reading *r, const struct option *o, const struct node *n, void *store)
{
	read_code(r, o, n, store, 3);
}

/* Roles travel as one comma-joined text (fields.def, LIST), patterns too. */
static void read_roles(struct reading *r, const struct option *o, const struct node *n, void *store)
{
	bool list = n->kind == NODE_SEQ;
	const struct node *e;
	const char *joined;
	struct buf b;

	buf_init(&b, TEXT_MAX);
	for (e = list ? n->child : n; e != NULL; e = list ? e->next : NULL) {
		struct slice s = scalar_text(r, o, e, true);

		if (s.n > 0 && memchr(s.p, ',', s.n) != NULL)
			problem_at(r->problems, e,
				   "'%s': no comma inside of an entry; write a list: [one, two]", o->key);
		if (b.n > 0)
			buf_byte(&b, ',');
		buf_add(&b, s);
	}
	if (b.failed)
		problem_at(r->problems, n, "'%s' is longer than %d bytes", o->key, TEXT_MAX);
	joined = b.n == 0 || b.failed ? NULL : keep_copy(r->keep, buf_slice(&b));
	memcpy(store, &joined, sizeof joined);
	buf_free(&b);
}

static void print_roles(const struct option *o, const void *store, struct buf *out)
{
	struct slice s = slice_str(stored_text(store));
	const uint8_t *comma;

	(void)o;
	buf_byte(out, '[');
	while (s.n > 0) {
		comma = memchr(s.p, ',', s.n);
		print_quoted(out, slice_head(s, comma == NULL ? s.n : (size_t)(comma - s.p)));
		s = slice_from(s, comma == NULL ? s.n : (size_t)(comma - s.p) + 1);
		if (s.n > 0)
			buf_str(out, ", ");
	}
	buf_byte(out, ']');
}

static void read_zone(struct reading *r, const struct option *o, const struct node *n, void *store)
{
	struct slice s = scalar_text(r, o, n, true);
	const char *near;
	char name[128];

	if (s.n == 0)
		return;
	if (zone_known(s)) {
		read_bounded(r, o, n, store, true, ID_MAX);
		return;
	}
	if (!zone_data()) {
		problem_at(r->problems, n,
			   "'%s': the system has no time zone data: install the package tzdata", o->key);
		return;
	}
	near = zone_nearest(s, name);
	if (near != NULL && slice_is(s, near)) {
		problem_at(r->problems, n, "'%s': the system's file of the time zone '%s' cannot be read",
			   o->key, near);
		return;
	}
	problem_at(r->problems, n, "'%s': unknown time zone '%.*s'%s%s%s", o->key, (int)slice_head(s, 100).n,
		   (const char *)s.p,
		   near != NULL ? " (did you mean '" : "; expected an IANA name such as Asia/Tokyo",
		   near != NULL ? near : "", near != NULL ? "'?)" : "");
}

static void host_bits(struct reading *r, const struct option *o, const struct node *n)
{
	char text[ADDR_TEXT_MAX];
	struct slice s = n->text;
	const uint8_t *slash = memchr(s.p, '/', s.n);
	struct addr a;
	unsigned bits = 0, i;

	if (slash == NULL || !addr_parse(slice_head(s, (size_t)(slash - s.p)), &a) ||
	    sscanf((const char *)slash + 1, "%3u", &bits) != 1 || bits > 128) {
		wrong_value(r, o, n);
		return;
	}
	bits += addr_is_v4(&a) ? 96 : 0;
	for (i = bits; i < 128; i++)
		a.b[i / 8] &= (uint8_t)~(0x80u >> i % 8);
	addr_format(&a, text);
	problem_at(r->problems, n, "'%s': '%.*s' has host bits set (did you mean '%s%s'?)", o->key,
		   (int)slice_head(s, 60).n, (const char *)s.p, text, (const char *)slash);
}

static void read_cidr(struct reading *r, const struct option *o, const struct node *n, void *store)
{
	bool host = false;
	struct cidr c;
	uint8_t *copy;

	if (n->kind != NODE_SCALAR || n->text.n == 0) {
		wrong_value(r, o, n);
	} else if (cidr_parse(n->text, &c, &host)) {
		memcpy(store, &c, sizeof c);
		copy = o->unique == NULL ? NULL : keep_get(r->keep, 17);
		if (copy == NULL)
			return;
		memcpy(copy, c.net.b, 16);
		copy[16] = c.bits;
		note_unique(r, o, slice_of(copy, 17), n);
	} else if (host) {
		host_bits(r, o, n);
	} else {
		wrong_value(r, o, n);
	}
}

static void print_cidr(const struct option *o, const void *store, struct buf *out)
{
	char text[ADDR_TEXT_MAX];
	struct cidr c;

	(void)o;
	memcpy(&c, store, sizeof c);
	addr_format(&c.net, text);
	buf_fmt(out, "\"%s/%d\"", text, addr_is_v4(&c.net) && c.bits >= 96 ? c.bits - 96 : c.bits);
}

static void read_collector(struct reading *r, const struct option *o, const struct node *n, void *store)
{
	struct slice text = scalar_text(r, o, n, false);
	struct endpoint at;

	if (text.n == 0)
		return;
	if (endpoint_parse(text, &at))
		read_bounded(r, o, n, store, false, ID_MAX);
	else
		wrong_value(r, o, n);
}

#define STRING sizeof(const char *)
const struct option_type type_collector = {
	"an address such as udp://192.0.2.5:514 or tcp://[2001:db8::5]:601", STRING, read_collector,
	print_text
};
const struct option_type type_text = { "text", STRING, read_text, print_text };
const struct option_type type_id = { "a name", STRING, read_id, print_text };
const struct option_type type_word = { "one word", STRING, read_word, print_text };
const struct option_type type_saturday = { "one word", sizeof(enum saturday), read_saturday, print_saturday };
const struct option_type type_format = { "the name of a log format, or auto", STRING, read_format,
					 print_text };
const struct option_type type_log_format = { "a log_format of nginx or a LogFormat of Apache", STRING,
					     read_log_format, print_text };
const struct option_type type_filter = { "a filter such as \"tcp port 8080\"", STRING, read_filter,
					 print_text };
const struct option_type type_listen = { "an address and a port such as \"127.0.0.1:5514\"", STRING,
					 read_listen, print_text };
const struct option_type type_country = { "two capital letters (ISO 3166-1) such as JP", STRING, read_country,
					  print_text };
const struct option_type type_currency = { "three capital letters (ISO 4217) such as JPY", STRING,
					   read_currency, print_text };
const struct option_type type_header = { "the name of a header such as X-Forwarded-User", STRING, read_header,
					 print_text };
const struct option_type type_roles = { "a list of roles such as [nurse]", STRING, read_roles, print_roles };
const struct option_type type_patterns = { "a list of patterns such as [gpt-4o*]", STRING, read_roles,
					   print_roles };
const struct option_type type_zone = { "a time zone such as Asia/Tokyo", STRING, read_zone, print_text };
const struct option_type type_cidr = { "a network such as 10.10.0.0/16 or \"fd00:10::/32\"",
				       sizeof(struct cidr), read_cidr, print_cidr };
