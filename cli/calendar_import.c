/* tochoku calendar import: official holidays, a roster, the site's own days, iCalendar. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/calendar.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/sys.h"
#include "rules/calendar/csv.h"
#include "rules/calendar/ical.h"
#include "rules/calendar/merge.h"

#define PREVIEW_LINES 200
#define TEXT_BYTES_MAX (64u << 20)

struct import {
	const struct config *cfg;
	const struct calendar_options *o;
	int32_t from, to;
	struct slice text; /* of the imported file */
	struct calendar_file file[2];
	size_t n;
	struct buf preview;
	struct ical_result ical;
};

/* ---- which kind of file ---- */

enum source { UNKNOWN, HOLIDAYS, ROSTER, DAYS, ICAL };

static enum source kind_of_header(const struct csv *c)
{
	struct slice first = c->cell[0].text;
	int32_t day;

	if (slice_is(first, "date") && c->n > 1 && !slice_is(c->cell[1].text, "name"))
		return ROSTER;
	if (slice_is(first, "from"))
		return DAYS;
	return slice_starts(first, SLICE("国民の祝日")) || slice_is(first, "date") || csv_date(first, &day)
		       ? HOLIDAYS
		       : UNKNOWN;
}

static enum source source_of(struct slice text)
{
	struct csv c;
	enum source s = UNKNOWN;

	if (slice_starts(text, SLICE("\xef\xbb\xbf")))
		text = slice_from(text, 3);
	while (text.n > 0 && (text.p[0] == '\r' || text.p[0] == '\n'))
		text = slice_from(text, 1);
	if (slice_starts(text, SLICE("BEGIN:VCALENDAR")) || slice_starts(text, SLICE("begin:vcalendar")))
		return ICAL;
	csv_open(&c, text);
	if (csv_row(&c))
		s = kind_of_header(&c);
	csv_close(&c);
	return s;
}

/* ---- one target ---- */

static int no_target(const struct import *m, const char *key)
{
	cli_error("%s%scalendar.%s names no file: say there where the import is to be kept",
		  m->cfg->file != NULL ? m->cfg->file : "", m->cfg->file != NULL ? ": " : "", key);
	return EXIT_USAGE;
}

/* The target's slot with what is there now, or NULL: told. */
static struct calendar_file *begin_file(struct import *m, const char *what, const char *path)
{
	struct calendar_file *f = &m->file[m->n++];

	*f = (struct calendar_file){ .path = path, .what = what };
	buf_init(&f->text, TEXT_BYTES_MAX);
	return calendar_read_old(f, ROSTER_BYTES_MAX) ? f : NULL;
}

/* Errors of what was read, or EXIT_DONE. */
static int told(struct problems *p)
{
	int status = p->errors > 0 ? EXIT_USAGE : EXIT_DONE;

	problems_print(p);
	problems_free(p);
	return status;
}

/* Rows alone: a file that is made anew has a header too. */
static struct slice behind_header(struct slice text)
{
	const uint8_t *lf = text.n > 0 ? memchr(text.p, '\n', text.n) : NULL;

	return lf == NULL ? slice_of(NULL, 0) : slice_from(text, (size_t)(lf - text.p) + 1);
}

static int finish_file(struct import *m, struct calendar_file *f)
{
	struct line_changes n;

	if (f->text.failed || !diff_lines(behind_header(f->old), behind_header(buf_slice(&f->text)),
					  PREVIEW_LINES, &n, &m->preview)) {
		cli_error("%s: no memory, or more than 64 MB", f->path);
		return EXIT_INPUT;
	}
	f->added = n.added;
	f->removed = n.removed;
	return EXIT_DONE;
}

/* ---- rosters and days ---- */

static int import_roster(struct import *m, struct slice text, const char *name)
{
	struct roster *old = NULL, *fresh = NULL, *whole = NULL;
	struct calendar_file *f;
	struct problems p;
	int status = EXIT_INPUT;

	if (m->cfg->calendar.roster == NULL)
		return no_target(m, "roster");
	if ((f = begin_file(m, "roster", m->cfg->calendar.roster)) == NULL)
		return status;
	problems_init(&p, name);
	fresh = roster_parse(text, &m->cfg->calendar, &p);
	status = told(&p);
	problems_init(&p, f->path);
	if (status == EXIT_DONE && f->old.p != NULL)
		old = roster_parse(f->old, &m->cfg->calendar, &p);
	if (fresh != NULL && p.errors == 0) {
		merge_roster(old, fresh, m->o->edit, &f->text);
		whole = roster_parse(buf_slice(&f->text), &m->cfg->calendar, &p);
	}
	if (status == EXIT_DONE)
		status = told(&p);
	else
		problems_free(&p);
	roster_free(old);
	roster_free(fresh);
	roster_free(whole);
	return status == EXIT_DONE ? finish_file(m, f) : status;
}

