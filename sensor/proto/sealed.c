#include "sensor/proto/sealed.h"

void sealed_event(const struct sealed *s, const struct parse_context *fields, struct sha256 *sha,
		  struct access_event *ev)
{
	const struct message first = { .begun = true, .first_ns = s->first_ns, .seq = s->number };
	const struct exchange x = { .message = { [REQUEST] = first } };

	ev_set_int(ev, F_TIMESTAMP, s->first_ns);
	if (s->last_ns >= s->first_ns)
		ev_set_int(ev, F_DURATION, s->last_ns - s->first_ns);
	ev_set_ip(ev, F_SOURCE_IP, s->ends.addr[REQUEST]);
	ev_set_int(ev, F_SOURCE_PORT, s->ends.port[REQUEST]);
	ev_set_ip(ev, F_DESTINATION_IP, s->ends.addr[RESPONSE]);
	ev_set_int(ev, F_DESTINATION_PORT, s->ends.port[RESPONSE]);
	ev_set_str(ev, F_PROTOCOL, slice_str(s->protocol));
	ev_set_int(ev, F_REQUEST_BYTES, (int64_t)(s->bytes[REQUEST] & INT64_MAX));
	ev_set_int(ev, F_RESPONSE_BYTES, (int64_t)(s->bytes[RESPONSE] & INT64_MAX));
	greeting_fields(s->ends.greeting, fields, ev);
	exchange_digest(&x, &s->ends, sha, ev->digest);
}
