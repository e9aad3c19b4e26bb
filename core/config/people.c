/* identities.users_file: people from a CSV, as a personnel office exports it. */
#include <stdlib.h>

#include "core/base/csv_table.h"
#include "core/base/map.h"
#include "core/base/sys.h"
#include "core/config/reading.h"

#define FILE_BYTES_MAX (16 << 20)
#define ID_MAX 200

enum { COLUMN_ID, COLUMN_NAME, COLUMN_ROLES, COLUMN_DEPARTMENT, COLUMN_STATUS, COLUMNS };

static const struct csv_column columns[COLUMNS] = {
	[COLUMN_ID] = { { "id", "user_id", "user", "login", "ユーザーID", "ユーザID", "利用者ID", "職員ID",
			  "職員番号", "ログインID", "アカウント" } },
	[COLUMN_NAME] = { { "name", "full_name", "氏名", "名前", "職員名" } },
	[COLUMN_ROLES] = { { "roles", "role", "職種", "役割" } },
	[COLUMN_DEPARTMENT] = { { "department", "dept", "部門", "部署", "所属", "診療科", "所属部署" } },
	[COLUMN_STATUS] = { { "status", "状態", "在籍状況", "在職状況", "ステータス" } },
};

/* Words of the file and ours for them. */
struct word {
	const char *theirs, *ours;
};

static const struct word states[] = {
	{ "active", "active" },	      { "有効", "active" },	 { "在職", "active" },
	{ "在籍", "active" },	      { "在職中", "active" },	 { "在籍中", "active" },
	{ "suspended", "suspended" }, { "停止", "suspended" },	 { "停止中", "suspended" },
	{ "休職", "suspended" },      { "休職中", "suspended" }, { "left", "left" },
	{ "退職", "left" },	      { "退職済", "left" },	 { "離職", "left" },
	{ "無効", "left" },
};

/* 職種, as rules name them; others stay as they are written. */
static const struct word roles[] = {
	{ "医師", "physician" },
	{ "歯科医師", "physician" },
	{ "研修医", "physician" },
	{ "看護師", "nurse" },
	{ "准看護師", "nurse" },
	{ "助産師", "nurse" },
	{ "保健師", "nurse" },
	{ "薬剤師", "pharmacist" },
	{ "臨床検査技師", "technician" },
	{ "診療放射線技師", "technician" },
	{ "放射線技師", "technician" },
	{ "臨床工学技士", "technician" },
	{ "理学療法士", "technician" },
	{ "作業療法士", "technician" },
	{ "言語聴覚士", "technician" },
	{ "事務", "office" },
	{ "事務員", "office" },
	{ "事務職員", "office" },
	{ "事務職", "office" },
};

struct people {
	struct reading *r;
	const char *file;
	size_t column[COLUMNS];
	struct map *ids;
};

static void wrong(struct people *p, const struct csv_field *f, const char *what)
{
	problem_in(p->r->problems, p->file, f->line, f->column, false, "%s: '%.*s'", what,
		   (int)slice_head(f->text, 100).n, (const char *)f->text.p);
}

static const char *translated(const struct word *words, size_t n, struct slice s)
{
	for (size_t i = 0; i < n; i++)
		if (slice_is(s, words[i].theirs))
			return words[i].ours;
	return NULL;
}

/* The row's text of a column; NULL: it has none. */
static const char *text_of(struct people *p, const struct csv_row *row, int column)
{
	struct csv_field f = csv_field(row, p->column[column]);

	if (p->column[column] == CSV_NO_COLUMN || f.text.n == 0)
		return NULL;
	if (f.text.n > ID_MAX)
		wrong(p, &f, "longer than 200 bytes");
	else if (!text_is_plain(f.text))
		wrong(p, &f, "holds a control character or a line break");
	else
		return keep_copy(p->r->keep, f.text);
	return NULL;
}

/* "看護師、助産師" is two. */
static size_t separator(struct slice s)
{
	if (s.n > 0 && (s.p[0] == ',' || s.p[0] == ';' || s.p[0] == '/'))
		return 1;
	return slice_starts(s, SLICE("、")) || slice_starts(s, SLICE("・")) ? 3 : 0;
}

