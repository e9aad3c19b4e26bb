/* TLS on a connection: what it says in the clear is kept, what a key log opens goes on as if it had come in
 * the clear. */
#include "sensor/proto/connection.h"

/* TLS knows sides by who opened the connection: 0 is the client. */
static enum direction direction_of(int tls_side)
{
	return tls_side == 0 ? REQUEST : RESPONSE;
}

static void hello(void *ctx, const struct tls_hello *h)
{
	struct workshop *w = ctx;
	struct greeting *g = w->conn->greeting;

	if (g->said) /* again behind a HelloRetryRequest: the first one is whom the fingerprints are of */
		return;
	g->hello = *h;
	g->said = true;
}

static void chosen(void *ctx, const struct tls_choice *choice)
{
	struct workshop *w = ctx;

	w->conn->greeting->choice = *choice;
	w->conn->greeting->answered = true;
}

static void plain(void *ctx, int side, struct slice bytes, const struct tls_at *at)
{
	struct workshop *w = ctx;
	const struct stream_at first = { .ns = at->first_ns, .seq = at->seq };

	connection_plain(w, w->conn, direction_of(side), bytes, &first, at->last_ns);
}

/* Where it is not known how much is missing, it is more than the message under way has left. */
static void gap(void *ctx, int side, uint64_t bytes, const struct tls_at *at)
{
	struct workshop *w = ctx;
	const struct stream_at first = { .ns = at->first_ns, .seq = at->seq };

	connection_plain_gap(w, w->conn, direction_of(side), bytes == 0 ? UINT64_MAX : bytes, &first);
}

static struct tls_sink sink_of(struct workshop *w)
{
	return (struct tls_sink){ w, hello, chosen, plain, gap, NULL };
}

bool tls_session_begin(struct workshop *w, struct connection *c)
{
	c->greeting = greeting_take(w->greetings);
	c->tls = c->greeting == NULL ? NULL : tls_open(w->tls, w->keys);
	if (c->tls != NULL)
		return true;
	greeting_give(w->greetings, c->greeting);
	c->greeting = NULL;
	losses_add(w->losses, LOSS_FLOW_LIMIT, 1, 0);
	return false;
}

/* Records of a connection that is not read are a loss each; of one that is, those that did not open. */
static void count(struct workshop *w, struct connection *c)
{
	const struct tls_counts *n = tls_counts(c->tls);
	uint64_t records = n->records[0] + n->records[1], unread = n->unread[0] + n->unread[1];

	if (tls_state(c->tls) == TLS_SEALED) {
		losses_add(w->losses, LOSS_TLS, records - c->tls_told, 0);
		c->tls_told = records;
	} else if (tls_state(c->tls) == TLS_READ) {
		losses_add(w->losses, LOSS_TLS_DAMAGED, unread - c->tls_damaged_told, 0);
		c->tls_damaged_told = unread;
	}
}

void tls_session_data(struct workshop *w, struct connection *c, int side, struct slice bytes,
		      const struct stream_at *at)
{
	const struct tls_sink sink = sink_of(w);

	w->conn = c;
	tls_data(c->tls, side ^ c->client, bytes, at, &sink);
	count(w, c);
}

void tls_session_gap(struct workshop *w, struct connection *c, int side, uint64_t bytes,
		     const struct stream_at *at)
{
	const struct tls_sink sink = sink_of(w);

	w->conn = c;
	tls_gap(c->tls, side ^ c->client, bytes, at, &sink);
}

void tls_session_fin(struct workshop *w, struct connection *c, int side)
{
	const struct tls_sink sink = sink_of(w);

	w->conn = c;
	tls_fin(c->tls, side ^ c->client, &sink);
	count(w, c);
}

void tls_session_end(struct workshop *w, struct connection *c)
{
	const struct tls_sink sink = sink_of(w);
	struct exchange_ends ends = connection_ends(c);

	w->conn = c;
	tls_retry(c->tls, &sink);
	tls_give_up(c->tls, &sink);
	count(w, c);
	if (tls_state(c->tls) != TLS_READ && c->greeting->said)
		w->sealed(w->ctx, c, &ends);
}
