/* What two sessions of nghttp2 hear of a connection in HTTP/2: a server's takes what the client said, a
 * client's what the server said, and neither is heard. Bodies are decoded by zlib and zstd themselves. */
#ifndef TK_TESTS_NGHTTP2_PAIR_H
#define TK_TESTS_NGHTTP2_PAIR_H

#include <nghttp2/nghttp2.h>
#include <openssl/evp.h>
#include <zlib.h>
#include <zstd.h>

#include "core/base/buf.h"
#include "sensor/proto/tcp/stream.h"

#define CALLS 1024

struct line { /* of a call */
	uint32_t stream;
	char method[32], path[200], id[64];
	int status;
	int64_t bytes[2];
	char coding[2][8];  /* "": none, or none that is read here */
	struct buf body[2]; /* as it came, of one that is coded */
	bool unread[2];	    /* coded otherwise, or by nobody's rules */
	bool ended[2], begun, interim, taken;
};

struct pair { /* a connection, heard by both */
	struct stream_key key;
	nghttp2_session *session[2]; /* by what they hear: the client's side, the server's */
	struct tls *tls;	     /* NULL: what comes is not encrypted */
	struct buf head[2];	     /* in HTTP/1, as far as it came */
	bool gap, midway, http2, part, over, begun, upgraded;
	struct line heard[CALLS], told[CALLS];
	size_t heards, tolds;
};

/* ---- nghttp2 ---- */

static inline struct line *line_of(struct pair *p, int32_t stream)
{
	for (size_t i = p->heards; i-- > 0;)
		if (p->heard[i].stream == (uint32_t)stream)
			return &p->heard[i];
	if (p->heards == CALLS)
		return NULL;
	p->heard[p->heards] = (struct line){ .stream = (uint32_t)stream };
	for (int side = 0; side < 2; side++)
		buf_init(&p->heard[p->heards].body[side], 1 << 24);
	return &p->heard[p->heards++];
}

static inline int side_of(const struct pair *p, const nghttp2_session *session)
{
	return session == p->session[0] ? 0 : 1;
}

/* What a session would send goes nowhere; its own state goes on as if it had. */
static inline void silence(nghttp2_session *session)
{
	const uint8_t *bytes;

	while (nghttp2_session_mem_send(session, &bytes) > 0)
		;
}

/* The client's session knows of a request when the server's has heard it. */
static inline void ask(struct pair *p, int32_t stream)
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

static inline int on_begin(nghttp2_session *session, const nghttp2_frame *f, void *user)
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

static inline void text_of(char *out, size_t size, struct slice s)
{
	snprintf(out, size, "%.*s", (int)s.n, s.n == 0 ? "" : (const char *)s.p);
}

static inline void path_of(char *out, size_t size, struct slice s)
{
	const uint8_t *query = s.n == 0 ? NULL : memchr(s.p, '?', s.n);

	text_of(out, size, query == NULL ? s : slice_head(s, (size_t)(query - s.p)));
}

static inline void coding_of(struct line *l, int side, struct slice v)
{
	static const char *const known[] = { "gzip", "deflate", "zstd" };

	for (size_t i = 0; i < COUNT(known); i++)
		if (slice_is(v, known[i]) && l->coding[side][0] == 0)
			text_of(l->coding[side], sizeof l->coding[side], v);
	l->unread[side] |= !slice_is(v, l->coding[side]);
}

static inline int on_field(nghttp2_session *session, const nghttp2_frame *f, const uint8_t *name,
			   size_t name_n, const uint8_t *value, size_t value_n, uint8_t flags, void *user)
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
		coding_of(l, side, v);
	return 0;
}

static inline int on_frame(nghttp2_session *session, const nghttp2_frame *f, void *user)
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

static inline int on_chunk(nghttp2_session *session, uint8_t flags, int32_t stream, const uint8_t *bytes,
			   size_t n, void *user)
{
	struct pair *p = user;
	struct line *l = line_of(p, stream);

	(void)flags;
	if (l == NULL)
		return 0;
	l->bytes[side_of(p, session)] += (int64_t)n;
	if (l->coding[side_of(p, session)][0] != 0)
		buf_add(&l->body[side_of(p, session)], slice_of(bytes, n));
	return 0;
}

static inline void sessions_begin(struct pair *p)
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

/* ---- what is heard ---- */

static inline void pair_take(struct pair *p, int side, struct slice bytes)
{
	if (p->gap || p->midway || p->over || bytes.n == 0)
		return;
	p->over = nghttp2_session_mem_recv(p->session[side], bytes.p, bytes.n) != (ssize_t)bytes.n ||
		  !nghttp2_session_want_read(p->session[side]);
	silence(p->session[side]);
}

/* Of a head in HTTP/1; empty: it has none of that name. */
static inline struct slice field_of(struct slice head, const char *name)
{
	const char *at = strcasestr((const char *)head.p, name);
	const char *end = at == NULL ? NULL : strstr(at + strlen(name), "\r\n");

	return end == NULL ? slice_of(NULL, 0)
			   : slice_of((const uint8_t *)at + strlen(name), (size_t)(end - at) - strlen(name));
}

