/* A conversation of talk.h inside of TLS, as OpenSSL speaks it: what was said becomes records, the calls
 * stay. Versions, suites, resumption, early data, another group on request, new keys in between: out of the
 * seed. */
#ifndef TK_TESTS_TALK_TLS_H
#define TK_TESTS_TALK_TLS_H

#include "tests/lib/talk.h"
#include "tests/lib/tls_peer.h"

static const struct {
	int version;
	const char *suite;
	uint64_t options;
} talk_suites[] = {
	{ TLS1_3_VERSION, "TLS_AES_256_GCM_SHA384", 0 },
	{ TLS1_3_VERSION, "TLS_CHACHA20_POLY1305_SHA256", 0 },
	{ TLS1_2_VERSION, "ECDHE-RSA-AES128-GCM-SHA256", 0 },
	{ TLS1_2_VERSION, "ECDHE-RSA-CHACHA20-POLY1305", SSL_OP_NO_TICKET },
	{ TLS1_2_VERSION, "ECDHE-RSA-AES256-SHA384", 0 }, /* CBC, encrypted before its MAC ... */
	{ TLS1_2_VERSION, "AES128-SHA256", SSL_OP_NO_ENCRYPT_THEN_MAC }, /* ... and behind it */
	{ TLS1_1_VERSION, "AES256-SHA", 0 },
	{ TLS1_VERSION, "AES128-SHA", SSL_OP_NO_ENCRYPT_THEN_MAC },
};

static inline struct peer_options talk_tls_options(struct choice *c)
{
	size_t i = choose(c, COUNT(talk_suites));

	return (struct peer_options){ .version = talk_suites[i].version,
				      .suite = talk_suites[i].suite,
				      .options = talk_suites[i].options,
				      .client_groups = "X25519:P-256",
				      .server_groups = once_in(c, 4) ? "P-256" : NULL,
				      .fragment = once_in(c, 3) ? 512 : 0,
				      .padding = once_in(c, 4) ? 256 : 0 };
}

static inline void talk_protocol(const struct talk *t, struct peer *p)
{
	bool http2 = t->calls > 0 && !t->upgraded && strcmp(t->call[0].version, "2") == 0;

	if (SSL_set_alpn_protos(p->ssl[0], http2 ? (const uint8_t *)"\2h2" : (const uint8_t *)"\10http/1.1",
				http2 ? 3 : 9) != 0)
		abort();
}

/* A connection that comes before, whose session is resumed. */
static inline SSL_SESSION *talk_session(const struct talk *t, struct peer *before,
					const struct peer_options *o, const struct peer_identity *id)
{
	peer_open(before, o, id, NULL);
	talk_protocol(t, before);
	if (!peer_shake(before))
		abort();
	peer_settle(before);
	return SSL_get1_session(before->ssl[0]);
}

static inline void talk_write(struct peer *p, int side, struct slice bytes)
{
	if (SSL_write(p->ssl[side], bytes.p, (int)bytes.n) != (int)bytes.n)
		abort();
	peer_carry(p, side);
	peer_settle(p);
}

/* The client's first turn goes before the handshake, and the server may not care. False: it is not the
 * client's, or too long. */
static inline bool talk_early(const struct talk *t, struct peer *p)
{
	bool refused = once_in(t->c, 3);
	uint8_t in[4096];
	size_t done;

	if (t->turns == 0 || t->turn[0].side != 0 || t->turn[0].n > 8000)
		return false;
	if (SSL_write_early_data(p->ssl[0], t->said[0].p, t->turn[0].n, &done) != 1)
		abort();
	peer_carry(p, 0);
	while (!refused &&
	       SSL_read_early_data(p->ssl[1], in, sizeof in, &done) == SSL_READ_EARLY_DATA_SUCCESS)
		;
	peer_carry(p, 1);
	return true;
}

static inline void talk_records(struct talk *t, struct peer *p, bool early)
{
	struct choice *c = t->c;
	size_t at[2] = { 0, 0 }, i = early && talk_early(t, p);
	bool renew = once_in(c, 3) && SSL_version(p->ssl[0]) == TLS1_3_VERSION;

	at[0] = i > 0 ? t->turn[0].n : 0;
	if (!peer_shake(p))
		abort();
	if (i > 0 && SSL_get_early_data_status(p->ssl[0]) != SSL_EARLY_DATA_ACCEPTED)
		at[0] = i = 0; /* refused: it is said again */
	peer_settle(p);
	for (; i < t->turns; i++) {
		struct slice bytes = slice_of(t->said[t->turn[i].side].p + at[t->turn[i].side], t->turn[i].n);

		if (renew && once_in(c, 4))
			SSL_key_update(p->ssl[choose(c, 2)], SSL_KEY_UPDATE_REQUESTED);
		talk_write(p, t->turn[i].side, bytes);
		at[t->turn[i].side] += bytes.n;
	}
	peer_bye(p);
}

/* Adds the connection's secrets to `keys`. */
static inline void talk_seal(struct talk *t, const struct peer_identity *id, struct buf *keys)
{
	struct peer_options o = talk_tls_options(t->c);
	struct peer before = { .chunks = 0 }, p;
	size_t at[2] = { 0, 0 };
	bool again = once_in(t->c, 3);

	o.early = again && o.version == TLS1_3_VERSION && once_in(t->c, 2);
	if (again)
		o.session = talk_session(t, &before, &o, id);
	peer_open(&p, &o, id, before.ctx[1]);
	talk_protocol(t, &p);
	talk_records(t, &p, o.early);
	if (p.chunks == PEER_CHUNKS)
		abort();
	t->turns = 0;
	buf_clear(&t->said[0]);
	buf_clear(&t->said[1]);
	for (size_t i = 0; i < p.chunks; i++) {
		int side = p.chunk[i].side;

		talk_say(t, side, slice_of(p.wire[side].p + at[side], p.chunk[i].n));
		at[side] += p.chunk[i].n;
	}
	buf_add(keys, buf_slice(&p.keys));
	peer_free(&p);
	if (again) {
		SSL_SESSION_free(o.session);
		peer_free(&before);
	}
}

#endif
