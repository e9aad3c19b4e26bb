/* What documents refer to, once all are read: members of correlations, rules of filters. Correlations are
 * appended to the set behind what they refer to, so that the order of evaluation is the order of the set. */
#include "rules/build.h"

#define RULES_MAX 65535
#define PATH_TEXT_MAX 400

#define WRONG(l, path, ref, ...)                                                                             \
	problem_at((l)->b->problems = (l)->problems((l)->ctx, (path)), &(ref)->at, __VA_ARGS__)

/* ---- names ---- */

static int64_t *known(struct builder *b, const char *name)
{
	return map_get(b->known, slice_str(name));
}

static const struct rule *known_rule(struct builder *b, int64_t number)
{
	const struct draft *d = b->drafts;

	if (number >= 0)
		return &b->set->rules[number];
	for (int64_t i = -1; i > number; i--)
		d = d->next;
	return &d->rule;
}

bool build_known(struct builder *b, const struct node *doc, const struct rule *r, int64_t number)
{
	const char *names[] = { r->info.id, r->info.name };

	for (size_t i = 0; i < COUNT(names); i++) {
		const int64_t *taken = names[i] == NULL ? NULL : known(b, names[i]);
		const struct node *at = node_get(doc, i == 1 || r->info.id == r->info.name ? "name" : "id");
		const struct rule *o;

		if (taken == NULL)
			continue;
		o = known_rule(b, *taken);
		BAD(b, at != NULL ? at : doc, "the rule '%s' has the same id or name as '%s' in %s",
		    r->info.title, o->info.title, o->info.path);
		return false;
	}
	for (size_t i = 0; i < COUNT(names); i++)
		if (names[i] != NULL && map_put(b->known, slice_str(names[i]), number) == NULL)
			b->work.failed = true;
	return true;
}

static const char *nearest_known(struct builder *b, struct slice word)
{
	size_t n = map_count(b->known);
	const char **names = arena_alloc(&b->work, (n + 1) * sizeof *names);

	for (size_t i = 0; names != NULL && i < n; i++)
		names[i] = arena_str(&b->work, map_key(b->known, i));
	return names == NULL || b->work.failed ? NULL : nearest(word, names, n);
}

static void unknown(struct linker *l, const char *path, const struct reference *ref)
{
	WRONG(l, path, ref, "no rule has the id or name '%.*s'%s", (int)ref->text.n,
	      (const char *)ref->text.p, build_hint(l->b, nearest_known(l->b, ref->text)));
}

/* ---- members ---- */

static struct draft *draft_of(struct builder *b, int64_t number)
{
	struct draft *d = b->drafts;

	for (int64_t i = -1; i > number; i--)
		d = d->next;
	return d;
}

static void resolve(struct linker *l, struct draft *d);

/* False after an error. */
static bool resolve_member(struct linker *l, struct draft *d, size_t i)
{
	const struct reference *ref = &d->members[i];
	const int64_t *number = map_get(l->b->known, ref->text);
	const char *path = d->rule.info.path;
	struct draft *inner;

	if (number == NULL) {
		unknown(l, path, ref);
		return false;
	}
	if (!known_rule(l->b, *number)->info.enabled && d->rule.info.enabled)
		problem_warn(l->problems(l->ctx, path), &ref->at,
			     "'%.*s' is disabled, so it never matches: this correlation waits in vain",
			     (int)ref->text.n, (const char *)ref->text.p);
	if (*number >= 0) {
		d->rule.correlation->members[i].rule = (uint32_t)*number;
		return true;
	}
	inner = draft_of(l->b, *number);
	if (inner->state == DRAFT_OPEN) {
		WRONG(l, path, ref, "'%.*s' refers back to this correlation: a circle", (int)ref->text.n,
		      (const char *)ref->text.p);
		return false;
	}
	resolve(l, inner);
	if (inner->state == DRAFT_BAD) {
		WRONG(l, path, ref, "'%.*s' was left out, so this correlation is too", (int)ref->text.n,
		      (const char *)ref->text.p);
		return false;
	}
	d->rule.correlation->members[i].rule = inner->number;
	return true;
}

