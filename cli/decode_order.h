/* Events as JSON lines in order of completion: a window of bounded size is held back. One thread. */
#ifndef TK_CLI_DECODE_ORDER_H
#define TK_CLI_DECODE_ORDER_H

#include "core/base/buf.h"
#include "core/event/event.h"

struct held;
struct order {
	struct held *held; /* ORDER_WINDOW slots; heap[] orders those in use */
	uint32_t *heap;
	size_t n_held;
	uint64_t sequence;
	bool failed;	   /* standard output does not take any more */
	uint64_t left_out; /* events for whose text there was no memory */
};
#define ORDER_WINDOW 4096

bool order_init(struct order *o); /* false: no memory */
void order_free(struct order *o);
/* Takes the event, and prints the earliest one when the window is full. */
void order_hold(struct order *o, const struct access_event *ev);
/* Prints what is held. */
void order_flush(struct order *o);

#endif
