#include "sensor/proto/http/http2_odd.h"

#include "sensor/proto/http/token.h"

/* RFC 9113 8.3.1, 8.3.2; RFC 8441 4 */
static const struct {
	const char *name;
	uint8_t direction;
} pseudo[] = {
	{ ":method", REQUEST }, { ":scheme", REQUEST },	  { ":authority", REQUEST },
	{ ":path", REQUEST },	{ ":protocol", REQUEST }, { ":status", RESPONSE },
};
_Static_assert(COUNT(pseudo) <= 8, "a bit each");

static uint32_t pseudo_header(struct http2_odd *o, enum direction d, struct slice name)
{
	for (size_t i = 0; i < COUNT(pseudo); i++) {
		bool again = (o->pseudo >> i & 1) != 0;

		if (!slice_is(name, pseudo[i].name))
			continue;
		o->pseudo |= (uint8_t)(1u << i);
		return again || o->fields || pseudo[i].direction != d ? ANOMALY_BIT(PSEUDO_HEADER) : 0;
	}
	return ANOMALY_BIT(PSEUDO_HEADER);
}

/* RFC 9113 8.2.2 */
static bool is_of_connection(struct slice name, struct slice value)
{
	static const char *const names[] = { "connection", "proxy-connection", "keep-alive",
					     "transfer-encoding", "upgrade" };

	for (size_t i = 0; i < COUNT(names); i++)
		if (slice_is(name, names[i]))
			return true;
	return slice_is(name, "te") && !token_same(token_trim(value), "trailers");
}

/* RFC 9113 8.2.1: what would end a line or a name in HTTP/1. */
static bool has_controls(struct slice name, struct slice value)
{
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] <= ' ' || name.p[i] >= 127 || (name.p[i] == ':' && i > 0))
			return true;
	for (size_t i = 0; i < value.n; i++)
		if (value.p[i] == '\r' || value.p[i] == '\n' || value.p[i] == 0)
			return true;
	return false;
}

static uint32_t content_length(struct http2_odd *o, struct slice value)
{
	uint64_t n = 0;
	bool again = o->said;

	value = token_trim(value);
	for (size_t i = 0; i < value.n; i++) {
		unsigned digit = value.p[i] - '0';

		if (digit > 9 || n > (UINT64_MAX - digit) / 10)
			return ANOMALY_BIT(BAD_LENGTH);
		n = n * 10 + digit;
	}
	if (value.n == 0)
		return ANOMALY_BIT(BAD_LENGTH);
	if (again && n != o->length)
		return ANOMALY_BIT(SEVERAL_LENGTHS);
	o->said = true;
	o->length = n;
	return 0;
}

uint32_t http2_odd_field(struct http2_odd *o, enum direction d, struct slice name, struct slice value)
{
	uint32_t odd = has_controls(name, value) ? ANOMALY_BIT(FIELD_CONTROLS) : 0;

	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] >= 'A' && name.p[i] <= 'Z')
			odd |= ANOMALY_BIT(UPPERCASE_NAME);
	if (name.n > 0 && name.p[0] == ':')
		return odd | pseudo_header(o, d, name);
	o->fields = true;
	if (is_of_connection(name, value))
		odd |= ANOMALY_BIT(CONNECTION_FIELD);
	if (slice_is(name, "content-length"))
		odd |= content_length(o, value);
	return odd;
}

uint32_t http2_odd_end(const struct http2_odd *o, bool bodiless)
{
	bool none = bodiless && o->data == 0;

	return o->said && !none && o->length != o->data ? ANOMALY_BIT(LENGTH_DIFFERS) : 0;
}
