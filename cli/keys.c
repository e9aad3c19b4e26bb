/* tochoku keys: the register of API keys. The keys themselves never leave this process: what is sent and
 * kept is a keyed fingerprint. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/reading.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/map.h"
#include "core/base/sys.h"
#include "sensor/recorder/control.h"
#include "sensor/fields/secret.h"

#define KEY_MAX 8192
#define LIST_MAX_BYTES (64u << 20)

extern const struct command command_keys;

struct options {
	const char *user, *id, *kind, *expires;
	bool json, seen, all;
	char **words;
	int n_words;
};

static int read_options(struct options *o, int argc, char **argv, const char *accepts)
{
	static const struct option names[] = {
		{ "seen", no_argument, NULL, 's' },          { "json", no_argument, NULL, 'j' },
		{ "all", no_argument, NULL, 'a' },           { "user", required_argument, NULL, 'u' },
		{ "id", required_argument, NULL, 'i' },      { "kind", required_argument, NULL, 'k' },
		{ "expires", required_argument, NULL, 'e' }, { 0 }
	};
	int c;

	optind = 0;
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":", names, NULL)) != -1) {
		if (c == ':')
			return cli_usage(&command_keys, "%s needs a value", argv[optind - 1]);
		if (c == '?' || strchr(accepts, c) == NULL)
			return cli_usage(&command_keys, "keys %s has no option %s", argv[0],
					 argv[optind - 1]);
		switch (c) {
		case 's': o->seen = true; break;
		case 'j': o->json = true; break;
		case 'a': o->all = true; break;
		case 'u': o->user = optarg; break;
		case 'i': o->id = optarg; break;
		case 'k': o->kind = optarg; break;
		default: o->expires = optarg;
		}
	}
	o->words = argv + optind;
	o->n_words = argc - optind;
	return EXIT_DONE;
}

/* ---- fingerprints ---- */

/* 16 hex digits of HMAC-SHA-256 over the secret part, as events bear them. */
static bool fingerprint(const uint8_t site_key[32], struct slice key, char out[17])
{
	uint8_t room[KEY_MAX], mac[32];
	struct scratch s = { room, 0, sizeof room };
	struct slice secret = secret_part(key, &s);
	bool good = secret.n > 0 && hmac_sha256(slice_of(site_key, 32), secret, mac);

	if (good)
		hex_encode(slice_of(mac, 8), out);
	explicit_bzero(room, sizeof room);
	return good;
}

/* ---- list ---- */

struct listing {
	const struct options *o;
	struct buf out;
	struct map *listed; /* fingerprints so far: a configured key may be in the ledger too */
	int64_t n;
};

static void put_str(struct json_out *o, const char *key, struct slice v)
{
	if (v.n == 0)
		return;
	json_key(o, key);
	json_str(o, v);
}

static void put_time(struct json_out *o, const char *key, int64_t ns)
{
	char text[TIME_TEXT_MAX];

	json_key(o, key);
	json_str(o, slice_of(text, time_format_utc(ns, text)));
}

static void put_users(struct json_out *o, struct slice users)
{
	json_key(o, "users");
	json_open(o, '[');
	while (users.n > 0) {
		const uint8_t *comma = memchr(users.p, ',', users.n);
		size_t n = comma == NULL ? users.n : (size_t)(comma - users.p);

		json_str(o, slice_head(users, n));
		users = slice_from(users, n + 1);
	}
	json_close(o, ']');
}

static void put_json(struct buf *out, const struct key_row *k)
{
	struct json_out o = json_out(out);

	json_open(&o, '{');
	put_str(&o, "tochoku.key.id", k->fingerprint);
	put_str(&o, "id", k->id);
	put_str(&o, "user.name", k->user);
	put_str(&o, "tochoku.key.state", k->state.n > 0 ? k->state : SLICE("unknown"));
	put_str(&o, "kind", k->kind);
	if (k->calls > 0) {
		put_time(&o, "first", k->first_ns);
		put_time(&o, "last", k->last_ns);
		json_key(&o, "calls");
		json_int(&o, k->calls);
		put_users(&o, k->users);
	}
	json_close(&o, '}');
	buf_byte(out, '\n');
}

