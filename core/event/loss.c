#include "core/event/loss.h"

static const struct {
	const char *name, *doc;
} rows[LOSS_COUNT] = {
#define LOSS(id, name, doc) [LOSS_##id] = { name, doc },
#include "core/event/losses.def"
#undef LOSS
};

const char *loss_name(enum loss_reason r)
{
	return (size_t)r < COUNT(rows) ? rows[r].name : NULL;
}

const char *loss_doc(enum loss_reason r)
{
	return (size_t)r < COUNT(rows) ? rows[r].doc : NULL;
}

enum loss_reason loss_by_name(struct slice name)
{
	int r = LOSS_NONE + 1;

	while (r < LOSS_COUNT && !slice_is(name, rows[r].name))
		r++;
	return r < LOSS_COUNT ? (enum loss_reason)r : LOSS_NONE;
}
