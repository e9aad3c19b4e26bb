#include "core/ledger/stage.h"

#include <stdlib.h>

#include "core/event/varint.h"
#include "core/ledger/rows_table.h"
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
	struct rows_source source;
	size_t n;
	struct staged row[STAGE_MAX];
};

/* Columns: seq, ordinal, the fields of P_EV, the rows of the other parts. */
#define FIELD_COLUMN 2
#define ROWS_COLUMN (FIELD_COLUMN + F_WHERE_BASE - F_EV_BASE)

static void stage_columns(struct buf *out)
{
	buf_str(out, "seq, ordinal, ");
	schema_part_columns(out, P_EV);
	for (int p = P_EV + 1; p < P_COUNT; p++)
		buf_fmt(out, ", %s", event_parts[p].table);
}

static size_t stage_count(void *ctx)
{
	return ((struct stage *)ctx)->n;
}

static void field_result(sqlite3_context *out, const struct staged *r, unsigned slot)
{
	const union value *v = &r->own.v[slot];

	if (slot == F_EVENT_ID - F_EV_BASE)
		sqlite3_result_blob(out, r->id, sizeof r->id, SQLITE_STATIC);
	else if (!((r->own.known >> slot) & 1))
		return; /* NULL */
	else if (event_fields[F_EV_BASE + slot].type == FT_STR)
		sqlite3_result_text(out, (const char *)v->s.p, (int)v->s.n, SQLITE_STATIC);
	else
		sqlite3_result_int64(out, v->i);
}

static void stage_column(void *ctx, size_t row, int i, sqlite3_context *out)
{
	const struct staged *r = &((struct stage *)ctx)->row[row];

	if (i >= ROWS_COLUMN)
		sqlite3_result_int64(out, r->rows[i - ROWS_COLUMN + 1]);
	else if (i >= FIELD_COLUMN)
		field_result(out, r, (unsigned)(i - FIELD_COLUMN));
	else
		sqlite3_result_int64(out, i == 0 ? r->seq : r->ordinal);
}

int stage_open(struct stage **out, sqlite3 *db, struct chain *chain, struct err *e)
{
	struct stage *s = calloc(1, sizeof *s);
	int rc;

	if (s == NULL)
		return err_set(e, TK_ENOMEM, "ledger: no memory for the stage");
	s->db = db;
	s->chain = chain;
	s->source = (struct rows_source){ s, stage_count, stage_column, stage_columns };
	rc = rows_table_register(db, "staged", &s->source, e);
	if (rc == TK_OK)
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
		bool id = slot == F_EVENT_ID - F_EV_BASE,
		     text = event_fields[F_EV_BASE + slot].type == FT_STR;
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