static int import_days(struct import *m, struct slice text, const char *name, int32_t from, int32_t to)
{
	struct site *old = NULL, *fresh = NULL, *whole = NULL;
	struct calendar_file *f;
	struct problems p;
	int status = EXIT_INPUT;

	if (m->cfg->calendar.days == NULL)
		return no_target(m, "days");
	if ((f = begin_file(m, "days", m->cfg->calendar.days)) == NULL)
		return status;
	problems_init(&p, name);
	fresh = site_parse(text, NULL, &p);
	status = told(&p);
	problems_init(&p, f->path);
	if (status == EXIT_DONE && f->old.p != NULL)
		old = site_parse(f->old, NULL, &p);
	if (fresh != NULL && p.errors == 0) {
		merge_site(old, fresh, from, to, m->o->edit, &f->text);
		whole = site_parse(buf_slice(&f->text), NULL, &p);
	}
	if (status == EXIT_DONE)
		status = told(&p);
	else
		problems_free(&p);
	site_free(old);
	site_free(fresh);
	site_free(whole);
	return status == EXIT_DONE ? finish_file(m, f) : status;
}

struct extent {
	int32_t first, last;
};

static void widen(void *ctx, const struct site_row *row)
{
	struct extent *x = ctx;

	x->first = row->first.days < x->first ? row->first.days : x->first;
	x->last = row->first.days > x->last ? row->first.days : x->last;
}

/* A file of days is the whole truth from its first day to its last, for the kinds in it. */
static int import_days_file(struct import *m)
{
	struct extent x = { INT32_MAX, INT32_MIN };
	struct problems p;
	struct site *s;

	problems_init(&p, m->o->file);
	s = site_parse(m->text, NULL, &p);
	if (s == NULL)
		return told(&p);
	problems_free(&p);
	site_between(s, false, INT64_MIN, INT64_MAX, widen, &x);
	site_between(s, true, INT64_MIN, INT64_MAX, widen, &x);
	site_free(s);
	return import_days(m, m->text, m->o->file, x.first, x.last);
}

/* ---- holidays ---- */

static int import_holidays(struct import *m)
{
	struct holiday_list *old = NULL, *fresh;
	struct calendar_file *f;
	struct err e = { 0 };
	size_t n;

	if (m->cfg->calendar.holidays == NULL)
		return no_target(m, "holidays");
	if ((f = begin_file(m, "holidays", m->cfg->calendar.holidays)) == NULL)
		return EXIT_INPUT;
	fresh = holiday_list_parse(m->text, m->o->file, &e);
	if (fresh != NULL && f->old.p != NULL)
		old = holiday_list_parse(f->old, f->path, &e);
	if (fresh == NULL || (f->old.p != NULL && old == NULL)) {
		cli_error("%s", e.text);
		holiday_list_free(fresh);
		return EXIT_USAGE;
	}
	merge_holidays(old, fresh, &f->text);
	buf_str(&m->preview, "Differences from the rule:\n");
	n = diff_holidays(fresh, &m->preview);
	if (n == 0)
		buf_str(&m->preview, "none\n");
	buf_str(&m->preview, "Differences from what is imported:\n");
	holiday_list_free(old);
	holiday_list_free(fresh);
	return finish_file(m, f);
}

/* ---- iCalendar ---- */

static int import_rows(struct import *m, struct buf *rows, const char *header, bool roster)
{
	struct buf text;
	int status;

	if (rows->n == 0)
		return EXIT_DONE;
	buf_init(&text, TEXT_BYTES_MAX);
	buf_str(&text, header);
	buf_add(&text, buf_slice(rows));
	status = roster ? import_roster(m, buf_slice(&text), m->o->file)
			: import_days(m, buf_slice(&text), m->o->file, m->from, m->to);
	buf_free(&text);
	return status;
}

static int import_ical(struct import *m)
{
	struct problems p;
	int status;

	problems_init(&p, m->o->file);
	ical_read(m->text, m->from, m->to, m->o->kind, &m->ical, &p);
	status = told(&p);
	if (status == EXIT_DONE)
		status = import_rows(m, &m->ical.roster, ROSTER_HEADER, true);
	if (status == EXIT_DONE)
		status = import_rows(m, &m->ical.days, SITE_HEADER, false);
	if (status == EXIT_DONE && (m->ical.left_out > 0 || m->ical.cancelled > 0))
		cli_error("%s: %zu events: %zu left out (of no known kind, or a duty that names nobody), %zu "
			  "cancelled",
			  m->o->file, m->ical.events, m->ical.left_out, m->ical.cancelled);
	return status;
}