static const char *roles_of(struct people *p, const struct csv_row *row)
{
	struct slice rest = slice_str(text_of(p, row, COLUMN_ROLES));
	const char *joined;
	struct buf b;

	buf_init(&b, 4096);
	while (rest.n > 0) {
		size_t n = 0;
		const char *ours;

		while (n < rest.n && separator(slice_from(rest, n)) == 0)
			n++;
		ours = translated(roles, COUNT(roles), slice_head(rest, n));
		if (n > 0) {
			buf_str(&b, b.n > 0 ? "," : "");
			buf_add(&b, ours != NULL ? slice_str(ours) : slice_head(rest, n));
		}
		rest = slice_from(rest, n);
		rest = slice_from(rest, separator(rest));
	}
	joined = b.n == 0 ? NULL : keep_copy(p->r->keep, buf_slice(&b));
	buf_free(&b);
	return joined;
}

/* False: the configuration has that one, and its entry counts. */
static bool read_person(struct people *p, const struct csv_row *row, struct cfg_user *u)
{
	struct csv_field id = csv_field(row, p->column[COLUMN_ID]);
	struct csv_field status = csv_field(row, p->column[COLUMN_STATUS]);
	int64_t *at;

	u->id = text_of(p, row, COLUMN_ID);
	u->name = text_of(p, row, COLUMN_NAME);
	u->roles = roles_of(p, row);
	u->department = text_of(p, row, COLUMN_DEPARTMENT);
	u->status = p->column[COLUMN_STATUS] == CSV_NO_COLUMN || status.text.n == 0
			    ? "active"
			    : translated(states, COUNT(states), status.text);
	if (u->status == NULL)
		wrong(p, &status, "unknown status, expected active, suspended or left (在職, 休職, 退職)");
	if (id.text.n == 0)
		wrong(p, &id, "a person without id");
	if (u->id == NULL)
		return true;
	at = map_put(p->ids, slice_str(u->id), (int64_t)row->line);
	if (at == NULL)
		p->r->no_memory = true;
	else if (*at != 0 && *at != (int64_t)row->line)
		wrong(p, &id, "this id is here twice");
	return at == NULL || *at != 0;
}

static bool read_header(struct people *p, const struct csv_row *header)
{
	for (int i = 0; i < COLUMNS; i++)
		p->column[i] = csv_column(header, &columns[i]);
	if (p->column[COLUMN_ID] != CSV_NO_COLUMN)
		return true;
	problem_in(p->r->problems, p->file, header->line, 1, false,
		   "no column with the user's id; the first line names the columns: id (ユーザーID, "
		   "職員番号), name "
		   "(氏名), roles (職種), department (部門), status (状態)");
	return false;
}

/* All of them behind those of the configuration, or, with one wrong row, none: half a list would make
 * strangers of the rest. */
static void read_rows(struct people *p, const struct csv_table *csv, struct config *c)
{
	size_t rows = csv_table_rows(csv), n = c->n_users;
	struct cfg_user *all = keep_array(p->r->keep, n + rows, sizeof *all);
	struct csv_row header;

	if (rows == 0) {
		problem_in(p->r->problems, p->file, 1, 1, false, "no rows: the first line names the columns");
		return;
	}
	header = csv_table_row(csv, 0);
	if (all == NULL || !read_header(p, &header))
		return;
	for (size_t i = 0; i < n; i++) {
		all[i] = c->users[i];
		if (all[i].id != NULL && map_put(p->ids, slice_str(all[i].id), 0) == NULL)
			p->r->no_memory = true;
	}
	for (size_t i = 1; i < rows; i++) {
		struct csv_row row = csv_table_row(csv, i);

		n += read_person(p, &row, &all[n]);
	}
	c->users = all;
	c->n_users = n;
}

void people_read(struct reading *r, const char *file, struct slice text, struct config *c)
{
	struct people p = { .r = r, .file = file, .ids = map_new(1 << 20, 256u << 20) };
	struct csv_problem problem;
	struct csv_table *csv = csv_table_read(text, &problem);

	if (csv == NULL)
		problem_in(r->problems, file, problem.line, problem.column, false, "%s", problem.text);
	else if (p.ids == NULL)
		r->no_memory = true;
	else
		read_rows(&p, csv, c);
	csv_table_free(csv);
	map_free(p.ids);
}

void people_load(struct reading *r, const struct node *place, struct config *c)
{
	struct slice text;
	struct err e;

	if (sys_slurp(c->users_file, FILE_BYTES_MAX, &text, &e) != TK_OK) {
		problem_at(r->problems, place, "'users_file': %s", e.text);
		return;
	}
	people_read(r, c->users_file, text, c);
	free((void *)(uintptr_t)text.p);
}
