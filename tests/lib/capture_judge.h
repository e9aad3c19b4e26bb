/* A made capture (capture_make.h) through the whole tap, and its events held against the truth: a complete
 * event is one of the calls, each call at most once; of an incomplete one every field that is told is true.
 */
#ifndef TK_TESTS_CAPTURE_JUDGE_H
#define TK_TESTS_CAPTURE_JUDGE_H

#include "sensor/input/capture_file.h"
#include "sensor/proto/tap.h"
#include "sensor/proto/tls/key_log.h"
#include "tests/lib/capture_make.h"

struct judge {
	const struct made *m;
	struct buf text[MADE_TALKS + 1]; /* the events of each connection, times aside; the last: of none */
	uint8_t complete[MADE_TALKS][TALK_CALLS]; /* events of it */
	unsigned events, whole, wrong;
	unsigned excused, excused_whole; /* see judge_excused; those of them that are called complete */
	bool lossy;
	bool cramped;	      /* there is hardly any room */
	struct slice secrets; /* lines of a key log; empty: nothing is encrypted */
	size_t late;	      /* packets that come before them */
	char first[2048];     /* what was wrong first */
	struct losses losses;
};

static inline void judge_begin(struct judge *j, const struct made *m)
{
	memset(j, 0, sizeof *j);
	j->m = m;
	for (size_t i = 0; i <= MADE_TALKS; i++)
		buf_init(&j->text[i], 1 << 24);
}

static inline void judge_end(struct judge *j)
{
	for (size_t i = 0; i <= MADE_TALKS; i++)
		buf_free(&j->text[i]);
}

static inline void judge_wrong(struct judge *j, const char *what, const struct access_event *ev)
{
	struct buf b;

	if (j->wrong++ > 0)
		return;
	buf_init(&b, 1 << 16);
	event_to_json(ev, &b);
	snprintf(j->first, sizeof j->first, "%s: %s", what, buf_cstr(&b));
	buf_free(&b);
}

static inline bool judge_int(const struct access_event *ev, enum field_id f, int64_t want)
{
	return !ev_known(ev, f) || ev_value(ev, f)->i == want;
}

static inline bool judge_str(const struct access_event *ev, enum field_id f, const char *want)
{
	return !ev_known(ev, f) || slice_is(ev_str(ev, f), want);
}

/* A request in HTTP/1 that is upgraded is answered in HTTP/2. */
static inline bool judge_version(const struct access_event *ev, const struct talk_call *k)
{
	return judge_str(ev, F_HTTP_VERSION, k->version) ||
	       (k->stream == 1 && !ev_known(ev, F_METHOD) && judge_str(ev, F_HTTP_VERSION, "2"));
}

/* What differs from the call, of its request or response; NULL: nothing. Of a body that is not whole less may
 * have been seen. */
static inline const char *judge_request(const struct access_event *ev, const struct talk_call *k, bool id)
{
	bool whole = ev_int(ev, F_COMPLETE, 0) != 0, connect = strcmp(k->method, "CONNECT") == 0;
	int64_t bytes = ev_int(ev, F_REQUEST_BYTES, 0);

	return !judge_str(ev, F_METHOD, k->method)		? "method"
	       : !judge_str(ev, F_DOMAIN, k->host)		? "host"
	       : !connect && !judge_str(ev, F_PATH, k->path)	? "path"
	       : id && !judge_str(ev, F_REQUEST_ID, k->id)	? "id"
	       : !judge_version(ev, k)				? "version"
	       : bytes > k->request				? "request bytes"
	       : !whole						? NULL
	       : !ev_known(ev, F_METHOD) || bytes != k->request ? "request bytes"
								: NULL;
}

static inline const char *judge_response(const struct access_event *ev, const struct talk_call *k)
{
	bool whole = ev_int(ev, F_COMPLETE, 0) != 0, stream = ev_int(ev, F_STREAM, 0) != 0;
	int64_t bytes = ev_int(ev, F_RESPONSE_BYTES, 0);

	return !judge_int(ev, F_STATUS, k->status)		 ? "status"
	       : bytes > k->response				 ? "response bytes"
	       : !judge_int(ev, F_INPUT_TOKENS, k->input)	 ? "input tokens"
	       : !judge_int(ev, F_OUTPUT_TOKENS, k->output)	 ? "output tokens"
	       : !judge_str(ev, F_RESPONSE_MODEL, "gpt-4o-mini") ? "model"
	       : !whole						 ? NULL
	       : !ev_known(ev, F_STATUS) || bytes != k->response ? "response bytes"
	       : ev_known(ev, F_ANOMALY) != k->tunnel		 ? "anomaly"
	       : !talk_is_llm(k)				 ? NULL
	       : !ev_known(ev, F_OUTPUT_TOKENS)			 ? "tokens"
	       : stream != k->event_stream			 ? "stream"
								 : NULL;
}

/* Where a client does not wait for each answer and packets are missing, or heads have no room, nobody can
 * tell which answer is whose. */
static inline bool judge_excused(struct judge *j, const struct talk *t)
{
	return j->lossy && (t->pipelined || j->cramped);
}

/* A request in HTTP/1 is answered by 101, and then in HTTP/2, of which nothing was seen. */
static inline bool judge_upgraded(struct judge *j, const struct talk *t, const struct access_event *ev)
{
	return j->lossy && t->upgraded && ev_int(ev, F_STATUS, 0) == 101 && ev_int(ev, F_COMPLETE, 0) == 0 &&
	       ev_int(ev, F_RESPONSE_BYTES, 0) == 0 && !ev_known(ev, F_OUTPUT_TOKENS);
}

