#include "core/ledger/schema.h"

#include <ctype.h>
#include <stdio.h>

#include "core/event/event.h"
#include "core/ledger/links.h"

static const char *column_type(enum field_type t)
{
	switch (t) {
	case FT_TIME:
	case FT_INT:
	case FT_BOOL:
	case FT_MICRO:
		return "INTEGER";
	case FT_ID:
		return "BLOB";
	case FT_STR:
	case FT_LIST:
	case FT_IP: /* as text: a dictionary row is written once, and people read it */
		return "TEXT";
	}
	return "ANY";
}

static void column_name(struct buf *out, enum field_id f)
{
	for (const char *p = event_fields[f].id; *p != '\0'; p++)
		buf_byte(out, (uint8_t)tolower((unsigned char)*p));
}

void schema_part_columns(struct buf *out, int part)
{
	for (enum field_id f = event_parts[part].first; f < part_end(part); f++) {
		buf_str(out, f == event_parts[part].first ? "" : ", ");
		column_name(out, f);
	}
}

static void column_definition(struct buf *out, enum field_id f)
{
	buf_str(out, ", ");
	column_name(out, f);
	buf_fmt(out, " %s", column_type(event_fields[f].type));
}

static void part_column_definitions(struct buf *out, int part)
{
	for (enum field_id f = event_parts[part].first; f < part_end(part); f++)
		column_definition(out, f);
}

bool schema_rare(enum field_id f)
{
	switch (f) {
	case F_SOURCE_PORT:
	case F_RESPONSE_ID:
	case F_CACHE_READ_TOKENS:
	case F_CACHE_WRITE_TOKENS:
	case F_REASONING_TOKENS:
	case F_COST_REPORTED:
	case F_ESTIMATE_INPUT:
	case F_ESTIMATE_OUTPUT:
	case F_ESTIMATE_COST:
		return true;
	default:
		return false;
	}
}

bool schema_later(enum field_id f)
{
	return f >= F_ESTIMATE_INPUT && f <= F_ESTIMATE_COST;
}

static void own_column_definitions(struct buf *out, bool rare)
{
	for (enum field_id f = event_parts[P_EV].first; f < part_end(P_EV); f++)
		if (schema_rare(f) == rare)
			column_definition(out, f);
}

/* The event row is small integers and references to links of dictionary rows; what a log line hardly ever
 * has stands beside it: a column costs time even where it is NULL. seq is last, since SQLite copies each
 * value that an INSERT names behind one that it does not. No index: what a query by time needs is in `slice`,
 * one row a minute and transaction (an index here costs the hot path sixfold). */
static void event_tables(struct buf *out)
{
	for (int i = 0; i < LINK_COUNT; i++) {
		buf_fmt(out, "CREATE TABLE %s (id INTEGER PRIMARY KEY", link_infos[i].table);
		for (int k = 0; k < LINK_PARTS; k++)
			buf_fmt(out, ", %s INTEGER NOT NULL", event_parts[link_infos[i].part[k]].table);
		buf_str(out, ") STRICT;\n");
	}
	buf_str(out, "CREATE TABLE event_row (ordinal INTEGER NOT NULL");
	own_column_definitions(out, false);
	for (int i = 0; i < LINK_COUNT; i++)
		buf_fmt(out, ", %s INTEGER NOT NULL", link_infos[i].table);
	buf_str(out, ", seq INTEGER PRIMARY KEY) STRICT;\nCREATE TABLE event_more (seq INTEGER PRIMARY KEY");
	own_column_definitions(out, true);
	buf_str(out, ") STRICT;\n");
}

static const char *link_of(int part)
{
	for (int i = 0; i < LINK_COUNT; i++)
		for (int k = 0; k < LINK_PARTS; k++)
			if (link_infos[i].part[k] == (enum part_id)part)
				return link_infos[i].table;
	return NULL;
}

/* The event as one row again: seq, ordinal, the fields of P_EV, the rows of the other parts. The chain is
 * over these columns. */
