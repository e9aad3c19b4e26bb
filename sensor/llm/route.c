#include "sensor/llm/route.h"

#define OPENAI "openai_compatible"

struct route_row {
	const char *end, *operation, *provider;
	uint8_t n;
};

/* Rows are many and lines are more: one byte tells most of them apart before memcmp is asked. */

static const struct route_row routes[] = {
#define ROUTE(end, operation, provider) { end, operation, provider, sizeof(end) - 1 },
#define ROUTE_BELOW(end, operation, provider)
#define ROUTE_AROUND(before, last, operation, provider)
#include "sensor/llm/routes.def"
#undef ROUTE
#undef ROUTE_BELOW
};

static const struct route_row routes_below[] = {
#define ROUTE(end, operation, provider)
#define ROUTE_BELOW(end, operation, provider) { end, operation, provider, sizeof(end) - 1 },
#include "sensor/llm/routes.def"
#undef ROUTE_BELOW
#undef ROUTE_AROUND
};

static const struct {
	struct route_row before;
	const char *last;
} routes_around[] = {
#define ROUTE_BELOW(end, operation, provider)
#define ROUTE_AROUND(before, last, operation, provider) \
	{ { before, operation, provider, sizeof(before) - 1 }, last },
#include "sensor/llm/routes.def"
#undef ROUTE
#undef ROUTE_BELOW
#undef ROUTE_AROUND
};

struct host_row {
	const char *name, *provider;
	uint8_t n;
};

static const struct host_row hosts[] = {
#define HOST(name, provider) { name, provider, sizeof(name) - 1 },
#include "sensor/llm/hosts.def"
#undef HOST
};

static bool ends_at_delimiter(struct slice path, const struct route_row *r)
{
	size_t at = path.n - r->n;

	if (path.n <= r->n || path.p[at] != (uint8_t)r->end[0] ||
	    (path.p[at - 1] != '/' && path.p[at - 1] != ':'))
		return false;
	return memcmp(path.p + at, r->end, r->n) == 0;
}

/* Takes it off the path, with its '/'. */
static struct slice last_segment(struct slice *path)
{
	const uint8_t *slash = path->n == 0 ? NULL : memrchr(path->p, '/', path->n);
	struct slice last = { NULL, 0 };

	if (slash != NULL) {
		last = slice_from(*path, (size_t)(slash - path->p) + 1);
		path->n = (size_t)(slash - path->p);
	}
	return last;
}

static const struct route_row *find_around(struct slice path, struct slice last)
{
	for (size_t i = 0; i < COUNT(routes_around); i++) {
		if (!slice_is(last, routes_around[i].last))
			continue;
		struct slice before = path;

		if (last_segment(&before).n > 0 && ends_at_delimiter(before, &routes_around[i].before))
			return &routes_around[i].before;
	}
	return NULL;
}

static const struct route_row *find_row(struct slice path)
{
	struct slice last;

	while (path.n > 1 && path.p[path.n - 1] == '/')
		path.n--;
	for (size_t i = 0; i < COUNT(routes); i++)
		if (ends_at_delimiter(path, &routes[i]))
			return &routes[i];
	last = last_segment(&path);
	if (last.n == 0)
		return NULL;
	for (size_t i = 0; i < COUNT(routes_below); i++)
		if (ends_at_delimiter(path, &routes_below[i]))
			return &routes_below[i];
	return find_around(path, last);
}

static const char *provider_of_host(struct slice host)
{
	for (size_t i = 0; i < COUNT(hosts); i++) {
		const struct host_row *h = &hosts[i];
		bool below = h->name[0] == '.' || h->name[0] == '-';

		if (host.n < h->n || (!below && host.n != h->n) ||
		    host.p[host.n - h->n] != (uint8_t)h->name[0])
			continue;
		if (memcmp(host.p + (host.n - h->n), h->name, h->n) == 0)
			return h->provider;
	}
	if (slice_starts(host, SLICE("bedrock-")) &&
	    (slice_ends(host, SLICE(".amazonaws.com")) || slice_ends(host, SLICE(".api.aws"))))
		return "aws.bedrock";
	if (slice_starts(host, SLICE("runtime.sagemaker.")) && slice_ends(host, SLICE(".amazonaws.com")))
		return "aws.sagemaker";
	return NULL;
}

