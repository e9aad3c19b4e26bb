/* Addresses and networks (RFC 4291, 4632, 5952). */
#include "core/base/addr.h"
#include "tests/lib/tap.h"

#define BAD NULL

static const char *text_of(const struct addr *a)
{
	static char text[ADDR_TEXT_MAX];

	addr_format(a, text);
	return text;
}

static void test_strict(void)
{
	static const struct { const char *in, *out; } rows[] = {
		{ "10.1.2.3", "10.1.2.3" },
		{ "0.0.0.0", "0.0.0.0" },
		{ "255.255.255.255", "255.255.255.255" },
		{ "::ffff:10.1.2.3", "10.1.2.3" },
		{ "::FFFF:0A01:0203", "10.1.2.3" },
		{ "2001:0db8:0000:0000:0000:ff00:0042:8329", "2001:db8::ff00:42:8329" },
		{ "::", "::" },
		{ "::1", "::1" },
		{ "1::", "1::" },
		{ "fe80::1", "fe80::1" },
		{ "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8" },
		{ "1:0:3:4:5:6:7:8", "1:0:3:4:5:6:7:8" }, /* one zero group is not shortened */
		{ "1:0:0:4:0:0:7:8", "1::4:0:0:7:8" }, /* the first of equal runs */
		{ "1:0:0:4:0:0:0:8", "1:0:0:4::8" }, /* the longest */
		{ "::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8" },
		{ "1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0" },
		{ "64:ff9b::192.0.2.33", "64:ff9b::c000:221" },
		{ "::10.1.2.3", "::a01:203" },
		{ "", BAD },
		{ "1", BAD },
		{ "10.1.2", BAD },
		{ "10.1.2.3.4", BAD },
		{ "10.1.2.256", BAD },
		{ "010.1.2.3", BAD },
		{ "10.1.2.03", BAD },
		{ "10..2.3", BAD },
		{ "10.1.2.3 ", BAD },
		{ " 10.1.2.3", BAD },
		{ "10.1.2.3:80", BAD },
		{ "0x0a.1.2.3", BAD },
		{ "10.1.2.1000", BAD },
		{ "-", BAD },
		{ ":", BAD },
		{ ":::", BAD },
		{ "1:", BAD },
		{ ":1", BAD },
		{ "1::2::3", BAD },
		{ "1:2:3:4:5:6:7", BAD },
		{ "1:2:3:4:5:6:7:8:9", BAD },
		{ "1:2:3:4:5:6:7:8::", BAD },
		{ "12345::", BAD },
		{ "g::", BAD },
		{ "fe80::1%eth0", BAD },
		{ "[::1]", BAD },
		{ "::1.2.3.4:5", BAD },
		{ "1:2:3:4:5:6:7:1.2.3.4", BAD },
		{ "::ffff:10.1.2.03", BAD },
		{ "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000", BAD },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct addr a;
		bool good = addr_parse(slice_str(rows[i].in), &a);

		if (rows[i].out == BAD)
			ok(!good, rows[i].in[0] == 0 ? "(empty)" : rows[i].in);
		else
			ok_str(good ? text_of(&a) : NULL, rows[i].out, rows[i].in);
	}
}

static void test_loose(void)
{
	static const struct { const char *in, *out; } rows[] = {
		{ "10.1.2.3", "10.1.2.3" },
		{ " 10.1.2.3\t", "10.1.2.3" },
		{ "10.1.2.3:80", "10.1.2.3" },
		{ "10.1.2.3:65535", "10.1.2.3" },
		{ "[2001:db8::1]", "2001:db8::1" },
		{ "[2001:db8::1]:443", "2001:db8::1" },
		{ "2001:db8::1", "2001:db8::1" },
		{ "::ffff:10.1.2.3", "10.1.2.3" },
		{ "[::ffff:10.1.2.3]:1", "10.1.2.3" },
		{ "10.1.2.3:", BAD },
		{ "10.1.2.3:65536", BAD },
		{ "10.1.2.3:x", BAD },
		{ "[::1", BAD },
		{ "[::1]x", BAD },
		{ "[::1]:", BAD },
		{ "[10.1.2.3]", BAD },
		{ "[]", BAD },
		{ "", BAD },
		{ "  ", BAD },
		{ "unknown", BAD },
		{ "_hidden", BAD },
		{ "10.1.2.3, 10.1.2.4", BAD },
		{ "host:80", BAD },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct addr a;
		bool good = addr_parse_loose(slice_str(rows[i].in), &a);

		if (rows[i].out == BAD)
			ok(!good, rows[i].in[0] == 0 ? "(empty)" : rows[i].in);
		else
			ok_str(good ? text_of(&a) : NULL, rows[i].out, rows[i].in);
	}
}

