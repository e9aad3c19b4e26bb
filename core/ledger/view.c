#include "core/ledger/view.h"

#include <errno.h>
#include <unistd.h>

#include "core/ledger/schema.h"
#include "core/ledger/writer.h"

#define BUSY_MS 5000

int ledger_view(struct ledger **out, const char *path, struct err *e)
{
	struct ledger *l;
	int rc = TK_OK;

	if (access(path, F_OK) != 0 && errno == ENOENT)
		return err_set(e, TK_ENOTFOUND, "there is no ledger at %s yet", path);
	if ((l = ledger_make(path, e)) == NULL)
		return e->code;
	if (sqlite3_open_v2(path, &l->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
		rc = schema_error(l->db, path, e);
	if (rc == TK_OK) {
		sqlite3_busy_timeout(l->db, BUSY_MS);
		rc = schema_current(l->db, path, e);
	}
	if (rc == TK_OK)
		rc = ledger_view_begin(l, e);
	if (rc == TK_OK)
		rc = ledger_open_modules(l, e);
	if (rc != TK_OK) {
		ledger_close(l);
		return rc;
	}
	ledger_view_end(l);
	*out = l;
	return TK_OK;
}

/* Names of users may have come since it was opened. */
int ledger_view_begin(struct ledger *l, struct err *e)
{
	int rc = schema_exec(l->db, "BEGIN", e);

	l->in_transaction = rc == TK_OK;
	return rc == TK_OK && l->dictionary != NULL ? dictionary_reload(l->dictionary, e) : rc;
}

void ledger_view_end(struct ledger *l)
{
	if (l->in_transaction)
		sqlite3_exec(l->db, "ROLLBACK", NULL, NULL, NULL);
	l->in_transaction = false;
}
