#include "core/base/endpoint.h"

static bool take_port(struct slice text, uint16_t *port)
{
	unsigned n = 0;

	if (text.n == 0 || text.n > 5 || text.p[0] == '0')
		return false;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
		n = n * 10 + (unsigned)(text.p[i] - '0');
	}
	*port = (uint16_t)n;
	return n <= 65535;
}

bool endpoint_parse(struct slice text, struct endpoint *out)
{
	struct slice host;
	size_t colon;
	bool six;

	out->tcp = slice_starts(text, SLICE("tcp://"));
	if (!out->tcp && !slice_starts(text, SLICE("udp://")))
		return false;
	text = slice_from(text, 6);
	for (colon = text.n; colon > 0 && text.p[colon - 1] != ':';)
		colon--;
	if (colon == 0 || !take_port(slice_from(text, colon), &out->port))
		return false;
	host = slice_head(text, colon - 1);
	six = host.n >= 2 && host.p[0] == '[' && host.p[host.n - 1] == ']';
	if (six)
		host = slice_head(slice_from(host, 1), host.n - 2);
	return addr_parse(host, &out->ip) && six == (memchr(host.p, ':', host.n) != NULL);
}
