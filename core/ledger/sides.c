/* The files beside the ledger with which SQLite works: its write-ahead log and the log's index. SQLite itself
 * never puts others in their place while it has them open. */
#include <stdio.h>
#include <sys/stat.h>

#include <sqlite3.h>

#include "core/ledger/writer.h"

static const char *const suffixes[LEDGER_SIDES] = { "-wal", "-shm" };

const char *ledger_side_gone(struct ledger *l)
{
	for (size_t i = 0; i < LEDGER_SIDES; i++) {
		struct ledger_side *s = &l->side[i];
		char path[4096];
		struct stat st = { 0 };

		snprintf(path, sizeof path, "%s%s", l->path, suffixes[i]);
		if (stat(path, &st) != 0)
			st.st_ino = 0;
		if (s->ino != 0 && (s->ino != st.st_ino || s->dev != st.st_dev))
			return suffixes[i];
		s->ino = st.st_ino;
		s->dev = st.st_dev;
	}
	return NULL;
}

int ledger_empty_log(struct ledger *l, struct err *e)
{
	if (sqlite3_wal_checkpoint_v2(l->db, NULL, SQLITE_CHECKPOINT_FULL, NULL, NULL) == SQLITE_OK)
		return TK_OK;
	return err_set(e, TK_EIO, "ledger: the log cannot be emptied: %s", sqlite3_errmsg(l->db));
}
