/* Writes the log of a hospital's LLM gateway: nginx combined or nginx JSON, deterministic by its
 * seed. Ordinary days have a weekday rhythm, a half Saturday and a night shift; planted misuse
 * (--misuse) is told apart in the file of --labels. A line of JSON carries a request id of its own,
 * so that sets can be compared; --identical repeats whole lines on purpose. */
#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CLOSED_MAX 64
#define CANARY "sk-canary-URL-7f3a9c51d2"

enum kind { OFFICE, WARD }; /* office: open hours only; ward: around the clock */

struct department {
	const char *name;
	enum kind kind;
};
static const struct department departments[] = {
	{ "内科", OFFICE },   { "外科", OFFICE }, { "看護部", WARD },	  { "医事課", OFFICE },
	{ "薬剤部", OFFICE }, { "救急部", WARD }, { "放射線科", OFFICE }, { "小児科", OFFICE },
};
#define DEPARTMENTS (sizeof(departments) / sizeof(departments[0]))

static const char *const families[] = {
	"sato",	     "suzuki",	 "takahashi", "tanaka",	 "ito",	     "watanabe",  "yamamoto",  "nakamura",
	"kobayashi", "kato",	 "yoshida",   "yamada",	 "sasaki",   "yamaguchi", "matsumoto", "inoue",
	"kimura",    "hayashi",	 "saito",     "shimizu", "yamazaki", "mori",	  "abe",       "ikeda",
	"hashimoto", "ishikawa", "ogawa",     "maeda",	 "okada",    "hasegawa",
};
#define FAMILIES (sizeof(families) / sizeof(families[0]))

static const char *const agents[] = {
	"OpenAI/Python 1.99.1",
	"Anthropic/Python 0.60.0",
	"curl/8.6.0",
	"python-httpx/0.27.0",
	"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 "
	"Safari/537.36",
	"Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 "
	"Safari/605.1.15",
};
#define AGENTS (sizeof(agents) / sizeof(agents[0]))

struct model {
	const char *name, *path;
	bool chat;
};
static const struct model models[] = {
	{ "gpt-4.1-mini", "/v1/chat/completions", true },      { "gpt-4.1", "/v1/chat/completions", true },
	{ "claude-sonnet-4-5", "/v1/messages", true },	       { "gpt-4.1-mini", "/v1/responses", true },
	{ "text-embedding-3-small", "/v1/embeddings", false },
};
#define MODELS (sizeof(models) / sizeof(models[0]))

struct options {
	bool json, misuse, keys, identities;
	const char *start, *labels;
	int days, users, identical, outside;
	int64_t calls, lines;
	uint64_t seed;
	const char *closed[CLOSED_MAX];
	int n_closed;
};

struct gen {
	const struct options *o;
	FILE *labels;
	uint64_t state, number, bytes;
	int64_t left;
	char day[11];
};

/* One call, before it is written. */
struct call {
	int64_t end_ms;
	int user;	       /* -1: none */
	const char *user_name; /* overrides user; "" for none */
	const char *key_tail;  /* overrides the user's; "" for none */
	const char *ip;	       /* overrides the user's */
	const char *query;     /* "" or "?..." */
	const char *misuse;    /* kind, or NULL */
	int status;	       /* 0: drawn */
};

