#include <stdlib.h>

#include "core/base/zone.h"
#include "sensor/gateway/format.h"
#include "sensor/gateway/framing.h"
#include "sensor/gateway/layout_compile.h"
#include "tests/lib/wants.h"

static uint8_t room[SCRATCH_SIZE];
static struct scratch scratch = { room, 0, sizeof room };
static struct flat_event fe;
static const uint8_t key[32] = "0123456789abcdef0123456789abcde";
static struct cidr trusted[2];

#define T "[23/Nov/2026:02:24:30 +0000]"
#define REQUEST "\"POST /v1/messages?a=1 HTTP/1.1\""

#define INGRESS "nginx-ingress"
#define INGRESS_HEAD "10.0.0.9 - ito [x " T " " REQUEST " 200 380 \"-\" \"curl/8\" 445 0.152 "
#define VHOST "gw.example:443 2001:db8::5 - \"\" " T " " REQUEST " 200 99 \"-\" \"x \\\"q\\\"\""
#define HAPROXY "haproxy-httplog"
#define HAPROXY_HEAD                                                                                         \
	"127.0.0.1:59546 [23/Nov/2026:02:24:35.484] llm~ gw/up1 0/0/5/23/129 200 6469 - - ---- 1/1/0/0/0 "   \
	"0/0 "
#define HAPROXY_END "\"POST /v1/messages HTTP/1.1\""
#define ENVOY                                                                                                \
	"[2026-11-23T02:13:20.123Z] \"POST /v1/messages?x=\"y HTTP/2\" 503 UF,URX 812 2211 511 90 "          \
	"\"6.6.6.6,203.0.113.5,127.0.0.1\" \"odd \" agent\" \"r-1\" \"gw.example:443\" \"-\""
#define ISTIO                                                                                                \
	"[2026-11-23T02:13:20.123Z] \"GET / HTTP/2\" 0 DC downstream_remote_disconnect - \"a b\" 1 2 3 - "   \
	"\"-\" \"-\" \"r-2\" \"gw\" \"10.9.9.9:80\" outbound|80||gw 10.1.1.1:1 10.1.1.2:80 10.0.0.9:4711 "   \
	"sni.example -"
#define ALB_HEAD "h2 2026-11-23T02:23:00.186641Z app/lb/50dc [2001:db8::5]:48160 10.0.0.66:9000 "
#define ALB_TAIL                                                                                             \
	" 200 200 5 257 \"GET https://gw.example:443/v1/models HTTP/2.0\" \"a \\x22b\\x22\" ECDHE TLSv1.2 "  \
	"arn:t "                                                                                             \
	"\"Root=1-58\""
#define CF_HEAD                                                                                              \
	"2026-11-23\t02:13:20\tNRT57\t2211\t127.0.0.1\tPOST\td1.cloudfront.net\t/v1/"                        \
	"m%20x\t200\t-\tA%2520B%20c/1\tk=v"
#define CF_TAIL                                                                                              \
	"\t-\tMiss\treq==\tgw.example\thttps\t812\t0.400\t203.0.113.5\tTLSv1.3\tAES\tMiss\tHTTP/"            \
	"2.0\t-\t-\t50000\t0.090"                                                                            \
	"\tMiss\ttext/event-stream\t2211\t-\t-"