/* The number of the member that the text names, or n_members. */
static size_t member_named(struct linker *l, const struct draft *d, struct slice text)
{
	const int64_t *number = map_get(l->b->known, text);
	size_t i = 0, n = d->rule.correlation->n_members;

	for (; i < n && number != NULL; i++) {
		const int64_t *other = map_get(l->b->known, d->members[i].text);

		if (other != NULL && *other == *number)
			return i;
	}
	return n;
}

static bool check_aliases(struct linker *l, const struct draft *d)
{
	bool good = true;

	for (const struct alias *a = d->aliases; a != NULL; a = a->next)
		for (const struct alias_entry *e = a->entries; e != NULL; e = e->next) {
			const char *names[MEMBERS_MAX];
			size_t n = d->rule.correlation->n_members;

			if (member_named(l, d, e->rule.text) < n)
				continue;
			for (size_t i = 0; i < n; i++)
				names[i] = (const char *)d->members[i].text.p;
			WRONG(l, d->rule.info.path, &e->rule,
			      "the alias names '%.*s', which is none of 'rules'%s", (int)e->rule.text.n,
			      (const char *)e->rule.text.p,
			      build_hint(l->b, nearest(e->rule.text, names, n)));
			good = false;
		}
	return good;
}

/* What a member calls the field: itself, or what an alias of that name gives; NULL: it has no entry. */
static const struct reference *field_of(struct linker *l, const struct draft *d, size_t member,
					const struct reference *name)
{
	const struct alias *a = d->aliases;

	while (a != NULL && !slice_eq(a->name.text, name->text))
		a = a->next;
	if (a == NULL)
		return name;
	for (const struct alias_entry *e = a->entries; e != NULL; e = e->next)
		if (d->rule.correlation->members[member_named(l, d, e->rule.text)].rule ==
		    d->rule.correlation->members[member].rule)
			return &e->field;
	return NULL;
}

/* Whose events the rule meets: names that it gives are of these. */
static void add_events(struct builder *b, uint32_t rule)
{
	const struct rule *r = &b->set->rules[rule];

	for (size_t i = 0; r->correlation != NULL && i < r->correlation->n_members; i++)
		add_events(b, r->correlation->members[i].rule);
	b->access |= r->on_call || r->on_connection;
	b->own |= r->own != 0;
}

static bool is_key(const struct draft *d, struct slice name)
{
	for (size_t k = 0; k < d->rule.correlation->n_keys; k++)
		if (slice_eq(d->keys[k].text, name))
			return true;
	return false;
}

static bool resolve_reason(struct linker *l, struct draft *d)
{
	const struct correlation *c = d->rule.correlation;
	const char *sentences[] = { d->rule.info.reason_ja, d->rule.info.reason_en };
	bool good = true;

	for (size_t i = 0; i < COUNT(sentences); i++)
		good &= sentences[i] == NULL ||
			build_reason_names(l->b, &d->at, &d->rule, sentences[i], d->keys, c->n_keys);
	return good;
}

static void resolve_names(struct linker *l, struct draft *d)
{
	struct correlation *c = d->rule.correlation;
	struct builder *b = l->b;

	c->one_key = true;
	for (size_t i = 0; i < c->n_members; i++) {
		struct member *m = &c->members[i];

		m->names = arena_alloc(&b->set->arena, (c->n_keys + c->n_fields + 1) * sizeof *m->names);
		if (m->names == NULL)
			return;
		for (size_t k = 0; k < c->n_keys + c->n_fields; k++) {
			const struct reference *name = k < c->n_keys ? &d->keys[k]
								     : &d->fields[k - c->n_keys],
					       *f = field_of(l, d, i, name);

			if (i > 0 && f == name && field_of(l, d, 0, name) == name)
				m->names[k] = c->members[0].names[k]; /* warned of once, if at all */
			else
				m->names[k] = f == NULL ? NAME_NONE : build_name(b, &f->at, f->text);
			c->one_key &= m->names[k] == c->members[0].names[k];
		}
	}
	c->keys = arena_alloc(&b->set->arena, (c->n_keys + 1) * sizeof *c->keys);
	for (size_t k = 0; c->keys != NULL && k < c->n_keys; k++)
		c->keys[k] = d->keys[k].text;
	for (size_t i = 0; i < d->rule.info.n_entity; i++) {
		struct slice name = slice_str(d->rule.info.entity[i]);

		if (!slice_is(name, "site") && !is_key(d, name))
			build_name(b, &d->at, name);
	}
}

