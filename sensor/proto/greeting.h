/* What a TLS connection says in the clear, kept while it is open: who is called, and how. A pool of fixed
 * size. One thread. */
#ifndef TK_SENSOR_PROTO_GREETING_H
#define TK_SENSOR_PROTO_GREETING_H

#include "core/event/event.h"
#include "sensor/fields/context.h"
#include "sensor/proto/tls/tls_hello.h"

struct greeting {
	struct tls_hello hello;
	struct tls_choice choice;
	bool said, answered;   /* hello and choice hold */
	struct greeting *next; /* of those that are not in use */
};

struct greetings;
struct greetings *greetings_new(uint32_t n); /* NULL: no memory */
void greetings_free(struct greetings *p);
struct greeting *greeting_take(struct greetings *p);	     /* NULL: all are in use */
void greeting_give(struct greetings *p, struct greeting *g); /* NULL is legal */

/* tls.* of an event. Strings borrow the greeting and fields->scratch. */
void greeting_fields(const struct greeting *g, const struct parse_context *fields, struct access_event *ev);

#endif
