/* What is read as an address or a network reads the same from its own text. */
#include <stdlib.h>

#include "core/base/addr.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void round_trip(const struct addr *a)
{
	char text[ADDR_TEXT_MAX];
	struct addr again;

	if (!addr_parse(slice_of(text, addr_format(a, text)), &again) || !addr_eq(a, &again))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct slice in = slice_of(p, n);
	struct addr a, loose;
	struct cidr c;
	bool host_bits;

	if (addr_parse_loose(in, &loose))
		round_trip(&loose);
	if (addr_parse(in, &a)) {
		round_trip(&a);
		if (!addr_parse_loose(in, &loose) || !addr_eq(&a, &loose))
			abort();
	}
	if (cidr_parse(in, &c, &host_bits) && !cidr_holds(&c, &c.net) && c.bits >= 96)
		abort();
	return 0;
}