/* want: as wants.h. reject: enum reject_reason. */
static const struct {
	const char *name, *format, *line;
	int reject;
	const char *want;
} cases[] = {
	{ "ingress", INGRESS,
	  INGRESS_HEAD "[ns-svc-80] [] 10.1.1.1:80, 10.1.1.2:80 : 10.1.1.3:80 0, 0 : 380 "
		       "0.001, - : 0.150 502, 504 : 200 r-1",
	  0,
	  "@timestamp=2026-11-23T02:24:29.848Z|source.ip=10.0.0.9|user.name=ito "
	  "[x|url.path=/v1/messages|url.query=a=1|"
	  "event.duration=152000000|http.request.body.bytes=445|http.response.body.bytes=380|http.request.id="
	  "r-1|"
	  "tochoku.ttfb?|user_agent.original=curl/8" },
	{ "ingress, one upstream's name", INGRESS, INGRESS_HEAD "[ns-svc-80] 10.1.1.1:80 380 0.150 200 r-1",
	  0, "http.request.id=r-1" },
	{ "ingress without an id", INGRESS, INGRESS_HEAD "[] [] - - - -", 0,
	  "http.request.id?|source.ip=10.0.0.9" },
	{ "old ingress", INGRESS,
	  "10.0.0.9 - [10.0.0.9, 10.1.1.1] - - " T " " REQUEST
	  " 200 380 \"-\" \"curl/8\" 445 0.152 [x] 10.1.1.1:80 380 0.150 200 r-1",
	  0, "source.ip=10.0.0.9|user.name!|http.request.id=r-1" },
	{ "ingress cut off", INGRESS, INGRESS_HEAD "[ns-svc-80] [] 10.1.1.1:80", REJECT_MALFORMED, "" },
	{ "ingress without a number", INGRESS,
	  "10.0.0.9 - - " T " " REQUEST " 200 380 \"-\" \"curl/8\" x 0.152 [] [] - - - - r", REJECT_MALFORMED,
	  "" },

	{ "common", "apache-common", "10.0.0.9 - ito " T " " REQUEST " 200 -", 0,
	  "@timestamp=2026-11-23T02:24:30Z|source.ip=10.0.0.9|user.name=ito|http.response.body.bytes?|"
	  "user_agent.original?" },
	{ "common, looked-up host", "apache-common", "pc-1.example - - " T " " REQUEST " 200 1", 0,
	  "source.ip?|http.response.status_code=200" },
	{ "common, forged by a user's name", "apache-common",
	  "10.0.0.9 - x [23/Nov/2020:00:00:00 +0000] y " T " \"GET /\\\" HTTP/1.1\" 200 1", 0,
	  "@timestamp=2026-11-23T02:24:30Z|user.name=x [23/Nov/2020:00:00:00 +0000] y|url.path=/\"" },
	{ "common with a name in front", "apache-common", "gw 10.0.0.9 - - " T " " REQUEST " 200 1",
	  REJECT_MALFORMED, "" },
	{ "common and more", "apache-common", "10.0.0.9 - - " T " " REQUEST " 200 1 5", REJECT_MALFORMED,
	  "" },
	{ "common, a day that is none", "apache-common",
	  "10.0.0.9 - - [31/Apr/2026:02:24:30 +0000] \"GET / HTTP/1.1\" 200 1", REJECT_TIME, "" },
	{ "Apache's empty user", "apache-combined",
	  "10.0.0.9 - \"\" " T " " REQUEST " 401 1 \"-\" \"\\xe8\\x96\\xac\"", 0,
	  "user.name!|user_agent.original=薬|http.response.status_code=401" },
	{ "vhost_combined", "apache-vhost-timed", VHOST, 0,
	  "url.domain=gw.example|destination.port=443|source.ip=2001:db8::5|user.name!|user_agent.original=x "
	  "\"q\"|"
	  "event.duration?" },
	{ "vhost and %D", "apache-vhost-timed", VHOST " 23909", 0,
	  "@timestamp=2026-11-23T02:24:30Z|event.duration=23909000|http.request.body.bytes?" },
	{ "vhost, %D and %I", "apache-vhost-timed", VHOST " 23909 466", 0, "http.request.body.bytes=466" },
	{ "vhost and all", "apache-vhost-timed",
	  "gw:80 127.0.0.1 - - " T " " REQUEST " 200 99 \"-\" \"-\" 5 466 \"6.6.6.6, 203.0.113.5\" u-1", 0,
	  "source.ip=203.0.113.5|tochoku.peer.ip=127.0.0.1|http.request.id=u-1" },
	{ "vhost and too much", "apache-vhost-timed", VHOST " 1 2 \"-\" a b", REJECT_MALFORMED, "" },

	{ "HAProxy", HAPROXY, HAPROXY_HEAD HAPROXY_END, 0,
	  "@timestamp=2026-11-22T17:24:35.484Z|source.ip=127.0.0.1|source.port=59546|tochoku.ttfb=23000000|"
	  "event.duration=129000000|http.response.body.bytes=6469|url.path=/v1/messages|tochoku.stream?" },
	{ "HAProxy, captured headers", HAPROXY,
	  HAPROXY_HEAD "{6.6.6.6, 203.0.113.5|Py#22thon/Lib 3.1|ito} {text/event-stream; "
		       "charset=utf-8|req_65fea3323e5d} " HAPROXY_END,
	  0,
	  "source.ip=203.0.113.5|tochoku.peer.ip=127.0.0.1|source.port?|user_agent.original=Py\"thon/Lib 3.1|"
	  "user.name?|http.response.mime_type=text/event-stream|tochoku.stream=true|"
	  "http.request.id=req_65fea3323e5d" },
	{ "HAProxy, what names nothing", HAPROXY,
	  HAPROXY_HEAD "{team/alice|gw.example} {sid=abcdef012345|123456789012} " HAPROXY_END, 0,
	  "user_agent.original?|user.name?|http.request.id?" },
	{ "HAProxy, client software that is an address", HAPROXY,
	  HAPROXY_HEAD "{203.0.113.5|198.51.100.7} " HAPROXY_END, 0,
	  "source.ip=203.0.113.5|user_agent.original?" },
	{ "HAProxy, a key is fingerprinted", HAPROXY, HAPROXY_HEAD "{Bearer sk-EXAMPLE01} " HAPROXY_END, 0,
	  "tochoku.key.id=e677f4cefaa89540" },
	{ "HAProxy, IPv6, a bad request", HAPROXY,
	  "2001:db8::1:443 [23/Nov/2026:02:24:41.097] f f/<NOSRV> -1/-1/-1/-1/0 400 0 - - PR-- 1/1/0/0/0 0/0 "
	  "\"<BADREQ>\"",
	  0,
	  "source.ip=2001:db8::1|source.port=443|http.response.status_code=400|tochoku.ttfb?|event.duration="
	  "0|"
	  "http.request.method?" },
	{ "HAProxy, logged before the end", HAPROXY,
	  "10.0.0.9:1 [23/Nov/2026:02:24:35.484] f b/s 0/0/5/23/+129 200 +99 "
	  "- - ---- 1/1/0/0/0 0/0 " HAPROXY_END,
	  0, "event.duration?|http.response.body.bytes?|tochoku.ttfb=23000000" },
	{ "HAProxy httpslog", HAPROXY, HAPROXY_HEAD HAPROXY_END " 0/0/0/0/0 gw.example/TLSv1.3/TLS_AES_128",
	  0, "tls.client.server_name=gw.example|tls.version=TLSv1.3" },
	{ "HAProxy tcplog", HAPROXY, "10.0.0.9:1 [23/Nov/2026:02:24:35.484] f b/s 1/1/1 200 -- 1/1/1/1/0 0/0",
	  REJECT_MALFORMED, "" },

	{ "Envoy", "envoy-default", ENVOY, 0,
	  "@timestamp=2026-11-23T02:13:20.123Z|source.ip=203.0.113.5|tochoku.peer.ip=127.0.0.1|"
	  "url.path=/v1/"
	  "messages|url.query=x=\"y|http.version=2|http.request.body.bytes=812|event.duration=511000000|"
	  "tochoku.ttfb=90000000|user_agent.original=odd \" "
	  "agent|http.request.id=r-1|url.domain=gw.example" },
	{ "Istio", "envoy-default", ISTIO, 0,
	  "http.response.status_code?|source.ip?|http.request.id=r-2|event.duration=3000000|tochoku.ttfb?|"
	  "tls.client.server_name=sni.example" },
	{ "Envoy cut off", "envoy-default",
	  "[2026-11-23T02:13:20.123Z] \"GET / HTTP/2\" 200 - 1 2 3 4 \"-\" \"-\" \"r", REJECT_MALFORMED, "" },

	{ "Traefik", "traefik-clf",
	  "10.0.0.9 - ito " T " " REQUEST " 200 380 \"-\" \"curl/8\" 12 \"r@file\" "
	  "\"http://10.1.1.1:80\" 33ms",
	  0,
	  "@timestamp=2026-11-23T02:24:30Z|event.duration=33000000|user.name=ito|http.response.body.bytes="
	  "380" },
	{ "Traefik without its unit", "traefik-clf",
	  "10.0.0.9 - - " T " " REQUEST " 200 380 \"-\" \"-\" 12 \"r\" \"u\" 33", REJECT_MALFORMED, "" },

	{ "ALB", "aws-alb",
	  ALB_HEAD "0.086 0.048 0.037" ALB_TAIL " \"sni.example\" \"arn:c\" 1 2026-11-23T02:22:48.364000Z "
		   "\"forward\" \"-\" \"-\" \"-\" \"-\" \"-\" \"-\" TID_1",
	  0,
	  "@timestamp=2026-11-23T02:23:00.015641Z|source.ip=2001:db8::5|source.port=48160|event.duration="
	  "171000000|"
	  "tochoku.ttfb=48000000|url.domain=gw.example|url.path=/v1/"
	  "models|http.version=2|http.request.id=Root=1-58|"
	  "user_agent.original=a \"b\"|tls.client.server_name=sni.example|http.response.body.bytes=257" },
	{ "ALB, never reached", "aws-alb", ALB_HEAD "-1 -1 -1" ALB_TAIL, 0,
	  "@timestamp=2026-11-23T02:23:00.186641Z|event.duration?|tochoku.ttfb?" },
	{ "ALB, broken off", "aws-alb", ALB_HEAD "5.000 -1 -1" ALB_TAIL, 0, "event.duration?|tochoku.ttfb?" },
	{ "a network load balancer", "aws-alb",
	  "tls 2.0 2026-11-23T02:23:00 net/lb/1 x 10.0.0.9:1 10.0.0.1:80 5 2 9 9", REJECT_MALFORMED, "" },

	{ "CloudFront", "aws-cloudfront", CF_HEAD CF_TAIL, 0,
	  "@timestamp=2026-11-23T02:13:19.600Z|source.ip=203.0.113.5|tochoku.peer.ip=127.0.0.1|url.domain=gw."
	  "example|"
	  "url.path=/v1/m%20x|url.query=k=v|user_agent.original=A%20B c/1|http.request.body.bytes=812|"
	  "event.duration=400000000|tochoku.ttfb=90000000|http.request.id=req==|http.version=2|tochoku."
	  "stream=true" },
	{ "CloudFront of old", "aws-cloudfront", CF_HEAD "\t-\tMiss\treq==", 0,
	  "@timestamp=2026-11-23T02:13:20Z|url.domain?|http.request.id=req==" },
	{ "CloudFront of tomorrow", "aws-cloudfront", CF_HEAD CF_TAIL "\tnew\tnewer", 0,
	  "http.request.id=req==" },
	{ "CloudFront in real time", "aws-cloudfront",
	  "1795400000.123\t10.0.0.9\t203.0.113.80\t0.002\t200\t2211\tGET\thttps\t"
	  "gw.example\t/v1/models\t51\tNRT57\treq==\tgw.example\t0.004\tHTTP/2.0\tIPv4\tA%20b/"
	  "1\t-\tc=1\t-\tHit\t-\tTLSv1.3\tAES",
	  0,
	  "@timestamp=2026-11-23T02:13:20.119Z|destination.ip=203.0.113.80|tochoku.ttfb=2000000|"
	  "user_agent.original=A b/1|url.query!|tls.version=TLSv1.3" },
	{ "CloudFront cut off", "aws-cloudfront", "2026-11-23\t02:13:20\tNRT57\t2211\t127.0.0.1",
	  REJECT_MALFORMED, "" },
};

