/* Records, from bytes in any pieces (RFC 8446 5.1, RFC 5246 6.2.1); and the place in the stream, lost and
 * found. */
#include "sensor/proto/tls/tls_state.h"

enum verdict { TAKE, PASS, BLOCK };

static size_t payload_length(const struct tls_half *h)
{
	return tls_u16(h->head + 3);
}

static bool is_head(const uint8_t *p)
{
	return p[0] >= TLS_CHANGE_CIPHER_SPEC && p[0] <= TLS_HEARTBEAT && p[1] == 3 && p[2] <= 4 &&
	       tls_u16(p + 3) <= TLS_PAYLOAD_MAX;
}

bool tls_begins(struct slice bytes, bool from_start)
{
	if (from_start)
		return bytes.n > 0 && bytes.p[0] == TLS_HANDSHAKE && (bytes.n == 1 || bytes.p[1] == 3);
	return bytes.n >= TLS_RECORD_HEAD && is_head(bytes.p);
}

/* Anywhere in a stream of ciphertext: what can be said against it is said. */
static bool is_likely_head(const struct tls *t, const struct tls_half *h)
{
	const uint8_t *p = h->head;
	size_t n = payload_length(h);
	bool secured = h->wanted == TLS_EPOCH_SECURED;

	if (!is_head(p) || n == 0 || p[0] == TLS_HEARTBEAT)
		return false;
	if (t->have_choice && p[2] != (tls_is_1_3(t) ? TLS_1_2 & 0xff : t->choice.version & 0xff))
		return false;
	if (tls_is_1_3(t) && h->wanted != TLS_EPOCH_NONE)
		return p[0] == TLS_APPLICATION_DATA;
	if (p[0] == TLS_CHANGE_CIPHER_SPEC)
		return n == 1 || secured;
	return p[0] != TLS_ALERT || n == 2 || secured;
}

/* ---- what to do with the record that begins ---- */

static bool is_encrypted(const struct tls *t, const struct tls_half *h)
{
	bool data = h->head[0] == TLS_APPLICATION_DATA;

	return tls_is_1_3(t) ? data : h->wanted == TLS_EPOCH_SECURED || (data && t->have_choice);
}

/* No server has chosen any keys: this is 0-RTT, or its answer comes late, or it was not captured. */
static enum verdict before_choice(struct tls *t, int side)
{
	bool data = t->half[side].head[0] == TLS_APPLICATION_DATA;

	if (!data && t->half[side].head[0] != TLS_CHANGE_CIPHER_SPEC)
		return TAKE;
	if (side == TLS_CLIENT && t->have_hello && t->keys != NULL && !t->sealed) {
		t->wait = TLS_WAIT_SERVER;
		return BLOCK;
	}
	if (!data)
		return TAKE;
	t->half[side].sealed_record = true;
	t->sealed = true;
	return PASS;
}

static enum verdict judge(struct tls *t, int side)
{
	struct tls_half *h = &t->half[side];

	h->sealed_record = is_encrypted(t, h);
	if (!h->sealed_record)
		return t->have_choice ? TAKE : before_choice(t, side);
	if (t->sealed || h->dead)
		return PASS;
	if (side == TLS_CLIENT && t->keys != NULL && !tls_server_answered(t)) {
		t->wait = TLS_WAIT_SERVER;
		return BLOCK;
	}
	t->asked = t->keys == NULL ? 0 : key_log_version(t->keys);
	switch (tls_protect_ready(t, side)) {
	case TLS_READY:
		return TAKE;
	case TLS_NOT_YET:
		t->wait = TLS_WAIT_SECRET;
		return BLOCK;
	default:
		t->sealed = true;
		return PASS;
	}
}

static void end_record(struct tls *t, struct tls_half *h)
{
	tls_chain_clear(&t->pool->store, &h->payload);
	h->head_n = 0;
	h->begun = false;
}

static void pass(struct tls *t, int side)
{
	struct tls_half *h = &t->half[side];

	h->skip = (uint32_t)payload_length(h);
	t->counts.alerts[side] += h->head[0] == TLS_ALERT;
	if (h->dead)
		tls_protect_gap(t, side, tls_seal_content(&h->seal, h->skip));
	if (h->wanted == TLS_EPOCH_NONE)
		h->wanted = tls_is_1_3(t) ? TLS_EPOCH_HANDSHAKE : TLS_EPOCH_SECURED;
	h->seq++;
	tls_seal_passed(&h->seal, (struct slice){ NULL, 0 });
	end_record(t, h);
}

/* False: it has to wait. */
static bool begin(struct tls *t, int side)
{
	struct tls_half *h = &t->half[side];
	enum verdict v = judge(t, side);

	if (v == BLOCK)
		return false;
	t->counts.records[side]++;
	if (h->head[0] == TLS_APPLICATION_DATA)
		t->counts.bytes[side] += payload_length(h);
	h->begun = true;
	if (v == PASS)
		pass(t, side);
	return true;
}

/* ---- a whole record ---- */

static void change_cipher_spec(struct tls *t, struct tls_half *h)
{
	if (!t->have_choice || tls_is_1_3(t))
		return;
	h->wanted = TLS_EPOCH_SECURED;
	h->epoch = TLS_EPOCH_NONE;
	h->seq = 0;
}

