/* tochoku report deliver: what is due lies in a folder before the morning's checks, and a digest is mailed.
 */
#include "cli/report.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/reading.h"
#include "core/base/json.h"
#include "core/base/sys.h"
#include "core/trail/files.h"
#include "reports/duty.h"
#include "reports/say.h"

#define DAYS 7
#define DAYS_MAX 400
#define DIGEST_MAX 65536
#define RECIPIENTS_MAX 32

extern char **environ;

struct delivery {
	struct cli *cli;
	struct config *cfg;
	struct ledger_reader *r;
	struct calendar *cal;
	const char *folder;
	int64_t days;
	int32_t today;
	bool json;
	struct buf out;
};

static int read_options(struct delivery *d, int argc, char **argv)
{
	static const struct option names[] = { { "to", required_argument, NULL, 't' },
					       { "days", required_argument, NULL, 'd' },
					       { "json", no_argument, NULL, 'j' },
					       { 0 } };
	int c;

	optind = 0;
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":", names, NULL)) != -1) {
		if (c == ':')
			return cli_usage(&command_report, "%s needs a value", argv[optind - 1]);
		if (c == '?')
			return cli_usage(&command_report, "report deliver has no option %s",
					 argv[optind - 1]);
		if (c == 't')
			d->folder = optarg;
		if (c == 'd' && (!json_i64(slice_str(optarg), &d->days) || d->days < 1 || d->days > DAYS_MAX))
			return cli_usage(&command_report, "--days is a number from 1 to %d", DAYS_MAX);
		d->json |= c == 'j';
	}
	return optind < argc ? cli_usage(&command_report, "unexpected \"%s\"", argv[optind]) : EXIT_DONE;
}

/* Runs a program to its end with `input` on its standard input; its exit status, or -1 and errno. */
static int run(const char *program, const char *const *args, struct slice input)
{
	posix_spawn_file_actions_t files;
	int pipe_ends[2], status = -1, rc;
	pid_t pid;

	if (pipe2(pipe_ends, O_CLOEXEC) != 0)
		return -1;
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, pipe_ends[0], STDIN_FILENO);
	rc = posix_spawn(&pid, program, &files, NULL, (char *const *)(uintptr_t)args, environ);
	posix_spawn_file_actions_destroy(&files);
	close(pipe_ends[0]);
	if (rc == 0) {
		/* one that does not read it says so by its status */
		if (input.n > 0)
			sys_write_all(pipe_ends[1], input.p, input.n);
		close(pipe_ends[1]);
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
		return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
	}
	close(pipe_ends[1]);
	errno = rc;
	return -1;
}

static void tell(struct delivery *d, const char *did, const char *what)
{
	struct json_out o = json_out(&d->out);

	if (!d->json) {
		buf_fmt(&d->out, "%s: ", did);
		cli_safe(&d->out, slice_str(what));
	} else {
		json_open(&o, '{');
		json_key(&o, "action");
		json_str(&o, slice_str(did));
		json_key(&o, "name");
		json_str(&o, slice_str(what));
		json_close(&o, '}');
	}
	buf_byte(&d->out, '\n');
}

/* ---- files ---- */

/* Written beside it by a process of its own, since a form may need another program; then renamed: the folder
 * never shows half of one. One that is there stays as it is. */
static int file_one(struct delivery *d, const char *kind, const char *readers, const char *day,
		    const char *format)
{
	const char *extension = strcmp(format, "text") == 0 ? "txt" : format;
	char path[TRAIL_PATH_MAX], part[TRAIL_PATH_MAX];
	bool managers = strcmp(readers, "managers") == 0;
	int status;

	if (!file_path(path, sizeof path, d->folder, "%s%s-%s.%s", kind, managers ? "-managers" : "", day,
		       extension) ||
	    !file_path(part, sizeof part, d->folder, ".%s%s-%s.%s.part", kind, managers ? "-managers" : "",
		       day, extension)) {
		cli_error("%s: the path is too long", d->folder);
		return EXIT_INPUT;
	}
	if (file_there(path))
		return EXIT_DONE;
	const char *const args[] = { "tochoku",	 "-c",	   d->cfg->file, "report",
				     kind,	 "--date", day,		 "--format",
				     format,	 "-o",	   part,	 managers ? "--for" : NULL,
				     "managers", NULL };
	status = run("/proc/self/exe", args, slice_of(NULL, 0));
	if (status == EXIT_DONE && rename(part, path) != 0) {
		cli_error("%s: %s", path, strerror(errno));
		status = EXIT_INPUT;
	}
	if (status != EXIT_DONE)
		unlink(part);
	else
		tell(d, "filed", path);
	return status < 0 ? EXIT_INPUT : status;
}