static struct parse_context context(struct parse_cache *cache)
{
	return (struct parse_context){ .fingerprint_key = slice_of(key, sizeof key),
				       .cache = cache,
				       .trusted_proxies = trusted,
				       .n_trusted_proxies = COUNT(trusted),
				       .scratch = &scratch };
}

/* The event borrows the copy until the next call. */
static int parse(const char *format, struct slice line, struct parse_cache *cache)
{
	static uint8_t *copy; /* of exact length, so that a sanitizer sees a byte too far */
	struct parse_context ctx = context(cache);
	const struct log_format *f = log_format_open(slice_str(format), NULL);
	int rc = -1;

	free(copy);
	copy = malloc(line.n + 1);
	memcpy(copy, line.p, line.n);
	if (f != NULL)
		rc = log_format_parse(f, slice_of(copy, line.n), &ctx, &fe);
	log_format_close(f);
	return rc;
}

static void all_cases(struct parse_cache *cache)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		ok_int(parse(cases[i].format, slice_str(cases[i].line), cache), cases[i].reject,
		       cases[i].name);
		check_wants(&fe.ev, cases[i].want);
	}
}

/* Each good line is detected as what it is, and no other format takes it for its own. */
static void detection(void)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct log_format *want = log_format_by_name(slice_str(cases[i].format));
		const struct log_format *got = log_format_detect(slice_str(cases[i].line));
		char name[160];

		if (cases[i].reject != 0 || strcmp(cases[i].name, "common, looked-up host") == 0)
			want = NULL;
		snprintf(name, sizeof name, "%s: detected as %s", cases[i].name,
			 got == NULL ? "nothing" : got->name);
		ok(got == want, name);
		for (size_t k = 0; log_format_at(k) != NULL; k++)
			if (log_format_at(k) != want &&
			    log_format_at(k)->detect(slice_str(cases[i].line)) != 0)
				ok(false, log_format_at(k)->name);
	}
}