static void event_view(struct buf *out)
{
	buf_str(out, "CREATE VIEW event AS SELECT event_row.seq AS seq, ordinal");
	for (enum field_id f = event_parts[P_EV].first; f < part_end(P_EV); f++) {
		buf_str(out, ", ");
		column_name(out, f);
	}
	for (int p = P_EV + 1; p < P_COUNT; p++)
		buf_fmt(out, ", %s.%s AS %s", link_of(p), event_parts[p].table, event_parts[p].table);
	buf_str(out, " FROM event_row LEFT JOIN event_more ON event_more.seq = event_row.seq");
	for (int i = 0; i < LINK_COUNT; i++)
		buf_fmt(out, " LEFT JOIN %s ON %s.id = event_row.%s", link_infos[i].table,
			link_infos[i].table, link_infos[i].table);
	buf_str(out, ";\n");
}

static void dictionary_table(struct buf *out, int part)
{
	buf_fmt(out, "CREATE TABLE %s (id INTEGER PRIMARY KEY, absent INTEGER NOT NULL",
		event_parts[part].table);
	if (part == P_SHAPE)
		buf_str(out, ", absent_event INTEGER NOT NULL");
	part_column_definitions(out, part);
	buf_str(out, ") STRICT;\n");
}

#define COST_NOW \
	"coalesce((SELECT repriced.cost FROM repriced WHERE repriced.seq = event.seq" \
	" ORDER BY run DESC LIMIT 1), event.cost)"

void schema_event_columns(struct buf *out)
{
	for (enum field_id f = event_parts[P_EV].first; f < part_end(P_EV); f++) {
		buf_str(out, f == event_parts[P_EV].first ? "" : ", ");
		if (f == F_COST)
			buf_str(out, COST_NOW);
		else
			column_name(out, f);
	}
}

/* The published view: the event under the names of interface.md 4. Times are UTC nanoseconds. The cost is the
 * one that holds now. */
static void events_view(struct buf *out)
{
	buf_str(out,
		"CREATE VIEW events AS SELECT event.seq AS seq, event.timestamp + coalesce(event.duration, 0)"
		" AS completion");
	for (int f = 0; f < F_COUNT; f++) {
		int p = event_fields[f].part;

		buf_str(out, f == F_EVENT_ID ? ", lower(hex(" : ", ");
		if (f == F_COST) {
			buf_str(out, COST_NOW);
		} else {
			buf_fmt(out, "%s.", event_parts[p].table);
			column_name(out, f);
		}
		buf_fmt(out, "%s AS \"%s\"", f == F_EVENT_ID ? "))" : "", event_fields[f].name);
	}
	buf_str(out, " FROM event_now AS event");
	for (int p = P_EV + 1; p < P_COUNT; p++)
		buf_fmt(out, " LEFT JOIN %s ON %s.id = event.%s", event_parts[p].table, event_parts[p].table,
			event_parts[p].table);
	buf_str(out, ";\n");
}

/* bucket: UTC seconds, a multiple of 900. minute: UTC minutes since 1970. Names are label rows:
 * 0 is unknown (''), 1 is 'other' (excess names, counted in meta). */
