/* The key log of a capture, as a file that grows, is truncated and changes; and what the tap makes of secrets
 * that come after the packets. */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/base/hash.h"
#include "sensor/capture_keys.h"
#include "sensor/proto/tap.h"
#include "tests/lib/tap.h"
#include "tests/lib/tls_peer.h"
#include "tests/lib/wire.h"

#define S32 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define LINE 177 /* bytes of a line */

static int new_file(void)
{
	int fd = memfd_create("keys", MFD_CLOEXEC);

	if (fd < 0)
		abort();
	return fd;
}

/* The line of connection n, or a part of it. */
static void write_part(int fd, unsigned n, size_t from, size_t to)
{
	char line[LINE + 1];

	snprintf(line, sizeof line, "CLIENT_RANDOM %064x " S32 "0123456789abcdef0123456789abcdef\n", n);
	if (lseek(fd, 0, SEEK_END) < 0 || write(fd, line + from, to - from) != (ssize_t)(to - from))
		abort();
}

static void write_line(int fd, unsigned n)
{
	write_part(fd, n, 0, strlen("CLIENT_RANDOM ") + 64 + 1 + 96 + 1);
}

static bool has(struct capture_keys *k, unsigned n)
{
	uint8_t random[KEY_LOG_RANDOM] = { 0 };

	random[KEY_LOG_RANDOM - 1] = (uint8_t)n;
	random[KEY_LOG_RANDOM - 2] = (uint8_t)(n >> 8);
	random[KEY_LOG_RANDOM - 3] = (uint8_t)(n >> 16);
	return key_log_secret(capture_keys_log(k), random, KEY_LOG_MASTER).n == 48;
}

static void test_growing(void)
{
	struct capture_keys *k = capture_keys_new(100);
	int fd = new_file();

	ok(!capture_keys_step(k), "no file, nothing to do");
	write_line(fd, 1);
	write_part(fd, 2, 0, 50);
	capture_keys_file(k, dup(fd));
	ok(!capture_keys_step(k), "a file is read at once");
	ok(has(k, 1) && !has(k, 2), "its whole lines");
	write_part(fd, 2, 50, LINE - 1);
	ok(!has(k, 2), "a line is made longer");
	capture_keys_step(k);
	ok(has(k, 2), "and read when it is whole");
	ok_int((int64_t)key_log_bad_lines(capture_keys_log(k)), 0, "no line was bad");
	capture_keys_free(k);
	close(fd);
}

static void test_truncated(void)
{
	struct capture_keys *k = capture_keys_new(100);
	int fd = new_file();

	capture_keys_file(k, dup(fd));
	write_line(fd, 1);
	write_part(fd, 2, 0, 50);
	capture_keys_step(k);
	if (ftruncate(fd, 0) != 0)
		abort();
	write_line(fd, 3);
	capture_keys_step(k);
	ok(has(k, 1) && has(k, 3), "a truncated file is read from its beginning");
	ok_int((int64_t)key_log_bad_lines(capture_keys_log(k)), 0, "and the line that was cut is forgotten");
	capture_keys_free(k);
	close(fd);
}

static void test_rotated(void)
{
	struct capture_keys *k = capture_keys_new(100);
	int fd[3] = { new_file(), new_file(), new_file() };

	capture_keys_file(k, dup(fd[0]));
	write_line(fd[0], 1);
	capture_keys_step(k);
	write_line(fd[0], 2);
	capture_keys_file(k, dup(fd[1]));
	write_line(fd[1], 3);
	capture_keys_step(k);
	ok(has(k, 2) && has(k, 3), "what was written before another file came is read, and what is in that");
	write_line(fd[0], 4);
	capture_keys_step(k);
	ok(has(k, 4), "and what goes into the old one still");
	capture_keys_file(k, dup(fd[2]));
	write_line(fd[1], 5);
	write_line(fd[2], 6);
	write_line(fd[0], 7);
	capture_keys_step(k);
	ok(has(k, 5) && has(k, 6) && !has(k, 7), "until there is a third");
	capture_keys_free(k);
	for (int i = 0; i < 3; i++)
		close(fd[i]);
}

