/* What each call of a time cost, with the names that it is told under. */
#include <stdlib.h>

#include "core/ledger/reader_db.h"

static const char sql[] =
	"SELECT \"user.name\", \"tochoku.department\", \"tochoku.function\", \"gen_ai.provider.name\","
	" coalesce(\"gen_ai.response.model\", \"gen_ai.request.model\"), \"tochoku.usage.quality\","
	" \"tochoku.key.id\", \"user_agent.original\", \"network.protocol\", \"tls.client.server_name\","
	" \"http.response.status_code\", \"tochoku.stream\", \"gen_ai.usage.input_tokens\","
	" \"gen_ai.usage.output_tokens\", \"tochoku.cost.pico_usd\","
	" \"tochoku.estimate.input_tokens\", \"tochoku.estimate.output_tokens\","
	" \"tochoku.estimate.pico_usd\" FROM events"
	" WHERE seq BETWEEN ?1 AND ?2 AND \"@timestamp\" >= ?3 AND \"@timestamp\" < ?4";

static int64_t number(sqlite3_stmt *s, int column)
{
	return sqlite3_column_type(s, column) == SQLITE_NULL ? -1 : sqlite3_column_int64(s, column);
}

static void take(sqlite3_stmt *s, cost_row_fn row, void *ctx)
{
	struct cost_row c;
	struct slice *const texts[] = { &c.user, &c.department, &c.function, &c.provider, &c.model,
					&c.quality, &c.key, &c.agent, &c.protocol, &c.server_name };
	int64_t *const numbers[] = { &c.status, &c.stream, &c.input_tokens, &c.output_tokens, &c.cost_pico,
				     &c.estimate_input, &c.estimate_output, &c.estimate_pico };
	int column = 0;

	for (size_t i = 0; i < COUNT(texts); i++)
		*texts[i] = reader_text(s, column++);
	for (size_t i = 0; i < COUNT(numbers); i++)
		*numbers[i] = number(s, column++);
	row(ctx, &c);
}

int ledger_cost_rows(struct ledger_reader *r, int64_t from_ns, int64_t to_ns, cost_row_fn row, void *ctx,
		     struct err *e)
{
	struct seq_ranges ranges = { 0 };
	int rc = reader_ranges(r, from_ns, to_ns, &ranges, e);

	for (size_t i = 0; i < ranges.n && rc == TK_OK; i++) {
		sqlite3_stmt *s = NULL;

		rc = reader_prepare(r, &s, sql,
				    (int64_t[]){ ranges.p[i].from, ranges.p[i].to, from_ns, to_ns }, 4, e);
		while (rc == TK_OK && (rc = reader_step(r, s, e)) == TK_OK)
			take(s, row, ctx);
		sqlite3_finalize(s);
		rc = rc == TK_EEND ? TK_OK : rc;
	}
	free(ranges.p);
	return rc;
}
