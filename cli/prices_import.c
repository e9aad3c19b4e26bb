/* tochoku prices import: prices.table anew, after a check and with the difference. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/calendar.h"
#include "cli/prices.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/sys.h"
#include "rules/calendar/merge.h"

#define PREVIEW_LINES 200

struct import {
	struct prices_options *o;
	struct calendar_file file; /* prices.table */
	struct price_table *fresh, *old;
	int64_t from;
	struct buf preview;
};

static void put_member(struct json_out *o, const char *key, const char *value)
{
	json_key(o, key);
	json_str(o, slice_str(value));
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
	put_member(&o, "do", "prices.import");
	put_member(&o, "file", f->path);
	put_member(&o, "source", m->o->word);
	put_member(&o, "table", prices_name(m->fresh));
	json_key(&o, "added");
	json_int(&o, (int64_t)f->added);
	json_key(&o, "removed");
	json_int(&o, (int64_t)f->removed);
	put_member(&o, "sha256", hex);
	json_close(&o, '}');
}

/* Rows alone, each in one line: the same rows are the same text however a file writes them. */
static struct slice rows_of(const struct price_table *t, struct buf *text)
{
	const uint8_t *at;

	if (t == NULL)
		return slice_of(NULL, 0);
	prices_to_yaml(t, INT64_MIN, "", text);
	at = memmem(text->p, text->n, "\nmodels:\n", 9);
	return at == NULL ? slice_of(NULL, 0) : slice_from(buf_slice(text), (size_t)(at - text->p) + 9);
}

static int compare(struct import *m)
{
	struct buf problems, a, b;
	struct price_table *whole;
	struct line_changes n = { 0 };
	int status = EXIT_DONE;

	buf_init(&problems, 1 << 20);
	buf_init(&a, TABLE_BYTES);
	buf_init(&b, TABLE_BYTES);
	whole = prices_parse(buf_slice(&m->file.text), m->file.path, &problems);
	if (whole == NULL) {
		prices_tell(&problems);
		status = EXIT_USAGE;
	} else if (!diff_lines(rows_of(m->old, &a), rows_of(whole, &b), PREVIEW_LINES, &n, &m->preview)) {
		cli_error("%s: no memory", m->file.path);
		status = EXIT_INPUT;
	}
	m->file.added = n.added;
	m->file.removed = n.removed;
	prices_free(whole);
	buf_free(&problems);
	buf_free(&a);
	buf_free(&b);
	return status;
}

/* Our own YAML goes as it is, with its comments; anything else is written as our own. */
static int make_text(struct import *m)
{
	struct slice text;
	struct err e = { 0 };

	if (m->from != INT64_MIN && m->old != NULL) {
		prices_to_yaml_after(m->old, m->fresh, m->from, m->o->word, &m->file.text);
	} else if (m->from != INT64_MIN || prices_litellm(m->fresh)) {
		prices_to_yaml(m->fresh, m->from, m->o->word, &m->file.text);
	} else {
		if (sys_slurp(m->o->word, TABLE_BYTES, &text, &e) != TK_OK) {
			cli_error("%s", e.text);
			return EXIT_INPUT;
		}
		buf_add(&m->file.text, text);
		free((void *)(uintptr_t)text.p);
	}
	if (!m->file.text.failed)
		return EXIT_DONE;
	cli_error("%s: no memory, or more than 32 MB", m->file.path);
	return EXIT_INPUT;
}

static void put_safe_lines(struct buf *out, struct slice rest)
{
	while (rest.n > 0) {
		const uint8_t *lf = memchr(rest.p, '\n', rest.n);
		struct slice line = slice_head(rest, lf == NULL ? rest.n : (size_t)(lf - rest.p));

		cli_safe(out, line);
		buf_byte(out, '\n');
		rest = slice_from(rest, line.n + 1);
	}
}

static int print_result(struct import *m)
{
	struct buf out;
	struct json_out o = json_out(&out);
	int status;

	buf_init(&out, TABLE_BYTES);
	if (m->o->json) {
		json_open(&o, '{');
		put_member(&o, "file", m->file.path);
		put_member(&o, "table", prices_name(m->fresh));
		json_key(&o, "added");
		json_int(&o, (int64_t)m->file.added);
		json_key(&o, "removed");
		json_int(&o, (int64_t)m->file.removed);
		json_key(&o, "written");
		json_bool(&o, !m->o->dry_run);
		json_close(&o, '}');
		buf_byte(&out, '\n');
	} else {
		put_safe_lines(&out, buf_slice(&m->preview));
		buf_fmt(&out, "%zu rows added, %zu removed%s: ", m->file.added, m->file.removed,
			m->o->dry_run ? " (not written)" : "");
		cli_safe(&out, slice_str(m->file.path));
		buf_byte(&out, '\n');
	}
	status = cli_write(NULL, buf_slice(&out));
	buf_free(&out);
	return status;
}

/* The table that is there; a wrong one is told, and replaced as a whole. */
static int read_old(struct import *m)
{
	struct buf problems;
	int status = EXIT_DONE;

	if (!calendar_read_old(&m->file, TABLE_BYTES))
		return EXIT_INPUT;
	if (m->file.old.p == NULL)
		return EXIT_DONE;
	buf_init(&problems, 1 << 20);
	m->old = prices_parse(m->file.old, m->file.path, &problems);
	if (m->old == NULL && m->from != INT64_MIN) {
		prices_tell(&problems);
		cli_error("the table in use is wrong, so none of its rows can be kept: leave --from away");
		status = EXIT_USAGE;
	}
	buf_free(&problems);
	return status;
}

static int replace(struct prices_options *o, struct price_table *fresh, int64_t from)
{
	struct config *cfg = cli_config(o->cli, true);
	struct import m = { .o = o, .fresh = fresh, .from = from };
	int status;

	if (cfg == NULL)
		return EXIT_USAGE;
	if (cfg->prices.table == NULL) {
		cli_error("%s: prices.table names no file: say there where the import is to be kept, or -o "
			  "FILE",
			  cfg->file);
		config_free(cfg);
		return EXIT_USAGE;
	}
	m.file = (struct calendar_file){ .path = cfg->prices.table, .what = "prices" };
	buf_init(&m.file.text, TABLE_BYTES);
	buf_init(&m.preview, TABLE_BYTES);
	status = read_old(&m);
	if (status == EXIT_DONE)
		status = make_text(&m);
	if (status == EXIT_DONE)
		status = compare(&m);
	if (status == EXIT_DONE && !o->dry_run)
		status = calendar_replace(cfg, &m.file, 1, put_request, &m);
	if (status == EXIT_DONE)
		status = print_result(&m);
	prices_free(m.old);
	calendar_file_free(&m.file);
	buf_free(&m.preview);
	config_free(cfg);
	return status;
}

int prices_import(struct prices_options *o)
{
	struct price_table *t;
	struct buf out;
	int64_t from;
	int status;

	if (o->word == NULL)
		return cli_usage(&command_prices, "prices import needs a FILE");
	if (!prices_date_of(o->from, INT64_MIN, &from))
		return EXIT_USAGE;
	if ((t = prices_open(o, o->word, &status)) == NULL)
		return status;
	if (o->out == NULL) {
		status = replace(o, t, from);
	} else {
		buf_init(&out, TABLE_BYTES);
		prices_to_yaml(t, from, o->word, &out);
		status = out.failed ? EXIT_INPUT : cli_write(o->out, buf_slice(&out));
		buf_free(&out);
	}
	prices_free(t);
	return status;
}
