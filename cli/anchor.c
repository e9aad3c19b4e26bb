/* tochoku anchor: what others hold of the trail, so that whoever has this machine cannot deny it. */
#include "cli/anchor.h"

#include <getopt.h>

#include "sensor/heads.h"

static int told(int rc, const struct err *e)
{
	if (rc == TK_OK)
		return EXIT_DONE;
	cli_error("%s", e->text);
	return rc == TK_ECONFIG ? EXIT_USAGE : EXIT_INPUT;
}

static int send(const struct config *cfg, const struct anchor_options *o)
{
	struct err e = { 0 };

	return told(o->once ? heads_send(cfg, &e) : heads_follow(cfg, &e), &e);
}

static const struct verb {
	const char *name, *accepts; /* options; 'W': needs a FILE */
	int (*run)(const struct config *cfg, const struct anchor_options *o);
} verbs[] = {
	{ "send", "1", send },		 { "query", "o", anchor_query },
	{ "reply", "Wt", anchor_reply }, { "witness", "Wk", anchor_witness },
	{ "list", "j", anchor_list },
};

static int read_options(struct anchor_options *o, const struct verb *v, int argc, char **argv)
{
	static const struct option names[] = {
		{ "once", no_argument, NULL, '1' },	    { "output", required_argument, NULL, 'o' },
		{ "tsa-ca", required_argument, NULL, 't' }, { "key", required_argument, NULL, 'k' },
		{ "json", no_argument, NULL, 'j' },	    { 0 }
	};
	int c;

	optind = 0;
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":o:", names, NULL)) != -1) {
		if (c == ':')
			return cli_usage(&command_anchor, "%s needs a value", argv[optind - 1]);
		if (c == '?' || strchr(v->accepts, c) == NULL)
			return cli_usage(&command_anchor, "anchor %s has no option %s", v->name,
					 argv[optind - 1]);
		if (c == '1')
			o->once = true;
		else if (c == 'j')
			o->json = true;
		else
			*(c == 'o' ? &o->out : c == 't' ? &o->tsa_ca : &o->key) = optarg;
	}
	if (strchr(v->accepts, 'W') != NULL && optind < argc)
		o->word = argv[optind++];
	if (strchr(v->accepts, 'W') != NULL && o->word == NULL)
		return cli_usage(&command_anchor, "anchor %s needs a FILE", v->name);
	if (optind < argc)
		return cli_usage(&command_anchor, "unexpected \"%s\"", argv[optind]);
	return EXIT_DONE;
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct anchor_options o = { 0 };

	for (size_t i = 0; i < COUNT(verbs) && argc > 1; i++) {
		struct config *cfg;
		int status;

		if (strcmp(argv[1], verbs[i].name) != 0)
			continue;
		if ((status = read_options(&o, &verbs[i], argc - 1, argv + 1)) != EXIT_DONE)
			return status;
		if ((cfg = cli_config(cli, true)) == NULL)
			return EXIT_USAGE;
		status = verbs[i].run(cfg, &o);
		config_free(cfg);
		return status;
	}
	return cli_usage(&command_anchor, "say what to do: send, query, reply, witness or list");
}

const struct command command_anchor = {
	.name = "anchor",
	.summary = "give others what proves the trail: heads, time stamps, witnesses",
	.help = "Example: tochoku anchor query -o week47.tsq\n"
		"\n"
		"tochoku anchor send [--once]\n"
		"tochoku anchor query [-o FILE]\n"
		"tochoku anchor reply FILE [--tsa-ca FILE]\n"
		"tochoku anchor witness FILE --key KEY\n"
		"tochoku anchor list [--json]\n"
		"\n"
		"  send     tells anchors.collectors of the trail's head by syslog (MSGID HEAD), at every "
		"seal and\n"
		"           every 15 minutes, until it is ended; --once: now, and no more. `verify --anchor` "
		"takes\n"
		"           what the collector has kept of it\n"
		"  query    a query for a time stamp (RFC 3161) over the newest checkpoint, for any machine "
		"with a\n"
		"           route to an authority; -o: a copy of it there. It stays beside the checkpoint\n"
		"  reply    takes the authority's reply to it; --tsa-ca: its certificates (PEM), to check it "
		"by now\n"
		"  witness  takes a checkpoint that a witness has cosigned, or its signature lines alone; "
		"--key: the\n"
		"           witness's verifier key, or a file with it\n"
		"  list     which checkpoints have a query, a time stamp, or further signatures\n"
		"\n"
		"A time stamp is over the bytes of the checkpoint's note: signatures of witnesses come "
		"before the\n"
		"query, or go to another checkpoint. Nothing but `send` connects to anybody.\n"
		"Exit status: 0 done, 1 refused, 2 usage or configuration error, 3 a file cannot be read or "
		"written,\n"
		"or a collector could not be told.\n",
	.run = run,
};
