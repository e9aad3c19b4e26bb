/* QUIC connections out of datagrams that a test-side client and server seal. test_quic.c has the wire. */
#include <stdio.h>

#include "core/base/buf.h"
#include "sensor/proto/quic/quic.h"
#include "tests/lib/quic_seal.h"
#include "tests/lib/tap.h"

#define SECOND INT64_C(1000000000)
#define START (INT64_C(1800000000) * SECOND)
#define FIRST_ID "first-id" /* what clients choose at first */
#define PIECE 1000

struct rig {
	struct quic_pool *q;
	struct quic_sink sink;
	struct buf told;
	struct segment client; /* its ends, as it sends */
	int64_t ns;
};

/* "1 whole host.example RTNA 2/1 finished;": version, ClientHello, name, flags, datagrams, how it ended;
 * before that the client's port when it is not 4000, "guess" when the sides are one. */
static void see_closed(void *ctx, const struct quic_connection *c, enum quic_end how)
{
	static const char *const hellos[] = { "unread", "part", "odd", "whole" };
	static const char *const ends[] = { "idle", "followed", "evicted", "finished" };
	struct rig *r = ctx;
	char version[QUIC_VERSION_TEXT];

	quic_version_text(c->version, version);
	if (c->port[QUIC_CLIENT] != 4000)
		buf_fmt(&r->told, "%u ", c->port[QUIC_CLIENT]);
	buf_fmt(&r->told, "%s%s %s ", c->sure ? "" : "guess ", version, hellos[c->hello_is]);
	if (c->hello_is == QUIC_HELLO_WHOLE)
		buf_fmt(&r->told, "%s ", c->hello.sni);
	buf_fmt(&r->told, "%s%s%s%s %u/%u %s;", c->retry ? "R" : "", c->token ? "T" : "",
		c->negotiated ? "N" : "", c->answered ? "A" : "", (unsigned)c->datagrams[0],
		(unsigned)c->datagrams[1], ends[how]);
}

static void rig_make(struct rig *r, uint32_t n)
{
	memset(r, 0, sizeof *r);
	r->q = quic_pool_new(n);
	seal_must(r->q != NULL);
	r->sink = (struct quic_sink){ r, see_closed };
	buf_init(&r->told, 1 << 20);
	r->client.src.b[15] = 1;
	r->client.dst.b[15] = 2;
	r->client.sport = 4000;
	r->client.dport = 443;
	r->ns = START;
}

/* From a block of exactly its size; `n` bytes of it were captured. */
static void send_cut(struct rig *r, const struct wire *w, bool by_client, size_t n)
{
	struct segment s = r->client;
	uint8_t *exact = malloc(n + 1);

	seal_must(exact != NULL);
	if (!by_client) {
		s.src = r->client.dst;
		s.dst = r->client.src;
		s.sport = r->client.dport;
		s.dport = r->client.sport;
	}
	memcpy(exact + 1, w->b, n);
	s.payload = slice_of(exact + 1, n);
	s.payload_len = (uint32_t)w->n;
	quic_datagram(r->q, &s, r->ns, &r->sink);
	r->ns += SECOND / 1000;
	free(exact);
}

static void from_client(struct rig *r, const struct wire *w)
{
	send_cut(r, w, true, w->n);
}

static void from_server(struct rig *r, const struct wire *w)
{
	send_cut(r, w, false, w->n);
}

static void rig_check(struct rig *r, const char *want, const char *name)
{
	quic_finish(r->q, &r->sink);
	ok_slice(buf_slice(&r->told), slice_str(want), name);
	ok(quic_blocks_used(r->q) == 0 && quic_open_connections(r->q) == 0, "nothing is left");
	buf_free(&r->told);
	quic_pool_free(r->q);
}

/* ---- what clients and servers say ---- */

static const struct seal plain_client = {
	.version = SEAL_V1, .keys_of = { (const uint8_t *)FIRST_ID, 8 },
	.dcid = { (const uint8_t *)FIRST_ID, 8 }, .scid = { (const uint8_t *)"cc", 2 }, .datagram = 1200
};

