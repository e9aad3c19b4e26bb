/* What was seen of an exchange becomes its event. What was not seen stays unknown. */
#include "core/base/hash.h"
#include "core/event/wire.h"
#include "sensor/fields/client.h"
#include "sensor/fields/secret.h"
#include "sensor/fields/text.h"
#include "sensor/fields/wanted.h"
#include "sensor/llm/estimate.h"
#include "sensor/proto/tries.h"
#include "sensor/proto/exchange.h"
#include "sensor/proto/greeting.h"

static void set_times(const struct exchange *x, struct access_event *ev)
{
	const struct message *q = &x->message[REQUEST], *s = &x->message[RESPONSE];
	int64_t end = s->last_ns > s->first_ns ? s->last_ns : s->first_ns; /* captured out of order */

	ev_set_int(ev, F_TIMESTAMP, q->begun ? q->first_ns : s->first_ns);
	if (!q->begun || !s->begun)
		return;
	if (s->first_ns >= q->first_ns)
		ev_set_int(ev, F_TTFB, s->first_ns - q->first_ns);
	if (end >= q->first_ns)
		ev_set_int(ev, F_DURATION, end - q->first_ns);
}

static void set_ends(const struct exchange *x, const struct exchange_ends *ends,
		     const struct parse_context *fields, struct access_event *ev)
{
	client_set(ev, &ends->addr[0], x->kept[KEPT_FORWARDED], fields);
	if (!ev_known(ev, F_PEER_IP)) /* a proxy's port is not the client's */
		ev_set_int(ev, F_SOURCE_PORT, ends->port[0]);
	ev_set_ip(ev, F_DESTINATION_IP, ends->addr[1]);
	ev_set_int(ev, F_DESTINATION_PORT, ends->port[1]);
	ev_set_str(ev, F_PROTOCOL, SLICE("http"));
}

/* The first that is known: a header of a trusted proxy; what the body says; whom the credential names. The
 * caller's own word in a header counts only where a trusted proxy passed it on. Behind all this comes the
 * key's registered user (enrich_who). */
static void set_person(const struct exchange *x, const struct exchange_ends *ends, const struct usage *usage,
		       const struct parse_context *fields, struct access_event *ev)
{
	bool vouched = client_trusted(&ends->addr[0], fields);

	if (vouched && x->kept[KEPT_USER].n > 0)
		set_text(ev, F_USER, x->kept[KEPT_USER], fields);
	else if (usage->user.n > 0)
		set_text(ev, F_USER, usage->user, fields);
	else if (x->kept[KEPT_CLAIM].n > 0)
		set_text(ev, F_USER, x->kept[KEPT_CLAIM], fields);
	if (vouched && x->kept[KEPT_DEPARTMENT].n > 0)
		set_text(ev, F_DEPARTMENT, x->kept[KEPT_DEPARTMENT], fields);
}

/* Behind a gateway the header has the gateway's own key: the name of the caller's says more. */
static void set_key(const struct exchange *x, const struct exchange_ends *ends,
		    const struct parse_context *fields, struct access_event *ev)
{
	if (x->kept[KEPT_CREDENTIAL].n > 0 && client_trusted(&ends->addr[0], fields))
		secret_set_key(ev, x->kept[KEPT_CREDENTIAL], fields);
	else if (x->key == EXCHANGE_KEY_KNOWN)
		ev_set_str(ev, F_KEY_ID, slice_of(x->fingerprint, sizeof x->fingerprint));
	else if (x->key == EXCHANGE_KEY_NONE && x->message[REQUEST].head && !x->doubtful &&
		 fields->fingerprint_key.n > 0)
		ev_set_absent(ev, F_KEY_ID);
}

static void set_header(struct access_event *ev, enum field_id f, const struct exchange *x, enum kept what,
		       bool seen, const struct parse_context *fields)
{
	if (x->kept[what].n > 0)
		set_recurring(ev, f, x->kept[what], fields);
	else if (seen)
		ev_set_absent(ev, f);
}

