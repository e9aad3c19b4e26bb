#include "rules/calendar/person.h"

struct slice who_name(struct slice who, enum who_kind *kind)
{
	*kind = slice_starts(who, SLICE("role:"))   ? WHO_ROLE
		: slice_starts(who, SLICE("dept:")) ? WHO_DEPARTMENT
						    : WHO_USER;
	return *kind == WHO_USER ? who : slice_from(who, 5);
}

bool next_role(struct slice *roles, struct slice *role)
{
	const uint8_t *comma;

	if (roles->n == 0)
		return false;
	comma = memchr(roles->p, ',', roles->n);
	*role = slice_head(*roles, comma == NULL ? roles->n : (size_t)(comma - roles->p));
	*roles = slice_from(*roles, role->n + 1);
	return true;
}

bool who_means(struct slice who, const struct person *p)
{
	struct slice roles = p->roles, role, name;
	enum who_kind kind;

	name = who_name(who, &kind);
	if (name.n == 0)
		return false;
	if (kind != WHO_ROLE)
		return slice_eq(name, kind == WHO_USER ? p->user : p->department);
	while (next_role(&roles, &role))
		if (slice_eq(name, role))
			return true;
	return false;
}