static const char plain_tables[] =
	"CREATE TABLE meta (name TEXT PRIMARY KEY, value ANY) STRICT, WITHOUT ROWID;\n"
	"CREATE TABLE label (id INTEGER PRIMARY KEY, value TEXT NOT NULL) STRICT;\n"
	"INSERT INTO label VALUES (0, ''), (1, 'other');\n"
	/* every transaction, its rows and its link of the chain (core/ledger/chain.c) */
	"CREATE TABLE txn (n INTEGER PRIMARY KEY, at INTEGER NOT NULL, seq_to INTEGER NOT NULL,"
	" where_to INTEGER NOT NULL, who_to INTEGER NOT NULL, what_to INTEGER NOT NULL, how_to INTEGER NOT "
	"NULL,"
	" shape_to INTEGER NOT NULL, when_to INTEGER NOT NULL, hash BLOB NOT NULL) STRICT;\n"
	/* records of the trail that are no access events; they share the events' sequence */
	"CREATE TABLE record (seq INTEGER PRIMARY KEY, ts INTEGER NOT NULL, type TEXT NOT NULL,"
	" body TEXT NOT NULL) STRICT;\n"
	/* which events of a minute (of @timestamp) lie where: the way from a time to rows */
	"CREATE TABLE slice (minute INTEGER NOT NULL, seq_from INTEGER NOT NULL, seq_to INTEGER NOT NULL,"
	" PRIMARY KEY (minute, seq_from)) STRICT, WITHOUT ROWID;\n"
	/* imported events that a tail met later: the tail's count of identical lines goes on from them */
	"CREATE TABLE tailed (seq INTEGER PRIMARY KEY) STRICT;\n"
	"CREATE TABLE generation (token BLOB PRIMARY KEY, input INTEGER NOT NULL, path TEXT NOT NULL,"
	" dev INTEGER NOT NULL, ino INTEGER NOT NULL, position INTEGER NOT NULL, line INTEGER NOT NULL,"
	" prefix_len INTEGER NOT NULL, prefix_hash BLOB NOT NULL, tail_len INTEGER NOT NULL, tail_hash BLOB "
	"NOT NULL,"
	" finished INTEGER NOT NULL, touched INTEGER NOT NULL) STRICT, WITHOUT ROWID;\n"
	/* every counter of a bucket, packed (core/ledger/packed.h); calls is their sum */
	"CREATE TABLE counter_15m (bucket INTEGER PRIMARY KEY, calls INTEGER NOT NULL, counters BLOB NOT "
	"NULL) STRICT;\n"
	/* response times: a log-linear histogram (core/ledger/sums.h), mergeable */
	"CREATE TABLE latency_15m (bucket INTEGER NOT NULL, model INTEGER NOT NULL, n INTEGER NOT NULL,"
	" max_ns INTEGER NOT NULL, bins BLOB NOT NULL, PRIMARY KEY (bucket, model)) STRICT, WITHOUT ROWID;\n"
	"CREATE TABLE input (label INTEGER PRIMARY KEY, path TEXT NOT NULL, configured INTEGER NOT NULL,"
	" events INTEGER NOT NULL, last_event INTEGER NOT NULL, last_heartbeat INTEGER NOT NULL) STRICT;\n"
	/* minutes in which an input was watched: [minute_from, minute_to] */
	"CREATE TABLE watch (input INTEGER NOT NULL, minute_from INTEGER NOT NULL, minute_to INTEGER NOT "
	"NULL,"
	" PRIMARY KEY (input, minute_from)) STRICT, WITHOUT ROWID;\n"
	/* what was not seen, or seen and not taken, by input, minute and reason */
	"CREATE TABLE loss (input INTEGER NOT NULL, minute INTEGER NOT NULL, reason TEXT NOT NULL,"
	" n INTEGER NOT NULL, bytes INTEGER NOT NULL, PRIMARY KEY (input, minute, reason)) STRICT, WITHOUT "
	"ROWID;\n"
	/* where rejected lines stand; their bytes are not kept, they may hold a key */
	"CREATE TABLE reject (input INTEGER NOT NULL, digest BLOB NOT NULL, ordinal INTEGER NOT NULL,"
	" path TEXT NOT NULL, line INTEGER NOT NULL, byte INTEGER NOT NULL, reason TEXT NOT NULL, at INTEGER "
	"NOT NULL,"
	" PRIMARY KEY (input, digest, ordinal)) STRICT, WITHOUT ROWID;\n"
	"CREATE TABLE finding (id INTEGER PRIMARY KEY, subject TEXT NOT NULL UNIQUE, rule_id TEXT NOT NULL,"
	" rule_name TEXT NOT NULL, author TEXT, level TEXT NOT NULL, rank INTEGER NOT NULL, status TEXT NOT "
	"NULL,"
	" day INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, count INTEGER NOT NULL,"
	" reason TEXT NOT NULL, entity TEXT NOT NULL, withdrawn INTEGER NOT NULL, rules BLOB NOT NULL) "
	"STRICT;\n"
	"CREATE INDEX finding_day ON finding (day);\n"
	"CREATE TABLE finding_event (finding INTEGER NOT NULL, completion INTEGER NOT NULL, event_id BLOB "
	"NOT NULL,"
	" PRIMARY KEY (finding, completion, event_id)) STRICT, WITHOUT ROWID;\n"
	/* local days: closed when they are over and evaluated; dirty when an event came late */
	"CREATE TABLE day (day INTEGER PRIMARY KEY, dirty INTEGER NOT NULL, closed_at INTEGER NOT NULL) "
	"STRICT;\n"
	"CREATE TABLE key (fingerprint TEXT PRIMARY KEY, id TEXT NOT NULL, user TEXT, state TEXT NOT NULL,"
	" kind TEXT NOT NULL, added INTEGER NOT NULL, expires INTEGER NOT NULL) STRICT, WITHOUT ROWID;\n";

