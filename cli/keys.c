/* tochoku keys: the register of API keys. */
#include "cli/keys.h"

#include <getopt.h>

static int read_options(struct keys_options *o, int argc, char **argv, const char *accepts)
{
	/* val: the letter, or for a text of the key 256 and its number */
	static const struct option names[] = { { "seen", no_argument, NULL, 's' },
					       { "json", no_argument, NULL, 'j' },
					       { "all", no_argument, NULL, 'a' },
					       { "lost", no_argument, NULL, 'l' },
					       { "user", required_argument, NULL, 256 + KEY_USER },
					       { "id", required_argument, NULL, 256 + KEY_ID },
					       { "kind", required_argument, NULL, 256 + KEY_KIND },
					       { "owner", required_argument, NULL, 256 + KEY_OWNER },
					       { "department", required_argument, NULL,
						 256 + KEY_DEPARTMENT },
					       { "models", required_argument, NULL, 256 + KEY_MODELS },
					       { "paths", required_argument, NULL, 256 + KEY_PATHS },
					       { "issued", required_argument, NULL, 256 + KEY_ISSUED },
					       { "valid-from", required_argument, NULL, 256 + KEY_FROM },
					       { "expires", required_argument, NULL, 256 + KEY_EXPIRES },
					       { "site-key", required_argument, NULL, 'S' },
					       { 0 } };
	int c;

	optind = 0;
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":", names, NULL)) != -1) {
		/* "u" stands for the user alone, "k" for all that is told of a key */
		bool known = c >= 256 ? strchr(accepts, 'k') != NULL ||
						(c == 256 + KEY_USER && strchr(accepts, 'u') != NULL)
				      : c != '?' && c != ':' && strchr(accepts, c) != NULL;

		if (c == ':')
			return cli_usage(&command_keys, "%s needs a value", argv[optind - 1]);
		if (!known)
			return cli_usage(&command_keys, "keys %s has no option %s", argv[0],
					 argv[optind - 1]);
		if (c >= 256)
			o->text[c - 256] = optarg;
		o->seen |= c == 's';
		o->json |= c == 'j';
		o->all |= c == 'a';
		o->lost |= c == 'l';
		if (c == 'S')
			o->site_key = optarg;
	}
	o->words = argv + optind;
	o->n_words = argc - optind;
	return EXIT_DONE;
}

static int run(struct cli *cli, int argc, char **argv)
{
	static const struct {
		const char *name, *accepts;
		int (*run)(struct cli *cli, struct keys_options *o);
	} verbs[] = {
		{ "list", "sj", keys_list },	{ "adopt", "auj", keys_adopt },
		{ "add", "kj", keys_add },	{ "import", "j", keys_import },
		{ "revoke", "j", keys_revoke }, { "rotate-fingerprint", "lj", keys_rotate },
		{ "site", "S", keys_site },
	};
	struct keys_options o = { 0 };

	if (argc < 2)
		return cli_usage(&command_keys,
				 "say what to do: list, adopt, add, import, revoke, rotate-fingerprint or "
				 "site");
	for (size_t i = 0; i < COUNT(verbs); i++)
		if (strcmp(argv[1], verbs[i].name) == 0) {
			int status = read_options(&o, argc - 1, argv + 1, verbs[i].accepts);

			return status != EXIT_DONE ? status : verbs[i].run(cli, &o);
		}
	return cli_usage(
		&command_keys,
		"unknown word \"%s\", expected list, adopt, add, import, revoke, rotate-fingerprint or "
		"site",
		argv[1]);
}

const struct command command_keys = {
	.name = "keys",
	.summary = "register, revoke and list API keys, as fingerprints",
	.help = "Example: tochoku keys list --seen\n"
		"\n"
		"tochoku keys list [--seen] [--json]\n"
		"tochoku keys adopt FINGERPRINT... | --all [--user U]\n"
		"tochoku keys add --id ID [--user U] [--kind person|service|shared] [--owner U] "
		"[--department D]\n"
		"                 [--models P,P] [--paths P,P] [--issued DAY] [--valid-from DAY] [--expires "
		"DAY] < FILE\n"
		"tochoku keys import FILE.csv\n"
		"tochoku keys revoke ID\n"
		"tochoku keys rotate-fingerprint [--lost]\n"
		"tochoku keys site init | rotate | recover [--site-key FILE]\n"
		"\n"
		"list shows the register; with --seen the keys that calls were made with, whether "
		"registered\n"
		"or not, with first and last use and users. adopt registers keys that were seen (--all: "
		"every\n"
		"one that is not registered). add reads the key from standard input: it is reduced to a "
		"keyed\n"
		"fingerprint here and never stored. --models and --paths are its plan: patterns in which * "
		"stands\n"
		"for any text. --expires is the last day on which it is valid. import registers every key of "
		"a\n"
		"CSV, or, with one wrong row, none; the manual has its columns. rotate-fingerprint makes a "
		"new key\n"
		"for the fingerprints, to which the old ones stay linked; --lost one in place of a key that "
		"is\n"
		"gone: everything must then be registered again. While nothing is registered, no key is "
		"judged\n"
		"unknown.\n"
		"\n"
		"site is about the key of the audit trail: init makes trail and keys where they are\n"
		"missing and says where the site key lies; rotate goes on with new signing keys, recover\n"
		"begins again where they are lost. Both need the private site key: --site-key, by default\n"
		"the one in ledger.keys.\n"
		"Exit status: 0 done, 1 refused (no such key), 2 usage or configuration error, a wrong row "
		"of a\n"
		"CSV among them, 3 the ledger cannot be read or written.\n",
	.run = run,
};
