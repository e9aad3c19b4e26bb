/* tochoku keys site: the key that signs the beginnings of the trail, and the epochs it signs. */
#include "cli/keys.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/sys.h"
#include "core/ledger/ledger.h"
#include "core/trail/files.h"
#include "core/trail/writer.h"

/* Under the ledger's lock, as everything that writes the trail. */
static int work(const struct config *cfg, const char *verb, const char *site_key, struct err *e)
{
	struct trail_place place = { cfg->ledger.trail, cfg->ledger.keys,
				     cfg->site.name == NULL ? "" : cfg->site.name, cfg->site.time_zone };
	struct trail *t = NULL;
	struct ledger *l;
	int rc = ledger_open(&l, cfg->ledger.path, e);

	if (rc != TK_OK)
		return rc;
	if (strcmp(verb, "init") == 0) {
		rc = trail_open(&t, &place, sys_now_ns(), e);
		trail_close(t);
	} else {
		rc = trail_renew(&place, strcmp(verb, "rotate") == 0 ? EPOCH_ROTATE : EPOCH_RECOVER, site_key,
				 sys_now_ns(), e);
	}
	ledger_close(l);
	return rc;
}

/* The line to be written on paper, and where it lies. */
static void tell_public(const char *trail)
{
	char path[TRAIL_PATH_MAX];
	struct slice text = { NULL, 0 }, rest, line = { NULL, 0 };
	struct err e;

	if (file_path(path, sizeof path, trail, "site-key.vkey") &&
	    sys_slurp(path, 4096, &text, &e) == TK_OK) {
		rest = text;
		take_line(&rest, &line);
	}
	printf("Public half of the site key, for the paper in the safe (%s/site-key.vkey):\n  %.*s\n", trail,
	       (int)line.n, (const char *)line.p);
	free((void *)(uintptr_t)text.p);
}

static int run(const struct config *cfg, const char *verb, const char *site_key)
{
	char held[TRAIL_PATH_MAX];
	struct err e = { 0 };
	int rc;

	if (!file_path(held, sizeof held, cfg->ledger.keys, "site.key"))
		held[0] = '\0';
	rc = work(cfg, verb, site_key != NULL ? site_key : held, &e);
	if (rc != TK_OK) {
		cli_error("%s%s", e.text, rc == TK_EBUSY ? "; end it first" : "");
		return rc == TK_ECONFIG ? EXIT_USAGE : EXIT_INPUT;
	}
	tell_public(cfg->ledger.trail);
	if (file_there(held))
		printf("Take the private one offline now, in two copies: %s\n", held);
	return EXIT_DONE;
}

int keys_site(struct cli *cli, struct keys_options *o)
{
	const char *verb = o->n_words == 1 ? o->words[0] : "";
	struct config *cfg;
	int status;

	if (strcmp(verb, "init") != 0 && strcmp(verb, "rotate") != 0 && strcmp(verb, "recover") != 0)
		return cli_usage(&command_keys, "keys site needs one word: init, rotate or recover");
	if ((cfg = cli_config(cli, true)) == NULL)
		return EXIT_USAGE;
	status = run(cfg, verb, o->site_key);
	config_free(cfg);
	return status;
}
