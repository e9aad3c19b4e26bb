#include "core/ledger/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/sys.h"
#include "core/ledger/schema.h"
#include "core/ledger/statement.h"
#include "core/ledger/writer.h"

sqlite3_stmt *ledger_statement(struct ledger *l, enum ledger_statement which, const char *sql, struct err *e)
{
	if (statement_prepare(l->db, &l->statement[which], sql, e) != TK_OK)
		return NULL;
	sqlite3_reset(l->statement[which]);
	return l->statement[which];
}

/* One writer: a lock on a file beside the ledger, which the kernel drops however we end. */
static int take_lock(const char *ledger, int fd, struct err *e)
{
	char pid[32] = "";
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int n;

	if (fcntl(fd, F_OFD_SETLK, &lock) != 0) {
		ssize_t got = sys_pread(fd, pid, sizeof pid - 1, 0);

		pid[got > 0 ? got : 0] = '\0';
		return err_set(e, TK_EBUSY,
			       "%s: process %ld writes this ledger, and it has one writer at a time: wait for its"
			       " end or stop it; a second `run` needs a ledger.path of its own", ledger, strtol(pid, NULL, 10));
	}
	/* Nothing is cut off first: where the disk is full, the block that is there takes the number. */
	n = snprintf(pid, sizeof pid, "%-10ld\n", (long)getpid());
	if (pwrite(fd, pid, (size_t)n, 0) != n)
		return err_sys(e, "%s.lock", ledger);
	return TK_OK;
}

int ledger_lock(const char *path, int *fd, struct err *e)
{
	char name[4096];
	int rc = sys_make_folders(path, 0750, e);

	*fd = -1;
	if (rc != TK_OK)
		return rc;
	snprintf(name, sizeof name, "%s.lock", path);
	if ((*fd = sys_create(name, O_RDWR, 0640)) < 0)
		return err_sys(e, "%s", name);
	if ((rc = take_lock(path, *fd, e)) != TK_OK) {
		sys_close(*fd);
		*fd = -1;
	}
	return rc;
}

bool ledger_busy(const char *path)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char name[4096];
	bool busy;
	int fd;

	snprintf(name, sizeof name, "%s.lock", path);
	fd = sys_open(name, O_RDWR | O_CLOEXEC, 0);
	busy = fd >= 0 && fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
	sys_close(fd);
	return busy;
}

/* Page size and vacuum mode can only be set before the first table. Durable commits: FULL syncs the log at
 * each. The log is cut by hand (ledger_commit), so that its cap is ours. */
static const char pragmas[] =
	"PRAGMA page_size = 16384; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL;"
	"PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -8192;"
	"PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;"
	"PRAGMA journal_size_limit = 67108864;";