static int file_kind(struct delivery *d, enum duty_sheet sheet, struct period p)
{
	char day[11];
	int status = EXIT_DONE;

	if (p.last >= d->today) /* it is due before its last day is over: later, then */
		return EXIT_DONE;
	date_format(date_from_days(p.first), day);
	for (size_t i = 0; i < d->cfg->reports.n_formats && status == EXIT_DONE; i++) {
		status = file_one(d, duty_sheet_name(sheet), "officer", day, d->cfg->reports.formats[i]);
		if (status == EXIT_DONE && sheet != DUTY_DAILY)
			status = file_one(d, duty_sheet_name(sheet), "managers", day,
					  d->cfg->reports.formats[i]);
	}
	return status;
}

static int file_all(struct delivery *d)
{
	struct period_options o = duty_options(d->cfg);
	int status = EXIT_DONE;

	for (int32_t day = d->today - (int32_t)d->days + 1; day <= d->today && status == EXIT_DONE; day++) {
		struct periods p;

		periods_of(d->cal, &o, day, &p);
		status = file_kind(d, DUTY_DAILY, p.day);
		if (status == EXIT_DONE && p.week_due)
			status = file_kind(d, DUTY_WEEKLY, p.week);
		if (status == EXIT_DONE && p.month_due)
			status = file_kind(d, DUTY_MONTHLY, p.month);
	}
	return status;
}

/* ---- the digest ---- */

static void put_digest(struct delivery *d, struct sheet *s, struct buf *out)
{
	const struct figures *f = s->figures;
	const struct coverage *c = &f->coverage;
	const char *seen = say_percent_down(s, c->minutes - c->missed_minutes, c->minutes);

	buf_fmt(out, "%s  %s\n", s->title, s->number);
	buf_fmt(out, say(s, W_DIGEST_CALLS), say_date(s, f->first), say_count(s, f->total.calls),
		say_count(s, f->total.successful), say_count(s, f->active_users),
		say_money(s, f->cost, f->total.unpriced));
	buf_byte(out, '\n');
	if (f->n_findings == 0)
		buf_fmt(out, say(s, W_DIGEST_QUIET), seen);
	else
		buf_fmt(out, say(s, W_DIGEST_FOUND), say_count(s, f->n_findings),
			say_count(s, f->by_level[LEVEL_CRITICAL] + f->by_level[LEVEL_HIGH]), seen);
	buf_byte(out, '\n');
	for (const struct sheet_line *l = s->warnings.first; l != NULL; l = l->next)
		buf_fmt(out, "! %s\n", l->text);
	buf_fmt(out, say(s, W_DIGEST_FILED), d->folder);
	buf_byte(out, '\n');
}

/* An address goes into a head line and onto a command line. */
static bool is_address(const char *text)
{
	if (text[0] == '-' || strchr(text, '@') == NULL)
		return false;
	for (const char *p = text; *p != '\0'; p++)
		if ((unsigned char)*p <= ' ' || *p == ',' || *p == '<' || *p == '>' || *p == 0x7f)
			return false;
	return true;
}

