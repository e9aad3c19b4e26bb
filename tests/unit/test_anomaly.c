/* What is odd about messages, from the packets to the event. The parser's own share is in test_http1.c. */
#include "core/base/buf.h"
#include "sensor/proto/http/anomaly.h"
#include "sensor/proto/tap.h"
#include "tests/lib/http2_wire.h"
#include "tests/lib/tap.h"
#include "tests/lib/wire.h"

static void check_list(void)
{
	uint8_t out[ANOMALY_LIST_MAX];
	uint32_t all = (uint32_t)((UINT64_C(1) << ANOMALY_COUNT) - 1);
	size_t n = anomaly_list(ANOMALY_BIT(OBS_FOLD) | ANOMALY_BIT(TE_AND_CL), out);

	ok_slice(slice_of(out, n), SLICE("te_and_cl,obs_fold"), "names in the table's order");
	ok_int((int64_t)anomaly_list(0, out), 0, "none");
	n = anomaly_list(all, out);
	ok(n < sizeof out && slice_ends(slice_of(out, n), SLICE(",field_controls")), "all of them");
}

static void check_hosts(void)
{
	static const struct {
		const char *target, *host;
		bool differ;
	} t[] = {
		{ "http://a.example/x", "a.example", false },
		{ "http://A.example", "a.EXAMPLE", false },
		{ "http://a.example:80/x", "a.example", false },
		{ "https://a.example?x", "a.example:443", false },
		{ "http://u:p@a.example/x@b", "a.example", false },
		{ "http://a.example:/", "a.example", false },
		{ "http://a.example/x", "b.example", true },
		{ "http://a.example:8080/x", "a.example", true },
		{ "http://a.example:443/x", "a.example", true },
		{ "http://a.example.b/x", "a.example", true },
		{ "http:///x", "a.example", true },
		{ "/x?u=http://b.example/", "a.example", false },
		{ "http://a.example/x", "", false },
		{ "*", "a.example", false },
		{ "", "a.example", false },
	};

	for (size_t i = 0; i < COUNT(t); i++)
		ok_int(anomaly_hosts_differ(slice_str(t[i].target), slice_str(t[i].host)), t[i].differ,
		       t[i].target);
}

/* ---- events ---- */

struct seen {
	struct tap *tap;
	struct buf text; /* of each event: method, status, anomalies */
};

static void take_event(void *ctx, struct access_event *ev)
{
	static const enum field_id shown[] = { F_METHOD, F_STATUS, F_RESPONSE_BYTES, F_ANOMALY };
	struct seen *s = ctx;

	for (size_t i = 0; i < COUNT(shown); i++) {
		if (ev_known(ev, shown[i]))
			value_to_text(shown[i], ev_value(ev, shown[i]), &s->text);
		else
			buf_str(&s->text, ev_absent(ev, shown[i]) ? "absent" : "-");
		buf_byte(&s->text, i + 1 < COUNT(shown) ? ' ' : '\n');
	}
}

static void take_packet(void *ctx, int64_t ns, struct slice bytes)
{
	tap_packet(((struct seen *)ctx)->tap, ns, WIRE_LINK, bytes, (uint32_t)bytes.n);
}

#define OK(headers, body) "HTTP/1.1 200 OK\r\n" headers "\r\n" body

/* What the two sides say, as segments in turn. */
typedef void (*talker)(void *ctx, struct wire *w);

static void hear(const char *name, talker talk, void *ctx, const char *want)
{
	struct tap_limits limits = TAP_LIMITS_DEFAULT;
	struct parse_context fields = { .cache = NULL };
	struct seen s = { .tap = NULL };
	const struct tap_sink sink = { &s, take_event };
	struct wire w = { .address = { 7, 200 }, .port = { 40000, 80 }, .seq = { 1000, 2000 },
			  .ns = INT64_C(1795400000) * 1000000000, .packet = take_packet, .ctx = &s };

	buf_init(&s.text, 1 << 16);
	s.tap = tap_new(&limits, &fields, &sink);
	wire_open(&w);
	talk(ctx, &w);
	wire_close(&w);
	tap_finish(s.tap);
	ok_slice(buf_slice(&s.text), slice_str(want), name);
	tap_free(s.tap);
	buf_free(&s.text);
}

