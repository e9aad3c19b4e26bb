/* tochoku keys import: keys from a CSV, all of them or none. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/keys.h"
#include "core/base/csv_table.h"
#include "core/base/hash.h"
#include "core/base/map.h"
#include "core/base/sys.h"
#include "core/base/zone.h"

#define FILE_BYTES_MAX (4 << 20)
#define REQUEST_BYTES_MAX (3u << 20)
#define COLUMN_KEY KEY_TEXTS /* behind those of the request */
#define COLUMNS (KEY_TEXTS + 1)

static const struct csv_column columns[COLUMNS] = {
	[KEY_FINGERPRINT] = { { "fingerprint", "指紋", "フィンガープリント" } },
	[KEY_ID] = { { "id", "key_id", "key_name", "キーID", "鍵ID", "キー名", "名称" } },
	[KEY_USER] = { { "user", "user_id", "利用者", "利用者ID", "ユーザーID", "ユーザID", "職員番号",
			 "職員ID" } },
	[KEY_KIND] = { { "kind", "種別", "区分", "種類" } },
	[KEY_OWNER] = { { "owner", "責任者", "管理者", "所有者", "管理責任者" } },
	[KEY_DEPARTMENT] = { { "department", "dept", "部門", "部署", "所属", "診療科" } },
	[KEY_MODELS] = { { "models", "model", "モデル", "許可モデル", "利用モデル" } },
	[KEY_PATHS] = { { "paths", "path", "パス", "許可パス" } },
	[KEY_ISSUED] = { { "issued", "issued_on", "発行日" } },
	[KEY_FROM] = { { "valid_from", "from", "有効開始日", "開始日" } },
	[KEY_EXPIRES] = { { "expires", "valid_to", "to", "有効期限", "終了日", "満了日" } },
	[KEY_REVOKED] = { { "revoked", "revoked_on", "失効日" } },
	[COLUMN_KEY] = { { "key", "api_key", "secret", "APIキー", "キー", "鍵" } },
};

struct import {
	const char *file;
	struct fingerprint_keys site;
	size_t column[COLUMNS];
	struct map *seen; /* ids and fingerprints */
	struct json_out out;
	size_t wrong;
};

/* The value itself only where it cannot be a key. */
static void wrong(struct import *m, const struct csv_field *f, const char *what)
{
	m->wrong++;
	cli_error("%s:%u:%u: %s", m->file, f->line, f->column, what);
}

/* 2026-12-31, 2026/12/31 and 2026/1/5. */
static bool take_day(struct slice text, char out[11])
{
	unsigned y, m, d;
	char copy[16];
	struct date date;
	int n = -1;

	if (text.n >= sizeof copy)
		return false;
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	if ((sscanf(copy, "%4u/%2u/%2u%n", &y, &m, &d, &n) != 3 || n != (int)text.n) &&
	    (sscanf(copy, "%4u-%2u-%2u%n", &y, &m, &d, &n) != 3 || n != (int)text.n))
		return false;
	snprintf(out, 11, "%04u-%02u-%02u", y % 10000, m % 100, d % 100);
	return date_parse(slice_of(out, 10), &date);
}

static const char *kind_of(struct slice text)
{
	static const struct {
		const char *theirs, *ours;
	} kinds[] = {
		{ "person", "person" },	   { "個人", "person" },      { "service", "service" },
		{ "サービス", "service" }, { "システム", "service" }, { "shared", "shared" },
		{ "共用", "shared" },	   { "共有", "shared" },
	};

	for (size_t i = 0; i < COUNT(kinds); i++)
		if (slice_is(text, kinds[i].theirs))
			return kinds[i].ours;
	return NULL;
}

static bool is_list(int column)
{
	return column == KEY_MODELS || column == KEY_PATHS;
}

static bool is_day(int column)
{
	return column == KEY_ISSUED || column == KEY_FROM || column == KEY_EXPIRES || column == KEY_REVOKED;
}

/* "gpt-4o*; claude-*" as the register has it: joined by commas. */
static void put_patterns(struct import *m, struct slice text)
{
	struct buf b;

	buf_init(&b, 4096);
	for (size_t i = 0; i < text.n; i++)
		if (slice_starts(slice_from(text, i), SLICE("、"))) {
			buf_byte(&b, ',');
			i += 2;
		} else if (text.p[i] != ' ') {
			buf_byte(&b, text.p[i] == ';' || text.p[i] == '\n' ? ',' : text.p[i]);
		}
	json_str(&m->out, buf_slice(&b));
	buf_free(&b);
}

/* From the key, or as it stands there. */
static bool fingerprint_of(struct import *m, const struct csv_row *row, char out[FINGERPRINT_TEXT + 1])
{
	struct csv_field key = csv_field(row, m->column[COLUMN_KEY]);
	struct csv_field given = csv_field(row, m->column[KEY_FINGERPRINT]);
	uint8_t bytes[FINGERPRINT_BYTES];

	if (key.text.n > 0 && key.text.n <= KEY_BYTES_MAX)
		return keys_fingerprint(&m->site, key.text, out);
	if (given.text.n != FINGERPRINT_TEXT || !hex_decode(given.text, bytes, sizeof bytes))
		return false;
	hex_encode(slice_of(bytes, sizeof bytes), out);
	return true;
}

static void note(struct import *m, struct slice value, const struct csv_field *f, const char *what)
{
	int64_t *at = map_put(m->seen, value, (int64_t)f->line);

	if (at == NULL)
		wrong(m, f, "no memory");
	else if (*at != (int64_t)f->line)
		wrong(m, f, what);
}

