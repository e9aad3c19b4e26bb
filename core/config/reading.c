#include "core/config/reading.h"

#include <stdlib.h>

#define NAMES_MAX 32 /* keys of one map */

void note_unique(struct reading *r, const struct option *o, struct slice value, const struct node *n)
{
	struct seen *grown;

	if (o->unique == NULL)
		return;
	if (r->n_seen == r->cap_seen) {
		size_t cap = r->cap_seen == 0 ? 64 : r->cap_seen * 2;

		grown = realloc(r->seen, cap * sizeof *grown);
		if (grown == NULL) {
			r->no_memory = true;
			return;
		}
		r->seen = grown;
		r->cap_seen = cap;
	}
	r->seen[r->n_seen++] = (struct seen){ o->unique, value, n, r->record, (o->flags & SECRET) != 0 };
}

static bool is_null(const struct node *n)
{
	return n != NULL && n->kind == NODE_SCALAR && node_scalar_type(n) == SCALAR_NULL;
}

static size_t count_entries(const struct node *n)
{
	const struct node *c;
	size_t k = 0;

	for (c = n->child; c != NULL; c = c->next)
		k++;
	return k;
}

/* An array for the entries of a list or map, its pointer and count stored; NULL: no memory. */
static uint8_t *new_array(struct reading *r, const struct option *o, size_t n, size_t size, uint8_t *base)
{
	uint8_t *array = keep_array(r->keep, n == 0 ? 1 : n, size);

	if (array == NULL)
		return NULL;
	memcpy(base + o->at, &array, sizeof array);
	memcpy(base + o->count, &n, sizeof n);
	return array;
}

static void read_many(struct reading *r, const struct option *o, const struct node *n, uint8_t *base)
{
	bool list = n->kind == NODE_SEQ;
	uint8_t *array = new_array(r, o, list ? count_entries(n) : 1, o->type->size, base);
	const struct node *entry;

	if (array == NULL)
		return;
	if (!list) {
		o->type->read(r, o, n, array);
		return;
	}
	if ((o->flags & REQUIRED) != 0 && n->child == NULL)
		problem_at(r->problems, n, "'%s' must not be empty: %s", o->key, o->doc);
	for (entry = n->child; entry != NULL; entry = entry->next, array += o->type->size)
		o->type->read(r, o, entry, array);
}

static bool has_prefix(const struct option *o, struct slice key)
{
	struct slice name = slice_str(o->key);

	return o->shape == PREFIXED && key.n > name.n && slice_starts(key, name);
}

/* Every key of the map that begins so. */
static void read_prefixed(struct reading *r, const struct option *o, const struct node *map, uint8_t *base)
{
	const struct node *n;
	size_t found = 0;
	uint8_t *record;

	for (n = map == NULL || map->kind != NODE_MAP ? NULL : map->child; n != NULL; n = n->next)
		found += has_prefix(o, n->key->text);
	record = found == 0 ? NULL : new_array(r, o, found, o->record, base);
	for (n = record == NULL ? NULL : map->child; n != NULL; n = n->next) {
		struct slice rest = slice_from(n->key->text, strlen(o->key));
		char *name;

		if (!has_prefix(o, n->key->text))
			continue;
		name = keep_copy(r->keep, rest);
		for (size_t i = 0; name != NULL && i < rest.n; i++)
			name[i] = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] | 0x20) : name[i];
		memcpy(record, &name, sizeof name);
		o->type->read(r, o, n, record + sizeof name);
		record += o->record;
	}
}

static void read_records(struct reading *r, const struct option *o, const struct node *n, uint8_t *base)
{
	enum node_kind want = o->shape == NAMED ? NODE_MAP : NODE_SEQ;
	const void *outer = r->record;
	const struct node *entry;
	uint8_t *record;

	if (n->kind != want) {
		problem_at(r->problems, n, "'%s': expected a %s, got a %s", o->key,
			   want == NODE_MAP ? "map from names to maps"
					    : "list of maps (lines that begin with '-')",
			   n->kind == NODE_MAP   ? "map"
			   : n->kind == NODE_SEQ ? "list"
						 : "single value");
		return;
	}
	record = new_array(r, o, count_entries(n), o->record, base);
	for (entry = n->child; record != NULL && entry != NULL; entry = entry->next, record += o->record) {
		r->record = record;
		if (o->shape == NAMED) /* the name is a record's first member */
			type_id.read(r, o, entry->key, record);
		read_map(r, o->table, o->key, entry, record);
	}
	r->record = outer;
}