/* ---- frames ---- */

#define CRI "2026-11-23T02:24:36.5Z stdout "
#define DOCKER "\",\"stream\":\"stdout\",\"attrs\":{\"a\":[1]},\"time\":\"2026-11-23T02:24:36.5Z\"}"

static const struct {
	const char *line, *text;
	int64_t time;
} frames[] = {
	{ "<134>Nov 23 02:24:36 haproxy[25030]: x y", "x y", 0 },
	{ "<134>Nov  3 02:24:36 gw haproxy[25030]: x", "x", 0 },
	{ "Nov 23 02:24:36 gw nginx: x", "x", 0 },
	{ "<190>1 2026-11-23T02:24:36.5Z gw nginx - - - \xef\xbb\xbfx", "x", 1795400676500000000 },
	{ "<190>1 - - - - - [a@1 k=\"\\\"]\"][b] x", "x", 0 },
	{ "2026-11-23T11:24:36.5+09:00 gw nginx[1]: x", "x", 1795400676500000000 },
	{ CRI "F x", "x", 1795400676500000000 },
	{ CRI "F:more x", "x", 1795400676500000000 },
	{ CRI "P a \n2026-11-23T02:24:37Z stdout F b", "a b", 1795400676500000000 },
	{ "{\"log\":\"a \\\"b\\\"\\n" DOCKER, "a \"b\"", 1795400676500000000 },
	{ "{\"log\":\"a" DOCKER "\n{\"log\":\"b\\r\\n" DOCKER, "ab", 1795400676500000000 },
	{ "{\"log\":\"<134>Nov 23 02:24:36 haproxy[1]: x\\n" DOCKER, "x", 1795400676500000000 },
	{ "<134>Nov 23 02:24:36", NULL, 0 },
	{ "<134>Nox 23 02:24:36 gw nginx: x", NULL, 0 },
	{ "<134>Nov 23 02:24:36 gw nginx x", NULL, 0 },
	{ "<1345>Nov 23 02:24:36 gw nginx: x", NULL, 0 },
	{ "<190>1 2026-11-23T02:24:36 gw nginx - - - x", NULL, 0 },
	{ "<190>1 2026-11-23T02:24:36Z gw nginx - - [a x", NULL, 0 },
	{ "<190>2 2026-11-23T02:24:36Z gw nginx - - - x", NULL, 0 },
	{ CRI "X x", NULL, 0 },
	{ "2026-11-23T02:24:36.5Z stdin F x", NULL, 0 },
	{ CRI "P a\n2026-11-23T02:24:37Z stderr F b", NULL, 0 },
	{ "{\"log\":\"a\\n\",\"stream\":\"stdout\"}", NULL, 0 },
	{ "{\"log\":\"a\\q\\n" DOCKER, NULL, 0 },
	{ "{\"log\":{\"a\":1}}", NULL, 0 },
	{ "", NULL, 0 },
	{ "x", NULL, 0 },
};

