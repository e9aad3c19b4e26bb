/* A correlation document into a draft; link.c looks up what it refers to (sigma-digest.md 9). */
#include "rules/build.h"

#define SPAN_MAX_S (INT64_C(3660) * 86400)
#define ALIASES_MAX 64

static const char *const type_names[] = { "event_count",      "value_count",	  "value_sum",
					  "value_avg",	      "value_percentile", "temporal",
					  "temporal_ordered", "value_median" };
#define TYPE_MEDIAN 7 /* behind the types: percentile 50 */

static const char *const op_names[] = { "gt", "gte", "lt", "lte", "eq", "neq" };

bool bounds_hold(const struct correlation *c, amount value, int64_t divisor)
{
	for (size_t i = 0; i < c->n_bounds; i++) {
		amount limit = c->bounds[i].limit * divisor;
		int cmp = (value > limit) - (value < limit);
		static const bool want[][3] = {
			/* below, equal, above */
			[BOUND_GT] = { false, false, true }, [BOUND_GTE] = { false, true, true },
			[BOUND_LT] = { true, false, false }, [BOUND_LTE] = { true, true, false },
			[BOUND_EQ] = { false, true, false }, [BOUND_NEQ] = { true, false, true }
		};

		if (!want[c->bounds[i].op][cmp + 1])
			return false;
	}
	return true;
}

/* ---- references ---- */

static bool refer(struct builder *b, const struct node *n, const char *what, struct reference *out)
{
	if (n->kind != NODE_SCALAR || n->text.n == 0 || node_scalar_type(n) == SCALAR_NULL) {
		BAD(b, n, "%s was expected", what);
		return false;
	}
	*out = (struct reference){ arena_copy(&b->set->arena, n->text),
				   { .kind = NODE_SCALAR, .line = n->line, .column = n->column } };
	return true;
}

struct reference *build_references(struct builder *b, const struct node *n, const char *what, size_t max,
				   size_t *count)
{
	const struct node *first = n->kind == NODE_SEQ ? n->child : n;
	struct reference *list;
	size_t k = 0;

	*count = 0;
	for (const struct node *c = first; c != NULL; c = n->kind == NODE_SEQ ? c->next : NULL)
		k++;
	if (k == 0 || k > max) {
		BAD(b, n, k == 0 ? "%s was expected; the list is empty" : "%s was expected: at most %zu",
		    what, max);
		return NULL;
	}
	list = arena_alloc(&b->set->arena, k * sizeof *list);
	for (const struct node *c = first; list != NULL && *count < k; c = c->next)
		if (!refer(b, c, what, &list[(*count)++]))
			return NULL;
	return list;
}

/* ---- the keys ---- */

static void check_keys(struct builder *b, const struct node *map, const char *what, const char *const *known,
		       size_t n)
{
	for (const struct node *c = map->child; c != NULL; c = c->next) {
		size_t i = 0;

		while (i < n && !slice_is(c->key->text, known[i]))
			i++;
		if (i == n)
			BAD(b, c->key, "unknown key '%.*s' in '%s'%s", (int)c->key->text.n,
			    (const char *)c->key->text.p, what,
			    build_hint(b, nearest(c->key->text, known, n)));
	}
}

static void read_type(struct builder *b, const struct node *map, struct correlation *c)
{
	const struct node *n = node_get(map, "type");

	if (n == NULL) {
		BAD(b, map, "a correlation needs a 'type'");
		return;
	}
	for (size_t i = 0; i < COUNT(type_names) && n->kind == NODE_SCALAR; i++)
		if (slice_is(n->text, type_names[i])) {
			c->type = (uint8_t)(i == TYPE_MEDIAN ? CORR_VALUE_PERCENTILE : i);
			c->percentile = i == TYPE_MEDIAN ? 50 * AMOUNT_ONE : -1;
			return;
		}
	BAD(b, n,
	    "'type' must be event_count, value_count, value_sum, value_avg, value_percentile, "
	    "value_median, temporal or temporal_ordered%s",
	    build_hint(b, nearest(n->text, type_names, COUNT(type_names))));
}

static int64_t unit_seconds(uint8_t letter)
{
	switch (letter) {
	case 's':
		return 1;
	case 'm':
		return 60;
	case 'h':
		return 3600;
	case 'd':
		return 86400;
	case 'w':
		return 604800;
	case 'M': /* a mean month and year, as pySigma has them */
		return 2629746;
	case 'y':
		return 31556952;
	default:
		return 0;
	}
}

static void read_timespan(struct builder *b, const struct node *map, const struct node *doc,
			  struct correlation *c)
{
	const struct node *n = node_get(map, "timespan"), *block = node_get(doc, "tochoku");
	int64_t unit, v = 0;
	size_t i = 0;

