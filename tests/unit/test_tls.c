/* OpenSSL speaks to itself; what is read off the wire must be what was said. */
#include "tests/lib/tls_rig.h"

static const struct stream_at nowhere = { 1, 1000 };

static void every_suite(struct listener *l)
{
	static const struct {
		int version;
		const char *name;
		uint64_t options;
	} kinds[] = {
		{ TLS1_VERSION, "TLS 1.0", 0 },
		{ TLS1_VERSION, "TLS 1.0, MAC first", SSL_OP_NO_ENCRYPT_THEN_MAC },
		{ TLS1_1_VERSION, "TLS 1.1", 0 },
		{ TLS1_1_VERSION, "TLS 1.1, MAC first", SSL_OP_NO_ENCRYPT_THEN_MAC },
		{ TLS1_2_VERSION, "TLS 1.2", 0 },
		{ TLS1_2_VERSION, "TLS 1.2, MAC first", SSL_OP_NO_ENCRYPT_THEN_MAC },
	};
	SSL_CTX *all = SSL_CTX_new(TLS_method());
	int read = 0;

	SSL_CTX_set_cipher_list(all, "ALL:COMPLEMENTOFALL:@SECLEVEL=0");
	for (size_t k = 0; k < COUNT(kinds); k++)
		for (int i = 0; i < sk_SSL_CIPHER_num(SSL_CTX_get_ciphers(all)); i++) {
			const char *suite =
				SSL_CIPHER_get_name(sk_SSL_CIPHER_value(SSL_CTX_get_ciphers(all), i));
			struct peer_options o = { .version = kinds[k].version,
						  .suite = suite,
						  .options = kinds[k].options };
			struct peer p;
			char name[100];

			if (strncmp(suite, "TLS_", 4) == 0)
				continue; /* those of TLS 1.3 come below */
			peer_open(&p, &o, &l->id, NULL);
			if (peer_shake(
				    &p)) { /* else it does not exist in this version, or needs another key */
				talk(&p);
				peer_bye(&p);
				snprintf(name, sizeof name, "%s %s", kinds[k].name, suite);
				check_all(l, &p, name);
				read++;
			}
			peer_free(&p);
		}
	SSL_CTX_free(all);
	ok(read > 200, "all the suites of TLS 1.2 and before that OpenSSL has were spoken");
	printf("# %d\n", read);
}

static void tls_1_3(struct listener *l)
{
	static const char *suites[] = { "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384",
					"TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_CCM_SHA256",
					"TLS_AES_128_CCM_8_SHA256" };

	for (size_t i = 0; i < COUNT(suites); i++) {
		struct peer_options o = { .version = TLS1_3_VERSION,
					  .suite = suites[i],
					  .padding = i == 1 ? 512 : 0 };
		struct peer p;

		peer_open(&p, &o, &l->id, NULL);
		ok(peer_shake(&p), suites[i]);
		talk(&p);
		for (int k = 0; k < 3; k++) {
			SSL_key_update(p.ssl[k % 2],
				       k == 2 ? SSL_KEY_UPDATE_NOT_REQUESTED : SSL_KEY_UPDATE_REQUESTED);
			talk(&p);
		}
		peer_bye(&p);
		check_all(l, &p, suites[i]);
		peer_free(&p);
	}
}

static void hello_retry(struct listener *l)
{
	struct peer_options o = { .version = TLS1_3_VERSION,
				  .client_groups = "P-256:P-384",
				  .server_groups = "P-384" };
	struct peer p;
	struct seen s;

	peer_open(&p, &o, &l->id, NULL);
	peer_shake(&p);
	talk(&p);
	peer_bye(&p);
	check_all(l, &p, "HelloRetryRequest");
	seen_init(&s);
	listen_to(l, &p, 100, KEYS_BEFORE, nothing, &s);
	ok_int(s.hellos, 2, "two hellos");
	ok_int(s.choices, 2, "one choice, and once more with its ALPN");
	ok_str(s.choice.alpn, "h2", "ALPN of the encrypted extensions");
	ok_str(s.hello.sni, "api.test.example", "SNI");
	seen_free(&s);
	peer_free(&p);
}

