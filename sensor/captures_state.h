/* What the files of captures.h share. Nobody else includes this. */
#ifndef TK_SENSOR_CAPTURES_STATE_H
#define TK_SENSOR_CAPTURES_STATE_H

#include "core/base/zone.h"
#include "sensor/capture_keys.h"
#include "sensor/captures.h"
#include "sensor/input/capture_ring.h"

#define KEYS_NS (INT64_C(100) * 1000000)  /* a file has no poll: how often a key log is looked at */

struct capture {
	struct captures *owner;
	char *name, *interface;
	struct tap *tap;
	struct capture_keys *keys;   /* NULL: it has no key log */
	uint64_t keys_version;	     /* that the tap has met */
	int64_t keys_at;
	bool told_bad_keys;
	struct capture_ring ring;
	uint64_t id; /* of the ring */
	bool up;     /* it gives packets; else what it still holds is read until close_at */
	int64_t close_at;
	bool drained;		   /* everything until now was read */
	bool begins;		   /* nothing was watched before the next batch */
	struct generation session; /* as it will be after the open batch */
	uint64_t from;		   /* its position before that */
	uint64_t told_line;
	int64_t sent_at;
	struct losses losses;
};

/* A session that was killed, to be told as over. */
struct killed {
	struct capture *capture;
	struct generation session;
};

struct captures {
	struct outbox *outbox;
	struct outbox_user user;
	const struct parse_context *fields;
	struct captures_sink sink;
	struct capture list[CAPTURES_MAX];
	size_t n;
	struct killed *killed;
	size_t n_killed;
	struct capture *pending; /* whose batch is open */
	int64_t pending_since, mono, wall, counted_at;
	bool may_wait; /* at the end, when no packet is waited for any more */
	int rc;	       /* of what was done inside a tap's call */
	struct err err;
};

/* ---- captures.c ---- */
/* Is there room for so many batches more? */
bool captures_can_send(const struct captures *c, unsigned n);

/* ---- captures_secrets.c ---- */
/* True: there is more. */
bool captures_read_keys(struct captures *c, struct capture *p);
/* Packets or not. What waits for secrets is looked at again. True: as above. */
bool captures_look_at_keys(struct captures *c, struct capture *p);

#endif
