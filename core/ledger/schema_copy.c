/* What stands beside the ledger before an upgrade changes it. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "core/base/sys.h"
#include "core/ledger/schema.h"

#define PATH_BYTES 4096

/* Into an empty file, which gives it owner and mode; durable before it has its name. */
static int copy_into(sqlite3 *db, const char *fresh, const char *path, struct err *e)
{
	sqlite3_stmt *s = NULL;
	int fd, rc = TK_OK;

	unlink(fresh);
	if ((fd = sys_create(fresh, O_RDWR | O_EXCL, 0640)) < 0)
		return err_sys(e, "%s", fresh);
	if (sqlite3_prepare_v2(db, "VACUUM INTO ?1", -1, &s, NULL) != SQLITE_OK ||
	    sqlite3_bind_text(s, 1, fresh, -1, SQLITE_STATIC) != SQLITE_OK || sqlite3_step(s) != SQLITE_DONE)
		rc = schema_error(db, path, e);
	sqlite3_finalize(s);
	if (rc == TK_OK && (sys_fsync(fd) != 0 || rename(fresh, path) != 0))
		rc = err_sys(e, "%s", path);
	if (rc != TK_OK)
		unlink(fresh);
	sys_close(fd);
	return rc;
}

int schema_copy(sqlite3 *db, int version, struct err *e)
{
	const char *ledger = sqlite3_db_filename(db, "main");
	char path[PATH_BYTES], fresh[PATH_BYTES];
	int rc;

	if (ledger == NULL || ledger[0] == '\0')
		return TK_OK; /* in memory */
	if (snprintf(path, sizeof path, "%s.schema-%d", ledger, version) >= (int)sizeof path - 4)
		return err_set(e, TK_ECONFIG, "%s: the path is too long", ledger);
	snprintf(fresh, sizeof fresh, "%.*s.new", (int)sizeof fresh - 5, path);
	rc = copy_into(db, fresh, path, e);
	return rc == TK_OK ? rc
			   : err_wrap(e, "before the upgrade from schema %d, which has not begun: a copy",
				      version);
}

int schema_newer(const char *path, int version, struct err *e)
{
	char copy[PATH_BYTES];

	if (path == NULL)
		path = "the ledger";
	snprintf(copy, sizeof copy, "%s.schema-%d", path, LEDGER_SCHEMA);
	if (access(copy, F_OK) != 0)
		return err_set(e, TK_ECONFIG,
			       "%s has schema %d, this program knows %d: install the newer program again",
			       path, version, LEDGER_SCHEMA);
	return err_set(
		e, TK_ECONFIG,
		"%s has schema %d, this program knows %d: install the newer program again, or go back to what"
		" was before the upgrade: `rm -f %s-*; mv %s %s`",
		path, version, LEDGER_SCHEMA, path, copy, path);
}
