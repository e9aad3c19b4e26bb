/* One request and its response while they are under way: what of them will be in the event. Slots come from a
 * pool of fixed size and are recycled whole; texts lie in the slot's own arena. One thread. */
#ifndef TK_SENSOR_PROTO_EXCHANGE_H
#define TK_SENSOR_PROTO_EXCHANGE_H

#include "core/base/addr.h"
#include "core/event/event.h"
#include "sensor/fields/context.h"
#include "sensor/llm/route.h"
#include "sensor/llm/usage.h"
#include "sensor/proto/http/anomaly.h"
#include "sensor/proto/http/content.h"
#include "sensor/proto/http/direction.h"
#include "sensor/proto/http/http2_odd.h"

#define EXCHANGE_ARENA 12288
#define EXCHANGE_TARGET_MAX 8192
#define EXCHANGE_TEXT_MAX 1024 /* of a header's value */

enum kept { /* what is kept of the heads */
	    KEPT_METHOD,
	    KEPT_TARGET,
	    KEPT_VERSION,
	    KEPT_HOST,
	    KEPT_AGENT,
	    KEPT_REFERRER,
	    KEPT_REQUEST_TYPE,
	    KEPT_REQUEST_CODING,
	    KEPT_FORWARDED,
	    KEPT_REQUEST_ID,
	    KEPT_RESPONSE_TYPE,
	    KEPT_RESPONSE_CODING,
	    KEPT_USER, /* of the headers of person.def: the name, whichever said it */
	    KEPT_CREDENTIAL,
	    KEPT_DEPARTMENT,
	    KEPT_CLAIM, /* whom the credential names */
	    KEPT_UPGRADE,
	    KEPT_RETRY,
	    KEPT_IDEMPOTENCY, /* compared, never told */
	    KEPT_COUNT,
	    KEPT_KEY /* never kept: see exchange_header */
};

enum exchange_key { EXCHANGE_KEY_NONE, EXCHANGE_KEY_UNKNOWN, EXCHANGE_KEY_KNOWN };

struct message {
	int64_t first_ns, last_ns; /* packet times of its first and last byte */
	uint32_t seq;		   /* absolute sequence number of its first byte */
	bool begun, head, ended, whole;
	/* How long the body is, decoded, cannot be known: what says its coding, or the request that says
	 * whether there is one at all, was not seen. */
	bool unsized;
	bool broken;	  /* bytes of the body are missing: what follows is counted and not read */
	uint64_t missing; /* body bytes that were not captured */
	struct http2_odd http2;
	struct content content;
	enum content_state coding; /* once ended */
};

struct exchange {
	uint32_t next;		 /* in its connection: the next younger */
	uint32_t older, younger; /* among all that are under way */
	void *owner;		 /* the connection */
	struct message message[2];
	uint32_t stream; /* HTTP/2; 0: HTTP/1 */
	uint16_t status;
	uint8_t key;	    /* enum exchange_key */
	/* Rows of the headers that key, claim and the facts of a person are from, + 1: a smaller one counts.
	 */
	uint8_t key_rank, claim_rank, person_rank[3];
	uint64_t conditions; /* of fields->wanted that hold */
	uint32_t anomalies; /* bits of enum anomaly */
	bool doubtful;	    /* headers are not known */
	uint8_t fingerprint[16]; /* hex digits */
	struct slice kept[KEPT_COUNT];
	struct usage_reader *usage; /* NULL: the bodies are not read */
	uint16_t arena_n;
	uint8_t arena[EXCHANGE_ARENA];
};

#define EXCHANGE_NONE UINT32_MAX

struct exchanges;
struct exchanges *exchanges_new(uint32_t n, uint32_t decoders); /* NULL: no memory */
void exchanges_free(struct exchanges *p);
/* A fresh slot, the youngest of all; NULL: all are in use. */
struct exchange *exchange_take(struct exchanges *p);
void exchange_give(struct exchanges *p, struct exchange *x);
struct exchange *exchange_oldest(struct exchanges *p);
struct exchange *exchange_at(struct exchanges *p, uint32_t number); /* EXCHANGE_NONE: NULL */
uint32_t exchange_number(const struct exchanges *p, const struct exchange *x);
size_t exchanges_in_use(const struct exchanges *p);

/* Keeps a text, cut; nothing when the arena is full. */
void exchange_keep(struct exchange *x, enum kept what, struct slice text, size_t max);
/* A header of that direction: kept if headers.def or person.def names it. A credential is reduced to its
 * fingerprint, and to whom it names. */
void exchange_header(struct exchange *x, enum direction d, struct slice name, struct slice value,
		     const struct parse_context *fields);
/* The heads are over: bodies may come. */
void exchange_request_head(struct exchanges *p, struct exchange *x, const struct parse_context *fields);
void exchange_response_head(struct exchanges *p, struct exchange *x);
void exchange_body(struct exchange *x, enum direction d, struct slice bytes);
void exchange_body_gap(struct exchange *x, enum direction d, uint64_t bytes);
void exchange_body_end(struct exchange *x, enum direction d, bool whole);

/* The fixed facts of the connection, [0] the client. */
struct greeting;
struct exchange_ends {
	struct addr addr[2];
	uint16_t port[2];
	const struct greeting *greeting; /* of TLS; NULL: there is none */
};
/* exchange_event.c: everything that is known, into a reset event. Strings borrow the exchange and
 * fields->scratch. */
void exchange_event(struct exchange *x, const struct exchange_ends *ends, const struct parse_context *fields,
		    struct access_event *ev);
/* The identity (architecture.md 5), into ev->digest's form. */
struct sha256;
void exchange_digest(const struct exchange *x, const struct exchange_ends *ends, struct sha256 *sha,
		     uint8_t out[16]);

#endif
