/* Record lines (audit-trail.md 3.1): a JSON object in the canonical form of RFC 8785 without floats. Reading
 * takes any bytes and accepts the one canonical spelling alone. Pure functions; any thread. */
#ifndef TK_TRAIL_RECORD_H
#define TK_TRAIL_RECORD_H

#include "core/event/event.h"
#include "core/trail/scalar.h"

#define RECORD_MAX (8u << 20) /* bytes of a line, without its LF */
#define RECORD_DEPTH 16

enum record_type {
#define RECORD_TYPE(id, name, class, doc) RECORD_##id,
#include "core/trail/types.def"
#undef RECORD_TYPE
	RECORD_TYPES, /* also: none of them */
};
const char *record_type_name(enum record_type t);
enum record_type record_type_of(struct slice name);
/* How long records are kept together; those of KEEP_FOREVER are never erased. */
enum record_class { KEEP_FOREVER, KEEP_ACCESS, KEEP_FINDINGS, RECORD_CLASSES };
enum record_class record_class_of(enum record_type t); /* KEEP_FOREVER for RECORD_TYPES */

/* What every record has. */
struct record {
	int64_t seq, ts_ns;
	enum record_type type;
	struct hash32 h;
};
struct record_error {
	const char *why;
	size_t offset; /* in the line */
};
/* The line without its LF. */
bool record_read(struct slice line, struct record *out, struct record_error *why);

/* Members of the outermost object of a line that record_read has accepted. */
bool record_string(struct slice line, const char *key, struct slice *out); /* as written, escapes kept */
bool record_number(struct slice line, const char *key, int64_t *out);
/* How many different strings the array holds; 0: no such array. */
size_t record_distinct(struct slice line, const char *key);

/* Stub of an erased record: "# base64(leaf) hex(SHA-256 of the line)". */
bool stub_read(struct slice line, struct hash32 *leaf, struct hash32 *hash);
void put_stub(struct buf *out, const struct hash32 *leaf, const struct hash32 *hash);

/* ---- writing ---- */

struct record_head {
	int64_t seq, ts_ns;
	const char *type;
	struct hash32 h;
	uint8_t nonce[16];
};
struct renderer;		     /* room for work; one thread */
struct renderer *renderer_new(void); /* NULL: no memory */
void renderer_free(struct renderer *r);
/* Appends the line without its LF. url.query stays out: it may hold a patient's name (audit-requirements.md
 * 3). */
void put_access_record(struct renderer *r, struct buf *out, const struct record_head *h,
		       const struct access_event *ev);
/* body: one JSON object of any spelling. Numbers that are no integer within 2^53 - 1 become their text, bytes
 * of keys that are not plain ASCII %XX, and of members that come twice or bear a name of the head the first,
 * or the head's, counts. What is no object goes in whole, as the text of the member "body". */
void put_record(struct renderer *r, struct buf *out, const struct record_head *h, struct slice body);
/* As time_format_utc, with 3, 6 or 9 digits always. */
void put_ts(struct buf *out, int64_t ns);

#endif