void read_preset(struct reading *r, const struct option *o, uint8_t *base)
{
	struct node scalar = { .kind = NODE_SCALAR, .quoted = true, .text = slice_str(o->preset) };
	struct option quiet = *o;
	struct problems none;
	struct yaml *y;

	if (o->preset == NULL)
		return;
	quiet.unique = NULL;
	if (o->shape == ONE && o->preset[0] != '[') { /* spares the many defaults of records a parser */
		scalar.quoted = node_scalar_type(&(struct node){ .text = scalar.text }) == SCALAR_STRING;
		o->type->read(r, &quiet, &scalar, base + o->at);
		return;
	}
	problems_init(&none, NULL);
	y = yaml_parse(slice_str(o->preset), YAML_CONFIG, &none);
	if (y == NULL) {
		r->no_memory = true;
	} else {
		size_t seen = r->n_seen;

		if (o->shape == ONE)
			o->type->read(r, &quiet, yaml_document(y, 0), base + o->at);
		else if (o->shape == MANY)
			read_many(r, &quiet, yaml_document(y, 0), base);
		else
			read_records(r, o, yaml_document(y, 0), base);
		r->n_seen = seen; /* notes borrow the tree, which goes now */
	}
	yaml_free(y);
	problems_free(&none);
}

/* A value that nobody acts on yet is still checked, where its type is known. */
static void read_later(struct reading *r, const struct option *o, const struct node *n,
		       const struct node *key)
{
	uint8_t unused[64];

	problem_warn(r->problems, key, "'%.*s' is not acted on in this version",
		     (int)slice_head(key->text, 100).n, (const char *)key->text.p);
	if (o->shape == ONE)
		o->type->read(r, o, n, unused);
}

/* `n` is the value, or NULL when the key is not there; `map` the map it would stand in, or NULL. */
static void read_option(struct reading *r, const struct option *o, const struct node *n,
			const struct node *map, uint8_t *base)
{
	if (o->shape == PREFIXED) {
		read_prefixed(r, o, map, base);
	} else if (n == NULL || (is_null(n) && (o->shape != ONE || o->preset == NULL))) {
		if ((o->flags & REQUIRED) != 0 && map != NULL)
			problem_at(r->problems, n != NULL ? n : map, "'%s' is missing: %s", o->key, o->doc);
		if (o->shape == SECTION)
			read_map(r, o->table, o->key, NULL, base);
		else
			read_preset(r, o, base);
	} else if ((o->flags & LATER) != 0) {
		read_later(r, o, n, n->key);
	} else if (o->shape == SECTION) {
		read_map(r, o->table, o->key, n, base);
	} else if (o->shape == MANY) {
		read_many(r, o, n, base);
	} else if (o->shape == ONE) {
		o->type->read(r, o, n, base + o->at);
	} else {
		read_records(r, o, n, base);
	}
}

static const struct option *find_row(const struct option_table *t, struct slice key)
{
	size_t i;

	for (i = 0; i < t->n; i++) {
		if ((slice_is(key, t->rows[i].key) && t->rows[i].shape != PREFIXED) ||
		    has_prefix(&t->rows[i], key))
			return &t->rows[i];
	}
	return NULL;
}

static void unknown_key(struct reading *r, const struct option_table *t, const char *map,
			const struct node *key)
{
	const char *names[NAMES_MAX], *near;
	struct slice shown = slice_head(key->text, 100);
	struct buf all;
	size_t i, n = t->n < NAMES_MAX ? t->n : NAMES_MAX;

	buf_init(&all, 1024);
	for (i = 0; i < n; i++) {
		names[i] = t->rows[i].key;
		buf_fmt(&all, "%s%s", i == 0 ? "" : ", ", names[i]);
	}
	near = nearest(key->text, names, n);
	if (near != NULL)
		problem_at(r->problems, key, "unknown key '%.*s' in %s (did you mean '%s'?)", (int)shown.n,
			   (const char *)shown.p, map, near);
	else
		problem_at(r->problems, key, "unknown key '%.*s' in %s; the keys here are %s", (int)shown.n,
			   (const char *)shown.p, map, buf_cstr(&all));
	buf_free(&all);
}

/* The keys that are there, by their row: looked up once each, whatever their number. */
static void sort_keys(struct reading *r, const struct option_table *t, const char *name,
		      const struct node *map, const struct node *by_row[NAMES_MAX])
{
	const struct node *n;

	for (n = map->child; n != NULL; n = n->next) {
		const struct option *o = find_row(t, n->key->text);

		if (o == NULL)
			unknown_key(r, t, name, n->key);
		else if (by_row[o - t->rows] == NULL)
			by_row[o - t->rows] = n;
	}
}

void read_map(struct reading *r, const struct option_table *t, const char *name, const struct node *n,
	      uint8_t *base)
{
	const struct node *by_row[NAMES_MAX] = { NULL };
	const struct node *map = n;
	size_t i;

	if (n != NULL && n->kind == NODE_MAP)
		sort_keys(r, t, name, n, by_row);
	else if (n != NULL && !is_null(n))
		problem_at(r->problems, n, "%s: expected a map (KEY: VALUE), got a %s", name,
			   n->kind == NODE_SEQ ? "list" : "single value");
	if (n != NULL && n->kind != NODE_MAP && !is_null(n))
		map = NULL; /* said once; not also each key that it lacks */
	for (i = 0; i < t->n; i++)
		read_option(r, &t->rows[i], by_row[i], map, base);
}