static void framing(void)
{
	for (size_t i = 0; i < COUNT(frames); i++) {
		struct framed f;
		bool open;

		scratch.n = 0;
		open = frame_open(slice_str(frames[i].line), &scratch, &f);
		ok(open == (frames[i].text != NULL), frames[i].line);
		if (!open || frames[i].text == NULL) {
			ok_int((int64_t)scratch.n, 0, "  and nothing is taken");
			continue;
		}
		ok_slice(f.text, slice_str(frames[i].text), "  its text");
		ok_int(f.time, frames[i].time, "  its time");
	}
	ok(frame_continues(SLICE(CRI "P a")), "a piece goes on");
	ok(!frame_continues(SLICE(CRI "F a")), "the last one does not");
	ok(frame_continues(SLICE("{\"log\":\"a" DOCKER)), "a piece of Docker goes on");
	ok(!frame_continues(SLICE("{\"log\":\"a\\n" DOCKER)), "a whole one does not");
	scratch.n = SCRATCH_SIZE - 4;
	ok(!frame_open(SLICE("{\"log\":\"abcdef\\n" DOCKER), &scratch, &(struct framed){ 0 }), "no room");
	ok_int((int64_t)scratch.n, SCRATCH_SIZE - 4, "  and nothing is taken");
}

/* The identity stays the whole line's, the format is the inner line's. */
static void framed_events(void)
{
	static const char line[] = CRI "F 10.0.0.9 - - " T " " REQUEST " 200 1";
	static const char untimed[] = "{\"log\":\"10.0.0.9 200 0.5\\n" DOCKER;

	ok(log_format_detect(SLICE(line)) == log_format_by_name(SLICE("apache-common")),
	   "detected in a frame");
	ok_int(parse("apache-common", SLICE(line), NULL), 0, "read in a frame");
	check_wants(&fe.ev, "@timestamp=2026-11-23T02:24:30Z|source.ip=10.0.0.9");
	ok_int(parse("$remote_addr $status $request_time", SLICE(untimed), NULL), 0, "the frame's time");
	check_wants(&fe.ev, "@timestamp=2026-11-23T02:24:36Z|event.duration=500000000");
	ok_int(parse("$remote_addr $status $request_time", SLICE("10.0.0.9 200 0.5"), NULL), REJECT_TIME,
	       "no frame");
	ok_int(parse("apache-common", SLICE(CRI "F 10.0.0.9 - - [x] " REQUEST " 200 1"), NULL),
	       REJECT_MALFORMED, "malformed within");
}

