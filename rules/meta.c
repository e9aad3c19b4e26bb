/* What a rule says of itself, and its `tochoku` block (sigma-digest.md 1, 3, 13). */
#include "rules/build.h"
#include "rules/run.h"

#define TITLE_MAX 256

static const char *const level_names[LEVEL_COUNT] = { "informational", "low", "medium", "high", "critical" };

const char *level_name(enum level l)
{
	return (unsigned)l < LEVEL_COUNT ? level_names[l] : "informational";
}

bool level_parse(struct slice text, enum level *out)
{
	for (int l = 0; l < LEVEL_COUNT; l++)
		if (slice_is(text, level_names[l])) {
			*out = (enum level)l;
			return true;
		}
	return false;
}

/* Optional text under a key; anything but a scalar is an error. */
static const char *text_of(struct builder *b, const struct node *map, const char *key)
{
	const struct node *n = node_get(map, key);

	if (n == NULL || (n->kind == NODE_SCALAR && node_scalar_type(n) == SCALAR_NULL))
		return NULL;
	if (n->kind != NODE_SCALAR) {
		BAD(b, n, "'%s' must be text", key);
		return NULL;
	}
	return arena_str(&b->set->arena, n->text);
}

static bool is_uuid(struct slice s)
{
	if (s.n != 36)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? c != '-' : !((c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'f')))
			return false;
	}
	return true;
}

static void source_field(struct builder *b, const struct node *map, const char *key, struct slice *out)
{
	const char *text = text_of(b, map, key);

	*out = slice_str(text);
}

static bool source_is(struct slice rule, const char *event)
{
	return rule.p == NULL || (event != NULL && slice_is(rule, event));
}

/* The log sources of an access event (interface.md 4). An encrypted connection that could not be read is an
 * event too, and no call: rules for calls would take silence for an answer. */
static void find_events(struct rule *r)
{
	static const struct {
		const char *category, *product, *service;
		bool connection;
	} access[] = {
		{ "llm_api", NULL, NULL, false },
		{ "webserver", NULL, NULL, false },
		{ "proxy", NULL, NULL, false },
		{ NULL, "tochoku", "access", false },
		{ "network_connection", NULL, NULL, true },
		{ NULL, "tochoku", "connection", true },
	};

	static const char *const own[] = {
		[OWN_MINUTE] = "minute", [OWN_DAY_CLOSE] = "day_close", [OWN_SENSOR] = "sensor",
		[OWN_KEYS] = "keys",
	};

	for (size_t i = 0; i < COUNT(access); i++) {
		if (!source_is(r->source.category, access[i].category) ||
		    !source_is(r->source.product, access[i].product) ||
		    !source_is(r->source.service, access[i].service))
			continue;
		r->on_connection |= access[i].connection;
		r->on_call |= !access[i].connection;
	}
	for (size_t i = 0; i < COUNT(own); i++)
		if (source_is(r->source.category, NULL) && source_is(r->source.product, "tochoku") &&
		    source_is(r->source.service, own[i]))
			r->own |= (uint8_t)(1 << i);
}

void build_source(struct builder *b, const struct node *doc, struct rule *r)
{
	const struct node *n = node_get(doc, "logsource");

	if (n == NULL || n->kind != NODE_MAP) {
		BAD(b, n == NULL ? doc : n, "'logsource' is needed, with category, product or service");
		return;
	}
	source_field(b, n, "category", &r->source.category);
	source_field(b, n, "product", &r->source.product);
	source_field(b, n, "service", &r->source.service);
	if (r->source.category.p == NULL && r->source.product.p == NULL && r->source.service.p == NULL &&
	    !b->bad)
		BAD(b, n, "the log source must name a category, a product or a service");
	find_events(r);
	b->access = r->on_call || r->on_connection;
	b->own = r->own != 0;
}

static void read_identity(struct builder *b, const struct node *doc, struct rule *r)
{
	const struct node *n = node_get(doc, "title");

	r->info.title = text_of(b, doc, "title");
	if (r->info.title == NULL && !b->bad)
		BAD(b, doc, "a rule needs a 'title'");
	else if (n != NULL && n->text.n > TITLE_MAX)
		problem_warn(b->problems, n, "the title has more than %d bytes", TITLE_MAX);
	r->info.name = text_of(b, doc, "name");
	r->info.id = text_of(b, doc, "id");
	if (r->info.id != NULL && !is_uuid(slice_str(r->info.id)))
		problem_warn(b->problems, node_get(doc, "id"), "'id' should be a UUID");
	if (r->info.id == NULL)
		r->info.id = r->info.name != NULL ? r->info.name : r->info.title;
	r->info.author = text_of(b, doc, "author");
	r->info.description = text_of(b, doc, "description");
}

