#include "core/ledger/chain.h"

#include <stdlib.h>

#include "core/base/hash.h"
#include "core/event/varint.h"
#include "core/ledger/schema.h"
#include "core/ledger/statement.h"

#define FLUSH_AT 32768

struct chain {
	sqlite3 *db;
	sqlite3_stmt *insert;
	struct sha256 *running[CHAIN_COUNT]; /* over this transaction's rows of one table */
	struct buf bytes[CHAIN_COUNT];       /* rows not yet hashed: few large updates are cheaper */
	bool touched[CHAIN_COUNT];
	struct sha256 *link_hash;
	int64_t n, seq, last_id[P_COUNT], opened_at;
	uint8_t link[32];
};

void chain_int(struct buf *b, int64_t v)
{
	uint8_t *p = buf_room(b, 1 + VARINT_MAX);

	if (p != NULL) {
		*p = 1;
		b->n += 1 + varint_write(p + 1, zigzag(v));
	}
}

void chain_text(struct buf *b, struct slice v)
{
	buf_byte(b, 2);
	put_varint(b, v.n);
	buf_add(b, v);
}

static int load_last(struct chain *c, struct err *e)
{
	sqlite3_stmt *s = NULL;
	int rc = statement_prepare(
		c->db, &s,
		"SELECT n, hash, seq_to, where_to, who_to, what_to, how_to, shape_to, when_to, at"
		" FROM txn ORDER BY n DESC LIMIT 1",
		e);

	if (rc == TK_OK && (rc = statement_row(s, e)) == TK_OK) {
		c->n = sqlite3_column_int64(s, 0);
		column_bytes(s, 1, c->link, sizeof c->link);
		c->seq = sqlite3_column_int64(s, 2);
		for (int p = P_EV + 1; p < P_COUNT; p++)
			c->last_id[p] = sqlite3_column_int64(s, 2 + p);
		c->opened_at = sqlite3_column_int64(s, 9);
	}
	sqlite3_finalize(s);
	return rc == TK_EEND ? TK_OK : rc;
}

int chain_open(struct chain **out, sqlite3 *db, struct err *e)
{
	struct chain *c = calloc(1, sizeof *c);
	int rc = TK_ENOMEM;

	if (c == NULL || (c->link_hash = sha256_new()) == NULL)
		goto out;
	c->db = db;
	for (int t = 0; t < CHAIN_COUNT; t++) {
		buf_init(&c->bytes[t], 1 << 20);
		if ((c->running[t] = sha256_new()) == NULL)
			goto out;
		sha256_begin(c->running[t]);
	}
	rc = statement_prepare(db, &c->insert, "INSERT INTO txn VALUES (?,?,?,?,?,?,?,?,?,?)", e);
	if (rc == TK_OK)
		rc = load_last(c, e);
	if (rc == TK_OK) {
		*out = c;
		return TK_OK;
	}
out:
	chain_free(c);
	return rc == TK_ENOMEM ? err_set(e, rc, "ledger: no memory for the chain") : rc;
}

void chain_free(struct chain *c)
{
	if (c == NULL)
		return;
	for (int t = 0; t < CHAIN_COUNT; t++) {
		sha256_free(c->running[t]);
		buf_free(&c->bytes[t]);
	}
	sha256_free(c->link_hash);
	sqlite3_finalize(c->insert);
	free(c);
}

struct buf *chain_bytes(struct chain *c, enum chained table)
{
	return &c->bytes[table];
}

static void hash_pending(struct chain *c, int table)
{
	sha256_add(c->running[table], buf_slice(&c->bytes[table]));
	buf_clear(&c->bytes[table]);
}

void chain_row(struct chain *c, enum chained table, int64_t key)
{
	c->touched[table] = true;
	if (table >= CHAIN_DIM)
		c->last_id[chain_part(table)] = key;
	else
		c->seq = key;
	if (c->bytes[table].n >= FLUSH_AT)
		hash_pending(c, table);
}

bool chain_ends_with(const struct chain *c, int64_t n, struct slice link)
{
	return n == c->n && (n == 0 || slice_eq(link, slice_of(c->link, sizeof c->link)));
}

void chain_begin_behind(struct chain *c, int64_t seq)
{
	c->seq = seq;
}

int64_t chain_last_at(const struct chain *c)
{
	return c->opened_at;
}

int64_t chain_last_seq(const struct chain *c)
{
	return c->seq;
}

int64_t chain_last_id(const struct chain *c, enum part_id part)
{
	return c->last_id[part];
}

void chain_link_i64(struct sha256 *h, int64_t v)
{
	uint8_t p[VARINT_MAX];

	sha256_add(h, slice_of(p, varint_write(p, zigzag(v))));
}

void chain_link_begin(struct sha256 *h, const uint8_t previous[32], int64_t n, int64_t at)
{
	sha256_begin(h);
	sha256_add(h, slice_of(previous, 32));
	chain_link_i64(h, n);
	chain_link_i64(h, at);
}

int chain_commit(struct chain *c, int64_t at, struct err *e)
{
	bool any = false;

	for (int t = 0; t < CHAIN_COUNT; t++)
		any |= c->touched[t];
	if (!any)
		return TK_OK;
	c->n++;
	chain_link_begin(c->link_hash, c->link, c->n, at);
	for (int t = 0; t < CHAIN_COUNT; t++) {
		uint8_t digest[32];

		if (c->bytes[t].failed)
			return err_set(e, TK_ENOMEM, "ledger: no memory for the chain");
		hash_pending(c, t);
		sha256_end(c->running[t], digest);
		sha256_begin(c->running[t]);
		c->touched[t] = false;
		chain_link_i64(c->link_hash, t >= CHAIN_DIM ? c->last_id[chain_part(t)] : c->seq);
		sha256_add(c->link_hash, slice_of(digest, sizeof digest));
	}
	sha256_end(c->link_hash, c->link);
	bind_i64(c->insert, 1, c->n);
	bind_i64(c->insert, 2, at);
	bind_i64(c->insert, 3, c->seq);
	for (int p = P_EV + 1; p < P_COUNT; p++)
		bind_i64(c->insert, 3 + p, c->last_id[p]);
	bind_blob(c->insert, 10, c->link, sizeof c->link);
	return statement_run(c->insert, e);
}
