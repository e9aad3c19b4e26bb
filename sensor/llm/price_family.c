/* Who serves a model, by the names that events and tables have for it. */
#include "sensor/llm/price_table.h"

static const struct family {
	const char *name;
	bool first;
	const char *prefixes;
} families[] = {
#define FAMILY(name, first, prefixes) { name, first, prefixes },
#include "sensor/llm/prices.def"
};

static const struct alias {
	const char *name, *family;
} aliases[] = {
#define ALIAS(name, family) { name, family },
#include "sensor/llm/prices.def"
};

static bool alias_matches(const char *name, struct slice provider)
{
	size_t n = strlen(name);

	return name[n - 1] == '*' ? slice_starts(provider, slice_of(name, n - 1)) : slice_is(provider, name);
}

struct slice price_family(struct slice provider)
{
	for (size_t i = 0; i < COUNT(aliases); i++)
		if (alias_matches(aliases[i].name, provider))
			return slice_str(aliases[i].family);
	return provider;
}

struct slice price_family_first(size_t i)
{
	for (size_t k = 0; k < COUNT(families); k++)
		if (families[k].first && i-- == 0)
			return slice_str(families[k].name);
	return slice_of(NULL, 0);
}

static const struct family *find_family(struct slice name)
{
	for (size_t i = 0; i < COUNT(families); i++)
		if (slice_is(name, families[i].name))
			return &families[i];
	return NULL;
}

int price_family_strip(struct slice family, struct slice provider, struct slice *key)
{
	const struct family *f = find_family(family);
	int rank = 0, bare = 99;

	if (f == NULL) {
		if (slice_starts(*key, provider) && provider.n < key->n && key->p[provider.n] == '/')
			*key = slice_from(*key, provider.n + 1);
		return 0;
	}
	for (const char *at = f->prefixes; *at != 0; rank++) {
		struct slice prefix = slice_of(at, strcspn(at, " "));

		at += prefix.n + (at[prefix.n] == ' ');
		if (slice_is(prefix, "-")) {
			bare = rank;
		} else if (slice_starts(*key, prefix) && key->n > prefix.n) {
			*key = slice_from(*key, prefix.n);
			return rank;
		}
	}
	return bare;
}
