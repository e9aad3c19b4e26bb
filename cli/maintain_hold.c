/* tochoku maintain hold: records that must not be erased. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/asking.h"
#include "cli/maintain.h"
#include "core/base/zone.h"
#include "core/retention/holds.h"

enum { OPT_USER = 256, OPT_FROM, OPT_TO, OPT_INCIDENT, OPT_REASON, OPT_APPROVED, OPT_JSON };

struct holding {
	const char *user, *from, *to, *incident, *reason, *approved_by;
	bool json;
	const char *word[2]; /* place, or release and a number */
	int n_words;
};

static int parse(struct holding *h, int argc, char **argv)
{
	static const struct option names[] = { { "user", required_argument, NULL, OPT_USER },
					       { "from", required_argument, NULL, OPT_FROM },
					       { "to", required_argument, NULL, OPT_TO },
					       { "incident", required_argument, NULL, OPT_INCIDENT },
					       { "reason", required_argument, NULL, OPT_REASON },
					       { "approved-by", required_argument, NULL, OPT_APPROVED },
					       { "json", no_argument, NULL, OPT_JSON },
					       { 0 } };
	const char **at[] = { &h->user, &h->from, &h->to, &h->incident, &h->reason, &h->approved_by };
	int c;

	optind = 0;
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":", names, NULL)) != -1) {
		if (c == '?')
			return cli_usage(&command_maintain, "unknown option %s", argv[optind - 1]);
		if (c == ':')
			return cli_usage(&command_maintain, "%s needs a value", argv[optind - 1]);
		if (c == OPT_JSON)
			h->json = true;
		else
			*at[c - OPT_USER] = optarg;
	}
	for (; optind < argc && h->n_words < 2; optind++)
		h->word[h->n_words++] = argv[optind];
	return optind < argc ? cli_usage(&command_maintain, "unexpected \"%s\"", argv[optind]) : EXIT_DONE;
}

/* ---- list ---- */

static void put_text(struct json_out *o, const char *key, struct slice v)
{
	if (v.n == 0)
		return;
	json_key(o, key);
	json_str(o, v);
}

static void put_time(struct json_out *o, const char *key, int64_t ns)
{
	char text[TIME_TEXT_MAX];

	if (ns != INT64_MIN && ns != INT64_MAX && ns != 0)
		put_text(o, key, slice_of(text, time_format_utc(ns, text)));
}

static void put_number(struct json_out *o, const char *key, int64_t v)
{
	json_key(o, key);
	json_int(o, v);
}

static void put_json(struct buf *out, const struct hold *h)
{
	struct json_out o = json_out(out);

	json_open(&o, '{');
	put_number(&o, "hold", h->number);
	put_text(&o, "status", h->released_ns == 0 ? SLICE("in-force") : SLICE("released"));
	put_text(&o, "user", h->user);
	put_time(&o, "from", h->from_ns);
	put_time(&o, "to", h->to_ns);
	if (h->incident != 0)
		put_number(&o, "incident", h->incident);
	put_text(&o, "reason", h->reason);
	put_text(&o, "approved_by", h->approved_by);
	put_time(&o, "placed", h->placed_ns);
	put_time(&o, "released", h->released_ns);
	put_text(&o, "released_by", h->released_by);
	json_close(&o, '}');
	buf_byte(out, '\n');
}

static void put_safe(struct buf *out, const char *before, struct slice text)
{
	if (text.n == 0)
		return;
	buf_str(out, before);
	cli_safe(out, text);
}

static void put_line(struct buf *out, const struct hold *h, bool ja)
{
	buf_fmt(out, "%3" PRId64 "  %s  ", h->number,
		h->released_ns != 0 ? ja ? "解除済" : "released"
		: ja		    ? "保全中"
				    : "in force");
	cli_put_minute(out, h->placed_ns);
	put_safe(out, ja ? "  利用者 " : "  user ", h->user);
	if (h->from_ns != INT64_MIN || h->to_ns != INT64_MAX) {
		buf_str(out, ja ? "  期間 " : "  time ");
		cli_put_minute(out, h->from_ns == INT64_MIN ? 0 : h->from_ns);
		buf_str(out, " .. ");
		cli_put_minute(out, h->to_ns == INT64_MAX ? 0 : h->to_ns);
	}
	if (h->incident != 0)
		buf_fmt(out, ja ? "  インシデント %" PRId64 : "  incident %" PRId64, h->incident);
	put_safe(out, "  ", h->reason);
	put_safe(out, " / ", h->approved_by);
	buf_byte(out, '\n');
}