/* One datagram with bytes `from` to `to` of a ClientHello. */
static void flight(struct wire *w, const struct seal *s, const struct wire *hello, size_t from, size_t to)
{
	static struct wire frames;

	frames.n = w->n = 0;
	wire_crypto(&frames, slice_of(hello->b, hello->n), from, to - from);
	seal(w, s, slice_of(frames.b, frames.n));
}

static void whole_flight(struct rig *r, const struct seal *s, const char *name)
{
	static struct wire hello, w;

	seal_hello(&hello, name, 0);
	flight(&w, s, &hello, 0, hello.n);
	from_client(r, &w);
}

/* The server's Initial: an ACK, under its own keys. */
static void answer(struct rig *r, const struct seal *client, const char *server_id, uint32_t version)
{
	struct seal s = *client;
	static struct wire w;

	s.version = version;
	s.by_server = true;
	s.dcid = client->scid;
	s.scid = slice_str(server_id);
	s.token = slice_of(NULL, 0);
	w.n = 0;
	seal(&w, &s, slice_of("\2\0\0\0\0", 5));
	from_server(r, &w);
}

static void short_header(struct rig *r, bool by_client)
{
	struct wire *w = calloc(1, sizeof *w);

	seal_must(w != NULL);
	wire_add(w, SLICE("\x41 0123456789012345678901234567890"));
	if (by_client)
		from_client(r, w);
	else
		from_server(r, w);
	free(w);
}

/* ---- one attempt ---- */

static void simple(uint32_t version, const char *want)
{
	struct seal s = plain_client;
	struct rig r;

	s.version = version;
	rig_make(&r, 4);
	whole_flight(&r, &s, "host.example");
	ok_int(quic_blocks_used(r.q), 0, "a whole ClientHello holds no memory");
	answer(&r, &s, "ss", version);
	short_header(&r, true);
	short_header(&r, false);
	rig_check(&r, want, "one connection");
}

/* Which datagram of a ClientHello in n pieces comes when; -1: the server speaks. */
static void in_pieces(size_t size, const char *order, const char *want, const char *name)
{
	static struct wire hello, w;
	struct seal s = plain_client;
	struct rig r;

	rig_make(&r, 4);
	seal_hello(&hello, "host.example", size);
	for (; *order != 0; order++) {
		size_t from = (size_t)(*order - '0') * PIECE;

		if (*order == '-') {
			answer(&r, &s, "ss", SEAL_V1);
			continue;
		}
		s.number = (uint64_t)(*order - '0');
		flight(&w, &s, &hello, from, from + PIECE < hello.n ? from + PIECE : hello.n);
		from_client(&r, &w);
	}
	rig_check(&r, want, name);
}

/* Pieces of three bytes in an order of their own, over four packets in two datagrams. */
static void crumbs(void)
{
	static struct wire hello, frames, w;
	struct seal s = plain_client;
	struct rig r;
	size_t n;

	rig_make(&r, 4);
	seal_hello(&hello, "host.example", 600);
	n = (hello.n + 2) / 3;
	s.datagram = 0;
	for (size_t packet = 0; packet < 4; packet++) {
		frames.n = 0;
		for (size_t i = packet; i < n; i += 4) {
			size_t at = i * 7919 % n * 3;

			wire_crypto(&frames, slice_of(hello.b, hello.n), at,
				    hello.n - at < 3 ? hello.n - at : 3);
			wire_add(&frames, slice_of("\1\0\0\2\0\0\0\0", packet == 2 ? 8 : 0));
		}
		s.number = packet;
		if (packet % 2 == 0)
			w.n = 0;
		seal(&w, &s, slice_of(frames.b, frames.n));
		if (packet % 2 == 1)
			from_client(&r, &w);
	}
	rig_check(&r, "1 whole host.example  2/0 finished;", "crumbs");
}

