/* tochoku keys: changes of the register, through the one door. The keys themselves never leave this process:
 * what is sent and kept is a keyed fingerprint. */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/keys.h"
#include "core/base/hash.h"
#include "core/base/sys.h"
#include "core/base/zone.h"
#include "sensor/fields/secret.h"

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

static int ask(const struct config *cfg, const struct buf *request, const char *did, bool json)
{
	struct buf reply, out;
	int status;

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

bool keys_fingerprint(const struct fingerprint_keys *site, struct slice key, char out[FINGERPRINT_TEXT + 1])
{
	uint8_t room[KEY_BYTES_MAX], bytes[FINGERPRINT_BYTES];
	struct scratch s = { room, 0, sizeof room };
	struct slice secret = secret_part(key, &s);
	bool good = secret.n > 0 && fingerprint_make(fingerprint_chain(site), secret, bytes);

	if (good)
		hex_encode(slice_of(bytes, sizeof bytes), out);
	explicit_bzero(room, sizeof room);
	return good;
}

void keys_begin_request(struct json_out *out, const struct fingerprint_keys *site)
{
	char mark[FINGERPRINT_TEXT + 1] = "";

	fingerprint_mark(fingerprint_chain(site), mark);
	json_open(out, '{');
	add_member(out, "do", "keys.add");
	add_member(out, "mark", mark);
	json_key(out, "keys");
	json_open(out, '[');
}

int keys_send(const struct config *cfg, struct json_out *out, const struct buf *request, const char *did,
	      bool json)
{
	json_close(out, ']');
	json_close(out, '}');
	return ask(cfg, request, did, json);
}

static bool is_fingerprint(const char *text)
{
	uint8_t bytes[8];

	return hex_decode(slice_str(text), bytes, sizeof bytes) && strlen(text) == 16;
}

int keys_adopt(struct cli *cli, struct keys_options *o)
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
	add_member(&out, "user", o->text[KEY_USER]);
	if (o->n_words > 0) {
		json_key(&out, "fingerprints");
		json_open(&out, '[');
		for (int i = 0; i < o->n_words; i++)
			json_str(&out, slice_str(o->words[i]));
		json_close(&out, ']');
	}
	json_close(&out, '}');
	status = ask(cfg, &request, "adopted", o->json);
	buf_free(&request);
	config_free(cfg);
	return status;
}

/* From standard input, never from the command line: others can read that. */
static size_t read_key(uint8_t out[KEY_BYTES_MAX])
{
	size_t n = 0;
	ssize_t got;

	if (isatty(STDIN_FILENO))
		fputs("key (end with Enter, then Ctrl-D): ", stderr);
	while (n < KEY_BYTES_MAX && (got = sys_read(STDIN_FILENO, out + n, KEY_BYTES_MAX - n)) > 0)
		n += (size_t)got;
	if (n == KEY_BYTES_MAX)
		return 0;
	while (n > 0 && (out[n - 1] == '\n' || out[n - 1] == '\r' || out[n - 1] == ' '))
		n--;
	return n;
}

/* A word that is none of a list's, or NULL. */
static const char *wrong_option(const struct keys_options *o)
{
	static const struct {
		enum key_text text;
		const char *name;
	} days[] = {
		{ KEY_ISSUED, "issued" },
		{ KEY_FROM, "valid-from" },
		{ KEY_EXPIRES, "expires" },
	};
	const char *kind = o->text[KEY_KIND];
	struct date d;

	if (kind != NULL && strcmp(kind, "person") != 0 && strcmp(kind, "service") != 0 &&
	    strcmp(kind, "shared") != 0)
		return "kind";
	for (size_t i = 0; i < COUNT(days); i++)
		if (o->text[days[i].text] != NULL && !date_parse(slice_str(o->text[days[i].text]), &d))
			return days[i].name;
	return NULL;
}