/* What stands behind `mark` up to '/' or, where an operation follows a colon (Google), the last ':'. */
static struct slice segment_after(struct slice path, const char *mark, bool colon)
{
	const uint8_t *at = memmem(path.p, path.n, mark, strlen(mark)), *end;
	struct slice rest;

	if (at == NULL)
		return slice_of(NULL, 0);
	rest = slice_from(path, (size_t)(at - path.p) + strlen(mark));
	if (rest.n == 0)
		return rest;
	end = colon ? memrchr(rest.p, ':', rest.n) : memchr(rest.p, '/', rest.n);
	if (end == NULL)
		return slice_of(NULL, 0);
	rest = slice_head(rest, (size_t)(end - rest.p));
	return memchr(rest.p, '/', rest.n) == NULL ? rest : slice_of(NULL, 0);
}

static bool holds(struct slice path, const char *text)
{
	return memmem(path.p, path.n, text, strlen(text)) != NULL;
}

/* Which cloud, and the model, where the path names a deployment or a publisher. */
static bool refine_cloud(struct slice path, struct route *out)
{
	static const char azure[] = "/openai/deployments/";

	if (path.n < sizeof azure + sizeof "x/completions" - 2)
		return false; /* too short for what follows, as most are */
	if (holds(path, "/publishers/")) {
		out->provider = "gcp.vertex_ai";
		if (holds(path, "/publishers/anthropic/"))
			out->shape = "anthropic";
		out->model = segment_after(path, "/models/", true);
		return true;
	}
	if (!holds(path, azure))
		return false;
	out->provider = "azure.ai.openai";
	out->model = segment_after(path, azure, false);
	return true;
}

/* Providers whose paths say more than their ends do. */
static void refine(struct slice path, struct route *out)
{
	if (out->provider != NULL && strcmp(out->provider, "aws.bedrock") == 0) {
		/* An ARN names an inference profile or an endpoint (llm-usage.md 1): who has its price,
		 * knows. */
		out->model = segment_after(path, "/model/", false);
		if (!holds(path, "/model/"))
			out->provider = out->shape = NULL; /* an "invoke" of somebody else's */
	} else if (refine_cloud(path, out)) {
		return;
	} else if (out->provider != NULL && strcmp(out->provider, "gcp.vertex_ai") == 0) {
		out->provider = out->shape = NULL; /* a "predict" of somebody else's, or Gemini's own */
		out->model = segment_after(path, "/models/", true);
	} else if (holds(path, "/v1-openai/")) {
		out->provider = "gpustack";
	} else if (out->provider != NULL && strcmp(out->provider, "gcp.gemini") == 0) {
		out->model = segment_after(path, "/models/", true);
	}
}

void route_find(struct slice host, struct slice path, struct route *out)
{
	const struct route_row *row = find_row(path);
	const char *by_host;

	*out = (struct route){ 0 };
	if (row != NULL) {
		out->operation = row->operation[0] == 0 ? NULL : row->operation;
		out->provider = row->provider[0] == 0 ? NULL : row->provider;
		out->shape = out->provider;
		refine(path, out);
	}
	by_host = host.n == 0 ? NULL : provider_of_host(host);
	if (by_host != NULL)
		out->provider = by_host;
}

struct slice route_query_model(const struct route *r, struct slice query)
{
	static const char name[] = "model=";

	if (r->provider == NULL || strcmp(r->provider, "deepgram") != 0)
		return slice_of(NULL, 0);
	while (query.n > 0) {
		const uint8_t *and = memchr(query.p, '&', query.n);
		struct slice one = slice_head(query, and == NULL ? query.n : (size_t)(and - query.p));

		if (slice_starts(one, SLICE(name)))
			return slice_from(one, sizeof name - 1);
		query = slice_from(query, one.n + 1);
	}
	return slice_of(NULL, 0);
}

bool route_is_llm(struct slice path)
{
	static const char *const begins[] = {
		"/v1/", "/v1beta/", "/v2/", "/api/", "/openai/", "/model/", "/ml/",
	};

	for (size_t i = 0; i < COUNT(begins); i++)
		if (slice_starts(path, slice_str(begins[i])))
			return true;
	return path.n > 0 && find_row(path) != NULL;
}