static void put_column(struct buf *out, struct slice text, size_t width)
{
	size_t before = out->n;

	cli_safe(out, text.n > 0 ? text : SLICE("-"));
	do
		buf_byte(out, ' ');
	while (!out->failed && out->n - before < width);
}

static void take(void *ctx, const struct key_row *k)
{
	struct listing *l = ctx;

	if (map_get(l->listed, k->fingerprint) != NULL)
		return;
	map_put(l->listed, k->fingerprint, 1);
	l->n++;
	if (l->o->json) {
		put_json(&l->out, k);
		return;
	}
	put_column(&l->out, k->fingerprint, 18);
	put_column(&l->out, k->state.n > 0 ? k->state : SLICE("not registered"), 15);
	put_column(&l->out, k->id, 18);
	put_column(&l->out, k->user, 14);
	if (l->o->seen) {
		cli_put_minute(&l->out, k->first_ns);
		buf_str(&l->out, "  ");
		cli_put_minute(&l->out, k->last_ns);
		buf_fmt(&l->out, "  %8" PRId64 "  ", k->calls);
		cli_safe(&l->out, k->users.n > 0 ? k->users : SLICE("-"));
	} else {
		cli_safe(&l->out, k->kind);
	}
	buf_byte(&l->out, '\n');
}

/* Keys that the configuration holds are registered too; shown by their fingerprints. */
static void take_configured(struct listing *l, const struct config *cfg)
{
	uint8_t site_key[32];
	struct err e;

	if (cfg->n_keys == 0 || fingerprint_key(cfg, false, site_key, &e) != TK_OK)
		return;
	for (size_t i = 0; i < cfg->n_keys; i++) {
		const struct cfg_key *c = &cfg->keys[i];
		char hex[17];
		struct key_row k = { .id = slice_str(c->id),
				     .user = slice_str(c->user),
				     .state = slice_str(c->state),
				     .kind = slice_str(c->kind) };

		if (c->key == NULL || !fingerprint(site_key, slice_str(c->key), hex))
			continue;
		k.fingerprint = slice_of(hex, 16);
		take(l, &k);
	}
	explicit_bzero(site_key, sizeof site_key);
}

static int list(struct cli *cli, struct options *o)
{
	struct listing l = { .o = o };
	struct ledger_reader *r;
	struct config *cfg;
	struct err e;
	int status;

	if (o->n_words > 0)
		return cli_usage(&command_keys, "unexpected \"%s\"", o->words[0]);
	if ((status = cli_open_ledger(cli, &cfg, &r)) != EXIT_DONE)
		return status;
	buf_init(&l.out, LIST_MAX_BYTES);
	if ((l.listed = map_new(1 << 20, 32 << 20)) == NULL)
		err_set(&e, TK_ENOMEM, "out of memory");
	if (!o->json)
		buf_str(&l.out,
			o->seen ? "FINGERPRINT       STATE          ID                USER          FIRST"
				  "             LAST                 CALLS  SEEN WITH\n"
				: "FINGERPRINT       STATE          ID                USER          KIND\n");
	if (l.listed == NULL || ledger_keys(r, o->seen, take, &l, &e) != TK_OK) {
		cli_error("%s", e.text);
		status = EXIT_INPUT;
	} else {
		if (!o->seen)
			take_configured(&l, cfg);
		if (l.n == 0)
			cli_error(o->seen ? "no key was seen in the ledger"
					  : "no key is registered: `tochoku keys list --seen` shows which "
					    "were used,"
					    " `tochoku keys adopt` registers them");
		status = cli_write(NULL, buf_slice(&l.out));
	}
	map_free(l.listed);
	buf_free(&l.out);
	ledger_reader_close(r);
	config_free(cfg);
	return status;
}

/* ---- changes: through the one door ---- */

static void add_member(struct json_out *o, const char *key, const char *value)
{
	if (value == NULL)
		return;
	json_key(o, key);
	json_str(o, slice_str(value));
}