static void put_text(struct import *m, int column, const struct csv_field *f)
{
	char day[11];

	if (f->text.n == 0) {
		json_str(&m->out, f->text);
	} else if (is_day(column)) {
		if (take_day(f->text, day))
			json_str(&m->out, slice_of(day, 10));
		else
			wrong(m, f, "no such day, expected one such as 2026-12-31 or 2026/12/31");
	} else if (column == KEY_KIND) {
		if (kind_of(f->text) == NULL)
			wrong(m, f,
			      "unknown kind, expected person, service or shared (個人, サービス, 共用)");
		json_str(&m->out, slice_str(kind_of(f->text)));
	} else if (f->text.n > 200) {
		wrong(m, f, "longer than 200 bytes");
	} else if (is_list(column)) {
		put_patterns(m, f->text);
	} else {
		json_str(&m->out, f->text);
	}
}

static void put_row(struct import *m, const struct csv_row *row)
{
	struct csv_field id = csv_field(row, m->column[KEY_ID]);
	struct csv_field key = csv_field(
		row, m->column[m->column[COLUMN_KEY] != CSV_NO_COLUMN ? COLUMN_KEY : KEY_FINGERPRINT]);
	char hex[FINGERPRINT_TEXT + 1];

	if (id.text.n == 0)
		wrong(m, &id, "a key without id, the name that reports show");
	else
		note(m, id.text, &id, "this id is here twice");
	if (!fingerprint_of(m, row, hex)) {
		wrong(m, &key, "no key, and no fingerprint of 16 hexadecimal digits");
		return;
	}
	note(m, slice_str(hex), &key, "this key is here twice");
	json_str(&m->out, slice_str(hex));
	for (int i = KEY_FINGERPRINT + 1; i < KEY_TEXTS; i++) {
		struct csv_field f = csv_field(row, m->column[i]);

		put_text(m, i, &f);
	}
}

/* False after a message. */
static bool read_header(struct import *m, const struct csv_table *csv)
{
	struct csv_row header;

	if (csv_table_rows(csv) < 2) {
		cli_error("%s:1:1: no keys: the first line names the columns, each other one is a key",
			  m->file);
		return false;
	}
	if (csv_table_rows(csv) - 1 > REQUEST_KEYS_MAX) {
		cli_error("%s: %zu keys, at most %d at once", m->file, csv_table_rows(csv) - 1,
			  REQUEST_KEYS_MAX);
		return false;
	}
	header = csv_table_row(csv, 0);
	for (int i = 0; i < COLUMNS; i++)
		m->column[i] = csv_column(&header, &columns[i]);
	if (m->column[KEY_ID] != CSV_NO_COLUMN &&
	    (m->column[COLUMN_KEY] != CSV_NO_COLUMN || m->column[KEY_FINGERPRINT] != CSV_NO_COLUMN))
		return true;
	cli_error("%s:%u:1: the first line must name the columns id (キーID) and key (APIキー) or "
		  "fingerprint (指紋)",
		  m->file, header.line);
	return false;
}

static int import_rows(struct import *m, const struct config *cfg, const struct csv_table *csv, bool json)
{
	struct buf request;
	int status;

	buf_init(&request, REQUEST_BYTES_MAX);
	m->out = json_out(&request);
	keys_begin_request(&m->out, &m->site);
	for (size_t i = 1; i < csv_table_rows(csv); i++) {
		struct csv_row row = csv_table_row(csv, i);

		put_row(m, &row);
	}
	if (m->wrong == 0)
		status = keys_send(cfg, &m->out, &request, "added", json);
	else
		status = EXIT_USAGE;
	if (m->wrong > 0)
		cli_error("%s: nothing was registered; %zu mistakes", m->file, m->wrong);
	buf_free(&request);
	return status;
}

static int import_file(struct import *m, const struct config *cfg, bool json)
{
	struct csv_problem problem;
	struct csv_table *csv = NULL;
	struct slice text;
	struct err e;
	int status = EXIT_INPUT;

	if (sys_slurp(m->file, FILE_BYTES_MAX, &text, &e) != TK_OK) {
		cli_error("%s", e.text);
		return EXIT_INPUT;
	}
	csv = csv_table_read(text, &problem);
	explicit_bzero((void *)(uintptr_t)text.p, text.n);
	free((void *)(uintptr_t)text.p);
	if (csv == NULL) {
		cli_error("%s:%u:%u: %s", m->file, problem.line, problem.column, problem.text);
		return EXIT_USAGE;
	}
	if (!read_header(m, csv))
		status = EXIT_USAGE;
	else if (fingerprint_keys(cfg, true, &m->site, &e) != TK_OK)
		cli_error("%s", e.text);
	else
		status = import_rows(m, cfg, csv, json);
	csv_table_free(csv);
	return status;
}

int keys_import(struct cli *cli, struct keys_options *o)
{
	struct import m = { .file = o->n_words == 1 ? o->words[0] : NULL };
	struct config *cfg;
	int status = EXIT_INPUT;

	if (o->n_words != 1)
		return cli_usage(&command_keys, "keys import needs one CSV file");
	if ((cfg = cli_config(cli, true)) == NULL)
		return EXIT_USAGE;
	if ((m.seen = map_new(1 << 16, 16 << 20)) == NULL)
		cli_error("no memory");
	else
		status = import_file(&m, cfg, o->json);
	map_free(m.seen);
	explicit_bzero(&m.site, sizeof m.site);
	config_free(cfg);
	return status;
}
