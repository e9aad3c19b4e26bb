/* Hello messages, key logs, and whole connections with their key log: in any pieces the same is told.
 *
 * First byte: 0 a ClientHello, 1 a ServerHello, 2 a key log, 3 a connection whose keys are known, 4 one whose
 * keys come with the first event of kind 3. A connection: its key log, NUL, then events: side and kind,
 * length, bytes. */
#include <stdlib.h>

#include "core/base/hash.h"
#include "sensor/proto/tls/tls.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum kind { BYTES, MORE_BYTES, GAP, KEYS_OR_FIN };

struct run {
	struct tls_pool *pool;
	struct key_log *keys;
	struct tls *t;
	struct tls_sink sink;
	uint64_t sum[2], gaps[2]; /* of plaintext, by side */
	struct slice log;
	bool late;
};

static void see_plain(void *ctx, int side, struct slice bytes, const struct tls_at *at)
{
	struct run *r = ctx;

	r->sum[side] = r->sum[side] * 31 + hash64(bytes, at->seq);
}

static void see_gap(void *ctx, int side, uint64_t bytes, const struct tls_at *at)
{
	struct run *r = ctx;

	(void)at;
	r->gaps[side]++;
	r->sum[side] = r->sum[side] * 37 + bytes;
}

static void see_end(void *ctx, int side)
{
	struct run *r = ctx;

	r->sum[side] = r->sum[side] * 41 + 1;
}

static void see_hello(void *ctx, const struct tls_hello *h)
{
	struct run *r = ctx;

	if (strlen(h->sni) > h->sni_n || h->alpn_n > TLS_ALPN_MAX || strlen(h->ja3) % 32 != 0)
		abort();
	r->sum[0] = r->sum[0] * 43 + hash64(slice_of(h->random, TLS_RANDOM), h->suites);
}

static void see_choice(void *ctx, const struct tls_choice *c)
{
	struct run *r = ctx;

	r->sum[1] = r->sum[1] * 47 + c->suite + c->alpn_n;
}

static void read_log(struct run *r, size_t piece)
{
	struct key_log_source from = { .n = 0 };

	for (size_t at = 0; at < r->log.n; at += piece)
		key_log_feed(r->keys, &from, slice_head(slice_from(r->log, at), piece));
	key_log_end(r->keys, &from);
}

static void event(struct run *r, int side, enum kind kind, struct slice bytes, size_t length, uint32_t seq,
		  size_t piece)
{
	struct stream_at at = { 1, seq };

	if (kind == GAP) {
		tls_gap(r->t, side, length + 1, &at, &r->sink);
	} else if (kind != KEYS_OR_FIN) {
		for (; bytes.n > 0; bytes = slice_from(bytes, piece), at.seq += (uint32_t)piece)
			tls_data(r->t, side, slice_head(bytes, piece), &at, &r->sink);
	} else if (r->late) {
		r->late = false;
		read_log(r, piece);
		tls_retry(r->t, &r->sink);
	} else {
		tls_fin(r->t, side, &r->sink);
	}
}

static void events(struct run *r, struct slice in, size_t piece)
{
	uint32_t seq[2] = { 0, 0 };

	while (in.n >= 3) {
		int side = in.p[0] & 1;
		enum kind kind = in.p[0] >> 1 & 3;
		size_t length = (size_t)(in.p[1] << 8 | in.p[2]);
		struct slice bytes = { NULL, 0 };

		in = slice_from(in, 3);
		if (kind < GAP) {
			bytes = slice_head(in, length);
			in = slice_from(in, bytes.n);
		}
		event(r, side, kind, bytes, length, seq[side], piece);
		seq[side] += (uint32_t)(kind < GAP ? bytes.n : kind == GAP ? length + 1 : 0);
	}
}

static uint64_t connection(struct slice in, bool late, size_t piece)
{
	struct run r = { .log = in, .late = late };
	static struct tls_pool *pool; /* kept: to make one takes longer than all the rest */
	const uint8_t *nul = memchr(in.p, 0, in.n);
	struct tls_counts c;
	uint64_t sum;

	if (nul == NULL)
		return 0;
	r.log = slice_head(in, (size_t)(nul - in.p));
	pool = pool != NULL ? pool : tls_pool_new(1, 4 << 20);
	r.pool = pool;
	r.keys = key_log_new(16);
	r.t = tls_open(r.pool, r.keys);
	r.sink = (struct tls_sink){ &r, see_hello, see_choice, see_plain, see_gap, see_end };
	if (!late)
		read_log(&r, piece);
	events(&r, slice_from(in, r.log.n + 1), piece);
	tls_give_up(r.t, &r.sink);
	c = *tls_counts(r.t);
	sum = (r.sum[0] * 51 + r.sum[1]) * 51 + hash64(slice_of(&c, sizeof c), tls_state(r.t));
	tls_close(r.t);
	if (tls_pool_waiting(r.pool) != 0 || tls_pool_used(r.pool) != 0)
		abort();
	key_log_free(r.keys);
	return sum;
}

static uint64_t log_sum(struct slice in, size_t piece)
{
	struct run r = { .log = in };
	uint64_t sum;

	r.keys = key_log_new(2);
	read_log(&r, piece);
	sum = key_log_version(r.keys) * 1000003 + key_log_bad_lines(r.keys) * 31 + key_log_count(r.keys);
	key_log_free(r.keys);
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct slice in = slice_from(slice_of(data, n), 1);
	/* Pieces small enough to cut everything, and few enough not to reach the limit on what waits. */
	size_t piece = n < 2 ? 1 : 1 + data[n - 1] % 48 + n / 4096;
	struct run r = { .late = false };
	struct tls_hello h;
	struct tls_choice c;

	if (n < 2)
		return 0;
	switch (data[0] % 5) {
	case 0:
		if (tls_hello_client(in, 't', &h))
			see_hello(&r, &h);
		break;
	case 1:
		(void)tls_hello_server(in, &c);
		(void)tls_hello_encrypted_extensions(in, &c);
		break;
	case 2:
		if (log_sum(in, in.n) != log_sum(in, piece))
			abort();
		break;
	default:
		if (connection(in, data[0] % 5 == 4, SIZE_MAX / 2) != connection(in, data[0] % 5 == 4, piece))
			abort();
	}
	return 0;
}
