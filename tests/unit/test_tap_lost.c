/* From packets to access events, where some are missing, late, or before the capture. */
#include "tests/lib/tap_rig.h"

/* A hole in a body of known length costs that call its wholeness, and no other anything. */
static void test_lost_in_a_body(void)
{
	struct seen s;
	struct wire w;

	begin(&s, 16);
	w = connection(&s, 7, 40000);
	wire_open(&w);
	say(&w, 0, GET("/a"));
	say(&w, 1, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab");
	wire_lose(&w, 1, 4);
	say(&w, 1, "efgh");
	say(&w, 0, GET("/b"));
	say(&w, 1, OK("1", "x"));
	ok_str(end(&s), "~ GET api.example /a 200 0 10\n+ GET api.example /b 200 0 1\n", "a hole in a body");
	ok_int((int64_t)s.losses.of[LOSS_STREAM_GAP].bytes, 4, "its size is counted");
	over(&s);
}

static void test_lost_answer(void)
{
	struct seen s;
	struct wire w;

	begin(&s, 16);
	w = connection(&s, 7, 40000);
	wire_open(&w);
	say(&w, 0, GET("/a"));
	wire_lose(&w, 1, 40);
	say(&w, 0, GET("/b"));
	say(&w, 1, OK("1", "x"));
	say(&w, 0, GET("/c"));
	say(&w, 1, OK("2", "xy"));
	wire_close(&w);
	ok_str(end(&s),
	       "~ GET api.example /a - 0 -\n+ GET api.example /b 200 0 1\n+ GET api.example /c 200 0 2\n",
	       "a whole answer missing: the next one answers the next question");
	over(&s);
}

/* A hole that takes two answers and what was asked in between: each answer's part is told at its place. */
static void test_lost_answers(void)
{
	struct seen s;
	struct wire w;

	begin(&s, 16);
	w = connection(&s, 7, 40000);
	wire_open(&w);
	say(&w, 0, GET("/a"));
	wire_lose(&w, 1, 40);
	say(&w, 0, GET("/b"));
	wire_lose(&w, 1, 40);
	say(&w, 0, GET("/c"));
	say(&w, 1, OK("2", "xy"));
	wire_close(&w);
	ok_str(end(&s),
	       "~ GET api.example /a - 0 -\n~ GET api.example /b - 0 -\n+ GET api.example /c 200 0 2\n",
	       "two answers missing in a row");
	over(&s);
}

/* Who does not wait for answers: which one is missing nobody can tell, so none is told of a request. */
static void test_lost_in_a_pipeline(void)
{
	struct seen s;
	struct wire w;

	begin(&s, 16);
	w = connection(&s, 7, 40000);
	wire_open(&w);
	say(&w, 0, GET("/a") GET("/b"));
	say(&w, 1, OK("1", "x"));
	wire_lose(&w, 1, 40);
	say(&w, 0, GET("/c"));
	say(&w, 1, OK("2", "xy"));
	wire_close(&w);
	ok_str(end(&s),
	       "+ GET api.example /a 200 0 1\n~ GET api.example /b - 0 -\n~ GET api.example /c - 0 -\n"
	       "~ - - - 200 - 2\n",
	       "an answer of a pipeline missing");
	over(&s);
}

/* Where the place is lost, what looks like a message inside of a body is none. */
static void test_lost_before_a_trap(void)
{
	static const char trap[] = "x\r\nGET /trap HTTP/1.1\r\nHost: trap\r\n\r\n";
	struct seen s;
	struct wire w;

	begin(&s, 16);
	w = connection(&s, 7, 40000);
	wire_open(&w);
	say(&w, 0, "POST /a HTTP/1.1\r\nHost: api.exa");
	wire_lose(&w, 0, 40);
	say(&w, 0, trap);
	say(&w, 0, trap + 3);
	say(&w, 1, "HTTP/1.1 100 Continue\r\n\r\n");
	say(&w, 0, trap + 3);
	say(&w, 1, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
	wire_lose(&w, 1, 40);
	say(&w, 1, "x\r\nHTTP/1.1 500 Trap\r\n\r\n");
	say(&w, 1, "HTTP/1.1 500 Trap\r\n\r\n");
	say(&w, 0, GET("/b"));
	say(&w, 1, OK("1", "x"));
	wire_close(&w);
	ok_str(end(&s), "~ POST - /a 200 - 0\n~ GET api.example /b 200 0 1\n", "messages inside of bodies");
	over(&s);
}

/* An answer whose question is missing may be one to HEAD: then what follows is no body. */
static void test_lost_head_question(void)
{
	struct seen s;
	struct wire w;

	begin(&s, 16);
	w = connection(&s, 7, 40000);
	wire_open(&w);
	wire_lose(&w, 0, 40);
	say(&w, 1, "HTTP/1.1 404 N\r\nContent-Length: 500\r\n\r\n");
	say(&w, 0, GET("/b"));
	say(&w, 1, OK("2", "xy"));
	wire_close(&w);
	ok_str(end(&s), "~ - - - 404 - 0\n~ GET api.example /b 200 0 2\n", "an answer to HEAD, perhaps");
	over(&s);

	begin(&s, 16);
	w = connection(&s, 7, 40000);
	say(&w, 1, "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n" OK("9", ""));
	ok_str(end(&s), "~ - - - 200 - -\n", "of a body that may be the next answer the size is not known");
	over(&s);
}

static void test_lost_in_a_preface(void)
{
	struct seen s;
	struct wire w;

	begin(&s, 16);
	w = connection(&s, 7, 40000);
	wire_open(&w);
	say(&w, 0, "PRI * HTTP/2.0\r\n\r\nS");
	wire_lose(&w, 0, 1);
	say(&w, 0, "\r\n\r\n");
	wire_close(&w);
	ok_str(end(&s), "", "a preface is no request");
	over(&s);
}

static void test_captured_out_of_order(void)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc";
	size_t half = sizeof answer - 2;
	struct seen s;
	struct wire w;

	begin(&s, 16);
	w = connection(&s, 7, 40000);
	wire_open(&w);
	say(&w, 0, GET("/a"));
	w.ns += 5000000;
	wire_raw(&w, 1, w.seq[1] + (uint32_t)half, w.seq[0], TCP_ACK, slice_of(answer + half, 1));
	wire_raw(&w, 1, w.seq[1], w.seq[0], TCP_ACK, slice_of(answer, half));
	ok_str(end(&s), "+ GET api.example /a 200 0 3\n", "the end of an answer captured first");
	ok(has(&s, "\"tochoku.ttfb\":7000000") && has(&s, "\"event.duration\":7000000"),
	   "an answer ends no earlier than it begins");
	over(&s);
}

static void test_lost_question(void)
{
	struct seen s;
	struct wire w;

	begin(&s, 16);
	w = connection(&s, 7, 40000);
	wire_open(&w);
	wire_lose(&w, 0, 40);
	say(&w, 1, OK("1", "x"));
	say(&w, 0, GET("/b"));
	say(&w, 1, OK("2", "xy"));
	ok_str(end(&s), "~ - - - 200 - 1\n~ GET api.example /b 200 0 2\n",
	       "an answer whose question is missing");
	ok_int((int64_t)s.losses.of[LOSS_ONE_SIDED].n, 1, "is counted");
	over(&s);
}

static void test_cut_short(void)
{
	struct seen s;
	struct wire w;

	begin(&s, 16);
	w = connection(&s, 7, 40000);
	wire_open(&w);
	say(&w, 0, GET("/a"));
	say(&w, 1, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
	wire_close(&w);
	w = connection(&s, 7, 40001);
	wire_open(&w);
	say(&w, 0, GET("/b"));
	say(&w, 1, "HTTP/1.1 200 OK\r\n\r\nabc");
	wire_raw(&w, 1, w.seq[1], w.seq[0], TCP_RST | TCP_ACK, slice_of(NULL, 0));
	w = connection(&s, 7, 40002);
	wire_open(&w);
	say(&w, 0, GET("/c"));
	ok_str(end(&s),
	       "~ GET api.example /a 200 0 3\n~ GET api.example /b 200 0 3\n~ GET api.example /c - 0 -\n",
	       "what is cut short is marked");
	over(&s);
}

static void test_midway(void)
{
	struct seen s;
	struct wire w;

	begin(&s, 16);
	w = connection(&s, 7, 40000);
	say(&w, 1, "the end of a body\r\n");
	say(&w, 0, GET("/a"));
	say(&w, 1, OK("1", "x"));
	say(&w, 0, GET("/b"));
	say(&w, 1, OK("2", "xy"));
	say(&w, 0, GET("/c"));
	say(&w, 1, OK("1", "x"));
	say(&w, 0, GET("/d"));
	say(&w, 1, OK("1", "x"));
	ok_str(end(&s),
	       "~ GET api.example /a 200 0 1\n~ GET api.example /b 200 0 2\n~ GET api.example /c 200 0 1\n"
	       "+ GET api.example /d 200 0 1\n",
	       "met midway, answers are believed when the client was seen to wait for some");
	over(&s);

	for (size_t first = 1; first < 24; first++) { /* so many bytes are in its first segment */
		begin(&s, 16);
		w = connection(&s, 7, 40000);
		wire_say(&w, 0, slice_head(SLICE(GET("/a")), first));
		wire_say(&w, 0, slice_from(SLICE(GET("/a")), first));
		say(&w, 1, OK("1", "x"));
		ok_str(end(&s), "~ GET api.example /a 200 0 1\n", "met midway with a part of a request line");
		over(&s);
	}

	begin(&s, 16); /* one more is always under way, and was before the capture, too */
	w = connection(&s, 7, 40000);
	for (int i = 0; i < 3; i++) {
		say(&w, 0, GET("/late"));
		say(&w, 1, OK("1", "x"));
	}
	say(&w, 1, OK("2", "xy"));
	say(&w, 0, GET("/b"));
	say(&w, 1, OK("3", "xyz"));
	ok_str(end(&s),
	       "~ GET api.example /late 200 0 1\n~ GET api.example /late 200 0 1\n"
	       "~ GET api.example /late 200 0 1\n~ - - - 200 - 2\n~ GET api.example /b - 0 -\n"
	       "~ - - - 200 - 3\n",
	       "an answer too many: no pair is believed any more");
	over(&s);

	begin(&s, 16); /* a whole request of a registered method is one, whatever it asks for */
	w = connection(&s, 7, 40000);
	say(&w, 0, "GET . HTTP/1.0\r\nUser-Agent: scanner\r\n\r\n");
	say(&w, 1, OK("1", "x"));
	w = connection(&s, 7, 40001);
	say(&w, 0, "GET /a;cat /etc/passwd HTTP/1.1\r\nHost: api.example\r\n\r\n");
	w = connection(&s, 7, 40002); /* the end of POST */
	say(&w, 0, "ST . HTTP/1.1\r\nHost: api.example\r\n\r\n");
	w = connection(&s, 7, 40003); /* not the first that was captured: perhaps of a body */
	say(&w, 0, "body\r\n");
	say(&w, 0, "GET . HTTP/1.0\r\n\r\n");
	w = connection(&s, 7, 40004);
	say(&w, 0, "GET . HTTP/1.");
	ok_str(end(&s), "~ GET - . 200 0 1\n~ GET api.example /a;cat /etc/passwd - 0 -\n",
	       "met with a request that only its line tells");
	over(&s);
}

/* An answer from before the loss is none of those that the client is to be seen waiting for. */
static void test_lost_behind_a_pair(void)
{
	struct seen s;
	struct wire w;

	begin(&s, 16);
	w = connection(&s, 7, 40000);
	wire_open(&w);
	say(&w, 0, GET("/0"));
	say(&w, 1, OK("1", "x"));
	wire_lose(&w, 0, 50);
	for (int i = 0; i < 5; i++) {
		say(&w, 0, GET("/late"));
		w.ns += 2 * STREAM_WAIT_NS;
		say(&w, 1, OK("1", "x"));
	}
	ok_str(end(&s),
	       "+ GET api.example /0 200 0 1\n~ - - - 200 - 1\n~ GET api.example /late 200 0 1\n"
	       "~ GET api.example /late 200 0 1\n~ GET api.example /late 200 0 1\n"
	       "+ GET api.example /late 200 0 1\n",
	       "a client is seen to wait three times behind a lost question");
	over(&s);
}

/* Of the client nothing was captured so far: its first question comes behind the answer, in disorder. */
static void test_answer_before_all(void)
{
	struct seen s;
	struct wire w;

	begin(&s, 16);
	w = connection(&s, 7, 40000);
	w.seq[0]++;
	wire_raw(&w, 1, w.seq[1]++, w.seq[0], TCP_SYN | TCP_ACK, slice_of(NULL, 0));
	say(&w, 1, OK("1", "x"));
	say(&w, 0, GET("/a") GET("/b"));
	say(&w, 1, OK("2", "xy"));
	ok_str(end(&s),
	       "~ - - - 200 - 1\n~ GET api.example /a - 0 -\n~ GET api.example /b - 0 -\n~ - - - 200 - 2\n",
	       "the next answer is not taken for that of the first question");
	over(&s);
}

static void test_one_sided(void)
{
	struct seen s;
	struct wire w;

	begin(&s, 16);
	w = connection(&s, 7, 40000);
	wire_raw(&w, 0, w.seq[0]++, 0, TCP_SYN, slice_of(NULL, 0));
	for (int i = 0; i < 1000; i++) {
		say(&w, 0, GET("/a"));
		wire_lose(&w, 1, 100);
		if (tap_in_flight(s.tap) > 16)
			break;
	}
	end(&s);
	ok_int((int64_t)s.n, 1000, "each question is an event");
	ok(strchr(buf_cstr(&s.text), '+') == NULL, "and none is complete");
	ok_int((int64_t)(s.losses.of[LOSS_ONE_SIDED].n), 1000, "all of them counted");
	over(&s);
}

int main(void)
{
	test_lost_in_a_body();
	test_lost_answer();
	test_lost_answers();
	test_lost_in_a_pipeline();
	test_lost_before_a_trap();
	test_lost_head_question();
	test_lost_in_a_preface();
	test_captured_out_of_order();
	test_lost_question();
	test_cut_short();
	test_midway();
	test_answer_before_all();
	test_lost_behind_a_pair();
	test_one_sided();
	return tap_done();
}
