/* Two ends of a TLS connection that OpenSSL itself plays, over memory: what went over the wire, in order;
 * what was said; and the key log. For tests, which link libssl; the program does not. */
#ifndef TK_TESTS_TLS_PEER_H
#define TK_TESTS_TLS_PEER_H

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "core/base/buf.h"

#define PEER_CHUNKS 8192

struct peer_options {
	int version;         /* TLS1_2_VERSION ... */
	const char *suite;   /* NULL: what OpenSSL likes */
	const char *client_groups, *server_groups;
	uint64_t options;    /* SSL_OP_... of both */
	int padding;         /* TLS 1.3: records are filled up to a multiple of it */
	int fragment;        /* of records; 0: 16384 */
	bool long_hello;
	SSL_SESSION *session; /* to be resumed */
	bool early;
};

struct peer {
	SSL_CTX *ctx[2];
	SSL *ssl[2];
	struct buf wire[2], said[2], keys; /* by side */
	struct { uint8_t side; size_t n; } chunk[PEER_CHUNKS]; /* the order of what went over the wire */
	size_t chunks;
};

struct peer_identity {
	EVP_PKEY *key[2];
	X509 *cert[2]; /* RSA, EC */
};

static inline X509 *peer_certificate(EVP_PKEY *key)
{
	X509 *x = X509_new();
	X509_NAME *name = X509_get_subject_name(x);

	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), 0);
	X509_gmtime_adj(X509_getm_notAfter(x), 86400);
	X509_set_pubkey(x, key);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"test", -1, -1, 0);
	X509_set_issuer_name(x, name);
	X509_sign(x, key, EVP_sha256());
	return x;
}

static inline void peer_identify(struct peer_identity *id)
{
	id->key[0] = EVP_RSA_gen(2048);
	id->key[1] = EVP_EC_gen("P-256");
	for (int i = 0; i < 2; i++)
		id->cert[i] = peer_certificate(id->key[i]);
}

static inline void peer_identity_free(struct peer_identity *id)
{
	for (int i = 0; i < 2; i++) {
		EVP_PKEY_free(id->key[i]);
		X509_free(id->cert[i]);
	}
}

static inline void peer_log(const SSL *ssl, const char *line)
{
	struct peer *p = SSL_get_app_data(ssl);

	buf_str(&p->keys, line);
	buf_byte(&p->keys, '\n');
}

static inline unsigned peer_psk_client(SSL *ssl, const char *hint, char *identity, unsigned max_identity,
				       unsigned char *psk, unsigned max)
{
	(void)ssl;
	(void)hint;
	snprintf(identity, max_identity, "test");
	memset(psk, 7, max < 16 ? max : 16);
	return 16;
}

static inline unsigned peer_psk_server(SSL *ssl, const char *identity, unsigned char *psk, unsigned max)
{
	(void)ssl;
	(void)identity;
	memset(psk, 7, max < 16 ? max : 16);
	return 16;
}