/* The settings that the client said in its request (RFC 7540 3.2.1). */
static inline size_t settings_of(struct slice text, uint8_t *out)
{
	char base64[128];
	int n = 0, pad = 0;

	for (size_t i = 0; i < text.n && i < sizeof base64 - 4; i++)
		base64[n++] = text.p[i] == '-' ? '+' : text.p[i] == '_' ? '/' : (char)text.p[i];
	for (; n % 4 != 0; pad++)
		base64[n++] = '=';
	n = EVP_DecodeBlock(out, (uint8_t *)base64, n);
	return n < pad ? 0 : (size_t)(n - pad);
}

/* Both sides go on in HTTP/2; the request is stream 1. */
static inline void upgrade(struct pair *p, struct slice request)
{
	struct line *l = line_of(p, 1);
	const uint8_t *blank = memchr(request.p, ' ', request.n), *end;
	uint8_t settings[128];
	size_t n = settings_of(field_of(request, "\r\nHTTP2-Settings: "), settings);

	p->upgraded = true;
	for (int side = 0; side < 2; side++)
		if (nghttp2_session_upgrade2(p->session[side], settings, n, 0, NULL) != 0)
			p->over = true;
	silence(p->session[1]);
	end = blank == NULL ? NULL : memchr(blank + 1, ' ', request.n - (size_t)(blank + 1 - request.p));
	if (l == NULL || end == NULL)
		return;
	text_of(l->method, sizeof l->method, slice_of(request.p, (size_t)(blank - request.p)));
	path_of(l->path, sizeof l->path, slice_of(blank + 1, (size_t)(end - blank - 1)));
	text_of(l->id, sizeof l->id, field_of(request, "\r\nX-Request-ID: "));
	l->ended[0] = true;
}

/* A head in HTTP/1 is kept until both sides have said theirs. */
static inline void take_head(struct pair *p, int side, struct slice bytes)
{
	size_t n[2];

	buf_add(&p->head[side], bytes);
	for (int i = 0; i < 2; i++) {
		const char *text = buf_cstr(&p->head[i]),
			   *end = text == NULL ? NULL : strstr(text, "\r\n\r\n");

		if (end == NULL)
			return;
		n[i] = (size_t)(end + 4 - text);
	}
	if (strncmp(buf_cstr(&p->head[1]), "HTTP/1.1 101", 12) != 0 ||
	    !slice_is(field_of(buf_slice(&p->head[0]), "\r\nUpgrade: "), "h2c")) {
		p->midway = true;
		return;
	}
	upgrade(p, slice_head(buf_slice(&p->head[0]), n[0]));
	for (int i = 0; i < 2; i++)
		pair_take(p, i, slice_from(buf_slice(&p->head[i]), n[i]));
}

static inline void hear_plain(struct pair *p, int side, struct slice bytes)
{
	bool first = side == 0 && !p->begun;

	p->begun |= side == 0;
	if (first && bytes.n >= 3 && memcmp(bytes.p, "PRI", 3) == 0)
		p->upgraded = true; /* from the first byte on */
	if (!p->upgraded && (p->begun || (bytes.n > 4 && memcmp(bytes.p, "HTTP", 4) == 0)))
		take_head(p, side, bytes);
	else
		pair_take(p, side, bytes); /* a server's settings may come before the preface */
}

/* ---- bodies ---- */

/* What is decoded of a body; -1: it does not end where it should. */
static inline int64_t inflated(struct slice in, int window)
{
	static uint8_t out[1 << 16];
	z_stream z = { .next_in = (Bytef *)(uintptr_t)in.p, .avail_in = (uInt)in.n };
	int64_t n = 0;
	int r = inflateInit2(&z, window);

	while (r == Z_OK) {
		z.next_out = out;
		z.avail_out = sizeof out;
		r = inflate(&z, Z_NO_FLUSH);
		n += (int64_t)(sizeof out - z.avail_out);
	}
	inflateEnd(&z);
	return r == Z_STREAM_END && z.avail_in == 0 ? n : -1;
}

static inline int64_t unpacked(struct slice in)
{
	static uint8_t bytes[1 << 16];
	ZSTD_DStream *d = ZSTD_createDStream();
	ZSTD_inBuffer from = { in.p, in.n, 0 };
	int64_t n = 0;
	size_t r = 1;

	while (!ZSTD_isError(r) && r != 0) {
		ZSTD_outBuffer to = { bytes, sizeof bytes, 0 };

		r = ZSTD_decompressStream(d, &to, &from);
		n += (int64_t)to.pos;
		if (to.pos == 0 && from.pos == from.size)
			break;
	}
	ZSTD_freeDStream(d);
	return r == 0 && from.pos == from.size ? n : -1;
}

static inline int64_t size_of(const struct line *heard, int side)
{
	struct slice in = buf_slice(&heard->body[side]);
	const char *coding = heard->coding[side];

	if (heard->unread[side])
		return -1;
	if (coding[0] == 0 || in.n == 0)
		return heard->bytes[side];
	return coding[0] == 'z' ? unpacked(in) : inflated(in, coding[0] == 'g' ? 15 + 16 : 15);
}

static inline void pair_free(struct pair *p)
{
	for (size_t i = 0; i < p->heards; i++)
		for (int side = 0; side < 2; side++)
			buf_free(&p->heard[i].body[side]);
	for (int side = 0; side < 2; side++) {
		buf_free(&p->head[side]);
		nghttp2_session_del(p->session[side]);
	}
}

#endif
