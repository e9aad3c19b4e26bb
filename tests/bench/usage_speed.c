/* What reading a call's bodies costs, for usage.py: calls from standard input, each "LABEL HOST PATH MEDIA
 * REQUEST-BYTES RESPONSE-BYTES\n" and both bodies; by label the ns a call and MB/s, the best of five rounds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/base/zone.h"
#include "sensor/llm/usage.h"

#define CALLS 4096
#define PIECE 16384 /* as bodies come out of a stream's window */
#define ROUND_NS (NS_PER_SEC / 5)

struct call {
	char label[64], host[128], path[512], media[128];
	uint8_t *bodies;
	size_t request, response;
};

static struct call calls[CALLS];
static size_t n_calls;

static int64_t cpu_ns(void)
{
	return (int64_t)clock() * (NS_PER_SEC / CLOCKS_PER_SEC);
}

static bool read_calls(void)
{
	struct call *c = calls;

	while (n_calls < CALLS && scanf("%63s %127s %511s %127s %zu %zu", c->label, c->host, c->path,
					c->media, &c->request, &c->response) == 6) {
		if (getchar() != '\n' || c->request > 64u << 20 || c->response > 64u << 20 ||
		    (c->bodies = malloc(c->request + c->response + 1)) == NULL ||
		    fread(c->bodies, 1, c->request + c->response, stdin) != c->request + c->response)
			return false;
		n_calls++;
		c++;
	}
	return n_calls > 0;
}

static int64_t read_one(const struct call *c, void *memory)
{
	struct route route;
	struct usage_reader *u;
	struct usage out;

	route_find(slice_str(c->host), slice_str(c->path), &route);
	u = usage_begin(memory, &route);
	usage_request_head(u, SLICE("application/json"));
	for (size_t at = 0; at < c->request; at += PIECE)
		usage_request(u, slice_of(c->bodies + at, c->request - at < PIECE ? c->request - at : PIECE));
	usage_response_head(u, 200, slice_str(c->media));
	for (size_t at = 0; at < c->response; at += PIECE)
		usage_response(u, slice_of(c->bodies + c->request + at,
					   c->response - at < PIECE ? c->response - at : PIECE));
	usage_end(u, true, true, &out);
	return out.input + out.output;
}

/* All calls of a label in turn, for a while. */
static void measure(const char *label, void *memory)
{
	double best = 0, bytes = 0, ns;
	int64_t sum = 0;
	size_t n = 0;

	for (size_t i = 0; i < n_calls; i++)
		if (strcmp(calls[i].label, label) == 0) {
			bytes += (double)(calls[i].request + calls[i].response);
			n++;
		}
	for (int round = 0; round < 5; round++) {
		int64_t begin = cpu_ns();
		size_t done = 0;

		do
			for (size_t i = 0; i < n_calls; i++)
				if (strcmp(calls[i].label, label) == 0) {
					sum += read_one(&calls[i], memory);
					done++;
				}
		while (cpu_ns() - begin < ROUND_NS);
		ns = (double)(cpu_ns() - begin) / (double)done;
		if (round == 0 || ns < best)
			best = ns;
	}
	printf("%-26s %5zu %12.0f %10.0f %10.0f   %s\n", label, n, bytes / (double)n, best,
	       bytes / (double)n / best * 1000, sum == 0 ? "(nothing read)" : "");
}

int main(void)
{
	void *memory = calloc(1, usage_reader_size());

	if (memory == NULL || !read_calls())
		return 1;
	printf("%-26s %5s %12s %10s %10s\n", "reader", "calls", "bytes each", "ns a call", "MB/s");
	for (size_t i = 0; i < n_calls; i++) {
		size_t first = 0;

		while (strcmp(calls[first].label, calls[i].label) != 0)
			first++;
		if (first == i)
			measure(calls[i].label, memory);
	}
	return 0;
}
