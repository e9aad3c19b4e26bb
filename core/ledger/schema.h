/* Tables, views and migrations of the ledger. Private to core/ledger. */
#ifndef TK_LEDGER_SCHEMA_H
#define TK_LEDGER_SCHEMA_H

#include <sqlite3.h>

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/event/event.h"

#define LEDGER_SCHEMA 7
#define LEDGER_PAGE_SIZE 16384

/* Creates or migrates to LEDGER_SCHEMA in one transaction: a kill leaves old or new, never between.
 * TK_ECONFIG: made by a newer version. */
int schema_upgrade(sqlite3 *db, struct err *e);
/* For who only reads. TK_ENOTFOUND: there is no ledger in it; TK_ECONFIG: it is of a newer or an older
 * version. */
int schema_current(sqlite3 *db, const char *path, struct err *e);
/* schema_copy.c: a durable copy beside the ledger, LEDGER.schema-VERSION, before that version is upgraded. */
int schema_copy(sqlite3 *db, int version, struct err *e);
/* TK_ECONFIG, with what helps against a ledger of a newer program. */
int schema_newer(const char *path, int version, struct err *e);
/* Appends the names of the columns that come from a part's fields ("timestamp, event_id, ..."). */
void schema_part_columns(struct buf *out, int part);
/* Those of the table event, its cost the one that holds now (core/ledger/reprice.c). */
void schema_event_columns(struct buf *out);
/* A field of P_EV that few log lines have: it stands in event_more. */
bool schema_rare(enum field_id f);
/* A field of P_EV that ledgers before schema 4 did not have. */
bool schema_later(enum field_id f);
int schema_exec(sqlite3 *db, const char *sql, struct err *e);
int schema_error(sqlite3 *db, const char *what, struct err *e); /* SQLite's message and what it means */
/* The same of SQL that names tables and columns of LEDGER_SCHEMA. TK_EDAMAGED: they are not there. */
int schema_lacks(sqlite3 *db, struct err *e);
/* schema_check.c: TK_EDAMAGED where a table or view of LEDGER_SCHEMA, or a column of it, is not there. */
int schema_check(sqlite3 *db, struct err *e);
/* agree.c: TK_EDAMAGED where tables of LEDGER_SCHEMA contradict each other. */
int ledger_agrees(sqlite3 *db, struct err *e);

#endif