static void set_request(const struct exchange *x, const struct parse_context *fields, struct access_event *ev)
{
	bool seen = x->message[REQUEST].head && !x->doubtful;

	set_domain(ev, x->kept[KEPT_HOST], fields);
	set_method(ev, x->kept[KEPT_METHOD]);
	set_version(ev, x->kept[KEPT_VERSION]);
	if (x->kept[KEPT_TARGET].n > 0)
		secret_set_target(ev, x->kept[KEPT_TARGET], fields);
	set_header(ev, F_USER_AGENT, x, KEPT_AGENT, seen, fields);
	if (seen)
		set_referrer(ev, x->kept[KEPT_REFERRER], fields);
	if (seen)
		set_mime(ev, F_REQUEST_MIME, x->kept[KEPT_REQUEST_TYPE], fields);
	if (x->kept[KEPT_REQUEST_ID].n > 0)
		set_text(ev, F_REQUEST_ID, x->kept[KEPT_REQUEST_ID], fields);
}

/* Decoded size. Not known where a coding could not be undone or compressed bytes are missing. */
static void set_size(struct access_event *ev, enum field_id f, const struct message *m)
{
	bool decoded = m->coding == CONTENT_OK || m->coding == CONTENT_CUT ||
		       (m->coding == CONTENT_DAMAGED && m->content.out > 0);

	if (!m->head || m->unsized || !decoded || (m->missing > 0 && m->content.n > 0))
		return;
	ev_set_int(ev, f, (int64_t)((m->content.out + m->missing) & INT64_MAX));
}

static void set_count_of(struct access_event *ev, enum field_id f, int64_t v)
{
	if (v >= 0)
		ev_set_int(ev, f, v);
}

static void set_said(struct access_event *ev, enum field_id f, struct slice s,
		     const struct parse_context *fields)
{
	if (s.n > 0)
		set_recurring(ev, f, s, fields);
}

static void set_details(const struct usage_details *d, const struct parse_context *fields,
			struct access_event *ev)
{
	uint8_t text[USAGE_DETAILS_TEXT_MAX];
	size_t n = usage_details_write(d, text);
	uint8_t *out = n == 0 ? NULL : scratch_take(fields->scratch, n);

	if (out == NULL)
		return;
	memcpy(out, text, n);
	set_text(ev, F_USAGE_DETAILS, slice_of(out, n), fields);
}

static void set_usage(const struct usage *u, const struct parse_context *fields, struct access_event *ev)
{
	static const char *const quality[] = { "none", "partial", "exact", "estimated" };

	set_said(ev, F_REQUEST_MODEL, u->request_model, fields);
	set_said(ev, F_RESPONSE_MODEL, u->response_model, fields);
	set_said(ev, F_SERVICE_TIER, u->service_tier, fields);
	if (u->response_id.n > 0)
		set_text(ev, F_RESPONSE_ID, u->response_id, fields);
	if (u->provider != NULL)
		ev_set_str(ev, F_PROVIDER, slice_str(u->provider));
	if (u->operation != NULL)
		ev_set_str(ev, F_OPERATION, slice_str(u->operation));
	set_count_of(ev, F_INPUT_TOKENS, u->input);
	set_count_of(ev, F_OUTPUT_TOKENS, u->output);
	set_count_of(ev, F_CACHE_READ_TOKENS, u->cache_read);
	set_count_of(ev, F_CACHE_WRITE_TOKENS, u->cache_write);
	set_count_of(ev, F_REASONING_TOKENS, u->reasoning);
	set_count_of(ev, F_COST_REPORTED, u->cost_reported);
	set_count_of(ev, F_ESTIMATE_INPUT, u->estimate_input);
	set_count_of(ev, F_ESTIMATE_OUTPUT, u->estimate_output);
	set_details(&u->details, fields, ev);
	if (u->stream >= 0)
		ev_set_int(ev, F_STREAM, u->stream);
	ev_set_str(ev, F_QUALITY, slice_str(quality[u->quality]));
}

/* Which functions ask for headers that were there: the recorder, who knows the rest, chooses among them. */
static void set_functions(const struct exchange *x, const struct parse_context *fields,
			  struct access_event *ev)
{
	const struct wanted_headers *w = fields->wanted;
	size_t n = 0, room = 0;
	uint8_t *out;

