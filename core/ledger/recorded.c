#include "core/ledger/recorded.h"

#include <stdlib.h>

#include "core/ledger/reader_db.h"

struct ledger_recorded {
	struct ledger_reader *reader;
	sqlite3_stmt *one;
	int64_t n, at, seq_from, seq_to; /* the transaction met last; seq in [seq_from, seq_to] */
};

int ledger_recorded_open(struct ledger_recorded **out, struct ledger_reader *r, struct err *e)
{
	struct ledger_recorded *c = *out = calloc(1, sizeof *c);

	if (c == NULL)
		return err_set(e, TK_ENOMEM, "out of memory");
	c->reader = r;
	c->seq_from = c->seq_to = -1;
	return reader_prepare(r, &c->one,
			      "SELECT at, seq_to, (SELECT seq_to FROM transactions WHERE n = ?1 - 1)"
			      " FROM transactions WHERE n = ?1",
			      NULL, 0, e);
}

void ledger_recorded_close(struct ledger_recorded *c)
{
	if (c != NULL)
		sqlite3_finalize(c->one);
	free(c);
}

static int load(struct ledger_recorded *c, int64_t n, struct err *e)
{
	int rc;

	sqlite3_reset(c->one);
	sqlite3_bind_int64(c->one, 1, n);
	rc = reader_step(c->reader, c->one, e);
	if (rc == TK_OK) {
		c->n = n;
		c->at = sqlite3_column_int64(c->one, 0);
		c->seq_to = sqlite3_column_int64(c->one, 1);
		c->seq_from = sqlite3_column_int64(c->one, 2) + 1; /* NULL, before the first, reads as 0 */
	}
	sqlite3_reset(c->one);
	return rc;
}

/* Transactions are numbered without a hole and their rows ascend. */
static int search(struct ledger_recorded *c, int64_t seq, struct err *e)
{
	int64_t low, high;
	int rc = reader_number(c->reader, "SELECT min(n) FROM transactions", NULL, 0, 0, &low, e);

	if (rc == TK_OK)
		rc = reader_number(c->reader, "SELECT max(n) FROM transactions", NULL, 0, -1, &high, e);
	while (rc == TK_OK && low < high) {
		int64_t middle = low + (high - low) / 2;

		rc = load(c, middle, e);
		if (rc == TK_OK && c->seq_to < seq)
			low = middle + 1;
		else
			high = middle;
	}
	return rc == TK_OK ? load(c, low, e) : rc;
}

int ledger_recorded_at(struct ledger_recorded *c, int64_t seq, int64_t *ns, struct err *e)
{
	int rc = TK_OK;

	if (seq > c->seq_to && c->seq_to >= 0)
		rc = load(c, c->n + 1, e);
	if (rc == TK_EEND || (rc == TK_OK && (seq < c->seq_from || seq > c->seq_to)))
		rc = search(c, seq, e);
	if (rc == TK_EEND || (rc == TK_OK && (seq < c->seq_from || seq > c->seq_to)))
		return err_set(e, TK_ENOTFOUND, "no transaction of the ledger holds record %lld",
			       (long long)seq);
	*ns = c->at;
	return rc;
}