/* ---- patterns ---- */

#define COMBINED_HEAD "$remote_addr - $remote_user [$time_local] \"$request\" $status "

static const struct {
	const char *pattern, *line;
	int reject;
	const char *want;
} patterns[] = {
	{ COMBINED_HEAD
	  "$body_bytes_sent $bytes_sent ${request_time} \"$http_x_forwarded_for\" $upstream_addr "
	  "$upstream_header_time $upstream_response_time \"$http_authorization\" \"$http_x_api_key\" $host "
	  "$skip",
	  "127.0.0.1 - - " T " " REQUEST
	  " 200 10 99 1.500 \"203.0.113.5\" 10.1.1.1:80, 10.1.1.2:80 -, 0.050 0.200, 0.300 "
	  "\"-\" \"sk-EXAMPLE01\" gw.example what ever",
	  0,
	  "@timestamp=2026-11-23T02:24:28.500Z|source.ip=203.0.113.5|http.response.body.bytes=10|event."
	  "duration=1500000000|"
	  "tochoku.ttfb=250000000|tochoku.key.id=e677f4cefaa89540|url.domain=gw.example" },
	{ "[$time_iso8601] $msec $request_method $uri$is_args$args $server_protocol $status",
	  "[2026-11-23T11:24:30+09:00] 1795400670.819 GET /a?b=1 HTTP/1.1 200", 0,
	  "@timestamp=2026-11-23T02:24:30.819Z|url.path=/a|url.query=b=1|http.version=1.1|source.ip?" },
	{ COMBINED_HEAD "$sent_http_content_type",
	  "10.0.0.9 - - " T " \"\\x16\\x03\" 400 text/event-stream; q=1", 0,
	  "http.request.method?|tochoku.stream=true" },
	{ COMBINED_HEAD "$body_bytes_sent", "10.0.0.9 - - " T " " REQUEST " 200 x", REJECT_MALFORMED, "" },
	{ COMBINED_HEAD "$body_bytes_sent", "10.0.0.9 - - " T " " REQUEST " 200", REJECT_MALFORMED, "" },
	{ "%{c}a %a %l %u %t \\\"%r\\\" %>s %b %D %400,501!{User-Agent}i\\t%{X-Request-Id}o %{UNIQUE_ID}e "
	  "%{SSL_PROTOCOL}x 100%%",
	  "127.0.0.1 10.0.0.9 - ito " T " " REQUEST " 200 5 1500 Mozilla/5.0 (X)\tr-1 u-1 TLSv1.3 100%", 0,
	  "@timestamp=2026-11-23T02:24:30Z|source.ip=10.0.0.9|tochoku.peer.ip=127.0.0.1|user.name=ito|"
	  "event.duration=1500000|user_agent.original=Mozilla/5.0 (X)|http.request.id=r-1" },
	{ "%h %t \"%r\" %>s %{User-Agent}i", "10.0.0.9 " T " \"GET /\\\" 200 HTTP/1.1\" 403 a", 0,
	  "http.response.status_code=403|user_agent.original=a|url.path=/\" 200" },
	{ "%h %{end:msec}t %{ms}T \"%m %U%q %H\" %s",
	  "10.0.0.9 1795400670819 250 \"GET /a?b=1 HTTP/1.1\" 200", 0,
	  "@timestamp=2026-11-23T02:24:30.569Z|url.path=/a|url.query=b=1|event.duration=250000000" },
};

