/* Figures that people entered. */
#include <stdio.h>

#include "core/ledger/reader_db.h"

static void copy(char *out, size_t n, struct slice s)
{
	snprintf(out, n, "%.*s", (int)s.n, (const char *)s.p);
}

int ledger_invoice(struct ledger_reader *r, const char *month, struct invoice *out, struct err *e)
{
	sqlite3_stmt *s = NULL;
	int rc = reader_prepare(r, &s,
				"SELECT cast(json_extract(body, '$.pico_usd') AS INTEGER), ts,"
				" json_extract(body, '$.reason'), json_extract(body, '$.actor') FROM records"
				" WHERE type = 'entry' AND json_extract(body, '$.action') = 'prices.invoice'"
				" AND json_extract(body, '$.month') = ?1 ORDER BY seq DESC LIMIT 1",
				NULL, 0, e);

	*out = (struct invoice){ 0 };
	if (rc == TK_OK)
		sqlite3_bind_text(s, 1, month, -1, SQLITE_STATIC);
	if (rc == TK_OK && (rc = reader_step(r, s, e)) == TK_OK) {
		out->entered = true;
		out->pico_usd = sqlite3_column_int64(s, 0);
		out->at_ns = sqlite3_column_int64(s, 1);
		copy(out->reason, sizeof out->reason, reader_text(s, 2));
		copy(out->actor, sizeof out->actor, reader_text(s, 3));
	}
	sqlite3_finalize(s);
	return rc == TK_EEND ? TK_OK : rc;
}