static void cut_hello(struct listener *l)
{
	static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

	for (size_t i = 0; i < COUNT(versions); i++) {
		struct peer_options o = { .version = versions[i], .fragment = 512, .long_hello = true };
		struct peer p;
		struct seen s;

		peer_open(&p, &o, &l->id, NULL);
		peer_shake(&p);
		talk(&p);
		peer_bye(&p);
		check_all(l, &p, "a hello over several records");
		seen_init(&s);
		ok_int(listen_to(l, &p, 333, KEYS_NEVER, nothing, &s), TLS_WAITING, "without keys it waits");
		ok_str(s.hello.sni, "api.test.example", "SNI without keys");
		ok_int((int64_t)strlen(s.hello.ja4), 36, "JA4 without keys");
		ok_int(s.hello.extensions > 3 && s.choices == 1, 1, "hello and choice are told at once");
		ok_int(s.gaps[0] + s.gaps[1] + s.ends[0] + s.ends[1], 0, "nothing else is said");
		seen_free(&s);
		peer_free(&p);
	}
}

/* ---- sessions ---- */

static void resumed(struct listener *l, int version, uint64_t options, const char *name)
{
	struct peer_options o = { .version = version, .options = options };
	struct peer first, second;
	SSL_SESSION *session;

	peer_open(&first, &o, &l->id, NULL);
	peer_shake(&first);
	talk(&first);
	session = SSL_get1_session(first.ssl[0]);
	o.session = session;
	peer_open(&second, &o, &l->id, first.ctx[1]);
	peer_shake(&second);
	talk(&second);
	ok(SSL_session_reused(second.ssl[0]) == 1, "the session is resumed");
	peer_bye(&second);
	check_all(l, &second, name);
	SSL_SESSION_free(session);
	peer_free(&second);
	peer_free(&first);
}

static bool drop_early_secret(struct peer *p)
{
	struct buf rest;
	char *line = strtok((char *)(uintptr_t)buf_cstr(&p->keys), "\n");
	bool dropped = false;

	buf_init(&rest, 1 << 16);
	for (; line != NULL; line = strtok(NULL, "\n")) {
		bool early = strncmp(line, "CLIENT_EARLY_T", 14) == 0;

		dropped |= early;
		if (!early) {
			buf_str(&rest, line);
			buf_byte(&rest, '\n');
		}
	}
	buf_free(&p->keys);
	p->keys = rest;
	return dropped;
}

enum answer { TAKEN, REFUSED, OTHER_GROUP }; /* to 0-RTT */

static void send_early(struct peer *p, size_t n, enum answer answer)
{
	uint8_t bytes[2000], in[4096];
	size_t done;

	memset(bytes, 'e', sizeof bytes);
	for (int i = 0; i < 3; i++)
		if (SSL_write_early_data(p->ssl[0], bytes, n, &done) == 1)
			buf_add(&p->said[0], slice_of(bytes, n));
	peer_carry(p, 0);
	while (answer != REFUSED &&
	       SSL_read_early_data(p->ssl[1], in, sizeof in, &done) == SSL_READ_EARLY_DATA_SUCCESS)
		;
	peer_carry(p, 1);
}

/* Nobody has heard the first n bytes of what the client said. */
static void unsay(struct peer *p, size_t n)
{
	struct buf rest;

	buf_init(&rest, 4 << 20);
	buf_add(&rest, slice_from(buf_slice(&p->said[0]), n));
	buf_free(&p->said[0]);
	p->said[0] = rest;
}

static void without_early_secret(struct listener *l, struct peer *p, size_t early)
{
	struct seen s;

	ok(drop_early_secret(p), "OpenSSL logs the early secret");
	seen_init(&s);
	listen_to(l, p, 50, KEYS_BEFORE, nothing, &s);
	ok_slice(buf_slice(&s.plain[0]), slice_from(buf_slice(&p->said[0]), early),
		 "without its secret only 0-RTT is missing");
	ok(early > 0 ? s.gaps[0] > 0 && s.before_gap[0] == 0 : s.gaps[0] == 0,
	   "and that is told first, if the server took it");
	ok_slice(buf_slice(&s.plain[1]), buf_slice(&p->said[1]), "the server's side is whole");
	seen_free(&s);
}

