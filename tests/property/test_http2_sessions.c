/* Sessions of nghttp2, a client and a server in one process, talk; the reader beside them tells what they
 * saw. */
#include "tests/lib/http2_wire.h"

#include "tests/lib/tap.h"

#define STREAMS 400

struct seen { /* of a message */
	uint64_t fields, body;
	size_t n_fields, n_body;
	bool head, whole;
};

struct party {
	struct world *world;
	nghttp2_session *session;
	enum direction sees;  /* messages of that direction */
	bool trailers, interim; /* of the block that is coming in */
};

struct world {
	uint64_t seed;
	struct party party[2]; /* by what they send */
	struct seen session[STREAMS][2], reader[STREAMS][2];
	size_t left[STREAMS][2]; /* of the body that is to be sent */
	unsigned lost;
	struct http2 *h;
};

static size_t dice(struct world *w, size_t n)
{
	w->seed ^= w->seed << 13;
	w->seed ^= w->seed >> 7;
	w->seed ^= w->seed << 17;
	return (size_t)((w->seed >> 11) % n);
}

static uint64_t mix(uint64_t sum, struct slice bytes)
{
	for (size_t i = 0; i < bytes.n; i++)
		sum = (sum ^ bytes.p[i]) * UINT64_C(1099511628211);
	return sum;
}

static void see_field(struct seen *s, struct slice name, struct slice value)
{
	s->fields = mix(mix(mix(s->fields, name), SLICE("=")), slice_head(value, HTTP2_VALUE_MAX));
	s->n_fields++;
}

static void see_body(struct seen *s, struct slice bytes)
{
	s->body = mix(s->body, bytes);
	s->n_body += bytes.n;
}

/* ---- what is sent ---- */

static ssize_t read_body(nghttp2_session *session, int32_t stream, uint8_t *buf, size_t n, uint32_t *flags,
			 nghttp2_data_source *source, void *user)
{
	struct party *p = user;
	size_t *left = &p->world->left[stream][!p->sees];
	size_t k = 1 + dice(p->world, n < 3000 ? n : 3000);
	nghttp2_nv trailer = { (uint8_t *)"grpc-status", (uint8_t *)"0", 11, 1, 0 };

	(void)source;
	k = k < *left ? k : *left;
	for (size_t i = 0; i < k; i++)
		buf[i] = (uint8_t)dice(p->world, 256);
	*left -= k;
	if (*left > 0)
		return (ssize_t)k;
	*flags |= NGHTTP2_DATA_FLAG_EOF;
	if (p->sees == REQUEST && dice(p->world, 3) == 0) {
		*flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
		nghttp2_submit_trailer(session, stream, &trailer, 1);
	}
	return (ssize_t)k;
}

static ssize_t pad(nghttp2_session *session, const nghttp2_frame *frame, size_t most, void *user)
{
	struct party *p = user;
	size_t n = frame->hd.length + (dice(p->world, 3) ? 0 : dice(p->world, 200));

	(void)session;
	return (ssize_t)(n < most ? n : most);
}

static size_t some_fields(struct world *w, nghttp2_nv *nv, char (*text)[64])
{
	static char huge[20000];
	size_t n = dice(w, 9);

	memset(huge, 'h', sizeof huge);
	for (size_t i = 0; i < n; i++) {
		int name = snprintf(text[2 * i], 64, "x-name-%zu", dice(w, 40));
		int value = snprintf(text[2 * i + 1], 64, "value %zu %zu", dice(w, 20), dice(w, 3));

		nv[i] = (nghttp2_nv){ (uint8_t *)text[2 * i], (uint8_t *)text[2 * i + 1], (size_t)name,
				      (size_t)value, dice(w, 8) == 0 ? NGHTTP2_NV_FLAG_NO_INDEX : 0 };
	}
	if (dice(w, 20) == 0) /* continued */
		nv[n++] = (nghttp2_nv){ (uint8_t *)"x-huge", (uint8_t *)huge, 6, dice(w, sizeof huge), 0 };
	return n;
}

static nghttp2_nv field(const char *name, const char *value)
{
	return (nghttp2_nv){ (uint8_t *)name, (uint8_t *)value, strlen(name), strlen(value), 0 };
}

static nghttp2_data_provider *body_of(struct world *w, int32_t stream, enum direction d,
				      nghttp2_data_provider *data)
{
	w->left[stream][d] = dice(w, 3) ? dice(w, 20000) : 0;
	*data = (nghttp2_data_provider){ .read_callback = read_body };
	return w->left[stream][d] == 0 && dice(w, 2) ? NULL : data;
}

