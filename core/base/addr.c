#include "core/base/addr.h"

static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

bool addr_is_v4(const struct addr *a)
{
	return memcmp(a->b, mapped, sizeof mapped) == 0;
}

bool addr_eq(const struct addr *a, const struct addr *b)
{
	return memcmp(a->b, b->b, sizeof a->b) == 0;
}

/* Four decimal numbers without leading zeros: 010 is octal to some resolvers and ten to others. */
static bool parse_v4(struct slice t, uint8_t out[4])
{
	size_t at = 0;

	for (int part = 0; part < 4; part++) {
		unsigned v = 0;
		size_t start = at;

		if (part > 0) {
			if (at >= t.n || t.p[at] != '.')
				return false;
			start = ++at;
		}
		while (at < t.n && at - start < 3 && t.p[at] >= '0' && t.p[at] <= '9')
			v = v * 10 + (t.p[at++] - '0');
		if (at == start || v > 255 || (at - start > 1 && t.p[start] == '0'))
			return false;
		out[part] = (uint8_t)v;
	}
	return at == t.n;
}

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One to four hex digits at *at. False: none. */
static bool parse_group(struct slice t, size_t *at, unsigned *v)
{
	size_t start = *at;

	*v = 0;
	while (*at < t.n && *at - start < 4) {
		int d = hex_digit(t.p[*at]);

		if (d < 0)
			break;
		*v = *v << 4 | (unsigned)d;
		++*at;
	}
	return *at > start;
}

/* Moves what came behind "::" to the end. */
static bool spread(uint8_t out[16], size_t n, size_t gap)
{
	if (n == 16)
		return false; /* "::" stands for at least one group */
	memmove(out + 16 - (n - gap), out + gap, n - gap);
	memset(out + gap, 0, 16 - n);
	return true;
}

static bool parse_v6(struct slice t, uint8_t out[16])
{
	size_t n = 0, at = 0, gap = SIZE_MAX;

	if (t.n >= 2 && t.p[0] == ':' && t.p[1] == ':') {
		gap = 0;
		at = 2;
	}
	while (at < t.n) {
		size_t start = at;
		unsigned v;

		if (n == 16 || !parse_group(t, &at, &v))
			return false;
		if (at < t.n && t.p[at] == '.') { /* RFC 4291 2.2 (3): the last four bytes may be IPv4 */
			if (n > 12 || !parse_v4(slice_from(t, start), out + n))
				return false;
			n += 4;
			break;
		}
		out[n++] = (uint8_t)(v >> 8);
		out[n++] = (uint8_t)v;
		if (at == t.n)
			break;
		if (t.p[at++] != ':' || at == t.n)
			return false;
		if (t.p[at] == ':') {
			if (gap != SIZE_MAX)
				return false;
			gap = n;
			at++;
		}
	}
	return gap == SIZE_MAX ? n == 16 : spread(out, n, gap);
}

bool addr_parse(struct slice text, struct addr *out)
{
	struct addr a;

	if (text.n < 2 || text.n >= ADDR_TEXT_MAX)
		return false;
	if (memchr(text.p, ':', text.n) != NULL) {
		if (!parse_v6(text, a.b))
			return false;
	} else {
		memcpy(a.b, mapped, sizeof mapped);
		if (!parse_v4(text, a.b + 12))
			return false;
	}
	*out = a;
	return true;
}

static bool parse_port(struct slice t, uint16_t *port)
{
	unsigned v = 0;

	if (t.n == 0 || t.n > 5)
		return false;
	for (size_t i = 0; i < t.n; i++) {
		if (t.p[i] < '0' || t.p[i] > '9')
			return false;
		v = v * 10 + (t.p[i] - '0');
	}
	*port = (uint16_t)v;
	return v <= 65535;
}

static bool is_port(struct slice t)
{
	uint16_t port;

	return parse_port(t, &port);
}

bool addr_port_parse(struct slice text, struct addr *out, uint16_t *port)
{
	const uint8_t *colon = text.n == 0 ? NULL : memrchr(text.p, ':', text.n);
	struct slice host = slice_head(text, colon == NULL ? 0 : (size_t)(colon - text.p));
	bool v6 = host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']';

	if (v6)
		host = slice_head(slice_from(host, 1), host.n - 2);
	return colon != NULL && (memchr(host.p, ':', host.n) != NULL) == v6 && addr_parse(host, out) &&
	       parse_port(slice_from(text, (size_t)(colon - text.p) + 1), port);
}

static struct slice trim(struct slice t)
{
	while (t.n > 0 && (t.p[0] == ' ' || t.p[0] == '\t'))
		t = slice_from(t, 1);
	while (t.n > 0 && (t.p[t.n - 1] == ' ' || t.p[t.n - 1] == '\t'))
		t.n--;
	return t;
}

/* "[v6]" or "[v6]:port" */
static bool parse_bracketed(struct slice t, struct addr *out)
{
	const uint8_t *close = memchr(t.p, ']', t.n);
	size_t inner;
	struct slice rest;

	if (close == NULL)
		return false;
	inner = (size_t)(close - t.p) - 1;
	rest = slice_from(t, inner + 2);
	if (rest.n > 0 && (rest.p[0] != ':' || !is_port(slice_from(rest, 1))))
		return false;
	return memchr(t.p + 1, ':', inner) != NULL && addr_parse(slice_of(t.p + 1, inner), out);
}