static const char plain_views[] =
	"CREATE VIEW counters AS SELECT bucket, calls, counters FROM counter_15m;\n"
	"CREATE VIEW labels AS SELECT id, value FROM label;\n"
	"CREATE VIEW latencies AS SELECT l.bucket AS bucket, m.value AS model, l.n AS n, l.max_ns AS max_ns,"
	" l.bins AS bins FROM latency_15m l JOIN label m ON m.id = l.model;\n"
	"CREATE VIEW findings AS SELECT f.id AS id, f.rule_id AS \"rule.id\", f.rule_name AS \"rule.name\","
	" f.author AS \"rule.author\", f.level AS level, f.rank AS rank, f.status AS status, f.day AS day,"
	" f.first AS first, f.last AS last, f.count AS count, f.reason AS reason, f.entity AS entity,"
	" f.withdrawn AS withdrawn, coalesce((SELECT closed_at FROM day WHERE day.day = f.day), 0) = 0 AS "
	"provisional"
	" FROM finding f;\n"
	"CREATE VIEW finding_events AS SELECT finding, completion, event_id FROM finding_event;\n"
	"CREATE VIEW slices AS SELECT minute, seq_from, seq_to FROM slice;\n"
	"CREATE VIEW watched AS SELECT l.value AS input, w.minute_from AS minute_from, w.minute_to AS "
	"minute_to"
	" FROM watch w JOIN label l ON l.id = w.input;\n"
	"CREATE VIEW losses AS SELECT l.value AS input, x.minute AS minute, x.reason AS reason, x.n AS n,"
	" x.bytes AS bytes FROM loss x JOIN label l ON l.id = x.input;\n"
	"CREATE VIEW rejects AS SELECT l.value AS input, r.path AS path, r.line AS line, r.byte AS byte,"
	" r.reason AS reason, r.at AS at FROM reject r JOIN label l ON l.id = r.input;\n"
	"CREATE VIEW inputs AS SELECT l.value AS input, i.path AS path, i.configured AS configured,"
	" i.events AS events, i.last_event AS last_event, i.last_heartbeat AS last_heartbeat"
	" FROM input i JOIN label l ON l.id = i.label;\n"
	"CREATE VIEW keys AS SELECT fingerprint, id, user, state, kind, added, expires FROM key;\n"
	"CREATE VIEW days AS SELECT day, dirty, closed_at FROM day;\n"
	"CREATE VIEW transactions AS SELECT n, at, seq_to, hash FROM txn;\n"
	"CREATE VIEW records AS SELECT seq, ts, type, body FROM record;\n";

static int code_of(int rc)
{
	switch (rc) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return TK_EBUSY;
	case SQLITE_NOMEM:
		return TK_ENOMEM;
	case SQLITE_FULL:
	case SQLITE_READONLY:
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN: /* the log and its index are files that need an inode */
		return TK_EFULL;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return TK_EDAMAGED;
	default:
		return TK_EIO;
	}
}

int schema_error(sqlite3 *db, const char *what, struct err *e)
{
	int number = sqlite3_system_errno(db), rc = sqlite3_errcode(db) & 0xff;
	bool why = number != 0 && (rc == SQLITE_IOERR || rc == SQLITE_CANTOPEN);

	return err_set(e, code_of(rc), "%s: %s%s%s", what, sqlite3_errmsg(db), why ? ": " : "",
		       why ? strerror(number) : "");
}

int schema_lacks(sqlite3 *db, struct err *e)
{
	bool lacks = (sqlite3_errcode(db) & 0xff) == SQLITE_ERROR;
	int rc = schema_error(db, "ledger", e);

	return lacks ? err_set(e, TK_EDAMAGED, "ledger: %s", sqlite3_errmsg(db)) : rc;
}

int schema_exec(sqlite3 *db, const char *sql, struct err *e)
{
	if (sql == NULL)
		return err_set(e, TK_ENOMEM, "out of memory");
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return schema_error(db, "ledger", e);
	return TK_OK;
}

static int create_version_1(sqlite3 *db, struct err *e)
{
	struct buf sql;
	int rc;

	buf_init(&sql, 1 << 20);
	buf_str(&sql, plain_tables);
	event_tables(&sql);
	for (int p = P_EV + 1; p < P_COUNT; p++)
		dictionary_table(&sql, p);
	buf_str(&sql, plain_views);
	rc = schema_exec(db, buf_cstr(&sql), e);
	buf_free(&sql);
	return rc;
}