static int send_added(const struct config *cfg, const struct keys_options *o,
		      const struct fingerprint_keys *site, const char *hex)
{
	struct buf request;
	struct json_out out;
	int status;

	buf_init(&request, 65536);
	out = json_out(&request);
	keys_begin_request(&out, site);
	for (int i = 0; i < KEY_TEXTS; i++)
		json_str(&out, slice_str(i == KEY_FINGERPRINT ? hex : o->text[i]));
	status = keys_send(cfg, &out, &request, "added", o->json);
	buf_free(&request);
	return status;
}

int keys_add(struct cli *cli, struct keys_options *o)
{
	struct fingerprint_keys site = { .n = 0 };
	uint8_t key[KEY_BYTES_MAX];
	const char *wrong = wrong_option(o);
	struct config *cfg;
	struct err e = { 0 };
	char hex[FINGERPRINT_TEXT + 1];
	size_t n;
	int status = EXIT_INPUT;

	if (o->n_words > 0) /* the word may be the key: not repeated in the message */
		return cli_usage(&command_keys,
				 "keys add takes the key from standard input, not from the command line");
	if (o->text[KEY_ID] == NULL)
		return cli_usage(&command_keys, "keys add needs --id, the name that reports show");
	if (wrong != NULL && strcmp(wrong, "kind") == 0)
		return cli_usage(&command_keys, "unknown kind \"%s\", expected person, service or shared",
				 o->text[KEY_KIND]);
	if (wrong != NULL)
		return cli_usage(&command_keys, "--%s: no such day, expected YYYY-MM-DD", wrong);
	if ((cfg = cli_config(cli, true)) == NULL)
		return EXIT_USAGE;
	if ((n = read_key(key)) == 0)
		cli_error("no key on standard input, or more than %d bytes", KEY_BYTES_MAX - 1);
	else if (fingerprint_keys(cfg, true, &site, &e) != TK_OK)
		cli_error("%s", e.text);
	else if (!keys_fingerprint(&site, slice_of(key, n), hex))
		cli_error("what came on standard input is no key");
	else
		status = send_added(cfg, o, &site, hex);
	explicit_bzero(key, sizeof key);
	explicit_bzero(&site, sizeof site);
	config_free(cfg);
	return status;
}

int keys_revoke(struct cli *cli, struct keys_options *o)
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
	status = ask(cfg, &request, "revoked", o->json);
	buf_free(&request);
	config_free(cfg);
	return status;
}

/* The file first, then the ledger: a start in between sees that the chain goes on, and does the rest. */
int keys_rotate(struct cli *cli, struct keys_options *o)
{
	struct config *cfg;
	struct buf request, reply;
	struct err e = { 0 };
	int status = EXIT_DONE;

	if (o->n_words > 0)
		return cli_usage(&command_keys, "unexpected \"%s\"", o->words[0]);
	if ((cfg = cli_config(cli, true)) == NULL)
		return EXIT_USAGE;
	buf_init(&request, 256);
	buf_str(&request, o->lost ? "{\"do\":\"keys.settle\",\"lost\":\"yes\"}" : "{\"do\":\"keys.settle\"}");
	buf_init(&reply, 65536);
	/* what an earlier rotation left undone comes first; a file that is not the ledger's gets no link */
	if (!o->lost)
		status = cli_request(cfg, buf_slice(&request), &reply);
	if (status == EXIT_DONE &&
	    (o->lost ? fingerprint_begin_anew(cfg, &e) : fingerprint_add_link(cfg, &e)) != TK_OK) {
		cli_error("%s", e.text);
		status = EXIT_INPUT;
	}
	if (status == EXIT_DONE)
		status = ask(cfg, &request, o->lost ? "lost" : "linked", o->json);
	if (status == EXIT_DONE && cli_recorder_runs(cfg))
		cli_error("send SIGHUP to the running `tochoku run`: until then its sensor computes with the"
			  " old key, and what it sends is known by that");
	buf_free(&reply);
	buf_free(&request);
	config_free(cfg);
	return status;
}