/* Initial, Handshake, what is no packet, all in a datagram; and a packet for somebody else. */
static void coalesced(void)
{
	static struct wire hello, frames, w;
	struct seal s = plain_client, other = plain_client;
	struct rig r;

	rig_make(&r, 4);
	seal_hello(&hello, "host.example", 600);
	s.datagram = 0;
	w.n = frames.n = 0;
	wire_crypto(&frames, slice_of(hello.b, hello.n), 0, 300);
	seal(&w, &s, slice_of(frames.b, frames.n));
	s.type = 2;
	seal(&w, &s, SLICE("sealed with other keys"));
	s.type = 0;
	s.number = 1;
	frames.n = 0;
	wire_crypto(&frames, slice_of(hello.b, hello.n), 300, hello.n - 300);
	seal(&w, &s, slice_of(frames.b, frames.n));
	wire_add(&w, SLICE("\x41 and a short header"));
	from_client(&r, &w);
	rig_check(&r, "1 whole host.example  1/0 finished;", "coalesced");

	rig_make(&r, 4);
	w.n = frames.n = 0;
	wire_crypto(&frames, slice_of(hello.b, hello.n), 0, 300);
	seal(&w, &s, slice_of(frames.b, frames.n));
	other.dcid = SLICE("other-id");
	frames.n = 0;
	wire_crypto(&frames, slice_of(hello.b, hello.n), 300, hello.n - 300);
	seal(&w, &other, slice_of(frames.b, frames.n));
	from_client(&r, &w);
	rig_check(&r, "1 part  1/0 finished;", "a packet for somebody else");
}

static void odd(const char *text, size_t n, uint64_t bad, uint64_t strange, const char *want,
		const char *name)
{
	static struct wire w;
	struct rig r;

	rig_make(&r, 4);
	w.n = 0;
	seal(&w, &plain_client, slice_of(text, n));
	from_client(&r, &w);
	ok(quic_counts(r.q)->bad == bad && quic_counts(r.q)->odd == strange, "counted");
	rig_check(&r, want, name);
}

/* ---- more than one attempt ---- */

enum told { SEEN, UNSEEN, FORGED };

/* A Retry, and what the client says then: from that on, another name tells which of them counts. */
static void after_retry(enum told how, const char *want, const char *name)
{
	static struct wire w;
	struct seal s = plain_client, retry = plain_client;
	struct rig r;

	rig_make(&r, 4);
	whole_flight(&r, &s, "before.example");
	retry.dcid = s.scid;
	retry.scid = SLICE("retry-id");
	retry.token = SLICE("token");
	w.n = 0;
	seal_retry(&w, &retry);
	w.b[w.n - 1] ^= how == FORGED;
	if (how != UNSEEN)
		from_server(&r, &w);
	s.keys_of = s.dcid = SLICE("retry-id");
	if (how != FORGED)
		s.token = retry.token;
	s.number = 1;
	whole_flight(&r, &s, "after.example");
	whole_flight(&r, &plain_client, "before.example"); /* late copies */
	answer(&r, &s, "ss", SEAL_V1);
	rig_check(&r, want, name);
}

/* What came before the Retry is captured after the server's answer. */
static void out_of_order(const char *client_id, const char *want, const char *name)
{
	struct seal s = plain_client, before = plain_client;
	struct rig r;

	rig_make(&r, 4);
	s.scid = before.scid = slice_str(client_id);
	s.keys_of = s.dcid = SLICE("retry-id");
	s.token = SLICE("token");
	whole_flight(&r, &s, "after.example");
	answer(&r, &s, "ss", SEAL_V1);
	whole_flight(&r, &before, "before.example");
	rig_check(&r, want, name);
}

