/* The tap against libhtp, on made captures and on recorded ones (../shared/corpora/captures): calls of a
 * connection in HTTP/1, one by one. A difference that none of the reasons below explains is a failure. */
#include <htp/htp.h>

#include "tests/lib/capture_judge.h"
#include "tests/lib/recordings.h"
#include "tests/lib/tap.h"

#define CONNECTIONS 512
#define CALLS 4096
#define RECORDED "../shared/corpora/captures/http1"

/* Why the two may differ. libhtp reads what a server would; the tap what was sent, of which some was not
 * seen. */
enum reason { SAME, GAP, MIDWAY, TUNNEL, CODING, ODD, UNFINISHED, KNOWN, UNEXPLAINED, REASONS };

static const char *const reasons[REASONS] = {
	[SAME] = "are the same",
	[GAP] = "miss bytes: libhtp glues what is before and behind a hole",
	[MIDWAY] = "begin before the capture: libhtp takes the first bytes for a message",
	[TUNNEL] = "leave HTTP: libhtp never completes 101, and tries to read what is in a tunnel",
	[CODING] = "have bodies that libhtp leaves coded: of requests, in zstd, cut small",
	[ODD] = "have an anomaly that the tap tells: what follows differs by server, libhtp plays one of "
		"them",
	[UNFINISHED] = "end within a call: it is no complete event, and libhtp lets the end complete it",
	[KNOWN] = "are misread by libhtp in a way that is known, see `known`",
	[UNEXPLAINED] = "differ",
};

static const struct { /* captures that were looked at by hand */
	const char *file, *why;
} known[] = {
	{ "suricata-http-multiple100.pcap", "libhtp takes the second 100 Continue for the answer" },
	{ "zeek-byteranges.pcap",
	  "libhtp gives up in a multipart/byteranges body, whose end is the connection's" },
	{ "zeek-interleaved-http-entity.pcap", "libhtp counts the line end behind a body of known length" },
};

struct line { /* of a call */
	char method[32], path[200];
	int status;
	int64_t request, response; /* -1: not compared */
};

struct pair { /* a connection, heard by both */
	struct stream_key key;
	htp_connp_t *htp;
	bool gap, midway, http, tunnel, odd, part;
	struct buf rest[2]; /* what libhtp did not take yet: it waits for the other side */
	bool over[2];
	struct line call[CALLS];
	size_t calls;
};

struct world {
	struct pair *pair;
	size_t n;
	htp_cfg_t *cfg;
	struct streams *streams;
	struct losses losses;
	uint64_t found[REASONS], calls;
	char first[512];
};

/* ---- libhtp, over our own streams ---- */

static struct pair *find(struct world *w, const struct addr *client, int port, int server)
{
	for (size_t i = w->n; i-- > 0;)
		if (w->pair[i].key.port[0] == port && w->pair[i].key.port[1] == server &&
		    addr_eq(&w->pair[i].key.addr[0], client))
			return &w->pair[i];
	return NULL;
}

static void *on_open(void *ctx, const struct stream_key *key, bool from_start, int64_t ns)
{
	struct world *w = ctx;
	struct pair *p;

	(void)ns;
	if (w->n == CONNECTIONS)
		return NULL;
	p = &w->pair[w->n++];
	memset(p, 0, offsetof(struct pair, call));
	p->calls = 0;
	for (int side = 0; side < 2; side++)
		buf_init(&p->rest[side], 1 << 26);
	p->key = *key;
	p->midway = !from_start;
	p->htp = htp_connp_create(w->cfg);
	htp_connp_open(p->htp, "c", key->port[0], "s", key->port[1], NULL);
	return p;
}

/* Gives libhtp what waits of that side; false: it took nothing. */
static bool feed(struct pair *p, int side)
{
	struct buf *b = &p->rest[side];
	size_t used;
	int state;

	if (b->n == 0 || p->over[side])
		return false;
	state = side == 0 ? htp_connp_req_data(p->htp, NULL, b->p, b->n)
			  : htp_connp_res_data(p->htp, NULL, b->p, b->n);
	used = state != HTP_STREAM_DATA_OTHER ? b->n
	       : side == 0		      ? htp_connp_req_data_consumed(p->htp)
					      : htp_connp_res_data_consumed(p->htp);
	p->over[side] = state == HTP_STREAM_ERROR || state == HTP_STREAM_STOP;
	memmove(b->p, b->p + used, b->n - used);
	b->n -= used;
	return used > 0;
}