/* splitmix64: the same numbers on every machine. */
static uint64_t next(struct gen *g)
{
	uint64_t z = (g->state += UINT64_C(0x9e3779b97f4a7c15));
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static uint32_t below(struct gen *g, uint32_t n)
{
	return (uint32_t)(((next(g) >> 32) * n) >> 32);
}

static uint64_t mix(uint64_t x)
{
	return next(&(struct gen){ .state = x });
}

static void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("loggen: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(2);
}

/* ---- people ---- */

static void user_name(int user, char out[32])
{
	if (user < (int)FAMILIES)
		snprintf(out, 32, "%s", families[user]);
	else
		snprintf(out, 32, "%s%d", families[user % (int)FAMILIES], user / (int)FAMILIES + 1);
}

static const struct department *user_department(int user)
{
	return &departments[(size_t)user % DEPARTMENTS];
}

/* The whole key; the log shows its last four characters. */
static void user_key(const struct options *o, int user, char out[64])
{
	snprintf(out, 64, "sk-hosp-%016" PRIx64 "%02d%02x", mix(o->seed * 1000003 + (uint64_t)user),
		 user / 256 % 100, user % 256);
}

static void user_ip(int user, char out[48])
{
	snprintf(out, 48, "10.10.%d.%d", user / 200 % 250, 10 + user % 200);
}

static void print_keys(const struct options *o)
{
	for (int u = 0; u < o->users; u++) {
		char name[32], key[64], ip[48];

		user_name(u, name);
		user_key(o, u, key);
		user_ip(u, ip);
		printf("%s\t%s\t%s\t%s\t%s\t%s\n", name, user_department(u)->name, key,
		       key + strlen(key) - 4, ip, agents[(size_t)u * 7 % AGENTS]);
	}
}

static void print_identities(const struct options *o)
{
	char name[32], key[64];

	printf("identities:\n  users:\n");
	for (int u = 0; u < o->users; u++) {
		user_name(u, name);
		printf("    - {id: %s, department: %s, roles: [%s]}\n", name, user_department(u)->name,
		       user_department(u)->kind == WARD ? "nurse" : "clerk");
	}
	printf("  keys:\n");
	for (int u = 0; u < o->users; u++) {
		user_name(u, name);
		user_key(o, u, key);
		printf("    - {id: key-%s, key: \"%s\", user: %s}\n", name, key + strlen(key) - 4, name);
	}
	printf("    - {id: old-batch, key: \"r3v0\", state: revoked}\n");
}

/* ---- lines ---- */

static int draw_status(struct gen *g)
{
	uint32_t r = below(g, 1000);

	if (r < 962)
		return 200;
	if (r < 972)
		return 429;
	if (r < 982)
		return 400;
	if (r < 990)
		return 500;
	return r < 994 ? 401 : r < 998 ? 503 : 404;
}

struct shape { /* what is drawn of a call besides who and when */
	const struct model *model;
	const char *agent;
	int status, request_bytes, sent, in_tokens, out_tokens, ms, first_ms;
	bool stream;
};

static void draw_shape(struct gen *g, const struct call *c, struct shape *s)
{
	uint32_t skew = below(g, 1000);

	s->model = &models[below(g, MODELS)];
	s->agent = agents[c->user < 0 ? 2 : (size_t)(c->user * 7 + (int)below(g, 2)) % AGENTS];
	s->status = c->status != 0 ? c->status : draw_status(g);
	s->in_tokens = (int)(60 + below(g, 900) + (skew > 950 ? below(g, 20000) : 0));
	s->out_tokens = s->model->chat && s->status == 200 ? (int)(20 + below(g, 600)) : 0;
	s->stream = s->model->chat && below(g, 10) < 4;
	s->request_bytes = 350 + s->in_tokens * 4;
	s->sent = s->status == 200 ? 400 + s->out_tokens * (s->stream ? 190 : 5) : 180 + (int)below(g, 60);
	s->ms = s->status == 200 ? 120 + s->out_tokens * 9 + (int)below(g, 400) : 5 + (int)below(g, 40);
	s->first_ms = s->stream ? 90 + (int)below(g, 200) : s->ms - 1;
	if (s->first_ms > s->ms)
		s->first_ms = s->ms;
}

static void local_parts(int64_t ms, struct tm *tm, char zone[8])
{
	time_t t = (time_t)(ms / 1000);
	unsigned off;

	localtime_r(&t, tm);
	off = (unsigned)labs(tm->tm_gmtoff) / 60 % 1440;
	snprintf(zone, 8, "%c%02u:%02u", tm->tm_gmtoff < 0 ? '-' : '+', off / 60, off % 60);
}

static int json_line(struct gen *g, const struct call *c, const struct shape *s, char *out, size_t size)
{
	struct tm tm;
	char zone[8], usage[128] = "", name[32] = "", key[64] = "", ip[48] = "203.0.113.77";
	const char *dept = "", *user = name, *tail = key;
	int n;

	if (c->user >= 0) {
		user_name(c->user, name);
		user_key(g->o, c->user, key);
		tail = key + strlen(key) - 4;
		user_ip(c->user, ip);
		dept = user_department(c->user)->name;
	}
	user = c->user_name != NULL ? c->user_name : user;
	tail = c->key_tail != NULL ? c->key_tail : tail;
	if (s->status == 200)
		snprintf(usage, sizeof(usage), ",\"model\":\"%s\",\"input_tokens\":%d,\"output_tokens\":%d",
			 s->model->name, s->in_tokens, s->out_tokens);
	local_parts(c->end_ms, &tm, zone);
	n = snprintf(out, size, "{\"ts\":\"%04d-%02d-%02dT%02d:%02d:%02d%s\",\"msec\":%" PRId64 ".%03d,",
		     tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, zone,
		     c->end_ms / 1000, (int)(c->end_ms % 1000));
	n += snprintf(out + n, size - (size_t)n,
		      "\"client\":\"%s\",\"xff\":\"\",\"user\":\"%s\",\"dept\":\"%s\",\"key_tail\":\"%s\","
		      "\"method\":\"POST\",\"host\":\"llm-gw.hospital.example\",\"uri\":\"%s%s\",",
		      c->ip != NULL ? c->ip : ip, user, dept, tail, s->model->path, c->query);
	n += snprintf(out + n, size - (size_t)n,
		      "\"proto\":\"HTTP/1.1\",\"status\":%d,\"req_len\":%d,\"sent\":%d,\"rt\":%d.%03d,"
		      "\"uht\":\"%d.%03d\",\"urt\":\"%d.%03d\",\"upstream\":\"127.0.0.1:19000\",",
		      s->status, s->request_bytes, s->sent, s->ms / 1000, s->ms % 1000, s->first_ms / 1000,
		      s->first_ms % 1000, s->ms / 1000, s->ms % 1000);
	n += snprintf(out + n, size - (size_t)n,
		      "\"ustatus\":\"%d\",\"rid\":\"%016" PRIx64 "%016" PRIx64
		      "\",\"prid\":\"\",\"ct\":\"%s\","
		      "\"ua\":\"%s\"%s}\n",
		      s->status, mix(g->o->seed ^ g->number), g->number,
		      s->stream ? "text/event-stream" : "application/json", s->agent, usage);
	return n;
}

static int combined_line(const struct call *c, const struct shape *s, char *out, size_t size)
{
	static const char month[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct tm tm;
	char zone[8], name[32] = "", ip[48] = "203.0.113.77";
	const char *user = name;

	if (c->user >= 0) {
		user_name(c->user, name);
		user_ip(c->user, ip);
	}
	user = c->user_name != NULL ? c->user_name : user;
	local_parts(c->end_ms, &tm, zone);
	return snprintf(out, size,
			"%s - %s [%02d/%.3s/%04d:%02d:%02d:%02d %.3s%s] \"POST %s%s HTTP/1.1\" %d %d \"-\" "
			"\"%s\"\n",
			c->ip != NULL ? c->ip : ip, user[0] == '\0' ? "-" : user, tm.tm_mday,
			month + 3 * tm.tm_mon, tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec, zone,
			zone + 4, s->model->path, c->query, s->status, s->sent, s->agent);
}

static void write_call(struct gen *g, const struct call *c)
{
	struct shape s;
	char line[2048], outside[48];
	struct call d = *c;
	int n, copies = 1;

	if (g->left == 0)
		return;
	if (c->misuse == NULL && g->o->outside > 0 && below(g, 1000) < (uint32_t)g->o->outside) {
		uint64_t a = mix(below(g, 20000));

		snprintf(outside, sizeof(outside), "%d.%d.%d.%d", (int)(1 + a % 9), (int)(a >> 8 & 255),
			 (int)(a >> 16 & 255), (int)(1 + (a >> 24) % 254));
		d = (struct call){ .end_ms = c->end_ms, .user = -1, .ip = outside, .query = "",
				   .status = below(g, 3) == 0 ? 404 : 401 };
	}
	draw_shape(g, &d, &s);
	n = g->o->json ? json_line(g, &d, &s, line, sizeof(line)) : combined_line(&d, &s, line, sizeof(line));
	if (n <= 0 || n >= (int)sizeof(line))
		die("line %" PRIu64 " does not fit", g->number);
	if (g->o->identical > 0 && c->misuse == NULL && g->number % (uint64_t)g->o->identical == 0)
		copies = 2 + (int)(g->number / (uint64_t)g->o->identical % 3);
	for (int i = 0; i < copies && g->left != 0; i++, g->left--) {
		fwrite(line, 1, (size_t)n, stdout);
		g->bytes += (uint64_t)s.sent;
	}
	if (g->labels != NULL && c->misuse != NULL)
		fprintf(g->labels, "%s\t%s\t%016" PRIx64 "%016" PRIx64 "\n", c->misuse, g->day,
			mix(g->o->seed ^ g->number), g->number);
	g->number++;
}

/* ---- days ---- */

/* Share of a day's calls in each hour: people in open hours, the night shift all around. */
static const uint8_t office_full[24] = { [8] = 6, 12, 12, 11, 5, 11, 12, 12, 11, 6 };
static const uint8_t office_half[24] = { [8] = 8, 12, 12, 10, 3 };
static const uint8_t ward[24] = { 2, 2, 1, 1, 1, 2, 3, 5, 5, 5, 5, 5, 4, 5, 5, 5, 5, 4, 4, 4, 3, 3, 3, 2 };

struct planted {
	int minute; /* of the local day */
	struct call call;
};

static int pick_user(struct gen *g, enum kind kind)
{
	for (;;) {
		int u = (int)below(g, (uint32_t)g->o->users);

		if (user_department(u)->kind == kind)
			return u;
	}
}

static int first_of(const struct options *o, enum kind kind, int nth)
{
	for (int u = 0; u < o->users; u++)
		if (user_department(u)->kind == kind && nth-- == 0)
			return u;
	return 0;
}

static int by_minute(const void *a, const void *b)
{
	return ((const struct planted *)a)->minute - ((const struct planted *)b)->minute;
}

/* What goes wrong, by the distance of the day from the last one; -1: on every closed day. */
enum who { NOBODY, CLERK, DOCTOR, NURSE };
static const struct {
	int from_end, minute;
	const char *misuse;
	enum who who;
	const char *user_name, *key_tail, *ip, *query;
} misuses[] = {
	{ 0, 2 * 60 + 13, "outside-night", DOCTOR, NULL, NULL, "203.0.113.77", "" },
	{ 0, 2 * 60 + 14, "outside-night", DOCTOR, NULL, NULL, "203.0.113.77", "" },
	{ 0, 14 * 60 + 41, "revoked-accepted", NOBODY, "batch", "r3v0", "10.10.9.9", "" },
	{ 9, 10 * 60, "batch-allowed", NOBODY, "batch", "r3v0", "10.10.9.9",
	  "" }, /* before its key is revoked */
	{ 1, 11 * 60 + 7, "no-key", NOBODY, "", "", "10.10.9.8", "" },
	{ 2, 10 * 60 + 41, "unknown-accepted", NOBODY, "", "zz99", "10.10.9.7", "" },
	{ 3, 15 * 60 + 5, "key-in-url", NURSE, NULL, NULL, NULL, "?api_key=" CANARY },
	{ 4, 23 * 60 + 20, "off-hours", CLERK, NULL, NULL, NULL, "" },
	{ -1, 13 * 60 + 30, "closed-day", CLERK, NULL, NULL, NULL, "" },
};

static size_t plant(const struct options *o, int from_end, bool closed, struct planted *p)
{
	const int user[] = { [NOBODY] = -1,
			     [CLERK] = first_of(o, OFFICE, 1),
			     [DOCTOR] = first_of(o, OFFICE, 0),
			     [NURSE] = first_of(o, WARD, 0) };
	size_t n = 0;

	for (size_t i = 0; i < sizeof(misuses) / sizeof(misuses[0]); i++) {
		if (misuses[i].from_end != from_end && !(misuses[i].from_end == -1 && closed))
			continue;
		p[n].minute = misuses[i].minute;
		p[n++].call = (struct call){ .user = user[misuses[i].who],
					     .user_name = misuses[i].user_name,
					     .key_tail = misuses[i].key_tail,
					     .ip = misuses[i].ip,
					     .query = misuses[i].query,
					     .misuse = misuses[i].misuse,
					     .status = 200 };
	}
	return n;
}

struct day_plan {
	int64_t start_ms, end_ms; /* local day as UTC */
	bool sunday, saturday, closed;
};

static int compare_u32(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* The calls of one minute by kind, in order of time. */
static void emit_minute(struct gen *g, const struct day_plan *d, int64_t at_ms, const int calls[2])
{
	uint32_t at[4096]; /* ms * 2 + kind */
	size_t n = 0;

	if (calls[OFFICE] + calls[WARD] > 4096)
		die("more than 4096 calls a minute: fewer --calls");
	for (unsigned kind = 0; kind < 2; kind++)
		for (int i = 0; i < calls[kind]; i++)
			at[n++] = below(g, 60000) * 2 + kind;
	qsort(at, n, sizeof(at[0]), compare_u32);
	for (size_t i = 0; i < n; i++) {
		struct call c = { .end_ms = at_ms + at[i] / 2,
				  .user = pick_user(g, (enum kind)(at[i] % 2)),
				  .query = "" };

		if (c.end_ms < d->end_ms)
			write_call(g, &c);
	}
}

static int share(const uint8_t *table, int hour)
{
	return table == NULL ? 0 : table[hour];
}

static void emit_day(struct gen *g, const struct day_plan *d, int from_end)
{
	struct planted planted[300];
	size_t n = 0, at = 0;
	const uint8_t *office = d->closed || d->sunday ? NULL : d->saturday ? office_half : office_full;
	int64_t office_calls = d->saturday ? g->o->calls * 3 / 10 : g->o->calls * 3 / 4;
	int64_t due[2];
	int calls[2];

	if (g->o->misuse) {
		n = plant(g->o, from_end, d->closed, planted);
		for (int i = 0; from_end == 0 && i < 230;
		     i++, n++) /* one user's script runs on the last day */
			planted[n] = (struct planted){ 9 * 60 + i,
						       { .user = first_of(g->o, WARD, 1),
							 .query = "",
							 .status = 200,
							 .misuse = "two-hundred" } };
		qsort(planted, n, sizeof(planted[0]), by_minute);
	}
	for (int64_t ms = d->start_ms; ms < d->end_ms; ms += 60000) {
		time_t t = (time_t)(ms / 1000);
		struct tm tm;

		localtime_r(&t, &tm);
		for (; at < n && planted[at].minute <= tm.tm_hour * 60 + tm.tm_min; at++) {
			planted[at].call.end_ms = ms;
			write_call(g, &planted[at].call);
		}
		/* the shares add up to 98 (office) and 84 (ward), each for 60 minutes */
		due[OFFICE] = office_calls * share(office, tm.tm_hour) * 1000 / 98 / 60;
		due[WARD] = g->o->calls / 4 * share(ward, tm.tm_hour) * 1000 / 84 / 60;
		for (int k = 0; k < 2; k++)
			calls[k] =
				(int)(due[k] / 1000) + (below(g, 1000) < (uint32_t)(due[k] % 1000) ? 1 : 0);
		emit_minute(g, d, ms, calls);
	}
}

static int64_t local_midnight(int year, int month, int day)
{
	struct tm tm = { .tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day, .tm_isdst = -1 };

	return (int64_t)mktime(&tm) * 1000;
}

static void generate(struct gen *g)
{
	int year, month, day;

	if (sscanf(g->o->start, "%4d-%2d-%2d", &year, &month, &day) != 3)
		die("--start %s: expected YYYY-MM-DD", g->o->start);
	for (int i = 0; i < g->o->days && g->left != 0; i++) {
		struct day_plan d = { .start_ms = local_midnight(year, month, day + i),
				      .end_ms = local_midnight(year, month, day + i + 1) };
		time_t noon = (time_t)(d.start_ms / 1000 + 12 * 3600);
		struct tm tm;

		localtime_r(&noon, &tm);
		strftime(g->day, sizeof(g->day), "%Y-%m-%d", &tm);
		d.sunday = tm.tm_wday == 0;
		d.saturday = tm.tm_wday == 6;
		for (int k = 0; k < g->o->n_closed; k++)
			d.closed |= strcmp(g->day, g->o->closed[k]) == 0;
		emit_day(g, &d, g->o->days - 1 - i);
	}
}

static const char usage[] = "loggen --start DATE [options] > LOG      (zone: TZ)\n"
			    "  --format json|combined  default json     --days N       default 14\n"
			    "  --calls N    a business day, 1000        --users N      24\n"
			    "  --lines N    stop after                  --seed N       1\n"
			    "  --closed DATE  holiday, repeatable       --misuse       plant misuse; needs "
			    "10 users\n"
			    "  --labels F   kind, day and request id of planted calls, tab-separated\n"
			    "  --identical N  every Nth line stands 2 to 4 times\n"
			    "  --outside N  of 1000 calls so many are refused ones from public addresses, 0\n"
			    "  --keys       print user, department, key, tail, address, client; --identities: the "
			    "YAML block; no log\n";

static int64_t number(const char *text, int64_t low, int64_t high)
{
	char *end;
	long long n = strtoll(text, &end, 10);

	if (*end != '\0' || n < low || n > high)
		die("%s: expected a number from %" PRId64 " to %" PRId64, text, low, high);
	return n;
}

static void parse_options(struct options *o, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "format", 1, NULL, 'f' },  { "start", 1, NULL, 's' },	    { "days", 1, NULL, 'd' },
		{ "calls", 1, NULL, 'c' },   { "users", 1, NULL, 'u' },	    { "lines", 1, NULL, 'l' },
		{ "seed", 1, NULL, 'S' },    { "closed", 1, NULL, 'C' },    { "misuse", 0, NULL, 'm' },
		{ "labels", 1, NULL, 'L' },  { "identical", 1, NULL, 'i' },
		{ "outside", 1, NULL, 'o' }, { "keys", 0, NULL, 'k' },	    { "identities", 0, NULL, 'I' },
		{ "help", 0, NULL, 'h' },    { NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1)
		switch (c) {
		case 'f':
			o->json = strcmp(optarg, "json") == 0;
			if (!o->json && strcmp(optarg, "combined") != 0)
				die("--format %s: expected json or combined", optarg);
			break;
		case 's': o->start = optarg; break;
		case 'd': o->days = (int)number(optarg, 1, 4000); break;
		case 'c': o->calls = number(optarg, 0, 2000000); break;
		case 'u': o->users = (int)number(optarg, 8, 25000); break;
		case 'l': o->lines = number(optarg, 1, INT64_MAX); break;
		case 'S': o->seed = (uint64_t)number(optarg, 0, INT64_MAX); break;
		case 'C':
			if (o->n_closed == CLOSED_MAX)
				die("more than %d --closed", CLOSED_MAX);
			o->closed[o->n_closed++] = optarg;
			break;
		case 'm': o->misuse = true; break;
		case 'L': o->labels = optarg; break;
		case 'i': o->identical = (int)number(optarg, 1, 1000000000); break;
		case 'o': o->outside = (int)number(optarg, 0, 1000); break;
		case 'k': o->keys = true; break;
		case 'I': o->identities = true; break;
		case 'h': fputs(usage, stdout); exit(0);
		default: fputs(usage, stderr); exit(2);
		}
}

int main(int argc, char **argv)
{
	struct options o = { .json = true, .days = 14, .calls = 1000, .users = 24, .lines = -1, .seed = 1 };
	struct gen g = { .o = &o };

	parse_options(&o, argc, argv);
	if (o.keys || o.identities) {
		(o.keys ? print_keys : print_identities)(&o);
		return 0;
	}
	if (o.start == NULL)
		die("--start is missing\n%s", usage);
	tzset();
	g.state = o.seed;
	g.left = o.lines;
	if (o.labels != NULL && (g.labels = fopen(o.labels, "w")) == NULL)
		die("%s: cannot be written", o.labels);
	setvbuf(stdout, NULL, _IOFBF, 1 << 20);
	generate(&g);
	if (fflush(stdout) != 0 || ferror(stdout))
		die("standard output: cannot be written");
	if (g.labels != NULL && fclose(g.labels) != 0)
		die("%s: cannot be written", o.labels);
	fprintf(stderr, "loggen: %" PRIu64 " calls, %" PRIu64 " bytes sent\n", g.number, g.bytes);
	return 0;
}
