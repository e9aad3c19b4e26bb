/* Messages between supervisor and sensor: what goes in comes out, what is cut or too long is refused. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "sensor/options.h"
#include "tests/lib/tap.h"

/* Every shorter and one longer packet is refused. */
#define REFUSED(b, decode, out)                                                                              \
	do {                                                                                                 \
		size_t taken = 0;                                                                            \
		for (size_t n_ = 0; n_ < (b)->n; n_++)                                                       \
			taken += decode(slice_head(buf_slice(b), n_), out) == TK_OK;                         \
		buf_byte(b, 0);                                                                              \
		taken += decode(buf_slice(b), out) == TK_OK;                                                 \
		ok_int((int64_t)taken, 0, #decode ": cut or too long");                                      \
		buf_clear(b);                                                                                \
	} while (0)

static void test_files(struct buf *b)
{
	const struct role_input in = { .number = 3, .name = SLICE("gateway"), .format = SLICE("auto") };
	const struct role_file f = { .id = 1,
				     .input = 2,
				     .dev = 3,
				     .ino = 4,
				     .size = 5,
				     .mtime = -6,
				     .is_base = true,
				     .path = SLICE("/a/b"),
				     .base = SLICE("/a/c") };
	struct role_input in2;
	struct role_file f2;

	role_input_encode(&in, b);
	ok_int(role_input_decode(buf_slice(b), &in2), TK_OK, "input");
	ok_slice(in2.name, in.name, "its name");
	REFUSED(b, role_input_decode, &in2);
	role_file_encode(&f, b);
	ok_int(role_file_decode(buf_slice(b), &f2), TK_OK, "file");
	ok(f2.id == 1 && f2.mtime == -6 && f2.is_base && !f2.compressed && slice_is(f2.base, "/a/c"),
	   "as it was");
	REFUSED(b, role_file_decode, &f2);
}

static void test_syslog(struct buf *b)
{
	const struct role_syslog_input in = {
		.number = 2, .tcp = true, .name = SLICE("gw"), .format = SLICE("auto")
	};
	const struct role_syslog_socket s = { .input = 1,
					      .begins = true,
					      .connection = UINT64_MAX,
					      .taken = 77,
					      .refused = 3,
					      .path = SLICE("[::1]:514") };
	struct role_syslog_input in2;
	struct role_syslog_socket s2;
	uint64_t id = 0;

	role_syslog_input_encode(&in, b);
	ok_int(role_syslog_input_decode(buf_slice(b), &in2), TK_OK, "input of syslog");
	ok(in2.number == 2 && in2.tcp && slice_is(in2.name, "gw") && slice_is(in2.format, "auto"),
	   "as it was");
	REFUSED(b, role_syslog_input_decode, &in2);
	role_syslog_socket_encode(&s, b);
	ok_int(role_syslog_socket_decode(buf_slice(b), &s2), TK_OK, "socket of syslog");
	ok(s2.input == 1 && s2.begins && s2.connection == UINT64_MAX && s2.taken == 77 && s2.refused == 3 &&
		   slice_is(s2.path, "[::1]:514"),
	   "as it was");
	REFUSED(b, role_syslog_socket_decode, &s2);
	role_syslog_done_encode(99, b);
	ok_int(role_syslog_done_decode(buf_slice(b), &id), TK_OK, "a connection's end");
	ok_int((int64_t)id, 99, "as it was");
	REFUSED(b, role_syslog_done_decode, &id);
}

static void test_captures(struct buf *b)
{
	const struct role_capture_input in = {
		.number = 1, .name = SLICE("tap"), .interface = SLICE("eth1"), .keylog = true
	};
	const struct role_capture c = {
		.id = 7, .input = 1, .link_type = 101, .block_size = 1 << 20, .n_blocks = 64
	};
	const struct role_capture_state s = { .input = 1, .gone = true, .drops = 12 };
	struct role_capture_input in2;
	struct role_capture c2;
	struct role_capture_state s2;
	uint64_t id = 0;
	uint32_t input = 0;

	role_capture_input_encode(&in, b);
	ok_int(role_capture_input_decode(buf_slice(b), &in2), TK_OK, "capture input");
	ok(in2.number == 1 && slice_is(in2.name, "tap") && slice_is(in2.interface, "eth1") && in2.keylog,
	   "as it was");
	ok_int(role_capture_decode(buf_slice(b), &c2), TK_EMALFORMED, "which is no capture");
	REFUSED(b, role_capture_input_decode, &in2);
	role_capture_encode(&c, b);
	ok_int(role_capture_decode(buf_slice(b), &c2), TK_OK, "capture");
	ok(c2.id == 7 && c2.input == 1 && c2.link_type == 101 && c2.block_size == 1 << 20 &&
		   c2.n_blocks == 64,
	   "as it was");
	REFUSED(b, role_capture_decode, &c2);
	role_capture_state_encode(&s, b);
	ok_int(role_capture_state_decode(buf_slice(b), &s2), TK_OK, "state of a capture");
	ok(s2.input == 1 && s2.gone && s2.drops == 12, "as it was");
	REFUSED(b, role_capture_state_decode, &s2);
	role_capture_lost_encode(9, b);
	ok_int(role_capture_lost_decode(buf_slice(b), &id), TK_OK, "a capture that was lost");
	ok_int((int64_t)id, 9, "which one");
	REFUSED(b, role_capture_lost_decode, &id);
	role_keylog_encode(3, b);
	ok_int(role_keylog_decode(buf_slice(b), &input), TK_OK, "a key log");
	ok_int(input, 3, "whose");
	ok_int(role_capture_lost_decode(buf_slice(b), &id), TK_EMALFORMED, "which is no loss");
	REFUSED(b, role_keylog_decode, &input);
}

/* What a configuration asks of headers comes out as it went in, the chain of fingerprint keys too. */
static void test_wanted(struct buf *b)
{
	static const char text[] = "ledger: {path: /nonexistent/l.db, keys: %s}\n"
				   "identities: {trusted_headers: [X-Staff-Id, X-SSL-Client-S-DN]}\n"
				   "functions: [{name: a, match: {path: /x}}, {name: b, match: "
				   "{header.X-App: 'e*', header.x-b: c}}]\n";
	static struct sensor_options o, o2;
	char folder[] = "/tmp/tochoku-test-XXXXXX", config[1024], path[64];
	struct problems p;
	struct config *c;
	struct err e;

	if (mkdtemp(folder) == NULL)
		return;
	snprintf(config, sizeof config, text, folder);
	snprintf(path, sizeof path, "%s/fingerprint.key", folder);
	problems_init(&p, NULL);
	c = config_parse(slice_str(config), NULL, &p);
	ok_int(options_from_config(c, BATCH_TAIL, &o, &e), TK_OK, "options");
	options_encode(&o, b);
	ok_int(options_decode(buf_slice(b), &o2), TK_OK, "decoded");
	ok(o2.fingerprint_n == 32 && memcmp(o.fingerprint_key, o2.fingerprint_key, 32) == 0,
	   "the fingerprint key");
	ok(o2.wanted.n_person == 2 && slice_is(o2.wanted.person[0].name, "x-staff-id") &&
		   o2.wanted.person[0].fact == PERSON_USER && o2.wanted.person[1].fact == PERSON_CERTIFICATE,
	   "headers that are trusted, and what they say");
	ok(o2.wanted.n_functions == 1 && slice_is(o2.wanted.function[0].name, "1:b") &&
		   o2.wanted.function[0].conditions == 3,
	   "a function by its number");
	ok(o2.wanted.n_conditions == 2 && slice_is(o2.wanted.condition[0].name, "x-app") &&
		   slice_is(o2.wanted.condition[0].pattern, "e*"),
	   "and its conditions");
	sensor_options_clear(&o2);
	REFUSED(b, options_decode, &o2);
	sensor_options_clear(&o);
	config_free(c);
	problems_free(&p);
	unlink(path);
	rmdir(folder);
}

int main(void)
{
	struct buf b;

	buf_init(&b, ROLE_MESSAGE_MAX);
	test_files(&b);
	test_captures(&b);
	test_syslog(&b);
	test_wanted(&b);
	buf_free(&b);
	return tap_done();
}
