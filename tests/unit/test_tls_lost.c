/* Parts of a TLS connection were not captured: what was is read, and nothing else. */
#include "tests/lib/tls_rig.h"

/* ---- lost stretches ---- */

/* The record that byte `at` of a direction is in. */
static void record_at(const struct buf *wire, size_t at, size_t *start, size_t *end)
{
	for (*start = 0;; *start = *end) {
		*end = *start + 5 + (size_t)(wire->p[*start + 3] << 8 | wire->p[*start + 4]);
		if (at < *end)
			return;
	}
}

/* n bytes at `from` are lost; records of `each` bytes of content were sent since `first`. */
static void lose(struct listener *l, const struct peer *p, size_t first, size_t each, size_t from, size_t n,
		 bool chained, const char *name)
{
	struct slice said = buf_slice(&p->said[1]), heard;
	size_t a, b, c, d, skipped, before = 0, behind;
	struct seen s;
	bool good;

	record_at(&p->wire[1], from, &a, &b);
	record_at(&p->wire[1], from + n - 1, &c, &d);
	for (size_t x = first; x < a; before += each)
		record_at(&p->wire[1], x, &skipped, &x);
	behind = before;
	for (size_t x = a; x < d; behind += each)
		record_at(&p->wire[1], x, &skipped, &x);
	behind += chained ? each : 0;
	seen_init(&s);
	listen_to(l, p, 997, KEYS_BEFORE, (struct lost){ 1, from, n }, &s);
	heard = buf_slice(&s.plain[1]);
	good = s.gaps[1] > 0 && s.before_gap[1] == before && s.missing[1] <= behind - before &&
	       s.ends[1] == 1 && slice_eq(slice_head(heard, before), slice_head(said, before)) &&
	       slice_eq(slice_from(heard, before), slice_from(said, behind)) &&
	       slice_eq(buf_slice(&s.plain[0]), buf_slice(&p->said[0]));
	if (!ok(good, name))
		printf("#   %zu to %zu lost: heard %zu of %zu, %zu before the gap; want %zu, and from %zu "
		       "on\n",
		       from, from + n, heard.n, said.n, s.before_gap[1], before, behind);
	seen_free(&s);
}

static void holes(struct listener *l, int version, const char *suite, uint64_t options)
{
	struct peer_options o = { .version = version, .suite = suite, .options = options };
	struct peer p;
	bool chained = version == TLS1_VERSION;
	size_t first, size, all;
	char name[120];

	peer_open(&p, &o, &l->id, NULL);
	peer_shake(&p);
	peer_say(&p, 0, 100);
	peer_settle(&p);
	first = p.wire[1].n;
	peer_say(&p, 1, 600);
	size = p.wire[1].n - first;
	for (int i = 0; i < 150; i++)
		peer_say(&p, 1, 600);
	all = p.wire[1].n;
	peer_bye(&p);
	for (size_t k = 0; k < 4; k++) {
		static const size_t many[] = { 1, 2, 40, 90 };
		size_t at = first + 8 * size, n = many[k] * size;

		snprintf(name, sizeof name, "%s: %zu whole records lost", suite, many[k]);
		if (many[k] < TLS_TRIES)
			lose(l, &p, first, 600, at, n, chained, name);
		snprintf(name, sizeof name, "%s: the middle of a record, and more", suite);
		if (many[k] < TLS_TRIES)
			lose(l, &p, first, 600, at + 100, n - 50, chained, name);
	}
	lose(l, &p, first, 600, first + 20 * size + 7, 1, chained, "one byte");
	lose(l, &p, first, 600, first + 20 * size, 3, chained, "of a head");
	lose(l, &p, first, 600, first + 20 * size - 1, 2, chained, "across two records");
	lose(l, &p, first, 600, first, 3 * size, chained, "the first records");
	lose(l, &p, first, 600, all - 2 * size - 3, size, chained, "near the end");
	peer_free(&p);
}

/* Where it can be proven that no application data was lost, no gap is told. */
static void hole_in_handshake(struct listener *l, int record, size_t from, size_t n, const char *name)
{
	struct peer_options o = { .version = TLS1_3_VERSION };
	struct peer p;
	struct seen s;
	size_t start = 0, end = 0;

	peer_open(&p, &o, &l->id, NULL);
	peer_shake(&p);
	for (int i = 0; i < 5; i++)
		talk(&p);
	peer_bye(&p);
	for (int i = 0; i <= record; i++)
		record_at(&p.wire[1], end, &start, &end);
	seen_init(&s);
	listen_to(l, &p, 100, KEYS_BEFORE, (struct lost){ 1, start + from, n == 0 ? end - start : n }, &s);
	ok(heard_all(&p, &s), name);
	seen_free(&s);
	peer_free(&p);
}

