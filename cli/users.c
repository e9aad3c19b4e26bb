/* tochoku users list: the people of the configuration, and the names seen in calls. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>

#include "cli/reading.h"
#include "core/base/json.h"

#define LIST_MAX_BYTES (64u << 20)

extern const struct command command_users;

struct listing {
	const struct config *cfg;
	struct buf out;
	bool json;
	int64_t n;
};

static const struct cfg_user *user_of(const struct config *cfg, struct slice name)
{
	for (size_t i = 0; i < cfg->n_users; i++)
		if (slice_is(name, cfg->users[i].id))
			return &cfg->users[i];
	return NULL;
}

static void put_str(struct json_out *o, const char *key, struct slice v)
{
	if (v.n == 0)
		return;
	json_key(o, key);
	json_str(o, v);
}

/* `s` is NULL for a listing of the configuration alone. */
static void put_json(struct listing *l, struct slice name, const struct cfg_user *u, const struct sums *s)
{
	struct json_out o = json_out(&l->out);

	json_open(&o, '{');
	put_str(&o, "user.name", name);
	if (u != NULL) {
		put_str(&o, "user.full_name", slice_str(u->name));
		put_str(&o, "user.roles", slice_str(u->roles));
		put_str(&o, "tochoku.department", slice_str(u->department));
		put_str(&o, "status", slice_str(u->status));
	}
	if (s != NULL) {
		json_key(&o, "registered");
		json_bool(&o, u != NULL);
		json_key(&o, "calls");
		json_int(&o, s->calls);
		json_key(&o, "calls.successful");
		json_int(&o, s->successful);
	}
	json_close(&o, '}');
	buf_byte(&l->out, '\n');
}

static void put_column(struct buf *out, struct slice text, size_t width)
{
	size_t before = out->n;

	cli_safe(out, text.n > 0 ? text : SLICE("-"));
	do
		buf_byte(out, ' ');
	while (!out->failed && out->n - before < width);
}

static void put_line(struct listing *l, struct slice name, const struct cfg_user *u, const struct sums *s)
{
	put_column(&l->out, name, 20);
	put_column(&l->out, u == NULL ? SLICE("not registered") : slice_str(u->status), 16);
	put_column(&l->out, u == NULL ? SLICE("") : slice_str(u->department), 20);
	if (s != NULL)
		buf_fmt(&l->out, "%10" PRId64 "  ", s->calls);
	cli_safe(&l->out, u == NULL ? SLICE("") : slice_str(u->name));
	buf_byte(&l->out, '\n');
}

static void put(struct listing *l, struct slice name, const struct cfg_user *u, const struct sums *s)
{
	l->n++;
	if (l->json)
		put_json(l, name, u, s);
	else
		put_line(l, name, u, s);
}

static void take_seen(void *ctx, struct slice name, int64_t bucket, const struct sums *s)
{
	struct listing *l = ctx;

	(void)bucket;
	if (name.n > 0)
		put(l, name, user_of(l->cfg, name), s);
}

static int list_seen(struct cli *cli, struct listing *l)
{
	struct ledger_reader *r;
	struct config *cfg;
	struct err e;
	int status = cli_open_ledger(cli, &cfg, &r);

	if (status != EXIT_DONE)
		return status;
	l->cfg = cfg;
	if (!l->json)
		buf_str(&l->out,
			"USER                STATUS          DEPARTMENT               CALLS  NAME\n");
	if (ledger_sums(r, INT64_MIN, INT64_MAX, BY_USER, take_seen, l, &e) != TK_OK) {
		cli_error("%s", e.text);
		status = EXIT_INPUT;
	} else {
		status = cli_write(NULL, buf_slice(&l->out));
		cli_log_used(cfg, "users list", INT64_MIN, INT64_MAX, l->n);
	}
	ledger_reader_close(r);
	config_free(cfg);
	return status;
}

static int list_configured(struct cli *cli, struct listing *l)
{
	struct config *cfg = cli_config(cli, true);
	int status;

	if (cfg == NULL)
		return EXIT_USAGE;
	if (!l->json)
		buf_str(&l->out, "USER                STATUS          DEPARTMENT          NAME\n");
	for (size_t i = 0; i < cfg->n_users; i++)
		put(l, slice_str(cfg->users[i].id), &cfg->users[i], NULL);
	if (l->n == 0)
		cli_error("no user is registered (identities.users); `tochoku users list --seen` shows the "
			  "names in calls");
	status = cli_write(NULL, buf_slice(&l->out));
	config_free(cfg);
	return status;
}

static int run(struct cli *cli, int argc, char **argv)
{
	static const struct option names[] = { { "seen", no_argument, NULL, 's' },
					       { "json", no_argument, NULL, 'j' },
					       { 0 } };
	struct listing l = { 0 };
	bool seen = false;
	int c, status;

	if (argc < 2 || strcmp(argv[1], "list") != 0)
		return cli_usage(&command_users, "say what to do: users list");
	optind = 0;
	opterr = 0;
	while ((c = getopt_long(argc - 1, argv + 1, ":", names, NULL)) != -1) {
		if (c == '?')
			return cli_usage(&command_users, "unknown option %s", argv[optind]);
		seen |= c == 's';
		l.json |= c == 'j';
	}
	if (optind < argc - 1)
		return cli_usage(&command_users, "unexpected \"%s\"", argv[optind + 1]);
	buf_init(&l.out, LIST_MAX_BYTES);
	status = seen ? list_seen(cli, &l) : list_configured(cli, &l);
	buf_free(&l.out);
	return status;
}

const struct command command_users = {
	.name = "users",
	.summary = "the people behind the keys, and the names seen",
	.help = "Example: tochoku users list --seen\n"
		"\n"
		"tochoku users list [--seen] [--json]\n"
		"\n"
		"Lists the people of identities.users; with --seen the names that calls bear, whether\n"
		"registered or not, with the number of their calls. People are registered in the "
		"configuration.\n"
		"Exit status: 0 done, 2 usage or configuration error, 3 no ledger or it cannot be read.\n",
	.run = run,
};
