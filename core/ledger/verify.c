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

static int rows_open(struct rows *r, sqlite3 *db, enum chained which, struct err *e)
{
	const char *table = which == CHAIN_EVENT    ? "event"
			    : which == CHAIN_RECORD ? "record"
						    : event_parts[chain_part(which)].table;
	const char *key = which < CHAIN_DIM ? "seq" : "id";
	char sql[256];

	r->events = which == CHAIN_EVENT;

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

/* ---- what is left of rows that were erased ---- */

struct kept {
	sqlite3_stmt *s; /* of the whole table, in order */
	bool over;
	int64_t n, chained;
};

static int kept_step(struct kept *k, struct err *e)
{
	int rc = k->over ? TK_EEND : statement_row(k->s, e);

	if (rc == TK_OK) {
		k->n = sqlite3_column_int64(k->s, 0);
		k->chained = sqlite3_column_int64(k->s, 1);
	}
	k->over |= rc == TK_EEND;
	return rc == TK_EEND ? TK_OK : rc;
}

static int kept_open(struct kept *k, sqlite3 *db, struct err *e)
{
	int rc = statement_prepare(db, &k->s,
				   "SELECT n, chained, digest FROM kept_digest ORDER BY n, chained", e);

	return rc == TK_OK ? kept_step(k, e) : rc;
}

/* Asked for ascending transactions and tables. */
static int kept_digest(struct kept *k, int64_t n, int chained, uint8_t out[32], bool *there, struct err *e)
{
	*there = !k->over && k->n == n && k->chained == chained;
	if (!*there)
		return TK_OK;
	column_bytes(k->s, 2, out, 32);
	return kept_step(k, e);
}

/* The transaction that holds the key of a table: its number, and the last keys of it and of the one before.
 */
static int holding(sqlite3_stmt *to_of, int64_t last, int64_t key, int64_t *n, int64_t *from, int64_t *to,
		   struct err *e)
{
	int64_t low = 1, high = last;
	int rc = TK_OK;

	*from = *to = 0;
	while (low <= high && rc == TK_OK) {
		int64_t middle = low + (high - low) / 2, end;

		bind_i64(to_of, 1, middle);
		if ((rc = statement_row(to_of, e)) != TK_OK)
			break;
		end = sqlite3_column_int64(to_of, 0);
		sqlite3_reset(to_of);
		if (end < key) {
			*from = end;
			low = middle + 1;
		} else {
			*to = end;
			high = middle - 1;
		}
	}
	*n = low;
	if (rc == TK_EEND || (rc == TK_OK && low > last))
		return err_set(e, TK_EMALFORMED, "ledger: no transaction holds row %lld", (long long)key);
	return rc;
}

struct keeping {
	sqlite3_stmt *keys, *to_of, *insert, *last;
	struct rows rows;
};

static int keep_all(struct keeping *k, enum chained table, struct err *e)
{
	int64_t last, n, from, to = 0, key;
	uint8_t digest[32];
	int rc = statement_row(k->last, e);

	last = rc == TK_OK ? sqlite3_column_int64(k->last, 0) : 0;
	sqlite3_reset(k->last);
	while (rc == TK_OK && (rc = statement_row(k->keys, e)) == TK_OK) {
		if ((key = sqlite3_column_int64(k->keys, 0)) <= to)
			continue;
		if ((rc = holding(k->to_of, last, key, &n, &from, &to, e)) != TK_OK ||
		    (rc = rows_digest(&k->rows, from, to, digest, e)) != TK_OK)
			break;
		bind_i64(k->insert, 1, n);
		bind_i64(k->insert, 2, table);
		bind_blob(k->insert, 3, digest, sizeof digest);
		rc = statement_run(k->insert, e); /* one that is there is of all its rows */
	}
	sqlite3_reset(k->keys);
	return rc == TK_EEND ? TK_OK : rc;
}

int chain_keep(sqlite3 *db, enum chained table, const char *keys, struct err *e)
{
	struct keeping k = { 0 };
	char sql[128];
	int rc = statement_prepare(db, &k.keys, keys, e);

	snprintf(sql, sizeof sql, "SELECT %s_to FROM txn WHERE n = ?",
		 table < CHAIN_DIM ? "seq" : event_parts[chain_part(table)].table + sizeof "dim");
	if (rc == TK_OK)
		rc = statement_prepare(db, &k.to_of, sql, e);
	if (rc == TK_OK)
		rc = statement_prepare(db, &k.last, "SELECT max(n) FROM txn", e);
	if (rc == TK_OK)
		rc = statement_prepare(db, &k.insert, "INSERT OR IGNORE INTO kept_digest VALUES (?, ?, ?)",
				       e);
	if (rc == TK_OK)
		rc = rows_open(&k.rows, db, table, e);
	if (rc == TK_OK)
		rc = keep_all(&k, table, e);
	rows_close(&k.rows);
	sqlite3_finalize(k.keys);
	sqlite3_finalize(k.to_of);
	sqlite3_finalize(k.last);
	sqlite3_finalize(k.insert);
	return rc;
}

/* ---- the links ---- */

static int verify_links(sqlite3 *db, struct rows rows[CHAIN_COUNT], struct sha256 *link_hash, int64_t *n,
			struct err *e)
{
	sqlite3_stmt *s = NULL;
	struct kept kept = { 0 };
	int64_t from[CHAIN_COUNT] = { 0 };
	uint8_t link[32] = { 0 }, digest[32];
	int rc = statement_prepare(
		db, &s,
		"SELECT n, at, hash, seq_to, where_to, who_to, what_to, how_to, shape_to, when_to"
		" FROM txn ORDER BY n",
		e);

	if (rc == TK_OK)
		rc = kept_open(&kept, db, e);
	while (rc == TK_OK && (rc = statement_row(s, e)) == TK_OK) {
		int64_t number = sqlite3_column_int64(s, 0);

		chain_link_begin(link_hash, link, number, sqlite3_column_int64(s, 1));
		for (int t = 0; t < CHAIN_COUNT && rc == TK_OK; t++) {
			int64_t to = sqlite3_column_int64(s, t >= CHAIN_DIM ? 3 + (int)chain_part(t) : 3);

			bool was_kept;

			rc = kept_digest(&kept, number, t, digest, &was_kept, e);
			if (rc == TK_OK && !was_kept)
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
	sqlite3_finalize(kept.s);
	return rc == TK_EEND ? TK_OK : rc;
}

int chain_verify(sqlite3 *db, int64_t *n, struct err *e)
{
	struct rows rows[CHAIN_COUNT] = { 0 };
	struct sha256 *link_hash = sha256_new();
	int rc = link_hash == NULL ? err_set(e, TK_ENOMEM, "ledger: no memory") : TK_OK;

	*n = 0;
	for (int t = 0; t < CHAIN_COUNT && rc == TK_OK; t++)
		rc = rows_open(&rows[t], db, t, e);
	if (rc == TK_OK)
		rc = verify_links(db, rows, link_hash, n, e);
	for (int t = 0; t < CHAIN_COUNT; t++)
		rows_close(&rows[t]);
	sha256_free(link_hash);
	return rc;
}

/* What is superseded is hidden from every report, so a chained record must say it; and what a record says
 * must be hidden, or a call counts twice. */
static const char hidden_and_said[] =
	"WITH said(old, new) AS MATERIALIZED (SELECT body ->> '$.supplements', body ->> '$.event' FROM record"
	" WHERE type = 'supplement' AND json_valid(body))"
	" SELECT seq FROM superseded WHERE (seq, successor) NOT IN"
	" (SELECT old, new FROM said WHERE old IS NOT NULL AND new IS NOT NULL)"
	" UNION ALL SELECT old FROM said JOIN event_row ON event_row.seq = old"
	" WHERE old NOT IN (SELECT seq FROM superseded) LIMIT 1";

static int verify_superseded(sqlite3 *db, struct err *e)
{
	sqlite3_stmt *s = NULL;
	int rc = statement_prepare(db, &s, hidden_and_said, e);

	if (rc == TK_OK && (rc = statement_row(s, e)) == TK_OK)
		rc = err_set(e, TK_EMALFORMED,
			     "event %lld is superseded without a record, or not in spite of one",
			     (long long)sqlite3_column_int64(s, 0));
	sqlite3_finalize(s);
	return rc == TK_EEND ? TK_OK : rc;
}

int ledger_verify(struct ledger_reader *r, int64_t *n, struct err *e)
{
	int rc = reader_begin(r, e); /* one state, whatever is written meanwhile */

	*n = 0;
	if (rc != TK_OK)
		return rc;
	rc = chain_verify(r->db, n, e);
	if (rc == TK_OK)
		rc = verify_superseded(r->db, e);
	reader_end(r);
	return rc;
}