static const struct {
	const char *pattern;
	size_t at;
	const char *why;
} bad_patterns[] = {
	{ "$remote_addr [$time_lcal] $status", 14,
	  "nginx has no variable '$time_lcal' (did you mean '$time_local'?); for "
	  "one of your own write $skip: its value is passed over" },
	{ "$remote_addr$status", 12,
	  "nothing stands between '$status' and the value before it: no one can tell where one "
	  "ends" },
	{ "$status ${host", 8, "'${host' lacks its closing brace" },
	{ "$status $", 8, NULL },
	{ "$remote_addr $msec", 0, "the pattern says neither a request nor a status" },
	{ "{\"a\":\"$status\"}", 0, "a log_format that writes JSON is read by 'format: nginx-json'" },
	{ "%h %>s %Z", 7, "'%Z' is no directive of Apache's LogFormat that is known here" },
	{ "%h %>s %{%Q}t", 7, "'%{%Q}t' is no directive of Apache's LogFormat that is known here" },
	{ "%h %>s %{Foo", 7, "'%{Foo' lacks its closing brace" },
	{ "%h %>s %{Foo}", 7, "'%{Foo}' lacks the letter that says what is logged" },
	{ "%h %>s %{}i", 7, NULL },
	{ "hello", 0, "no $variable of nginx and no %directive of Apache is in it" },
	{ "", 0, "no $variable of nginx and no %directive of Apache is in it" },
};

static void own_formats(void)
{
	char many[PATTERN_MAX + 16];
	struct err e = { 0 };
	size_t at, n = 0;

	for (size_t i = 0; i < COUNT(patterns); i++) {
		const struct log_format *f = log_format_open(slice_str(patterns[i].pattern), &e);
		struct parse_context ctx = context(NULL);
		struct slice line = slice_str(patterns[i].line);

		if (!ok(f != NULL, patterns[i].pattern))
			continue;
		ok_int(log_format_parse(f, line, &ctx, &fe), patterns[i].reject, "  parses");
		check_wants(&fe.ev, patterns[i].want);
		ok(log_format_fits_sample(f, line) == (patterns[i].reject == 0), "  fits");
		log_format_close(f);
	}
	for (size_t i = 0; i < COUNT(bad_patterns); i++) {
		at = SIZE_MAX;
		ok_int(pattern_check(slice_str(bad_patterns[i].pattern), &at, &e), TK_ECONFIG,
		       bad_patterns[i].pattern);
		ok_int((int64_t)at, (int64_t)bad_patterns[i].at, "  where");
		if (bad_patterns[i].why != NULL)
			ok_str(e.text, bad_patterns[i].why, "  why");
	}
	for (int i = 0; i < PIECES_MAX; i++)
		n += (size_t)snprintf(many + n, sizeof many - n, "$status ");
	ok_int(pattern_check(slice_of(many, n), &at, &e), TK_ECONFIG, "too many values");
	ok_int((int64_t)at, 8 * (PIECES_MAX - 1), "  where");
	ok_int(pattern_check(slice_of(many, n - 8), &at, &e), TK_OK, "as many as there may be");
	memset(many, 'x', sizeof many);
	memcpy(many, "$status ", 8);
	ok_int(pattern_check(slice_of(many, PATTERN_MAX), &at, &e), TK_OK, "as long as it may be");
	ok_int(pattern_check(slice_of(many, PATTERN_MAX + 1), &at, &e), TK_ECONFIG, "too long");
	ok(log_format_open(SLICE("nonsense"), &e) == NULL, "neither a name nor a pattern");
	ok_str(e.text, "no log format is named \"nonsense\"", "  why");
}

