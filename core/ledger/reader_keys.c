/* Keys: the register, and the fingerprints that events bear. */
#include "core/ledger/reader_db.h"

#include <stdlib.h>

#include "core/base/buf.h"

#define KEY_PAGE 200000
#define KEY_USERS 5

/* Calls of [from, to) by who-row, page by page: no index on keys burdens the writer. */
static int count_page(struct ledger_reader *r, struct pairs *t, const int64_t bounds[4], struct err *e)
{
	sqlite3_stmt *s;
	int rc = reader_prepare(r, &s,
				"SELECT dim_who, count(*), sum(coalesce(status BETWEEN 200 AND 399, 0)),"
				" min(timestamp), max(timestamp) FROM event_now WHERE seq BETWEEN ?1 AND ?2"
				" AND timestamp >= ?3 AND timestamp < ?4 GROUP BY dim_who",
				bounds, 4, e);

	while (rc == TK_OK && (rc = reader_step(r, s, e)) == TK_OK) {
		struct pair p = { sqlite3_column_int64(s, 0), 0,
				  sqlite3_column_int64(s, 1), sqlite3_column_int64(s, 2),
				  sqlite3_column_int64(s, 3), sqlite3_column_int64(s, 4) };

		if (!pairs_add(t, &p))
			rc = err_set(e, TK_ENOMEM, "out of memory");
	}
	sqlite3_finalize(s);
	return rc == TK_EEND ? TK_OK : rc;
}

static int count_who(struct ledger_reader *r, struct pairs *t, int64_t from_ns, int64_t to_ns, struct err *e)
{
	struct seq_ranges ranges = { 0 };
	struct seq_range whole = { 0, 0 };
	int rc = from_ns == INT64_MIN
			 ? reader_number(r, "SELECT max(seq) FROM event", NULL, 0, -1, &whole.to, e)
			 : reader_ranges(r, from_ns, to_ns, &ranges, e);
	const struct seq_range *p = from_ns == INT64_MIN ? &whole : ranges.p;
	size_t n = from_ns == INT64_MIN ? 1 : ranges.n;

	for (size_t i = 0; i < n && rc == TK_OK; i++)
		for (int64_t at = p[i].from; rc == TK_OK && at <= p[i].to; at += KEY_PAGE)
			rc = count_page(
				r, t,
				(int64_t[]){ at, at + KEY_PAGE - 1 < p[i].to ? at + KEY_PAGE - 1 : p[i].to,
					     from_ns, to_ns },
				e);
	free(ranges.p);
	pairs_join(t);
	return rc;
}

static const struct pair *pair_of(const struct pairs *t, int64_t a)
{
	size_t low = 0, high = t->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (t->p[middle].a < a)
			low = middle + 1;
		else
			high = middle;
	}
	return low < t->n && t->p[low].a == a ? &t->p[low] : NULL;
}

/* The key being put together from its who-rows. */
struct seen_key {
	struct buf fingerprint, users;
	int64_t first_ns, last_ns, calls;
	size_t n_users, last_at; /* last_at: where the last name begins in users */
};

static void seen_add(struct seen_key *k, const struct pair *p, struct slice user)
{
	if (k->calls == 0 || p->first_ns < k->first_ns)
		k->first_ns = p->first_ns;
	if (k->calls == 0 || p->last_ns > k->last_ns)
		k->last_ns = p->last_ns;
	k->calls = add_saturating(k->calls, p->calls);
	/* users come sorted: a name already there is the last one */
	if (user.n == 0 || (k->n_users > 0 && slice_eq(slice_from(buf_slice(&k->users), k->last_at), user)))
		return;
	if (k->n_users++ < KEY_USERS) {
		buf_str(&k->users, k->users.n == 0 ? "" : ",");
		k->last_at = k->users.n;
		buf_add(&k->users, user);
	} else if (k->n_users == KEY_USERS + 1) {
		buf_str(&k->users, ",…");
	}
}

#define KEY_COLUMNS                                                                                          \
	"id, user, state, kind, owner, department, models, paths, issued, valid_from, expires, revoked"

/* From column `at` on: KEY_COLUMNS. */
static void read_columns(sqlite3_stmt *s, int at, struct key_row *k)
{
	k->id = reader_text(s, at);
	k->user = reader_text(s, at + 1);
	k->state = reader_text(s, at + 2);
	k->kind = reader_text(s, at + 3);
	k->owner = reader_text(s, at + 4);
	k->department = reader_text(s, at + 5);
	k->models = reader_text(s, at + 6);
	k->paths = reader_text(s, at + 7);
	k->issued_ns = sqlite3_column_int64(s, at + 8);
	k->from_ns = sqlite3_column_int64(s, at + 9);
	k->expires_ns = sqlite3_column_int64(s, at + 10);
	k->revoked_ns = sqlite3_column_int64(s, at + 11);
}

static int tell_key(struct ledger_reader *r, sqlite3_stmt *registered, struct seen_key *k, key_row_fn row,
		    void *ctx, struct err *e)
{
	struct key_row out = { .fingerprint = buf_slice(&k->fingerprint),
			       .first_ns = k->first_ns,
			       .last_ns = k->last_ns,
			       .calls = k->calls,
			       .users = buf_slice(&k->users) };
	int rc;

	if (k->calls == 0)
		return TK_OK;
	sqlite3_reset(registered);
	sqlite3_bind_text(registered, 1, (const char *)out.fingerprint.p, (int)out.fingerprint.n,
			  SQLITE_STATIC);
	rc = reader_step(r, registered, e);
	if (rc == TK_OK)
		read_columns(registered, 0, &out);
	if (rc == TK_OK || rc == TK_EEND) {
		row(ctx, &out);
		rc = TK_OK;
	}
	sqlite3_reset(registered);
	return rc;
}