static int open_database(struct ledger *l, struct err *e)
{
	int rc;
	mode_t old = umask(0027);

	/* SQLite gives its other files the owner of this one. */
	sys_close(sys_create(l->path, O_RDONLY, 0640));
	rc = sqlite3_open_v2(l->path, &l->db,
			     SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
	if (rc == SQLITE_OK) {
		sqlite3_busy_timeout(l->db, 10000);
		rc = sqlite3_exec(l->db, pragmas, NULL, NULL, NULL);
	}
	umask(old);
	if (rc != SQLITE_OK)
		return schema_error(l->db, l->path, e);
	return schema_upgrade(l->db, e);
}

struct ledger *ledger_make(const char *path, struct err *e)
{
	struct ledger *l = calloc(1, sizeof *l);

	if (l == NULL || (l->path = strdup(path)) == NULL) {
		free(l);
		err_set(e, TK_ENOMEM, "ledger: no memory");
		return NULL;
	}
	l->lock_fd = -1;
	buf_init(&l->view, 1 << 20);
	return l;
}

int ledger_open_modules(struct ledger *l, struct err *e)
{
	int rc = chain_open(&l->chain, l->db, e);

	if (rc == TK_OK)
		rc = stage_open(&l->stage, l->db, l->chain, e);
	if (rc == TK_OK)
		rc = seen_open(&l->seen, l->db, l->stage, e);
	if (rc == TK_OK)
		rc = dictionary_open(&l->dictionary, l->db, l->chain, e);
	if (rc == TK_OK)
		rc = counters_open(&l->counters, l->db, e);
	return rc;
}

static void close_modules(struct ledger *l)
{
	counters_free(l->counters);
	dictionary_free(l->dictionary);
	row_reader_free(l->rows);
	seen_free(l->seen);
	stage_free(l->stage);
	chain_free(l->chain);
	l->counters = NULL;
	l->dictionary = NULL;
	l->rows = NULL;
	l->seen = NULL;
	l->stage = NULL;
	l->chain = NULL;
}

int ledger_reread(struct ledger *l, struct err *e)
{
	close_modules(l);
	l->overflow_told = 0;
	return ledger_open_modules(l, e);
}

int ledger_open(struct ledger **out, const char *path, struct err *e)
{
	int fd, rc = ledger_lock(path, &fd, e);

	if (rc == TK_OK && (rc = ledger_open_locked(out, path, e)) == TK_OK)
		(*out)->lock_fd = fd;
	else
		sys_close(fd);
	return rc;
}

int ledger_open_locked(struct ledger **out, const char *path, struct err *e)
{
	struct ledger *l = ledger_make(path, e);
	int rc;

	if (l == NULL)
		return e->code;
	rc = open_database(l, e);
	if (rc == TK_OK)
		rc = ledger_open_modules(l, e);
	if (rc != TK_OK) {
		ledger_close(l);
		return rc;
	}
	*out = l;
	return TK_OK;
}

void ledger_close(struct ledger *l)
{
	if (l == NULL)
		return;
	close_modules(l);
	buf_free(&l->view);
	for (int i = 0; i < LS_COUNT; i++)
		sqlite3_finalize(l->statement[i]);
	if (l->in_transaction)
		sqlite3_exec(l->db, "ROLLBACK", NULL, NULL, NULL);
	sqlite3_close(l->db);
	sys_close(l->lock_fd);
	free(l->path);
	free(l);
}

int ledger_begin(struct ledger *l, struct err *e)
{
	int rc;

	if (l->in_transaction)
		return TK_OK;
	rc = schema_exec(l->db, "BEGIN IMMEDIATE", e);
	l->in_transaction = rc == TK_OK;
	return rc;
}

void ledger_spare(struct ledger *l, bool spare)
{
	l->spare = spare;
}

int64_t ledger_last_commit_ns(const struct ledger *l)
{
	return chain_last_at(l->chain);
}

bool ledger_in_transaction(const struct ledger *l)
{
	return l->in_transaction;
}

int64_t ledger_wal_bytes(const struct ledger *l)
{
	char path[4096];
	struct stat st;

	snprintf(path, sizeof path, "%s-wal", l->path);
	return stat(path, &st) == 0 ? (int64_t)st.st_size : 0;
}

/* Moves the log into the file. Half of the cap begins again at the log's start without waiting for readers;
 * at the cap itself it is cut to nothing, which waits (busy timeout) for a reader to end its short
 * transaction. */
static void keep_wal_short(struct ledger *l)
{
	int pages = 0, moved = 0;
	int64_t bytes = ledger_wal_bytes(l);

	if (bytes < (l->spare ? LEDGER_WAL_SPARE : LEDGER_WAL_MAX / 4))
		return;
	sqlite3_wal_checkpoint_v2(l->db, NULL, SQLITE_CHECKPOINT_PASSIVE, &pages, &moved);
	if (l->spare || bytes > LEDGER_WAL_MAX / 2)
		sqlite3_wal_checkpoint_v2(l->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, &pages, &moved);
}

/* What did not fit into a dictionary is counted for good, as `status` tells. */
static int count_overflow(struct ledger *l, struct err *e)
{
	int64_t n = dictionary_overflow(l->dictionary) + stage_overflow(l->stage);
	sqlite3_stmt *s;

	if (n == l->overflow_told)
		return TK_OK;
	s = ledger_statement(l, LS_OVERFLOW, "INSERT INTO meta VALUES ('dictionary_overflow', ?1)"
			     " ON CONFLICT DO UPDATE SET value = value + ?1", e);
	if (s == NULL)
		return TK_EIO;
	bind_i64(s, 1, n - l->overflow_told);
	l->overflow_told = n;
	return statement_run(s, e);
}

int ledger_commit(struct ledger *l, int64_t now_ns, struct err *e)
{
	int rc;

	if (!l->in_transaction)
		return TK_OK;
	rc = seen_flush(l->seen, e);
	if (rc == TK_OK)
		rc = counters_flush(l->counters, e);
	if (rc == TK_OK)
		rc = count_overflow(l, e);
	if (rc == TK_OK)
		rc = chain_commit(l->chain, now_ns, e);
	if (rc == TK_OK)
		rc = schema_exec(l->db, "COMMIT", e);
	if (rc != TK_OK)
		return rc;
	l->in_transaction = false;
	keep_wal_short(l);
	return TK_OK;
}

int ledger_part(struct ledger *l, enum part_id id, const struct part *p, uint32_t absent_event, int64_t *row,
		struct err *e)
{
	return dictionary_part(l->dictionary, id, p, absent_event, row, e);
}

struct slice ledger_label_name(const struct ledger *l, int64_t label)
{
	return dictionary_name(l->dictionary, label);
}

int ledger_label(struct ledger *l, struct slice name, int64_t *label, struct err *e)
{
	return dictionary_label(l->dictionary, name, label, e);
}

int ledger_place(struct ledger *l, enum batch_mode mode, struct slice input, int64_t time_ns,
		 const uint8_t first_id[16], struct placing *out, struct err *e)
{
	return mode == BATCH_TAIL ? seen_tail(l->seen, input, time_ns, first_id, out, e)
				  : seen_import(l->seen, time_ns, first_id, out, e);
}

void ledger_new_file(struct ledger *l)
{
	seen_new_file(l->seen);
}

int ledger_has(struct ledger *l, int64_t time_ns, const uint8_t first_id[16], bool *has, struct err *e)
{
	return seen_has(l->seen, time_ns, first_id, has, e);
}

static struct counter_key key_of(const struct access_event *ev, const struct event_names *names)
{
	return (struct counter_key){ counter_bucket(ev_int(ev, F_TIMESTAMP, 0)),
				     { (uint32_t)names->input, (uint32_t)names->user,
				       (uint32_t)names->department, (uint32_t)names->function,
				       (uint32_t)names->model } };
}

int ledger_count(struct ledger *l, const struct event_names *names, const struct access_event *ev,
		 const struct event_names *old_names, const struct access_event *old, struct err *e)
{
	struct counter_key key = key_of(ev, names), old_key;

	if (old != NULL)
		old_key = key_of(old, old_names);
	if (old != NULL && ev_is_call(old) && ev_is_call(ev))
		return counters_replace(l->counters, &old_key, old, &key, ev, e);
	return ev_is_call(ev) ? counters_add(l->counters, &key, ev, e) : TK_OK;
}

int ledger_add(struct ledger *l, const struct access_event *ev, const uint8_t id[16], int64_t ordinal,
	       bool imported, const int64_t rows[P_COUNT], const struct event_names *names, struct err *e)
{
	struct counter_key key = key_of(ev, names);
	int64_t seq;
	int rc = stage_add(l->stage, ev->part[P_EV], id, imported ? -ordinal : ordinal, rows, &seq, e);

	if (rc == TK_OK)
		rc = seen_recorded(l->seen, seq, e);
	return rc == TK_OK && ev_is_call(ev) ? counters_add(l->counters, &key, ev, e) : rc;
}

int ledger_flush_events(struct ledger *l, struct err *e)
{
	return stage_flush(l->stage, e);
}

int ledger_counted(struct ledger *l, int64_t from, int64_t to, counted_fn row, void *ctx, struct err *e)
{
	return counters_each(l->counters, from, to, row, ctx, e);
}

int ledger_response_times(struct ledger *l, int64_t from, int64_t to, struct latency *out, struct err *e)
{
	return counters_latency(l->counters, from, to, out, e);
}

int ledger_record(struct ledger *l, const char *type, int64_t now_ns, struct slice body, struct err *e)
{
	sqlite3_stmt *s = ledger_statement(l, LS_RECORD, "INSERT INTO record VALUES (?, ?, ?, ?)", e);
	int64_t seq = chain_last_seq(l->chain) + 1;
	struct buf *b = chain_bytes(l->chain, CHAIN_RECORD);

	if (s == NULL)
		return TK_EIO;
	chain_int(b, seq);
	chain_int(b, now_ns);
	chain_text(b, slice_str(type));
	chain_text(b, body);
	chain_row(l->chain, CHAIN_RECORD, seq);
	bind_i64(s, 1, seq);
	bind_i64(s, 2, now_ns);
	bind_text(s, 3, slice_str(type));
	bind_text(s, 4, body);
	return statement_run(s, e);
}

/* ---- events of a time, in order ---- */

struct ordered {
	int64_t completion, seq;
	uint8_t id[16];
};

static int by_order(const void *a, const void *b)
{
	const struct ordered *x = a, *y = b;

	if (x->completion != y->completion)
		return x->completion < y->completion ? -1 : 1;
	return memcmp(x->id, y->id, sizeof x->id);
}

static int collect(struct ledger *l, int64_t from_ns, int64_t to_ns, struct ordered **list, size_t *n,
		   struct err *e)
{
	sqlite3_stmt *s = ledger_statement(l, LS_ORDER,
		"SELECT DISTINCT e.seq, e.timestamp + coalesce(e.duration, 0), e.event_id FROM slice s"
		" JOIN event_now e ON e.seq BETWEEN s.seq_from AND s.seq_to"
		" WHERE s.minute BETWEEN ?1 / 60000000000 - 1 AND ?2 / 60000000000"
		" AND e.timestamp >= ?1 AND e.timestamp < ?2", e);
	size_t cap = 0;
	int rc = s == NULL ? TK_EIO : TK_OK;

	if (rc == TK_OK) {
		bind_i64(s, 1, from_ns);
		bind_i64(s, 2, to_ns);
	}
	while (rc == TK_OK && (rc = statement_row(s, e)) == TK_OK) {
		if (*n == cap) {
			struct ordered *more =
				realloc(*list, (cap = cap == 0 ? 4096 : 2 * cap) * sizeof **list);

			if (more == NULL) {
				sqlite3_reset(s);
				return err_set(e, TK_ENOMEM, "ledger: no memory to order a day's events");
			}
			*list = more;
		}
		(*list)[*n] =
			(struct ordered){ sqlite3_column_int64(s, 1), sqlite3_column_int64(s, 0), { 0 } };
		column_bytes(s, 2, (*list)[*n].id, 16);
		++*n;
	}
	return rc == TK_EEND ? TK_OK : rc;
}

int ledger_events_in_order(struct ledger *l, int64_t from_ns, int64_t to_ns, ledger_event_fn row, void *ctx,
			   struct err *e)
{
	struct ordered *list = NULL;
	struct row_reader *reader = NULL;
	size_t n = 0;
	int rc = seen_flush(l->seen, e);

	if (rc == TK_OK)
		rc = collect(l, from_ns, to_ns, &list, &n, e);
	if (rc == TK_OK)
		rc = row_reader_open(&reader, l->db, e);
	if (n > 1)
		qsort(list, n, sizeof *list, by_order);
	for (size_t i = 0; i < n && rc == TK_OK; i++) {
		struct access_event *ev;

		if ((rc = row_read(reader, list[i].seq, &ev, e)) == TK_OK)
			rc = row(ctx, ev);
	}
	row_reader_free(reader);
	free(list);
	return rc;
}
