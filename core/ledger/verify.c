/* The chain of transactions recomputed from what the tables hold. */
#include <stdio.h>

#include "core/base/hash.h"
#include "core/ledger/chain.h"
#include "core/ledger/reader_db.h"
#include "core/ledger/schema.h"
#include "core/ledger/statement.h"


#define OWN_COLUMN 2 /* of `event`: the first field, behind seq and ordinal */

struct rows { /* of one chained table, in key order */
	bool events; /* of the view `event` */
	sqlite3_stmt *s;
	struct sha256 *hash;
	struct buf bytes;
};

static int rows_open(struct rows *r, sqlite3 *db, const char *table, const char *key, struct err *e)
{
	char sql[256];

	buf_init(&r->bytes, 1 << 20);
	if ((r->hash = sha256_new()) == NULL)
		return err_set(e, TK_ENOMEM, "ledger: no memory");
	/* names come from the field table, never from outside */
	snprintf(sql, sizeof sql, "SELECT * FROM %s WHERE %s > ? AND %s <= ? ORDER BY %s", table, key, key,
		 key);
	return statement_prepare(db, &r->s, sql, e);
}

static void rows_close(struct rows *r)
{
	sqlite3_finalize(r->s);
	sha256_free(r->hash);
	buf_free(&r->bytes);
}

static int rows_digest(struct rows *r, int64_t from, int64_t to, uint8_t out[32], struct err *e)
{
	int rc, columns = sqlite3_column_count(r->s);

	sha256_begin(r->hash);
	bind_i64(r->s, 1, from);
	bind_i64(r->s, 2, to);
	while ((rc = statement_row(r->s, e)) == TK_OK) {
		buf_clear(&r->bytes);
		for (int i = 0; i < columns; i++) {
			int type = sqlite3_column_type(r->s, i), slot = i - OWN_COLUMN;
			bool later = r->events && slot >= 0 && schema_later(F_EV_BASE + slot);

			if (later && type != SQLITE_NULL)
				buf_byte(&r->bytes, (uint8_t)(CHAIN_LATER + slot));
			if (type == SQLITE_NULL && later)
				continue;
			if (type == SQLITE_NULL)
				chain_null(&r->bytes);
			else if (type == SQLITE_INTEGER)
				chain_int(&r->bytes, sqlite3_column_int64(r->s, i));
			else
				chain_text(&r->bytes,
					   type == SQLITE_TEXT ? column_text(r->s, i) : column_blob(r->s, i));
		}
		sha256_add(r->hash, buf_slice(&r->bytes));
	}
	sha256_end(r->hash, out);
	return rc == TK_EEND ? TK_OK : rc;
}

static int verify_links(sqlite3 *db, struct rows rows[CHAIN_COUNT], struct sha256 *link_hash, int64_t *n,
			struct err *e)
{
	sqlite3_stmt *s = NULL;
	int64_t from[CHAIN_COUNT] = { 0 };
	uint8_t link[32] = { 0 }, digest[32];
	int rc = statement_prepare(
		db, &s,
		"SELECT n, at, hash, seq_to, where_to, who_to, what_to, how_to, shape_to, when_to"
		" FROM txn ORDER BY n",
		e);

	while (rc == TK_OK && (rc = statement_row(s, e)) == TK_OK) {
		int64_t number = sqlite3_column_int64(s, 0);

		chain_link_begin(link_hash, link, number, sqlite3_column_int64(s, 1));
		for (int t = 0; t < CHAIN_COUNT && rc == TK_OK; t++) {
			int64_t to = sqlite3_column_int64(s, t >= CHAIN_DIM ? 3 + (int)chain_part(t) : 3);

			rc = rows_digest(&rows[t], from[t], to, digest, e);
			chain_link_i64(link_hash, to);
			sha256_add(link_hash, slice_of(digest, sizeof digest));
			from[t] = to;
		}
		if (rc != TK_OK)
			break;
		sha256_end(link_hash, link);
		if (number != *n + 1 || !slice_eq(slice_of(link, 32), column_blob(s, 2))) {
			rc = err_set(e, TK_EMALFORMED, "transaction %lld does not agree with its rows",
				     (long long)number);
			break;
		}
		*n = number;
	}
	sqlite3_finalize(s);
	return rc == TK_EEND ? TK_OK : rc;
}

int chain_verify(sqlite3 *db, int64_t *n, struct err *e)
{
	struct rows rows[CHAIN_COUNT] = { 0 };
	struct sha256 *link_hash = sha256_new();
	int rc = link_hash == NULL ? err_set(e, TK_ENOMEM, "ledger: no memory") : TK_OK;

	*n = 0;
	rows[CHAIN_EVENT].events = true;
	for (int t = 0; t < CHAIN_COUNT && rc == TK_OK; t++)
		rc = rows_open(&rows[t], db,
			       t == CHAIN_EVENT	   ? "event"
			       : t == CHAIN_RECORD ? "record"
						   : event_parts[chain_part(t)].table,
			       t < CHAIN_DIM ? "seq" : "id", e);
	if (rc == TK_OK)
		rc = verify_links(db, rows, link_hash, n, e);
	for (int t = 0; t < CHAIN_COUNT; t++)
		rows_close(&rows[t]);
	sha256_free(link_hash);
	return rc;
}

int ledger_verify(struct ledger_reader *r, int64_t *n, struct err *e)
{
	int rc = reader_begin(r, e); /* one state, whatever is written meanwhile */

	*n = 0;
	if (rc != TK_OK)
		return rc;
	rc = chain_verify(r->db, n, e);
	reader_end(r);
	return rc;
}
