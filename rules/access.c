/* Access events: names by field slot, derived fields by the caller's answer. */
#include "rules/literals.h"
#include "rules/run.h"

#include "core/base/zone.h"

static void add_text(struct values *v, struct slice text)
{
	struct val *x = &v->v[v->n++];

	x->kind = VAL_TEXT;
	x->has_text = true;
	x->has_fold = false;
	x->text = text;
}

static struct val *add_plain(struct values *v, enum val_kind kind)
{
	struct val *x = &v->v[v->n++];

	x->kind = (uint8_t)kind;
	x->has_text = x->has_fold = false;
	x->raw = NULL;
	return x;
}

static size_t list_size(struct slice s)
{
	size_t n = 1;

	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == ',';
	return n;
}

static void add_list(struct rule_run *r, struct values *v, struct slice s)
{
	size_t n = v->n + list_size(s);

	if (n > COUNT(v->one)) {
		v->v = arena_raw(&r->arena, n * sizeof *v->v);
		if (v->v == NULL) {
			v->v = v->one;
			return;
		}
	}
	while (s.n > 0) {
		const uint8_t *comma = memchr(s.p, ',', s.n);
		size_t len = comma == NULL ? s.n : (size_t)(comma - s.p);

		add_text(v, slice_head(s, len));
		s = slice_from(s, len + 1);
	}
}

static void add_field(struct rule_run *r, enum field_id f, struct values *v)
{
	static const uint8_t kind[] = { [FT_TIME] = VAL_TIME, [FT_INT] = VAL_INT, [FT_BOOL] = VAL_BOOL,
					[FT_STR] = VAL_TEXT, [FT_LIST] = VAL_TEXT, [FT_IP] = VAL_IP,
					[FT_MICRO] = VAL_MICRO, [FT_ID] = VAL_ID };
	const union value *raw;
	struct val *x;

	if (!ev_known(r->ev, f))
		return;
	raw = ev_value(r->ev, f);
	v->present = true;
	switch (event_fields[f].type) {
	case FT_STR:
		add_text(v, raw->s);
		return;
	case FT_LIST:
		add_list(r, v, raw->s);
		return;
	default:
		x = add_plain(v, kind[event_fields[f].type]);
		x->raw = raw;
		if (x->kind == VAL_INT || x->kind == VAL_BOOL)
			x->num.i = raw->i;
		else if (x->kind == VAL_MICRO)
			x->num = num_micro(raw->i);
	}
}

static void add_derived(struct rule_run *r, enum derived_id id, struct values *v)
{
	struct derived d = *run_derived(r, id);
	struct val *x;

	if (d.kind == DV_NONE)
		return;
	v->present = true;
	if (d.kind == DV_STR) {
		add_text(v, d.s);
		return;
	}
	x = add_plain(v, d.kind == DV_INT ? VAL_INT : d.kind == DV_BOOL ? VAL_BOOL : VAL_MICRO);
	x->num.i = d.i;
	if (x->kind == VAL_MICRO) {
		union value *raw = arena_raw(&r->arena, sizeof *raw);

		x->num = num_micro(d.i);
		if (raw != NULL)
			raw->i = d.i;
		x->raw = raw;
	}
}

/* ---- views ---- */

static struct slice target(struct rule_run *r)
{
	struct slice path = ev_str(r->ev, F_PATH), query = ev_str(r->ev, F_QUERY);
	uint8_t *p;

	if (!ev_known(r->ev, F_QUERY))
		return path;
	p = arena_raw(&r->arena, path.n + 1 + query.n);
	if (p == NULL)
		return path;
	if (path.n > 0)
		memcpy(p, path.p, path.n);
	p[path.n] = '?';
	if (query.n > 0)
		memcpy(p + path.n + 1, query.p, query.n);
	return slice_of(p, path.n + 1 + query.n);
}

static void add_target(struct rule_run *r, struct values *v)
{
	if (!ev_known(r->ev, F_PATH))
		return;
	v->present = true;
	add_text(v, target(r));
}

