#include "sensor/fields/person.h"

#include <strings.h>

#include "core/base/lengths.h"

static const struct person_header shipped[] = {
#define PERSON(name, fact) { { (const uint8_t *)(name), sizeof(name) - 1 }, PERSON_##fact },
#include "sensor/fields/person.def"
#undef PERSON
};

static const uint8_t lengths[] = {
#define PERSON(name, fact) sizeof(name) - 1,
#include "sensor/fields/person.def"
#undef PERSON
};

static bool is(const struct person_header *row, struct slice name)
{
	return row->name.n == name.n && row->name.p[0] == (name.p[0] | 0x20) &&
	       strncasecmp((const char *)row->name.p, (const char *)name.p, name.n) == 0;
}

static const struct person_header *find_shipped(struct slice name, size_t *rank)
{
	for (LENGTHS_EACH(i, lengths, name.n))
		if (is(&shipped[i], name)) {
			*rank = i;
			return &shipped[i];
		}
	return NULL;
}

const struct person_header *person_header(struct slice name, const struct parse_context *ctx, size_t *rank)
{
	const struct wanted_headers *own = ctx->wanted;

	if (own == NULL || own->n_person == 0)
		return find_shipped(name, rank);
	for (size_t i = 0; i < own->n_person; i++)
		if (is(&own->person[i], name)) {
			*rank = i;
			return &own->person[i];
		}
	return NULL;
}
