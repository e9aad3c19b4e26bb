#include "core/ledger/dictionary.h"

#include <stdlib.h>

#include "core/base/map.h"
#include "core/event/varint.h"
#include "core/event/wire.h"
#include "core/ledger/part_row.h"
#include "core/ledger/schema.h"
#include "core/ledger/statement.h"

struct dictionary {
	sqlite3 *db;
	struct chain *chain;
	struct map *parts[P_COUNT]; /* encoded part -> row */
	sqlite3_stmt *insert[P_COUNT];
	int64_t next[P_COUNT];
	struct map *labels; /* name -> number; the i-th entry has number i + 2 */
	sqlite3_stmt *insert_label;
	struct buf scratch;
	int64_t overflow;
};

static void key_of(struct buf *out, enum part_id id, const struct part *p, uint32_t absent_event)
{
	buf_clear(out);
	put_varint(out, absent_event);
	part_encode(p, id, false, out);
}

static int load_parts(struct dictionary *d, enum part_id id, struct err *e)
{
	struct buf sql;
	sqlite3_stmt *s = NULL;
	int rc;

	buf_init(&sql, 4096);
	part_row_select(&sql, id);
	buf_fmt(&sql, " ORDER BY id LIMIT %d", DICTIONARY_MAX);
	rc = statement_prepare(d->db, &s, buf_cstr(&sql), e);
	while (rc == TK_OK && (rc = statement_row(s, e)) == TK_OK) {
		struct part p;
		uint32_t absent_event;

		part_row_read(s, id, &p, &absent_event);
		key_of(&d->scratch, id, &p, absent_event);
		map_put(d->parts[id], buf_slice(&d->scratch), sqlite3_column_int64(s, 0));
	}
	sqlite3_finalize(s);
	buf_free(&sql);
	d->next[id] = chain_last_id(d->chain, id) + 1;
	return rc == TK_EEND ? TK_OK : rc;
}

static int load_labels(struct dictionary *d, struct err *e)
{
	sqlite3_stmt *s = NULL;
	int rc = statement_prepare(d->db, &s, "SELECT value FROM label WHERE id > 1 ORDER BY id", e);

	while (rc == TK_OK && (rc = statement_row(s, e)) == TK_OK)
		map_put(d->labels, column_text(s, 0), (int64_t)map_count(d->labels) + 2);
	sqlite3_finalize(s);
	return rc == TK_EEND ? TK_OK : rc;
}

static int prepare(struct dictionary *d, struct err *e)
{
	int rc = statement_prepare(d->db, &d->insert_label, "INSERT INTO label VALUES (?, ?)", e);

	for (int p = P_EV + 1; p < P_COUNT && rc == TK_OK; p++) {
		struct buf sql;

		buf_init(&sql, 4096);
		part_row_insert(&sql, p);
		rc = statement_prepare(d->db, &d->insert[p], buf_cstr(&sql), e);
		buf_free(&sql);
	}
	return rc;
}

int dictionary_open(struct dictionary **out, sqlite3 *db, struct chain *chain, struct err *e)
{
	struct dictionary *d = calloc(1, sizeof *d);
	int rc;

	if (d == NULL)
		return err_set(e, TK_ENOMEM, "ledger: no memory for the dictionaries");
	d->db = db;
	d->chain = chain;
	buf_init(&d->scratch, 1 << 20);
	rc = (d->labels = map_new(LEDGER_LABELS - 2, DICTIONARY_BYTES)) == NULL ? TK_ENOMEM : prepare(d, e);
	if (rc == TK_OK)
		rc = load_labels(d, e);
	for (int p = P_EV + 1; p < P_COUNT && rc == TK_OK; p++) {
		d->parts[p] = map_new(DICTIONARY_MAX, DICTIONARY_BYTES);
		rc = d->parts[p] == NULL ? TK_ENOMEM : load_parts(d, p, e);
	}
	if (rc != TK_OK) {
		dictionary_free(d);
		return rc;
	}
	*out = d;
	return TK_OK;
}

void dictionary_free(struct dictionary *d)
{
	if (d == NULL)
		return;
	for (int p = 0; p < P_COUNT; p++) {
		map_free(d->parts[p]);
		sqlite3_finalize(d->insert[p]);
	}
	map_free(d->labels);
	sqlite3_finalize(d->insert_label);
	buf_free(&d->scratch);
	free(d);
}

int64_t dictionary_overflow(const struct dictionary *d)
{
	return d->overflow;
}

int dictionary_part(struct dictionary *d, enum part_id id, const struct part *p, uint32_t absent_event,
		    int64_t *row, struct err *e)
{
	int64_t *known;

	key_of(&d->scratch, id, p, absent_event);
	known = map_get(d->parts[id], buf_slice(&d->scratch));
	if (known != NULL) {
		*row = *known;
		return TK_OK;
	}
	*row = d->next[id]++;
	if (map_put(d->parts[id], buf_slice(&d->scratch), *row) == NULL)
		d->overflow++;
	part_row_chain(chain_bytes(d->chain, chain_of(id)), id, *row, p, absent_event);
	chain_row(d->chain, chain_of(id), *row);
	part_row_bind(d->insert[id], id, *row, p, absent_event);
	return statement_run(d->insert[id], e);
}

int dictionary_reload(struct dictionary *d, struct err *e)
{
	return load_labels(d, e);
}

struct slice dictionary_name(const struct dictionary *d, int64_t label)
{
	return label > LABEL_OTHER && (size_t)label - 2 < map_count(d->labels)
		       ? map_key(d->labels, (size_t)label - 2)
		       : slice_of(NULL, 0);
}

int dictionary_label(struct dictionary *d, struct slice name, int64_t *label, struct err *e)
{
	int64_t *known;

	*label = LABEL_UNKNOWN;
	if (name.n == 0)
		return TK_OK;
	known = map_get(d->labels, name);
	if (known == NULL) {
		*label = (int64_t)map_count(d->labels) + 2;
		if (map_put(d->labels, name, *label) == NULL) {
			d->overflow++;
			*label = LABEL_OTHER;
			return TK_OK;
		}
		bind_i64(d->insert_label, 1, *label);
		bind_text(d->insert_label, 2, name);
		return statement_run(d->insert_label, e);
	}
	*label = *known;
	return TK_OK;
}