/* D-URIQUERY: the part behind '?' (null when there is none), and the whole target. */
static void add_query(struct rule_run *r, struct values *v)
{
	if (ev_known(r->ev, F_QUERY)) {
		v->present = true;
		add_text(v, ev_str(r->ev, F_QUERY));
	} else {
		add_plain(v, VAL_NULL);
	}
	add_target(r, v);
}

static void add_extension(struct rule_run *r, struct values *v)
{
	struct slice path = ev_str(r->ev, F_PATH);
	size_t i = path.n;

	while (i > 0 && path.p[i - 1] != '.' && path.p[i - 1] != '/')
		i--;
	if (i == 0 || path.p[i - 1] != '.' || i == path.n)
		return;
	v->present = true;
	add_text(v, slice_from(path, i));
}

static void add_view(struct rule_run *r, enum view view, struct values *v)
{
	switch (view) {
	case VIEW_QUERY:
		add_query(r, v);
		break;
	case VIEW_TARGET:
		add_target(r, v);
		break;
	case VIEW_EXTENSION:
		add_extension(r, v);
		break;
	case VIEW_MS:
		if (ev_known(r->ev, F_DURATION)) {
			v->present = true;
			add_plain(v, VAL_INT)->num.i = ev_int(r->ev, F_DURATION, 0) / 1000000;
		}
		break;
	default: /* VIEW_IN_HOURS */
		if (ev_known(r->ev, F_OFF_HOURS)) {
			v->present = true;
			add_plain(v, VAL_BOOL)->num.i = !ev_int(r->ev, F_OFF_HOURS, 0);
		}
	}
}

/* Keywords: every known value. */
static void add_all(struct rule_run *r, struct values *v)
{
	size_t max = 0;

	for (int f = 0; f < F_COUNT; f++)
		if (ev_known(r->ev, f))
			max += event_fields[f].type == FT_LIST ? list_size(ev_value(r->ev, f)->s) : 1;
	v->v = arena_raw(&r->arena, (max + 1) * sizeof *v->v);
	for (int f = 0; v->v != NULL && f < F_COUNT; f++) {
		struct values one = { .v = one.one };

		add_field(r, f, &one);
		for (uint32_t i = 0; i < one.n && v->n < max; i++)
			v->v[v->n++] = one.v[i];
	}
	v->present = v->n > 0;
}

void access_values(struct rule_run *r, const struct name *name, struct values *v)
{
	switch ((enum bind_kind)name->bind.kind) {
	case BIND_FIELD:
		add_field(r, name->bind.id, v);
		break;
	case BIND_DERIVED:
		add_derived(r, name->bind.id, v);
		break;
	case BIND_VIEW:
		add_view(r, name->bind.id, v);
		break;
	case BIND_ALL:
		add_all(r, v);
		break;
	case BIND_NONE:
		break;
	}
}

bool run_applies(const struct rule_run *r, const struct rule *rule)
{
	if (r->ev == NULL)
		return generic_applies(r, rule);
	if (r->own_bit != 0)
		return (rule->own & r->own_bit) != 0;
	return r->connection ? rule->on_connection : rule->on_call;
}

static size_t take_rule(struct rule_run *r, uint16_t number, size_t n)
{
	return run_applies(r, &r->set->rules[number]) ? run_take(r, number, n) : n;
}

/* Of the first PROSPECTS rules those of `may` that are candidates, if these are known. */
static size_t take_prospects(struct rule_run *r, const struct prospects *may, const uint64_t *candidates)
{
	const struct prospects *asked = r->connection ? &r->on_connection : &r->on_call;
	size_t n = 0;

	for (size_t i = 0; i < PROSPECTS / 64; i++)
		for (uint64_t left = may->word[i] & asked->word[i]; left != 0; left &= left - 1) {
			uint16_t rule = r->access[i * 64 + (unsigned)__builtin_ctzll(left)];

			if (candidates == NULL || candidates[rule / 64] >> rule % 64 & 1)
				n = run_take(r, rule, n);
		}
	return n;
}

/* When correlations take the event to have been, and which it was. */
static void note_event(struct rule_run *r, const struct access_event *ev, int64_t end_ns)
{
	struct slice id = ev_str(ev, F_EVENT_ID);

	r->now_ns = end_ns;
	r->timed = true;
	if (!r->has_id && id.n == sizeof r->id)
		memcpy(r->id, id.p, sizeof r->id);
	else if (!r->has_id)
		memset(r->id, 0, sizeof r->id);
	r->has_id = false;
}

