#include "cli/reading.h"

#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/sys.h"
#include "sensor/recorder/control.h"

int cli_open_ledger(struct cli *cli, struct config **cfg, struct ledger_reader **r)
{
	struct err e;
	int rc;

	*r = NULL;
	if ((*cfg = cli_config(cli, true)) == NULL)
		return EXIT_USAGE;
	rc = ledger_reader_open(r, (*cfg)->ledger.path, &e);
	if (rc == TK_OK)
		return EXIT_DONE;
	if (rc == TK_ENOTFOUND)
		cli_error("%s: start `tochoku run` or import a log with `tochoku import FILE`", e.text);
	else
		cli_error("%s", e.text);
	config_free(*cfg);
	*cfg = NULL;
	return EXIT_INPUT;
}

static void put_time(struct json_out *o, const char *key, int64_t ns)
{
	char text[TIME_TEXT_MAX];

	json_key(o, key);
	json_str(o, slice_of(text, time_format_utc(ns, text)));
}

/* Is there "ok":true in the reply's outer object? Else its "error", raw. */
static bool reply_says_yes(struct slice reply, struct slice *error)
{
	struct json j;
	enum json_type t;
	bool yes = false;

	*error = SLICE("no answer");
	json_init(&j, reply);
	if (json_next(&j) != JSON_OBJECT_BEGIN)
		return false;
	while (json_next(&j) == JSON_KEY) {
		bool is_ok = slice_is(j.text, "ok"), is_error = slice_is(j.text, "error");

		if (!is_ok && !is_error) {
			if (!json_skip(&j))
				return false;
			continue;
		}
		t = json_next(&j);
		if (is_ok)
			yes = t == JSON_TRUE;
		else if (t == JSON_STRING)
			*error = j.text;
		if (t == JSON_OBJECT_BEGIN || t == JSON_ARRAY_BEGIN)
			return false;
	}
	return yes;
}

static void tell_refusal(const char *doing, struct slice error)
{
	cli_error("%s: %.*s", doing, (int)error.n, (const char *)error.p);
}

int cli_request(const struct config *cfg, struct slice request, struct buf *reply)
{
	struct slice error;
	struct err e = { 0 };

	buf_clear(reply);
	if (control_request(cfg, request, reply, &e) != TK_OK) {
		cli_error("%s", e.text);
		return EXIT_INPUT;
	}
	if (reply_says_yes(buf_slice(reply), &error))
		return EXIT_DONE;
	tell_refusal("refused", error);
	return EXIT_NO;
}

/* request: an object without its end, which lacks the range and the count. */
static void log_use(const struct config *cfg, struct json_out *o, int64_t from_ns, int64_t to_ns,
		    int64_t count)
{
	struct buf reply;
	struct slice error;
	struct err e = { 0 };

	buf_init(&reply, 65536);
	if (from_ns != INT64_MIN)
		put_time(o, "from", from_ns);
	if (to_ns != INT64_MAX)
		put_time(o, "to", to_ns);
	json_key(o, "count");
	json_int(o, count);
	json_close(o, '}');
	if (control_request(cfg, buf_slice(o->b), &reply, &e) != TK_OK)
		cli_error("the use of the log could not be recorded: %s", e.text);
	else if (!reply_says_yes(buf_slice(&reply), &error))
		tell_refusal("the use of the log could not be recorded", error);
	buf_free(&reply);
}

static void put_text(struct json_out *o, const char *key, const char *text)
{
	json_key(o, key);
	json_str(o, slice_str(text));
}

void cli_log_used(const struct config *cfg, const char *what, int64_t from_ns, int64_t to_ns, int64_t count)
{
	struct buf request;
	struct json_out o = json_out(&request);

	buf_init(&request, 4096);
	json_open(&o, '{');
	put_text(&o, "do", "log-used");
	put_text(&o, "what", what);
	log_use(cfg, &o, from_ns, to_ns, count);
	buf_free(&request);
}

void cli_log_export(const struct config *cfg, const char *format, int64_t from_ns, int64_t to_ns,
		    int64_t count, const char *sha256)
{
	struct buf request, what;
	struct json_out o = json_out(&request);
	struct err e = { 0 };

	buf_init(&request, 4096);
	buf_init(&what, 256);
	buf_fmt(&what, "export %s", format);
	json_open(&o, '{');
	put_text(&o, "do", strcmp(format, "pack") == 0 ? "export.pack" : "export");
	put_text(&o, "what", buf_cstr(&what));
	put_text(&o, "sha256", sha256);
	log_use(cfg, &o, from_ns, to_ns, count);
	buf_clear(&request);
	control_request(cfg, SLICE("{\"do\":\"head\"}"), &request,
			&e); /* the trail has it now: `verify --export` */
	buf_free(&request);
	buf_free(&what);
}

struct slice cli_member(struct slice reply, const char *key)
{
	return json_member(reply, key);
}

static void keep(char *to, size_t n, struct slice text)
{
	snprintf(to, n, "%.*s", (int)text.n, (const char *)text.p);
}

int cli_trail_head(const struct config *cfg, struct trail_head *out)
{
	struct buf reply;
	struct slice said;
	int status;

	*out = (struct trail_head){ 0 };
	buf_init(&reply, 65536);
	status = cli_request(cfg, SLICE("{\"do\":\"head\"}"), &reply);
	said = buf_slice(&reply);
	if (status == EXIT_DONE) {
		scalar_number(cli_member(said, "next_seq"), &out->end);
		scalar_number(cli_member(said, "size"), &out->size);
		keep(out->checkpoint, sizeof out->checkpoint, cli_member(said, "checkpoint"));
		keep(out->origin, sizeof out->origin, cli_member(said, "origin"));
	}
	buf_free(&reply);
	return status;
}

bool cli_range(const struct command *c, const char *from, const char *to, int64_t *from_ns, int64_t *to_ns,
	       int *status)
{
	struct date day;

	*from_ns = INT64_MIN;
	*to_ns = INT64_MAX;
	*status = EXIT_USAGE;
	if ((from != NULL && !cli_when(slice_str(from), false, from_ns)) ||
	    (to != NULL && !cli_when(slice_str(to), true, to_ns)))
		return false;
	/* a date as --to means its end, so an equal instant is a --from of the day after */
	if (*from_ns > *to_ns || (*from_ns == *to_ns && date_parse(slice_str(to), &day))) {
		*status = cli_usage(c, "--from %s is after --to %s", from, to);
		return false;
	}
	*status = EXIT_DONE;
	return true;
}

int cli_recorder_pid(const struct config *cfg)
{
	struct ucred who = { 0 };
	socklen_t n = sizeof who;
	struct err e;
	int fd = -1;

	/* of who listens */
	if (control_reach(cfg, &fd, &e) != TK_OK || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) != 0)
		who.pid = 0;
	sys_close(fd);
	return (int)who.pid;
}

bool cli_recorder_runs(const struct config *cfg)
{
	return cli_recorder_pid(cfg) != 0;
}

void cli_put_minute(struct buf *out, int64_t ns)
{
	char text[TIME_TEXT_MAX];
	size_t n;

	if (ns == 0) {
		buf_str(out, "-");
		return;
	}
	n = time_format_local(ns, text);
	if (n < 16)
		return;
	text[10] = ' ';
	buf_add(out, slice_of(text, 16));
}