	for (size_t i = 0; w != NULL && i < w->n_functions; i++)
		room += (w->function[i].conditions & ~x->conditions) == 0 ? w->function[i].name.n + 1 : 0;
	out = room == 0 ? NULL : scratch_take(fields->scratch, room);
	for (size_t i = 0; out != NULL && i < w->n_functions; i++) {
		const struct header_function *f = &w->function[i];

		if ((f->conditions & ~x->conditions) != 0 || n + f->name.n + 1 > WIRE_STRING_MAX)
			continue;
		memcpy(out + n, f->name.p, f->name.n);
		n += f->name.n;
		out[n++] = EVENT_FUNCTIONS;
	}
	if (n > 0)
		ev_set_str(ev, F_FUNCTION, slice_of(out, n));
}

static void set_anomalies(const struct exchange *x, const struct parse_context *fields,
			  struct access_event *ev)
{
	uint8_t *names;

	if (x->anomalies == 0) {
		ev_set_absent(ev, F_ANOMALY);
		return;
	}
	names = scratch_take(fields->scratch, ANOMALY_LIST_MAX);
	if (names != NULL)
		ev_set_str(ev, F_ANOMALY, slice_of(names, anomaly_list(x->anomalies, names)));
}

void exchange_event(struct exchange *x, const struct exchange_ends *ends, const struct parse_context *fields,
		    struct access_event *ev)
{
	const struct message *q = &x->message[REQUEST], *s = &x->message[RESPONSE];
	struct usage usage = { .stream = -1 };

	if (x->usage != NULL)
		usage_end(x->usage, q->whole, s->whole, &usage);
	if (x->usage != NULL && fields->estimates != NULL)
		estimate_usage(fields->estimates, x->status, q->whole && s->whole && !x->doubtful, &usage);
	set_times(x, ev);
	usage.details.n[DETAIL_RETRY] =
		tries_before(fields->tries, x->kept[KEPT_RETRY], x->kept[KEPT_IDEMPOTENCY],
			     x->kept[KEPT_TARGET], ev_int(ev, F_TIMESTAMP, 0));
	set_ends(x, ends, fields, ev);
	if (ends->greeting != NULL)
		greeting_fields(ends->greeting, fields, ev);
	set_key(x, ends, fields, ev);
	set_request(x, fields, ev);
	set_person(x, ends, &usage, fields, ev);
	set_size(ev, F_REQUEST_BYTES, q);
	if (s->begun && x->status > 0)
		ev_set_int(ev, F_STATUS, x->status);
	if (s->head)
		set_mime(ev, F_RESPONSE_MIME, x->kept[KEPT_RESPONSE_TYPE], fields);
	set_size(ev, F_RESPONSE_BYTES, s);
	if (x->usage != NULL)
		set_usage(&usage, fields, ev);
	set_route(ev, fields);
	set_functions(x, fields, ev);
	set_anomalies(x, fields, ev);
	ev_set_int(ev, F_COMPLETE, q->whole && s->whole && !x->doubtful);
}

/* Two captures of the same packet differ in its time by what the kernel took between them, so the time counts
 * by the minute: what they share is one event, and a conversation that is replayed tomorrow is another. */
void exchange_digest(const struct exchange *x, const struct exchange_ends *ends, struct sha256 *sha,
		     uint8_t out[16])
{
	const struct message *m = &x->message[x->message[REQUEST].begun ? REQUEST : RESPONSE];
	uint64_t minute = (uint64_t)(m->first_ns / (60 * INT64_C(1000000000)));
	uint8_t text[2 * 18 + 4 + 4 + 8 + 1], hash[32], *p = text;

	for (int i = 0; i < 2; i++) {
		memcpy(p, ends->addr[i].b, 16);
		p[16] = (uint8_t)(ends->port[i] >> 8);
		p[17] = (uint8_t)ends->port[i];
		p += 18;
	}
	for (int i = 0; i < 4; i++)
		*p++ = (uint8_t)(m->seq >> (8 * i));
	for (int i = 0; i < 4; i++)
		*p++ = (uint8_t)(x->stream >> (8 * i));
	for (int i = 0; i < 8; i++)
		*p++ = (uint8_t)(minute >> (8 * i));
	*p = x->message[REQUEST].begun ? REQUEST : RESPONSE;
	sha256_of(sha, slice_of(text, sizeof text), hash);
	memcpy(out, hash, 16);
}