static void early_data(struct listener *l, enum answer answer, const char *name)
{
	struct peer_options o = { .version = TLS1_3_VERSION, .early = true };
	struct peer first, second;
	size_t early;

	peer_open(&first, &o, &l->id, NULL);
	peer_shake(&first);
	talk(&first);
	o.session = SSL_get1_session(first.ssl[0]);
	if (answer == OTHER_GROUP)
		SSL_CTX_set1_groups_list(first.ctx[1], "P-384");
	peer_open(&second, &o, &l->id, first.ctx[1]);
	send_early(&second, 500, answer);
	early = second.said[0].n;
	ok_int((int64_t)early, 1500, "early data was sent");
	peer_shake(&second);
	ok_int(SSL_get_early_data_status(second.ssl[0]),
	       answer == TAKEN ? SSL_EARLY_DATA_ACCEPTED : SSL_EARLY_DATA_REJECTED, name);
	if (answer != TAKEN) {
		unsay(&second, early);
		early = 0;
	}
	talk(&second);
	peer_bye(&second);
	check_all(l, &second, name);
	without_early_secret(l, &second, early);
	SSL_SESSION_free(o.session);
	peer_free(&second);
	peer_free(&first);
}

static void renegotiated(struct listener *l)
{
	struct peer_options o = { .version = TLS1_2_VERSION };
	struct peer p;

	peer_open(&p, &o, &l->id, NULL);
	peer_shake(&p);
	talk(&p);
	SSL_renegotiate(p.ssl[0]);
	peer_shake(&p);
	peer_settle(&p);
	talk(&p);
	peer_bye(&p);
	check_all(l, &p, "renegotiation");
	peer_free(&p);
}

/* ---- limits ---- */

/* The client's bytes all come before the server's: as when two captures were joined badly. */
static void late_server(struct listener *l, int version, const char *name)
{
	struct peer_options o = { .version = version };
	struct peer p;
	struct seen s;
	struct tls_sink sink;
	struct tls *t;

	peer_open(&p, &o, &l->id, NULL);
	peer_shake(&p);
	talk(&p);
	peer_bye(&p);
	key_log_free(l->keys);
	l->keys = key_log_new(64);
	give_keys(l, &p);
	for (int once = 0; once < 2; once++) {
		seen_init(&s);
		sink = sink_of(&s);
		t = tls_open(l->pool, l->keys);
		tls_data(t, 0, buf_slice(&p.wire[0]), &nowhere, &sink);
		tls_fin(t, 0, &sink);
		if (once == 1) {
			tls_give_up(t, &sink);
			ok_int((int64_t)tls_counts(t)->records[0] > 3, 1,
			       "the client alone: records are counted");
			ok_int(tls_state(t), TLS_SEALED, "and it is sealed");
			ok_int(s.ends[0], 1, "and over");
			ok_int(s.gaps[0], 0, "without gaps");
		} else {
			tls_data(t, 1, buf_slice(&p.wire[1]), &nowhere, &sink);
			tls_fin(t, 1, &sink);
			ok(heard_all(&p, &s), name);
		}
		tls_close(t);
		seen_free(&s);
	}
	peer_free(&p);
}

static void too_much_waits(struct listener *l)
{
	struct peer_options o = { .version = TLS1_3_VERSION };
	struct peer p;
	struct seen s;
	struct tls_sink sink;
	struct tls *t;
	struct tls_counts c;
	size_t cut;

	peer_open(&p, &o, &l->id, NULL);
	peer_shake(&p);
	peer_settle(&p);
	for (int i = 0; i < 30; i++)
		peer_say(&p, 1, 16384);
	cut = p.wire[1].n;
	for (int i = 0; i < 10; i++)
		peer_say(&p, 1, 1000);
	peer_bye(&p);
	seen_init(&s);
	sink = sink_of(&s);
	key_log_free(l->keys);
	l->keys = key_log_new(64);
	t = tls_open(l->pool, l->keys);
	tls_data(t, 0, slice_head(buf_slice(&p.wire[0]), p.chunk[0].n), &nowhere, &sink);
	for (size_t at = 0; at < cut; at += 1400)
		tls_data(t, 1,
			 slice_head(slice_from(buf_slice(&p.wire[1]), at), at + 1400 > cut ? cut - at : 1400),
			 &nowhere, &sink);
	ok_int(s.choices, 1, "the choice is seen");
	ok_int(tls_state(t), TLS_SEALED, "a connection whose keys do not come is sealed");
	ok_int((int64_t)tls_pool_waiting(l->pool), 0, "and keeps nothing");
	c = *tls_counts(t);
	ok_int((int64_t)c.records[1] > 30, 1, "its records are counted");
	give_keys(l, &p);
	tls_data(t, 1, slice_from(buf_slice(&p.wire[1]), cut), &nowhere, &sink);
	ok_int(tls_state(t), TLS_READ, "until they do");
	ok_slice(buf_slice(&s.plain[1]), slice_from(buf_slice(&p.said[1]), 30 * 16384), "then it is read");
	ok_int(s.gaps[1], 1, "and a gap is told");
	tls_close(t);
	seen_free(&s);
	peer_free(&p);
}