static void read_tags(struct builder *b, const struct node *n, struct rule *r)
{
	const char **tags;
	size_t max = 0;

	if (n == NULL)
		return;
	if (n->kind != NODE_SEQ) {
		BAD(b, n, "'tags' must be a list");
		return;
	}
	for (const struct node *c = n->child; c != NULL; c = c->next)
		max++;
	r->info.tags = tags = arena_alloc(&b->set->arena, (max + 1) * sizeof *tags);
	for (const struct node *c = n->child; c != NULL && tags != NULL; c = c->next) {
		if (c->kind != NODE_SCALAR)
			BAD(b, c, "a tag is text such as attack.t1078");
		else
			tags[r->info.n_tags++] = arena_str(&b->set->arena, c->text);
	}
}

static void read_level(struct builder *b, const struct node *doc, struct rule *r)
{
	const struct node *n = node_get(doc, "level");

	r->info.level = LEVEL_MEDIUM; /* the text leaves a missing level open */
	if (n == NULL)
		return;
	if (n->kind == NODE_SCALAR && level_parse(n->text, &r->info.level))
		return;
	BAD(b, n, "'level' must be informational, low, medium, high or critical%s",
	    build_hint(b, nearest(n->text, level_names, LEVEL_COUNT)));
}

/* ---- the tochoku block ---- */

static void read_bool(struct builder *b, const struct node *n, bool *out)
{
	if (n == NULL)
		return;
	if (n->kind != NODE_SCALAR || node_scalar_type(n) != SCALAR_BOOL)
		BAD(b, n, "true or false was expected");
	else
		*out = n->text.n == 4;
}

static void add_entity(struct builder *b, const struct node *n, struct rule *r)
{
	if (n->kind != NODE_SCALAR || n->text.n == 0) {
		BAD(b, n, "'entity' takes the names of fields");
		return;
	}
	if (r->info.n_entity == RULE_ENTITY_MAX) {
		BAD(b, n, "'entity' takes at most %d fields", RULE_ENTITY_MAX);
		return;
	}
	if (!slice_is(n->text, "site") && r->correlation == NULL) /* else aliases may be among them: link.c */
		build_name(b, n, n->text);
	r->info.entity[r->info.n_entity++] = arena_str(&b->set->arena, n->text);
}

static void read_entity(struct builder *b, const struct node *n, struct rule *r)
{
	if (n == NULL)
		return;
	if (n->kind != NODE_SEQ) {
		add_entity(b, n, r);
		return;
	}
	for (const struct node *c = n->child; c != NULL; c = c->next)
		add_entity(b, c, r);
}

static void read_once(struct builder *b, const struct node *n, struct rule *r)
{
	if (n == NULL)
		return;
	if (n->kind == NODE_SCALAR && slice_is(n->text, "day"))
		r->info.once = ONCE_DAY;
	else if (n->kind == NODE_SCALAR && slice_is(n->text, "shift"))
		r->info.once = ONCE_SHIFT;
	else
		BAD(b, n, "'once-per' must be day or shift");
}

/* "10m": a number and s, m, h or d, as a correlation's timespan; at most a day, for findings are of a day. */
static void read_suppress(struct builder *b, const struct node *n, struct rule *r)
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
	int64_t number = 0, seconds = 0;
	size_t i = 0;

	if (n == NULL)
		return;
	while (n->kind == NODE_SCALAR && i < n->text.n && i < 6 && n->text.p[i] >= '0' && n->text.p[i] <= '9')
		number = number * 10 + (n->text.p[i++] - '0');
	for (size_t k = 0; i > 0 && i + 1 == n->text.n && k < COUNT(units); k++)
		if (n->text.p[i] == (uint8_t)units[k].unit)
			seconds = number * units[k].seconds;
	if (seconds <= 0 || seconds > 86400)
		BAD(b, n, "'suppress' is a time such as 10m: a number and s, m, h or d, at most 1d");
	r->info.suppress_ns = seconds * 1000000000;
}

static void read_action(struct builder *b, const struct node *n, struct rule *r)
{
	if (n == NULL)
		return;
	if (n->kind != NODE_MAP) {
		BAD(b, n, "'action' must be a map with ja and en");
		return;
	}
	for (const struct node *c = n->child; c != NULL; c = c->next)
		if (!slice_is(c->key->text, "ja") && !slice_is(c->key->text, "en"))
			BAD(b, c->key, "'action' has the languages ja and en only");
	r->info.action_ja = text_of(b, n, "ja");
	r->info.action_en = text_of(b, n, "en");
}

static void check_times(struct builder *b, const struct node *events, const struct tree *list)
{
	const struct node *n = events->child;
	int64_t ns;

	for (const struct tree *t = list->child; t != NULL && n != NULL; t = t->next, n = n->next)
		if (!generic_time(t, &ns))
			BAD(b, n, "an event of a correlation's test needs '@timestamp', "
				  "such as '2026-01-05T08:00:00+09:00'");
}

