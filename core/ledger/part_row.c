#include "core/ledger/part_row.h"

#include "core/ledger/chain.h"
#include "core/ledger/schema.h"
#include "core/ledger/statement.h"

static int first_field(enum part_id id)
{
	return id == P_SHAPE ? 3 : 2;
}

void part_row_select(struct buf *sql, enum part_id id)
{
	buf_str(sql, id == P_SHAPE ? "SELECT id, absent, absent_event, " : "SELECT id, absent, ");
	schema_part_columns(sql, id);
	buf_fmt(sql, " FROM %s", event_parts[id].table);
}

void part_row_insert(struct buf *sql, enum part_id id)
{
	int n = first_field(id) + (int)part_end(id) - event_parts[id].first;

	buf_fmt(sql, "INSERT INTO %s VALUES (?", event_parts[id].table);
	while (--n > 0)
		buf_str(sql, ",?");
	buf_str(sql, ")");
}

static bool known(const struct part *p, enum field_id f)
{
	return (p->known >> event_fields[f].slot) & 1;
}

static void bind_value(sqlite3_stmt *s, int i, enum field_type t, const union value *v)
{
	char text[ADDR_TEXT_MAX];

	switch (t) {
	case FT_TIME:
	case FT_INT:
	case FT_BOOL:
	case FT_MICRO:
		bind_i64(s, i, v->i);
		break;
	case FT_STR:
	case FT_LIST:
		bind_text(s, i, v->s);
		break;
	case FT_ID:
		bind_blob(s, i, v->s.p, v->s.n);
		break;
	case FT_IP:
		sqlite3_bind_text(s, i, text, (int)addr_format(&v->ip, text), SQLITE_TRANSIENT);
		break;
	}
}

void part_row_bind(sqlite3_stmt *s, enum part_id id, int64_t row, const struct part *p, uint32_t absent_event)
{
	int i = first_field(id);

	sqlite3_clear_bindings(s);
	bind_i64(s, 1, row);
	bind_i64(s, 2, p->absent);
	if (id == P_SHAPE)
		bind_i64(s, 3, absent_event);
	for (enum field_id f = event_parts[id].first; f < part_end(id); f++, i++)
		if (known(p, f))
			bind_value(s, i + 1, event_fields[f].type, &p->v[event_fields[f].slot]);
}

void part_row_chain(struct buf *out, enum part_id id, int64_t row, const struct part *p,
		    uint32_t absent_event)
{
	char text[ADDR_TEXT_MAX];

	chain_int(out, row);
	chain_int(out, p->absent);
	if (id == P_SHAPE)
		chain_int(out, absent_event);
	for (enum field_id f = event_parts[id].first; f < part_end(id); f++) {
		const union value *v = &p->v[event_fields[f].slot];

		if (!known(p, f))
			chain_null(out);
		else if (event_fields[f].type == FT_IP)
			chain_text(out, slice_of(text, addr_format(&v->ip, text)));
		else if (event_fields[f].type == FT_STR || event_fields[f].type == FT_LIST ||
			 event_fields[f].type == FT_ID)
			chain_text(out, v->s);
		else
			chain_int(out, v->i);
	}
}

bool part_value_read(sqlite3_stmt *s, int column, enum field_type type, union value *v)
{
	if (sqlite3_column_type(s, column) == SQLITE_NULL)
		return false;
	switch (type) {
	case FT_TIME:
	case FT_INT:
	case FT_BOOL:
	case FT_MICRO:
		v->i = sqlite3_column_int64(s, column);
		return true;
	case FT_STR:
	case FT_LIST:
		v->s = column_text(s, column);
		return true;
	case FT_ID:
		v->s = column_blob(s, column);
		return true;
	case FT_IP:
		return addr_parse(column_text(s, column), &v->ip);
	}
	return false;
}

void part_row_read(sqlite3_stmt *s, enum part_id id, struct part *p, uint32_t *absent_event)
{
	int i = first_field(id);

	p->known = 0;
	p->absent = (uint32_t)sqlite3_column_int64(s, 1);
	*absent_event = id == P_SHAPE ? (uint32_t)sqlite3_column_int64(s, 2) : 0;
	for (enum field_id f = event_parts[id].first; f < part_end(id); f++, i++)
		if (part_value_read(s, i, event_fields[f].type, &p->v[event_fields[f].slot]))
			p->known |= UINT32_C(1) << event_fields[f].slot;
}
