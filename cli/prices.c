/* tochoku prices: the verbs and their options; check a price table, show what prices a model. */
#include <getopt.h>
#include <stdio.h>

#include "cli/prices.h"
#include "core/base/sys.h"
#include "core/base/zone.h"

#define PROBLEMS_BYTES (1u << 20)

/* ---- options ---- */

static void set_option(struct prices_options *o, int c)
{
	switch (c) {
	case 'f': o->file = optarg; break;
	case 'p': o->provider = optarg; break;
	case 'd': o->date = optarg; break;
	case 'r': o->from = optarg; break;
	case 't': o->to = optarg; break;
	case 'm': o->month = optarg; break;
	case 'u': o->usd = optarg; break;
	case 'w': o->reason = optarg; break;
	case 'o': o->out = optarg; break;
	case 'n': o->dry_run = true; break;
	default: o->json = true; break;
	}
}

/* `accepts`: the letters of the options that this verb has. */
static int read_options(struct prices_options *o, int argc, char **argv, const char *accepts)
{
	static const struct option names[] = { { "file", required_argument, NULL, 'f' },
					       { "table", required_argument, NULL, 'f' },
					       { "provider", required_argument, NULL, 'p' },
					       { "date", required_argument, NULL, 'd' },
					       { "from", required_argument, NULL, 'r' },
					       { "to", required_argument, NULL, 't' },
					       { "month", required_argument, NULL, 'm' },
					       { "usd", required_argument, NULL, 'u' },
					       { "reason", required_argument, NULL, 'w' },
					       { "output", required_argument, NULL, 'o' },
					       { "dry-run", no_argument, NULL, 'n' },
					       { "json", no_argument, NULL, 'j' },
					       { 0 } };
	int c;

	optind = 0; /* glibc: start anew, the program's own options were read before */
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":o:n", names, NULL)) != -1) {
		if (c == ':')
			return cli_usage(&command_prices, "%s needs a value", argv[optind - 1]);
		if (c == '?' || strchr(accepts, c) == NULL)
			return cli_usage(&command_prices, "prices %s has no option %s", argv[0],
					 argv[optind - 1]);
		set_option(o, c);
	}
	if (optind < argc)
		o->word = argv[optind++];
	if (optind < argc)
		return cli_usage(&command_prices, "unexpected \"%s\"", argv[optind]);
	return EXIT_DONE;
}

/* ---- tables ---- */

void prices_tell(const struct buf *problems)
{
	for (struct slice rest = buf_slice(problems); rest.n > 0;) {
		const uint8_t *lf = memchr(rest.p, '\n', rest.n);
		struct slice line = slice_head(rest, lf == NULL ? rest.n : (size_t)(lf - rest.p));

		cli_error("%.*s", (int)line.n, (const char *)line.p);
		rest = slice_from(rest, line.n + 1);
	}
}

/* NULL: it was said why. */
static struct price_table *load_file(const char *file)
{
	struct buf problems;
	struct price_table *t;

	buf_init(&problems, PROBLEMS_BYTES);
	t = file == NULL ? prices_shipped(&problems) : prices_load(file, &problems);
	prices_tell(&problems);
	buf_free(&problems);
	return t;
}

struct price_table *prices_open(const struct prices_options *o, const char *file, int *status)
{
	struct config *cfg = file == NULL ? cli_config(o->cli, false) : NULL;
	struct price_table *t = NULL;
	int fd;

	*status = EXIT_USAGE;
	if (file == NULL && cfg == NULL)
		return NULL;
	if (file == NULL)
		file = cfg->prices.table;
	if (file != NULL && (fd = sys_open(file, 0, 0)) < 0)
		*status = EXIT_INPUT;
	else if (file != NULL)
		sys_close(fd);
	t = load_file(file);
	config_free(cfg);
	if (t != NULL)
		*status = EXIT_DONE;
	return t;
}

/* ---- verbs ---- */

struct gaps {
	const char *file;
	struct buf *out;
};

static void put_gap(void *ctx, const struct price_gap *g)
{
	struct gaps *gaps = ctx;
	char from[TIME_TEXT_MAX], to[TIME_TEXT_MAX];

	from[time_format_utc(g->from_ns, from)] = 0;
	buf_fmt(gaps->out, "%s:%u:%u: ", gaps->file, g->line, g->column);
	buf_add(gaps->out, g->model);
	if (g->to_ns == INT64_MAX) {
		buf_fmt(gaps->out, " has no price from %s on\n", from);
		return;
	}
	to[time_format_utc(g->to_ns, to)] = 0;
	buf_fmt(gaps->out, " has no price from %s to %s\n", from, to);
}

/* No error: a model may have been given up. */
static void tell_gaps(const struct price_table *t, const char *file)
{
	struct buf problems;
	struct gaps gaps = { file == NULL ? prices_name(t) : file, &problems };

	buf_init(&problems, PROBLEMS_BYTES);
	prices_gaps(t, put_gap, &gaps);
	prices_tell(&problems);
	buf_free(&problems);
}

