/* How far each generation of a tailed file was read; commits with the events before it. */
#include "core/ledger/statement.h"
#include "core/ledger/writer.h"

/* A generation that ended long ago cannot come back under a rotated name: the newest are enough. */
#define GENERATIONS_KEPT 2000

static const char set_sql[] =
	"INSERT INTO generation VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
	" ON CONFLICT DO UPDATE SET path = excluded.path, dev = excluded.dev, ino = excluded.ino,"
	" position = excluded.position, line = excluded.line, prefix_len = excluded.prefix_len,"
	" prefix_hash = excluded.prefix_hash, tail_len = excluded.tail_len, tail_hash = excluded.tail_hash,"
	" finished = excluded.finished, touched = excluded.touched";

/* 64-bit unsigned numbers of the file system are stored as their two's complement. */
static void bind_generation(sqlite3_stmt *s, int64_t input, struct slice path, const struct generation *g,
			    int64_t now)
{
	bind_blob(s, 1, &g->token, sizeof g->token);
	bind_i64(s, 2, input);
	bind_text(s, 3, path);
	bind_i64(s, 4, (int64_t)g->dev);
	bind_i64(s, 5, (int64_t)g->ino);
	bind_i64(s, 6, (int64_t)g->position);
	bind_i64(s, 7, (int64_t)g->line);
	bind_i64(s, 8, g->prefix_len);
	bind_blob(s, 9, g->prefix_hash, sizeof g->prefix_hash);
	bind_i64(s, 10, g->tail_len);
	bind_blob(s, 11, g->tail_hash, sizeof g->tail_hash);
	bind_i64(s, 12, g->finished);
	bind_i64(s, 13, now);
}

static int prune(struct ledger *l, struct err *e)
{
	sqlite3_stmt *s = ledger_statement(l, LS_PRUNE_GENERATIONS,
		"DELETE FROM generation WHERE touched < (SELECT touched FROM generation ORDER BY touched DESC"
		" LIMIT 1 OFFSET ?)", e);

	if (s == NULL)
		return TK_EIO;
	bind_i64(s, 1, GENERATIONS_KEPT);
	return statement_run(s, e);
}

int ledger_set_generation(struct ledger *l, int64_t input, struct slice path, const struct generation *g,
			  int64_t now_ns, struct err *e)
{
	sqlite3_stmt *s = ledger_statement(l, LS_SET_GENERATION, set_sql, e);
	int rc;

	if (s == NULL)
		return TK_EIO;
	bind_generation(s, input, path, g, now_ns);
	rc = statement_run(s, e);
	return rc == TK_OK && g->finished ? prune(l, e) : rc;
}

int ledger_position(struct ledger *l, uint64_t token, uint64_t *position, struct err *e)
{
	sqlite3_stmt *s =
		ledger_statement(l, LS_POSITION, "SELECT position FROM generation WHERE token = ?", e);
	int rc;

	*position = 0;
	if (s == NULL)
		return TK_EIO;
	bind_blob(s, 1, &token, sizeof token);
	if ((rc = statement_row(s, e)) == TK_OK)
		*position = (uint64_t)sqlite3_column_int64(s, 0);
	sqlite3_reset(s);
	return rc == TK_EEND ? TK_ENOTFOUND : rc;
}

int ledger_generations(struct ledger *l, generation_fn row, void *ctx, struct err *e)
{
	sqlite3_stmt *s = ledger_statement(
		l, LS_GENERATIONS,
		"SELECT b.value, g.path, g.token, g.dev, g.ino, g.position, g.line, g.prefix_len, "
		"g.prefix_hash,"
		" g.tail_len, g.tail_hash, g.finished FROM generation g JOIN label b ON b.id = g.input"
		" ORDER BY g.touched",
		e);
	int rc = s == NULL ? TK_EIO : TK_OK;

	while (rc == TK_OK && (rc = statement_row(s, e)) == TK_OK) {
		struct generation g = {
			.dev = (uint64_t)sqlite3_column_int64(s, 3),
			.ino = (uint64_t)sqlite3_column_int64(s, 4),
			.position = (uint64_t)sqlite3_column_int64(s, 5),
			.line = (uint64_t)sqlite3_column_int64(s, 6),
			.prefix_len = (uint32_t)sqlite3_column_int64(s, 7),
			.tail_len = (uint32_t)sqlite3_column_int64(s, 9),
			.finished = sqlite3_column_int(s, 11) != 0,
		};

		column_bytes(s, 2, (uint8_t *)&g.token, sizeof g.token);
		column_bytes(s, 8, g.prefix_hash, sizeof g.prefix_hash);
		column_bytes(s, 10, g.tail_hash, sizeof g.tail_hash);
		rc = row(ctx, column_text(s, 0), column_text(s, 1), &g);
	}
	sqlite3_reset(s);
	return rc == TK_EEND ? TK_OK : rc;
}
