#include "core/ledger/links.h"

#include <stdlib.h>

#include "core/base/map.h"
#include "core/ledger/dictionary.h"
#include "core/ledger/statement.h"

#define LINKS_MAX (4 * DICTIONARY_MAX)
#define RECENT 4096 /* a power of two: found without hashing bytes */

const struct link_info link_infos[LINK_COUNT] = {
	[LINK_CALLER] = { "caller", { P_WHERE, P_WHO, P_HOW } },
	[LINK_MATTER] = { "matter", { P_WHAT, P_SHAPE, P_WHEN } },
};

struct rows {
	int64_t row[LINK_PARTS];
};

struct recent {
	struct rows rows;
	int64_t id; /* 0: free */
};

struct links {
	struct map *map[LINK_COUNT];
	sqlite3_stmt *insert[LINK_COUNT];
	int64_t last[LINK_COUNT], overflow;
	struct recent recent[LINK_COUNT][RECENT];
};

static int load(struct links *l, sqlite3 *db, enum link which, struct err *e)
{
	sqlite3_stmt *s = NULL;
	struct buf sql;
	int rc;

	buf_init(&sql, 1024);
	buf_fmt(&sql, "SELECT * FROM %s ORDER BY id", link_infos[which].table);
	rc = statement_prepare(db, &s, buf_cstr(&sql), e);
	while (rc == TK_OK && (rc = statement_row(s, e)) == TK_OK) {
		struct rows r;

		l->last[which] = sqlite3_column_int64(s, 0);
		for (int i = 0; i < LINK_PARTS; i++)
			r.row[i] = sqlite3_column_int64(s, 1 + i);
		map_put(l->map[which], slice_of(&r, sizeof r), l->last[which]);
	}
	sqlite3_finalize(s);
	buf_clear(&sql);
	buf_fmt(&sql, "INSERT INTO %s VALUES (?, ?, ?, ?)", link_infos[which].table);
	if (rc == TK_EEND)
		rc = statement_prepare(db, &l->insert[which], buf_cstr(&sql), e);
	buf_free(&sql);
	return rc;
}

int links_open(struct links **out, sqlite3 *db, struct err *e)
{
	struct links *l = calloc(1, sizeof *l);
	int rc = TK_OK;

	if (l == NULL)
		return err_set(e, TK_ENOMEM, "ledger: no memory for links");
	for (int i = 0; i < LINK_COUNT && rc == TK_OK; i++) {
		l->map[i] = map_new(LINKS_MAX, LINKS_MAX * sizeof(struct rows));
		rc = l->map[i] == NULL ? err_set(e, TK_ENOMEM, "ledger: no memory for links")
				       : load(l, db, i, e);
	}
	if (rc != TK_OK) {
		links_free(l);
		return rc;
	}
	*out = l;
	return TK_OK;
}

void links_free(struct links *l)
{
	if (l == NULL)
		return;
	for (int i = 0; i < LINK_COUNT; i++) {
		map_free(l->map[i]);
		sqlite3_finalize(l->insert[i]);
	}
	free(l);
}

int64_t links_overflow(const struct links *l)
{
	return l->overflow;
}

static int make(struct links *l, enum link which, const struct rows *r, int64_t *id, struct err *e)
{
	int64_t *known = map_get(l->map[which], slice_of(r, sizeof *r));

	if (known != NULL) {
		*id = *known;
		return TK_OK;
	}
	*id = ++l->last[which];
	if (map_put(l->map[which], slice_of(r, sizeof *r), *id) == NULL)
		l->overflow++;
	bind_i64(l->insert[which], 1, *id);
	for (int i = 0; i < LINK_PARTS; i++)
		bind_i64(l->insert[which], 2 + i, r->row[i]);
	return statement_run(l->insert[which], e);
}

/* Rows are numbers of ours: a multiplication spreads them well enough. */
static struct recent *recent_of(struct links *l, enum link which, const struct rows *r)
{
	const uint64_t k = UINT64_C(0x9e3779b97f4a7c15);
	uint64_t h = (uint64_t)r->row[0];

	for (int i = 1; i < LINK_PARTS; i++)
		h = h * k + (uint64_t)r->row[i];
	return &l->recent[which][h * k >> 52 & (RECENT - 1)];
}

int links_find(struct links *l, enum link which, const int64_t rows[P_COUNT], int64_t *id, struct err *e)
{
	const enum part_id *part = link_infos[which].part;
	struct rows r = { { rows[part[0]], rows[part[1]], rows[part[2]] } };
	struct recent *recent = recent_of(l, which, &r);
	int rc = TK_OK;

	if (recent->id == 0 || memcmp(&recent->rows, &r, sizeof r) != 0) {
		rc = make(l, which, &r, &recent->id, e);
		recent->rows = r;
	}
	*id = recent->id;
	return rc;
}
