#include "cli/decode_order.h"

#include <stdio.h>
#include <stdlib.h>

#define EVENT_TEXT_MAX (1u << 20)

struct held {
	int64_t completion;
	uint64_t sequence;
	struct buf text;
};

bool order_init(struct order *o)
{
	*o = (struct order){ .held = calloc(ORDER_WINDOW, sizeof *o->held),
			     .heap = calloc(ORDER_WINDOW, sizeof *o->heap) };
	if (o->held == NULL || o->heap == NULL)
		return false;
	for (uint32_t i = 0; i < ORDER_WINDOW; i++) {
		o->heap[i] = i;
		buf_init(&o->held[i].text, EVENT_TEXT_MAX);
	}
	return true;
}

void order_free(struct order *o)
{
	for (size_t i = 0; o->held != NULL && i < ORDER_WINDOW; i++)
		buf_free(&o->held[i].text);
	free(o->held);
	free(o->heap);
}

/* ---- a heap of bounded size ---- */

static bool comes_first(const struct order *o, uint32_t a, uint32_t b)
{
	const struct held *x = &o->held[a], *y = &o->held[b];

	return x->completion != y->completion ? x->completion < y->completion : x->sequence < y->sequence;
}

static void heap_swap(struct order *o, size_t a, size_t b)
{
	uint32_t t = o->heap[a];

	o->heap[a] = o->heap[b];
	o->heap[b] = t;
}

static void heap_up(struct order *o, size_t i)
{
	while (i > 0 && comes_first(o, o->heap[i], o->heap[(i - 1) / 2])) {
		heap_swap(o, i, (i - 1) / 2);
		i = (i - 1) / 2;
	}
}

static void heap_down(struct order *o, size_t i)
{
	for (;;) {
		size_t least = i, left = 2 * i + 1;

		for (size_t k = left; k < left + 2 && k < o->n_held; k++)
			if (comes_first(o, o->heap[k], o->heap[least]))
				least = k;
		if (least == i)
			return;
		heap_swap(o, i, least);
		i = least;
	}
}

/* Prints the earliest event; its slot stays behind the heap's end, free. */
static void print_first(struct order *o)
{
	struct held *h = &o->held[o->heap[0]];

	if (h->text.failed)
		o->left_out++;
	else if (fwrite(h->text.p, 1, h->text.n, stdout) != h->text.n)
		o->failed = true;
	o->n_held--;
	heap_swap(o, 0, o->n_held);
	heap_down(o, 0);
}

void order_hold(struct order *o, const struct access_event *ev)
{
	struct held *h;

	if (o->n_held == ORDER_WINDOW)
		print_first(o);
	h = &o->held[o->heap[o->n_held]];
	h->completion = ev_completion(ev);
	h->sequence = o->sequence++;
	buf_clear(&h->text);
	event_to_json(ev, &h->text);
	buf_byte(&h->text, '\n');
	heap_up(o, o->n_held++);
}

void order_flush(struct order *o)
{
	while (o->n_held > 0)
		print_first(o);
}
