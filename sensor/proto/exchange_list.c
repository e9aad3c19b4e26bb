/* The exchanges of a connection: a list, oldest first. */
#include "sensor/proto/connection.h"

struct exchange_ends connection_ends(const struct connection *c)
{
	struct exchange_ends e = { .greeting = c->greeting };

	for (int d = 0; d < 2; d++) {
		e.addr[d] = c->key.addr[c->client ^ d];
		e.port[d] = c->key.port[c->client ^ d];
	}
	return e;
}

static void unlink_exchange(struct workshop *w, struct connection *c, struct exchange *x)
{
	uint32_t number = exchange_number(w->exchanges, x), before = EXCHANGE_NONE;

	for (uint32_t i = c->first; i != number; i = exchange_at(w->exchanges, i)->next)
		before = i;
	if (before == EXCHANGE_NONE)
		c->first = x->next;
	else
		exchange_at(w->exchanges, before)->next = x->next;
	if (c->last == number)
		c->last = before;
	for (int d = 0; d < 2; d++)
		if (c->current[d] == number)
			c->current[d] = EXCHANGE_NONE;
	c->waiting -= !x->message[RESPONSE].begun;
}

void connection_conclude(struct workshop *w, struct connection *c, struct exchange *x)
{
	struct exchange_ends ends = connection_ends(c);

	for (int d = 0; d < 2; d++)
		if (x->message[d].head && !x->message[d].ended)
			exchange_body_end(x, d, false);
	if (x->message[REQUEST].begun && !x->message[REQUEST].head && !x->message[RESPONSE].begun) {
		/* Nobody has asked for anything yet. */
		losses_add(w->losses, LOSS_CUT_HEAD, 1, 0);
	} else {
		if (!x->message[REQUEST].begun || (!x->message[RESPONSE].begun && !c->seen[RESPONSE]))
			losses_add(w->losses, LOSS_ONE_SIDED, 1, 0);
		w->done(w->ctx, x, &ends);
	}
	unlink_exchange(w, c, x);
	exchange_give(w->exchanges, x);
}

void connection_swallow(struct connection *c, const struct exchange *x)
{
	if (c->swallow < 64 && slice_is(x->kept[KEPT_METHOD], "HEAD"))
		c->swallow_head |= UINT64_C(1) << c->swallow;
	c->swallow++;
}

void connection_give_up(struct workshop *w, struct exchange *x)
{
	struct connection *c = x->owner;

	losses_add(w->losses, LOSS_EXCHANGE_LIMIT, 1, 0);
	if (c->http2 == NULL && !x->message[RESPONSE].begun)
		connection_swallow(c, x);
	connection_conclude(w, c, x);
}

struct exchange *connection_exchange(struct workshop *w, struct connection *c)
{
	struct exchange *x = exchange_take(w->exchanges);
	uint32_t number;

	if (x == NULL) {
		connection_give_up(w, exchange_oldest(w->exchanges));
		x = exchange_take(w->exchanges);
	}
	number = exchange_number(w->exchanges, x);
	x->owner = c;
	if (c->last == EXCHANGE_NONE)
		c->first = number;
	else
		exchange_at(w->exchanges, c->last)->next = number;
	c->last = number;
	c->waiting++;
	return x;
}
