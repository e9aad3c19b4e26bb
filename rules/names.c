#include "rules/names.h"

#include "core/config/yaml.h"
#include "rules/rules.h"

static const struct row {
	const char *name;
	struct binding bind;
} rows[] = {
	/* Views come first: they overrule an alias of the same name. */
	{ "cs-uri-query", { BIND_VIEW, VIEW_QUERY } },
	{ "c-uri-query", { BIND_VIEW, VIEW_QUERY } },
	{ "cs-uri", { BIND_VIEW, VIEW_TARGET } },
	{ "c-uri", { BIND_VIEW, VIEW_TARGET } },
	{ "c-uri-extension", { BIND_VIEW, VIEW_EXTENSION } },
	{ "time-taken", { BIND_VIEW, VIEW_MS } },
	{ "cal.in_hours", { BIND_VIEW, VIEW_IN_HOURS } },
#define ALIAS(name, field) { name, { BIND_FIELD, F_##field } },
#include "rules/aliases.def"
#undef ALIAS
#define DERIVED(id, name, type, part, doc) { name, { BIND_DERIVED, D_##id } },
#include "rules/derived.def"
#undef DERIVED
#define GROUP(g, table, doc)
#define FIELD(g, id, name, type, origin, doc) { name, { BIND_FIELD, F_##id } },
#include "core/event/fields.def"
#undef GROUP
#undef FIELD
};

_Static_assert(F_COUNT < 256 && D_COUNT < 256, "a binding's id is a byte");

struct binding name_bind(struct slice name)
{
	for (size_t i = 0; i < COUNT(rows); i++)
		if (slice_is(name, rows[i].name))
			return rows[i].bind;
	return (struct binding){ BIND_NONE, 0 };
}

const char *name_canonical(struct binding b)
{
	return b.kind == BIND_FIELD ? event_fields[b.id].name : NULL;
}

const char *name_nearest(struct slice name)
{
	const char *names[COUNT(rows)];

	for (size_t i = 0; i < COUNT(rows); i++)
		names[i] = rows[i].name;
	return nearest(name, names, COUNT(names));
}

bool name_is_stateful(struct slice name)
{
	return slice_starts(name, SLICE("usage."));
}

bool name_asks_roster(struct slice name)
{
	return slice_is(name, "user.on_duty") || slice_is(name, "user.night_ok");
}