static void add_test(struct builder *b, const struct node *n, struct rule *r)
{
	const struct node *events = n->kind == NODE_MAP ? node_get(n, "events") : NULL, *expect;
	struct rule_test *t = arena_alloc(&b->set->arena, sizeof *t), **tail = &r->tests;

	if (events == NULL || events->kind != NODE_SEQ || events->child == NULL) {
		BAD(b, n, "a test needs 'events', a list");
		return;
	}
	expect = node_get(n, "expect");
	if (expect == NULL || (!slice_is(expect->text, "match") && !slice_is(expect->text, "none"))) {
		BAD(b, expect == NULL ? n : expect, "a test needs 'expect': match or none");
		return;
	}
	if (t == NULL)
		return;
	t->expect = slice_is(expect->text, "match");
	t->name = text_of(b, n, "name");
	t->events = tree_from_yaml(&b->set->arena, events);
	if (r->correlation != NULL && t->events != NULL)
		check_times(b, events, t->events);
	t->line = n->line;
	while (*tail != NULL)
		tail = &(*tail)->next;
	*tail = t;
}

static void read_tests(struct builder *b, const struct node *n, struct rule *r)
{
	if (n == NULL)
		return;
	if (n->kind != NODE_SEQ) {
		BAD(b, n, "'tests' must be a list");
		return;
	}
	for (const struct node *c = n->child; c != NULL; c = c->next)
		add_test(b, c, r);
}

static void read_window(struct builder *b, const struct node *n, const struct correlation *c)
{
	if (n == NULL)
		return;
	if (c == NULL)
		BAD(b, n, "'window' is for correlations only");
	else if (n->kind != NODE_SCALAR || !slice_is(n->text, "day"))
		BAD(b, n, "'window' must be day: the local calendar day instead of the sliding timespan");
}

static void check_keys(struct builder *b, const struct node *block)
{
	static const char *const known[] = { "title_ja", "entity",  "once-per", "suppress", "action",
					     "enabled",  "tests",   "window",   "reason" };

	for (const struct node *c = block->child; c != NULL; c = c->next) {
		size_t i = 0;

		while (i < COUNT(known) && !slice_is(c->key->text, known[i]))
			i++;
		if (i < COUNT(known))
			continue;
		BAD(b, c->key, "unknown key '%.*s' in 'tochoku'%s", (int)c->key->text.n,
		    (const char *)c->key->text.p, build_hint(b, nearest(c->key->text, known, COUNT(known))));
	}
}

static bool is_listed(const char *const *ids, size_t n, const char *id)
{
	while (n-- > 0)
		if (strcmp(ids[n], id) == 0)
			return true;
	return false;
}

/* The site's word goes before the rule's. */
static void switch_rule(const struct builder *b, struct rule *r)
{
	const struct config *cfg = b->lists == NULL ? NULL : b->lists->cfg;

	if (b->lists != NULL && b->lists->all_on)
		r->info.enabled = true;
	if (cfg == NULL || r->info.id == NULL || b->lists->all_on)
		return;
	if (is_listed(cfg->rules_on, cfg->n_rules_on, r->info.id))
		r->info.enabled = true;
	if (is_listed(cfg->rules_off, cfg->n_rules_off, r->info.id))
		r->info.enabled = false;
}

static void read_block(struct builder *b, const struct node *doc, struct rule *r)
{
	const struct node *n = node_get(doc, "tochoku");

	r->info.enabled = true;
	switch_rule(b, r);
	if (n == NULL)
		return;
	if (n->kind != NODE_MAP) {
		BAD(b, n, "'tochoku' must be a map");
		return;
	}
	check_keys(b, n);
	r->info.title_ja = text_of(b, n, "title_ja");
	read_bool(b, node_get(n, "enabled"), &r->info.enabled);
	switch_rule(b, r);
	read_entity(b, node_get(n, "entity"), r);
	read_once(b, node_get(n, "once-per"), r);
	read_suppress(b, node_get(n, "suppress"), r);
	read_action(b, node_get(n, "action"), r);
	build_reason(b, node_get(n, "reason"), r);
	read_tests(b, node_get(n, "tests"), r);
	read_window(b, node_get(n, "window"), r->correlation);
}

void build_meta(struct builder *b, const struct node *doc, struct rule *r)
{
	b->access = false;
	if (r->correlation == NULL)
		build_source(b, doc, r);
	read_identity(b, doc, r);
	read_level(b, doc, r);
	read_tags(b, node_get(doc, "tags"), r);
	read_block(b, doc, r);
	if (r->correlation == NULL && !r->on_call && !r->on_connection && r->own == 0 && !b->bad)
		problem_warn(b->problems, node_get(doc, "logsource"),
			     "no event of this program has this log source: the rule will not fire here");
}