static void version_negotiation(bool seen, const char *want, const char *name)
{
	static struct wire w;
	struct seal s = plain_client;
	struct rig r;

	rig_make(&r, 4);
	s.version = SEAL_V2;
	whole_flight(&r, &s, "before.example");
	w.n = 0;
	wire_int(&w, 0x80, 1);
	wire_int(&w, 0, 4);
	wire_vector(&w, s.scid);
	wire_vector(&w, s.dcid);
	wire_int(&w, SEAL_V1, 4);
	if (seen)
		from_server(&r, &w);
	s.version = SEAL_V1;
	if (seen)
		s.scid = SLICE("another");
	whole_flight(&r, &s, "after.example");
	s = plain_client;
	s.version = SEAL_V2;
	whole_flight(&r, &s, "before.example"); /* a late copy */
	rig_check(&r, want, name);
}

/* `token`: from the first connection, as a server gives them for the next one. */
static void ports_again(bool answered, const char *token, const char *want, const char *name)
{
	struct seal s = plain_client;
	struct rig r;

	rig_make(&r, 4);
	whole_flight(&r, &s, "one.example");
	if (answered)
		answer(&r, &s, "ss", SEAL_V1);
	s.keys_of = s.dcid = SLICE("second-id");
	s.token = slice_str(token);
	whole_flight(&r, &s, "two.example");
	rig_check(&r, want, name);
}

static void ids_change(void)
{
	static struct wire hello, w;
	struct seal s = plain_client;
	struct rig r;

	rig_make(&r, 4);
	seal_hello(&hello, "host.example", 1500);
	flight(&w, &s, &hello, 0, PIECE);
	from_client(&r, &w);
	answer(&r, &s, "server-id", SEAL_V1);
	s.dcid = SLICE("server-id"); /* the keys stay */
	s.number = 1;
	flight(&w, &s, &hello, PIECE, hello.n);
	from_client(&r, &w);
	whole_flight(&r, &s, "late.example");
	ok_int((int64_t)quic_counts(r.q)->unopened, 0, "nothing was left unread");
	answer(&r, &plain_client, "server-id", SEAL_V2);
	rig_check(&r, "2 whole host.example A 3/2 finished;", "the server's id, and a version it chose");
}

/* ---- begun before the capture, on one side, cut ---- */

static void midway(void)
{
	static struct wire w;
	struct seal s = plain_client;
	struct rig r;

	rig_make(&r, 4);
	s.dcid = SLICE("server-id");
	whole_flight(&r, &s, "host.example");
	ok_int((int64_t)quic_counts(r.q)->unopened, 1, "unopened");
	short_header(&r, false);
	rig_check(&r, "guess 1 unread A 1/1 finished;", "met midway");

	rig_make(&r, 4);
	answer(&r, &plain_client, "ss", SEAL_V1);
	rig_check(&r, "guess 1 unread  0/1 finished;", "the server alone");

	rig_make(&r, 4);
	r.client.sport = 400; /* a guess would be wrong */
	answer(&r, &plain_client, "ss", SEAL_V1);
	whole_flight(&r, &plain_client, "host.example");
	rig_check(&r, "400 1 whole host.example  1/1 finished;", "the server first");

	rig_make(&r, 4);
	short_header(&r, true);
	w.n = 0;
	wire_add(&w, SLICE("\xe0\0\0\0\1\0\0\2zz")); /* Handshake */
	from_client(&r, &w);
	w.n = 0;
	wire_add(&w, SLICE("\xc0\0\0\0\1\0\0\0\2zz")); /* too small an Initial */
	from_client(&r, &w);
	rig_check(&r, "", "no Initial");
}

static void cut_anywhere(void)
{
	static struct wire hello, w;
	int bad = 0;

	seal_hello(&hello, "host.example", 0);
	flight(&w, &plain_client, &hello, 0, hello.n);
	for (size_t n = 0; n < w.n; n += n < 40 ? 1 : 97) {
		struct rig r;

		rig_make(&r, 4);
		send_cut(&r, &w, true, n);
		bad += quic_counts(r.q)->cut != quic_open_connections(r.q);
		bad += n >= 40 && quic_open_connections(r.q) != 1;
		quic_finish(r.q, &r.sink);
		if (r.told.n != 0)
			bad += !slice_is(buf_slice(&r.told), "guess 1 unread  1/0 finished;");
		buf_free(&r.told);
		quic_pool_free(r.q);
	}
	ok_int(bad, 0, "cut anywhere");
}