static inline int peer_alpn(SSL *ssl, const unsigned char **out, unsigned char *n, const unsigned char *in,
			    unsigned in_n, void *arg)
{
	(void)ssl;
	(void)arg;
	*out = in + 1;
	*n = in[0];
	return in_n > 0 ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

static inline void peer_protocols(SSL_CTX *ctx, bool many)
{
	unsigned char list[3600];
	unsigned n = 0;

	memcpy(list, "\2h2\10http/1.1", 12);
	n = 12;
	while (many && n + 101 < sizeof list) {
		list[n] = 100;
		memset(list + n + 1, 'a', 100);
		n += 101;
	}
	SSL_CTX_set_alpn_protos(ctx, list, n);
}

static inline SSL_CTX *peer_context(int side, const struct peer_options *o, const struct peer_identity *id)
{
	SSL_CTX *ctx = SSL_CTX_new(side == 0 ? TLS_client_method() : TLS_server_method());
	const char *groups = side == 0 ? o->client_groups : o->server_groups;

	SSL_CTX_set_security_level(ctx, 0);
	SSL_CTX_set_min_proto_version(ctx, o->version);
	SSL_CTX_set_max_proto_version(ctx, o->version);
	SSL_CTX_set_options(ctx, o->options | SSL_OP_ALLOW_CLIENT_RENEGOTIATION);
	SSL_CTX_set_keylog_callback(ctx, side == 0 ? peer_log : NULL);
	SSL_CTX_set_dh_auto(ctx, 1);
	SSL_CTX_set_max_early_data(ctx, 16384);
	SSL_CTX_set_session_id_context(ctx, (const unsigned char *)"t", 1);
	if (o->fragment != 0)
		SSL_CTX_set_max_send_fragment(ctx, (size_t)o->fragment);
	if (o->padding != 0)
		SSL_CTX_set_block_padding(ctx, (size_t)o->padding);
	if (groups != NULL)
		SSL_CTX_set1_groups_list(ctx, groups);
	if (o->version == TLS1_3_VERSION)
		SSL_CTX_set_ciphersuites(ctx, o->suite != NULL ? o->suite :
					 "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256");
	else
		SSL_CTX_set_cipher_list(ctx, o->suite != NULL ? o->suite : "ALL:@SECLEVEL=0");
	if (side == 0)
		peer_protocols(ctx, o->long_hello);
	else
		SSL_CTX_set_alpn_select_cb(ctx, peer_alpn, NULL);
	for (int i = 0; i < 2 && side == 1; i++) {
		SSL_CTX_use_certificate(ctx, id->cert[i]);
		SSL_CTX_use_PrivateKey(ctx, id->key[i]);
	}
	if (o->version != TLS1_3_VERSION) {
		SSL_CTX_set_psk_client_callback(ctx, peer_psk_client);
		SSL_CTX_set_psk_server_callback(ctx, peer_psk_server);
	}
	return ctx;
}

/* `tickets`: the server's context of the connection whose session is resumed holds the key of the tickets. */
static inline void peer_open(struct peer *p, const struct peer_options *o, const struct peer_identity *id,
			     SSL_CTX *tickets)
{
	memset(p, 0, sizeof *p);
	for (int side = 0; side < 2; side++) {
		buf_init(&p->wire[side], 4 << 20);
		buf_init(&p->said[side], 4 << 20);
		p->ctx[side] = side == 1 && tickets != NULL ? tickets : peer_context(side, o, id);
		if (p->ctx[side] == tickets)
			SSL_CTX_up_ref(tickets);
		p->ssl[side] = SSL_new(p->ctx[side]);
		SSL_set_bio(p->ssl[side], BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
		SSL_set_app_data(p->ssl[side], p);
	}
	buf_init(&p->keys, 1 << 16);
	SSL_set_connect_state(p->ssl[0]);
	SSL_set_accept_state(p->ssl[1]);
	SSL_set_tlsext_host_name(p->ssl[0], "api.test.example");
	if (o->session != NULL)
		SSL_set_session(p->ssl[0], o->session);
}

static inline void peer_free(struct peer *p)
{
	for (int side = 0; side < 2; side++) {
		SSL_free(p->ssl[side]);
		SSL_CTX_free(p->ctx[side]);
		buf_free(&p->wire[side]);
		buf_free(&p->said[side]);
	}
	buf_free(&p->keys);
}

/* What this side wants to send goes to the other. */
static inline void peer_carry(struct peer *p, int side)
{
	uint8_t bytes[4096];
	int n;

	while ((n = BIO_read(SSL_get_wbio(p->ssl[side]), bytes, sizeof bytes)) > 0) {
		BIO_write(SSL_get_rbio(p->ssl[!side]), bytes, n);
		buf_add(&p->wire[side], slice_of(bytes, (size_t)n));
		if (p->chunks < PEER_CHUNKS) {
			p->chunk[p->chunks].side = (uint8_t)side;
			p->chunk[p->chunks++].n = (size_t)n;
		}
	}
}

/* Both take what has come; application data is dropped. */
static inline void peer_settle(struct peer *p)
{
	uint8_t bytes[4096];

	for (int i = 0; i < 4; i++)
		for (int side = 0; side < 2; side++) {
			while (SSL_read(p->ssl[side], bytes, sizeof bytes) > 0)
				;
			peer_carry(p, side);
		}
}

static inline bool peer_shake(struct peer *p)
{
	for (int i = 0; i < 20; i++)
		for (int side = 0; side < 2; side++) {
			(void)SSL_do_handshake(p->ssl[side]);
			peer_carry(p, side);
		}
	return SSL_is_init_finished(p->ssl[0]) && SSL_is_init_finished(p->ssl[1]);
}

/* n bytes, other ones every time. */
static inline void peer_say(struct peer *p, int side, size_t n)
{
	uint8_t *bytes = malloc(n);

	for (size_t i = 0; i < n; i++)
		bytes[i] = (uint8_t)((p->said[side].n + i) * 2654435761u >> 13);
	if (SSL_write(p->ssl[side], bytes, (int)n) == (int)n)
		buf_add(&p->said[side], slice_of(bytes, n));
	free(bytes);
	peer_carry(p, side);
}

static inline void peer_bye(struct peer *p)
{
	for (int side = 0; side < 2; side++) {
		SSL_shutdown(p->ssl[side]);
		peer_carry(p, side);
	}
}

#endif