static void request(struct world *w)
{
	char text[20][64];
	nghttp2_nv nv[16] = { field(":method", dice(w, 2) ? "GET" : "POST"), field(":scheme", "https"),
			      field(":path", dice(w, 2) ? "/v1/messages" : "/"),
			      field(":authority", "api.example") };
	nghttp2_session *s = w->party[REQUEST].session;
	int32_t next = (int32_t)nghttp2_session_get_next_stream_id(s);
	nghttp2_data_provider data;
	size_t n = 4 + some_fields(w, nv + 4, text);

	if (next < STREAMS)
		nghttp2_submit_request(s, NULL, nv, n, body_of(w, next, REQUEST, &data), NULL);
}

static void answer(struct party *p, int32_t stream)
{
	struct world *w = p->world;
	char text[20][64];
	nghttp2_nv interim[2] = { field(":status", "103"), field("link", "</style.css>") };
	nghttp2_nv promised[4] = { field(":method", "GET"), field(":scheme", "https"),
				   field(":path", "/pushed"), field(":authority", "api.example") };
	nghttp2_nv nv[16] = { field(":status", dice(w, 3) ? "200" : dice(w, 2) ? "429" : "201") };
	nghttp2_data_provider data;
	size_t n = 1 + some_fields(w, nv + 1, text);

	if (dice(w, 6) == 0)
		nghttp2_submit_headers(p->session, 0, stream, NULL, interim, 2, NULL);
	if (dice(w, 12) == 0 && stream % 2 == 1) {
		int32_t pushed = nghttp2_submit_push_promise(p->session, 0, stream, promised, 4, NULL);

		if (pushed > 0 && pushed < STREAMS)
			answer(p, pushed);
	}
	nghttp2_submit_response(p->session, stream, nv, n, body_of(w, stream, RESPONSE, &data));
}

/* ---- what the sessions see ---- */

static int on_begin(nghttp2_session *session, const nghttp2_frame *f, void *user)
{
	struct party *p = user;

	(void)session;
	p->interim = false;
	p->trailers = f->hd.type == NGHTTP2_HEADERS && p->world->session[f->hd.stream_id][p->sees].head;
	return 0;
}