size_t rule_run_own(struct rule_run *r, const struct access_event *ev, enum own_service service,
		    int64_t end_ns, const uint16_t **hits)
{
	size_t n = 0;

	arena_reset(&r->arena);
	run_begin(r, ev, NULL);
	r->own_bit = (uint8_t)(1u << service);
	for (size_t i = 0; i < r->n_own; i++)
		if ((r->set->rules[r->own[i]].own & r->own_bit) != 0)
			n = run_take(r, r->own[i], n);
	note_event(r, ev, end_ns);
	*hits = r->hits;
	return correlate_event(r, n);
}

/* The rules behind. */
static size_t take_others(struct rule_run *r, const uint64_t *candidates, size_t n)
{
	size_t first = r->n_access > PROSPECTS ? r->access[PROSPECTS] : SIZE_MAX;

	for (size_t w = first / 64; w < r->set->n_rules / 64 + 1; w++) {
		uint64_t left = r->access_bits[w] & (candidates == NULL ? UINT64_MAX : candidates[w]);

		if (w == first / 64)
			left &= UINT64_MAX << first % 64;
		for (; left != 0; left &= left - 1)
			n = take_rule(r, (uint16_t)(w * 64 + (unsigned)__builtin_ctzll(left)), n);
	}
	return n;
}

static size_t count_prospects(const struct rule_run *r, const struct prospects *may)
{
	size_t n = r->n_access > PROSPECTS ? r->n_access - PROSPECTS : 0;

	for (size_t i = 0; i < PROSPECTS / 64 && i * 64 < r->n_access; i++)
		n += (size_t)__builtin_popcountll(may->word[i]);
	return n;
}

size_t rule_run_some(struct rule_run *r, const struct access_event *ev, const struct prospects *may,
		     const uint16_t **hits)
{
	const uint64_t *candidates;
	size_t n;

	arena_reset(&r->arena);
	run_begin(r, ev, NULL);
	r->connection = !ev_is_call(ev);
	candidates = literals_candidates(r, count_prospects(r, may));
	n = take_others(r, candidates, take_prospects(r, may, candidates));
	note_event(r, ev, ev_completion(ev));
	*hits = r->hits;
	return correlate_event(r, n);
}

size_t rule_run_event(struct rule_run *r, const struct access_event *ev, const uint16_t **hits)
{
	struct prospects all;

	memset(&all, 0xff, sizeof all);
	return rule_run_some(r, ev, &all, hits);
}

uint32_t run_name(struct rule_run *r, struct slice text)
{
	const struct rule_set *s = r->set;
	uint32_t *met = &r->met[(uintptr_t)text.p / 4 % RUN_MET];

	if (*met != 0 && slice_eq(s->names[*met].text, text))
		return *met;
	for (uint32_t i = 1; i < s->n_names; i++)
		if (slice_eq(s->names[i].text, text))
			return *met = i;
	return NAME_NONE;
}

bool rule_run_entity(struct rule_run *r, const struct access_event *ev, const struct rule_info *info,
		     size_t i, struct buf *out)
{
	uint32_t name;
	struct values *v;
	size_t before = out->n;

	if (i >= info->n_entity)
		return false;
	if (strcmp(info->entity[i], "site") == 0) {
		buf_str(out, "site");
		return true;
	}
	name = correlate_name(r, rule_of_info(info), slice_str(info->entity[i]));
	if (name == NAME_NONE)
		name = run_name(r, slice_str(info->entity[i]));
	if (name == NAME_NONE)
		return false;
	run_begin(r, ev, NULL); /* the caller's event may have changed since the rules ran */
	v = run_values(r, name);
	for (uint32_t k = 0; k < v->n; k++) {
		if (v->v[k].kind < VAL_TEXT)
			continue;
		if (out->n > before)
			buf_byte(out, ',');
		buf_add(out, val_text(r, &v->v[k]));
	}
	return out->n > before;
}
