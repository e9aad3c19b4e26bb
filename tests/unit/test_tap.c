/* From packets to access events. */
#include "tests/lib/tap_rig.h"

static void test_one_exchange(void)
{
	static const char body[] = "{\"model\":\"gpt-4o-mini\",\"messages\":[{\"content\":\"canary\"}]}";
	static const char answer[] =
		"{\"id\":\"c1\",\"model\":\"gpt-4o-mini-2024-07-18\",\"usage\":{\"prompt_tokens\":12,"
		"\"completion_tokens\":3,\"total_tokens\":15}}";
	struct seen s;
	struct wire w;
	char text[1024];

	begin(&s, 16);
	w = connection(&s, 7, 40000);
	wire_open(&w);
	snprintf(text, sizeof text,
		 "POST /v1/chat/completions?user=x&api_key=sk-urlurlurlurlurl01 HTTP/1.1\r\nHost: "
		 "llm.example\r\n"
		 "Authorization: Bearer sk-canary0canary0canary0\r\nUser-Agent: curl/8\r\nX-Request-ID: "
		 "r-1\r\n"
		 "X-User: mallory\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: "
		 "%zu\r\n\r\n%s",
		 strlen(body), body);
	say(&w, 0, text);
	w.ns += 500000000;
	snprintf(text, sizeof text,
		 "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
		 strlen(answer), answer);
	say(&w, 1, text);
	ok_int((int64_t)s.n, 1, "an event as soon as the answer is over");
	wire_close(&w);
	ok_str(end(&s), "+ POST llm.example /v1/chat/completions 200 57 113\n", "the call");
	ok(has(&s, "\"source.ip\":\"10.0.0.7\"") && has(&s, "\"source.port\":40000"), "the client");
	ok(has(&s, "\"destination.ip\":\"10.0.0.200\"") && has(&s, "\"destination.port\":80"), "the server");
	ok(has(&s, "\"event.duration\":501000000") && has(&s, "\"tochoku.ttfb\":501000000"), "the times");
	ok(has(&s, "\"@timestamp\":\"2026-11-23T02:13:20.003"), "the start");
	ok(has(&s, "\"gen_ai.usage.input_tokens\":12") && has(&s, "\"gen_ai.usage.output_tokens\":3"),
	   "the tokens");
	ok(has(&s, "\"gen_ai.request.model\":\"gpt-4o-mini\"") &&
		   has(&s, "\"gen_ai.response.model\":\"gpt-4o-mini-2024-07-18\""),
	   "the models");
	ok(has(&s, "\"tochoku.usage.quality\":\"exact\"") && has(&s, "\"gen_ai.operation.name\":\"chat\""),
	   "the kind");
	ok(has(&s, "\"http.request.id\":\"r-1\"") &&
		   has(&s, "\"http.request.mime_type\":\"application/json\""),
	   "the heads");
	ok(has(&s, "\"tochoku.key.id\":\"") && !has(&s, "canary") && !has(&s, "urlurl"),
	   "a key is a fingerprint, a prompt nothing");
	ok(!has(&s, "mallory"), "who is not vouched for says nothing of himself");
	over(&s);
}

static void test_key_seen_to_be_absent(void)
{
	struct seen s;
	struct wire w;

	begin(&s, 16);
	w = connection(&s, 1, 40000);
	wire_open(&w);
	say(&w, 0,
	    "GET / HTTP/1.1\r\nHost: h\r\nX-User: tanaka\r\nX-Department: 内科\r\nX-Forwarded-For: "
	    "192.0.2.9\r\n\r\n");
	say(&w, 1, OK("0", ""));
	end(&s);
	ok(!has(&s, "key.id"), "no key");
	ok(has(&s, "\"user.name\":\"tanaka\"") && has(&s, "\"tochoku.department\":\"内科\""),
	   "a trusted proxy vouches");
	ok(has(&s, "\"source.ip\":\"192.0.2.9\"") && has(&s, "\"tochoku.peer.ip\":\"10.0.0.1\"") &&
		   !has(&s, "source.port"),
	   "the client behind it");
	over(&s);
}