static int on_field(nghttp2_session *session, const nghttp2_frame *f, const uint8_t *name, size_t name_n,
		    const uint8_t *value, size_t value_n, uint8_t flags, void *user)
{
	struct party *p = user;
	struct world *w = p->world;
	struct slice n = { name, name_n }, v = { value, value_n };

	(void)session, (void)flags;
	if (slice_is(n, ":status") && value[0] == '1')
		p->interim = true;
	if (p->interim || p->trailers)
		return 0;
	if (f->hd.type == NGHTTP2_PUSH_PROMISE)
		see_field(&w->session[f->push_promise.promised_stream_id][REQUEST], n, v);
	else
		see_field(&w->session[f->hd.stream_id][p->sees], n, v);
	return 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *f, void *user)
{
	struct party *p = user;
	struct seen *s = &p->world->session[f->hd.stream_id][p->sees];

	(void)session;
	if (f->hd.type == NGHTTP2_PUSH_PROMISE) {
		s = &p->world->session[f->push_promise.promised_stream_id][REQUEST];
		s->head = s->whole = true;
		return 0;
	}
	if (f->hd.type != NGHTTP2_HEADERS && f->hd.type != NGHTTP2_DATA)
		return 0;
	s->head |= f->hd.type == NGHTTP2_HEADERS && !p->interim;
	if ((f->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0)
		return 0;
	s->whole = true;
	if (p->sees == REQUEST)
		answer(p, f->hd.stream_id);
	return 0;
}

static int on_chunk(nghttp2_session *session, uint8_t flags, int32_t stream, const uint8_t *data, size_t n,
		    void *user)
{
	struct party *p = user;

	(void)session, (void)flags;
	see_body(&p->world->session[stream][p->sees], slice_of(data, n));
	return 0;
}

/* ---- what the reader tells ---- */

static void on_header(void *ctx, uint32_t stream, enum direction d, struct slice name, struct slice value)
{
	see_field(&((struct world *)ctx)->reader[stream % STREAMS][d], name, value);
}

static void on_head(void *ctx, uint32_t stream, enum direction d, bool all)
{
	((struct world *)ctx)->reader[stream % STREAMS][d].head = all;
}

static void on_body(void *ctx, uint32_t stream, enum direction d, struct slice bytes)
{
	see_body(&((struct world *)ctx)->reader[stream % STREAMS][d], bytes);
}

static void on_gap(void *ctx, uint32_t stream, enum direction d, uint64_t bytes)
{
	(void)stream, (void)d, (void)bytes;
	((struct world *)ctx)->lost++;
}

static void on_end(void *ctx, uint32_t stream, enum direction d, bool whole)
{
	((struct world *)ctx)->reader[stream % STREAMS][d].whole = whole;
}

static void on_lost(void *ctx, enum direction d, enum http2_lost what)
{
	(void)d, (void)what;
	((struct world *)ctx)->lost++;
}

/* ---- the talk ---- */

static void open_session(struct world *w, enum direction d)
{
	struct party *p = &w->party[d];
	nghttp2_session_callbacks *c;
	nghttp2_settings_entry settings[2] = {
		{ NGHTTP2_SETTINGS_HEADER_TABLE_SIZE, (uint32_t)(dice(w, 3) ? 4096 : dice(w, 20000)) },
		{ NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 1 << 20 },
	};

	*p = (struct party){ .world = w, .sees = d == REQUEST ? RESPONSE : REQUEST };
	if (nghttp2_session_callbacks_new(&c) != 0)
		abort();
	nghttp2_session_callbacks_set_on_begin_headers_callback(c, on_begin);
	nghttp2_session_callbacks_set_on_header_callback(c, on_field);
	nghttp2_session_callbacks_set_on_frame_recv_callback(c, on_frame);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(c, on_chunk);
	nghttp2_session_callbacks_set_select_padding_callback(c, pad);
	if ((d == REQUEST ? nghttp2_session_client_new(&p->session, c, p) :
			    nghttp2_session_server_new(&p->session, c, p)) != 0)
		abort();
	nghttp2_session_callbacks_del(c);
	nghttp2_submit_settings(p->session, NGHTTP2_FLAG_NONE, settings, COUNT(settings));
}

/* What d has to send goes to the other, in pieces, and past the reader. */
static bool pump(struct world *w, enum direction d, const struct http2_sink *sink)
{
	const uint8_t *p;
	ssize_t n = nghttp2_session_mem_send(w->party[d].session, &p);
	struct slice bytes = { p, n > 0 ? (size_t)n : 0 };

	while (bytes.n > 0) {
		struct slice some = slice_head(bytes, 1 + dice(w, 1500));

		http2_data(w->h, d, some, sink);
		if (nghttp2_session_mem_recv(w->party[!d].session, some.p, some.n) != (ssize_t)some.n)
			ok(false, "the sessions talk");
		bytes = slice_from(bytes, some.n);
	}
	return n > 0;
}

static void talk(struct world *w, const struct http2_sink *sink)
{
	bool busy = true;

	for (int i = 0; i < 120 || busy; i++) {
		if (i < 120)
			for (size_t n = dice(w, 3); n > 0; n--)
				request(w);
		if (i < 120 && dice(w, 10) == 0 && i > 0)
			nghttp2_submit_rst_stream(w->party[dice(w, 2)].session, NGHTTP2_FLAG_NONE,
						  (int32_t)(1 + 2 * dice(w, (size_t)i)), NGHTTP2_CANCEL);
		busy = pump(w, REQUEST, sink);
		busy = pump(w, RESPONSE, sink) || busy;
	}
	http2_finish(w->h, REQUEST, sink);
	http2_finish(w->h, RESPONSE, sink);
}

/* A message that was reset may have been seen further by the reader than by a session that had hung up. */
static void compare(const struct world *w, unsigned *messages, unsigned *different)
{
	for (int i = 0; i < STREAMS; i++)
		for (int d = 0; d < 2; d++) {
			const struct seen *a = &w->session[i][d], *b = &w->reader[i][d];

			if (!a->whole)
				continue;
			++*messages;
			*different += !b->whole || !b->head || a->fields != b->fields || a->body != b->body ||
				      a->n_fields != b->n_fields || a->n_body != b->n_body;
		}
}

int main(void)
{
	struct http2_pool *pool = http2_pool_new(1, 4 << 20);
	static struct world w;
	unsigned messages = 0, different = 0, lost = 0;

	for (uint64_t round = 1; round <= 60; round++) {
		struct http2_sink sink = { &w, on_header, on_head, on_body, on_gap, on_end, on_lost };

		memset(&w, 0, sizeof w);
		w.seed = round * 0x9e3779b97f4a7c15u;
		open_session(&w, REQUEST);
		open_session(&w, RESPONSE);
		w.h = http2_open(pool, HTTP2_PREFACE);
		talk(&w, &sink);
		http2_close(w.h);
		compare(&w, &messages, &different);
		lost += w.lost;
		for (int d = 0; d < 2; d++)
			nghttp2_session_del(w.party[d].session);
	}
	ok(messages > 5000, "messages between two sessions");
	printf("#   %u\n", messages);
	ok_int(different, 0, "each is told as they saw it");
	ok_int(lost, 0, "nothing is lost");
	ok_int((int64_t)http2_pool_memory(pool), 0, "nothing is kept");
	http2_pool_free(pool);
	return tap_done();
}
