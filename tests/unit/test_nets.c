#include <stdlib.h>

#include "core/base/hash.h"
#include "geoip/geoip.h"
#include "tests/lib/tap.h"

static const struct { const char *cidr, *name; } networks[] = {
	{ "10.0.0.0/8", "inside" },       { "10.10.0.0/16", "wards" },     { "10.10.7.0/24", "icu" },
	{ "10.10.7.9", "monitor" },       { "10.255.0.0/16", "lab" },      { "192.168.0.0/16", "office" },
	{ "fd00::/8", "ula" },            { "fd00:10::/32", "ward6" },     { "255.255.255.255", "last4" },
	{ "ff00::/8", "multicast" },      { "10.0.0.0/16", "first" },
};

static const struct { const char *address, *name; } lookups[] = {
	{ "9.255.255.255", "" },          { "10.0.0.0", "first" },         { "10.0.255.255", "first" },
	{ "10.1.0.0", "inside" },         { "10.10.0.0", "wards" },        { "10.10.6.255", "wards" },
	{ "10.10.7.0", "icu" },           { "10.10.7.8", "icu" },          { "10.10.7.9", "monitor" },
	{ "10.10.7.10", "icu" },          { "10.10.8.0", "wards" },        { "10.11.0.0", "inside" },
	{ "10.255.255.255", "lab" },      { "11.0.0.0", "" },              { "192.168.200.1", "office" },
	{ "192.169.0.0", "" },            { "fcff::", "" },                { "fd00:10::1", "ward6" },
	{ "fd00:11::", "ula" },           { "fe00::", "" },                { "255.255.255.255", "last4" },
	{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "multicast" },        { "::", "" },
};

static struct cidr cidr_of(const char *text)
{
	struct cidr c = { 0 };
	bool host_bits;

	if (!cidr_parse(slice_str(text), &c, &host_bits))
		ok(false, text);
	return c;
}

static void fixed(void)
{
	struct nets *n = nets_new();

	for (size_t i = 0; i < COUNT(networks); i++) {
		struct cidr c = cidr_of(networks[i].cidr);

		nets_add(n, &c, networks[i].name);
	}
	nets_seal(n);
	for (size_t i = 0; i < COUNT(lookups); i++) {
		struct addr a;
		const char *name;

		if (!addr_parse(slice_str(lookups[i].address), &a))
			ok(false, lookups[i].address);
		name = nets_find(n, &a);
		ok_str(name == NULL ? "" : name, lookups[i].name, lookups[i].address);
	}
	nets_free(n);
}

/* Against the plain reading of "longest prefix". */
static void random_against_naive(void)
{
	enum { NETS = 300, LOOKUPS = 20000 };
	static char names[NETS][16];
	struct cidr c[NETS];
	struct nets *n = nets_new();
	int wrong = 0;

	srand(7);
	for (int i = 0; i < NETS; i++) {
		snprintf(names[i], sizeof names[i], "n%d", i);
		memset(&c[i], 0, sizeof c[i]);
		c[i].bits = (uint8_t)(rand() % 25);
		for (int b = 0; b < c[i].bits; b++) /* few leading bits differ, so that many nest */
			if (rand() % 4 == 0)
				c[i].net.b[b / 8] |= (uint8_t)(0x80 >> b % 8);
		nets_add(n, &c[i], names[i]);
	}
	nets_seal(n);
	for (int k = 0; k < LOOKUPS; k++) {
		struct addr a = { { 0 } };
		int best = -1;
		const char *got;

		for (int b = 0; b < 26; b++)
			if (rand() % 4 == 0)
				a.b[b / 8] |= (uint8_t)(0x80 >> b % 8);
		for (int i = 0; i < NETS; i++)
			if (cidr_holds(&c[i], &a) && (best < 0 || c[i].bits > c[best].bits))
				best = i;
		got = nets_find(n, &a);
		/* equal networks may have either name: compare what they hold */
		if ((got == NULL) != (best < 0) || (best >= 0 && c[atoi(got + 1)].bits != c[best].bits))
			wrong++;
	}
	ok_int(wrong, 0, "20000 random addresses as the naive search has them");
	nets_free(n);
}

int main(void)
{
	struct nets *empty = nets_new();
	struct addr a = { { 0 } };

	nets_seal(empty);
	ok(nets_find(empty, &a) == NULL, "no networks, no name");
	nets_free(empty);
	fixed();
	random_against_naive();
	return tap_done();
}
