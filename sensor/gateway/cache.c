#include "sensor/gateway/cache.h"

#include <stdlib.h>

struct parse_cache *parse_cache_new(void)
{
	struct parse_cache *c = calloc(1, sizeof *c);

	if (c != NULL && !random_bytes(c->seed, sizeof c->seed)) {
		free(c);
		c = NULL;
	}
	return c;
}

void parse_cache_free(struct parse_cache *c)
{
	free(c);
}

void cache_keep_time(struct parse_cache *c, struct slice text, int64_t ns)
{
	if (c == NULL || text.n == 0 || text.n > sizeof c->time_text)
		return;
	memcpy(c->time_text, text.p, text.n);
	c->time_n = text.n;
	c->time_ns = ns;
}
