/* JA3 and JA4 of a ClientHello: what the client's library and its settings look like. JA3: MD5 of the numbers
 * in the order of the wire. JA4: counts and truncated SHA-256 of sorted numbers. Pure. Private to
 * tls_hello.c. */
#ifndef TK_SENSOR_PROTO_TLS_TLS_FINGERPRINT_H
#define TK_SENSOR_PROTO_TLS_TLS_FINGERPRINT_H

#include "sensor/proto/tls/tls_hello.h"

/* The lists as they lie in the message: two bytes a value, `formats` one byte. */
struct tls_lists {
	struct slice suites, extensions; /* extensions: the whole block, with contents */
	struct slice groups, formats, signatures;
	bool sni;
	struct slice alpn; /* the first value */
};

/* Sets h->ja3 and h->ja4; reads h's versions. */
void tls_fingerprints(const struct tls_lists *l, char transport, struct tls_hello *h);

#endif