static void foreign(void)
{
	static struct wire w;
	struct rig r;

	rig_make(&r, 4);
	for (int i = 0; i < 2; i++) {
		w.n = 0;
		wire_int(&w, 0xc0, 1);
		wire_int(&w, i == 0 ? 0x51303436 : 0xbabababa, 4);
		wire_vector(&w, SLICE(FIRST_ID));
		while (w.n < 1200)
			wire_int(&w, 0, 1);
		from_client(&r, &w);
	}
	ok_int((int64_t)quic_counts(r.q)->foreign, 1, "an unknown version; a reserved one is none");
	rig_check(&r, "", "is no connection");
}

/* ---- limits ---- */

static void limits(void)
{
	static struct wire hello, w;
	struct rig r;

	rig_make(&r, 2);
	for (uint16_t port = 4001; port <= 4003; port++) {
		r.client.sport = port;
		whole_flight(&r, &plain_client, "host.example");
	}
	r.ns = START + 59 * SECOND;
	r.client.sport = 4002;
	short_header(&r, true);
	quic_time(r.q, START + SECOND / 500 + QUIC_IDLE_NS - 1, &r.sink);
	ok_int(quic_open_connections(r.q), 2, "not yet a minute");
	quic_time(r.q, START + SECOND / 500 + QUIC_IDLE_NS, &r.sink);
	ok_int(quic_open_connections(r.q), 1, "one of them has spoken again");
	ok_int((int64_t)quic_counts(r.q)->evicted, 1, "one was pushed out");
	rig_check(&r, "4001 1 whole host.example  1/0 evicted;4003 1 whole host.example  1/0 idle;"
		  "4002 1 whole host.example  2/0 finished;", "two at a time");

	rig_make(&r, 64);
	seal_hello(&hello, "host.example", 1500);
	for (uint16_t port = 5001; port <= 5020; port++) {
		r.client.sport = port;
		flight(&w, &plain_client, &hello, 0, PIECE);
		from_client(&r, &w);
	}
	ok_int((int64_t)quic_counts(r.q)->crowded, 4, "20 incomplete ones, room for 16");
	ok_int(quic_blocks_used(r.q), 16, "all in use");
	quic_time(r.q, START + 100 * SECOND, &r.sink);
	buf_clear(&r.told);
	rig_check(&r, "", "all gone");
}

/* The oldest one needs more room: others give it up. */
static void crowded(void)
{
	static struct wire hello, w;
	struct seal s = plain_client;
	struct rig r;

	rig_make(&r, 64);
	seal_hello(&hello, "host.example", 9000);
	flight(&w, &s, &hello, 0, PIECE);
	for (r.client.sport = 5001; r.client.sport <= 5016; r.client.sport++)
		from_client(&r, &w);
	r.client.sport = 5001;
	for (size_t at = PIECE; at < hello.n; at += PIECE) {
		s.number++;
		flight(&w, &s, &hello, at, at + PIECE < hello.n ? at + PIECE : hello.n);
		from_client(&r, &w);
	}
	ok_int((int64_t)quic_counts(r.q)->crowded, 2, "two more blocks, of two others");
	quic_time(r.q, START + 59 * SECOND, &r.sink);
	for (r.client.sport = 5002; r.client.sport <= 5016; r.client.sport++)
		short_header(&r, true);
	quic_time(r.q, START + 61 * SECOND, &r.sink);
	ok_slice(buf_slice(&r.told), SLICE("5001 1 whole host.example  9/0 idle;"), "the oldest is whole");
	quic_finish(r.q, &r.sink);
	buf_clear(&r.told);
	rig_check(&r, "", "crowded");
}