static int run_check(struct prices_options *o)
{
	int status;
	struct price_table *t = prices_open(o, o->word, &status);
	struct buf out;

	if (t == NULL)
		return status;
	tell_gaps(t, o->word);
	buf_init(&out, 4096);
	cli_safe(&out, slice_str(prices_name(t)));
	buf_fmt(&out, ": %zu rows", prices_count(t));
	if (prices_date(t)[0] != 0)
		buf_fmt(&out, ", the newest from %s", prices_date(t));
	if (prices_left_out(t) > 0)
		buf_fmt(&out, ", %zu models without a price for tokens left out", prices_left_out(t));
	buf_byte(&out, '\n');
	status = cli_write(NULL, buf_slice(&out));
	buf_free(&out);
	prices_free(t);
	return status;
}

bool prices_date_of(const char *text, int64_t otherwise, int64_t *ns)
{
	struct date d;

	*ns = otherwise;
	if (text == NULL)
		return true;
	if (date_parse(slice_str(text), &d) &&
	    !__builtin_mul_overflow((int64_t)date_to_days(d), 86400 * NS_PER_SEC, ns))
		return true; /* prices are dated in UTC */
	return cli_when(slice_str(text), false, ns);
}

static int run_show(struct prices_options *o)
{
	const struct price_row *row;
	struct price_table *t;
	struct buf out;
	int64_t ns;
	int status;

	if (o->word == NULL)
		return cli_usage(&command_prices, "prices show needs a MODEL");
	if (!prices_date_of(o->date, sys_now_ns(), &ns))
		return EXIT_USAGE;
	if ((t = prices_open(o, o->file, &status)) == NULL)
		return status;
	row = price_find(t, slice_str(o->provider), slice_str(o->word), ns);
	buf_init(&out, 1u << 20);
	if (row == NULL) {
		cli_error("%s has no price for '%s'%s%s: its calls count as not priced", prices_name(t),
			  o->word, o->provider == NULL ? "" : " of ", o->provider == NULL ? "" : o->provider);
		status = EXIT_NO;
	} else if (o->json) {
		price_row_json(row, t, &out);
	} else {
		price_row_text(row, &out);
		buf_str(&out, "  of ");
		cli_safe(&out, slice_str(prices_name(t)));
		buf_byte(&out, '\n');
	}
	if (row != NULL)
		status = cli_write(NULL, buf_slice(&out));
	buf_free(&out);
	prices_free(t);
	return status;
}

/* ---- the command ---- */

static const struct verb {
	const char *name, *accepts;
	int (*run)(struct prices_options *o);
} verbs[] = {
	{ "check", "", run_check },
	{ "show", "fpdj", run_show },
	{ "import", "ronj", prices_import },
	{ "reprice", "frtwj", prices_reprice },
	{ "invoice", "muwj", prices_invoice },
};

static int run_prices(struct cli *cli, int argc, char **argv)
{
	struct prices_options o = { .cli = cli };
	int status;

	if (argc < 2)
		return cli_usage(&command_prices,
				 "prices needs one of check, show, import, reprice, invoice");
	for (size_t i = 0; i < COUNT(verbs); i++) {
		if (strcmp(argv[1], verbs[i].name) != 0)
			continue;
		status = read_options(&o, argc - 1, argv + 1, verbs[i].accepts);
		return status == EXIT_DONE ? verbs[i].run(&o) : status;
	}
	return cli_usage(&command_prices, "prices has no '%s': there are check, show, import, reprice and "
					  "invoice", argv[1]);
}

const struct command command_prices = {
	.name = "prices",
	.summary = "prices of models: check, show, import; price calls anew; compare with an invoice",
	.help = "Example: tochoku prices show gpt-4o-mini --date 2026-11-20\n"
		"\n"
		"tochoku prices check [FILE]\n"
		"tochoku prices show MODEL [--provider P] [--date D] [--file FILE] [--json]\n"
		"tochoku prices import FILE [--from DATE] [--dry-run] [--json] [-o OUT.yml]\n"
		"tochoku prices reprice --from D --to D --reason TEXT [--table FILE] [--json]\n"
		"tochoku prices invoice --month YYYY-MM --usd AMOUNT [--reason TEXT] [--json]\n"
		"\n"
		"  check    reads a table; every error with file, line and column; gaps between rows of a\n"
		"           model, and rows that nothing follows\n"
		"  show     the row that prices a model on a day (default: now), USD per million tokens\n"
		"  import   replaces prices.table, after a check, and prints the difference; with --from,\n"
		"           its rows hold from DATE on and the old ones until then.\n"
		"           --dry-run: changes nothing; -o: writes FILE as our own YAML there instead\n"
		"  reprice  prices recorded calls of a period anew; the old figures stay beside the new,\n"
		"           who and why is recorded\n"
		"  invoice  notes what the provider billed for a month, for the report to compare with; a\n"
		"           difference of more than 5 % needs a reason\n"
		"\n"
		"A table is our own YAML or LiteLLM's JSON. Without FILE it is prices.table of the "
		"configuration, else\n"
		"the one that is shipped. Dates of rows are in UTC, those of reprice and invoice local.\n"
		"\n"
		"Exit status: 0 done; 1 the model has no price, or a reason is missing; 2 usage error or a "
		"wrong table;\n"
		"3 a file cannot be read or written\n",
	.run = run_prices,
};