	c->by_day = block != NULL && block->kind == NODE_MAP && node_get(block, "window") != NULL;
	if (c->by_day)
		c->span = INT64_C(26) * 3600 * 1000000; /* no local day is longer */
	if (n == NULL) {
		if (!c->by_day)
			BAD(b, map, "a correlation needs a 'timespan', such as 5m");
		return;
	}
	for (; n->kind == NODE_SCALAR && i < n->text.n && n->text.p[i] >= '0' && n->text.p[i] <= '9'; i++)
		v = v > SPAN_MAX_S ? v : v * 10 + (n->text.p[i] - '0');
	unit = i > 0 && i + 1 == n->text.n ? unit_seconds(n->text.p[i]) : 0;
	if (unit == 0 || v == 0)
		BAD(b, n, "'timespan' must be a number and s, m, h, d, w, M or y, such as 5m");
	else if (v > SPAN_MAX_S / unit)
		BAD(b, n, "'timespan' may be at most 3660d");
	else if (!c->by_day)
		c->span = v * unit * 1000000;
}

/* ---- the condition ---- */

static bool is_value(const struct correlation *c)
{
	return c->type >= CORR_VALUE_COUNT && c->type <= CORR_VALUE_PERCENTILE;
}

static void read_field(struct builder *b, const struct node *map, struct draft *d)
{
	struct correlation *c = d->rule.correlation;
	const struct node *n = node_get(map, "field");

	if (n != NULL && !is_value(c))
		BAD(b, n, "'field' is for the types that look at a value");
	else if (n != NULL)
		d->fields = build_references(b, n, "the name of a field",
					     c->type == CORR_VALUE_COUNT ? FIELDS_MAX : 1, &c->n_fields);
	else if (is_value(c))
		BAD(b, map, "the condition needs 'field': which value to look at");
}

static void read_percentile(struct builder *b, const struct node *map, struct correlation *c)
{
	const struct node *n = node_get(map, "percentile");
	amount a;

	if (n != NULL && (c->type != CORR_VALUE_PERCENTILE || c->percentile >= 0)) {
		BAD(b, n, "'percentile' is for the type value_percentile");
	} else if (n == NULL && c->type == CORR_VALUE_PERCENTILE && c->percentile < 0) {
		BAD(b, map, "value_percentile needs 'percentile', a number from 0 to 100, in its condition");
	} else if (n != NULL) {
		if (n->kind != NODE_SCALAR || !amount_parse(n->text, &a) || a < 0 || a > 100 * AMOUNT_ONE)
			BAD(b, n, "'percentile' must be a number from 0 to 100");
		else
			c->percentile = (int64_t)a;
	}
}

static void read_bounds(struct builder *b, const struct node *map, struct correlation *c)
{
	for (size_t op = 0; op < COUNT(op_names); op++) {
		const struct node *n = node_get(map, op_names[op]);
		struct bound *bound = &c->bounds[c->n_bounds];

		if (n == NULL)
			continue;
		if (n->kind != NODE_SCALAR || !amount_parse(n->text, &bound->limit)) {
			BAD(b, n, "'%s' takes a number", op_names[op]);
			return;
		}
		bound->op = (uint8_t)op;
		c->n_bounds++;
	}
	if (c->n_bounds == 0 && !b->bad)
		BAD(b, map, "the condition needs one of gt, gte, lt, lte, eq, neq");
}

/* Of a count only so much matters as tells all bounds apart: beyond the largest they all stay as they are. */
static void find_keep(struct builder *b, const struct node *map, struct correlation *c)
{
	amount most = 1;

	if (c->type == CORR_VALUE_SUM || c->type == CORR_VALUE_AVG || c->type == CORR_VALUE_PERCENTILE)
		return; /* these need all that is in the window */
	for (size_t i = 0; i < c->n_bounds; i++) {
		amount whole = c->bounds[i].limit / AMOUNT_ONE;
		bool exact = whole * AMOUNT_ONE == c->bounds[i].limit;

		if (c->bounds[i].op != BOUND_GTE || !exact)
			whole++;
		most = whole > most ? whole : most;
	}
	if (most > KEEP_MAX && !b->bad)
		BAD(b, map, "a count may be compared with at most %d", KEEP_MAX);
	c->keep = most > KEEP_MAX ? KEEP_MAX : (uint32_t)most;
}

static void read_condition(struct builder *b, const struct node *map, struct draft *d)
{
	static const char *const known[] = { "gt", "gte", "lt", "lte", "eq", "neq", "field", "percentile" };
	const struct node *n = node_get(map, "condition");
	struct correlation *c = d->rule.correlation;

	if (n == NULL && c->type >= CORR_TEMPORAL) {
		c->bounds[0] = (struct bound){ BOUND_GTE, amount_of((int64_t)c->n_members) };
		c->n_bounds = 1;
		return;
	}
	if (n == NULL || n->kind != NODE_MAP) {
		BAD(b, n == NULL ? map : n,
		    n == NULL ? "a correlation of this type needs a 'condition', such as {gte: 10}"
			      : "the condition must be a map such as {gte: 10}; names and 'and' are not "
				"supported");
		return;
	}
	check_keys(b, n, "condition", known, COUNT(known));
	read_bounds(b, n, c);
	read_field(b, n, d);
	read_percentile(b, n, c);
	find_keep(b, n, c);
	if (c->type == CORR_TEMPORAL_ORDERED && !(c->n_bounds == 1 && c->bounds[0].op == BOUND_GTE &&
						  c->bounds[0].limit == amount_of((int64_t)c->n_members)))
		BAD(b, n, "temporal_ordered asks for all members in order: leave 'condition' out");
}

