#include "core/ledger/stage.h"

#include <stdlib.h>

#include "core/event/varint.h"
#include "core/ledger/links.h"
#include "core/ledger/rows_table.h"
#include "core/ledger/schema.h"
#include "core/ledger/statement.h"

#define STAGE_MAX 512 /* stays inside the second-level cache */

#define OWN ((unsigned)(F_WHERE_BASE - F_EV_BASE)) /* fields of P_EV */
#define ID_SLOT ((unsigned)(F_EVENT_ID - F_EV_BASE))

struct staged {
	int64_t seq, ordinal;
	int64_t rows[P_COUNT], link[LINK_COUNT];
	struct part own;
	uint8_t id[16];
};

struct stage {
	sqlite3 *db;
	struct chain *chain;
	struct links *links;
	sqlite3_stmt *insert, *append, *insert_more;
	uint32_t had;         /* fields that the first two ask for: bits */
	int64_t last;         /* number of the last row in the table */
	uint32_t known;       /* those of the rows that are staged */
	struct rows_source source, source_more;
	uint32_t rare;                 /* bits of the fields that stand in event_more */
	uint32_t texts;                /* of those that are bytes */
	uint32_t later;                /* of those that came later: not in the chain where unknown */
	unsigned n_usual, n_rare;      /* slots of P_EV in order of their columns */
	uint8_t usual[PART_MAX], rarely[PART_MAX];
	size_t n, n_more;
	uint32_t more[STAGE_MAX];      /* places of the rows that have one of them */
	struct staged row[STAGE_MAX];
};

static void field_columns(struct buf *out, bool rare)
{
	for (enum field_id f = event_parts[P_EV].first; f < part_end(P_EV); f++)
		if (schema_rare(f) == rare)
			buf_fmt(out, ", %s", event_fields[f].id);
}

#define SEQ_LAST ", seq"

/* In the table's order. */
static void usual_columns(struct buf *out)
{
	buf_str(out, "ordinal");
	field_columns(out, false);
	for (int i = 0; i < LINK_COUNT; i++)
		buf_fmt(out, ", %s", link_infos[i].table);
	buf_str(out, SEQ_LAST);
}

static void rare_columns(struct buf *out)
{
	buf_str(out, "seq");
	field_columns(out, true);
}

static size_t usual_count(void *ctx)
{
	return ((struct stage *)ctx)->n;
}

static size_t rare_count(void *ctx)
{
	return ((struct stage *)ctx)->n_more;
}

static void field_result(sqlite3_context *out, const struct staged *r, unsigned slot)
{
	const union value *v = &r->own.v[slot];

	if (slot == ID_SLOT)
		sqlite3_result_blob(out, r->id, sizeof r->id, SQLITE_STATIC);
	else if (!((r->own.known >> slot) & 1))
		return; /* NULL */
	else if (event_fields[F_EV_BASE + slot].type == FT_STR)
		sqlite3_result_text(out, (const char *)v->s.p, (int)v->s.n, SQLITE_STATIC);
	else
		sqlite3_result_int64(out, v->i);
}

static void usual_column(void *ctx, size_t row, int i, sqlite3_context *out)
{
	const struct stage *s = ctx;
	const struct staged *r = &s->row[row];
	unsigned at = (unsigned)i;

	if (at == 0)
		sqlite3_result_int64(out, r->ordinal);
	else if (at <= s->n_usual)
		field_result(out, r, s->usual[at - 1]);
	else if (at <= s->n_usual + LINK_COUNT)
		sqlite3_result_int64(out, r->link[at - 1 - s->n_usual]);
	else
		sqlite3_result_int64(out, r->seq);
}

static void rare_column(void *ctx, size_t row, int i, sqlite3_context *out)
{
	const struct stage *s = ctx;
	const struct staged *r = &s->row[s->more[row]];

	if (i == 0)
		sqlite3_result_int64(out, r->seq);
	else
		field_result(out, r, s->rarely[i - 1]);
}