/* How long an event counts: it changes the window for a span, and what the window says is remembered for one
 * more; and so for each correlation below. */
static void resolve_depth(struct linker *l, struct draft *d)
{
	struct correlation *c = d->rule.correlation;
	const struct rule_set *s = l->b->set;
	int64_t below = 0;

	for (size_t i = 0; i < c->n_members; i++) {
		const struct correlation *in = s->rules[c->members[i].rule].correlation;

		if (in == NULL)
			continue;
		below = in->memory > below ? in->memory : below;
		c->depth = in->depth > c->depth ? in->depth : c->depth;
	}
	c->depth++;
	c->memory = below + 2 * c->span;
}

static void append(struct linker *l, struct draft *d)
{
	struct rule_set *s = l->b->set;
	struct rule *own;

	if (s->n_rules == RULES_MAX) {
		problem_at(l->problems(l->ctx, d->rule.info.path), &d->at, "more than %d rules", RULES_MAX);
		d->state = DRAFT_BAD;
		return;
	}
	own = grow((void **)&s->rules, &s->n_rules, &s->cap_rules, sizeof *own);
	if (own == NULL) {
		l->b->work.failed = true;
		return;
	}
	d->number = d->rule.correlation->rule = (uint32_t)(s->n_rules - 1);
	*own = d->rule;
	for (size_t i = 0; i < own->correlation->n_members; i++)
		own->info.asks_roster |= s->rules[own->correlation->members[i].rule].info.asks_roster;
	s->correlations[s->n_correlations++] = d->rule.correlation;
	d->state = DRAFT_DONE;
}

static void resolve(struct linker *l, struct draft *d)
{
	struct correlation *c = d->rule.correlation;
	struct builder *b = l->b;
	bool good = true;

	if (d->state != DRAFT_NEW)
		return;
	d->state = DRAFT_OPEN;
	c->members = arena_alloc(&l->b->set->arena, c->n_members * sizeof *c->members);
	for (size_t i = 0; c->members != NULL && i < c->n_members; i++)
		good &= resolve_member(l, d, i);
	if (good)
		resolve_depth(l, d);
	if (good && c->depth > DEPTH_MAX) {
		problem_at(l->problems(l->ctx, d->rule.info.path), &d->at,
			   "a chain of more than %d correlations", DEPTH_MAX);
		good = false;
	}
	good = good && check_aliases(l, d);
	d->state = good ? DRAFT_OPEN : DRAFT_BAD;
	if (!good)
		return;
	b->access = b->own = false;
	memset(b->uses, 0, sizeof b->uses);
	b->problems = l->problems(l->ctx, d->rule.info.path);
	for (size_t i = 0; i < c->n_members; i++)
		add_events(b, c->members[i].rule);
	if (!resolve_reason(l, d)) {
		d->state = DRAFT_BAD;
		return;
	}
	resolve_names(l, d);
	memcpy(d->rule.info.uses, b->uses, sizeof b->uses);
	append(l, d);
}

/* ---- filters ---- */

static bool part_covers(struct slice filter, struct slice rule)
{
	return filter.p == NULL || (rule.p != NULL && slice_eq(filter, rule));
}

static bool covers(const struct filter *f, const struct rule *r)
{
	return part_covers(f->source.category, r->source.category) &&
	       part_covers(f->source.product, r->source.product) &&
	       part_covers(f->source.service, r->source.service);
}

static bool join(struct linker *l, const struct filter *f, struct rule *r)
{
	struct rule_set *s = l->b->set;
	uint32_t start = (uint32_t)s->n_code;

	if (!build_joined(l->b, r->code, r->n_code, f->code, f->n_code)) {
		s->n_code = start;
		return false;
	}
	r->code = start;
	r->n_code = (uint32_t)s->n_code - start;
	for (size_t i = 0; i < D_COUNT; i++)
		r->info.uses[i] |= f->uses[i];
	return true;
}

