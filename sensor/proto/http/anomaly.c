#include "sensor/proto/http/anomaly.h"

#include <strings.h>

static const struct slice names[] = {
#define ANOMALY(id, name, doc) { (const uint8_t *)(name), sizeof(name) - 1 },
#include "sensor/proto/http/anomalies.def"
#undef ANOMALY
};
_Static_assert(ANOMALY_COUNT <= 32, "one word of bits");

#define ANOMALY(id, name, doc) +sizeof(name)
_Static_assert(0
#include "sensor/proto/http/anomalies.def"
		       <= ANOMALY_LIST_MAX,
	       "room for all names");
#undef ANOMALY

size_t anomaly_list(uint32_t bits, uint8_t out[ANOMALY_LIST_MAX])
{
	size_t n = 0;

	for (int i = 0; i < ANOMALY_COUNT; i++) {
		if ((bits >> i & 1) == 0)
			continue;
		if (n > 0)
			out[n++] = ',';
		memcpy(out + n, names[i].p, names[i].n);
		n += names[i].n;
	}
	return n;
}

/* Without the port that the scheme implies, and an empty one. */
static struct slice without_port(struct slice host, bool tls)
{
	struct slice port = tls ? SLICE(":443") : SLICE(":80");

	if (host.n > port.n && slice_eq(slice_from(host, host.n - port.n), port))
		host.n -= port.n;
	else if (host.n > 0 && host.p[host.n - 1] == ':')
		host.n--;
	return host;
}

bool anomaly_hosts_differ(struct slice target, struct slice host)
{
	const uint8_t *mark = target.n == 0 ? NULL : memmem(target.p, target.n, "://", 3), *at;
	struct slice named;
	size_t n = 0;
	bool tls;

	if (mark == NULL || target.p[0] == '/' || host.n == 0)
		return false;
	named = slice_from(target, (size_t)(mark - target.p) + 3);
	while (n < named.n && memchr("/?#", named.p[n], 3) == NULL)
		n++;
	named.n = n;
	at = n == 0 ? NULL : memrchr(named.p, '@', n);
	if (at != NULL)
		named = slice_from(named, (size_t)(at - named.p) + 1);
	tls = mark - target.p == 5; /* https */
	named = without_port(named, tls);
	host = without_port(host, tls);
	return named.n != host.n ||
	       (host.n > 0 && strncasecmp((const char *)named.p, (const char *)host.p, host.n) != 0);
}
