/* IP addresses and networks (RFC 4291, RFC 4632). IPv4 is held as ::ffff:a.b.c.d, so that one
 * form compares, hashes and prefixes alike. Pure functions; any thread. */
#ifndef TK_BASE_ADDR_H
#define TK_BASE_ADDR_H

#include "core/base/slice.h"

struct addr {
	uint8_t b[16];
};

struct cidr {
	struct addr net;
	uint8_t bits; /* 0..128, counted on the 16-byte form: 10.0.0.0/8 has 104 */
};

#define ADDR_TEXT_MAX 46

/* Strict: no port, zone, leading zero or blank. ::ffff:10.1.2.3 is 10.1.2.3. */
bool addr_parse(struct slice text, struct addr *out);
/* As X-Forwarded-For has it: brackets, a port and surrounding blanks are accepted. */
bool addr_parse_loose(struct slice text, struct addr *out);
/* "10.0.0.1:514" or "[fd00::1]:514", strict; the port is 0 to 65535 in decimal digits. */
bool addr_port_parse(struct slice text, struct addr *out, uint16_t *port);
bool addr_is_v4(const struct addr *a);
bool addr_eq(const struct addr *a, const struct addr *b);
/* RFC 5952 text, with NUL; returns its length. */
size_t addr_format(const struct addr *a, char out[ADDR_TEXT_MAX]);
/* "10.0.0.0/8", or an address alone (= one host). Host bits set: false with *host_bits true. */
bool cidr_parse(struct slice text, struct cidr *out, bool *host_bits);
bool cidr_holds(const struct cidr *c, const struct addr *a);

#endif