/* The memory of what was met on which local day (core/ledger/memory.c). */
static int add_memory(sqlite3 *db, struct err *e)
{
	return schema_exec(db,
			   "CREATE TABLE met_day (day INTEGER PRIMARY KEY, pairs BLOB NOT NULL) STRICT;\n"
			   "CREATE TABLE met_key (key INTEGER NOT NULL, day INTEGER NOT NULL,"
			   " PRIMARY KEY (key, day)) STRICT, WITHOUT ROWID;\n",
			   e);
}

/* What a key may do, for how long and whose it is; and what a fingerprint became when the fingerprint key
 * changed. Times are UTC nanoseconds, 0: not set. */
static const char key_plans[] =
	"ALTER TABLE key ADD COLUMN owner TEXT;\n"
	"ALTER TABLE key ADD COLUMN department TEXT;\n"
	"ALTER TABLE key ADD COLUMN models TEXT;\n"
	"ALTER TABLE key ADD COLUMN paths TEXT;\n"
	"ALTER TABLE key ADD COLUMN issued INTEGER NOT NULL DEFAULT 0;\n"
	"ALTER TABLE key ADD COLUMN valid_from INTEGER NOT NULL DEFAULT 0;\n"
	"ALTER TABLE key ADD COLUMN revoked INTEGER NOT NULL DEFAULT 0;\n"
	"UPDATE key SET revoked = expires, expires = 0 WHERE state = 'revoked';\n"
	"CREATE TABLE key_link (old TEXT PRIMARY KEY, new TEXT NOT NULL) STRICT, WITHOUT ROWID;\n"
	"CREATE INDEX key_link_new ON key_link (new);\n"
	"DROP VIEW keys;\n"
	"CREATE VIEW keys AS SELECT fingerprint, id, user, state, kind, added, expires, owner, department,"
	" models, paths, issued, valid_from, revoked FROM key;\n"
	"CREATE VIEW key_links AS SELECT old, new FROM key_link;\n";

static int add_key_plans(sqlite3 *db, struct err *e)
{
	return schema_exec(db, key_plans, e);
}

/* Costs that were changed: the record of who did it and why has the number `run`; the last one holds. */
static const char repricing[] =
	"CREATE TABLE repriced (seq INTEGER NOT NULL, run INTEGER NOT NULL, cost INTEGER NOT NULL,"
	" PRIMARY KEY (seq, run)) STRICT, WITHOUT ROWID;\n"
	"CREATE VIEW repricings AS SELECT seq, run, cost FROM repriced;\n"
	"DROP VIEW IF EXISTS events;\nDROP VIEW IF EXISTS event;\n";

static int views_of_events(sqlite3 *db, struct err *e)
{
	struct buf sql;
	int rc;

	buf_init(&sql, 1 << 20);
	event_view(&sql);
	events_view(&sql);
	rc = schema_exec(db, buf_cstr(&sql), e);
	buf_free(&sql);
	return rc;
}

static int has_column(sqlite3 *db, enum field_id f, bool *has, struct err *e)
{
	sqlite3_stmt *s = NULL;
	int rc = TK_OK;

	if (sqlite3_prepare_v2(db,
			       "SELECT 1 FROM pragma_table_info('event_more') WHERE name = lower(?)", -1, &s,
			       NULL) != SQLITE_OK ||
	    sqlite3_bind_text(s, 1, event_fields[f].id, -1, SQLITE_STATIC) != SQLITE_OK)
		rc = schema_error(db, "ledger", e);
	*has = rc == TK_OK && sqlite3_step(s) == SQLITE_ROW;
	sqlite3_finalize(s);
	return rc;
}

/* A ledger that is made anew has them already: its tables come from the fields of today. */
static int add_later_columns(sqlite3 *db, struct err *e)
{
	int rc = TK_OK;

	for (enum field_id f = event_parts[P_EV].first; f < part_end(P_EV) && rc == TK_OK; f++) {
		struct buf sql;
		bool has = true;

		if (!schema_later(f) || (rc = has_column(db, f, &has, e)) != TK_OK || has)
			continue;
		buf_init(&sql, 256);
		buf_str(&sql, "ALTER TABLE event_more ADD COLUMN ");
		column_name(&sql, f);
		buf_fmt(&sql, " %s", column_type(event_fields[f].type));
		rc = schema_exec(db, buf_cstr(&sql), e);
		buf_free(&sql);
	}
	return rc;
}