/* More is lost than numbers are tried at once: some records more are lost, then it goes on. */
static void large_hole(struct listener *l)
{
	struct peer_options o = { .version = TLS1_3_VERSION };
	struct peer p;
	struct seen s;
	size_t first, size, n;

	peer_open(&p, &o, &l->id, NULL);
	peer_shake(&p);
	peer_settle(&p);
	first = p.wire[1].n;
	peer_say(&p, 1, 50);
	size = p.wire[1].n - first;
	for (int i = 0; i < 999; i++)
		peer_say(&p, 1, 50);
	peer_bye(&p);
	seen_init(&s);
	listen_to(l, &p, 2000, KEYS_BEFORE, (struct lost){ 1, first + 10 * size, 500 * size }, &s);
	n = s.plain[1].n - 500;
	ok(n >= 50 * (490 - 500 / TLS_TRIES - 1) && n % 50 == 0, "500 records lost");
	ok_slice(slice_from(buf_slice(&s.plain[1]), 500), slice_from(buf_slice(&p.said[1]), p.said[1].n - n),
		 "the rest is right");
	seen_free(&s);
	peer_free(&p);
}

/* Each packet of the handshake and of what follows is lost once. */
static void lose_each_chunk(struct listener *l, int version, const char *name)
{
	struct peer_options o = { .version = version };
	struct peer p;
	size_t at[2] = { 0, 0 };
	bool wrong = false;
	int read = 0;

	peer_open(&p, &o, &l->id, NULL);
	peer_shake(&p);
	for (int i = 0; i < 5; i++)
		talk(&p);
	if (version == TLS1_3_VERSION) {
		SSL_key_update(p.ssl[0], SSL_KEY_UPDATE_REQUESTED);
		talk(&p);
	}
	peer_bye(&p);
	for (size_t i = 0; i < p.chunks; i++) {
		int side = p.chunk[i].side;
		struct seen s;

		seen_init(&s);
		listen_to(l, &p, 1000, KEYS_BEFORE, (struct lost){ side, at[side], p.chunk[i].n }, &s);
		at[side] += p.chunk[i].n;
		for (int d = 0; d < 2; d++) {
			struct slice said = buf_slice(&p.said[d]), heard = buf_slice(&s.plain[d]);
			size_t k = s.gaps[d] > 0 ? s.before_gap[d] : heard.n;
			bool good = k <= heard.n && slice_eq(slice_head(heard, k), slice_head(said, k)) &&
				    heard.n <= said.n &&
				    slice_eq(slice_from(heard, k), slice_from(said, said.n - (heard.n - k)));

			if (!good || (d != side && heard.n != 0 && heard.n != said.n))
				wrong = true;
			read += heard.n > 0;
		}
		seen_free(&s);
	}
	ok(!wrong && read > 5, name);
	printf("# %zu chunks, %d directions read\n", p.chunks, read);
	peer_free(&p);
}

int main(void)
{
	struct listener l = { tls_pool_new(4, 2 << 20), NULL, { { NULL, NULL }, { NULL, NULL } } };

	peer_identify(&l.id);
	holes(&l, TLS1_3_VERSION, "TLS_AES_128_GCM_SHA256", 0);
	holes(&l, TLS1_3_VERSION, "TLS_AES_128_CCM_SHA256", 0);
	holes(&l, TLS1_3_VERSION, "TLS_CHACHA20_POLY1305_SHA256", 0);
	holes(&l, TLS1_2_VERSION, "ECDHE-RSA-AES128-GCM-SHA256", 0);
	holes(&l, TLS1_2_VERSION, "ECDHE-RSA-CHACHA20-POLY1305", 0);
	holes(&l, TLS1_2_VERSION, "ECDHE-RSA-AES128-SHA256", 0);
	holes(&l, TLS1_2_VERSION, "ECDHE-RSA-AES256-SHA384", SSL_OP_NO_ENCRYPT_THEN_MAC);
	holes(&l, TLS1_VERSION, "AES128-SHA", SSL_OP_DONT_INSERT_EMPTY_FRAGMENTS);
	hole_in_handshake(&l, 3, 50, 30, "a hole in the certificate");
	hole_in_handshake(&l, 3, 2, 1, "a hole in a head of the handshake");
	hole_in_handshake(&l, 5, 0, 0, "Finished is lost");
	large_hole(&l);
	lose_each_chunk(&l, TLS1_3_VERSION, "TLS 1.3, each packet lost once");
	lose_each_chunk(&l, TLS1_2_VERSION, "TLS 1.2, each packet lost once");
	key_log_free(l.keys);
	tls_pool_free(l.pool);
	peer_identity_free(&l.id);
	return tap_done();
}
