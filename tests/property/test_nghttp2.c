/* The tap against sessions of nghttp2 that hear both sides of a connection in HTTP/2, on made captures and on
 * recorded ones (../shared/corpora/captures). A server's session takes what the client said, a client's what
 * the server said; neither is heard. Calls of which both say that they are whole are compared, as a set: a
 * difference that none of the reasons below explains is a failure. */
#include <nghttp2/nghttp2.h>

#include "tests/lib/capture_judge.h"
#include "tests/lib/recordings.h"
#include "tests/lib/tap.h"

#define CONNECTIONS 512
#define CALLS 1024
#define RECORDED "../shared/corpora/captures/http2"

enum reason { SAME, GAP, MIDWAY, UNFINISHED, GIVEN_UP, UNEXPLAINED, REASONS };

static const char *const reasons[REASONS] = {
	[SAME] = "are the same",
	[GAP] = "miss bytes: nghttp2 cannot go on behind a hole",
	[MIDWAY] = "begin before the capture, or by an upgrade: nghttp2 needs the preface",
	[UNFINISHED] = "end within a call: what is whole of it is the same",
	[GIVEN_UP] = "are given up by nghttp2: a server or client would end them, and the tap only listens",
	[UNEXPLAINED] = "differ",
};

struct line { /* of a call */
	uint32_t stream;
	char method[32], path[200], id[64];
	int status;
	int64_t bytes[2];
	bool coded[2], ended[2], begun, interim, taken;
};

struct pair { /* a connection, heard by both */
	struct stream_key key;
	nghttp2_session *session[2]; /* by what they hear: the client's side, the server's */
	bool gap, midway, http2, part, over, begun;
	struct line heard[CALLS], told[CALLS];
	size_t heards, tolds;
};

struct world {
	struct pair *pair;
	size_t n;
	struct streams *streams;
	struct losses losses;
	uint64_t found[REASONS], calls;
	char first[512];
};

/* ---- nghttp2 ---- */

static struct line *line_of(struct pair *p, int32_t stream)
{
	for (size_t i = p->heards; i-- > 0;)
		if (p->heard[i].stream == (uint32_t)stream)
			return &p->heard[i];
	if (p->heards == CALLS)
		return NULL;
	p->heard[p->heards] = (struct line){ .stream = (uint32_t)stream };
	return &p->heard[p->heards++];
}

static int side_of(const struct pair *p, const nghttp2_session *session)
{
	return session == p->session[0] ? 0 : 1;
}

/* What a session would send goes nowhere; its own state goes on as if it had. */
static void silence(nghttp2_session *session)
{
	const uint8_t *bytes;

	while (nghttp2_session_mem_send(session, &bytes) > 0)
		;
}

/* The client's session knows of a request when the server's has heard it. */
static void ask(struct pair *p, int32_t stream)
{
	static const nghttp2_nv nv[] = {
		{ (uint8_t *)":method", (uint8_t *)"GET", 7, 3, 0 },
		{ (uint8_t *)":path", (uint8_t *)"/", 5, 1, 0 },
		{ (uint8_t *)":scheme", (uint8_t *)"http", 7, 4, 0 },
	};

	if (nghttp2_session_set_next_stream_id(p->session[1], stream) == 0)
		nghttp2_submit_request(p->session[1], NULL, nv, COUNT(nv), NULL, NULL);
	silence(p->session[1]);
}

static int on_begin(nghttp2_session *session, const nghttp2_frame *f, void *user)
{
	struct pair *p = user;
	struct line *l = line_of(p, f->hd.stream_id);

	if (l != NULL)
		l->interim = false;
	if (side_of(p, session) == 0 && f->hd.type == NGHTTP2_HEADERS &&
	    f->headers.cat == NGHTTP2_HCAT_REQUEST)
		ask(p, f->hd.stream_id);
	return 0;
}

static void text_of(char *out, size_t size, struct slice s)
{
	snprintf(out, size, "%.*s", (int)s.n, s.n == 0 ? "" : (const char *)s.p);
}

static void path_of(char *out, size_t size, struct slice s)
{
	const uint8_t *query = s.n == 0 ? NULL : memchr(s.p, '?', s.n);

	text_of(out, size, query == NULL ? s : slice_head(s, (size_t)(query - s.p)));
}

