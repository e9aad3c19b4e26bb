/* tochoku maintain: the care of ledger and trail. */
#include "cli/maintain.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>

#include "core/ledger/backup.h"

extern const struct command command_maintain;

int maintain_ask(const struct config *cfg, const char *what, const char *members, struct buf *reply)
{
	struct buf request;
	int status;

	buf_init(&request, 16384);
	buf_fmt(&request, "{\"do\":\"maintain.%s\"%s}", what, members);
	status = cli_request(cfg, buf_slice(&request), reply);
	buf_free(&request);
	return status;
}

static int check(const struct config *cfg)
{
	struct ledger_reader *r = NULL;
	struct err e = { 0 };
	int rc = ledger_reader_open(&r, cfg->ledger.path, &e);

	if (rc == TK_OK)
		rc = ledger_check(r, &e);
	ledger_reader_close(r);
	if (rc != TK_OK)
		cli_error("%s: %s", cfg->ledger.path, e.text);
	return rc == TK_OK ? EXIT_DONE : rc == TK_EMALFORMED ? EXIT_NO : EXIT_INPUT;
}

/* The check comes first: a damaged file is left as it is. */
int maintain_optimise(const struct maintaining *m)
{
	struct config *cfg = cli_config(m->cli, true);
	struct buf reply;
	int status;

	if (cfg == NULL)
		return EXIT_USAGE;
	buf_init(&reply, 65536);
	if ((status = check(cfg)) == EXIT_DONE &&
	    (status = maintain_ask(cfg, "optimise", "", &reply)) == EXIT_DONE) {
		struct slice n = cli_member(buf_slice(&reply), "count");

		printf(m->json ? "{\"integrity\":\"ok\",\"freed_bytes\":%.*s}\n"
			       : "The ledger is sound; %.*s bytes were given back.\n",
		       (int)n.n, (const char *)n.p);
	}
	buf_free(&reply);
	config_free(cfg);
	return status;
}

static int run(struct cli *cli, int argc, char **argv)
{
	static const struct option names[] = { { "json", no_argument, NULL, 'j' }, { 0 } };
	static const struct {
		const char *name;
		int (*run)(const struct maintaining *m);
		bool folder;
	} verbs[] = {
		{ "backup", maintain_backup, true },
		{ "restore-test", maintain_restore_test, true },
		{ "optimise", maintain_optimise, false },
	};
	struct maintaining m = { .cli = cli };
	int c;

	if (argc < 2)
		return cli_usage(&command_maintain, "say what to do: backup, restore-test or optimise");
	optind = 0;
	opterr = 0;
	while ((c = getopt_long(argc - 1, argv + 1, ":", names, NULL)) != -1) {
		if (c == '?')
			return cli_usage(&command_maintain, "unknown option %s", argv[optind]);
		m.json = true;
	}
	argv += 1;
	argc -= 1;
	for (size_t i = 0; i < COUNT(verbs); i++) {
		if (strcmp(argv[0], verbs[i].name) != 0)
			continue;
		if (argc - optind != verbs[i].folder)
			return cli_usage(&command_maintain, verbs[i].folder ? "%s takes one folder"
									    : "%s takes no folder",
					 argv[0]);
		m.folder = argv[optind];
		return verbs[i].run(&m);
	}
	return cli_usage(&command_maintain, "unknown word \"%s\", expected backup, restore-test or optimise",
			 argv[0]);
}

const struct command command_maintain = {
	.name = "maintain",
	.summary = "back up ledger and trail, test a backup, tidy up",
	.help = "Example: tochoku maintain backup /mnt/backup/2026-11-25\n"
		"\n"
		"tochoku maintain backup DIR [--json]\n"
		"tochoku maintain restore-test DIR [--json]\n"
		"tochoku maintain optimise [--json]\n"
		"\n"
		"backup copies ledger and trail into DIR, which must not be there, while 'tochoku run' runs.\n"
		"Private keys are not in it: keep fingerprint.key and the site key elsewhere. restore-test\n"
		"restores a backup into a scratch folder, checks files, ledger, its chain and the trail, and\n"
		"compares them with those in use. optimise checks the ledger's file and gives free pages\n"
		"back. Each is recorded; `tochoku status` says when the last backup was made and tested.\n"
		"\n"
		"Exit status: 0 done, 1 a check failed, 2 usage or configuration error, 3 something cannot be\n"
		"read or written.\n",
	.run = run,
};