static void test_networks(void)
{
	static const struct { const char *net, *addr; bool holds; } rows[] = {
		{ "10.0.0.0/8", "10.255.0.1", true }, { "10.0.0.0/8", "11.0.0.0", false },
		{ "10.1.2.3", "10.1.2.3", true }, { "10.1.2.3", "10.1.2.4", false },
		{ "10.1.2.0/23", "10.1.3.255", true }, { "10.1.2.0/23", "10.1.4.0", false },
		{ "0.0.0.0/0", "203.0.113.9", true }, { "0.0.0.0/0", "2001:db8::1", false },
		{ "::/0", "2001:db8::1", true }, { "::/0", "10.1.2.3", false },
		{ "fd00:10::/32", "fd00:10:ffff::1", true }, { "fd00:10::/32", "fd00:11::1", false },
		{ "2001:db8::/33", "2001:db8:7fff::", true }, { "2001:db8::/33", "2001:db8:8000::", false },
		{ "::1", "::1", true }, { "::ffff:10.0.0.0/104", "10.9.9.9", true },
		{ "10.0.0.0/8", "::ffff:10.0.0.1", true }, { "10.1.2.3/32", "10.1.2.3", true },
	};
	static const struct { const char *net; bool host_bits; } bad[] = {
		{ "10.0.0.1/8", true },	  { "2001:db8::1/64", true },
		{ "10.1.3.0/23", true },  { "10.0.0.0/33", false },
		{ "10.0.0.0/", false },	  { "10.0.0.0/08", false },
		{ "10.0.0.0/-1", false }, { "::/129", false },
		{ "/8", false },	  { "", false },
		{ "10.0.0/8", false },	  { "10.0.0.0/8/8", false },
		{ "ward", false },
	};
	struct cidr c;
	struct addr a;
	bool host_bits;

	for (size_t i = 0; i < COUNT(rows); i++) {
		bool good = cidr_parse(slice_str(rows[i].net), &c, &host_bits) &&
			    addr_parse(slice_str(rows[i].addr), &a);

		ok(good && cidr_holds(&c, &a) == rows[i].holds, rows[i].net);
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		ok(!cidr_parse(slice_str(bad[i].net), &c, &host_bits) && host_bits == bad[i].host_bits,
		   bad[i].net);
	cidr_parse(SLICE("10.0.0.0/8"), &c, &host_bits);
	ok_int(c.bits, 104, "bits count on the 16-byte form");
}

/* Every address comes back from its own text. */
static void test_round_trip(void)
{
	uint64_t x = 88172645463325252u;
	bool good = true;

	for (int i = 0; i < 100000; i++) {
		struct addr a, b;
		char text[ADDR_TEXT_MAX];
		size_t n;

		for (int k = 0; k < 16; k++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			a.b[k] = x >> 60 < 9 ? 0 : (uint8_t)(x >> 20);
		}
		n = addr_format(&a, text);
		if (n != strlen(text) || !addr_parse(slice_of(text, n), &b) || !addr_eq(&a, &b))
			good = false;
	}
	ok(good, "100000 addresses survive the way to text and back");
}

int main(void)
{
	struct addr a;

	test_strict();
	test_loose();
	test_networks();
	test_round_trip();
	ok(addr_parse(SLICE("::ffff:1.2.3.4"), &a) && addr_is_v4(&a), "a mapped address is IPv4");
	ok(addr_parse(SLICE("::1.2.3.4"), &a) && !addr_is_v4(&a), "a compatible address is not");
	return tap_done();
}
