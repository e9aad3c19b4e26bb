/* tochoku calendar emergency: declares a period of emergency, or ends it (calendar.md 3). */
#include <stdio.h>
#include <stdlib.h>

#include "cli/calendar.h"
#include "core/base/json.h"
#include "core/base/sys.h"
#include "rules/calendar/merge.h"

#define WALL_TEXT 40

struct declared {
	const char *reason, *approver;
	char from[WALL_TEXT], to[WALL_TEXT];
};

static void format_wall(struct wall w, char out[WALL_TEXT])
{
	struct date d = date_from_days(w.days);

	snprintf(out, WALL_TEXT, "%04d-%02d-%02dT%02d:%02d", d.year % 10000, d.month, d.day, w.second / 3600,
		 w.second / 60 % 60);
}

static void put_member(struct json_out *o, const char *key, const char *value)
{
	json_key(o, key);
	json_str(o, slice_str(value));
}

static void put_request(void *ctx, const struct calendar_file *f, struct buf *request)
{
	const struct declared *d = ctx;
	struct json_out o = json_out(request);

	json_open(&o, '{');
	put_member(&o, "do", "calendar.emergency");
	put_member(&o, "reason", d->reason);
	put_member(&o, "approver", d->approver);
	put_member(&o, "from", d->from);
	put_member(&o, "to", d->to);
	put_member(&o, "file", f->path);
	json_close(&o, '}');
}

/* The rows of the file, the open emergencies among them ended at `now`. */
struct rewriting {
	struct buf *out;
	int64_t now;
	struct wall end;
	struct site_row ended; /* .kind SITE_KINDS: none was open */
};

static void rewrite(void *ctx, const struct site_row *row)
{
	struct rewriting *w = ctx;
	struct site_row r = *row;

	if (r.kind == SITE_EMERGENCY && w->now >= r.from && w->now < r.to) {
		r.last = w->end;
		w->ended = r;
	}
	site_put(w->out, &r);
}

/* By the minute, rounded up. */
static struct wall wall_of(int64_t utc_sec)
{
	struct wall w;

	zone_wall(utc_sec + 59, &w.days, &w.second);
	w.second -= w.second % 60;
	return w;
}

static void copy(void *ctx, const struct site_row *row)
{
	site_put(ctx, row);
}

static int declare(const struct calendar_options *o, const struct site *was, struct calendar_file *f,
		   int64_t now, struct declared *d)
{
	struct site_row row = { .kind = SITE_EMERGENCY,
				.name = slice_str(o->reason),
				.approver = slice_str(o->approver) };

	zone_wall(now, &row.first.days, &row.first.second);
	row.first.second -= row.first.second % 60;
	if (o->reason == NULL || o->approver == NULL || o->to == NULL)
		return cli_usage(&command_calendar,
				 "an emergency needs --reason, --approver and --to (its expiry)");
	if (o->from != NULL && !site_wall(slice_str(o->from), &row.first))
		return cli_usage(&command_calendar, "--from: no local time as 2026-11-28T22:00: \"%s\"",
				 o->from);
	if (!site_wall(slice_str(o->to), &row.last))
		return cli_usage(&command_calendar, "--to: no local time as 2026-11-28T22:00: \"%s\"", o->to);
	d->reason = o->reason;
	d->approver = o->approver;
	format_wall(row.first, d->from);
	format_wall(row.last, d->to);
	buf_str(&f->text, SITE_HEADER);
	f->text.failed |= !site_in_order(was, copy, &f->text);
	site_put(&f->text, &row);
	return EXIT_DONE;
}

static int end_it(const struct site *was, struct calendar_file *f, int64_t now, struct declared *d,
		  struct buf *kept)
{
	struct rewriting w = { &f->text, now, wall_of(now), { .kind = SITE_KINDS } };

	buf_str(&f->text, SITE_HEADER);
	f->text.failed |= !site_in_order(was, rewrite, &w);
	if (w.ended.kind == SITE_KINDS) {
		cli_error("no emergency of %s is open now", f->path);
		return EXIT_NO;
	}
	buf_add(kept, w.ended.name);
	buf_byte(kept, 0);
	buf_add(kept, w.ended.approver);
	buf_byte(kept, 0);
	d->reason = (const char *)kept->p;
	d->approver = d->reason + w.ended.name.n + 1;
	format_wall(w.ended.first, d->from);
	format_wall(w.ended.last, d->to);
	return EXIT_DONE;
}

static struct site *parse(struct slice text, const char *path)
{
	struct problems p;
	struct site *s;

	problems_init(&p, path);
	s = site_parse(text, NULL, &p);
	problems_print(&p);
	problems_free(&p);
	return s;
}

int calendar_emergency(const struct config *cfg, const struct calendar_options *o)
{
	struct calendar_file f = { .path = cfg->calendar.days, .what = "days", .added = 1 };
	int64_t now = sys_now_ns() / NS_PER_SEC;
	struct declared d = { 0 };
	struct site *was = NULL, *will = NULL;
	struct buf kept;
	int status = EXIT_USAGE;

	if (f.path == NULL) {
		cli_error("calendar.days names no file: say in the configuration where emergencies are to be "
			  "kept");
		return EXIT_USAGE;
	}
	buf_init(&f.text, SITE_BYTES_MAX);
	buf_init(&kept, 4096);
	if (!calendar_read_old(&f, SITE_BYTES_MAX))
		status = EXIT_INPUT;
	else if ((was = parse(f.old, f.path)) != NULL)
		status = o->end ? end_it(was, &f, now, &d, &kept) : declare(o, was, &f, now, &d);
	if (status == EXIT_DONE && (will = parse(buf_slice(&f.text), f.path)) == NULL)
		status = EXIT_USAGE;
	if (status == EXIT_DONE)
		status = calendar_replace(cfg, &f, 1, put_request, &d);
	if (status == EXIT_DONE)
		printf("emergency from %s to %s: %s\n", d.from, d.to, f.path);
	site_free(was);
	site_free(will);
	buf_free(&kept);
	calendar_file_free(&f);
	return status;
}