static void note_slots(struct stage *s)
{
	for (unsigned slot = 0; slot < OWN; slot++) {
		bool bytes = slot == ID_SLOT || event_fields[F_EV_BASE + slot].type == FT_STR;

		s->texts |= (uint32_t)bytes << slot;
		s->later |= (uint32_t)schema_later(F_EV_BASE + slot) << slot;
		if (schema_rare(F_EV_BASE + slot)) {
			s->rare |= UINT32_C(1) << slot;
			s->rarely[s->n_rare++] = (uint8_t)slot;
		} else {
			s->usual[s->n_usual++] = (uint8_t)slot;
		}
	}
}

static int load_last(struct stage *s, struct err *e)
{
	sqlite3_stmt *q = NULL;
	int rc = statement_prepare(s->db, &q, "SELECT coalesce(max(seq), 0) FROM event_row", e);

	if (rc == TK_OK && (rc = statement_row(q, e)) == TK_OK)
		s->last = sqlite3_column_int64(q, 0);
	sqlite3_finalize(q);
	return rc;
}

/* One that may be NULL, where no row had it so far: SQLite then asks nobody for it. */
static void usual_values(const struct stage *s, struct buf *out)
{
	buf_str(out, "ordinal");
	for (unsigned i = 0; i < s->n_usual; i++)
		buf_fmt(out, ", %s",
			s->had >> s->usual[i] & 1 ? event_fields[F_EV_BASE + s->usual[i]].id : "NULL");
	for (int i = 0; i < LINK_COUNT; i++)
		buf_fmt(out, ", %s", link_infos[i].table);
}

/* Without a number SQLite takes the next one, and need not look whether it is free. */
static int prepare_one(struct stage *s, sqlite3_stmt **out, bool numbered, struct err *e)
{
	struct buf columns, sql;
	int rc;

	buf_init(&columns, 4096);
	buf_init(&sql, 8192);
	usual_columns(&columns);
	buf_str(&sql, "INSERT INTO event_row (");
	buf_add(&sql, slice_head(buf_slice(&columns), columns.n - (numbered ? 0 : sizeof SEQ_LAST - 1)));
	buf_str(&sql, ") SELECT ");
	usual_values(s, &sql);
	buf_str(&sql, numbered ? SEQ_LAST " FROM staged" : " FROM staged");
	sqlite3_finalize(*out);
	*out = NULL;
	rc = statement_prepare(s->db, out, buf_cstr(&sql), e);
	buf_free(&columns);
	buf_free(&sql);
	return rc;
}

/* For rows that have at most these fields, and those of before. */
static int prepare_rows(struct stage *s, uint32_t fields, struct err *e)
{
	int rc;

	s->had |= fields;
	rc = prepare_one(s, &s->insert, true, e);
	return rc == TK_OK ? prepare_one(s, &s->append, false, e) : rc;
}

int stage_open(struct stage **out, sqlite3 *db, struct chain *chain, struct err *e)
{
	struct stage *s = calloc(1, sizeof *s);
	int rc;

	if (s == NULL)
		return err_set(e, TK_ENOMEM, "ledger: no memory for the stage");
	s->db = db;
	s->chain = chain;
	s->source = (struct rows_source){ s, usual_count, usual_column, usual_columns };
	s->source_more = (struct rows_source){ s, rare_count, rare_column, rare_columns };
	note_slots(s);
	rc = links_open(&s->links, db, e);
	if (rc == TK_OK)
		rc = load_last(s, e);
	if (rc == TK_OK)
		rc = rows_table_register(db, "staged", &s->source, e);
	if (rc == TK_OK)
		rc = rows_table_register(db, "staged_more", &s->source_more, e);
	if (rc == TK_OK)
		rc = prepare_rows(s, UINT32_C(1) << ID_SLOT, e);
	if (rc == TK_OK)
		rc = statement_prepare(db, &s->insert_more,
				       "INSERT INTO event_more SELECT * FROM staged_more", e);
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
	links_free(s->links);
	sqlite3_finalize(s->insert);
	sqlite3_finalize(s->append);
	sqlite3_finalize(s->insert_more);
	free(s);
}

