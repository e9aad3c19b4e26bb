/* The fields of one part of an event as bytes, and back. */
#include "core/event/wire_form.h"

/* No value but a string takes more bytes. */
#define PLAIN_MAX 16

static bool is_text(enum field_type t)
{
	return t == FT_STR || t == FT_LIST || t == FT_ID;
}

/* Room for it is there. */
static uint8_t *value_write(uint8_t *p, enum field_type t, const union value *v)
{
	size_t n;

	if (t == FT_IP) {
		memcpy(p, v->ip.b, sizeof v->ip.b);
		return p + sizeof v->ip.b;
	}
	if (!is_text(t))
		return p + varint_write(p, zigzag(v->i));
	n = v->s.n < WIRE_STRING_MAX ? v->s.n : WIRE_STRING_MAX;
	p += varint_write(p, n);
	memcpy(p, n == 0 ? (const uint8_t *)"" : v->s.p, n);
	return p + n;
}

static bool value_decode(enum field_type t, struct slice *in, union value *v)
{
	uint64_t n;

	switch (t) {
	case FT_TIME:
	case FT_INT:
	case FT_BOOL:
	case FT_MICRO:
		return take_zigzag(in, &v->i);
	case FT_STR:
	case FT_LIST:
	case FT_ID:
		if (!take_varint(in, &n) || n > WIRE_STRING_MAX || n > in->n)
			return false;
		v->s = slice_head(*in, (size_t)n);
		*in = slice_from(*in, (size_t)n);
		return true;
	case FT_IP:
		if (in->n < sizeof v->ip.b)
			return false;
		memcpy(v->ip.b, in->p, sizeof v->ip.b);
		*in = slice_from(*in, sizeof v->ip.b);
		return true;
	}
	return false;
}

uint32_t sensor_bits(enum part_id id)
{
	uint32_t bits = 0;

	for (enum field_id f = event_parts[id].first; f < part_end(id); f++)
		if (event_fields[f].origin == FO_SENSOR)
			bits |= UINT32_C(1) << event_fields[f].slot;
	return bits;
}

/* All in one piece of reserved room: this is the sensor's hot path. */
void part_encode_masked(const struct part *p, enum part_id id, uint32_t mask, struct buf *out)
{
	const struct field *fields = &event_fields[event_parts[id].first];
	uint32_t known = p->known & mask;
	size_t most = 2 * VARINT_MAX;
	uint8_t *w;

	for (uint32_t left = known; left != 0; left &= left - 1) {
		unsigned slot = (unsigned)__builtin_ctz(left);

		most += PLAIN_MAX + (is_text(fields[slot].type) ? p->v[slot].s.n : 0);
	}
	if ((w = buf_room(out, most)) == NULL)
		return; /* told by the buffer */
	w += varint_write(w, known);
	w += varint_write(w, p->absent & mask);
	for (uint32_t left = known; left != 0; left &= left - 1) {
		unsigned slot = (unsigned)__builtin_ctz(left);

		w = value_write(w, fields[slot].type, &p->v[slot]);
	}
	out->n = (size_t)(w - out->p);
}

void part_encode(const struct part *p, enum part_id id, bool sensor_only, struct buf *out)
{
	part_encode_masked(p, id, sensor_only ? sensor_bits(id) : UINT32_MAX, out);
}

int part_decode(struct slice *in, enum part_id id, struct part *out)
{
	uint64_t known, absent;
	unsigned fields = (unsigned)part_end(id) - event_parts[id].first;

	if (!take_varint(in, &known) || !take_varint(in, &absent) || known >> fields != 0 ||
	    absent >> fields != 0 || (known & absent) != 0)
		return TK_EMALFORMED;
	out->known = (uint32_t)known;
	out->absent = (uint32_t)absent;
	for (uint32_t left = out->known; left != 0; left &= left - 1) {
		unsigned slot = (unsigned)__builtin_ctz(left);

		if (!value_decode(event_fields[event_parts[id].first + slot].type, in, &out->v[slot]))
			return TK_EMALFORMED;
	}
	return TK_OK;
}