/* Before and after it is handed over there is a record, so that none is sent that nobody knows of. */
static int mail(struct delivery *d, const struct figures *f, struct slice digest)
{
	const char *args[RECIPIENTS_MAX + 4] = { d->cfg->reports.sendmail, "-i", "--" };
	size_t n = d->cfg->reports.n_mail;
	struct buf text;
	char day[11];
	int status;

	if (n == 0)
		return EXIT_DONE;
	if (n > RECIPIENTS_MAX) {
		cli_error("reports.mail: at most %d recipients", RECIPIENTS_MAX);
		return EXIT_USAGE;
	}
	date_format(date_from_days(f->first), day);
	buf_init(&text, DIGEST_MAX);
	buf_str(&text, "To: ");
	for (size_t i = 0; i < n; i++) {
		if (!is_address(d->cfg->reports.mail[i])) {
			cli_error("reports.mail: \"%s\" is no address", d->cfg->reports.mail[i]);
			buf_free(&text);
			return EXIT_USAGE;
		}
		args[3 + i] = d->cfg->reports.mail[i];
		buf_fmt(&text, "%s%s", i > 0 ? ", " : "", args[3 + i]);
	}
	buf_fmt(&text,
		"\nSubject: tochoku %s: %lld findings\nMIME-Version: 1.0\nContent-Type: text/plain; "
		"charset=utf-8\n"
		"Content-Transfer-Encoding: 8bit\nAuto-Submitted: auto-generated\n\n",
		day, (long long)f->n_findings);
	buf_add(&text, digest);
	cli_log_used(d->cfg, "report digest, mail begun", f->from * NS_PER_SEC, f->to * NS_PER_SEC,
		     (int64_t)n);
	status = text.failed ? -1 : run(d->cfg->reports.sendmail, args, buf_slice(&text));
	if (status != 0)
		cli_error("%s: %s; the digest is tried again next time", d->cfg->reports.sendmail,
			  status < 0 ? strerror(errno) : "did not take the mail");
	else
		cli_log_used(d->cfg, "report digest, mailed", f->from * NS_PER_SEC, f->to * NS_PER_SEC,
			     (int64_t)n);
	buf_free(&text);
	return status == 0 ? EXIT_DONE : EXIT_INPUT;
}

/* Once a day: the file says that it was mailed. */
static int digest_of(struct delivery *d, const struct figures *f, const char *path)
{
	struct report_form form = { .n_langs = 1 };
	struct sheet *s =
		report_sheet(f, &form, strcmp(d->cfg->site.language, "en") == 0 ? LANG_EN : LANG_JA);
	struct buf text;
	int status;

	buf_init(&text, DIGEST_MAX);
	if (s != NULL)
		put_digest(d, s, &text);
	if (s == NULL || sheet_failed(s) || text.failed) {
		cli_error("no memory for the digest");
		status = EXIT_INPUT;
	} else if ((status = mail(d, f, buf_slice(&text))) == EXIT_DONE &&
		   (status = cli_replace(path, buf_slice(&text), 0640)) == EXIT_DONE) {
		tell(d, d->cfg->reports.n_mail > 0 ? "mailed" : "filed", path);
	}
	buf_free(&text);
	sheet_free(s);
	return status;
}

static int digest(struct delivery *d)
{
	char path[TRAIL_PATH_MAX], day[11];
	struct figures *f;
	struct err e;
	int status;

	date_format(date_from_days(d->today - 1), day);
	if (!file_path(path, sizeof path, d->folder, "digest-%s.txt", day) || file_there(path))
		return EXIT_DONE;
	if (report_read(&f, d->r, d->cfg, d->cal, report_kind_named("daily"), date_from_days(d->today - 1),
			&e) != TK_OK) {
		cli_error("%s", e.text);
		return EXIT_INPUT;
	}
	status = digest_of(d, f, path);
	figures_free(f);
	return status;
}

static int deliver(struct delivery *d)
{
	char inside[TRAIL_PATH_MAX];
	struct err e;
	int status = EXIT_INPUT;

	if (d->folder == NULL)
		d->folder = d->cfg->reports.folder;
	if (d->folder == NULL)
		return cli_usage(&command_report, "say where to with --to, or set reports.folder");
	if (!file_path(inside, sizeof inside, d->folder, "x") ||
	    sys_make_folders(inside, 0750, &e) != TK_OK ||
	    (d->cal = calendar_new(&d->cfg->calendar, &e)) == NULL) {
		cli_error("%s: %s", d->folder, e.text);
		return EXIT_INPUT;
	}
	d->today = zone_day_of(sys_now_ns() / NS_PER_SEC);
	if ((status = file_all(d)) == EXIT_DONE)
		status = digest(d);
	if (cli_write(NULL, buf_slice(&d->out)) != EXIT_DONE)
		status = EXIT_INPUT;
	return status;
}

int report_deliver(struct cli *cli, int argc, char **argv)
{
	struct delivery d = { .cli = cli, .days = DAYS };
	int status = read_options(&d, argc, argv);

	if (status != EXIT_DONE || (status = cli_open_ledger(cli, &d.cfg, &d.r)) != EXIT_DONE)
		return status;
	buf_init(&d.out, 1 << 20);
	status = deliver(&d);
	buf_free(&d.out);
	calendar_free(d.cal);
	ledger_reader_close(d.r);
	config_free(d.cfg);
	return status;
}