/* Two connections wait, and there is room for one: the older one is sealed. */
static void room_for_one(struct listener *l)
{
	struct peer_options o = { .version = TLS1_3_VERSION };
	struct tls_pool *pool = tls_pool_new(2, 60000);
	struct seen s;
	struct tls_sink sink;
	struct tls *t[2];
	struct peer p;

	peer_open(&p, &o, &l->id, NULL);
	peer_shake(&p);
	peer_settle(&p);
	for (int i = 0; i < 3; i++)
		peer_say(&p, 1, 16384);
	seen_init(&s);
	sink = sink_of(&s);
	key_log_free(l->keys);
	l->keys = key_log_new(64);
	for (int i = 0; i < 2; i++) {
		t[i] = tls_open(pool, l->keys);
		tls_data(t[i], 0, slice_head(buf_slice(&p.wire[0]), p.chunk[0].n), &nowhere, &sink);
		tls_data(t[i], 1, buf_slice(&p.wire[1]), &nowhere, &sink);
	}
	ok(tls_open(pool, l->keys) == NULL, "a full pool says so");
	ok_int(tls_state(t[0]), TLS_SEALED, "the one that waits the longest makes room");
	ok_int(tls_state(t[1]), TLS_WAITING, "the other waits");
	give_keys(l, &p);
	tls_retry(t[1], &sink);
	ok_slice(buf_slice(&s.plain[1]), buf_slice(&p.said[1]), "and is read");
	tls_close(t[0]);
	tls_close(t[1]);
	seen_free(&s);
	peer_free(&p);
	tls_pool_free(pool);
}

static void not_tls(struct listener *l)
{
	struct seen s;
	struct tls_sink sink;
	struct tls *t = tls_open(l->pool, NULL);
	uint8_t noise[5000];

	seen_init(&s);
	sink = sink_of(&s);
	for (size_t i = 0; i < sizeof noise; i++)
		noise[i] = (uint8_t)(i * 2654435761u >> 11);
	tls_data(t, 0, SLICE("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), &nowhere, &sink);
	tls_data(t, 1, slice_of(noise, sizeof noise), &nowhere, &sink);
	tls_data(t, 0, SLICE("\x17\x03\x03\x00\x04" "abcd\x17\x03\x03\x00\x01" "a"), &nowhere, &sink);
	ok_int((int64_t)tls_counts(t)->records[0], 2, "met midway: records are counted");
	ok_int(tls_state(t), TLS_SEALED, "and it is sealed");
	ok_int(s.hellos + s.choices + s.gaps[0] + s.gaps[1], 0, "nothing is told");
	tls_close(t);
	seen_free(&s);
	ok(tls_begins(SLICE("\x16"), true) && !tls_begins(SLICE("G"), true),
	   "the first byte of a connection");
	ok(tls_begins(SLICE("\x17\x03\x03\x00\x10"), false) &&
		   !tls_begins(SLICE("\x17\x03\x03\xff\x10"), false),
	   "a record's head");
}

int main(void)
{
	struct listener l = { tls_pool_new(4, 2 << 20), NULL, { { NULL, NULL }, { NULL, NULL } } };

	peer_identify(&l.id);
	every_suite(&l);
	tls_1_3(&l);
	hello_retry(&l);
	cut_hello(&l);
	resumed(&l, TLS1_2_VERSION, 0, "TLS 1.2 resumed with a ticket");
	resumed(&l, TLS1_2_VERSION, SSL_OP_NO_TICKET, "TLS 1.2 resumed with a session id");
	resumed(&l, TLS1_3_VERSION, 0, "TLS 1.3 resumed");
	early_data(&l, TAKEN, "0-RTT");
	early_data(&l, REFUSED, "0-RTT that is refused");
	early_data(&l, OTHER_GROUP, "0-RTT that is refused for another group");
	renegotiated(&l);
	late_server(&l, TLS1_3_VERSION, "TLS 1.3, the server is captured late");
	late_server(&l, TLS1_2_VERSION, "TLS 1.2, the server is captured late");
	too_much_waits(&l);
	room_for_one(&l);
	not_tls(&l);
	key_log_free(l.keys);
	tls_pool_free(l.pool);
	peer_identity_free(&l.id);
	return tap_done();
}