bool addr_parse_loose(struct slice text, struct addr *out)
{
	struct slice t = trim(text);
	const uint8_t *colon;
	size_t host;

	if (t.n == 0)
		return false;
	if (t.p[0] == '[')
		return parse_bracketed(t, out);
	colon = memchr(t.p, ':', t.n);
	if (colon == NULL)
		return addr_parse(t, out);
	host = (size_t)(colon - t.p);
	/* A dot before the first colon: IPv4 with a port. */
	if (memchr(t.p, '.', host) != NULL)
		return is_port(slice_from(t, host + 1)) && addr_parse(slice_head(t, host), out);
	return addr_parse(t, out);
}

static char *put_dec(char *p, unsigned v)
{
	if (v >= 100)
		*p++ = (char)('0' + v / 100);
	if (v >= 10)
		*p++ = (char)('0' + v / 10 % 10);
	*p++ = (char)('0' + v % 10);
	return p;
}

static size_t format_v4(const uint8_t b[4], char *out)
{
	char *p = out;

	for (int i = 0; i < 4; i++) {
		if (i > 0)
			*p++ = '.';
		p = put_dec(p, b[i]);
	}
	*p = 0;
	return (size_t)(p - out);
}

static char *put_hex(char *p, unsigned v)
{
	static const char digit[] = "0123456789abcdef";
	int shift = 12;

	while (shift > 0 && v >> shift == 0)
		shift -= 4;
	for (; shift >= 0; shift -= 4)
		*p++ = digit[v >> shift & 15];
	return p;
}

/* RFC 5952 4.2: the first of the longest runs of two or more zero groups. */
static void longest_zeros(const unsigned g[8], int *from, int *len)
{
	*from = -1;
	*len = 1;
	for (int i = 0; i < 8; i++) {
		int k = i;

		while (k < 8 && g[k] == 0)
			k++;
		if (k - i > *len) {
			*from = i;
			*len = k - i;
		}
		if (k > i)
			i = k - 1;
	}
}

size_t addr_format(const struct addr *a, char out[ADDR_TEXT_MAX])
{
	unsigned g[8];
	int from, len;
	char *p = out;

	if (addr_is_v4(a))
		return format_v4(a->b + 12, out);
	for (int i = 0; i < 8; i++)
		g[i] = (unsigned)a->b[2 * i] << 8 | a->b[2 * i + 1];
	longest_zeros(g, &from, &len);
	for (int i = 0; i < 8; i++) {
		if (i == from) {
			*p++ = ':';
			*p++ = ':';
			i += len - 1;
			continue;
		}
		if (i > 0 && p[-1] != ':')
			*p++ = ':';
		p = put_hex(p, g[i]);
	}
	*p = 0;
	return (size_t)(p - out);
}

/* Decimal without leading zeros. */
static bool parse_bits(struct slice t, unsigned max, unsigned *bits)
{
	unsigned v = 0;

	if (t.n == 0 || t.n > 3 || (t.n > 1 && t.p[0] == '0'))
		return false;
	for (size_t i = 0; i < t.n; i++) {
		if (t.p[i] < '0' || t.p[i] > '9')
			return false;
		v = v * 10 + (t.p[i] - '0');
	}
	*bits = v;
	return v <= max;
}

static bool has_host_bits(const struct addr *a, unsigned bits)
{
	for (unsigned i = bits / 8; i < 16; i++) {
		uint8_t mask = i == bits / 8 ? (uint8_t)(0xff >> bits % 8) : 0xff;

		if ((a->b[i] & mask) != 0)
			return true;
	}
	return false;
}

bool cidr_parse(struct slice text, struct cidr *out, bool *host_bits)
{
	const uint8_t *slash = text.n == 0 ? NULL : memchr(text.p, '/', text.n);
	struct slice host = slash == NULL ? text : slice_head(text, (size_t)(slash - text.p));
	bool v4 = host.n > 0 && memchr(host.p, ':', host.n) == NULL;
	unsigned bits = v4 ? 32 : 128;
	struct cidr c;

	*host_bits = false;
	if (!addr_parse(host, &c.net))
		return false;
	if (slash != NULL && !parse_bits(slice_from(text, host.n + 1), bits, &bits))
		return false;
	bits += v4 ? 96 : 0;
	if (has_host_bits(&c.net, bits)) {
		*host_bits = true;
		return false;
	}
	c.bits = (uint8_t)bits;
	*out = c;
	return true;
}

bool cidr_holds(const struct cidr *c, const struct addr *a)
{
	unsigned whole = c->bits / 8, rest = c->bits % 8;

	/* ::/0 means all of IPv6; that IPv4 lies inside is only our way of holding it. */
	if (c->bits < 96 && addr_is_v4(a))
		return false;
	if (memcmp(c->net.b, a->b, whole) != 0)
		return false;
	return rest == 0 || ((c->net.b[whole] ^ a->b[whole]) & (0xff00 >> rest & 0xff)) == 0;
}