/* The number of keys that the reply tells. */
static int64_t reply_count(struct slice reply)
{
	struct json j;
	int64_t n = 0;

	json_init(&j, reply);
	if (json_next(&j) != JSON_OBJECT_BEGIN)
		return 0;
	while (json_next(&j) == JSON_KEY) {
		if (!slice_is(j.text, "count")) {
			if (!json_skip(&j))
				return 0;
		} else if (json_next(&j) == JSON_NUMBER) {
			json_i64(j.text, &n);
		}
	}
	return n;
}

static int ask(struct cli *cli, struct config *cfg, const struct buf *request, const char *did, bool json)
{
	struct buf reply, out;
	int status;

	(void)cli;
	buf_init(&reply, 65536);
	buf_init(&out, 4096);
	status = request->failed ? EXIT_INPUT : cli_request(cfg, buf_slice(request), &reply);
	if (status == EXIT_DONE) {
		int64_t n = reply_count(buf_slice(&reply));

		if (json)
			buf_fmt(&out, "{\"action\":\"%s\",\"count\":%" PRId64 "}\n", did, n);
		else
			buf_fmt(&out, "%s: %" PRId64 "\n", did, n);
		status = cli_write(NULL, buf_slice(&out));
	}
	buf_free(&reply);
	buf_free(&out);
	return status;
}

static bool is_fingerprint(const char *text)
{
	uint8_t bytes[8];

	return hex_decode(slice_str(text), bytes, sizeof bytes) && strlen(text) == 16;
}

static int adopt(struct cli *cli, struct options *o)
{
	struct buf request;
	struct json_out out;
	struct config *cfg;
	int status;

	if (o->all == (o->n_words > 0))
		return cli_usage(&command_keys,
				 "say which keys: fingerprints of `tochoku keys list --seen`, or --all");
	for (int i = 0; i < o->n_words; i++)
		if (!is_fingerprint(o->words[i]))
			return cli_usage(&command_keys,
					 "a fingerprint has 16 hex digits; this has not: %.4s...",
					 o->words[i]);
	if ((cfg = cli_config(cli, true)) == NULL)
		return EXIT_USAGE;
	buf_init(&request, 65536);
	out = json_out(&request);
	json_open(&out, '{');
	add_member(&out, "do", "keys.adopt");
	add_member(&out, "user", o->user);
	if (o->n_words > 0) {
		json_key(&out, "fingerprints");
		json_open(&out, '[');
		for (int i = 0; i < o->n_words; i++)
			json_str(&out, slice_str(o->words[i]));
		json_close(&out, ']');
	}
	json_close(&out, '}');
	status = ask(cli, cfg, &request, "adopted", o->json);
	buf_free(&request);
	config_free(cfg);
	return status;
}

/* From standard input, never from the command line: others can read that. */
static size_t read_key(uint8_t out[KEY_MAX])
{
	size_t n = 0;
	ssize_t got;

	if (isatty(STDIN_FILENO))
		fputs("key (end with Enter, then Ctrl-D): ", stderr);
	while (n < KEY_MAX && (got = sys_read(STDIN_FILENO, out + n, KEY_MAX - n)) > 0)
		n += (size_t)got;
	if (n == KEY_MAX)
		return 0;
	while (n > 0 && (out[n - 1] == '\n' || out[n - 1] == '\r' || out[n - 1] == ' '))
		n--;
	return n;
}

static int send_added(struct cli *cli, struct config *cfg, const struct options *o, const char *hex)
{
	struct buf request;
	struct json_out out;
	int status;

	buf_init(&request, 65536);
	out = json_out(&request);
	json_open(&out, '{');
	add_member(&out, "do", "keys.add");
	add_member(&out, "fingerprint", hex);
	add_member(&out, "id", o->id);
	add_member(&out, "user", o->user);
	add_member(&out, "kind", o->kind);
	add_member(&out, "expires", o->expires);
	json_close(&out, '}');
	status = ask(cli, cfg, &request, "added", o->json);
	buf_free(&request);
	return status;
}

