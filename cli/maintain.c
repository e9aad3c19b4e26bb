/* tochoku maintain: the care of ledger and trail. */
#include "cli/maintain.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>

#include "core/ledger/backup.h"

#define VERBS "backup, restore-test, prune, erase, hold or optimise"

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
		int (*run)(struct cli *cli, int argc, char **argv);
	} own[] = { { "prune", maintain_prune }, { "erase", maintain_erase }, { "hold", maintain_hold } };
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
		return cli_usage(&command_maintain, "say what to do: " VERBS);
	for (size_t i = 0; i < COUNT(own); i++)
		if (strcmp(argv[1], own[i].name) == 0)
			return own[i].run(cli, argc - 1, argv + 1);
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
	return cli_usage(&command_maintain, "unknown word \"%s\", expected " VERBS, argv[0]);
}

const struct command command_maintain = {
	.name = "maintain",
	.summary = "back up ledger and trail, test a backup, erase what is over, hold what must stay",
	.help = "Example: tochoku maintain backup /mnt/backup/2026-11-25\n"
		"\n"
		"tochoku maintain backup DIR [--json]\n"
		"tochoku maintain restore-test DIR [--json]\n"
		"tochoku maintain prune [--approved-by NAME]... [--scheduled] [--json]\n"
		"                       [--i-accept-short-retention --reason TEXT]\n"
		"tochoku maintain erase [--user ID] [--text TEXT] [--seq N[..M]] [--from T] [--to T]\n"
		"                       [--why request|order --approved-by NAME...] [--reference TEXT] [--json]\n"
		"tochoku maintain hold [--json]\n"
		"tochoku maintain hold place [--user ID] [--from T] [--to T] [--incident N]\n"
		"                       --reason TEXT --approved-by NAME\n"
		"tochoku maintain hold release N --reason TEXT --approved-by NAME\n"
		"tochoku maintain optimise [--json]\n"
		"\n"
		"backup copies ledger and trail into DIR, which must not be there, while 'tochoku run' runs.\n"
		"Private keys are not in it: keep fingerprint.key and the site key elsewhere. restore-test\n"
		"restores a backup into a scratch folder, checks files, ledger, its chain and the trail, and\n"
		"compares them with those in use.\n"
		"\n"
		"prune shows what is older than the periods of `retention` allow, and with --approved-by\n"
		"erases it; --scheduled erases in the names of retention.approved_by. erase shows, and with\n"
		"--why and --approved-by erases, the records that name a person, hold a text, or lie in a\n"
		"range; two people must approve where they are younger than their period or a year. First the\n"
		"erase record is sealed, then files and rows go: their hashes stay, and the trail verifies.\n"
		"Control, erase, hold and key records are never erased. What a legal hold covers stays: hold\n"
		"lists, places and releases them. Backups made before still have what was erased.\n"
		"\n"
		"optimise checks the ledger's file and gives free pages\n"
		"back. Each is recorded; `tochoku status` says when the last backup was made and tested.\n"
		"\n"
		"Exit status: 0 done, 1 a check failed, 2 usage or configuration error, 3 something cannot be\n"
		"read or written.\n",
	.run = run,
};
