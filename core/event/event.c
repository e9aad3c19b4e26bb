#include "core/event/event.h"

#include <stdatomic.h>
#include <stdio.h>

#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/zone.h"

const struct field event_fields[F_COUNT] = {
#define GROUP(g, table, doc)
#define FIELD(g, id_, name_, type_, origin_, doc_) \
	[F_##id_] = { name_, #id_, doc_, FT_##type_, P_##g, FO_##origin_, F_##id_ - F_##g##_BASE },
#include "core/event/fields.def"
#undef GROUP
#undef FIELD
};

/* A part with more than PART_MAX fields does not build. */
#define GROUP(g, table, doc)
#define FIELD(g, id, name, type, origin, doc) \
	_Static_assert(F_##id - F_##g##_BASE < PART_MAX, "too many fields in part " #g);
#include "core/event/fields.def"
#undef GROUP
#undef FIELD

const struct part_info event_parts[P_COUNT] = {
#define GROUP(g, table_, doc_) [P_##g] = { table_, doc_, F_##g##_BASE },
#define FIELD(g, id, name, type, origin, doc)
#include "core/event/fields.def"
#undef GROUP
#undef FIELD
};

enum field_id field_by_name(struct slice name)
{
	for (int f = 0; f < F_COUNT; f++)
		if (slice_is(name, event_fields[f].name))
			return f;
	return F_COUNT;
}

uint64_t part_new_serial(void)
{
	static _Atomic uint64_t last;

	return ++last;
}

void flat_event_reset(struct flat_event *fe)
{
	for (int p = 0; p < P_COUNT; p++) {
		fe->parts[p].serial = fe->parts[p].known = fe->parts[p].absent = 0;
		fe->ev.part[p] = &fe->parts[p];
	}
}

static void micro_to_text(int64_t v, struct buf *out)
{
	uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;

	buf_fmt(out, "%s%llu.%06llu", v < 0 ? "-" : "", (unsigned long long)(u / 1000000),
		(unsigned long long)(u % 1000000));
	while (out->n > 2 && out->p[out->n - 1] == '0' && out->p[out->n - 2] != '.')
		out->n--;
}

void value_to_text(enum field_id f, const union value *v, struct buf *out)
{
	char text[ADDR_TEXT_MAX > TIME_TEXT_MAX ? ADDR_TEXT_MAX : TIME_TEXT_MAX];

	switch (event_fields[f].type) {
	case FT_TIME:
		buf_add(out, slice_of(text, time_format_utc(v->i, text)));
		break;
	case FT_INT:
		buf_i64(out, v->i);
		break;
	case FT_BOOL:
		buf_str(out, v->i ? "true" : "false");
		break;
	case FT_STR:
	case FT_LIST:
		buf_add(out, v->s);
		break;
	case FT_IP:
		buf_add(out, slice_of(text, addr_format(&v->ip, text)));
		break;
	case FT_MICRO:
		micro_to_text(v->i, out);
		break;
	case FT_ID: {
		uint8_t *p = buf_room(out, 2 * v->s.n + 1);

		if (p != NULL) {
			hex_encode(v->s, (char *)p);
			out->n += 2 * v->s.n;
		}
		break;
	}
	}
}

static void list_to_json(struct slice s, struct buf *out)
{
	struct json_out o = json_out(out);

	json_open(&o, '[');
	while (s.n > 0) {
		const uint8_t *comma = memchr(s.p, ',', s.n);
		size_t n = comma == NULL ? s.n : (size_t)(comma - s.p);

		json_str(&o, slice_head(s, n));
		s = slice_from(s, n + 1);
	}
	json_close(&o, ']');
}

void value_to_json(enum field_id f, const union value *v, struct buf *out)
{
	switch (event_fields[f].type) {
	case FT_INT:
	case FT_BOOL:
		value_to_text(f, v, out);
		break;
	case FT_STR:
		json_put_string(out, v->s);
		break;
	case FT_LIST:
		list_to_json(v->s, out);
		break;
	case FT_TIME:
	case FT_IP:
	case FT_MICRO:
	case FT_ID: /* text of digits and letters only: nothing to escape */
		buf_byte(out, '"');
		value_to_text(f, v, out);
		buf_byte(out, '"');
		break;
	}
}

/* What stands before each value: names need no escapes. */
static const struct slice json_names[F_COUNT] = {
#define GROUP(g, table, doc)
#define FIELD(g, id, name, type, origin, doc) \
	[F_##id] = { (const uint8_t *)",\"" name "\":", sizeof(",\"" name "\":") - 1 },
#include "core/event/fields.def"
#undef GROUP
#undef FIELD
};

void event_to_json(const struct access_event *ev, struct buf *out)
{
	size_t comma = 1;

	buf_byte(out, '{');
	for (int f = 0; f < F_COUNT; f++) {
		if (!ev_known(ev, f))
			continue;
		buf_add(out, slice_from(json_names[f], comma));
		value_to_json(f, ev_value(ev, f), out);
		comma = 0;
	}
	buf_byte(out, '}');
}
