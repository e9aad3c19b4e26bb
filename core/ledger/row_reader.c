/* One event row and its dictionary rows back into an access event. Its cost is the one that holds now. */
#include <stdlib.h>

#include "core/ledger/dictionary.h"
#include "core/ledger/part_row.h"
#include "core/ledger/schema.h"
#include "core/ledger/statement.h"

#define CACHE 256 /* dictionary rows of one part kept decoded */

struct cached {
	int64_t row;
	struct part part;
	struct buf text; /* the strings, copied */
	uint32_t absent_event;
};

struct row_reader {
	sqlite3_stmt *event, *part[P_COUNT];
	struct cached *cache[P_COUNT];
	struct part own, nothing;
	struct access_event ev;
};

int row_reader_open(struct row_reader **out, sqlite3 *db, struct err *e)
{
	struct row_reader *r = calloc(1, sizeof *r);
	struct buf sql;
	int rc = TK_OK;

	if (r == NULL)
		return err_set(e, TK_ENOMEM, "ledger: no memory");
	buf_init(&sql, 8192);
	buf_str(&sql, "SELECT seq, ");
	schema_event_columns(&sql);
	for (int p = P_EV + 1; p < P_COUNT; p++)
		buf_fmt(&sql, ", %s", event_parts[p].table);
	buf_str(&sql, " FROM event WHERE seq = ?");
	rc = statement_prepare(db, &r->event, buf_cstr(&sql), e);
	for (int p = P_EV + 1; p < P_COUNT && rc == TK_OK; p++) {
		buf_clear(&sql);
		part_row_select(&sql, p);
		buf_str(&sql, " WHERE id = ?");
		rc = statement_prepare(db, &r->part[p], buf_cstr(&sql), e);
		if (rc == TK_OK && (r->cache[p] = calloc(CACHE, sizeof **r->cache)) == NULL)
			rc = err_set(e, TK_ENOMEM, "ledger: no memory");
		for (int i = 0; rc == TK_OK && i < CACHE; i++)
			buf_init(&r->cache[p][i].text, 1 << 20);
	}
	buf_free(&sql);
	if (rc != TK_OK) {
		row_reader_free(r);
		return rc;
	}
	*out = r;
	return TK_OK;
}

void row_reader_free(struct row_reader *r)
{
	if (r == NULL)
		return;
	sqlite3_finalize(r->event);
	for (int p = P_EV + 1; p < P_COUNT; p++) {
		sqlite3_finalize(r->part[p]);
		for (int i = 0; r->cache[p] != NULL && i < CACHE; i++)
			buf_free(&r->cache[p][i].text);
		free(r->cache[p]);
	}
	free(r);
}

/* Strings of the part move into the cache entry's own buffer, sized first so that it never moves. */
static int own_strings(struct cached *c, enum part_id id, struct err *e)
{
	size_t total = 0;

	buf_clear(&c->text);
	for (int pass = 0; pass < 2; pass++) {
		if (pass == 1 && buf_room(&c->text, total + 1) == NULL)
			return err_set(e, TK_ENOMEM, "ledger: no memory");
		for (enum field_id f = event_parts[id].first; f < part_end(id); f++) {
			union value *v = &c->part.v[event_fields[f].slot];
			enum field_type t = event_fields[f].type;

			if (!((c->part.known >> event_fields[f].slot) & 1) ||
			    (t != FT_STR && t != FT_LIST && t != FT_ID))
				continue;
			total += v->s.n;
			if (pass == 1) {
				size_t at = c->text.n;

				buf_add(&c->text, v->s);
				v->s.p = c->text.p + at;
			}
		}
	}
	return TK_OK;
}

static int read_part(struct row_reader *r, enum part_id id, int64_t row, struct cached **out, struct err *e)
{
	struct cached *c = &r->cache[id][(uint64_t)row % CACHE];
	int rc;

	*out = c;
	if (c->row == row)
		return TK_OK;
	bind_i64(r->part[id], 1, row);
	if ((rc = statement_row(r->part[id], e)) != TK_OK)
		return rc == TK_EEND ? err_set(e, TK_EDAMAGED, "ledger: %s has no row %lld",
					       event_parts[id].table, (long long)row)
				     : rc;
	part_row_read(r->part[id], id, &c->part, &c->absent_event);
	c->row = 0;
	if ((rc = own_strings(c, id, e)) == TK_OK)
		c->row = row;
	sqlite3_reset(r->part[id]);
	return rc;
}

void row_rest(struct row_reader *r)
{
	if (r != NULL)
		sqlite3_reset(r->event);
}

int row_read(struct row_reader *r, int64_t seq, struct access_event **ev, struct err *e)
{
	int rc, i = 1;

	sqlite3_reset(r->event);
	bind_i64(r->event, 1, seq);
	if ((rc = statement_row(r->event, e)) != TK_OK)
		return rc == TK_EEND ? TK_ENOTFOUND : rc;
	r->own = (struct part){ 0 };
	for (enum field_id f = event_parts[P_EV].first; f < part_end(P_EV); f++, i++)
		if (part_value_read(r->event, i, event_fields[f].type, &r->own.v[event_fields[f].slot]))
			r->own.known |= UINT32_C(1) << event_fields[f].slot;
	r->ev.part[P_EV] = &r->own;
	for (int p = P_EV + 1; p < P_COUNT; p++, i++) {
		int64_t row = sqlite3_column_int64(r->event, i);
		struct cached *c;

		r->ev.part[p] = &r->nothing;
		if (row == 0)
			continue;
		if ((rc = read_part(r, p, row, &c, e)) != TK_OK)
			return rc;
		r->ev.part[p] = &c->part;
		if (p == P_SHAPE)
			r->own.absent = c->absent_event;
	}
	*ev = &r->ev;
	return TK_OK;
}
