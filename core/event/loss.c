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
