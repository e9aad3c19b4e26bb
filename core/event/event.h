/* The access event: one request and its response, however it was seen (interface.md 4). The waist
 * of the program: left of it protocols and log syntax, right of it nothing knows of either.
 *
 * A field is known, absent (looked for, and not there) or unknown (not seen). An event is made of
 * parts; a parser owns all parts in a struct flat_event, or points some at ones that it remembers; the
 * recorder points the dictionary parts at rows that many events share. String values are borrowed: whoever
 * made the event says for how long. */
#ifndef TK_EVENT_EVENT_H
#define TK_EVENT_EVENT_H

#include "core/base/addr.h"
#include "core/base/buf.h"
#include "core/base/slice.h"

enum field_type { FT_TIME, FT_INT, FT_BOOL, FT_STR, FT_LIST, FT_IP, FT_MICRO, FT_ID };
enum field_origin { FO_SENSOR, FO_RECORDER };

enum part_id {
#define GROUP(g, table, doc) P_##g,
#define FIELD(g, id, name, type, origin, doc)
#include "core/event/fields.def"
#undef GROUP
#undef FIELD
	P_COUNT
};

/* F_<group>_BASE is the number of the group's first field. */
enum field_id {
#define GROUP(g, table, doc) F_##g##_BASE, F_##g##_BACK_ = F_##g##_BASE - 1,
#define FIELD(g, id, name, type, origin, doc) F_##id,
#include "core/event/fields.def"
#undef GROUP
#undef FIELD
	F_COUNT
};

#define PART_MAX 22

union value {
	int64_t i;         /* TIME, INT, BOOL (0, 1), MICRO */
	struct slice s;    /* STR, LIST, ID */
	struct addr ip;    /* IP */
};

struct part {
	uint64_t serial;        /* not 0: read only, and no other content in this process has this number */
	uint32_t known, absent; /* a bit a slot */
	union value v[PART_MAX];
};

struct access_event {
	struct part *part[P_COUNT];
	uint8_t digest[16]; /* of the input's own bytes: a log line, or the capture identity */
};

/* In the sensor's events F_FUNCTION lists the functions whose headers were there, "NUMBER:NAME" each (number
 * in the configuration's list) with this byte behind it; the recorder, who knows the rest, makes it the one
 * that holds. */
#define EVENT_FUNCTIONS '\x1f'

struct flat_event {
	struct access_event ev;
	struct part parts[P_COUNT];
};

struct field {
	const char *name;
	const char *id; /* "STATUS": for tables and tests */
	const char *doc;
	enum field_type type;
	enum part_id part;
	enum field_origin origin;
	uint8_t slot;
};

extern const struct field event_fields[F_COUNT];
/* Part and slot once more, where the compiler sees them: a look at a field that is named is one load. */
static const struct {
	uint8_t part, slot;
} field_places[F_COUNT] = {
#define GROUP(g, table, doc)
#define FIELD(g, id, name, type, origin, doc) [F_##id] = { P_##g, F_##id - F_##g##_BASE },
#include "core/event/fields.def"
#undef GROUP
#undef FIELD
};
struct part_info {
	const char *table, *doc;
	uint8_t first; /* number of its first field */
};
extern const struct part_info event_parts[P_COUNT];
/* Number of the field behind the part's last one. */
static inline enum field_id part_end(enum part_id p)
{
	return p + 1 < P_COUNT ? event_parts[p + 1].first : F_COUNT;
}

/* The field of that name, or F_COUNT. */
enum field_id field_by_name(struct slice name);

uint64_t part_new_serial(void); /* from any thread */
/* All parts own, all fields unknown. */
void flat_event_reset(struct flat_event *fe);

static inline bool ev_known(const struct access_event *ev, enum field_id f)
{
	return (ev->part[field_places[f].part]->known >> field_places[f].slot) & 1;
}

static inline bool ev_absent(const struct access_event *ev, enum field_id f)
{
	return (ev->part[field_places[f].part]->absent >> field_places[f].slot) & 1;
}

/* Meaningful only where ev_known. */
static inline const union value *ev_value(const struct access_event *ev, enum field_id f)
{
	return &ev->part[field_places[f].part]->v[field_places[f].slot];
}

/* The known integer, or `otherwise`. */
static inline int64_t ev_int(const struct access_event *ev, enum field_id f, int64_t otherwise)
{
	return ev_known(ev, f) ? ev_value(ev, f)->i : otherwise;
}

/* The known string, or an empty slice. */
static inline struct slice ev_str(const struct access_event *ev, enum field_id f)
{
	return ev_known(ev, f) ? ev_value(ev, f)->s : (struct slice){ NULL, 0 };
}

static inline union value *ev_make_known(struct access_event *ev, enum field_id f)
{
	unsigned slot = field_places[f].slot;
	struct part *p = ev->part[field_places[f].part];

	p->known |= UINT32_C(1) << slot;
	p->absent &= ~(UINT32_C(1) << slot);
	return &p->v[slot];
}

static inline void ev_set_int(struct access_event *ev, enum field_id f, int64_t i)
{
	ev_make_known(ev, f)->i = i;
}
static inline void ev_set_str(struct access_event *ev, enum field_id f, struct slice s)
{
	ev_make_known(ev, f)->s = s;
}
static inline void ev_set_ip(struct access_event *ev, enum field_id f, struct addr ip)
{
	ev_make_known(ev, f)->ip = ip;
}

static inline void ev_set_absent(struct access_event *ev, enum field_id f)
{
	unsigned slot = field_places[f].slot;
	struct part *p = ev->part[field_places[f].part];

	p->absent |= UINT32_C(1) << slot;
	p->known &= ~(UINT32_C(1) << slot);
}

/* An encrypted connection is an event, and nobody knows how many calls were in it. */
static inline bool ev_is_call(const struct access_event *ev)
{
	struct slice protocol = ev_str(ev, F_PROTOCOL);

	return !slice_is(protocol, "tls") && !slice_is(protocol, "quic");
}

/* Completion: start + duration where known, else start. Windows and findings order by it, then id. */
static inline int64_t ev_completion(const struct access_event *ev)
{
	return ev_int(ev, F_TIMESTAMP, 0) + ev_int(ev, F_DURATION, 0);
}

/* Appends the known fields as one flat JSON object in field order, without a line feed. */
void event_to_json(const struct access_event *ev, struct buf *out);
/* One value as JSON (number, string, array). */
void value_to_json(enum field_id f, const union value *v, struct buf *out);
/* One value as plain text, as a rule or a table sees it. */
void value_to_text(enum field_id f, const union value *v, struct buf *out);

#endif