/* A call that the event may be of; of its answer no more is believed than `strict` says. NULL: there is one.
 */
static inline const char *judge_among(struct judge *j, size_t talk, const struct access_event *ev,
				      bool strict)
{
	const struct talk *t = &j->m->talk[talk].talk;
	bool whole = ev_int(ev, F_COMPLETE, 0) != 0, id = strict || whole;
	const char *why = whole ? "complete, and nobody knows it" : "no call is like it";

	for (size_t i = 0; i < t->calls; i++) {
		const struct talk_call *k = &t->call[i];
		const char *request = judge_request(ev, k, id),
			   *response = strict ? judge_response(ev, k) : NULL;

		if (id && ev_known(ev, F_REQUEST_ID) && !judge_str(ev, F_REQUEST_ID, k->id))
			continue;
		if (request != NULL || response != NULL)
			why = request != NULL ? why : response;
		else if (!whole)
			return NULL;
		else if (ev_known(ev, F_REQUEST_ID))
			return j->complete[talk][i]++ == 0 ? NULL : "twice complete";
	}
	return why;
}

static inline const char *judge_call(struct judge *j, size_t talk, const struct access_event *ev)
{
	const struct talk *t = &j->m->talk[talk].talk;
	const char *why = judge_among(j, talk, ev, true);

	if (why == NULL || (!judge_upgraded(j, t, ev) && !judge_excused(j, t)) ||
	    judge_among(j, talk, ev, false) != NULL)
		return why;
	if (judge_upgraded(j, t, ev))
		return NULL;
	j->excused++;
	j->excused_whole += ev_int(ev, F_COMPLETE, 0) != 0;
	return NULL;
}

/* In TLS, and too much is missing to read it: of its calls nothing is told. */
static inline bool judge_sealed(const struct judge *j, const struct access_event *ev)
{
	return j->lossy && j->secrets.n > 0 && slice_is(ev_str(ev, F_PROTOCOL), "tls") &&
	       !ev_known(ev, F_COMPLETE) && !ev_known(ev, F_METHOD) && !ev_known(ev, F_STATUS);
}

static inline void judge_event(void *ctx, struct access_event *ev)
{
	static const enum field_id times[] = { F_TIMESTAMP, F_DURATION, F_TTFB };
	struct judge *j = ctx;
	size_t talk = (size_t)(ev_int(ev, F_SOURCE_PORT, 0) - 40000);
	const char *why;

	j->events++;
	j->whole += ev_int(ev, F_COMPLETE, 0) != 0;
	if (!ev_known(ev, F_TIMESTAMP) || ev_value(ev, F_TIMESTAMP)->i < MADE_T0 ||
	    ev_value(ev, F_TIMESTAMP)->i > j->m->ns ||
	    ev_int(ev, F_TTFB, 0) > ev_int(ev, F_DURATION, INT64_MAX))
		judge_wrong(j, "time", ev);
	why = talk >= j->m->talks ? "client" : judge_sealed(j, ev) ? NULL : judge_call(j, talk, ev);
	if (why != NULL)
		judge_wrong(j, why, ev);
	for (size_t i = 0; i < COUNT(times); i++)
		ev->part[event_fields[times[i]].part]->known &= ~(UINT32_C(1) << event_fields[times[i]].slot);
	event_to_json(ev, &j->text[talk < j->m->talks ? talk : MADE_TALKS]);
	buf_byte(&j->text[talk < j->m->talks ? talk : MADE_TALKS], '\n');
}

static inline void judge_keys(struct judge *j, struct key_log *keys)
{
	struct key_log_source from = { .n = 0 };

	key_log_feed(keys, &from, j->secrets);
	key_log_end(keys, &from);
}

static inline void judge_capture(struct judge *j, struct slice pcap)
{
	static const struct tap_limits plenty = {
		{ 16, 4096, 2048 }, 256, 64, 64, 4, 8, 8, 1 << 18, 4 << 20
	};
	static const struct tap_limits few = { { 16, 24, 6 }, 3, 2, 64, 2, 2, 2, 1 << 16, 1 << 14 };
	const struct tap_limits limits = j->cramped ? few : plenty;
	struct parse_context fields = { .fingerprint_key = SLICE("0123456789abcdef0123456789abcdef") };
	const struct tap_sink sink = { j, judge_event };
	struct capture_file *f = capture_file_new();
	struct tap *t = tap_new(&limits, &fields, &sink);
	struct key_log *keys = key_log_new(2 * MADE_TALKS);
	struct err e = { 0 };
	struct packet p;
	size_t n = 0;

	if (t == NULL || f == NULL || keys == NULL || !tap_linger(t, INT64_MAX / 2))
		abort();
	if (j->secrets.n > 0)
		tap_use_keys(t, keys);
	capture_file_feed(f, pcap);
	while (capture_file_next(f, &p, &e) == TK_OK) {
		if (n++ == j->late)
			judge_keys(j, keys);
		tap_packet(t, p.ns, p.link_type, p.bytes, p.wire_len);
	}
	if (n <= j->late)
		judge_keys(j, keys);
	tap_retry(t);
	if (capture_file_rest(f) != 0)
		abort();
	tap_finish(t);
	if (tap_in_flight(t) != 0)
		abort();
	tap_losses(t, &j->losses);
	tap_free(t);
	key_log_free(keys);
	capture_file_free(f);
}

/* Calls that no complete event tells of. */
static inline unsigned judge_missing(const struct judge *j)
{
	unsigned n = 0;

	for (size_t i = 0; i < j->m->talks; i++)
		for (size_t k = 0; k < j->m->talk[i].talk.calls; k++)
			n += j->complete[i][k] == 0;
	return n;
}

#endif