static void test_large(void)
{
	struct capture_keys *k = capture_keys_new(20000);
	int fd = new_file(), steps = 1;

	for (unsigned n = 1; n <= 15000; n++)
		write_line(fd, n);
	capture_keys_file(k, dup(fd));
	ok(capture_keys_step(k), "a large file takes more than one step");
	ok(has(k, 5000) && !has(k, 15000), "a piece at a time");
	while (capture_keys_step(k))
		steps++;
	ok(has(k, 15000) && steps >= 2 && steps < 10, "but is read to its end");
	if (write(fd, "nonsense here\n", 14) != 14)
		abort();
	capture_keys_step(k);
	ok_int((int64_t)key_log_bad_lines(capture_keys_log(k)), 1, "what is no line is counted");
	capture_keys_free(k);
	close(fd);
}

/* ---- a call whose secrets come late ---- */

struct seen {
	struct tap *tap;
	size_t n;
	int64_t status, begun;
	bool read, whole;
};

static void take_event(void *ctx, struct access_event *ev)
{
	struct seen *s = ctx;

	s->n++;
	s->read = ev_known(ev, F_STATUS);
	s->whole = ev_int(ev, F_COMPLETE, 0) != 0;
	s->status = ev_int(ev, F_STATUS, 0);
	s->begun = ev_int(ev, F_TIMESTAMP, 0);
}

static void take_packet(void *ctx, int64_t ns, struct slice bytes)
{
	struct seen *s = ctx;

	tap_packet(s->tap, ns, WIRE_LINK, bytes, (uint32_t)bytes.n);
}

static void say(struct peer *p, int side, const char *text)
{
	if (SSL_write(p->ssl[side], text, (int)strlen(text)) <= 0)
		abort();
	peer_carry(p, side);
}

static void play(struct wire *w, const struct peer *p)
{
	size_t at[2] = { 0 };

	wire_open(w);
	for (size_t i = 0; i < p->chunks; i++) {
		int side = p->chunk[i].side;

		wire_say(w, side, slice_of(p->wire[side].p + at[side], p->chunk[i].n));
		at[side] += p->chunk[i].n;
	}
}

static struct tap *new_tap(struct seen *s, struct capture_keys *k)
{
	const struct tap_limits limits = { .streams = { 64, 256, 64 },
					   .exchanges = 16,
					   .decoders = 8,
					   .lines = 8,
					   .tls = 80,
					   .http2 = 8,
					   .quic = 8,
					   .tls_bytes = 1 << 20,
					   .http2_bytes = 1 << 20 };
	const struct parse_context fields = { .fingerprint_key = SLICE("0123456789abcdef0123456789abcdef") };
	const struct tap_sink sink = { s, take_event };
	struct tap *t = tap_new(&limits, &fields, &sink);

	*s = (struct seen){ .tap = t };
	tap_use_keys(t, capture_keys_log(k));
	return t;
}

static void test_late(const struct peer_identity *id, int version)
{
	const struct peer_options options = { .version = version };
	struct seen s;
	struct capture_keys *k = capture_keys_new(100);
	struct wire w = { .address = { 1, 2 },
			  .port = { 40000, 443 },
			  .seq = { 1000, 2000 },
			  .ns = INT64_C(1795400000) * 1000000000,
			  .packet = take_packet,
			  .ctx = &s };
	int64_t begun = w.ns;
	struct peer p;
	int fd = new_file();

	new_tap(&s, k);
	capture_keys_file(k, dup(fd));
	peer_open(&p, &options, id, NULL);
	ok(peer_shake(&p), "a handshake");
	say(&p, 0, "GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n");
	say(&p, 1, "HTTP/1.1 203 OK\r\nContent-Length: 2\r\n\r\nok");
	play(&w, &p);
	tap_retry(s.tap);
	ok_int((int64_t)s.n, 0, "without secrets nothing is told");
	if (write(fd, p.keys.p, p.keys.n) != (ssize_t)p.keys.n)
		abort();
	capture_keys_step(k);
	tap_retry(s.tap);
	ok(s.n == 1 && s.read && s.status == 203, "with them the call, without waiting for another packet");
	ok(s.begun > begun && s.begun < w.ns, "at the time of its packets");
	wire_close(&w);
	tap_retry(s.tap);
	tap_finish(s.tap);
	ok_int((int64_t)s.n, 1, "once");
	tap_retry(s.tap);
	tap_free(s.tap);
	capture_keys_free(k);
	peer_free(&p);
	close(fd);
}

