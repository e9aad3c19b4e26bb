#include "core/ledger/stage.h"

#include <stdlib.h>

#include "core/event/varint.h"
#include "core/ledger/schema.h"
#include "core/ledger/statement.h"

#define STAGE_MAX 512 /* stays inside the second-level cache */

struct staged {
	int64_t seq, ordinal;
	int64_t rows[P_COUNT];
	struct part own;
	uint8_t id[16];
};

struct stage {
	sqlite3 *db;
	struct chain *chain;
	sqlite3_stmt *insert;
	size_t n;
	struct staged row[STAGE_MAX];
};

/* ---- the virtual table ---- */

struct stage_table {
	sqlite3_vtab base;
	struct stage *stage;
};

struct stage_cursor {
	sqlite3_vtab_cursor base;
	size_t i;
};

static int vt_connect(sqlite3 *db, void *aux, int argc, const char *const *argv, sqlite3_vtab **out, char **text)
{
	struct stage_table *t = sqlite3_malloc(sizeof *t);
	struct buf sql;
	int rc;

	(void)argc;
	(void)argv;
	(void)text;
	if (t == NULL)
		return SQLITE_NOMEM;
	*t = (struct stage_table){ .stage = aux };
	buf_init(&sql, 8192);
	buf_str(&sql, "CREATE TABLE x (seq, ordinal, ");
	schema_part_columns(&sql, P_EV);
	for (int p = P_EV + 1; p < P_COUNT; p++)
		buf_fmt(&sql, ", %s", event_parts[p].table);
	buf_str(&sql, ")");
	rc = sqlite3_declare_vtab(db, buf_cstr(&sql));
	buf_free(&sql);
	*out = &t->base;
	return rc;
}

static int vt_disconnect(sqlite3_vtab *t)
{
	sqlite3_free(t);
	return SQLITE_OK;
}

static int vt_best_index(sqlite3_vtab *t, sqlite3_index_info *info)
{
	(void)t;
	info->estimatedCost = STAGE_MAX;
	return SQLITE_OK;
}

static int vt_open(sqlite3_vtab *t, sqlite3_vtab_cursor **out)
{
	struct stage_cursor *c = sqlite3_malloc(sizeof *c);

	(void)t;
	if (c == NULL)
		return SQLITE_NOMEM;
	*c = (struct stage_cursor){ .i = 0 };
	*out = &c->base;
	return SQLITE_OK;
}

static int vt_close(sqlite3_vtab_cursor *c)
{
	sqlite3_free(c);
	return SQLITE_OK;
}

static int vt_filter(sqlite3_vtab_cursor *c, int number, const char *name, int argc, sqlite3_value **argv)
{
	(void)number;
	(void)name;
	(void)argc;
	(void)argv;
	((struct stage_cursor *)c)->i = 0;
	return SQLITE_OK;
}

static int vt_next(sqlite3_vtab_cursor *c)
{
	((struct stage_cursor *)c)->i++;
	return SQLITE_OK;
}

static int vt_eof(sqlite3_vtab_cursor *c)
{
	return ((struct stage_cursor *)c)->i >= ((struct stage_table *)c->pVtab)->stage->n;
}

/* Columns: seq, ordinal, the fields of P_EV, the rows of the other parts. */
#define FIELD_COLUMN 2
#define ROWS_COLUMN (FIELD_COLUMN + F_WHERE_BASE - F_EV_BASE)

static void field_result(sqlite3_context *ctx, const struct staged *r, unsigned slot)
{
	const union value *v = &r->own.v[slot];

	if (slot == F_EVENT_ID - F_EV_BASE) {
		sqlite3_result_blob(ctx, r->id, sizeof r->id, SQLITE_STATIC);
		return;
	}
	if (!((r->own.known >> slot) & 1))
		return; /* NULL */
	if (event_fields[F_EV_BASE + slot].type == FT_STR)
		sqlite3_result_text(ctx, (const char *)v->s.p, (int)v->s.n, SQLITE_STATIC);
	else
		sqlite3_result_int64(ctx, v->i);
}

static int vt_column(sqlite3_vtab_cursor *cursor, sqlite3_context *ctx, int i)
{
	struct stage_cursor *c = (struct stage_cursor *)cursor;
	const struct staged *r = &((struct stage_table *)cursor->pVtab)->stage->row[c->i];

	if (i >= ROWS_COLUMN)
		sqlite3_result_int64(ctx, r->rows[i - ROWS_COLUMN + 1]);
	else if (i >= FIELD_COLUMN)
		field_result(ctx, r, (unsigned)(i - FIELD_COLUMN));
	else
		sqlite3_result_int64(ctx, i == 0 ? r->seq : r->ordinal);
	return SQLITE_OK;
}