static void on_data(void *ctx, void *conn, int side, struct slice bytes, const struct stream_at *at)
{
	struct pair *p = conn;

	(void)ctx, (void)at;
	if (p->gap)
		return;
	buf_add(&p->rest[side], bytes);
	while (feed(p, 0) | feed(p, 1))
		;
}

static void on_gap(void *ctx, void *conn, int side, uint64_t bytes, const struct stream_at *at)
{
	(void)ctx, (void)side, (void)bytes, (void)at;
	((struct pair *)conn)->gap = true;
}

static void on_fin(void *ctx, void *conn, int side, int64_t ns)
{
	(void)ctx, (void)conn, (void)side, (void)ns;
}

static void on_close(void *ctx, void *conn, enum stream_end how, int64_t ns)
{
	struct pair *p = conn;

	(void)ctx, (void)how, (void)ns;
	if (p != NULL)
		htp_connp_close(p->htp, NULL);
}

/* ---- the tap ---- */

static void text_of(char *out, size_t size, struct slice s)
{
	snprintf(out, size, "%.*s", (int)s.n, s.n == 0 ? "" : (const char *)s.p);
}

static void on_event(void *ctx, struct access_event *ev)
{
	struct world *w = ctx;
	struct pair *p = !ev_known(ev, F_SOURCE_IP)
				 ? NULL
				 : find(w, &ev_value(ev, F_SOURCE_IP)->ip, (int)ev_int(ev, F_SOURCE_PORT, 0),
					(int)ev_int(ev, F_DESTINATION_PORT, 0));
	struct line *l;

	if (p == NULL || slice_is(ev_str(ev, F_HTTP_VERSION), "2") || p->calls == CALLS)
		return;
	p->http = true;
	p->odd |= ev_known(ev, F_ANOMALY);
	p->tunnel |= ev_int(ev, F_STATUS, 0) == 101 || slice_is(ev_str(ev, F_METHOD), "CONNECT");
	p->part |= ev_int(ev, F_COMPLETE, 0) == 0;
	if (ev_int(ev, F_COMPLETE, 0) == 0)
		return;
	l = &p->call[p->calls++];
	text_of(l->method, sizeof l->method, ev_str(ev, F_METHOD));
	text_of(l->path, sizeof l->path, ev_str(ev, F_PATH));
	l->status = (int)ev_int(ev, F_STATUS, 0);
	l->request = ev_int(ev, F_REQUEST_BYTES, -1);
	l->response = ev_int(ev, F_RESPONSE_BYTES, -1);
}

/* ---- held against each other ---- */

static bool is_coded(const htp_table_t *headers)
{
	const htp_header_t *h = headers == NULL ? NULL : htp_table_get_c(headers, "content-encoding");

	return h != NULL && bstr_len(h->value) > 0;
}

static enum reason compare_call(const struct line *l, const htp_tx_t *tx)
{
	struct slice uri = tx->request_uri == NULL
				   ? slice_of(NULL, 0)
				   : slice_of(bstr_ptr(tx->request_uri), bstr_len(tx->request_uri));
	const uint8_t *query = uri.n == 0 ? NULL : memchr(uri.p, '?', uri.n);
	bool request = tx->request_entity_len == l->request;
	bool response = l->response < 0 || tx->response_entity_len == l->response;

	if (query != NULL)
		uri.n = (size_t)(query - uri.p);
	if (tx->request_method == NULL || bstr_cmp_c(tx->request_method, l->method) != 0 ||
	    tx->response_status_number != l->status)
		return UNEXPLAINED;
	if (uri.n > 0 && uri.n < sizeof l->path && uri.p[0] == '/' && !slice_is(uri, l->path))
		return UNEXPLAINED;
	if ((!request && !is_coded(tx->request_headers)) || (!response && !is_coded(tx->response_headers)))
		return UNEXPLAINED;
	return request && response ? SAME : CODING;
}

static enum reason compare(struct world *w, struct pair *p, const char *file)
{
	const htp_list_t *list = htp_connp_get_connection(p->htp)->transactions;
	enum reason worst = SAME, why;
	size_t at = 0, first = p->calls;

