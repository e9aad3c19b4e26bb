/* tochoku setup: a few questions, a configuration, keys and folders, and one event all the way. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/reading.h"
#include "cli/setup.h"
#include "core/base/sys.h"
#include "sensor/import.h"
#include "sensor/recorder/fingerprint.h"

#define CONFIG_MAX 65536
#define INSTALLED "/etc/tochoku/tochoku.yml"
#define OWNER "tochoku" /* of the ledger, where the package made its users */
#define TRIAL "setup"	/* the input of the one event */

extern const struct command command_setup;

static const struct {
	const char *option, *preset, *question;
} questions[] = {
#define ANSWER(id, option, preset, question) { option, preset, question },
#include "cli/setup.def"
#undef ANSWER
};

struct setup {
	struct answers answers;
	char *given[ANSWER_COUNT]; /* typed; freed */
	bool fixed[ANSWER_COUNT];  /* by an option: not asked */
	bool yes, force;
	const char *file;
};

/* ---- asking ---- */

/* Is what is answered so far a configuration? Its problems are told. The input may still be missing. */
static bool good(const struct setup *s)
{
	struct config *cfg;
	struct buf text;

	buf_init(&text, CONFIG_MAX);
	setup_write(&s->answers, &text);
	cfg = text.failed ? NULL : cli_config_text(s->file, buf_slice(&text));
	buf_free(&text);
	config_free(cfg);
	return cfg != NULL;
}

/* False: no more answers come. */
static bool ask(struct setup *s, enum answer which)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	printf("%s [%s]: ", questions[which].question, s->answers.of[which]);
	fflush(stdout);
	if ((n = getline(&line, &cap, stdin)) > 0 && line[n - 1] == '\n')
		line[--n] = '\0';
	if (n <= 0) {
		bool empty = n == 0;

		free(line);
		return empty;
	}
	free(s->given[which]);
	s->given[which] = line;
	s->answers.of[which] = line;
	return true;
}

/* The format of a log is not asked where there is none, nor the filter of a capture. */
static bool wanted(const struct setup *s, enum answer which)
{
	if (s->fixed[which])
		return false;
	return (which != ANSWER_FORMAT || s->answers.of[ANSWER_LOG][0] != '\0') &&
	       (which != ANSWER_FILTER || s->answers.of[ANSWER_CAPTURE][0] != '\0');
}

static int ask_all(struct setup *s)
{
	for (int i = 0; i < ANSWER_COUNT && !s->yes; i++) {
		bool more = true;

		if (!wanted(s, (enum answer)i))
			continue;
		while ((more = ask(s, (enum answer)i)) && !good(s))
			s->answers.of[i] = questions[i].preset;
		s->yes |= !more; /* the end of the answers: the rest as proposed */
	}
	if (s->answers.of[ANSWER_LOG][0] == '\0' && s->answers.of[ANSWER_CAPTURE][0] == '\0')
		return cli_usage(&command_setup, "there is nothing to watch: name a log or an interface");
	return good(s) ? EXIT_DONE : EXIT_USAGE;
}

/* ---- doing ---- */

/* Readable for those who run it, not for all: a configuration may hold a key. */
static int put_config(const struct setup *s)
{
	struct passwd *owner = s->answers.users ? getpwnam(OWNER) : NULL;
	char kept[4096];
	struct buf text;
	struct err e = { 0 };
	int status;

	if (access(s->file, F_OK) == 0) {
		snprintf(kept, sizeof kept, "%s.old", s->file);
		if (!s->force)
			return cli_usage(&command_setup, "%s exists: --force replaces it and keeps it as %s",
					 s->file, kept);
		if (rename(s->file, kept) != 0) {
			cli_error("%s: %s", kept, strerror(errno));
			return EXIT_INPUT;
		}
	}
	if (sys_make_folders(s->file, 0755, &e) != TK_OK) {
		cli_error("%s", e.text);
		return EXIT_INPUT;
	}
	buf_init(&text, CONFIG_MAX);
	setup_write(&s->answers, &text);
	status = cli_replace(s->file, buf_slice(&text), 0640);
	buf_free(&text);
	if (status == EXIT_DONE && owner != NULL && chown(s->file, 0, owner->pw_gid) != 0) {
		cli_error("%s: %s", s->file, strerror(errno));
		return EXIT_INPUT;
	}
	return status;
}

