#include "core/ledger/spans.h"

#include <stdlib.h>

#include "core/ledger/rows_table.h"
#include "core/ledger/statement.h"

#define SPANS_MAX 512

struct spans {
	sqlite3_stmt *insert;
	struct rows_source source;
	size_t n;
	int64_t row[SPANS_MAX][3];
};

static void span_columns(struct buf *out)
{
	buf_str(out, "minute, seq_from, seq_to");
}

static size_t span_count(void *ctx)
{
	return ((struct spans *)ctx)->n;
}

static void span_column(void *ctx, size_t row, int i, sqlite3_context *out)
{
	sqlite3_result_int64(out, ((struct spans *)ctx)->row[row][i]);
}

int spans_open(struct spans **out, sqlite3 *db, struct err *e)
{
	struct spans *s = calloc(1, sizeof *s);
	int rc;

	if (s == NULL)
		return err_set(e, TK_ENOMEM, "ledger: no memory for spans");
	s->source = (struct rows_source){ s, span_count, span_column, span_columns };
	rc = rows_table_register(db, "spans", &s->source, e);
	if (rc == TK_OK) /* WHERE: without it the grammar takes ON for a join's */
		rc = statement_prepare(db, &s->insert,
				       "INSERT INTO slice SELECT * FROM spans WHERE true"
				       " ON CONFLICT DO UPDATE SET seq_to = excluded.seq_to", e);
	if (rc != TK_OK) {
		spans_free(s);
		return rc;
	}
	*out = s;
	return TK_OK;
}

void spans_free(struct spans *s)
{
	if (s == NULL)
		return;
	sqlite3_finalize(s->insert);
	free(s);
}

int spans_put(struct spans *s, int64_t minute, int64_t from, int64_t to, struct err *e)
{
	int rc;

	if (s->n == SPANS_MAX && (rc = spans_flush(s, e)) != TK_OK)
		return rc;
	s->row[s->n][0] = minute;
	s->row[s->n][1] = from;
	s->row[s->n++][2] = to;
	return TK_OK;
}

int spans_flush(struct spans *s, struct err *e)
{
	int rc = s->n == 0 ? TK_OK : statement_run(s->insert, e);

	s->n = 0;
	return rc;
}
