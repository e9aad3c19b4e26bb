#include "sensor/fields/cache.h"

#include <stdlib.h>

#include "core/base/hash.h"
#include "sensor/fields/secret.h"
#include "sensor/llm/route.h"

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

/* Only what stays as it is, whatever room the scratch has, is kept: never a secret, and no %, behind which
 * one is looked for in the scratch. Short texts are looked at as quickly as looked up. */
struct slice cache_mask_text(struct slice text, const struct parse_context *ctx)
{
	struct cached_text *t;
	struct slice masked;

	if (ctx->cache == NULL || text.n < 16 || text.n > CACHE_TEXT_MAX)
		return secret_mask_text(text, ctx->scratch);
	t = &ctx->cache->text[cache_place(text, CACHE_TEXTS)];
	if (t->n == text.n && memcmp(t->text, text.p, text.n) == 0)
		return text;
	masked = secret_mask_text(text, ctx->scratch);
	if (masked.p == text.p && masked.n == text.n && memchr(text.p, '%', text.n) == NULL) {
		memcpy(t->text, text.p, text.n);
		t->n = (uint8_t)text.n;
	}
	return masked;
}

static bool route_is(const struct cached_route *r, struct slice host, struct slice path)
{
	return r->path_n == path.n && r->host_n == host.n && memcmp(r->path, path.p, path.n) == 0 &&
	       (host.n == 0 || memcmp(r->host, host.p, host.n) == 0);
}

void cache_route_find(struct slice host, struct slice path, struct parse_cache *c, struct route *out)
{
	struct cached_route *r;

	if (c == NULL || path.n < 8 || path.n > sizeof r->path || host.n > sizeof r->host) {
		route_find(host, path, out);
		return;
	}
	r = &c->route[cache_place(path, CACHE_ROUTES)];
	if (!route_is(r, host, path)) {
		route_find(host, path, out);
		r->host_n = (uint8_t)host.n;
		r->path_n = (uint8_t)path.n;
		memcpy(r->path, path.p, path.n);
		if (host.n > 0)
			memcpy(r->host, host.p, host.n);
		r->operation = out->operation;
		r->provider = out->provider;
		r->shape = out->shape;
		r->model_n = (uint8_t)out->model.n;
		r->model_at = out->model.n == 0 ? 0 : (uint8_t)(out->model.p - path.p);
	}
	out->operation = r->operation;
	out->provider = r->provider;
	out->shape = r->shape;
	out->model = r->model_n == 0 ? slice_of(NULL, 0) : slice_of(path.p + r->model_at, r->model_n);
}