static void test_many_on_one_connection(void)
{
	struct seen s;
	struct wire w;

	begin(&s, 16);
	w = connection(&s, 7, 40000);
	wire_open(&w);
	say(&w, 0, GET("/a") GET("/b"));
	say(&w, 1, OK("1", "x") OK("2", "yz"));
	say(&w, 0, "HEAD /c HTTP/1.1\r\nHost: api.example\r\n\r\n");
	say(&w, 1, "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n");
	say(&w, 0,
	    "PUT /d HTTP/1.1\r\nHost: api.example\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
	say(&w, 1, "HTTP/1.1 100 Continue\r\n\r\n");
	say(&w, 0, "abc");
	say(&w, 1, "HTTP/1.1 204 No Content\r\n\r\n");
	say(&w, 0, GET("/e"));
	say(&w, 1,
	    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: "
	    "t\r\n\r\n");
	say(&w, 0, GET("/f"));
	say(&w, 1, "HTTP/1.1 200 OK\r\n\r\nuntil the end");
	wire_close(&w);
	ok_str(end(&s),
	       "+ GET api.example /a 200 0 1\n+ GET api.example /b 200 0 2\n+ HEAD api.example /c 200 0 0\n"
	       "+ PUT api.example /d 204 3 0\n+ GET api.example /e 200 0 5\n+ GET api.example /f 200 0 13\n",
	       "each answer finds its request");
	over(&s);
}

static void test_tunnels(void)
{
	struct seen s;
	struct wire w;

	begin(&s, 16);
	w = connection(&s, 7, 40000);
	wire_open(&w);
	say(&w, 0, "CONNECT api.openai.com:443 HTTP/1.1\r\nHost: api.openai.com:443\r\n\r\n");
	say(&w, 1, "HTTP/1.1 200 Connection established\r\n\r\n");
	say(&w, 0, GET("/inside"));
	say(&w, 1, OK("1", "x"));
	wire_close(&w);
	w = connection(&s, 7, 40001);
	wire_open(&w);
	say(&w, 0, "GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
	say(&w, 1, "HTTP/1.1 101 Switching Protocols\r\n\r\n\x81\x02hi");
	say(&w, 0, "\x81\x82\x01\x02\x03\x04xx");
	wire_close(&w);
	end(&s);
	ok_int((int64_t)s.n, 2, "what is inside a tunnel is not read");
	ok_int((int64_t)s.losses.of[LOSS_RESYNC].n, 0, "nor looked for");
	ok(has(&s, "\"http.response.status_code\":101"), "the upgrade is a call");
	over(&s);
}

#define PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
#define SETTINGS "\0\0\0\4\0\0\0\0\0"
/* HEADERS that end stream 3: GET, http, /, and its answer on stream N: 200 (RFC 7541 Appendix A) */
#define H2_GET "\0\0\3\1\5\0\0\0\3\x82\x86\x84"
#define H2_OK(n) "\0\0\1\1\5\0\0\0" n "\x88"

static void test_http2(void)
{
	struct seen s;
	struct wire w;

	begin(&s, 16);
	w = connection(&s, 7, 40000);
	wire_open(&w);
	wire_say(&w, 1, SLICE(SETTINGS)); /* the server is first */
	for (size_t i = 0; i < sizeof PREFACE - 1; i++)
		wire_say(&w, 0, slice_of(PREFACE + i, 1));
	wire_say(&w, 0, SLICE(SETTINGS H2_GET));
	wire_say(&w, 1, SLICE(H2_OK("\3")));
	wire_close(&w);
	ok_str(end(&s), "+ GET - / 200 0 0\n", "prior knowledge");
	over(&s);

	begin(&s, 16);
	w = connection(&s, 7, 40000);
	wire_open(&w);
	say(&w, 0, "GET /one HTTP/1.1\r\nHost: h\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n");
	wire_say(&w, 1, SLICE("HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n" SETTINGS));
	wire_say(&w, 0, SLICE(PREFACE SETTINGS));
	wire_say(&w, 1, SLICE(H2_OK("\1")));
	wire_say(&w, 0, SLICE(H2_GET));
	wire_say(&w, 1, SLICE(H2_OK("\3")));
	wire_close(&w);
	ok_str(end(&s), "+ GET h /one 200 0 0\n+ GET - / 200 0 0\n",
	       "an upgrade: the answer comes in HTTP/2");
	over(&s);
}

static void test_order_on_the_wire(void)
{
	struct slice question = SLICE(GET("/late"));
	struct seen s;
	struct wire w;
	uint32_t at;

	begin(&s, 16);
	w = connection(&s, 7, 40000);
	wire_open(&w);
	at = w.seq[0];
	wire_lose(&w, 0, question.n);
	say(&w, 1, OK("2", "ok"));
	wire_raw(&w, 0, at, w.seq[1], TCP_ACK, question);
	ok_str(end(&s), "+ GET api.example /late 200 0 2\n", "an answer captured before its question");
	over(&s);
}

static void test_no_room(void)
{
	struct seen s;
	struct wire w[3];

	begin(&s, 2);
	for (int i = 0; i < 3; i++) {
		w[i] = connection(&s, 7, (uint16_t)(40000 + i));
		wire_open(&w[i]);
		say(&w[i], 0, i == 0 ? GET("/0") : i == 1 ? GET("/1") : GET("/2"));
	}
	for (int i = 0; i < 3; i++)
		say(&w[i], 1, OK("1", "x"));
	say(&w[0], 0, GET("/3"));
	say(&w[0], 1, OK("2", "xy"));
	ok_str(end(&s),
	       "~ GET api.example /0 - 0 -\n+ GET api.example /1 200 0 1\n+ GET api.example /2 200 0 1\n"
	       "+ GET api.example /3 200 0 2\n",
	       "the oldest gives its room up, and its answer is nobody's");
	ok_int((int64_t)s.losses.of[LOSS_EXCHANGE_LIMIT].n, 1, "counted");
	over(&s);
}

/* An answer that is passed over has no body either, where it is to HEAD or says so by its status. */
static void test_no_room_bodiless(void)
{
	static const char *const asks[] = { "HEAD /0 HTTP/1.1\r\nHost: h\r\n\r\n",
					    "GET /0 HTTP/1.1\r\nHost: h\r\n\r\n" };
	static const char *const answers[] = { "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n",
					       "HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n" };
	struct seen s;
	struct wire w[3];

	for (int k = 0; k < 2; k++) {
		begin(&s, 2);
		for (int i = 0; i < 3; i++) {
			w[i] = connection(&s, 7, (uint16_t)(40000 + i));
			wire_open(&w[i]);
			say(&w[i], 0, i == 0 ? asks[k] : GET("/1"));
		}
		for (int i = 1; i < 3; i++)
			say(&w[i], 1, OK("1", "x"));
		say(&w[0], 0, GET("/3"));
		say(&w[0], 1, answers[k]);
		say(&w[0], 1, OK("2", "xy"));
		end(&s);
		ok(strstr(buf_cstr(&s.text), "+ GET api.example /3 200 0 2\n") != NULL,
		   "behind an answer that is passed over and has no body comes the next one");
		over(&s);
	}
}

static void test_unreadable(void)
{
	static const uint8_t hello[] = {
		22, 3, 1, 0, 4, 1, 2, 3, 4, 23, 3, 3, 0, 2, 9, 9, 23, 3, 3, 0, 1, 7
	};
	struct seen s;
	struct wire w;

	begin(&s, 16);
	w = connection(&s, 7, 40000);
	wire_open(&w);
	for (size_t i = 0; i < sizeof hello; i++) /* in any pieces */
		wire_say(&w, 0, slice_of(hello + i, 1));
	wire_say(&w, 1, slice_of(hello, sizeof hello));
	wire_close(&w);
	w = connection(&s, 7, 40001);
	wire_open(&w);
	say(&w, 1, "SSH-2.0-OpenSSH_9.2\r\n"); /* never TLS */
	say(&w, 0, "SSH-2.0-x\r\n");
	wire_close(&w);
	end(&s);
	ok_int((int64_t)s.n, 0, "nothing is invented");
	ok_int((int64_t)s.losses.of[LOSS_TLS].n, 6, "TLS records are counted");
	ok_int((int64_t)s.losses.of[LOSS_NOT_HTTP].n, 1, "and connections of something else");
	over(&s);
}

/* Met midway, and of the first record's head fewer bytes come than tell what it is. */
static void test_unreadable_midway(void)
{
	static const uint8_t records[] = { 22, 3, 1, 0, 4, 1, 2, 3, 4, 23, 3, 3, 0, 2, 9, 9 };
	struct seen s;
	struct wire w;

	for (size_t first = 1; first <= 5; first++) {
		begin(&s, 16);
		w = connection(&s, 7, 40000);
		wire_say(&w, 0, slice_of(records, first));
		for (size_t i = first; i < sizeof records; i++)
			wire_say(&w, 0, slice_of(records + i, 1));
		end(&s);
		ok_int((int64_t)s.losses.of[LOSS_TLS].n, 2, "TLS whose first head comes in parts");
		ok_int((int64_t)s.losses.of[LOSS_NOT_HTTP].n, 0, "and nothing else");
		over(&s);
	}
	begin(&s,
	      16); /* what only looked like it is what it is, and what the other side says comes behind it */
	w = connection(&s, 7, 40000);
	wire_say(&w, 1, SLICE("\x16\x03"));
	say(&w, 0, GET("/a"));
	say(&w, 1, OK("1", "x"));
	w = connection(&s, 7, 40001);
	wire_say(&w, 1, SLICE("\x16\x03"));
	wire_lose(&w, 1, 10);
	say(&w, 0, GET("/b"));
	say(&w, 1, OK("1", "x"));
	w = connection(&s, 7, 40002);
	wire_say(&w, 1, SLICE("\x16\x03"));
	wire_say(&w, 1, SLICE("\x09\0\1noise"));
	say(&w, 0, GET("/c"));
	say(&w, 1, OK("1", "x"));
	ok_str(end(&s),
	       "~ GET api.example /a 200 0 1\n~ GET api.example /c 200 0 1\n~ GET api.example /b 200 0 1\n",
	       "two bytes like a record's are no TLS yet");
	ok_int((int64_t)s.losses.of[LOSS_TLS].n, 0, "and no record is counted");
	over(&s);
}

/* Met midway with its hello: whatever the encrypted bytes look like, they say nothing of who is the client.
 */
static void test_encrypted_like_http(void)
{
	static const uint8_t hello[50] = { 22, 3, 1, 0, 45, 1, 0, 0, 41, 3, 3, [45] = 2, 0x13, 1, 1, 0 };
	struct seen s;
	struct wire w;

	begin(&s, 16);
	w = connection(&s, 7, 40000);
	wire_say(&w, 0, slice_of(hello, sizeof hello));
	wire_say(&w, 0, SLICE("\x17\3\3\0\x13"));
	say(&w, 0, "HTTP/1.1 200 OK\r\n\r\n");
	wire_close(&w);
	end(&s);
	ok(s.n == 1 && has(&s, "\"source.port\":40000") && has(&s, "\"network.protocol\":\"tls\""),
	   "ciphertext that looks like an answer is the client's all the same");
	over(&s);

	begin(&s, 16);
	w = (struct wire){ .address = { 7, 200 },
			   .port = { 40000, 50051 },
			   .seq = { 1000, 2000 },
			   .ns = T0,
			   .packet = take_packet,
			   .ctx = &s };
	wire_say(&w, 0, slice_of(hello, sizeof hello));
	wire_close(&w);
	end(&s);
	ok(s.n == 1 && has(&s, "\"source.port\":40000"), "who says hello is the client, whatever its port");
	over(&s);
}

static void test_half_a_head(void)
{
	struct seen s;
	struct wire w;

	begin(&s, 16);
	w = connection(&s, 7, 40000);
	wire_open(&w);
	say(&w, 0, "GET /a HTTP/1.1\r\nHost: api.exa");
	wire_close(&w);
	ok_str(end(&s), "", "nobody has asked for anything yet");
	ok_int((int64_t)s.losses.of[LOSS_CUT_HEAD].n, 1, "but it is counted");
	over(&s);
}

static void test_behind_socks(void)
{
	static const uint8_t hello[] = { 22, 3, 1, 0, 4, 1, 2, 3, 4, 23, 3, 3, 0, 2, 9, 9 };
	struct seen s;
	struct wire w;

	begin(&s, 16);
	w = connection(&s, 7, 40000);
	wire_open(&w);
	wire_say(&w, 0, SLICE("\5\1\0"));
	wire_say(&w, 1, SLICE("\5\0"));
	wire_say(&w, 0, slice_of(hello, sizeof hello));
	wire_close(&w);
	end(&s);
	ok_int((int64_t)s.losses.of[LOSS_TLS].n, 2, "TLS that begins later is TLS");
	ok_int((int64_t)s.losses.of[LOSS_NOT_HTTP].n, 0, "and nothing else");
	over(&s);
}

int main(void)
{
	test_one_exchange();
	test_key_seen_to_be_absent();
	test_many_on_one_connection();
	test_tunnels();
	test_http2();
	test_order_on_the_wire();
	test_no_room();
	test_no_room_bodiless();
	test_unreadable();
	test_unreadable_midway();
	test_encrypted_like_http();
	test_half_a_head();
	test_behind_socks();
	return tap_done();
}