static int add_repricing(sqlite3 *db, struct err *e)
{
	int rc = schema_exec(db, repricing, e);

	if (rc == TK_OK)
		rc = add_later_columns(db, e);
	return rc == TK_OK ? views_of_events(db, e) : rc;
}

/* Is the finding in the trail as its day's last closing left it? */
static int add_told(sqlite3 *db, struct err *e)
{
	return schema_exec(db, "ALTER TABLE finding ADD COLUMN told INTEGER NOT NULL DEFAULT 0", e);
}

/* Calls that two inputs see (core/ledger/twins.h). */
static const char twin_tables[] =
	/* lines without an event of their own: they wait for their twin, or were joined with it */
	"CREATE TABLE half (minute INTEGER NOT NULL, id BLOB NOT NULL, ordinal INTEGER NOT NULL,"
	" input INTEGER NOT NULL, PRIMARY KEY (minute, id)) STRICT, WITHOUT ROWID;\n"
	/* views whose twin may come. event: what waits (seq is 0); NULL: recorded as seq */
	"CREATE TABLE call (n INTEGER PRIMARY KEY, side INTEGER NOT NULL, request TEXT, response TEXT,"
	" start INTEGER NOT NULL, completion INTEGER NOT NULL, due INTEGER NOT NULL, id BLOB NOT NULL,"
	" input INTEGER NOT NULL, seq INTEGER NOT NULL, event BLOB) STRICT;\n"
	"CREATE INDEX call_request ON call (request, side, completion) WHERE request IS NOT NULL;\n"
	"CREATE INDEX call_response ON call (response, side, completion) WHERE response IS NOT NULL;\n"
	"CREATE INDEX call_due ON call (due, n) WHERE event IS NOT NULL;\n"
	/* events in whose place another one stands */
	"CREATE TABLE superseded (seq INTEGER PRIMARY KEY, successor INTEGER NOT NULL) STRICT;\n"
	/* answers whose usage was counted */
	"CREATE TABLE answer (n INTEGER PRIMARY KEY, provider TEXT NOT NULL, id TEXT NOT NULL,"
	" UNIQUE (id, provider)) STRICT;\n"
	"CREATE VIEW event_now AS SELECT * FROM event WHERE seq NOT IN (SELECT seq FROM superseded);\n"
	"DROP VIEW IF EXISTS events;\n";

/* A ledger that was made before the field was. */
static int add_field(sqlite3 *db, enum field_id f, struct err *e)
{
	sqlite3_stmt *s = NULL;
	const char *table = event_parts[event_fields[f].part].table;
	struct buf name, sql;
	int rc;

	buf_init(&name, 256);
	buf_init(&sql, 512);
	column_name(&name, f);
	buf_fmt(&sql, "SELECT 1 FROM pragma_table_info('%s') WHERE name = '%s'", table, buf_cstr(&name));
	rc = sqlite3_prepare_v2(db, buf_cstr(&sql), -1, &s, NULL) == SQLITE_OK ? sqlite3_step(s)
									       : SQLITE_ERROR;
	sqlite3_finalize(s);
	buf_clear(&sql);
	buf_fmt(&sql, "ALTER TABLE %s ADD COLUMN %s %s", table, buf_cstr(&name),
		column_type(event_fields[f].type));
	rc = rc == SQLITE_ROW ? TK_OK : schema_exec(db, buf_cstr(&sql), e);
	buf_free(&name);
	buf_free(&sql);
	return rc;
}

static int add_twins(sqlite3 *db, struct err *e)
{
	struct buf sql;
	int rc = schema_exec(db, twin_tables, e);

	if (rc == TK_OK)
		rc = add_field(db, F_TWIN, e);
	buf_init(&sql, 1 << 16);
	events_view(&sql);
	if (rc == TK_OK)
		rc = schema_exec(db, buf_cstr(&sql), e);
	buf_free(&sql);
	return rc;
}

