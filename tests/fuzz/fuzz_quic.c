/* QUIC datagrams, and what is sealed in them. First byte of the input:
 *
 * 0: datagrams as they come. Each: a byte (1 by the server, 2 the other client, 4 cut by half, 8 ten seconds
 *    later) and two of length.
 * 1: frames of one stream. Each payload: two bytes of length. Its CRYPTO stream is as in a plain array.
 * 2: payloads that are sealed here, as a fuzzer cannot. Each: a byte (1 version 2, 2 another id, 4 a token,
 *    8 the other client, 16 the server speaks first, 32 in the datagram of the one before) and two of
 *    length. */
#include <stdlib.h>

#include "sensor/proto/quic/quic.h"
#include "sensor/proto/quic/quic_crypto.h"
#include "tests/lib/quic_seal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define SECOND INT64_C(1000000000)
#define CONNECTIONS 2

struct run {
	struct quic_pool *q;
	struct quic_sink sink;
	int64_t ns;
	uint64_t told, datagrams, sent;
};

static void see_closed(void *ctx, const struct quic_connection *c, enum quic_end how)
{
	struct run *r = ctx;

	r->told++;
	r->datagrams += c->datagrams[0] + c->datagrams[1];
	seal_must(how <= QUIC_FINISHED && c->hello_is <= QUIC_HELLO_WHOLE && c->first_ns <= c->last_ns);
	seal_must(c->cid_n <= QUIC_CID_MAX && (c->sure || c->hello_is == QUIC_HELLO_UNREAD));
	seal_must(c->hello_is != QUIC_HELLO_WHOLE || c->hello.sni_n <= TLS_NAME_MAX);
}

static void begin(struct run *r)
{
	memset(r, 0, sizeof *r);
	r->q = quic_pool_new(CONNECTIONS);
	seal_must(r->q != NULL);
	r->sink = (struct quic_sink){ r, see_closed };
	r->ns = 1800000000 * SECOND;
}

static void end(struct run *r)
{
	const struct quic_counts *c = quic_counts(r->q);

	quic_finish(r->q, &r->sink);
	seal_must(quic_open_connections(r->q) == 0 && quic_blocks_used(r->q) == 0);
	seal_must(r->told <= r->sent && r->datagrams <= r->sent && c->foreign + r->datagrams <= r->sent);
	quic_pool_free(r->q);
}

static void deliver(struct run *r, struct slice bytes, bool by_server, bool other, size_t missing)
{
	struct segment s = { .sport = other ? 4001 : 4000, .dport = 443, .payload = bytes };
	uint8_t *exact = malloc(bytes.n + 1);

	seal_must(exact != NULL);
	s.src.b[0] = 1;
	if (by_server) {
		s.dst = s.src;
		s.src.b[0] = 0;
		s.dport = s.sport;
		s.sport = 443;
	}
	if (bytes.n > 0)
		memcpy(exact + 1, bytes.p, bytes.n);
	s.payload.p = exact + 1;
	s.payload_len = (uint32_t)(bytes.n + missing);
	r->sent++;
	quic_datagram(r->q, &s, r->ns, &r->sink);
	seal_must(quic_open_connections(r->q) <= CONNECTIONS && quic_blocks_used(r->q) <= 16);
	free(exact);
}

/* The next piece of the input. */
static bool take(struct slice *in, struct slice *out)
{
	size_t n;

	if (in->n < 2)
		return false;
	n = (size_t)in->p[0] << 8 | in->p[1];
	*out = slice_head(slice_from(*in, 2), n);
	*in = slice_from(*in, 2 + n);
	return true;
}

static void raw(struct slice in)
{
	struct slice bytes;
	struct run r;

	begin(&r);
	while (in.n > 0) {
		uint8_t how = in.p[0];

		in = slice_from(in, 1);
		if (!take(&in, &bytes))
			break;
		if ((how & 8) != 0)
			r.ns += 10 * SECOND;
		if ((how & 4) != 0)
			deliver(&r, slice_head(bytes, bytes.n / 2), how & 1, how & 2, bytes.n - bytes.n / 2);
		else
			deliver(&r, bytes, how & 1, how & 2, 0);
	}
	end(&r);
}

static void stream(struct slice in)
{
	static uint8_t want[QUIC_CRYPTO_MAX], have[QUIC_CRYPTO_MAX], got[QUIC_CRYPTO_MAX];
	struct quic_crypto c = { .ready = 0 };
	struct slice plain, data;
	struct quic_blocks b;
	size_t ready = 0;
	uint64_t offset;

	memset(have, 0, sizeof have);
	seal_must(quic_blocks_init(&b, QUIC_BLOCKS_EACH));
	while (take(&in, &plain))
		while (quic_frame_crypto(1, &plain, &offset, &data) == QUIC_CRYPTO) {
			seal_must(quic_crypto_add(&b, &c, offset, data));
			for (size_t i = 0; i < data.n && offset + i < QUIC_CRYPTO_MAX; i++) {
				if (!have[offset + i])
					want[offset + i] = data.p[i];
				have[offset + i] = 1;
			}
		}
	while (ready < QUIC_CRYPTO_MAX && have[ready])
		ready++;
	seal_must(c.ready == ready);
	quic_crypto_copy(&b, &c, got, ready);
	seal_must(memcmp(got, want, ready) == 0);
	quic_crypto_drop(&b, &c);
	seal_must(b.used == 0);
	quic_blocks_free(&b);
}

static void sealed(struct slice in)
{
	static struct wire w;
	struct seal s = { .scid = SLICE("cc") };
	struct slice frames;
	struct run r;

	w.n = 0;
	begin(&r);
	while (in.n > 0) {
		uint8_t how = in.p[0];

		in = slice_from(in, 1);
		if (!take(&in, &frames) || frames.n > 16000)
			break;
		s.version = (how & 1) != 0 ? SEAL_V2 : SEAL_V1;
		s.keys_of = s.dcid = (how & 2) != 0 ? SLICE("another-id") : SLICE("first-id");
		s.token = (how & 4) != 0 ? SLICE("token") : slice_of(NULL, 0);
		if ((how & 32) == 0 || w.n > 32000)
			w.n = 0;
		seal(&w, &s, frames);
		s.number = (s.number + 1) & 0x7f;
		if ((how & 16) != 0)
			deliver(&r, SLICE("\xc0\0\0\0\1\2cc\2ss\0\1\0"), true, how & 8, 0);
		deliver(&r, slice_of(w.b, w.n), false, how & 8, 0);
	}
	seal_must(quic_counts(r.q)->unopened == 0 || r.sent > 120); /* all are whole and true: all open */
	end(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct slice in = slice_from(slice_of(data, n), 1);

	if (n == 0)
		return 0;
	switch (data[0]) {
	case 0: raw(in); break;
	case 1: stream(in); break;
	case 2: sealed(in); break;
	default: break;
	}
	return 0;
}