struct plain { /* HTTP/1 */
	const char *request;
	struct slice response;
};

static void talk_plain(void *ctx, struct wire *w)
{
	const struct plain *p = ctx;

	wire_say(w, 0, slice_str(p->request));
	wire_say(w, 1, p->response);
}

static void talk_script(void *ctx, struct wire *w)
{
	struct slice in = buf_slice(&((struct script *)ctx)->b);

	while (in.n > 3) { /* off the records */
		size_t n = (size_t)in.p[1] << 8 | in.p[2];

		wire_say(w, in.p[0] & 1, slice_head(slice_from(in, 3), n));
		in = slice_from(in, 3 + n);
	}
}

static void check(const char *name, const char *request, struct slice response, const char *want)
{
	struct plain p = { request, response };

	hear(name, talk_plain, &p, want);
}

/* One call in HTTP/2: fields as script_block has them; bodies may be empty. */
static void check2(const char *name, const char *request, const char *asked, const char *response,
		   const char *answered, const char *want)
{
	const char *const fields[] = { request, response }, *const bodies[] = { asked, answered };
	struct script s;

	script_begin(&s);
	script_preface(&s);
	for (int d = 0; d < 2; d++) {
		struct slice body = slice_str(bodies[d]);

		script_headers(&s, (enum direction)d, body.n == 0 ? END_STREAM : 0, 1, fields[d]);
		if (body.n > 0)
			script_frame(&s, (enum direction)d, 0, END_STREAM, 1, body);
	}
	hear(name, talk_script, &s, want);
	script_end(&s);
}

#define GET2 ":method=GET|:scheme=http|:authority=a|:path=/"
#define HEAD2 ":method=HEAD|:scheme=http|:authority=a|:path=/"
#define OK2 ":status=200"

static void check_http2(void)
{
	static const struct {
		const char *name, *request, *asked, *response, *answered, *want;
	} t[] = {
		{ "HTTP/2: nothing odd", GET2 "|te=trailers|content-length=2", "ab", OK2 "|content-length=1",
		  "x", "GET 200 1 absent\n" },
		{ "a body that is shorter", GET2 "|content-length=3", "ab", OK2, "",
		  "GET 200 0 length_differs\n" },
		{ "longer", GET2, "", OK2 "|content-length=1", "xy", "GET 200 2 length_differs\n" },
		{ "none at all", GET2, "", OK2 "|content-length=1", "", "GET 200 0 length_differs\n" },
		{ "not modified", GET2, "", ":status=304|content-length=9", "", "GET 304 0 absent\n" },
		{ "HEAD", HEAD2, "", OK2 "|content-length=9", "", "HEAD 200 0 absent\n" },
		{ "a body behind HEAD", HEAD2, "", OK2 "|content-length=9", "x",
		  "HEAD 200 1 length_differs\n" },
		{ "a length that is none", GET2 "|content-length=+2", "ab", OK2, "",
		  "GET 200 0 bad_length\n" },
		{ "one that is too large", GET2 "|content-length=18446744073709551616", "ab", OK2, "",
		  "GET 200 0 bad_length\n" },
		{ "no length", GET2 "|content-length=", "ab", OK2, "", "GET 200 0 bad_length\n" },
		{ "two lengths", GET2 "|content-length=2|content-length=3", "ab", OK2, "",
		  "GET 200 0 several_lengths\n" },
		{ "a transfer coding", GET2 "|transfer-encoding=chunked", "0", OK2, "",
		  "GET 200 0 connection_field\n" },
		{ "a connection", GET2, "", OK2 "|connection=close", "", "GET 200 0 connection_field\n" },
		{ "te", GET2 "|te=gzip", "", OK2, "", "GET 200 0 connection_field\n" },
		{ "upper case", GET2 "|X-a=b", "", OK2, "", "GET 200 0 uppercase_name\n" },
		{ "a pseudo header twice", GET2 "|:path=/other", "", OK2, "", "GET 200 0 pseudo_header\n" },
		{ "late", ":method=GET|a=b|:path=/", "", OK2, "", "GET 200 0 pseudo_header\n" },
		{ "unknown", GET2 "|:x=y", "", OK2, "", "GET 200 0 pseudo_header\n" },
		{ "of an answer", GET2 "|:status=200", "", OK2, "", "GET 200 0 pseudo_header\n" },
		{ "extended CONNECT", ":method=CONNECT|:protocol=websocket|:scheme=http|:authority=a|:path=/",
		  "", OK2, "", "CONNECT 200 0 absent\n" },
		{ "a line end in a value", GET2 "|a=b\r\nc: d", "", OK2, "", "GET 200 0 field_controls\n" },
		{ "a colon in a name", GET2 "|a:b=c", "", OK2, "", "GET 200 0 field_controls\n" },
		{ "a blank in a name", GET2 "|a b=c", "", OK2, "", "GET 200 0 field_controls\n" },
	};

	for (size_t i = 0; i < COUNT(t); i++)
		check2(t[i].name, t[i].request, t[i].asked, t[i].response, t[i].answered, t[i].want);
}