	for (size_t i = 0; i < htp_list_size(list); i++) {
		const htp_tx_t *tx = htp_list_get(list, i);

		if (tx == NULL || tx->request_progress != HTP_REQUEST_COMPLETE ||
		    tx->response_progress != HTP_RESPONSE_COMPLETE)
			continue;
		p->tunnel |= tx->response_status_number ==
			     101; /* an upgrade to HTTP/2: the call is answered there */
		why = at < p->calls ? compare_call(&p->call[at], tx) : UNEXPLAINED;
		if (why == UNEXPLAINED && worst != UNEXPLAINED)
			first = at + 1;
		at += at < p->calls;
		worst = why > worst ? why : worst;
	}
	worst = at < p->calls ? UNEXPLAINED : worst;
	w->calls += p->calls;
	if (worst != UNEXPLAINED)
		return worst;
	worst = p->gap	    ? GAP
		: p->midway ? MIDWAY
		: p->tunnel ? TUNNEL
		: p->odd    ? ODD
		: p->part   ? UNFINISHED
			    : worst;
	for (size_t i = 0; i < COUNT(known); i++)
		worst = strcmp(file, known[i].file) == 0 ? KNOWN : worst;
	if (worst == UNEXPLAINED && w->first[0] == 0)
		snprintf(w->first, sizeof w->first, "%s, port %u, call %zu of %zu", file, p->key.port[0],
			 first, p->calls);
	return worst;
}

static void hear(struct world *w, struct slice pcap, const char *file)
{
	static const struct tap_limits limits = {
		{ 512, 16384, 8192 }, 1024, 64, 64, 16, 16, 16, 1 << 20, 4 << 20
	};
	struct stream_limits rooms = { 512, 16384, 8192 };
	struct parse_context fields = { .fingerprint_key = SLICE("0123456789abcdef0123456789abcdef") };
	const struct tap_sink sink = { w, on_event };
	struct stream_sink ours = { w, on_open, on_data, on_gap, on_fin, on_close };
	struct capture_file *f = capture_file_new();
	struct tap *t = tap_new(&limits, &fields, &sink);
	struct err e = { 0 };
	struct packet p;

	w->n = 0;
	w->streams = streams_new(&rooms, &ours, &w->losses);
	capture_file_feed(f, pcap);
	while (capture_file_next(f, &p, &e) == TK_OK) {
		struct segment seg;
		struct fragment part;

		if (frame_parse(p.link_type, p.bytes, p.wire_len, &seg, &part) == FRAME_TCP)
			streams_segment(w->streams, &seg, p.ns);
		tap_packet(t, p.ns, p.link_type, p.bytes, p.wire_len);
	}
	streams_finish(w->streams, INT64_MAX);
	tap_finish(t);
	for (size_t i = 0; i < w->n; i++) {
		if (w->pair[i].http)
			w->found[compare(w, &w->pair[i], file)]++;
		htp_connp_destroy_all(w->pair[i].htp);
		for (int side = 0; side < 2; side++)
			buf_free(&w->pair[i].rest[side]);
	}
	streams_free(w->streams);
	tap_free(t);
	capture_file_free(f);
}

static void tell(struct world *w, const char *name)
{
	if (!ok(w->found[UNEXPLAINED] == 0, name))
		printf("#   %llu connections differ, the first: %s\n",
		       (unsigned long long)w->found[UNEXPLAINED], w->first);
	for (int i = 0; i < REASONS; i++)
		if (w->found[i] > 0)
			printf("#   %llu connections %s\n", (unsigned long long)w->found[i], reasons[i]);
	printf("#   %llu complete calls\n", (unsigned long long)w->calls);
	memset(w->found, 0, sizeof w->found);
	w->calls = w->first[0] = 0;
}

static void made(struct world *w)
{
	for (uint64_t seed = 1; seed <= 300; seed++) {
		struct choice said = choice_seed(seed), travel = choice_seed(seed ^ 0x5555);
		struct made *m = made_new(&said, 40, true);
		struct made_way way = {
			.c = &travel, .segment = 1400, .again = 8, .overlap = 6, .swap = 2, .only = -1
		};
		char name[32];

		snprintf(name, sizeof name, "seed %d", (int)seed);
		hear(w, made_capture(m, &way), name);
		made_free(m);
	}
	ok(w->calls > 5000 && w->found[SAME] + w->found[CODING] > 100, "made captures, and many of them");
	tell(w, "  each call as libhtp has it");
}

static void hear_recorded(void *ctx, struct slice capture, const char *name)
{
	hear(ctx, capture, name);
}

static void recorded(struct world *w)
{
	if (!each_recording(RECORDED, hear_recorded, w)) {
		tap_skip("no corpora beside the project");
		return;
	}
	ok(w->calls > 100, "recorded captures");
	tell(w, "  each call as libhtp has it");
}

int main(void)
{
	struct world w = { .pair = malloc(CONNECTIONS * sizeof *w.pair), .cfg = htp_config_create() };

	htp_config_set_server_personality(w.cfg, HTP_SERVER_GENERIC);
	made(&w);
	recorded(&w);
	htp_config_destroy(w.cfg);
	free(w.pair);
	return tap_done();
}