static void seen_begin(struct seen_key *k, struct slice fingerprint)
{
	buf_clear(&k->fingerprint);
	buf_clear(&k->users);
	buf_add(&k->fingerprint, fingerprint);
	k->calls = k->first_ns = k->last_ns = 0;
	k->n_users = k->last_at = 0;
}

/* What each fingerprint has become, over all changes of the fingerprint key. */
#define CURRENT_KEYS                                                                                         \
	"WITH RECURSIVE step (old, now) AS (SELECT old, new FROM key_links UNION SELECT step.old, l.new"     \
	" FROM step JOIN key_links l ON l.old = step.now), current (old, now) AS"                            \
	" (SELECT old, now FROM step WHERE now NOT IN (SELECT old FROM key_links)) "

static int tell_seen(struct ledger_reader *r, const struct pairs *t, key_row_fn row, void *ctx, struct err *e)
{
	struct seen_key k = { 0 };
	sqlite3_stmt *s, *registered = NULL;
	int rc = reader_prepare(r, &s,
				CURRENT_KEYS
				"SELECT w.id, coalesce(c.now, w.key_id) AS key, w.user FROM dim_who w"
				" LEFT JOIN current c ON c.old = w.key_id WHERE w.key_id IS NOT NULL"
				" ORDER BY key, w.user",
				NULL, 0, e);

	buf_init(&k.fingerprint, 4096);
	buf_init(&k.users, 1 << 16);
	if (rc == TK_OK)
		rc = reader_prepare(r, &registered, "SELECT " KEY_COLUMNS " FROM keys WHERE fingerprint = ?1",
				    NULL, 0, e);
	while (rc == TK_OK && (rc = reader_step(r, s, e)) == TK_OK) {
		const struct pair *p = pair_of(t, sqlite3_column_int64(s, 0));

		if (!slice_eq(buf_slice(&k.fingerprint), reader_text(s, 1))) {
			rc = tell_key(r, registered, &k, row, ctx, e);
			seen_begin(&k, reader_text(s, 1));
		}
		if (p != NULL)
			seen_add(&k, p, reader_text(s, 2));
	}
	if (rc == TK_EEND)
		rc = tell_key(r, registered, &k, row, ctx, e);
	buf_free(&k.fingerprint);
	buf_free(&k.users);
	sqlite3_finalize(registered);
	sqlite3_finalize(s);
	return rc;
}

static int tell_registered(struct ledger_reader *r, key_row_fn row, void *ctx, struct err *e)
{
	sqlite3_stmt *s;
	int rc = reader_prepare(
		r, &s, "SELECT fingerprint, " KEY_COLUMNS " FROM keys ORDER BY id, fingerprint", NULL, 0, e);

	while (rc == TK_OK && (rc = reader_step(r, s, e)) == TK_OK) {
		struct key_row k = { .fingerprint = reader_text(s, 0) };

		read_columns(s, 1, &k);
		row(ctx, &k);
	}
	sqlite3_finalize(s);
	return rc == TK_EEND ? TK_OK : rc;
}

int ledger_keys_seen(struct ledger_reader *r, int64_t from_ns, int64_t to_ns, key_row_fn row, void *ctx,
		     struct err *e)
{
	struct pairs t = { 0 };
	int rc = count_who(r, &t, from_ns, to_ns, e);

	if (rc == TK_OK)
		rc = tell_seen(r, &t, row, ctx, e);
	free(t.p);
	return rc;
}

int ledger_keys(struct ledger_reader *r, bool seen, key_row_fn row, void *ctx, struct err *e)
{
	return seen ? ledger_keys_seen(r, INT64_MIN, INT64_MAX, row, ctx, e)
		    : tell_registered(r, row, ctx, e);
}

int ledger_fingerprinted(struct ledger_reader *r, bool *yes, char mark[FINGERPRINT_TEXT + 1], struct err *e)
{
	sqlite3_stmt *s;
	int64_t n;
	int rc = reader_number(r,
			       "SELECT EXISTS (SELECT 1 FROM dim_who WHERE key_id IS NOT NULL) OR EXISTS"
			       " (SELECT 1 FROM keys WHERE state <> 'lost')",
			       NULL, 0, 0, &n, e);

	mark[0] = '\0';
	*yes = n != 0;
	if (rc != TK_OK)
		return rc;
	rc = reader_prepare(r, &s, "SELECT value FROM meta WHERE name = 'fingerprint_mark'", NULL, 0, e);
	if (rc == TK_OK && (rc = reader_step(r, s, e)) == TK_OK && reader_text(s, 0).n == FINGERPRINT_TEXT) {
		memcpy(mark, reader_text(s, 0).p, FINGERPRINT_TEXT);
		mark[FINGERPRINT_TEXT] = '\0';
	}
	sqlite3_finalize(s);
	return rc == TK_EEND ? TK_OK : rc;
}