/* The folder of the ledger belongs to whoever will write it. */
static int make_state(const struct setup *s, const struct config *cfg)
{
	struct passwd *owner = s->answers.users ? getpwnam(OWNER) : NULL;
	struct fingerprint_keys keys;
	struct err e = { 0 };
	int rc = sys_make_folders(cfg->ledger.path, 0750, &e);

	if (rc == TK_OK && owner != NULL &&
	    chown(s->answers.of[ANSWER_STATE], owner->pw_uid, owner->pw_gid) != 0)
		rc = err_sys(&e, "%s", s->answers.of[ANSWER_STATE]);
	if (rc == TK_OK)
		rc = fingerprint_keys(cfg, true, &keys, &e);
	explicit_bzero(&keys, sizeof keys);
	if (rc == TK_OK)
		return EXIT_DONE;
	cli_error("%s", e.text);
	return EXIT_INPUT;
}

struct trial {
	int64_t from_ns;
	bool found;
};

static int look(void *ctx, int64_t seq, const struct access_event *ev)
{
	struct trial *t = ctx;

	(void)seq;
	t->found |= slice_is(ev_str(ev, F_INPUT), TRIAL);
	return 0;
}

/* A call that nobody made, of this moment, from the first network that is inside: no user, no key, no model.
 */
static int send_event(const struct config *cfg, int64_t now, struct err *e)
{
	char path[64], when[TIME_TEXT_MAX], inside[ADDR_TEXT_MAX], line[512];
	const char *const files[] = { path };
	const struct import_options o = {
		.cfg = cfg, .input = TRIAL, .format = "nginx-json", .files = files, .n_files = 1
	};
	struct import_result result = { 0 };
	int fd = memfd_create("tochoku-setup", MFD_CLOEXEC), n, rc;

	addr_format(&cfg->zones[0].cidr[0].net, inside);
	n = snprintf(
		line, sizeof line,
		"{\"ts\":\"%.*s\",\"client\":\"%s\",\"method\":\"OPTIONS\",\"uri\":\"/tochoku-setup\","
		"\"proto\":\"HTTP/1.1\",\"status\":204,\"sent\":0,\"rt\":0.000,\"host\":\"localhost\"}\n",
		(int)time_format_utc(now, when), when, inside);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	if (fd < 0 || sys_write_all(fd, line, (size_t)n) != 0) {
		rc = err_sys(e, "the event");
	} else {
		rc = import_run(&o, &result, e);
		if (rc == TK_OK && (result.failed > 0 || result.rejected > 0))
			rc = err_set(e, TK_EIO, "the event was not taken");
	}
	sys_close(fd);
	return rc;
}

/* All the way: read, recorded, and found again by a reader. */
static int try_it(const struct config *cfg)
{
	struct ledger_reader *r = NULL;
	int64_t now = sys_now_ns();
	struct trial t = { .from_ns = now / NS_PER_SEC * NS_PER_SEC };
	struct err e = { 0 };
	int rc = send_event(cfg, now, &e);

	if (rc == TK_OK)
		rc = ledger_reader_open(&r, cfg->ledger.path, &e);
	if (rc == TK_OK)
		rc = ledger_events(r, t.from_ns, now + NS_PER_SEC, false, look, &t, &e);
	ledger_reader_close(r);
	if (rc == TK_OK && !t.found)
		rc = err_set(&e, TK_EIO, "it was sent and is not in the ledger");
	if (rc == TK_OK)
		return EXIT_DONE;
	cli_error("one event all the way: %s", e.text);
	return EXIT_INPUT;
}

