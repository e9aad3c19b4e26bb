/* What was watched, and what was not seen or not taken, by input and minute. */
#include "core/ledger/statement.h"
#include "core/ledger/writer.h"

#define REJECTS_KEPT 10000 /* an input's rejected lines whose places are kept; all are counted */

/* Grows [from, to] over the intervals that it meets or touches, and removes those. */
static int swallow(struct ledger *l, int64_t input, int64_t *from, int64_t *to, struct err *e)
{
	sqlite3_stmt *s = ledger_statement(l, LS_WATCH_OVERLAP,
		"SELECT min(minute_from), max(minute_to) FROM watch"
		" WHERE input = ? AND minute_from <= ? + 1 AND minute_to >= ? - 1", e);
	int rc = s == NULL ? TK_EIO : TK_OK;

	if (rc == TK_OK) {
		bind_i64(s, 1, input);
		bind_i64(s, 2, *to);
		bind_i64(s, 3, *from);
		rc = statement_row(s, e);
	}
	if (rc == TK_OK && sqlite3_column_type(s, 0) != SQLITE_NULL) {
		if (sqlite3_column_int64(s, 0) < *from)
			*from = sqlite3_column_int64(s, 0);
		if (sqlite3_column_int64(s, 1) > *to)
			*to = sqlite3_column_int64(s, 1);
	}
	sqlite3_reset(s);
	s = rc != TK_OK
		    ? NULL
		    : ledger_statement(l, LS_WATCH_DELETE,
				       "DELETE FROM watch WHERE input = ? AND minute_from BETWEEN ? AND ?",
				       e);
	if (s == NULL)
		return TK_EIO;
	bind_i64(s, 1, input);
	bind_i64(s, 2, *from);
	bind_i64(s, 3, *to);
	return statement_run(s, e);
}

int ledger_watched(struct ledger *l, int64_t input, int64_t from, int64_t to, struct err *e)
{
	int rc = swallow(l, input, &from, &to, e);
	sqlite3_stmt *s =
		rc != TK_OK ? NULL
			    : ledger_statement(l, LS_WATCH_INSERT, "INSERT INTO watch VALUES (?, ?, ?)", e);

	if (s == NULL)
		return TK_EIO;
	bind_i64(s, 1, input);
	bind_i64(s, 2, from);
	bind_i64(s, 3, to);
	return statement_run(s, e);
}

int ledger_watched_until(struct ledger *l, int64_t input, int64_t *minute, struct err *e)
{
	sqlite3_stmt *s =
		ledger_statement(l, LS_WATCH_UNTIL, "SELECT max(minute_to) FROM watch WHERE input = ?", e);
	int rc;

	*minute = INT64_MIN;
	if (s == NULL)
		return TK_EIO;
	bind_i64(s, 1, input);
	if ((rc = statement_row(s, e)) == TK_OK && sqlite3_column_type(s, 0) != SQLITE_NULL)
		*minute = sqlite3_column_int64(s, 0);
	sqlite3_reset(s);
	return rc;
}

int ledger_loss(struct ledger *l, int64_t input, int64_t minute, const char *reason, int64_t n, int64_t bytes,
		struct err *e)
{
	sqlite3_stmt *s = ledger_statement(l, LS_LOSS,
		"INSERT INTO loss VALUES (?, ?, ?, ?, ?)"
		" ON CONFLICT DO UPDATE SET n = n + excluded.n, bytes = bytes + excluded.bytes", e);

	if (s == NULL)
		return TK_EIO;
	bind_i64(s, 1, input);
	bind_i64(s, 2, minute);
	bind_text(s, 3, slice_str(reason));
	bind_i64(s, 4, n);
	bind_i64(s, 5, bytes);
	return statement_run(s, e);
}

static int64_t one_number(sqlite3_stmt *s, struct err *e)
{
	int64_t n = statement_row(s, e) == TK_OK ? sqlite3_column_int64(s, 0) : -1;

	sqlite3_reset(s);
	return n;
}

/* How often is the line among the rejected ones of the input? */
static int64_t times_known(struct ledger *l, int64_t input, const struct reject *r, struct err *e)
{
	sqlite3_stmt *s = ledger_statement(l, LS_REJECT_KNOWN,
					   "SELECT count(*) FROM reject WHERE input = ? AND digest = ?", e);

	if (s == NULL)
		return -1;
	bind_i64(s, 1, input);
	bind_blob(s, 2, r->digest, sizeof r->digest);
	return one_number(s, e);
}

