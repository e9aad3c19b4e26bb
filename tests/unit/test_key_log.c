#include <stdlib.h>

#include "core/base/hash.h"
#include "sensor/proto/tls/key_log.h"
#include "tests/lib/tap.h"

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB"
#define S32 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define S48 S32 "fedcba9876543210fedcba9876543210"

static const char text[] =
	"# a comment\n"
	"CLIENT_RANDOM " A " " S48 "\n"
	"\n"
	"CLIENT_HANDSHAKE_TRAFFIC_SECRET " B " " S32 "\r\n"
	"SERVER_HANDSHAKE_TRAFFIC_SECRET " B " " S48 "\n"
	"EXPORTER_SECRET " B " " S32 "\n"
	"RSA 0123456789abcdef " S48 "\n"
	"CLIENT_TRAFFIC_SECRET_0 " B "  " S32 " \n"
	"SERVER_TRAFFIC_SECRET_0 " B " " S32 "\n"
	"CLIENT_EARLY_TRAFFIC_SECRET " B " " S32;

static void random_of(const char *hex, uint8_t out[KEY_LOG_RANDOM])
{
	if (!hex_decode(slice_str(hex), out, KEY_LOG_RANDOM))
		abort();
}

static bool has(struct key_log *k, const char *random, enum key_log_label label, const char *secret)
{
	uint8_t id[KEY_LOG_RANDOM], want[KEY_LOG_SECRET_MAX];
	size_t n = strlen(secret) / 2;

	random_of(random, id);
	return hex_decode(slice_str(secret), want, n) &&
	       slice_eq(key_log_secret(k, id, label), slice_of(want, n));
}

static void feed(struct key_log *k, const char *s, size_t piece)
{
	struct key_log_source from = { .n = 0 };
	struct slice rest = slice_str(s);

	for (; rest.n > 0; rest = slice_from(rest, piece))
		key_log_feed(k, &from, slice_head(rest, piece));
	key_log_end(k, &from);
}

static void every_label(size_t piece)
{
	struct key_log *k = key_log_new(10);
	char name[60];

	feed(k, text, piece);
	snprintf(name, sizeof name, "a key log in pieces of %zu", piece);
	ok(has(k, A, KEY_LOG_MASTER, S48) && has(k, B, KEY_LOG_CLIENT_HANDSHAKE, S32) &&
	   has(k, B, KEY_LOG_SERVER_HANDSHAKE, S48) && has(k, B, KEY_LOG_CLIENT_TRAFFIC, S32) &&
	   has(k, B, KEY_LOG_SERVER_TRAFFIC, S32) && has(k, B, KEY_LOG_CLIENT_EARLY, S32), name);
	ok_int(key_log_count(k), 2, "of two connections");
	ok_int((int64_t)key_log_bad_lines(k), 0, "none of its lines is bad");
	ok(has(k, A, KEY_LOG_CLIENT_EARLY, "") && has(k, S32, KEY_LOG_MASTER, ""),
	   "what is not there is empty");
	key_log_free(k);
}

static void bad_lines(void)
{
	static const char *const lines[] = { "CLIENT_RANDOM " A "\n",
					     "CLIENT_RANDOM " A " " S32 "\n",
					     "CLIENT_RANDOM " A " " S48 "00\n",
					     "CLIENT_RANDOM " A "a " S48 "\n",
					     "CLIENT_RANDOM xx" S48 "\n",
					     "SERVER_TRAFFIC_SECRET_0 " B " " S32 " more\n",
					     "client_random " A " " S48 "\n",
					     "CLIENT_TRAFFIC_SECRET_0 " B
					     " 012z456789abcdef0123456789abcdef" A "\n",
					     "hello\n",
					     "\001\002\n",
					     "CLIENT_RANDOM " A " " S48 "0\n" };
	struct key_log *k = key_log_new(10);
	char *endless = malloc(3000);

	for (size_t i = 0; i < COUNT(lines); i++) {
		char name[40];

		feed(k, lines[i], 7);
		snprintf(name, sizeof name, "bad line %zu is counted", i);
		ok_int((int64_t)key_log_bad_lines(k), (int64_t)i + 1, name);
	}
	memset(endless, 'A', 2999);
	endless[2999] = 0;
	feed(k, endless, 100);
	ok_int((int64_t)key_log_bad_lines(k), COUNT(lines) + 1, "a line without end");
	ok_int(key_log_count(k), 0, "nothing was taken from them");
	feed(k, text, 1);
	ok(has(k, A, KEY_LOG_MASTER, S48), "a good line behind them");
	free(endless);
	key_log_free(k);
}

static void put(struct key_log *k, unsigned i)
{
	char line[256];

	snprintf(line, sizeof line, "CLIENT_RANDOM %064x " S48 "\n", i);
	feed(k, line, sizeof line);
}

static bool knows(struct key_log *k, unsigned i)
{
	char random[65];

	snprintf(random, sizeof random, "%064x", i);
	return has(k, random, KEY_LOG_MASTER, S48);
}

static void bounded(void)
{
	struct key_log *k = key_log_new(3);
	uint64_t version;
	unsigned left = 0;

	for (unsigned i = 0; i < 3; i++)
		put(k, i);
	ok(knows(k, 0), "the first of three");
	put(k, 3);
	ok(knows(k, 0) && !knows(k, 1) && knows(k, 2) && knows(k, 3),
	   "the one that was used the longest ago is forgotten");
	ok_int((int64_t)key_log_forgotten(k), 1, "and counted");
	version = key_log_version(k);
	put(k, 3);
	ok(key_log_version(k) == version, "the same line again is nothing new");
	put(k, 4);
	ok(key_log_version(k) > version, "another one is");
	for (unsigned i = 0; i < 1000; i++)
		put(k, i);
	for (unsigned i = 0; i < 1000; i++)
		left += knows(k, i);
	ok(left == 3 && key_log_count(k) == 3, "a thousand connections, three kept");
	key_log_free(k);
	ok(key_log_new(0) == NULL, "none at all is no table");
}

int main(void)
{
	for (size_t piece = 1; piece < 400; piece = piece * 2 + 1)
		every_label(piece);
	bad_lines();
	bounded();
	return tap_done();
}
