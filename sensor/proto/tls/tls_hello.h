/* The messages in which TLS says in the clear who is called and how (RFC 8446 4.1, RFC 5246 7.4.1, RFC 6066
 * 3, RFC 7301), also as QUIC carries them. Pure: bytes in, a struct of fixed size out; nothing is kept. */
#ifndef TK_SENSOR_PROTO_TLS_TLS_HELLO_H
#define TK_SENSOR_PROTO_TLS_TLS_HELLO_H

#include "core/base/slice.h"

#define TLS_NAME_MAX 255
#define TLS_ALPN_MAX 127
#define TLS_RANDOM 32

/* What a client offers. GREASE values (RFC 8701) are left out of everything. */
struct tls_hello {
	uint16_t legacy_version;
	uint16_t version;       /* the highest that is offered, as 0x0304 */
	uint8_t random[TLS_RANDOM];
	uint8_t session_id[32], session_id_n;
	uint16_t suites, extensions, versions; /* how many */
	uint16_t group;         /* of the first key share; 0: none */
	uint16_t first_group, first_signature;
	bool ech;               /* Encrypted Client Hello: `sni` is the outer name, the true one is hidden */
	bool early_data, psk, ticket;
	bool sni_cut;           /* the name was longer than TLS_NAME_MAX */
	bool damaged;           /* its lengths contradict each other: no fingerprints */
	uint16_t sni_n, alpn_n;
	uint8_t alpn_first_n;   /* of `alpn`: the protocol the client likes best */
	char sni[TLS_NAME_MAX + 1];   /* as sent, any bytes; a NUL behind */
	char alpn[TLS_ALPN_MAX + 1];  /* the same, with commas between, as many as fit whole */
	char ja3[33], ja4[37];  /* hex of MD5; empty where damaged, or with more values than are sorted */
};

/* What the server chose. */
struct tls_choice {
	uint16_t version, suite;
	uint8_t random[TLS_RANDOM];
	uint16_t group;         /* of the key share; 0: none */
	bool retry;             /* HelloRetryRequest (RFC 8446 4.1.4): nothing is chosen but the group */
	bool encrypt_then_mac;  /* RFC 7366 */
	bool early_data;        /* TLS 1.3: 0-RTT is taken */
	uint8_t alpn_n;         /* 0: none, or not to be seen */
	char alpn[256];         /* as sent, any bytes; a NUL behind */
};

/* Bodies are those of whole handshake messages, without type and length. False: it is none, `out` is
 * worthless. */
/* `transport`: 't' for TLS over TCP, 'q' for QUIC; the first letter of the JA4. */
bool tls_hello_client(struct slice body, char transport, struct tls_hello *out);
bool tls_hello_server(struct slice body, struct tls_choice *out);
/* TLS 1.3 encrypts the server's ALPN, and what it does with 0-RTT: sets these alone. */
bool tls_hello_encrypted_extensions(struct slice body, struct tls_choice *out);

/* Values that clients send only to see who chokes on them. */
static inline bool tls_is_grease(uint16_t v)
{
	return (v & 0x0f0f) == 0x0a0a && v >> 8 == (v & 0xff);
}

#endif
