#include "sensor/proto/tcp/waiting.h"

#include <stdlib.h>

#include "sensor/proto/tcp/stream.h"

bool waiting_init(struct waiting *w, uint32_t blocks)
{
	memset(w, 0, sizeof *w);
	w->limit = blocks;
	w->pieces = calloc((size_t)blocks + 1, sizeof *w->pieces);
	w->bytes = calloc((size_t)blocks + 1, STREAM_BLOCK);
	return w->pieces != NULL && w->bytes != NULL;
}

void waiting_free(struct waiting *w)
{
	free(w->pieces);
	free(w->bytes);
}

static uint8_t *block(const struct waiting *w, uint32_t i)
{
	return w->bytes + (size_t)i * STREAM_BLOCK;
}

struct slice waiting_bytes(const struct waiting *w, uint32_t i)
{
	return slice_of(block(w, i), w->pieces[i].n);
}

uint32_t waiting_before(const struct waiting *w, const struct queue *q, uint32_t from, uint64_t seq)
{
	uint32_t at = from, next;

	if (q->tail != 0 && w->pieces[q->tail].seq <= seq)
		return q->tail; /* mostly what comes is newer than all that waits */
	for (;;) {
		next = at == 0 ? q->head : w->pieces[at].next;
		if (next == 0 || w->pieces[next].seq > seq)
			return at;
		at = next;
	}
}

static uint32_t get(struct waiting *w)
{
	uint32_t i = w->free;

	if (i != 0)
		w->free = w->pieces[i].next;
	else
		i = ++w->fresh;
	w->used++;
	return i;
}

uint32_t waiting_insert(struct waiting *w, struct queue *q, uint32_t at, const struct piece *p,
			const uint8_t *bytes)
{
	uint32_t i = get(w);
	struct piece *to = &w->pieces[i];

	*to = *p;
	if (p->kind == PIECE_BYTES)
		memcpy(block(w, i), bytes, p->n);
	if (at == 0) {
		to->next = q->head;
		q->head = i;
	} else {
		to->next = w->pieces[at].next;
		w->pieces[at].next = i;
	}
	if (to->next == 0)
		q->tail = i;
	q->count++;
	return i;
}

void waiting_replace(struct waiting *w, uint32_t i, uint32_t from, struct slice bytes)
{
	memcpy(block(w, i) + from, bytes.p, bytes.n);
	w->pieces[i].n = from + (uint32_t)bytes.n;
	w->pieces[i].filler = false;
}

void waiting_pop(struct waiting *w, struct queue *q)
{
	uint32_t i = q->head;

	q->head = w->pieces[i].next;
	if (q->head == 0)
		q->tail = 0;
	q->count--;
	w->pieces[i].next = w->free;
	w->free = i;
	w->used--;
}

void waiting_clear(struct waiting *w, struct queue *q)
{
	while (q->count > 0)
		waiting_pop(w, q);
}
