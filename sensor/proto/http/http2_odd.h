/* What makes a message in HTTP/2 malformed (RFC 9113 8.1.1, 8.2, 8.3), as anomalies: whoever passes one on in
 * HTTP/1 writes other messages than were sent. Pure; any thread. */
#ifndef TK_SENSOR_PROTO_HTTP_HTTP2_ODD_H
#define TK_SENSOR_PROTO_HTTP_HTTP2_ODD_H

#include "sensor/proto/http/anomaly.h"
#include "sensor/proto/http/direction.h"

struct http2_odd { /* of a message; zero at its beginning */
	uint8_t pseudo; /* which pseudo headers were there */
	bool fields;    /* other ones were */
	bool said;      /* Content-Length was, with a number: */
	uint64_t length, data;
};

/* The next field of its head. Returns bits of enum anomaly. */
uint32_t http2_odd_field(struct http2_odd *o, enum direction d, struct slice name, struct slice value);
/* Part of its body, without padding. */
static inline void http2_odd_data(struct http2_odd *o, uint64_t bytes)
{
	o->data += bytes;
}
/* It is whole; bodiless: HEAD and 304 may say the length of what they do not send. */
uint32_t http2_odd_end(const struct http2_odd *o, bool bodiless);

#endif