#define EMPTY SLICE(OK("Content-Length: 0\r\n", ""))

static void check_events(void)
{
	check("nothing odd", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", EMPTY, "GET 200 0 absent\n");
	check("two framings",
	      "POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", EMPTY,
	      "POST 200 0 te_and_cl\n");
	check("both messages are odd", "GET / HTTP/1.1\r\nA : b\r\n\r\n",
	      SLICE(OK("Content-Length: 0\r\nA: b\r\n c\r\n", "")),
	      "GET 200 0 obs_fold,space_before_colon\n");
	check("the oddness of one is not the next one's",
	      "GET / HTTP/1.1\r\nA : b\r\n\r\nHEAD / HTTP/1.1\r\nA: b\r\n\r\n",
	      SLICE(OK("Content-Length: 0\r\n", "") OK("Content-Length: 9\r\n", "")),
	      "GET 200 0 space_before_colon\nHEAD 200 0 absent\n");
	check("smuggled: no event of its own",
	      "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n\r\nGET /in HTTP/1.1\r\n\r\n", EMPTY,
	      "POST 200 0 bad_chunk,smuggled_request\n");
	check("smuggled, and answered",
	      "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n\r\nGET /in HTTP/1.1\r\n\r\n",
	      SLICE(OK("Content-Length: 0\r\n", "") OK("Content-Length: 2\r\n", "ab")),
	      "- 200 2 absent\nPOST 200 0 bad_chunk,smuggled_request\n");
	check("two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", EMPTY,
	      "GET 200 0 several_hosts\n");
	check("one host twice", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", EMPTY, "GET 200 0 absent\n");
	check("target and host", "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", EMPTY,
	      "GET 200 0 hosts_differ\n");
	check("a tunnel", "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", SLICE(OK("", "")),
	      "CONNECT 200 0 tunnel\n");
	check("a coding that is not known", "GET / HTTP/1.1\r\n\r\n",
	      SLICE(OK("Content-Encoding: dcb\r\nContent-Length: 2\r\n", "ab")),
	      "GET 200 - unknown_coding\n");
	check("a coding that is damaged: no size", "GET / HTTP/1.1\r\n\r\n",
	      SLICE(OK("Content-Encoding: gzip\r\nContent-Length: 5\r\n", "\x1f\x8b\x09zz")),
	      "GET 200 - damaged_coding\n");
	check("a window that is too large", "GET / HTTP/1.1\r\n\r\n",
	      SLICE(OK("Content-Encoding: zstd\r\nContent-Length: 9\r\n",
	      "\x28\xb5\x2f\xfd\x00\x70\x01\x00\x00")),
	      "GET 200 - capped_coding\n");
	check("br", "GET / HTTP/1.1\r\n\r\n",
	      SLICE(OK("Content-Encoding: br\r\nContent-Length: 7\r\n", "\x0b\x01\x80" "abc\x03")),
	      "GET 200 3 absent\n");
}

int main(void)
{
	check_list();
	check_hosts();
	check_events();
	check_http2();
	return tap_done();
}
