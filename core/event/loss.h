/* Why something is missing (losses.def), and how much of it. */
#ifndef TK_EVENT_LOSS_H
#define TK_EVENT_LOSS_H

#include "core/base/slice.h"

enum loss_reason {
	LOSS_NONE,
#define LOSS(id, name, doc) LOSS_##id,
#include "core/event/losses.def"
#undef LOSS
	LOSS_COUNT
};

struct loss {
	uint8_t reason;    /* enum loss_reason */
	uint64_t n, bytes; /* bytes 0: not known, or none */
};

/* Sums by reason; kept by whoever loses, taken and zeroed by whoever reports. */
struct losses {
	struct loss of[LOSS_COUNT];
};

static inline void losses_add(struct losses *l, enum loss_reason r, uint64_t n, uint64_t bytes)
{
	l->of[r].n += n;
	l->of[r].bytes += bytes;
}

const char *loss_name(enum loss_reason r); /* "kernel_drop"; NULL for a number that is none */
const char *loss_doc(enum loss_reason r);
/* LOSS_NONE: no such name. */
enum loss_reason loss_by_name(struct slice name);

#endif
