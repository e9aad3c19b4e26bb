/* Doubly linked lists over a fixed array: an entry is its number, 0 is nobody. The links lie in an array
 * of their own, so that walking a list touches nothing else. */
#ifndef TK_BASE_INDEX_LIST_H
#define TK_BASE_INDEX_LIST_H

#include <stdint.h>

struct index_link {
	uint32_t prev, next;
};

struct index_list {
	uint32_t head, tail;
};

/* Behind `at`; 0: as the first. */
static inline void index_list_insert(struct index_list *l, struct index_link *links, uint32_t at, uint32_t i)
{
	uint32_t next = at == 0 ? l->head : links[at].next;

	links[i] = (struct index_link){ at, next };
	if (at == 0)
		l->head = i;
	else
		links[at].next = i;
	if (next == 0)
		l->tail = i;
	else
		links[next].prev = i;
}

static inline void index_list_append(struct index_list *l, struct index_link *links, uint32_t i)
{
	index_list_insert(l, links, l->tail, i);
}

static inline void index_list_remove(struct index_list *l, struct index_link *links, uint32_t i)
{
	struct index_link x = links[i];

	if (x.prev == 0)
		l->head = x.next;
	else
		links[x.prev].next = x.next;
	if (x.next == 0)
		l->tail = x.prev;
	else
		links[x.next].prev = x.prev;
}

#endif
