/* The fields of one part of an event as bytes, and back. */
#include "core/event/wire_form.h"

static void value_encode(enum field_type t, const union value *v, struct buf *out)
{
	switch (t) {
	case FT_TIME:
	case FT_INT:
	case FT_BOOL:
	case FT_MICRO:
		put_zigzag(out, v->i);
		break;
	case FT_STR:
	case FT_LIST:
	case FT_ID:
		put_bytes(out, v->s);
		break;
	case FT_IP:
		buf_add(out, slice_of(v->ip.b, sizeof v->ip.b));
		break;
	}
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

void part_encode_masked(const struct part *p, enum part_id id, uint32_t mask, struct buf *out)
{
	uint32_t known = p->known & mask;

	put_varint(out, known);
	put_varint(out, p->absent & mask);
	for (uint32_t left = known; left != 0; left &= left - 1) {
		unsigned slot = (unsigned)__builtin_ctz(left);

		value_encode(event_fields[event_parts[id].first + slot].type, &p->v[slot], out);
	}
}

void part_encode(const struct part *p, enum part_id id, bool sensor_only, struct buf *out)
{
	part_encode_masked(p, id, sensor_only ? sensor_bits(id) : UINT32_MAX, out);
}

int part_decode(struct slice *in, enum part_id id, struct part *out)
{
	uint64_t known, absent;
	unsigned fields = (unsigned)part_end(id) - event_parts[id].first;

	if (!take_varint(in, &known) || !take_varint(in, &absent) || known >> fields != 0 || absent >> fields != 0 ||
	    (known & absent) != 0)
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
