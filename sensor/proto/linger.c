#include "sensor/proto/linger.h"

#include <stdlib.h>

bool linger_init(struct linger *l, int64_t ns)
{
	*l = (struct linger){ .list = calloc(LINGER_MAX, sizeof *l->list), .ns = ns };
	return l->list != NULL;
}

void linger_free(struct linger *l)
{
	free(l->list);
}

void linger_add(struct linger *l, struct connection *c, int64_t now)
{
	int64_t until = now > INT64_MAX - l->ns ? INT64_MAX : now + l->ns; /* a file's times may be any */

	l->list[(l->head + l->n++) % LINGER_MAX] = (struct lingering){ c, until };
}

struct connection *linger_over(struct linger *l, int64_t now)
{
	while (l->n > 0) {
		struct lingering *first = &l->list[l->head];
		struct connection *c = first->c;

		if (c != NULL && first->until > now)
			return NULL;
		l->head = (l->head + 1) % LINGER_MAX;
		l->n--;
		if (c != NULL)
			return c;
	}
	return NULL;
}
