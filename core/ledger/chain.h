/* The chain of transactions: each commit's link is SHA-256 over the one before and over every row that the
 * transaction added to the append-only tables. From the first commit on (architecture.md 5).
 *
 *   link = SHA-256(previous link || n || at || for each chained table: last key || SHA-256 of its new rows)
 *   row  = for each column: 0 NULL | 1 zigzag varint | 2 length, bytes (text or blob)
 *
 * A column of `event` that came with a later schema is left out where it is NULL, so that the rows of before
 * keep their bytes; else CHAIN_LATER + its place among the fields stands before it.
 * Of rows that were erased the SHA-256 stays (kept_digest), so that the link still follows; what such a
 * transaction has left is then guarded by the trail alone.
 *
 * Row keys are part of the row; rows go in key order. Private to core/ledger. */
#ifndef TK_LEDGER_CHAIN_H
#define TK_LEDGER_CHAIN_H

#include <sqlite3.h>

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/event/event.h"

/* Part EV is the event table itself, so the dictionaries begin at the part behind it. */
#define CHAIN_LATER 0x40
enum chained { CHAIN_EVENT, CHAIN_RECORD, CHAIN_DIM, CHAIN_COUNT = CHAIN_DIM + P_COUNT - 1 };
static inline enum chained chain_of(enum part_id p) { return CHAIN_DIM + p - 1; }
static inline enum part_id chain_part(int table) { return (enum part_id)(table - CHAIN_DIM + 1); }


struct chain;
int chain_open(struct chain **out, sqlite3 *db, struct err *e); /* continues after the last link */
void chain_free(struct chain *c);
/* Column by column into the row under way of a table; chain_row ends it. */
struct buf *chain_bytes(struct chain *c, enum chained table);
static inline void chain_null(struct buf *b) { buf_byte(b, 0); }
void chain_int(struct buf *b, int64_t v);
void chain_text(struct buf *b, struct slice v);
void chain_row(struct chain *c, enum chained table, int64_t key);
/* Writes the link of this transaction; nothing when no row was added. */
int chain_commit(struct chain *c, int64_t at, struct err *e);
/* Is this the last link that was written or, since the opening, read? n of 0: there is none yet. */
bool chain_ends_with(const struct chain *c, int64_t n, struct slice link);
/* An empty chain goes on behind that number. */
void chain_begin_behind(struct chain *c, int64_t seq);
int64_t chain_last_at(
	const struct chain *c); /* ns: when the last transaction was committed before this start; 0: never */
int64_t chain_last_seq(const struct chain *c); /* of events and records; 0: none */
int64_t chain_last_id(const struct chain *c, enum part_id part);

/* The pieces of a link, for the verifier. */
struct sha256;
void chain_link_begin(struct sha256 *h, const uint8_t previous[32], int64_t n, int64_t at);
void chain_link_i64(struct sha256 *h, int64_t v);
/* Before rows are deleted: keeps the digests of the transactions that hold them. keys: SQL that gives the
 * keys of one chained table, ascending. */
int chain_keep(sqlite3 *db, enum chained table, const char *keys, struct err *e);
/* Recomputes every link. TK_EMALFORMED: the first transaction that does not agree; *n = the good ones. */
int chain_verify(sqlite3 *db, int64_t *n, struct err *e);

#endif
