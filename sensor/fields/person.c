#include "sensor/fields/person.h"

#include <strings.h>

static const struct person_header shipped[] = {
#define PERSON(name, fact) { { (const uint8_t *)(name), sizeof(name) - 1 }, PERSON_##fact },
#include "sensor/fields/person.def"
#undef PERSON
};

const struct person_header *person_header(struct slice name, const struct parse_context *ctx, size_t *rank)
{
	bool own = ctx->wanted != NULL && ctx->wanted->n_person > 0;
	const struct person_header *rows = own ? ctx->wanted->person : shipped;
	size_t n = own ? ctx->wanted->n_person : COUNT(shipped);

	for (size_t i = 0; i < n; i++)
		if (rows[i].name.n == name.n && rows[i].name.p[0] == (name.p[0] | 0x20) &&
		    strncasecmp((const char *)rows[i].name.p, (const char *)name.p, name.n) == 0) {
			*rank = i;
			return &rows[i];
		}
	return NULL;
}