/* ---- headers ---- */

static void header(const char *line, const char *next, int reject, const char *want)
{
	const struct log_format *f = log_format_by_name(SLICE("aws-cloudfront")), *own = NULL;
	struct parse_context ctx = context(NULL);

	ok(log_format_header(slice_str(line), &f, &own), line);
	ok_int(log_format_parse(f, slice_str(next), &ctx, &fe), reject, "  the next line");
	check_wants(&fe.ev, want);
	log_format_close(own);
}

static void headers(void)
{
	const struct log_format *f = NULL, *own = NULL;
	char many[2000] = "#Fields:";

	header("#Fields: sc-status c-ip date time cs(X-User) cs(User-Agent) new sc(Content-Type) time-taken",
	       "403\t10.0.0.9\t2026-11-23\t02:13:20\tito\tA%20b\t\tapplication/json\t0.25", 0,
	       "http.response.status_code=403|@timestamp=2026-11-23T02:13:19.750Z|source.ip=10.0.0.9|user."
	       "name=ito|"
	       "user_agent.original=A b|tochoku.stream=false|event.duration=250000000");
	header("#Fields: sc-status c-ip date time", "403\t10.0.0.9\t2026-11-23\t02:13:20\tx",
	       REJECT_MALFORMED, "");
	header("#Fields: timestamp(ms) timestamp sc-status", "1795400000123\t1795400000\t200", 0,
	       "@timestamp=2026-11-23T02:13:20.123Z");
	header("#Version: 1.0", CF_HEAD CF_TAIL, 0, "http.request.id=req==");
	header("#Fields: c-ip sc-status", CF_HEAD CF_TAIL, 0, "http.request.id=req==");
	for (int i = 0; i < PIECES_MAX; i++)
		strcat(many, " date sc-status");
	header(many, CF_HEAD CF_TAIL, 0, "http.request.id=req==");
	log_format_head(SLICE("#Version: 1.0\n#Fields: sc-status date time\n#Fields: cut"), &f, &own);
	ok(f != NULL && f == own, "the head of a log");
	f = log_format_by_name(SLICE("nginx-json"));
	ok(!log_format_header(SLICE("#Fields: sc-status date time"), &f, &own),
	   "no header of another format");
	log_format_close(own);
	ok(log_format_detect(SLICE("#Fields: sc-status date time")) ==
		   log_format_by_name(SLICE("aws-cloudfront")),
	   "a header is detected");
	ok(log_format_detect(SLICE("#Fields: a b")) == NULL &&
		   log_format_detect(SLICE("#Version: 1.0")) == NULL,
	   "others tell nothing");
}

/* A line that could be cut in very many ways costs little, and is refused. */
static void hostile_lines(void)
{
	static char line[1 << 20];
	size_t n = (size_t)snprintf(line, sizeof line, "10.0.0.9 - ");

	while (n + 40 < sizeof line)
		n += (size_t)snprintf(line + n, sizeof line - n, " " T " ");
	for (size_t i = 0; log_format_at(i) != NULL; i++) {
		struct parse_context ctx = context(NULL);

		ok(log_format_parse(log_format_at(i), slice_of(line, n), &ctx, &fe) != 0,
		   log_format_at(i)->name);
	}
}

int main(void)
{
	struct parse_cache *cache = parse_cache_new();
	struct err e;
	bool host_bits;

	if (!cidr_parse(SLICE("127.0.0.0/8"), &trusted[0], &host_bits) ||
	    !cidr_parse(SLICE("10.99.0.0/16"), &trusted[1], &host_bits) ||
	    zone_use("Asia/Tokyo", &e) != TK_OK)
		return 1;
	all_cases(NULL);
	all_cases(cache);
	parse_cache_free(cache);
	detection();
	framing();
	framed_events();
	own_formats();
	headers();
	hostile_lines();
	return tap_done();
}