/* The connection is over before its secrets come; or they never do. */
static void test_closed(const struct peer_identity *id, int version)
{
	const struct peer_options options = { .version = version };
	struct capture_keys *k = capture_keys_new(100);
	struct seen s;
	struct tap *t = new_tap(&s, k);
	struct wire w = { .address = { 1, 2 },
			  .port = { 40000, 443 },
			  .seq = { 1000, 2000 },
			  .ns = INT64_C(1795400000) * 1000000000,
			  .packet = take_packet,
			  .ctx = &s };
	struct peer p;
	int fd = new_file();

	ok(tap_linger(t, 3000000000), "secrets may come late");
	capture_keys_file(k, dup(fd));
	peer_open(&p, &options, id, NULL);
	ok(peer_shake(&p), "a handshake");
	say(&p, 0, "GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n");
	say(&p, 1, "HTTP/1.1 203 OK\r\n\r\nuntil the end");
	play(&w, &p);
	wire_close(&w);
	tap_time(t, w.ns + 2000000000);
	tap_retry(t);
	ok_int((int64_t)s.n, 0, "a connection that ended without secrets is kept");
	if (write(fd, p.keys.p, p.keys.n) != (ssize_t)p.keys.n)
		abort();
	capture_keys_step(k);
	tap_retry(t);
	ok(s.n == 1 && s.read && s.status == 203 && s.whole, "until they come: the whole call");
	peer_free(&p);
	peer_open(&p, &options, id, NULL);
	ok(peer_shake(&p), "another one");
	say(&p, 0, "GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n");
	w.port[0]++;
	play(&w, &p);
	wire_close(&w);
	tap_time(t, w.ns + 2000000000);
	ok_int((int64_t)s.n, 1, "is kept");
	tap_time(t, w.ns + 5000000000);
	ok(s.n == 2 && !s.read, "but not for long");
	for (int i = 0; i < 200; i++) {
		w.port[0]++;
		play(&w, &p);
		wire_close(&w);
	}
	ok(s.n > 100 && s.n < 202 && !s.read, "where room is needed the oldest go");
	tap_finish(t);
	ok_int((int64_t)s.n, 202, "and at the end all");
	tap_free(t);
	capture_keys_free(k);
	peer_free(&p);
	close(fd);
}

/* More of them, one after the other, than there is room for at a time. */
static void test_room(const struct peer_identity *id)
{
	const struct peer_options options = { .version = TLS1_3_VERSION };
	struct capture_keys *k = capture_keys_new(100);
	struct seen s;
	struct tap *t = new_tap(&s, k);
	struct wire w = { .address = { 1, 2 },
			  .port = { 40000, 443 },
			  .seq = { 1000, 2000 },
			  .ns = INT64_C(1795400000) * 1000000000,
			  .packet = take_packet,
			  .ctx = &s };
	int fd = new_file(), good = 0;

	tap_linger(t, 3000000000);
	capture_keys_file(k, dup(fd));
	for (int i = 0; i < 90; i++) {
		struct peer p;

		peer_open(&p, &options, id, NULL);
		peer_shake(&p);
		say(&p, 0, "GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n");
		say(&p, 1, "HTTP/1.1 203 OK\r\nContent-Length: 2\r\n\r\nok");
		w.port[0]++;
		play(&w, &p);
		wire_close(&w);
		if (write(fd, p.keys.p, p.keys.n) != (ssize_t)p.keys.n)
			abort();
		capture_keys_step(k);
		tap_retry(t);
		good += s.read && s.n == (size_t)i + 1;
		peer_free(&p);
	}
	ok_int(good, 90, "one that was read makes room for the next");
	tap_free(t);
	capture_keys_free(k);
	close(fd);
}

int main(void)
{
	struct peer_identity id;

	test_growing();
	test_truncated();
	test_rotated();
	test_large();
	peer_identify(&id);
	test_late(&id, TLS1_3_VERSION);
	test_late(&id, TLS1_2_VERSION);
	test_closed(&id, TLS1_3_VERSION);
	test_closed(&id, TLS1_2_VERSION);
	test_room(&id);
	peer_identity_free(&id);
	return tap_done();
}