static int add(struct cli *cli, struct options *o)
{
	uint8_t site_key[32], key[KEY_MAX];
	struct config *cfg;
	struct err e = { 0 };
	struct date d;
	char hex[17];
	size_t n;
	int status = EXIT_INPUT;

	if (o->n_words > 0) /* the word may be the key: not repeated in the message */
		return cli_usage(&command_keys,
				 "keys add takes the key from standard input, not from the command line");
	if (o->id == NULL)
		return cli_usage(&command_keys, "keys add needs --id, the name that reports show");
	if (o->kind != NULL && strcmp(o->kind, "person") != 0 && strcmp(o->kind, "service") != 0)
		return cli_usage(&command_keys, "unknown kind \"%s\", expected person or service", o->kind);
	if (o->expires != NULL && !date_parse(slice_str(o->expires), &d))
		return cli_usage(&command_keys, "there is no day \"%s\", expected YYYY-MM-DD", o->expires);
	if ((cfg = cli_config(cli, true)) == NULL)
		return EXIT_USAGE;
	if ((n = read_key(key)) == 0)
		cli_error("no key on standard input, or more than %d bytes", KEY_MAX - 1);
	else if (fingerprint_key(cfg, true, site_key, &e) != TK_OK)
		cli_error("%s", e.text);
	else if (!fingerprint(site_key, slice_of(key, n), hex))
		cli_error("what came on standard input is no key");
	else
		status = send_added(cli, cfg, o, hex);
	explicit_bzero(key, sizeof key);
	explicit_bzero(site_key, sizeof site_key);
	config_free(cfg);
	return status;
}

static int revoke_key(struct cli *cli, struct options *o)
{
	struct buf request;
	struct json_out out;
	struct config *cfg;
	int status;

	if (o->n_words != 1)
		return cli_usage(&command_keys,
				 "keys revoke needs one id (or fingerprint) of `tochoku keys list`");
	if ((cfg = cli_config(cli, true)) == NULL)
		return EXIT_USAGE;
	buf_init(&request, 65536);
	out = json_out(&request);
	json_open(&out, '{');
	add_member(&out, "do", "keys.revoke");
	add_member(&out, "id", o->words[0]);
	json_close(&out, '}');
	status = ask(cli, cfg, &request, "revoked", o->json);
	buf_free(&request);
	config_free(cfg);
	return status;
}

static int run(struct cli *cli, int argc, char **argv)
{
	static const struct {
		const char *name, *accepts;
		int (*run)(struct cli *cli, struct options *o);
	} verbs[] = { { "list", "sj", list },
		      { "adopt", "auj", adopt },
		      { "add", "iukej", add },
		      { "revoke", "j", revoke_key } };
	struct options o = { 0 };

	if (argc < 2)
		return cli_usage(&command_keys, "say what to do: list, adopt, add or revoke");
	for (size_t i = 0; i < COUNT(verbs); i++)
		if (strcmp(argv[1], verbs[i].name) == 0) {
			int status = read_options(&o, argc - 1, argv + 1, verbs[i].accepts);

			return status != EXIT_DONE ? status : verbs[i].run(cli, &o);
		}
	return cli_usage(&command_keys, "unknown word \"%s\", expected list, adopt, add or revoke", argv[1]);
}

const struct command command_keys = {
	.name = "keys",
	.summary = "register, revoke and list API keys, as fingerprints",
	.help = "Example: tochoku keys list --seen\n"
		"\n"
		"tochoku keys list [--seen] [--json]\n"
		"tochoku keys adopt FINGERPRINT... | --all [--user U]\n"
		"tochoku keys add --id ID [--user U] [--kind person|service] [--expires DAY] < FILE\n"
		"tochoku keys revoke ID\n"
		"\n"
		"list shows the register; with --seen the keys that calls were made with, whether "
		"registered\n"
		"or not, with first and last use and users. adopt registers keys that were seen (--all: "
		"every\n"
		"one that is not registered). add reads the key from standard input: it is reduced to a "
		"keyed\n"
		"fingerprint here and never stored. While nothing is registered, no key is judged unknown.\n"
		"Exit status: 0 done, 1 refused (no such key), 2 usage or configuration error, 3 the ledger\n"
		"cannot be read or written.\n",
	.run = run,
};
