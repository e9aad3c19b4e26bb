/* A part of an event as a row of its table: the columns follow the field table. Private to core/ledger. */
#ifndef TK_LEDGER_PART_ROW_H
#define TK_LEDGER_PART_ROW_H

#include <sqlite3.h>

#include "core/base/buf.h"
#include "core/event/event.h"

/* Columns: id, absent, [absent_event of P_SHAPE,] the part's fields. */
void part_row_select(struct buf *sql, enum part_id id); /* "SELECT id, absent, ... FROM dim_x" */
void part_row_insert(struct buf *sql, enum part_id id);
void part_row_bind(sqlite3_stmt *s, enum part_id id, int64_t row, const struct part *p,
		   uint32_t absent_event);
void part_row_chain(struct buf *out, enum part_id id, int64_t row, const struct part *p,
		    uint32_t absent_event);
/* Strings borrow the statement's row. */
void part_row_read(sqlite3_stmt *s, enum part_id id, struct part *p, uint32_t *absent_event);
/* One column into a value; false when NULL or not of the type. */
bool part_value_read(sqlite3_stmt *s, int column, enum field_type type, union value *v);

#endif