/* How many places the input has, counted once and then kept up in memory: a log full of broken lines must
 * not cost a count each. */
static int64_t *rejects_kept(struct ledger *l, int64_t input, struct err *e)
{
	struct reject_count *c = &l->rejects[(uint64_t)input % REJECT_COUNTS];
	sqlite3_stmt *s;

	if (c->known && c->input == input)
		return &c->n;
	s = ledger_statement(l, LS_REJECT_COUNT, "SELECT count(*) FROM reject WHERE input = ?", e);
	if (s == NULL)
		return NULL;
	bind_i64(s, 1, input);
	*c = (struct reject_count){ input, one_number(s, e), true };
	return c->n < 0 ? NULL : &c->n;
}

int ledger_reject(struct ledger *l, int64_t input, struct slice path, const struct reject *r, bool import,
		  int64_t now_ns, bool *known, struct err *e)
{
	int64_t times = times_known(l, input, r, e), *kept = rejects_kept(l, input, e);
	sqlite3_stmt *s =
		ledger_statement(l, LS_REJECT, "INSERT INTO reject VALUES (?, ?, ?, ?, ?, ?, ?, ?)", e);

	*known = import && times > 0;
	if (times < 0 || kept == NULL || s == NULL)
		return TK_EIO;
	if (*known || l->spare || *kept >= REJECTS_KEPT)
		return TK_OK;
	++*kept;
	bind_i64(s, 1, input);
	bind_blob(s, 2, r->digest, sizeof r->digest);
	bind_i64(s, 3, times + 1);
	bind_text(s, 4, path);
	bind_i64(s, 5, (int64_t)r->line);
	bind_i64(s, 6, (int64_t)r->offset);
	bind_text(s, 7, slice_str(reject_name(r->reason)));
	bind_i64(s, 8, now_ns);
	return statement_run(s, e);
}

int ledger_input_seen(struct ledger *l, int64_t input, struct slice path, int64_t events,
		      int64_t last_event_ns, int64_t heartbeat_ns, struct err *e)
{
	sqlite3_stmt *s = ledger_statement(l, LS_INPUT,
		"INSERT INTO input VALUES (?, ?, 0, ?, ?, ?) ON CONFLICT DO UPDATE SET"
		" path = iif(excluded.path = '', path, excluded.path), events = events + excluded.events,"
		" last_event = max(last_event, excluded.last_event),"
		" last_heartbeat = max(last_heartbeat, excluded.last_heartbeat)", e);

	if (s == NULL)
		return TK_EIO;
	bind_i64(s, 1, input);
	bind_text(s, 2, path);
	bind_i64(s, 3, events);
	bind_i64(s, 4, last_event_ns);
	bind_i64(s, 5, heartbeat_ns);
	return statement_run(s, e);
}

int ledger_inputs_configured(struct ledger *l, const int64_t *inputs, size_t n, struct err *e)
{
	sqlite3_stmt *s = ledger_statement(l, LS_INPUT_CONFIGURED,
		"UPDATE input SET configured = ?1 WHERE ?2 < 0 OR label = ?2", e);
	int rc;

	if (s == NULL)
		return TK_EIO;
	bind_i64(s, 1, 0);
	bind_i64(s, 2, -1); /* all of them first */
	rc = statement_run(s, e);
	for (size_t i = 0; i < n && rc == TK_OK; i++) {
		if ((rc = ledger_input_seen(l, inputs[i], slice_of(NULL, 0), 0, 0, 0, e)) != TK_OK)
			break;
		bind_i64(s, 1, 1);
		bind_i64(s, 2, inputs[i]);
		rc = statement_run(s, e);
	}
	return rc;
}

int ledger_input_names(struct ledger *l, input_name_fn row, void *ctx, struct err *e)
{
	sqlite3_stmt *s = ledger_statement(l, LS_INPUT_NAMES,
		"SELECT b.value FROM input i JOIN label b ON b.id = i.label ORDER BY i.label", e);
	int rc = s == NULL ? TK_EIO : TK_OK;

	while (rc == TK_OK && (rc = statement_row(s, e)) == TK_OK)
		rc = row(ctx, column_text(s, 0));
	sqlite3_reset(s);
	return rc == TK_EEND ? TK_OK : rc;
}