static void tell_next(const struct setup *s, const struct config *cfg)
{
	bool unit = s->answers.users && strcmp(s->file, INSTALLED) == 0;

	printf("%s: written\n%s: ledger, keys in %s (back both up)\none event all the way: in the ledger, as "
	       "input " TRIAL
	       "\n\nNext: %s%s%s, then `tochoku status`; `tochoku doctor` says why nothing is seen.\n",
	       s->file, cfg->ledger.path, cfg->ledger.keys,
	       unit ? "systemctl enable --now tochoku" : "tochoku -c ", unit ? "" : s->file,
	       unit ? "" : " run");
}

static int carry_out(struct cli *cli, const struct setup *s)
{
	struct config *cfg;
	int status = put_config(s);

	if (status != EXIT_DONE)
		return status;
	cli->config_file = s->file;
	if ((cfg = cli_config(cli, true)) == NULL)
		return EXIT_USAGE;
	status = make_state(s, cfg);
	if (status == EXIT_DONE)
		status = try_it(cfg);
	if (status == EXIT_DONE)
		tell_next(s, cfg);
	config_free(cfg);
	return status;
}

/* ---- options ---- */

static int read_options(struct setup *s, int argc, char **argv)
{
	struct option names[ANSWER_COUNT + 3] = { 0 };
	int c;

	for (int i = 0; i < ANSWER_COUNT; i++) {
		s->answers.of[i] = questions[i].preset;
		names[i] = (struct option){ questions[i].option, required_argument, NULL, i };
	}
	names[ANSWER_COUNT] = (struct option){ "yes", no_argument, NULL, 'y' };
	names[ANSWER_COUNT + 1] = (struct option){ "force", no_argument, NULL, 'f' };
	optind = 0;
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":y", names, NULL)) != -1) {
		if (c == ':')
			return cli_usage(&command_setup, "a value is missing after %s", argv[optind - 1]);
		if (c == '?')
			return cli_usage(&command_setup, "unknown option %s", argv[optind - 1]);
		s->yes |= c == 'y';
		s->force |= c == 'f';
		if (c < ANSWER_COUNT) {
			s->answers.of[c] = optarg;
			s->fixed[c] = true;
		}
	}
	if (optind < argc)
		return cli_usage(&command_setup, "unexpected \"%s\"", argv[optind]);
	return EXIT_DONE;
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct setup s = { .file = cli->config_file };
	int status = read_options(&s, argc, argv);

	if (s.file == NULL)
		s.file = geteuid() == 0 ? INSTALLED : "./tochoku.yml";
	s.answers.users = geteuid() == 0 && getpwnam(OWNER) != NULL && getpwnam("tochoku-sensor") != NULL &&
			  getpwnam("tochoku-run") != NULL;
	if (status == EXIT_DONE)
		status = ask_all(&s);
	if (status == EXIT_DONE)
		status = carry_out(cli, &s);
	for (int i = 0; i < ANSWER_COUNT; i++)
		free(s.given[i]);
	return status;
}

const struct command command_setup = {
	.name = "setup",
	.summary = "a few questions, a configuration, keys, and one event all the way",
	.help = "Example: tochoku setup\n"
		"         tochoku setup --yes --log /var/log/nginx/tochoku.json --format nginx-json --budget "
		"3000\n"
		"\n"
		"tochoku [-c FILE] setup [--yes] [--force] [--site NAME] [--zone ZONE] [--log PATH,...]\n"
		"                        [--format NAME] [--capture INTERFACE,...] [--filter FILTER]\n"
		"                        [--hours HH:MM-HH:MM] [--inside NETWORK,...] [--budget USD] "
		"[--state DIR]\n"
		"\n"
		"Asks what no option says (--yes: nothing, the rest as proposed), writes FILE (as root\n"
		"/etc/tochoku/tochoku.yml, else ./tochoku.yml), makes folders and keys, then sends one "
		"harmless\n"
		"call through sensor and recorder and looks for it in the ledger: OPTIONS /tochoku-setup, "
		"of\n"
		"input setup. A FILE that exists is replaced with --force alone, and kept as FILE.old.\n"
		"Exit status: 0 the event arrived, 2 usage, or answers that are no configuration, 3 "
		"something\n"
		"cannot be written.\n",
	.run = run,
};