/* ---- all of it ---- */

static void put_member(struct json_out *o, const char *key, const char *value)
{
	json_key(o, key);
	json_str(o, slice_str(value));
}

static void put_number(struct json_out *o, const char *key, size_t n)
{
	char text[24];

	snprintf(text, sizeof text, "%zu", n);
	put_member(o, key, text);
}

static void put_request(void *ctx, const struct calendar_file *f, struct buf *request)
{
	const struct import *m = ctx;
	struct json_out o = json_out(request);
	struct sha256 *sha = sha256_new();
	uint8_t digest[32] = { 0 };
	char hex[65];

	if (sha != NULL)
		sha256_of(sha, buf_slice(&f->text), digest);
	request->failed |= sha == NULL;
	sha256_free(sha);
	hex_encode(slice_of(digest, sizeof digest), hex);
	json_open(&o, '{');
	put_member(&o, "do", "calendar.import");
	put_member(&o, "what", f->what);
	put_member(&o, "file", f->path);
	put_member(&o, "source", m->o->file);
	put_number(&o, "added", f->added);
	put_number(&o, "removed", f->removed);
	put_member(&o, "sha256", hex);
	json_close(&o, '}');
}

static int print_result(struct import *m)
{
	struct buf out;
	int status;

	buf_init(&out, TEXT_BYTES_MAX);
	if (!m->o->json)
		for (struct slice rest = buf_slice(&m->preview), line; rest.n > 0;) {
			const uint8_t *lf = memchr(rest.p, '\n', rest.n);

			line = slice_head(rest, lf == NULL ? rest.n : (size_t)(lf - rest.p));
			cli_safe(&out, line);
			buf_byte(&out, '\n');
			rest = slice_from(rest, line.n + 1);
		}
	for (size_t i = 0; i < m->n; i++) {
		const struct calendar_file *f = &m->file[i];
		struct json_out o = json_out(&out);

		if (m->o->json) {
			json_open(&o, '{');
			put_member(&o, "what", f->what);
			put_member(&o, "file", f->path);
			json_key(&o, "added");
			json_int(&o, (int64_t)f->added);
			json_key(&o, "removed");
			json_int(&o, (int64_t)f->removed);
			json_key(&o, "written");
			json_bool(&o, !m->o->dry_run);
			json_close(&o, '}');
			buf_byte(&out, '\n');
			continue;
		}
		buf_fmt(&out, "%s: %zu lines added, %zu removed%s: ", f->what, f->added, f->removed,
			m->o->dry_run ? " (not written)" : "");
		cli_safe(&out, slice_str(f->path));
		buf_byte(&out, '\n');
	}
	status = cli_write(NULL, buf_slice(&out));
	buf_free(&out);
	return status;
}

static int import_text(struct import *m)
{
	switch (source_of(m->text)) {
	case HOLIDAYS:
		return import_holidays(m);
	case ROSTER:
		return import_roster(m, m->text, m->o->file);
	case DAYS:
		return import_days_file(m);
	case ICAL:
		return import_ical(m);
	default:
		cli_error("%s:1:1: expected the official list of holidays, a roster "
			  "(date,shift,user,from,to), days "
			  "(from,to,kind,name,who,approver) or iCalendar",
			  m->o->file);
		return EXIT_INPUT;
	}
}

int calendar_import(const struct config *cfg, const struct calendar_options *o, int32_t from, int32_t to)
{
	struct import m = { .cfg = cfg, .o = o, .from = from, .to = to };
	struct err e = { 0 };
	int status;

	if (sys_slurp(o->file, ROSTER_BYTES_MAX, &m.text, &e) != TK_OK) {
		cli_error("%s", e.text);
		return EXIT_INPUT;
	}
	buf_init(&m.preview, TEXT_BYTES_MAX);
	status = import_text(&m);
	if (status == EXIT_DONE && m.n == 0) {
		cli_error("%s: nothing in it falls into the range", o->file);
		status = EXIT_INPUT;
	}
	if (status == EXIT_DONE && !o->dry_run)
		status = calendar_replace(cfg, m.file, m.n, put_request, &m);
	if (status == EXIT_DONE)
		status = print_result(&m);
	for (size_t i = 0; i < m.n; i++)
		calendar_file_free(&m.file[i]);
	ical_result_free(&m.ical);
	buf_free(&m.preview);
	free((void *)(uintptr_t)m.text.p);
	return status;
}