static int list(struct cli *cli, bool json)
{
	struct ledger_reader *r;
	struct config *cfg;
	struct holds holds = { 0 };
	struct err e = { 0 };
	struct buf out;
	int status = cli_open_ledger(cli, &cfg, &r);

	if (status != EXIT_DONE)
		return status;
	buf_init(&out, 64u << 20);
	if (holds_read(&holds, r, &e) != TK_OK) {
		cli_error("%s", e.text);
		status = EXIT_INPUT;
	}
	for (size_t i = 0; i < holds.n; i++)
		if (json)
			put_json(&out, &holds.p[i]);
		else
			put_line(&out, &holds.p[i], strcmp(cfg->site.language, "en") != 0);
	if (status == EXIT_DONE)
		status = cli_write(NULL, buf_slice(&out));
	if (status == EXIT_DONE)
		cli_log_used(cfg, "maintain hold", INT64_MIN, INT64_MAX, (int64_t)holds.n);
	holds_free(&holds);
	buf_free(&out);
	ledger_reader_close(r);
	config_free(cfg);
	return status;
}

/* ---- place and release ---- */

static int change(const struct config *cfg, const struct holding *h, bool place, int64_t from_ns,
		  int64_t to_ns)
{
	struct asking a;
	int64_t number;
	int status;

	asking_begin(&a, place ? "hold.place" : "hold.release");
	asking_text(&a, "user", h->user);
	if (from_ns != INT64_MIN)
		asking_time(&a, "from", from_ns);
	if (to_ns != INT64_MAX)
		asking_time(&a, "to", to_ns);
	asking_text(&a, "incident", h->incident);
	asking_text(&a, "hold", place ? NULL : h->word[1]);
	asking_text(&a, "reason", h->reason);
	asking_text(&a, "approved_by", h->approved_by);
	status = asking_send(&a, cfg, &number);
	if (status == EXIT_DONE && h->json)
		printf("{\"hold\":%" PRId64 ",\"status\":\"%s\"}\n", number, place ? "in-force" : "released");
	else if (status == EXIT_DONE)
		printf(strcmp(cfg->site.language, "en") == 0
			       ? place ? "Hold %" PRId64 " is in force.\n" : "Hold %" PRId64 " is released.\n"
		       : place ? "保全 %" PRId64 " を開始しました。\n"
			       : "保全 %" PRId64 " を解除しました。\n",
		       number);
	asking_end(&a);
	return status;
}

int maintain_hold(struct cli *cli, int argc, char **argv)
{
	struct holding h = { 0 };
	int64_t from_ns, to_ns, number;
	int status = parse(&h, argc, argv);
	struct config *cfg;
	bool place;

	if (status != EXIT_DONE)
		return status;
	if (h.n_words == 0 || (h.n_words == 1 && strcmp(h.word[0], "list") == 0))
		return list(cli, h.json);
	place = strcmp(h.word[0], "place") == 0;
	if (h.n_words != (place ? 1 : 2) || (!place && strcmp(h.word[0], "release") != 0))
		return cli_usage(&command_maintain, "hold takes list, place, or release and a number");
	if (!place && !scalar_number(slice_str(h.word[1]), &number))
		return cli_usage(&command_maintain, "%s: not a hold's number", h.word[1]);
	if (h.reason == NULL || h.approved_by == NULL)
		return cli_usage(&command_maintain, "hold %s needs --reason and --approved-by", h.word[0]);
	if ((cfg = cli_config(cli, true)) == NULL)
		return EXIT_USAGE;
	if (cli_range(&command_maintain, h.from, h.to, &from_ns, &to_ns, &status))
		status = change(cfg, &h, place, from_ns, to_ns);
	config_free(cfg);
	return status;
}