/* All but its type is as with a ClientHello. */
static void other_type(void)
{
	static struct wire hello, w;
	struct rig r;

	rig_make(&r, 4);
	seal_hello(&hello, "host.example", 0);
	hello.b[0] = 2;
	flight(&w, &plain_client, &hello, 0, hello.n);
	from_client(&r, &w);
	ok_int((int64_t)quic_counts(r.q)->odd, 1, "counted");
	rig_check(&r, "1 odd  1/0 finished;", "another message");
}

/* A ClientHello as long as can be, and one byte more. */
static void longest(size_t size, const char *want)
{
	static struct wire hello, w;
	struct seal s = plain_client;
	struct rig r;

	rig_make(&r, 4);
	seal_hello(&hello, "host.example", size);
	for (size_t at = 0; at < hello.n; at += PIECE, s.number++) {
		flight(&w, &s, &hello, at, at + PIECE < hello.n ? at + PIECE : hello.n);
		from_client(&r, &w);
	}
	rig_check(&r, want, "16 KiB");
}

int main(void)
{
	simple(SEAL_V1, "1 whole host.example A 2/2 finished;");
	simple(SEAL_V2, "2 whole host.example A 2/2 finished;");
	simple(SEAL_29, "draft-29 whole host.example A 2/2 finished;");
	in_pieces(1800, "01", "1 whole host.example  2/0 finished;", "two datagrams");
	in_pieces(1800, "10", "1 whole host.example  2/0 finished;", "the second first");
	in_pieces(1800, "00-11", "1 whole host.example A 4/1 finished;", "each twice, the server between");
	in_pieces(9000, "876543210", "1 whole host.example  9/0 finished;", "nine of them, backwards");
	in_pieces(9000, "012-34567", "1 part A 8/1 finished;", "the last one lost");
	in_pieces(9000, "12345678", "1 part  8/0 finished;", "the first one lost");
	longest(16384, "1 whole host.example  17/0 finished;");
	longest(16385, "1 odd  17/0 finished;");
	crumbs();
	coalesced();
	odd("\1\1\1\1", 4, 0, 0, "1 part  1/0 finished;", "no CRYPTO frame");
	odd("\x06\0\4\2\0\0\0", 7, 0, 1, "1 odd  1/0 finished;", "a ServerHello");
	odd("\x06\0\4\1\0\0\0", 7, 0, 1, "1 odd  1/0 finished;", "an empty ClientHello");
	odd("\x08\0\4\1\0\0\0", 7, 1, 0, "1 part  1/0 finished;", "a STREAM frame");
	after_retry(SEEN, "1 whole after.example RTA 3/2 finished;", "Retry");
	after_retry(UNSEEN, "1 whole after.example TA 3/1 finished;", "a Retry that was not captured");
	after_retry(FORGED, "1 whole before.example  1/1 followed;1 whole after.example  1/0 followed;"
		    "1 whole before.example A 1/1 finished;", "a forged Retry, and connections of their own");
	out_of_order("ccc", "1 whole after.example TA 2/1 finished;", "a Retry, out of order");
	out_of_order("", "1 whole after.example TA 1/1 followed;1 whole before.example  1/0 finished;",
		     "without an id of the client this is another one");
	version_negotiation(true, "1 whole after.example N 3/1 finished;", "Version Negotiation");
	version_negotiation(false, "1 whole after.example  3/0 finished;", "and not captured");
	ports_again(true, "", "1 whole one.example A 1/1 followed;1 whole two.example  1/0 finished;",
		    "ports again");
	ports_again(true, "token", "1 whole one.example A 1/1 followed;1 whole two.example T 1/0 finished;",
		    "again, with a token");
	ports_again(false, "", "1 whole one.example  1/0 followed;1 whole two.example  1/0 finished;",
		    "again, and nobody answered");
	ids_change();
	midway();
	cut_anywhere();
	foreign();
	limits();
	crowded();
	other_type();
	return tap_done();
}
