/* The tap against sessions of nghttp2 that hear both sides of a connection in HTTP/2, on made captures and on
 * recorded ones (../shared/corpora/captures). Connections may begin with an upgrade, and go in TLS, which our
 * own reader opens for both. Calls of which both say that they are whole are compared, as a set: a difference
 * that none of the reasons below explains is a failure. */
#include "sensor/proto/tls/tls.h"
#include "tests/lib/capture_judge.h"
#include "tests/lib/nghttp2_pair.h"
#include "tests/lib/recordings.h"
#include "tests/lib/talk_tls.h"
#include "tests/lib/tap.h"

#define CONNECTIONS 512
#define RECORDED "../shared/corpora/captures/"

enum reason { SAME, GAP, MIDWAY, UNFINISHED, GIVEN_UP, UNEXPLAINED, REASONS };

static const char *const reasons[REASONS] = {
	[SAME] = "are the same",
	[GAP] = "miss bytes: nghttp2 cannot go on behind a hole",
	[MIDWAY] = "begin before the capture: nghttp2 needs the preface",
	[UNFINISHED] = "end within a call: what is whole of it is the same",
	[GIVEN_UP] = "are given up by nghttp2: a server or client would end them, and the tap only listens",
	[UNEXPLAINED] = "differ",
};

struct world {
	struct pair *pair;
	size_t n;
	struct streams *streams;
	struct losses losses;
	struct tls_pool *tls;
	struct key_log *keys;
	const char *folder; /* of recordings */
	uint64_t found[REASONS], calls;
	char first[512];
};

static void tls_plain(void *ctx, int side, struct slice bytes, const struct tls_at *at)
{
	(void)at;
	hear_plain(ctx, side, bytes);
}

static void tls_hole(void *ctx, int side, uint64_t bytes, const struct tls_at *at)
{
	(void)side, (void)bytes, (void)at;
	((struct pair *)ctx)->gap = true;
}

static struct tls_sink tls_sink_of(struct pair *p)
{
	return (struct tls_sink){ .ctx = p, .plain = tls_plain, .gap = tls_hole };
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
	for (int side = 0; side < 2; side++)
		buf_init(&p->head[side], 1 << 20);
	sessions_begin(p);
	return p;
}

static void on_data(void *ctx, void *conn, int side, struct slice bytes, const struct stream_at *at)
{
	struct world *w = ctx;
	struct pair *p = conn;
	struct tls_sink sink = tls_sink_of(p);

	if (side == 0 && !p->begun && p->tls == NULL && bytes.p[0] == 22)
		p->tls = tls_open(w->tls, w->keys);
	if (p->tls != NULL)
		tls_data(p->tls, side, bytes, at, &sink);
	else
		hear_plain(p, side, bytes);
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
	struct tls_sink sink = tls_sink_of(p);

	(void)ctx, (void)how, (void)ns;
	if (p->tls == NULL)
		return;
	tls_retry(p->tls, &sink);
	tls_close(p->tls);
	p->tls = NULL;
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

	if (p == NULL ||
	    (!slice_is(ev_str(ev, F_HTTP_VERSION), "2") && (!p->upgraded || p->head[0].n == 0)) ||
	    p->tolds == CALLS)
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
	if (heard->id[0] != 0 && strcmp(told->id, heard->id) != 0)
		return false;
	if (told->status != heard->status || strcmp(told->method, heard->method) != 0 ||
	    strncmp(told->path, heard->path, sizeof told->path - 1) != 0)
		return false;
	for (int side = 0; side < 2; side++)
		if (size_of(heard, side) >= 0 && told->bytes[side] != size_of(heard, side))
			return false;
	return true;
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
	tap_use_keys(t, w->keys);
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
		pair_free(&w->pair[i]);
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

static void keys_from(struct world *w, struct slice lines)
{
	struct key_log_source from = { .n = 0 };

	key_log_free(w->keys);
	w->keys = key_log_new(256);
	key_log_feed(w->keys, &from, lines);
	key_log_end(w->keys, &from);
}

/* The conversations go into TLS. */
static void seal(struct world *w, struct made *m, const struct peer_identity *id)
{
	struct buf lines;

	buf_init(&lines, 1 << 20);
	for (size_t i = 0; i < m->talks; i++)
		talk_seal(&m->talk[i].talk, id, &lines);
	keys_from(w, buf_slice(&lines));
	buf_free(&lines);
}

static void made(struct world *w, const struct peer_identity *id)
{
	for (uint64_t seed = 1; seed <= 300; seed++) {
		struct choice said = choice_seed(seed), travel = choice_seed(seed ^ 0x5555);
		struct made *m = made_new(&said, 40, true);
		struct made_way way = {
			.c = &travel, .segment = 1400, .again = 8, .overlap = 6, .swap = 2, .only = -1
		};
		char name[32];

		snprintf(name, sizeof name, "seed %d", (int)seed);
		if (id != NULL)
			seal(w, m, id);
		hear(w, made_capture(m, &way), name);
		made_free(m);
	}
	ok(w->calls > 2000 && w->found[SAME] > 100 && w->found[GIVEN_UP] + w->found[UNFINISHED] == 0 &&
		   w->found[MIDWAY] + w->found[GAP] == 0,
	   id == NULL ? "made captures, and many of them" : "made captures in TLS");
	tell(w, "  each call as nghttp2 has it");
}

/* With the secrets that lie beside it. */
static void hear_recorded(void *ctx, struct slice capture, const char *name)
{
	struct world *w = ctx;
	char path[512];
	struct buf lines;
	FILE *f;

	snprintf(path, sizeof path, RECORDED "%s/%s.keylog", w->folder, name);
	buf_init(&lines, 1 << 20);
	f = fopen(path, "rb");
	if (f != NULL) {
		buf_room(&lines, 1 << 20);
		lines.n = fread(lines.p, 1, 1 << 20, f);
		fclose(f);
	}
	keys_from(w, buf_slice(&lines));
	buf_free(&lines);
	hear(w, capture, name);
}

static void recorded(struct world *w)
{
	static const char *const folders[] = { "http2", "tls-keylog", "http1/upgrade" };
	char path[128];

	for (size_t i = 0; i < COUNT(folders); i++) {
		w->folder = folders[i];
		snprintf(path, sizeof path, RECORDED "%s", folders[i]);
		if (!each_recording(path, hear_recorded, w)) {
			tap_skip("no corpora beside the project");
			return;
		}
	}
	ok(w->calls > 10, "recorded captures");
	tell(w, "  each call as nghttp2 has it");
}

int main(void)
{
	struct world w = { .pair = malloc(CONNECTIONS * sizeof *w.pair),
			   .tls = tls_pool_new(CONNECTIONS, 16 << 20) };
	struct peer_identity id;

	peer_identify(&id);
	made(&w, NULL);
	made(&w, &id);
	recorded(&w);
	peer_identity_free(&id);
	key_log_free(w.keys);
	tls_pool_free(w.tls);
	free(w.pair);
	return tap_done();
}
