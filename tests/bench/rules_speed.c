/* How long rules take: CPU seconds of rule_run_event over made-up access events, and of loading.
 * usage: rules_speed EVENTS KEYS PATH...; KEYS: how many client addresses there are. One JSON object. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "core/base/zone.h"
#include "rules/rules.h"

#define KINDS 4096 /* different events, but for time and client */

static double cpu(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint64_t next(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	return *x ^= *x << 17;
}

static const char *pick(uint64_t *x, const char *const *list, size_t n)
{
	return list[next(x) % n];
}

static struct slice keep(const char *text)
{
	return slice_str(strdup(text));
}

/* Mostly calls of an LLM gateway, some of a browser, a few of a scanner. */
static void make_event(struct flat_event *fe, uint64_t *x)
{
	static const char *const paths[] = { "/v1/chat/completions", "/v1/chat/completions",
					     "/v1/embeddings",	     "/v1/models",
					     "/static/app-9f3c2.js", "/admin/keys/list",
					     "/wp-login.php",	     "/cgi-bin/luci/;stok=/locale" };
	static const char *const agents[] = { "python-requests/2.31", "OpenAI/Python 1.30.1", "curl/8.5.0",
					      "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 "
					      "(KHTML, like Gecko) Chrome/126.0 Safari/537.36" };
	static const char *const methods[] = { "POST", "POST", "POST", "GET" };
	static const int status[] = { 200, 200, 200, 200, 200, 401, 404, 500 };
	char text[200];

	flat_event_reset(fe);
	ev_set_str(&fe->ev, F_PATH, slice_str(pick(x, paths, COUNT(paths))));
	if (next(x) % 4 == 0) {
		snprintf(text, sizeof text, "id=%u&view=%s&return=%%2Fhome%%2F%u",
			 (unsigned)(next(x) % 100000), next(x) % 2 ? "full" : "short",
			 (unsigned)(next(x) % 1000));
		ev_set_str(&fe->ev, F_QUERY, keep(text));
	}
	ev_set_str(&fe->ev, F_USER_AGENT, slice_str(pick(x, agents, COUNT(agents))));
	ev_set_str(&fe->ev, F_METHOD, slice_str(pick(x, methods, COUNT(methods))));
	ev_set_str(&fe->ev, F_DOMAIN, slice_str("llm.hospital.example.jp"));
	snprintf(text, sizeof text, "user%03u", (unsigned)(next(x) % 400));
	ev_set_str(&fe->ev, F_USER, keep(text));
	ev_set_int(&fe->ev, F_STATUS, status[next(x) % COUNT(status)]);
	ev_set_int(&fe->ev, F_DURATION, (int64_t)(next(x) % 5000) * 1000000);
	ev_set_int(&fe->ev, F_RESPONSE_BYTES, (int64_t)(next(x) % 50000));
}

static void report(const char *path, const struct rule_set *set, double loaded, double took, long n,
		   uint64_t hits, struct rule_run_counts c)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	printf("{\"rules\":\"%s\",\"count\":%zu,\"load_s\":%.3f,\"events\":%ld,\"cpu_s\":%.3f,\"ns_event\":%."
	       "0f,"
	       "\"hits\":%llu,\"evicted\":%llu,\"rss_mib\":%ld}\n",
	       path, rule_set_count(set), loaded, n, took, took / (double)n * 1e9, (unsigned long long)hits,
	       (unsigned long long)c.evicted, u.ru_maxrss / 1024);
}

int main(int argc, char **argv)
{
	long n = argc > 3 ? atol(argv[1]) : 0, keys = argc > 3 ? atol(argv[2]) : 0;
	struct flat_event *kinds = calloc(KINDS, sizeof *kinds);
	uint64_t x = 88172645463325252u, hits = 0;
	const uint16_t *list;
	size_t errors = 0;
	double start = cpu(), loaded;
	struct err e;
	struct rule_set *set;
	struct rule_run *run;

	if (n <= 0 || keys <= 0 || kinds == NULL || zone_use("Asia/Tokyo", &e) != TK_OK)
		return 2;
	set = rule_set_load((const char *const *)argv + 3, (size_t)argc - 3, NULL, NULL, NULL, &errors);
	run = set == NULL ? NULL : rule_run_new(set, NULL, NULL);
	if (run == NULL || errors > 0)
		return 1;
	loaded = cpu() - start;
	for (int i = 0; i < KINDS; i++)
		make_event(&kinds[i], &x);
	start = cpu();
	for (long i = 0; i < n; i++) {
		struct access_event *ev = &kinds[next(&x) % KINDS].ev;
		uint32_t host = (uint32_t)(next(&x) % (uint64_t)keys) + (10u << 24);
		struct addr ip = { { [10] = 255,
				     [11] = 255,
				     [12] = (uint8_t)(host >> 24),
				     [13] = (uint8_t)(host >> 16),
				     [14] = (uint8_t)(host >> 8),
				     [15] = (uint8_t)host } };

		ev_set_ip(ev, F_SOURCE_IP, ip);
		ev_set_int(ev, F_TIMESTAMP, INT64_C(1767571200000000000) + i * 10000000);
		hits += rule_run_event(run, ev, &list);
	}
	report(argv[3], set, loaded, cpu() - start, n, hits, rule_run_counts(run));
	rule_run_free(run);
	rule_set_free(set);
	free(kinds);
	return 0;
}