static void content(struct tls *t, int side, uint8_t type, struct slice bytes)
{
	struct tls_half *h = &t->half[side];

	switch (type) {
	case TLS_CHANGE_CIPHER_SPEC:
		change_cipher_spec(t, h);
		break;
	case TLS_ALERT:
		tls_handshake_alert(t, side, bytes);
		break;
	case TLS_HANDSHAKE:
		tls_handshake(t, side, bytes);
		break;
	case TLS_APPLICATION_DATA:
		if (h->sealed_record && bytes.n > 0 && t->sink->plain != NULL)
			t->sink->plain(t->sink->ctx, side, bytes, &h->at);
		break;
	default:
		break;
	}
}

static void record(struct tls *t, int side, struct slice payload)
{
	struct tls_half *h = &t->half[side];
	struct tls_opened o = { h->head[0], payload };

	h->at.last_ns = t->piece_at.ns;
	if (!h->sealed_record || tls_protect_open(t, side, payload, &o))
		content(t, side, o.type, o.bytes);
	end_record(t, h);
}

/* ---- bytes ---- */

/* This is no record: the next one is looked for. */
static void lose_place(struct tls *t, int side)
{
	struct tls_half *h = &t->half[side];

	h->lost = true;
	h->unsure = true;
	h->skip = 0;
	tls_seal_passed(&h->seal, (struct slice){ NULL, 0 });
	tls_handshake_lost(t, side);
	tls_protect_gap(t, side, 0);
}

static size_t read_head(struct tls *t, int side, struct slice in)
{
	struct tls_half *h = &t->half[side];
	size_t n = 0;

	if (h->head_n == 0) {
		h->at.seq = t->piece_at.seq + (uint32_t)(in.p - t->piece.p);
		h->at.first_ns = t->piece_at.ns;
	}
	while (n < in.n && h->head_n < TLS_RECORD_HEAD)
		h->head[h->head_n++] = in.p[n++];
	if (h->head_n < TLS_RECORD_HEAD)
		return n;
	if (!h->lost && !is_head(h->head))
		lose_place(t, side);
	if (h->lost && !is_likely_head(t, h)) {
		memmove(h->head, h->head + 1, --h->head_n);
		h->at.seq++;
		return n;
	}
	h->lost = false;
	return n;
}

/* A record that is here in one piece is not copied. */
static size_t read_payload(struct tls *t, int side, struct slice in)
{
	struct tls_half *h = &t->half[side];
	size_t length = payload_length(h), need = length - h->payload.n;

	if (h->payload.n == 0 && in.n >= need) {
		record(t, side, slice_head(in, need));
		return need;
	}
	in = slice_head(in, need);
	if (!tls_make_room(t->pool, &h->payload, in.n)) {
		if (h->sealed_record)
			tls_protect_missed(t, side, length, (struct slice){ NULL, 0 });
		else
			tls_handshake_lost(t, side);
		h->skip = (uint32_t)need;
		end_record(t, h);
		return 0;
	}
	tls_chain_add(&t->pool->store, &h->payload, in);
	if (in.n == need) {
		tls_chain_take(&t->pool->store, &h->payload, length, t->pool->record);
		record(t, side, slice_of(t->pool->record, length));
	}
	return in.n;
}

static size_t read_some(struct tls *t, int side, struct slice in)
{
	struct tls_half *h = &t->half[side];
	size_t n;

	if (h->begun)
		return read_payload(t, side, in);
	if (h->skip == 0)
		return read_head(t, side, in);
	n = h->skip < in.n ? h->skip : in.n;
	h->skip -= (uint32_t)n;
	return n;
}

size_t tls_record_feed(struct tls *t, int side, struct slice in)
{
	struct tls_half *h = &t->half[side];
	size_t all = in.n;

	t->piece = in;
	for (;;) {
		if (!h->begun && h->head_n == TLS_RECORD_HEAD && !begin(t, side))
			break;
		if (in.n == 0 && !(h->begun && payload_length(h) == 0))
			break;
		in = slice_from(in, read_some(t, side, in));
		if (t->wait == TLS_WAIT_SERVER && tls_server_answered(t))
			break; /* the client's bytes that waited come first */
	}
	return all - in.n;
}

/* ---- bytes that are missing ---- */

/* The record under way is damaged; so many bytes of it were still to come. */
static void damage(struct tls *t, int side)
{
	struct tls_half *h = &t->half[side];

	if (h->sealed_record)
		tls_protect_missed(t, side, payload_length(h), (struct slice){ NULL, 0 });
	else
		tls_handshake_lost(t, side);
	end_record(t, h);
}

void tls_record_gap(struct tls *t, int side, uint64_t bytes)
{
	struct tls_half *h = &t->half[side];
	uint64_t left = h->begun ? payload_length(h) - h->payload.n : h->skip;
	bool in_head = !h->begun && h->head_n > 0;

	if (h->begun)
		damage(t, side);
	if (bytes <= left && !in_head) {
		h->skip = (uint32_t)(left - bytes);
		return;
	}
	end_record(t, h);
	lose_place(t, side);
}

void tls_record_end(struct tls *t, int side)
{
	struct tls_half *h = &t->half[side];

	if (h->begun)
		damage(t, side);
	else if (h->head_n > 0 || h->lost)
		tls_protect_gap(t, side, 0);
	end_record(t, h);
	tls_handshake_lost(t, side);
	tls_handshake_end(t, side);
}
