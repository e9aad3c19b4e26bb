/* The reader's connection and its statement helpers. Private to core/ledger. */
#ifndef TK_LEDGER_READER_DB_H
#define TK_LEDGER_READER_DB_H

#include <sqlite3.h>

#include "core/base/err.h"
#include "core/base/slice.h"
#include "core/ledger/reader.h"

struct ledger_reader {
	sqlite3 *db;
	sqlite3_stmt *event_page, *recorded_page, *event_one; /* made on first use (reader_events.c) */
};

/* SQL is a constant; the numbers are bound as ?1, ?2, ... */
int reader_prepare(struct ledger_reader *r, sqlite3_stmt **s, const char *sql, const int64_t *bind, size_t n,
		   struct err *e);
/* TK_OK: a row; TK_EEND: no more; else an error, told. */
int reader_step(struct ledger_reader *r, sqlite3_stmt *s, struct err *e);
/* Text or blob of a column, borrowed until the next step; empty for NULL. */
struct slice reader_text(sqlite3_stmt *s, int column);
/* One integer of a statement that yields one row; `otherwise` for none or NULL. */
int reader_number(struct ledger_reader *r, const char *sql, const int64_t *bind, size_t n, int64_t otherwise,
		  int64_t *out, struct err *e);
/* A read transaction over several statements, so that they see one state. */
int reader_begin(struct ledger_reader *r, struct err *e);
void reader_end(struct ledger_reader *r);

/* The events of [from, to] by seq. */
int reader_events_between(struct ledger_reader *r, int64_t from, int64_t to, event_row_fn row, void *ctx,
			  struct err *e);

/* Ranges of seq that may hold events of [from, to) ns: ascending, not overlapping. */
struct seq_range {
	int64_t from, to; /* both included */
};
struct seq_ranges {
	struct seq_range *p;
	size_t n, cap;
};
int reader_ranges(struct ledger_reader *r, int64_t from_ns, int64_t to_ns, struct seq_ranges *out,
		  struct err *e);

/* Calls counted by a pair of dictionary rows, with bounded memory: equal pairs are joined whenever
 * the list grows long. */
struct pair {
	int64_t a, b, calls, successful, first_ns, last_ns;
};
struct pairs {
	struct pair *p;
	size_t n, cap;
};
bool pairs_add(struct pairs *t, const struct pair *row);
void pairs_join(struct pairs *t); /* sorted by (a, b), each pair once */

#endif
