/* Handshake messages, whole or over several records (RFC 8446 4, RFC 5246 7.4), and alerts. */
#include "sensor/proto/tls/tls_state.h"

enum message { /* RFC 8446 4 */
	CLIENT_HELLO = 1,
	SERVER_HELLO = 2,
	END_OF_EARLY_DATA = 5,
	ENCRYPTED_EXTENSIONS = 8,
	FINISHED = 20,
	KEY_UPDATE = 24,
	LAST_MESSAGE = 25 /* CompressedCertificate; but for message_hash no larger number is sent */
};

#define CLOSE_NOTIFY 0

/* ---- the few that matter ---- */

static void client_hello(struct tls *t, struct slice body)
{
	struct tls_hello hello;

	if (!tls_hello_client(body, 't', &hello))
		return;
	if (t->sink->hello != NULL)
		t->sink->hello(t->sink->ctx, &hello);
	/* Once more behind a HelloRetryRequest, then without early data; anew to renegotiate TLS 1.2. */
	if (t->have_hello && memcmp(t->client_random, hello.random, TLS_RANDOM) == 0)
		return;
	if (t->have_hello && tls_is_1_3(t))
		return;
	memcpy(t->client_random, hello.random, TLS_RANDOM);
	t->have_hello = true;
	t->early = hello.early_data ? TLS_EARLY_OFFERED : TLS_EARLY_NONE;
}

static void answer_early(struct tls *t, bool taken)
{
	if (t->early == TLS_EARLY_OFFERED)
		t->early = taken ? TLS_EARLY_TAKEN : TLS_EARLY_REFUSED;
}

static void server_hello(struct tls *t, struct slice body)
{
	struct tls_choice choice;

	if (!tls_hello_server(body, &choice) || tls_is_1_3(t))
		return;
	if (choice.retry) {
		answer_early(t, false);
		return;
	}
	t->choice = choice;
	t->have_choice = true;
	if (t->sink->chosen != NULL)
		t->sink->chosen(t->sink->ctx, &choice);
}

static void encrypted_extensions(struct tls *t, struct slice body)
{
	bool sound = tls_hello_encrypted_extensions(body, &t->choice);

	answer_early(t, !sound || t->choice.early_data);
	if (sound && t->choice.alpn_n > 0 && t->sink->chosen != NULL)
		t->sink->chosen(t->sink->ctx, &t->choice);
}

static void change_keys(struct tls_half *h, enum tls_epoch wanted)
{
	h->wanted = wanted;
	h->seq = 0;
}

static void key_update(struct tls *t, int side)
{
	struct tls_half *h = &t->half[side];
	struct tls_keys k;

	memset(&k, 0, sizeof k);
	k.suite = h->seal.suite;
	tls_keys_update(t, &k, h->secret);
	(void)tls_seal_set(&h->seal, &t->pool->ciphers, &k);
	h->seq = 0;
	explicit_bzero(&k, sizeof k);
}

/* Messages that change the keys of TLS 1.3 are believed only where they were proven by the keys before. */
static void handle(struct tls *t, int side, uint8_t type, struct slice body)
{
	struct tls_half *h = &t->half[side];
	uint8_t epoch = tls_is_1_3(t) && h->sealed_record ? h->epoch : TLS_EPOCH_NONE;

	if (type == CLIENT_HELLO && side == TLS_CLIENT)
		client_hello(t, body);
	else if (type == SERVER_HELLO && side == TLS_SERVER)
		server_hello(t, body);
	else if (type == ENCRYPTED_EXTENSIONS && side == TLS_SERVER && epoch == TLS_EPOCH_HANDSHAKE)
		encrypted_extensions(t, body);
	else if (type == FINISHED && epoch == TLS_EPOCH_HANDSHAKE)
		change_keys(h, TLS_EPOCH_TRAFFIC);
	else if (type == END_OF_EARLY_DATA && epoch == TLS_EPOCH_EARLY)
		change_keys(h, TLS_EPOCH_HANDSHAKE);
	else if (type == KEY_UPDATE && epoch == TLS_EPOCH_TRAFFIC)
		key_update(t, side);
}

/* ---- putting them together ---- */

static void reset(struct tls *t, struct tls_message *m)
{
	tls_chain_clear(&t->pool->store, &m->body);
	memset(m, 0, sizeof *m);
}

void tls_handshake_lost(struct tls *t, int side)
{
	reset(t, &t->half[side].message);
	tls_early_lost(t, side);
}

static bool is_kept(uint8_t type, uint32_t n)
{
	return (type == CLIENT_HELLO || type == SERVER_HELLO || type == ENCRYPTED_EXTENSIONS) &&
	       n <= TLS_MESSAGE_MAX;
}

/* Type and length. False: more bytes are needed, or this is no handshake. */
static bool read_head(struct tls *t, struct tls_message *m, struct slice *bytes)
{
	while (m->head_n < sizeof m->head && bytes->n > 0) {
		m->head[m->head_n++] = bytes->p[0];
		*bytes = slice_from(*bytes, 1);
	}
	if (m->head_n < sizeof m->head)
		return false;
	if (m->head[0] > LAST_MESSAGE) {
		reset(t, m);
		*bytes = (struct slice){ NULL, 0 };
		return false;
	}
	m->left = tls_u24(m->head + 1);
	m->keep = is_kept(m->head[0], m->left);
	return true;
}

/* So much of the body is here; the whole of it, if it is not cut, is not copied. */
static void read_body(struct tls *t, int side, struct slice part)
{
	struct tls_message *m = &t->half[side].message;
	uint8_t type = m->head[0];

	m->left -= (uint32_t)part.n;
	if (m->keep && (m->left > 0 || m->body.n > 0)) {
		if (tls_make_room(t->pool, &m->body, part.n))
			tls_chain_add(&t->pool->store, &m->body, part);
		else
			m->keep = false;
	}
	if (m->left > 0)
		return;
	if (m->body.n > 0 && m->keep) {
		part = slice_of(t->pool->message, m->body.n);
		tls_chain_take(&t->pool->store, &m->body, m->body.n, t->pool->message);
	}
	if (m->keep || !is_kept(type, 0))
		handle(t, side, type, part);
	reset(t, m);
}

void tls_handshake(struct tls *t, int side, struct slice bytes)
{
	struct tls_message *m = &t->half[side].message;

	while (bytes.n > 0) {
		struct slice part;

		if (m->head_n < sizeof m->head && !read_head(t, m, &bytes))
			continue;
		part = slice_head(bytes, m->left);
		bytes = slice_from(bytes, part.n);
		read_body(t, side, part);
	}
}

/* ---- alerts, and the end ---- */

void tls_handshake_alert(struct tls *t, int side, struct slice bytes)
{
	t->counts.alerts[side]++;
	if (bytes.n >= 2 && bytes.p[1] == CLOSE_NOTIFY)
		tls_handshake_end(t, side);
}

void tls_handshake_end(struct tls *t, int side)
{
	struct tls_half *h = &t->half[side];

	if (h->ended)
		return;
	h->ended = true;
	if (t->sink->end != NULL)
		t->sink->end(t->sink->ctx, side);
}
