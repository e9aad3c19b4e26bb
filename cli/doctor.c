/* tochoku doctor: "I see nothing, why?" Checks along the way that a log line takes, in that order. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <glob.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#include "cli/health.h"
#include "core/base/sys.h"
#include "sensor/gateway/format.h"

#define DOCTOR_MAX (1u << 20)
#define SAMPLE 65536
#define STILL (3600 * NS_PER_SEC)
#define YEAR_2024 (INT64_C(1704067200) * NS_PER_SEC) /* before it no clock of this program was right */

extern const struct command command_doctor;

/* A format of the site's own against the lines that there are. */
static void check_own_format(struct report_out *o, const struct cfg_tail *t, const char *path,
			     struct slice sample)
{
	const struct log_format *f = log_format_open(slice_str(cfg_tail_format(t)), NULL);
	bool fits = f != NULL && log_format_fits_sample(f, sample);

	if (fits)
		health_tell(o, HEALTH_OK, "format", "%s: its own format", path);
	else
		health_tell(o, HEALTH_FAIL, "format", "%s: none of its first lines is of its own format",
			    path);
	log_format_close(f);
}

static void check_format(struct report_out *o, const struct cfg_tail *t, const char *path, int fd)
{
	static uint8_t sample[SAMPLE];
	const struct log_format *given = log_format_by_name(slice_str(t->format)), *found;
	ssize_t n = sys_pread(fd, sample, sizeof sample, 0);

	if (n < 0) {
		health_tell(o, HEALTH_FAIL, "format", "%s: cannot be read: %s", path, strerror(errno));
		return;
	}
	if (n == 0) {
		health_tell(o, HEALTH_WARN, "format", "%s is empty: the format shows with the first lines",
			    path);
		return;
	}
	if (t->log_format != NULL || t->fields != NULL) {
		check_own_format(o, t, path, slice_of(sample, (size_t)n));
		return;
	}
	found = log_format_detect_sample(slice_of(sample, (size_t)n));
	if (found == NULL)
		health_tell(o, given == NULL ? HEALTH_FAIL : HEALTH_WARN, "format",
			    "%s: its lines are of no format that this version knows%s", path,
			    given == NULL ? "; see `tochoku decode --help` for the formats" : "");
	else if (given != NULL && found != given)
		health_tell(o, HEALTH_WARN, "format", "%s: configured as %s, but its lines look like %s",
			    path, given->name, found->name);
	else
		health_tell(o, HEALTH_OK, "format", "%s: %s", path, found->name);
}

static void check_file(struct report_out *o, const struct cfg_tail *t, const char *path)
{
	struct stat st;
	int fd = sys_open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);

	if (fd < 0 || fstat(fd, &st) != 0) {
		health_tell(o, HEALTH_FAIL, "log", "%s: %s%s", path, strerror(errno),
			    errno == EACCES
				    ? ": give the user that runs tochoku the right to read it (group adm)"
				    : "");
		sys_close(fd);
		return;
	}
	if (!S_ISREG(st.st_mode)) {
		health_tell(o, HEALTH_FAIL, "log", "%s is no regular file: a tail follows files", path);
	} else {
		int64_t still = sys_now_ns() - ((int64_t)st.st_mtim.tv_sec * NS_PER_SEC + st.st_mtim.tv_nsec);
		struct buf age;

		buf_init(&age, 64);
		health_age(&age, still);
		health_tell(o, st.st_size == 0 || still > STILL ? HEALTH_WARN : HEALTH_OK, "log",
			    "%s: %" PRId64 " bytes, last written %s ago%s", path, (int64_t)st.st_size,
			    buf_cstr(&age),
			    still > STILL ? ": does the gateway log to another file now?" : "");
		buf_free(&age);
		check_format(o, t, path, fd);
	}
	sys_close(fd);
}

static void check_logs(struct report_out *o, const struct config *cfg)
{
	if (cfg->n_tails + cfg->n_syslog + cfg->n_captures == 0)
		health_tell(o, HEALTH_FAIL, "inputs",
			    "none is configured: add one under inputs.tails, inputs.syslog or inputs.captures");
	for (size_t i = 0; i < cfg->n_tails; i++) {
		const struct cfg_tail *t = &cfg->tails[i];
		glob_t g;

		if (glob(t->path, 0, NULL, &g) != 0) {
			health_tell(o, HEALTH_FAIL, "log",
				    "%s: no file matches %s: is the path right, may the folder be"
				    " read?",
				    t->name, t->path);
			continue;
		}
		for (size_t k = 0; k < g.gl_pathc; k++)
			check_file(o, t, g.gl_pathv[k]);
		globfree(&g);
	}
}

