#include "sensor/proto/quic/quic_packet.h"

#include <stdio.h>

#include "sensor/proto/tls/tls_bytes.h"

#define VARINT_MAX ((UINT64_C(1) << 62) - 1)

/* ---- versions ---- */

#define VERSION(...) ROW(__VA_ARGS__)
#define ROW(first, last, name, kind, salt, key, nonce) \
	{ first, last, name, kind, { salt }, sizeof(key) > 1, { key }, { nonce } },
static const struct quic_version versions[] = {
#include "sensor/proto/quic/quic_versions.def"
};
#undef ROW
#undef VERSION

const struct quic_version *quic_version_find(uint32_t version)
{
	for (size_t i = 0; i < COUNT(versions); i++)
		if (version >= versions[i].first && version <= versions[i].last)
			return &versions[i];
	return NULL;
}

void quic_version_text(uint32_t version, char out[QUIC_VERSION_TEXT])
{
	const struct quic_version *v = quic_version_find(version);

	if (v == NULL)
		snprintf(out, QUIC_VERSION_TEXT, "0x%08x", version);
	else
		snprintf(out, QUIC_VERSION_TEXT, v->name, version & 0xff);
}

/* ---- packets ---- */

bool quic_varint(struct slice *s, uint64_t *out)
{
	size_t n;

	if (s->n == 0)
		return false;
	n = (size_t)1 << (s->p[0] >> 6);
	if (s->n < n)
		return false;
	*out = s->p[0] & 0x3f;
	for (size_t i = 1; i < n; i++)
		*out = *out << 8 | s->p[i];
	*s = slice_from(*s, n);
	return true;
}

/* What all versions have (RFC 8999 5.1). */
static bool take_head(struct slice *s, struct quic_packet *out)
{
	struct slice head;

	if (!tls_take(s, 5, &head) || (head.p[0] & QUIC_LONG) == 0)
		return false;
	out->number = tls_u24(head.p + 1) << 8 | head.p[4];
	return tls_take_vector(s, 1, &out->dcid) && out->dcid.n <= QUIC_CID_MAX &&
	       tls_take_vector(s, 1, &out->scid) && out->scid.n <= QUIC_CID_MAX;
}

/* RFC 9369 3.2 turns the numbers round by one. */
static uint8_t type_of(const struct quic_version *v, uint8_t first)
{
	uint8_t bits = first >> 4 & 3;

	return v->kind == 2 ? (bits + 3) & 3 : bits;
}

/* Length, packet number and what follows it. */
static enum quic_taken take_length(struct slice *datagram, struct slice s, size_t missing,
				   struct quic_packet *out)
{
	uint64_t n;

	if (!quic_varint(&s, &n) || n > (uint64_t)s.n + missing)
		return QUIC_NOTHING;
	out->protected_at = datagram->n - s.n;
	if (n > s.n) {
		out->whole = *datagram;
		*datagram = slice_of(NULL, 0);
		return QUIC_CUT;
	}
	out->whole = slice_head(*datagram, out->protected_at + (size_t)n);
	*datagram = slice_from(*datagram, out->whole.n);
	return QUIC_TAKEN;
}

static enum quic_taken take_rest(struct slice *datagram, struct slice s, size_t missing,
				 struct quic_packet *out)
{
	out->whole = *datagram;
	out->rest_at = datagram->n - s.n;
	*datagram = slice_of(NULL, 0);
	return missing == 0 ? QUIC_TAKEN : QUIC_CUT;
}

enum quic_taken quic_packet_take(struct slice *datagram, size_t missing, struct quic_packet *out)
{
	struct slice s = *datagram;
	uint64_t n;

	memset(out, 0, sizeof *out);
	if (!take_head(&s, out))
		return QUIC_NOTHING;
	out->type = QUIC_NEGOTIATION;
	if (out->number == 0)
		return take_rest(datagram, s, missing, out);
	out->version = quic_version_find(out->number);
	if (out->version == NULL)
		return QUIC_FOREIGN;
	out->type = type_of(out->version, datagram->p[0]);
	if (out->type == QUIC_RETRY)
		return take_rest(datagram, s, missing, out);
	if (out->type == QUIC_INITIAL &&
	    (!quic_varint(&s, &n) || n > s.n || !tls_take(&s, (size_t)n, &out->token)))
		return QUIC_NOTHING;
	return take_length(datagram, s, missing, out);
}

/* ---- frames ---- */

static bool skip_varints(struct slice *s, uint64_t n)
{
	uint64_t v;

	while (n-- > 0)
		if (!quic_varint(s, &v))
			return false;
	return true;
}

/* RFC 9000 19.3: largest, delay, count, first range; two numbers a range; with ECN three counts. */
static bool skip_ack(struct slice *s, bool ecn)
{
	uint64_t ranges;

	return skip_varints(s, 2) && quic_varint(s, &ranges) &&
	       skip_varints(s, 1 + 2 * ranges + (ecn ? 3 : 0)); /* below 2^63 + 4 */
}

static bool skip_bytes(struct slice *s)
{
	uint64_t n;

	if (!quic_varint(s, &n) || n > s->n)
		return false;
	*s = slice_from(*s, (size_t)n);
	return true;
}

static bool take_crypto(struct slice *s, uint64_t *offset, struct slice *data)
{
	uint64_t n;

	return quic_varint(s, offset) && quic_varint(s, &n) && n <= VARINT_MAX - *offset && n <= s->n &&
	       tls_take(s, (size_t)n, data);
}

enum quic_frames quic_frame_crypto(uint32_t version, struct slice *plain, uint64_t *offset,
				   struct slice *data)
{
	bool google = version >> 16 == 0x5430; /* T050, T051: their frames have other numbers */
	bool good = true;

	while (good && plain->n > 0) {
		uint8_t type = plain->p[0];

		*plain = slice_from(*plain, 1);
		switch (type) { /* those that an Initial may hold (RFC 9000 12.4) */
		case 0x00: /* PADDING */
		case 0x01: break; /* PING */
		case 0x02:
		case 0x03: good = skip_ack(plain, type == 0x03); break;
		case 0x08: /* a STREAM but there, of no Initial */
			if (!google)
				return QUIC_FRAMES_BAD;
			/* fall through */
		case 0x06: return take_crypto(plain, offset, data) ? QUIC_CRYPTO : QUIC_FRAMES_BAD;
		case 0x1c: good = skip_varints(plain, 2) && skip_bytes(plain); break; /* CONNECTION_CLOSE */
		default: good = false;
		}
	}
	return good ? QUIC_FRAMES_END : QUIC_FRAMES_BAD;
}