static void apply_to(struct linker *l, const struct filter *f, const struct reference *ref)
{
	const int64_t *number = map_get(l->b->known, ref->text);
	int length = (int)ref->text.n;
	const char *text = (const char *)ref->text.p;

	if (number == NULL)
		unknown(l, f->path, ref);
	else if (*number < 0)
		WRONG(l, f->path, ref, "'%.*s' is a correlation: filter its rules instead", length, text);
	else if (!covers(f, &l->b->set->rules[*number]))
		problem_warn(
			l->problems(l->ctx, f->path), &ref->at,
			"the filter's log source does not cover that of '%.*s': it changes nothing there",
			length, text);
	else if (!join(l, f, &l->b->set->rules[*number]))
		WRONG(l, f->path, ref, "'%.*s' and the filter are too large together", length, text);
}

static void apply(struct linker *l, const struct filter *f)
{
	struct rule_set *s = l->b->set;

	for (size_t i = 0; i < f->n_rules; i++)
		apply_to(l, f, &f->rules[i]);
	for (size_t i = 0; f->any && i < s->n_rules; i++)
		if (s->rules[i].correlation == NULL && covers(f, &s->rules[i]))
			join(l, f, &s->rules[i]);
}

/* ---- who speaks ---- */

static void list_feeds(struct rule_set *s)
{
	for (size_t i = s->n_correlations; i-- > 0;)
		for (size_t k = s->correlations[i]->n_members; k-- > 0;) {
			struct rule *r = &s->rules[s->correlations[i]->members[k].rule];
			struct feed *f = arena_alloc(&s->arena, sizeof *f);

			if (f == NULL)
				return;
			*f = (struct feed){ r->feeds, (uint32_t)i, (uint32_t)k };
			r->feeds = f;
		}
}

/* D-GENERATE: a member is silent, unless a correlation over it says that it is not. */
static void set_alerts(struct rule_set *s)
{
	for (size_t i = 0; i < s->n_rules; i++) {
		struct rule *r = &s->rules[i];
		bool used = false, loud = false;

		for (const struct feed *f = r->feeds; f != NULL; f = f->next) {
			const struct correlation *c = s->correlations[f->correlation];

			used = true; /* also by one that is turned off: its parts are no alerts of their own
				      */
			loud |= s->rules[c->rule].info.enabled && c->generate;
		}
		r->info.alerts = r->info.enabled && (!used || loud);
	}
}

/* Behind set_alerts. A correlation's members stand before it, so those that look at it are settled first. */
static void set_runs(struct rule_set *s)
{
	for (size_t i = s->n_rules; i-- > 0;) {
		struct rule *r = &s->rules[i];

		r->runs = r->info.alerts;
		for (const struct feed *f = r->feeds; f != NULL && r->info.enabled; f = f->next)
			r->runs |= s->rules[s->correlations[f->correlation]->rule].runs;
	}
}

static void set_needs(struct linker *l)
{
	struct builder *b = l->b;
	struct rule_set *s = b->set;

	for (size_t i = 0; i < s->n_rules; i++) {
		if (!s->rules[i].runs)
			continue;
		b->access = b->own = false;
		add_events(b, (uint32_t)i);
		for (size_t d = 0; d < D_COUNT; d++) {
			s->needs[d] |= b->access && s->rules[i].info.uses[d];
			s->needs_own[d] |= b->own && s->rules[i].info.uses[d];
		}
	}
}

void link_set(struct linker *l)
{
	struct rule_set *s = l->b->set;

	s->correlations = arena_alloc(&s->arena, (l->b->n_drafts + 1) * sizeof(struct correlation *));
	if (s->correlations == NULL)
		return; /* the arena says so */
	for (struct draft *d = l->b->drafts; d != NULL; d = d->next) {
		arena_reset(&l->b->work);
		resolve(l, d);
	}
	for (const struct filter *f = l->b->filters; f != NULL; f = f->next)
		apply(l, f);
	list_feeds(s);
	set_alerts(s);
	set_runs(s);
	set_needs(l);
}
