/* The trail as the one process that writes it sees it (audit-trail.md 2 to 4). Record lines go into the open
 * segment in order; trail_head makes them durable; trail_seal closes the segment under the day key and
 * destroys that key. Whatever happens when, the next trail_open finishes a seal that was begun, with the same
 * bytes, or finds none begun. One thread, one process: the caller holds the ledger's lock. */
#ifndef TK_TRAIL_WRITER_H
#define TK_TRAIL_WRITER_H

#include "core/event/event.h"
#include "core/trail/texts.h"

struct trail_place {
	const char *folder, *keys;
	const char *site; /* its name, for the origin of a new trail */
	const char *zone; /* IANA name; it is the process's zone (core/base/zone.h) */
};

struct trail;
/* Makes what is missing: folders, keys, the site key too, the first epoch note. TK_EMALFORMED: what lies
 * there does not continue. TK_ENOTFOUND: a key is lost (trail_renew with EPOCH_RECOVER goes on). */
int trail_open(struct trail **out, const struct trail_place *place, int64_t now_ns, struct err *e);
void trail_close(struct trail *t); /* NULL is legal; what no head made durable may be lost */

/* The seq of the next record. */
int64_t trail_next_seq(const struct trail *t);
int trail_access(struct trail *t, int64_t ts_ns, const struct access_event *ev, struct err *e);
/* body: one JSON object (core/trail/record.h). */
int trail_record(struct trail *t, int64_t ts_ns, const char *type, struct slice body, struct err *e);

struct trail_state {
	int64_t segment;	   /* number of the open one */
	int64_t next_seq, records; /* of the open segment */
	int64_t bytes;
	struct hash32 last;	       /* SHA-256 of the last line */
	int64_t opened;		       /* UTC seconds: the last closing */
	int64_t size;		       /* of the log tree */
	struct hash32 checkpoint;      /* SHA-256 of its checkpoint's text, where size > 0 */
	char code[SHORT_CODE_LEN + 1]; /* of its checkpoint; "" when there is none */
	char origin[ORIGIN_MAX + 1];
};
void trail_state(const struct trail *t, struct trail_state *out);
/* Every record so far is on disk when it returns. */
int trail_head(struct trail *t, struct err *e);

struct seal_facts {
	int64_t closed; /* UTC seconds; not before the last closing */
	struct clock clock;
	int64_t dropped;
};
/* Needs a record at least. */
int trail_seal(struct trail *t, const struct seal_facts *facts, struct err *e);

/* A new epoch at the border of a segment: EPOCH_ROTATE takes the keys on, EPOCH_RECOVER makes new ones where
 * they are lost. The trail must not be open. site_key: path of the private site key. */
int trail_renew(const struct trail_place *place, enum epoch_reason reason, const char *site_key,
		int64_t now_ns, struct err *e);

#endif