static void check_clock(struct report_out *o, const struct config *cfg, struct ledger_reader *r)
{
	int64_t now = sys_now_ns();
	struct ledger_facts f = { 0 };
	char text[TIME_TEXT_MAX];
	struct err e;

	text[time_format_local(now - now % NS_PER_SEC, text)] = '\0';
	if (r != NULL && ledger_facts(r, &f, &e) == TK_OK && f.last_event_ns > now + 60 * NS_PER_SEC)
		health_tell(o, HEALTH_FAIL, "clock",
			    "the last event lies %" PRId64 " s ahead of this machine's clock (%s, %s):"
			    " compare the gateway's clock and zone",
			    (f.last_event_ns - now) / NS_PER_SEC, text, cfg->site.time_zone);
	else if (now < YEAR_2024)
		health_tell(o, HEALTH_FAIL, "clock", "it is %s: this machine's clock is wrong", text);
	else
		health_tell(o, HEALTH_OK, "clock", "it is %s in %s", text, cfg->site.time_zone);
}

/* Every row read once more against the chain of transactions: worth its seconds when something is odd. */
static void chain(struct report_out *o, struct ledger_reader *r)
{
	struct err e = { 0 };
	int64_t n = 0;

	if (r == NULL)
		return;
	if (ledger_verify(r, &n, &e) == TK_OK)
		health_tell(o, HEALTH_OK, "chain", "%" PRId64 " transactions agree with their rows", n);
	else
		health_tell(o, HEALTH_FAIL, "chain",
			    "%s; the %" PRId64 " before it agree: keep the disk, ask who changed the ledger",
			    e.text, n);
}

static int examine(struct cli *cli, bool json)
{
	struct report_out o = { .json = json };
	struct ledger_reader *r = NULL;
	struct config *cfg = cli_config(cli, true);
	struct err e;
	int status;

	if (cfg == NULL)
		return EXIT_USAGE;
	buf_init(&o.out, DOCTOR_MAX);
	health_tell(&o, HEALTH_OK, "configuration", "%s",
		    cfg->file == NULL ? "built-in defaults" : cfg->file);
	check_logs(&o, cfg);
	health_recorder(&o, cfg);
	if (ledger_reader_open(&r, cfg->ledger.path, &e) != TK_OK)
		health_tell(&o, HEALTH_FAIL, "ledger", "%s", e.text);
	health_ledger(&o, cfg, r);
	health_asides(&o, cfg);
	chain(&o, r);
	health_inputs(&o, cfg, r);
	health_captures(&o, cfg, r);
	health_coverage(&o, r);
	health_keys(&o, cfg, r);
	health_prices(&o, cfg);
	health_rules(&o, cfg);
	health_geoip(&o, cfg);
	health_calendar(&o, cfg, true);
	check_clock(&o, cfg, r);
	health_disk(&o, cfg, r);
	status = cli_write(NULL, buf_slice(&o.out));
	if (status == EXIT_DONE && o.worst == HEALTH_FAIL)
		status = EXIT_NO;
	buf_free(&o.out);
	ledger_reader_close(r);
	config_free(cfg);
	return status;
}

static int run(struct cli *cli, int argc, char **argv)
{
	static const struct option names[] = { { "json", no_argument, NULL, 'j' }, { 0 } };
	bool json = false;
	int c;

	optind = 0;
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":", names, NULL)) != -1) {
		if (c == '?')
			return cli_usage(&command_doctor, "unknown option %s", argv[optind - 1]);
		json = true;
	}
	if (optind < argc)
		return cli_usage(&command_doctor, "unexpected \"%s\"", argv[optind]);
	return examine(cli, json);
}

const struct command command_doctor = {
	.name = "doctor",
	.summary = "\"I see nothing, why?\"",
	.help = "Example: tochoku doctor\n"
		"\n"
		"tochoku doctor [--json]\n"
		"\n"
		"Looks along the way of a log line or packet: configuration, log files and whether they "
		"grow, their format,\n"
		"interfaces and what captures could not see (drops, TLS, one direction alone),\n"
		"the recorder, the ledger, each input's last event and heartbeat, coverage, key register, "
		"rules,\n"
		"GeoIP, holidays, clock, disk. One line each: OK, WARN or FAIL, and what to do.\n"
		"Exit status: 0 nothing failed, 1 something did, 2 usage or configuration error.\n",
	.run = run,
};