static int vt_rowid(sqlite3_vtab_cursor *cursor, sqlite3_int64 *out)
{
	*out = (sqlite3_int64)((struct stage_cursor *)cursor)->i;
	return SQLITE_OK;
}

/* No xCreate: the table exists by its module's name alone, in this connection alone. */
static const sqlite3_module module = {
	.iVersion = 0,
	.xConnect = vt_connect,
	.xDisconnect = vt_disconnect,
	.xBestIndex = vt_best_index,
	.xOpen = vt_open,
	.xClose = vt_close,
	.xFilter = vt_filter,
	.xNext = vt_next,
	.xEof = vt_eof,
	.xColumn = vt_column,
	.xRowid = vt_rowid,
};

/* ---- staging ---- */

int stage_open(struct stage **out, sqlite3 *db, struct chain *chain, struct err *e)
{
	struct stage *s = calloc(1, sizeof *s);
	int rc;

	if (s == NULL)
		return err_set(e, TK_ENOMEM, "ledger: no memory for the stage");
	s->db = db;
	s->chain = chain;
	if (sqlite3_create_module(db, "staged", &module, s) != SQLITE_OK)
		rc = schema_error(db, "ledger", e);
	else
		rc = statement_prepare(db, &s->insert, "INSERT INTO event SELECT * FROM staged", e);
	if (rc != TK_OK) {
		stage_free(s);
		return rc;
	}
	*out = s;
	return TK_OK;
}

void stage_free(struct stage *s)
{
	if (s == NULL)
		return;
	sqlite3_finalize(s->insert);
	free(s);
}

static uint8_t *write_int(uint8_t *p, int64_t v)
{
	*p++ = 1;
	return p + varint_write(p, zigzag(v));
}

/* The same bytes as chain_int and chain_text make, in one piece of reserved room: this is the hot path. */
static void chain_event(struct chain *chain, const struct staged *r)
{
	struct buf *b = chain_bytes(chain, CHAIN_EVENT);
	size_t most = (ROWS_COLUMN + P_COUNT) * (1 + VARINT_MAX) + sizeof r->id;
	uint8_t *p;

	for (unsigned slot = 0; slot < ROWS_COLUMN - FIELD_COLUMN; slot++)
		if (event_fields[F_EV_BASE + slot].type == FT_STR && (r->own.known >> slot) & 1)
			most += r->own.v[slot].s.n;
	if ((p = buf_room(b, most)) == NULL)
		return; /* told by chain_commit */
	p = write_int(write_int(p, r->seq), r->ordinal);
	for (unsigned slot = 0; slot < ROWS_COLUMN - FIELD_COLUMN; slot++) {
		bool id = slot == F_EVENT_ID - F_EV_BASE, text = event_fields[F_EV_BASE + slot].type == FT_STR;
		struct slice s = id ? slice_of(r->id, sizeof r->id) : r->own.v[slot].s;

		if (!id && !((r->own.known >> slot) & 1)) {
			*p++ = 0;
		} else if (id || text) {
			*p++ = 2;
			p += varint_write(p, s.n);
			memcpy(p, s.n == 0 ? (const uint8_t *)"" : s.p, s.n);
			p += s.n;
		} else {
			p = write_int(p, r->own.v[slot].i);
		}
	}
	for (int part = P_EV + 1; part < P_COUNT; part++)
		p = write_int(p, r->rows[part]);
	b->n = (size_t)(p - b->p);
	chain_row(chain, CHAIN_EVENT, r->seq);
}

int stage_add(struct stage *s, const struct part *own, const uint8_t id[16], int64_t ordinal,
	      const int64_t rows[P_COUNT], int64_t *seq, struct err *e)
{
	struct staged *r;
	int rc;

	if (s->n == STAGE_MAX && (rc = stage_flush(s, e)) != TK_OK)
		return rc;
	r = &s->row[s->n++];
	r->seq = chain_last_seq(s->chain) + 1;
	r->ordinal = ordinal;
	r->own = *own;
	memcpy(r->id, id, sizeof r->id);
	memcpy(r->rows, rows, sizeof r->rows);
	chain_event(s->chain, r);
	*seq = r->seq;
	return TK_OK;
}

int stage_flush(struct stage *s, struct err *e)
{
	int rc;

	if (s->n == 0)
		return TK_OK;
	rc = statement_run(s->insert, e);
	s->n = 0;
	return rc;
}
