/* Encrypted connections that are over while their secrets may still come, as with a live key log: a queue,
 * the oldest first. Knows nothing of what is inside. One thread. */
#ifndef TK_SENSOR_PROTO_LINGER_H
#define TK_SENSOR_PROTO_LINGER_H

#include <stdbool.h>
#include <stdint.h>

#define LINGER_MAX 4096u

struct connection;
struct lingering {
	struct connection *c; /* NULL: it has gone */
	int64_t until;
};

struct linger {
	struct lingering *list; /* NULL: nobody lingers */
	uint32_t head, n;
	int64_t ns;
};

/* For so long each. False: no memory. */
bool linger_init(struct linger *l, int64_t ns);
void linger_free(struct linger *l);
static inline bool linger_full(const struct linger *l)
{
	return l->n == LINGER_MAX;
}
void linger_add(struct linger *l, struct connection *c, int64_t now); /* not when full */
/* Takes out the oldest whose time is over; NULL: there is none. INT64_MAX: the oldest. */
struct connection *linger_over(struct linger *l, int64_t now);
/* The i-th of n; *c may be set to NULL. */
static inline struct connection **linger_at(struct linger *l, uint32_t i)
{
	return &l->list[(l->head + i) % LINGER_MAX].c;
}

#endif