/* Erasure (core/ledger/erase.h). Seqs here are the trail's. */
static const char erasing_tables[] =
	/* what an erase record allows and is still to be done: runs of records, and by segment the SHA-256 of
	 * its file afterwards (NULL: none, all of it goes), the classes that are then gone from it (bits of
	 * enum record_class) and whether a person asked for it */
	"CREATE TABLE erasing (segment INTEGER NOT NULL, seq_from INTEGER NOT NULL, seq_to INTEGER NOT NULL,"
	" PRIMARY KEY (segment, seq_from)) STRICT, WITHOUT ROWID;\n"
	"CREATE TABLE erasing_file (segment INTEGER PRIMARY KEY, sha256 BLOB, classes INTEGER NOT NULL,"
	" asked INTEGER NOT NULL) STRICT;\n"
	"CREATE TABLE erasing_finding (finding INTEGER PRIMARY KEY) STRICT;\n"
	/* classes that hold nothing more in a segment, so that it is not looked at again */
	"CREATE TABLE erased (segment INTEGER PRIMARY KEY, classes INTEGER NOT NULL) STRICT;\n"
	/* days whose calls are gone: their findings stay as they are */
	"CREATE TABLE erased_day (day INTEGER PRIMARY KEY) STRICT;\n"
	/* what the chain needs of rows that are gone: the SHA-256 of a transaction's rows of one chained
	   table */
	"CREATE TABLE kept_digest (n INTEGER NOT NULL, chained INTEGER NOT NULL, digest BLOB NOT NULL,"
	" PRIMARY KEY (n, chained)) STRICT, WITHOUT ROWID;\n"
	"CREATE VIEW erasures_due AS SELECT segment FROM erasing_file"
	" UNION ALL SELECT -1 FROM meta WHERE name = 'scrub';\n";

static int add_erasing(sqlite3 *db, struct err *e)
{
	return schema_exec(db, erasing_tables, e);
}

/* Step i brings version i to i + 1. */
static int (*const steps[LEDGER_SCHEMA])(sqlite3 *, struct err *) = {
	create_version_1, add_key_plans, add_memory, add_repricing, add_told, add_twins, add_erasing
};

static int version_of(sqlite3 *db, int *version, struct err *e)
{
	sqlite3_stmt *s = NULL;
	int rc = TK_OK;

	if (sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &s, NULL) != SQLITE_OK ||
	    sqlite3_step(s) != SQLITE_ROW)
		rc = schema_error(db, "ledger", e);
	else
		*version = sqlite3_column_int(s, 0);
	sqlite3_finalize(s);
	return rc;
}

int schema_current(sqlite3 *db, const char *path, struct err *e)
{
	int version = 0, rc = version_of(db, &version, e);

	if (rc != TK_OK)
		return err_wrap(e, "%s", path), rc;
	if (version == 0)
		return err_set(e, TK_ENOTFOUND, "%s holds no ledger yet", path);
	if (version > LEDGER_SCHEMA)
		return schema_newer(path, version, e);
	if (version < LEDGER_SCHEMA)
		return err_set(e, TK_ECONFIG,
			       "%s has the older schema %d: `tochoku run` or `tochoku import` brings"
			       " it up to date",
			       path, version);
	return TK_OK;
}

int schema_upgrade(sqlite3 *db, struct err *e)
{
	char pragma[64];
	int version = 0, rc = version_of(db, &version, e);

	if (rc != TK_OK || version == LEDGER_SCHEMA)
		return rc;
	if (version > LEDGER_SCHEMA)
		return schema_newer(sqlite3_db_filename(db, "main"), version, e);
	if (version > 0 && (rc = schema_copy(db, version, e)) != TK_OK)
		return rc;
	if ((rc = schema_exec(db, "BEGIN IMMEDIATE", e)) != TK_OK)
		return rc;
	for (; version < LEDGER_SCHEMA && rc == TK_OK; version++)
		rc = steps[version](db, e);
	if (rc == TK_EIO && (sqlite3_errcode(db) & 0xff) == SQLITE_ERROR)
		rc = schema_lacks(db, e); /* it is not of the version that it says */
	snprintf(pragma, sizeof pragma, "PRAGMA user_version = %d", LEDGER_SCHEMA);
	if (rc == TK_OK)
		rc = schema_exec(db, pragma, e);
	if (rc == TK_OK)
		rc = schema_exec(db, "COMMIT", e);
	if (rc != TK_OK)
		sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	return rc;
}
