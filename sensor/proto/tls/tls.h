/* One TLS connection, seen passively: records and handshake put together from both directions (RFC 8446, RFC
 * 5246, RFC 4346), and read where a key log holds the secrets. Bytes come in any pieces; the calls of the
 * sink do not depend on how they were cut. Nothing is told as plaintext that its tag or MAC does not prove.
 * One thread.
 *
 * Where secrets are missing, what comes is kept, in order, until they are there or too much is kept: then the
 * connection is sealed, and only its records are counted; should the secrets come later still, it is read
 * from there on. Behind a hole the next record is found by its header and proven by opening it, with sequence
 * numbers, and then with the keys that may follow, tried in turn: TLS_TRIES a record, for TLS_ATTEMPTS
 * records.
 *
 * Early data (0-RTT) waits for the server's answer, and what it refused is passed over: nobody read it, and
 * the client says it again. Where that answer is missing it is told.
 *
 * Not read: SSL 3.0 and before, RC4, SEED, IDEA and export suites, compression; DTLS. */
#ifndef TK_SENSOR_PROTO_TLS_TLS_H
#define TK_SENSOR_PROTO_TLS_TLS_H

#include "sensor/proto/tls/key_log.h"
#include "sensor/proto/tcp/stream.h"
#include "sensor/proto/tls/tls_hello.h"

#define TLS_TRIES 64
#define TLS_ATTEMPTS 64
#define TLS_HELD_MAX (256u << 10) /* bytes that one connection may keep while its secrets are missing */
#define TLS_MESSAGE_MAX (32u << 10) /* a longer handshake message is passed over */

/* Of a record: its first byte, and the packet that completed it. */
struct tls_at {
	uint32_t seq;
	int64_t first_ns, last_ns;
};

/* `side`: 0 the client, 1 the server. What a slice or pointer shows is borrowed for the call. A sink must not
 * call back; functions may be NULL. */
struct tls_sink {
	void *ctx;
	/* Again after a HelloRetryRequest and with a renegotiation. */
	void (*hello)(void *ctx, const struct tls_hello *hello);
	/* Never for a HelloRetryRequest; with TLS 1.3 again when the ALPN is decrypted. */
	void (*chosen)(void *ctx, const struct tls_choice *choice);
	/* seq + the place in `bytes` is another number for every byte of a connection. */
	void (*plain)(void *ctx, int side, struct slice bytes, const struct tls_at *at);
	/* Plaintext that is missing; 0: it is not known how much, or whether any. Only where the connection
	 * is read. */
	void (*gap)(void *ctx, int side, uint64_t bytes, const struct tls_at *at);
	/* close_notify, or else tls_fin. Once. */
	void (*end)(void *ctx, int side);
};

enum tls_state {
	TLS_GREETING, /* nothing encrypted yet */
	TLS_WAITING,  /* for secrets: bytes are kept */
	TLS_READ,     /* decrypted */
	TLS_SEALED    /* without secrets: records are counted */
};

struct tls_counts { /* by side */
	uint64_t records[2];
	uint64_t bytes[2];   /* of payload in records of application data (outer type) */
	uint64_t alerts[2];  /* as far as they can be recognised */
	uint64_t unread[2];  /* records that should have opened and did not, or were damaged */
};

struct tls_pool;
/* Room for n connections (about 1 KiB each, and OpenSSL's contexts for as many as are read at a time) and
 * `bytes` for what waits. NULL: no memory. */
struct tls_pool *tls_pool_new(uint32_t n, size_t bytes);
void tls_pool_free(struct tls_pool *p);
/* Wherever in a program's bytes: do these first bytes of a direction begin a record? From the start of a
 * connection one byte is enough. */
bool tls_begins(struct slice bytes, bool from_start);

struct tls;
/* `keys` may be NULL: only what is in the clear is told. NULL: the pool is empty. */
struct tls *tls_open(struct tls_pool *p, struct key_log *keys);
void tls_data(struct tls *t, int side, struct slice bytes, const struct stream_at *at,
	      const struct tls_sink *sink);
/* `bytes` were not captured. */
void tls_gap(struct tls *t, int side, uint64_t bytes, const struct stream_at *at,
	     const struct tls_sink *sink);
void tls_fin(struct tls *t, int side, const struct tls_sink *sink);
/* The key log has grown, and no bytes come: what waits is read if it can be. */
void tls_retry(struct tls *t, const struct tls_sink *sink);
/* What waits need not wait any longer: it is counted. Before the counts of a connection that is over are
 * read. */
void tls_give_up(struct tls *t, const struct tls_sink *sink);
/* What waits is lost. */
void tls_close(struct tls *t);

enum tls_state tls_state(const struct tls *t);
const struct tls_counts *tls_counts(const struct tls *t);
size_t tls_pool_used(const struct tls_pool *p);    /* connections */
size_t tls_pool_waiting(const struct tls_pool *p); /* bytes in use, in whole blocks */

#endif