static int on_field(nghttp2_session *session, const nghttp2_frame *f, const uint8_t *name, size_t name_n,
		    const uint8_t *value, size_t value_n, uint8_t flags, void *user)
{
	struct pair *p = user;
	bool promise = f->hd.type == NGHTTP2_PUSH_PROMISE;
	struct line *l = line_of(p, promise ? f->push_promise.promised_stream_id : f->hd.stream_id);
	struct slice n = { name, name_n }, v = { value, value_n };
	int side = promise ? 0 : side_of(p, session);

	(void)flags;
	if (l == NULL)
		return 0;
	if (promise)
		l->ended[0] = true;
	if (slice_is(n, ":method"))
		text_of(l->method, sizeof l->method, v);
	else if (slice_is(n, ":path"))
		path_of(l->path, sizeof l->path, v);
	else if (slice_is(n, "x-request-id") && side == 0)
		text_of(l->id, sizeof l->id, v);
	else if (slice_is(n, ":status") && v.n == 3 && !(l->interim = v.p[0] == '1'))
		l->status = (v.p[0] - '0') * 100 + (v.p[1] - '0') * 10 + v.p[2] - '0';
	else if (slice_is(n, "content-encoding") && !l->interim)
		l->coded[side] = true;
	return 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *f, void *user)
{
	struct pair *p = user;
	int side = side_of(p, session);
	struct line *l;

	/* the settings that one side said are those that the other's session has said */
	if (f->hd.type == NGHTTP2_SETTINGS && (f->hd.flags & NGHTTP2_FLAG_ACK) == 0) {
		nghttp2_submit_settings(p->session[!side], 0, f->settings.iv, f->settings.niv);
		silence(p->session[!side]);
	}
	if ((f->hd.type != NGHTTP2_HEADERS && f->hd.type != NGHTTP2_DATA) ||
	    (f->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0)
		return 0;
	l = line_of(p, f->hd.stream_id);
	if (l != NULL)
		l->ended[side] = true;
	return 0;
}

static int on_chunk(nghttp2_session *session, uint8_t flags, int32_t stream, const uint8_t *bytes, size_t n,
		    void *user)
{
	struct pair *p = user;
	struct line *l = line_of(p, stream);

	(void)flags, (void)bytes;
	if (l != NULL)
		l->bytes[side_of(p, session)] += (int64_t)n;
	return 0;
}

static void sessions_begin(struct pair *p)
{
	nghttp2_session_callbacks *c;
	nghttp2_option *o;

	if (nghttp2_session_callbacks_new(&c) != 0 || nghttp2_option_new(&o) != 0)
		abort();
	nghttp2_option_set_no_http_messaging(o, 1);
	nghttp2_option_set_no_closed_streams(o, 1);
	nghttp2_session_callbacks_set_on_begin_headers_callback(c, on_begin);
	nghttp2_session_callbacks_set_on_header_callback(c, on_field);
	nghttp2_session_callbacks_set_on_frame_recv_callback(c, on_frame);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(c, on_chunk);
	if (nghttp2_session_server_new2(&p->session[0], c, p, o) != 0 ||
	    nghttp2_session_client_new2(&p->session[1], c, p, o) != 0)
		abort();
	silence(p->session[1]);
	nghttp2_session_callbacks_del(c);
	nghttp2_option_del(o);
}

/* ---- our own streams ---- */

static void *on_open(void *ctx, const struct stream_key *key, bool from_start, int64_t ns)
{
	struct world *w = ctx;
	struct pair *p;

	(void)ns;
	if (w->n == CONNECTIONS)
		return NULL;
	p = &w->pair[w->n++];
	memset(p, 0, offsetof(struct pair, heard));
	p->heards = p->tolds = 0;
	p->key = *key;
	p->midway = !from_start;
	sessions_begin(p);
	return p;
}

static void on_data(void *ctx, void *conn, int side, struct slice bytes, const struct stream_at *at)
{
	struct pair *p = conn;
	bool first = side == 0 && !p->begun;

	(void)ctx, (void)at;
	p->begun |= side == 0;
	p->midway |= first && (bytes.n < 3 || memcmp(bytes.p, "PRI", 3) != 0);
	if (p->gap || p->midway || p->over)
		return;
	p->over = nghttp2_session_mem_recv(p->session[side], bytes.p, bytes.n) != (ssize_t)bytes.n ||
		  !nghttp2_session_want_read(p->session[side]);
	silence(p->session[side]);
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
	(void)ctx, (void)conn, (void)how, (void)ns;
}

/* ---- the tap ---- */

static struct pair *find(struct world *w, const struct access_event *ev)
{
	for (size_t i = w->n; i-- > 0 && ev_known(ev, F_SOURCE_IP);)
		if (w->pair[i].key.port[0] == ev_int(ev, F_SOURCE_PORT, 0) &&
		    w->pair[i].key.port[1] == ev_int(ev, F_DESTINATION_PORT, 0) &&
		    addr_eq(&w->pair[i].key.addr[0], &ev_value(ev, F_SOURCE_IP)->ip))
			return &w->pair[i];
	return NULL;
}

static void on_event(void *ctx, struct access_event *ev)
{
	struct pair *p = find(ctx, ev);
	struct line *l;

	if (p == NULL || !slice_is(ev_str(ev, F_HTTP_VERSION), "2") || p->tolds == CALLS)
		return;
	p->http2 = true;
	p->part |= ev_int(ev, F_COMPLETE, 0) == 0;
	if (ev_int(ev, F_COMPLETE, 0) == 0)
		return;
	l = &p->told[p->tolds++];
	*l = (struct line){ .status = (int)ev_int(ev, F_STATUS, 0),
			    .bytes = { ev_int(ev, F_REQUEST_BYTES, 0), ev_int(ev, F_RESPONSE_BYTES, 0) } };
	text_of(l->method, sizeof l->method, ev_str(ev, F_METHOD));
	text_of(l->path, sizeof l->path, ev_str(ev, F_PATH));
	text_of(l->id, sizeof l->id, ev_str(ev, F_REQUEST_ID));
}

/* ---- held against each other ---- */

static bool is_same(const struct line *told, const struct line *heard)
{
	for (int side = 0; side < 2; side++)
		if (!heard->coded[side] && told->bytes[side] != heard->bytes[side])
			return false;
	if (heard->id[0] != 0 && strcmp(told->id, heard->id) != 0)
		return false;
	return told->status == heard->status && strcmp(told->method, heard->method) == 0 &&
	       strncmp(told->path, heard->path, sizeof told->path - 1) == 0;
}

static enum reason compare(struct world *w, struct pair *p, const char *file)
{
	size_t whole = 0, same = 0;

	for (size_t i = 0; i < p->heards; i++) {
		const struct line *h = &p->heard[i];

		if (!h->ended[0] || !h->ended[1] || h->method[0] == 0)
			continue;
		whole++;
		for (size_t k = 0; k < p->tolds; k++)
			if (!p->told[k].taken && is_same(&p->told[k], h)) {
				p->told[k].taken = true;
				same++;
				break;
			}
	}
	if (p->gap || p->midway)
		return p->gap ? GAP : MIDWAY;
	w->calls += same;
	if (p->over && same == whole)
		return GIVEN_UP;
	if (same == whole && same == p->tolds)
		return p->part ? UNFINISHED : SAME;
	if (w->first[0] == 0)
		snprintf(w->first, sizeof w->first, "%s, port %u: %zu told, %zu heard, %zu the same", file,
			 p->key.port[0], p->tolds, whole, same);
	return UNEXPLAINED;
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
		if (w->pair[i].http2)
			w->found[compare(w, &w->pair[i], file)]++;
		nghttp2_session_del(w->pair[i].session[0]);
		nghttp2_session_del(w->pair[i].session[1]);
	}
	streams_free(w->streams);
	tap_free(t);
	capture_file_free(f);
}

static void tell(struct world *w, const char *name)
{
	if (!ok(w->found[UNEXPLAINED] == 0, name))
		printf("#   the first: %s\n", w->first);
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
	ok(w->calls > 2000 && w->found[SAME] > 100 && w->found[GIVEN_UP] + w->found[UNFINISHED] == 0,
	   "made captures, and many of them");
	tell(w, "  each call as nghttp2 has it");
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
	ok(w->calls > 10, "recorded captures");
	tell(w, "  each call as nghttp2 has it");
}

int main(void)
{
	struct world w = { .pair = malloc(CONNECTIONS * sizeof *w.pair) };

	made(&w);
	recorded(&w);
	free(w.pair);
	return tap_done();
}
