/* tochoku keys list. */
#include <inttypes.h>
#include <stdio.h>

#include "cli/keys.h"
#include "core/base/map.h"
#include "core/base/sys.h"
#include "core/base/zone.h"

#define LIST_MAX_BYTES (64u << 20)

struct listing {
	const struct keys_options *o;
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

/* The local day of an instant. */
static void put_day(struct json_out *o, const char *key, int64_t ns)
{
	char text[11];

	if (ns == 0 || ns == INT64_MIN)
		return;
	date_format(date_from_days(zone_day_of(ns / NS_PER_SEC)), text);
	put_str(o, key, slice_of(text, 10));
}

/* As a call of now would have it. */
static const char *state_of(const struct key_row *k)
{
	int64_t now = sys_now_ns();

	if (slice_is(k->state, "lost"))
		return "lost";
	if (slice_is(k->state, "revoked") && k->revoked_ns <= now)
		return "revoked";
	if (slice_is(k->state, "expired") || (k->expires_ns != 0 && k->expires_ns <= now))
		return "expired";
	return k->from_ns > now ? "not_yet_valid" : "active";
}

static void put_list(struct json_out *o, const char *key, struct slice list)
{
	if (list.n == 0)
		return;
	json_key(o, key);
	json_open(o, '[');
	while (list.n > 0) {
		const uint8_t *comma = memchr(list.p, ',', list.n);
		size_t n = comma == NULL ? list.n : (size_t)(comma - list.p);

		json_str(o, slice_head(list, n));
		list = slice_from(list, n + 1);
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
	put_str(&o, "tochoku.key.state", slice_str(k->state.n > 0 ? state_of(k) : "unknown"));
	put_str(&o, "kind", k->kind);
	put_str(&o, "owner", k->owner);
	put_str(&o, "tochoku.department", k->department);
	put_list(&o, "models", k->models);
	put_list(&o, "paths", k->paths);
	put_day(&o, "issued", k->issued_ns);
	put_day(&o, "valid_from", k->from_ns);
	put_day(&o, "expires", k->expires_ns == 0 ? 0 : k->expires_ns - 1);
	put_day(&o, "revoked", k->revoked_ns);
	if (k->calls > 0) {
		put_time(&o, "first", k->first_ns);
		put_time(&o, "last", k->last_ns);
		json_key(&o, "calls");
		json_int(&o, k->calls);
		put_list(&o, "users", k->users);
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
	put_column(&l->out, slice_str(k->state.n > 0 ? state_of(k) : "not registered"), 15);
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

static int64_t day_ns(struct date d, int32_t later)
{
	return d.year == 0 ? 0 : zone_day_start(date_to_days(d) + later) * NS_PER_SEC;
}

/* Keys that the configuration holds are registered too; shown by their fingerprints. */
static void take_configured(struct listing *l, const struct config *cfg)
{
	struct fingerprint_keys site;
	struct err e;

	if (cfg->n_keys == 0)
		return;
	if (fingerprint_keys(cfg, false, &site, &e) != TK_OK) {
		cli_error("identities.keys are not listed: %s", e.text);
		return;
	}
	for (size_t i = 0; i < cfg->n_keys; i++) {
		const struct cfg_key *c = &cfg->keys[i];
		char hex[FINGERPRINT_TEXT + 1];
		struct key_row k = { .id = slice_str(c->id),
				     .user = slice_str(c->user),
				     .state = c->revoked.year != 0 ? SLICE("revoked") : slice_str(c->state),
				     .kind = slice_str(c->kind),
				     .owner = slice_str(c->owner),
				     .department = slice_str(c->department),
				     .models = slice_str(c->models),
				     .paths = slice_str(c->paths),
				     .issued_ns = day_ns(c->issued, 0),
				     .from_ns = day_ns(c->valid_from, 0),
				     .expires_ns = day_ns(c->expires, 1),
				     .revoked_ns = day_ns(c->revoked, 0) };

		if (c->key == NULL || !keys_fingerprint(&site, slice_str(c->key), hex))
			continue;
		k.fingerprint = slice_of(hex, FINGERPRINT_TEXT);
		take(l, &k);
	}
	explicit_bzero(&site, sizeof site);
}

int keys_list(struct cli *cli, struct keys_options *o)
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
		cli_log_used(cfg, "keys list", INT64_MIN, INT64_MAX, l.n);
	}
	map_free(l.listed);
	buf_free(&l.out);
	ledger_reader_close(r);
	config_free(cfg);
	return status;
}
