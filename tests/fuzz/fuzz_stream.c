/* Any segments, in any order and under tight limits: what is told of a connection goes on from number to
 * number, comes between its opening and its close, and leaves nothing behind. Each segment is eight bytes
 * of the input: who sends it, flags, time, how far its numbers are from where the side stands, and how
 * long it is. */
#include <stdlib.h>

#include "sensor/proto/tcp/stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define CONNS_MAX 4096
#define PORTS 4

struct conn {
	uint32_t next[2];
	bool begun[2], fin[2], open;
};

struct hearing {
	struct conn conns[CONNS_MAX];
	size_t n, open;
	uint64_t gaps, gap_bytes;
};

static void must(bool good)
{
	if (!good)
		abort();
}

static void *on_open(void *ctx, const struct stream_key *key, bool from_start, int64_t ns)
{
	struct hearing *h = ctx;
	struct conn *c = &h->conns[h->n++ % CONNS_MAX];

	(void)from_start;
	(void)ns;
	memset(c, 0, sizeof *c);
	h->open++;
	if (key->port[0] == 1 || key->port[1] == 1)
		return NULL;
	c->open = true;
	return c;
}

static void goes_on(struct conn *c, int side, uint64_t n, const struct stream_at *at)
{
	must(c != NULL && c->open && !c->fin[side] && n > 0);
	must(!c->begun[side] || c->next[side] == at->seq);
	c->begun[side] = true;
	c->next[side] = at->seq + (uint32_t)n;
}

static void on_data(void *ctx, void *conn, int side, struct slice bytes, const struct stream_at *at)
{
	(void)ctx;
	goes_on(conn, side, bytes.n, at);
	/* each byte of a side tells its place, unless it was forged */
	for (size_t i = 0; i < bytes.n; i++)
		must(bytes.p[i] == (uint8_t)(at->seq + i) || bytes.p[i] == 0xee);
}

static void on_gap(void *ctx, void *conn, int side, uint64_t bytes, const struct stream_at *at)
{
	struct hearing *h = ctx;

	goes_on(conn, side, bytes, at);
	h->gaps++;
	h->gap_bytes += bytes;
}

static void on_fin(void *ctx, void *conn, int side, int64_t ns)
{
	struct conn *c = conn;

	(void)ctx;
	(void)ns;
	must(c != NULL && c->open && !c->fin[side]);
	c->fin[side] = true;
}

static void on_close(void *ctx, void *conn, enum stream_end how, int64_t ns)
{
	struct hearing *h = ctx;
	struct conn *c = conn;

	(void)ns;
	must(h->open > 0);
	h->open--;
	if (c == NULL)
		return;
	must(c->open && (c->fin[0] && c->fin[1]) == (how == STREAM_FIN));
	c->open = false;
}

/* A number near `base`, or sometimes anywhere. */
static uint32_t near(uint32_t base, uint8_t by)
{
	uint32_t step = by % 3 == 0 ? 700 : 1;

	return by >= 0xf0 ? base + ((uint32_t)by << 27) : base + (uint32_t)(by - 64) * step;
}

static void segment(struct streams *s, const uint8_t d[8], uint32_t base[PORTS][2], int64_t *ns)
{
	static uint8_t bytes[8192];
	int side = d[0] & 1;
	unsigned port = (d[0] >> 1) % PORTS;
	uint32_t *mine = &base[port][side], n = d[5] < 200 ? d[5] % 64 : (d[5] - 199u) * 140;
	struct segment g = { 0 };

	g.sport = (uint16_t)(side == 0 ? port : 9);
	g.dport = (uint16_t)(side == 0 ? 9 : port);
	g.src.b[0] = (uint8_t)side;
	g.dst.b[0] = !side;
	g.flags = d[1] & (TCP_ACK | TCP_FIN | TCP_SYN | TCP_RST);
	g.seq = near(*mine, d[2]);
	g.ack = near(base[port][!side], d[3]);
	*ns += d[4] < 0xf8 ? d[4] * INT64_C(5000000) : (int64_t)(d[4] - 0xfc) * (STREAM_IDLE_NS / 2);
	for (uint32_t i = 0; i < n; i++)
		bytes[i] = (d[6] & 1) != 0 ? 0xee : (uint8_t)(g.seq + ((g.flags & TCP_SYN) != 0 ? 1 : 0) + i);
	g.payload = slice_of(bytes, n);
	g.payload_len = n + (d[6] >= 0xf0 ? d[7] : 0);
	streams_segment(s, &g, *ns);
	if ((d[6] & 2) != 0)
		*mine += n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct hearing h;
	struct stream_sink sink = { &h, on_open, on_data, on_gap, on_fin, on_close };
	struct stream_limits limits;
	struct losses losses = { 0 };
	uint32_t base[PORTS][2] = { { 0, UINT32_MAX - 100 }, { 5, 6 }, { 1u << 31, 70000 }, { 1, 2 } };
	int64_t ns = INT64_C(1800000000000000000);
	struct streams *s;

	if (n < 3 || n / 8 > CONNS_MAX)
		return 0;
	limits = (struct stream_limits){ data[0] % 4, data[1] % 16, data[2] % 8 };
	s = streams_new(&limits, &sink, &losses);
	must(s != NULL);
	h.n = h.open = 0;
	h.gaps = h.gap_bytes = 0;
	for (size_t i = 3; i + 8 <= n; i += 8) {
		segment(s, data + i, base, &ns);
		must(streams_waiting(s) <= (limits.segments > 0 ? limits.segments : 1));
		must(streams_open(s) == h.open);
	}
	streams_finish(s, ns);
	must(h.open == 0 && streams_open(s) == 0 && streams_waiting(s) == 0);
	must(losses.of[LOSS_STREAM_GAP].n == h.gaps && losses.of[LOSS_STREAM_GAP].bytes == h.gap_bytes);
	streams_free(s);
	return 0;
}