/* ---- aliases ---- */

static bool read_alias(struct builder *b, const struct node *n, struct alias *a)
{
	struct alias_entry **tail = &a->entries;

	if (n->kind != NODE_MAP || n->child == NULL) {
		BAD(b, n, "an alias must be a map: rule name -> field");
		return false;
	}
	if (!refer(b, n->key, "a name", &a->name))
		return false;
	for (const struct node *c = n->child; c != NULL; c = c->next) {
		struct alias_entry *e = arena_alloc(&b->set->arena, sizeof *e);

		if (e == NULL || !refer(b, c->key, "the name of a rule", &e->rule) ||
		    !refer(b, c, "the name of a field", &e->field))
			return false;
		*tail = e;
		tail = &e->next;
	}
	return true;
}

static void read_aliases(struct builder *b, const struct node *map, struct draft *d)
{
	const struct node *n = node_get(map, "aliases");
	struct alias **tail = &d->aliases;
	size_t count = 0;

	if (n == NULL)
		return;
	if (n->kind != NODE_MAP) {
		BAD(b, n, "'aliases' must be a map: alias -> {rule name: field}");
		return;
	}
	for (const struct node *c = n->child; c != NULL; c = c->next) {
		struct alias *a = arena_alloc(&b->set->arena, sizeof *a);

		if (count++ == ALIASES_MAX) {
			BAD(b, c->key, "more than %d aliases", ALIASES_MAX);
			return;
		}
		if (a == NULL || !read_alias(b, c, a))
			return;
		*tail = a;
		tail = &a->next;
	}
}

/* ---- the document ---- */

/* At the top by the text, inside `correlation` by pySigma. */
static void read_generate(struct builder *b, const struct node *n, struct correlation *c)
{
	if (n == NULL)
		return;
	if (n->kind != NODE_SCALAR || node_scalar_type(n) != SCALAR_BOOL)
		BAD(b, n, "'generate' must be true or false");
	else
		c->generate |= n->text.n == 4;
}

static void read_members(struct builder *b, const struct node *map, struct draft *d)
{
	const struct node *rules = node_get(map, "rules"), *keys = node_get(map, "group-by");
	struct correlation *c = d->rule.correlation;

	if (rules == NULL)
		BAD(b, map, "a correlation needs 'rules': ids or names");
	else
		d->members = build_references(b, rules, "the id or name of a rule",
					      c->type == CORR_TEMPORAL_ORDERED ? ORDERED_MAX : MEMBERS_MAX,
					      &c->n_members);
	if (keys != NULL)
		d->keys = build_references(b, keys, "the name of a field", KEYS_MAX, &c->n_keys);
}

static void read_body(struct builder *b, const struct node *doc, struct draft *d)
{
	static const char *const known[] = { "type",	  "rules",   "group-by", "timespan",
					     "condition", "aliases", "generate" };
	const struct node *map = node_get(doc, "correlation");
	struct correlation *c = d->rule.correlation;

	if (map->kind != NODE_MAP) {
		BAD(b, map, "'correlation' must be a map");
		return;
	}
	check_keys(b, map, "correlation", known, COUNT(known));
	read_type(b, map, c);
	read_members(b, map, d);
	read_timespan(b, map, doc, c);
	if (!b->bad)
		read_condition(b, map, d);
	read_aliases(b, map, d);
	read_generate(b, node_get(doc, "generate"), c);
	read_generate(b, node_get(map, "generate"), c);
}

/* The subject is by default what it groups by. */
static void set_entity(struct draft *d)
{
	struct rule_info *info = &d->rule.info;

	_Static_assert(KEYS_MAX <= RULE_ENTITY_MAX, "group-by fields are a subject");
	if (info->n_entity > 0)
		return;
	for (size_t i = 0; i < d->rule.correlation->n_keys; i++)
		info->entity[info->n_entity++] = (const char *)d->keys[i].text.p;
}

void build_correlation(struct builder *b, const struct node *doc, const char *path)
{
	struct draft *d = arena_alloc(&b->set->arena, sizeof *d);
	bool bad;

	if (d == NULL ||
	    (d->rule.correlation = arena_alloc(&b->set->arena, sizeof(struct correlation))) == NULL)
		return;
	d->at = (struct node){ .kind = NODE_SCALAR, .line = doc->line, .column = doc->column };
	build_meta(b, doc, &d->rule);
	bad = b->bad;
	b->bad = false; /* so that both kinds of errors are told */
	read_body(b, doc, d);
	b->bad |= bad;
	d->rule.info.path = path;
	d->rule.info.correlation = d->rule.info.stateful = true;
	if (b->bad || !build_known(b, doc, &d->rule, -1 - (int64_t)b->n_drafts))
		return;
	set_entity(d);
	b->n_drafts++;
	*b->drafts_tail = d;
	b->drafts_tail = &d->next;
}