int64_t stage_overflow(const struct stage *s)
{
	return links_overflow(s->links);
}

static uint8_t *write_int(uint8_t *p, int64_t v)
{
	*p++ = 1;
	return p + varint_write(p, zigzag(v));
}

/* The same bytes as chain_int and chain_text make, in one piece of reserved room: this is the hot path. */
static void chain_event(const struct stage *s, const struct staged *r)
{
	struct buf *b = chain_bytes(s->chain, CHAIN_EVENT);
	size_t most = (2 + OWN + P_COUNT) * (2 + VARINT_MAX);
	uint32_t known = r->own.known, texts = s->texts;
	uint8_t *p;

	for (uint32_t left = known & texts; left != 0; left &= left - 1)
		most += r->own.v[__builtin_ctz(left)].s.n;
	if ((p = buf_room(b, most)) == NULL)
		return; /* told by chain_commit */
	p = write_int(write_int(p, r->seq), r->ordinal);
	for (unsigned slot = 0; slot < OWN; slot++) {
		const union value *v = &r->own.v[slot];
		uint32_t bit = UINT32_C(1) << slot;

		if (s->later & bit) {
			if (known & bit) {
				*p++ = (uint8_t)(CHAIN_LATER + slot);
				p = write_int(p, v->i);
			}
		} else if (!(known & bit)) {
			*p++ = 0;
		} else if (texts & bit) {
			*p++ = 2;
			p += varint_write(p, v->s.n);
			memcpy(p, v->s.n == 0 ? (const uint8_t *)"" : v->s.p, v->s.n);
			p += v->s.n;
		} else {
			p = write_int(p, v->i);
		}
	}
	for (int part = P_EV + 1; part < P_COUNT; part++)
		p = write_int(p, r->rows[part]);
	b->n = (size_t)(p - b->p);
	chain_row(s->chain, CHAIN_EVENT, r->seq);
}

int stage_add(struct stage *s, const struct part *own, const uint8_t id[16], int64_t ordinal,
	      const int64_t rows[P_COUNT], int64_t *seq, struct err *e)
{
	struct staged *r;
	int rc;

	if (s->n == STAGE_MAX && (rc = stage_flush(s, e)) != TK_OK)
		return rc;
	r = &s->row[s->n];
	for (int i = 0; i < LINK_COUNT; i++)
		if ((rc = links_find(s->links, i, rows, &r->link[i], e)) != TK_OK)
			return rc;
	if (own->known & s->rare)
		s->more[s->n_more++] = (uint32_t)s->n;
	s->n++;
	s->known |= own->known;
	r->seq = chain_last_seq(s->chain) + 1;
	r->ordinal = ordinal;
	r->own = *own;
	memcpy(r->id, id, sizeof r->id);
	r->own.v[ID_SLOT].s = slice_of(r->id, sizeof r->id);
	r->own.known |= UINT32_C(1) << ID_SLOT;
	memcpy(r->rows, rows, sizeof r->rows);
	chain_event(s, r);
	*seq = r->seq;
	return TK_OK;
}

/* Records take numbers of the same sequence: behind one, or with one between, the numbers must be said. */
static int write_rows(struct stage *s, struct err *e)
{
	int64_t first = s->row[0].seq, last = s->row[s->n - 1].seq;
	bool append = first == s->last + 1 && last - first == (int64_t)s->n - 1;
	int rc = s->known & ~s->had ? prepare_rows(s, s->known, e) : TK_OK;

	if (rc == TK_OK)
		rc = statement_run(append ? s->append : s->insert, e);
	s->last = last;
	if (rc == TK_OK && append && sqlite3_last_insert_rowid(s->db) != last)
		return err_set(e, TK_EDAMAGED, "ledger: an event's number was taken");
	return rc;
}

int stage_flush(struct stage *s, struct err *e)
{
	int rc;

	if (s->n == 0)
		return TK_OK;
	rc = write_rows(s, e);
	if (rc == TK_OK && s->n_more > 0)
		rc = statement_run(s->insert_more, e);
	s->n = s->n_more = 0;
	s->known = 0;
	return rc;
}
