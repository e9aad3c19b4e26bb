#include "core/review/journal.h"

#include <stdlib.h>

#include "core/base/json.h"
#include "core/base/zone.h"
#include "core/ledger/ledger.h"
#include "core/ledger/reader.h"

#define MEMBERS_MAX 48

/* The entry, its members and their text lie in one block. */
static struct journal_entry *make(const struct journal_member *m, size_t n, size_t text)
{
	struct journal_entry *e = malloc(sizeof *e + n * sizeof *m + text);
	uint8_t *at;

	if (e == NULL)
		return NULL;
	*e = (struct journal_entry){ .n = n, .member = (struct journal_member *)(e + 1) };
	at = (uint8_t *)(e->member + n);
	for (size_t i = 0; i < n; i++) {
		const struct slice *from[] = { &m[i].key, &m[i].value };
		struct slice *to[] = { &e->member[i].key, &e->member[i].value };

		for (int k = 0; k < 2; k++) {
			size_t len = json_unescape(*from[k], at);

			*to[k] = slice_of(at, len == SIZE_MAX ? 0 : len);
			at += to[k]->n;
		}
	}
	return e;
}

static bool parse(struct slice body, struct journal_member *m, size_t *n, size_t *text)
{
	struct json j;
	enum json_type t;

	*n = *text = 0;
	json_init(&j, body);
	if (json_next(&j) != JSON_OBJECT_BEGIN)
		return false;
	while ((t = json_next(&j)) == JSON_KEY) {
		if (*n == MEMBERS_MAX)
			return false;
		m[*n].key = j.text;
		t = json_next(&j);
		if (t != JSON_STRING && t != JSON_NUMBER)
			return false;
		m[*n].value = j.text;
		*text += m[*n].key.n + m[*n].value.n;
		++*n;
	}
	return t == JSON_OBJECT_END && json_next(&j) == JSON_END;
}

int journal_add(struct journal *j, int64_t seq, int64_t ts_ns, struct slice body, struct err *e)
{
	struct journal_member m[MEMBERS_MAX];
	struct journal_entry *entry;
	size_t n, text;

	if (!parse(body, m, &n, &text))
		return err_set(e, TK_EMALFORMED, "record %lld is no flat object", (long long)seq);
	if (j->n == j->cap) {
		size_t cap = j->cap == 0 ? 64 : 2 * j->cap;
		struct journal_entry **p = realloc(j->p, cap * sizeof *p);

		if (p == NULL)
			return err_set(e, TK_ENOMEM, "no memory for the records of reviews");
		j->p = p;
		j->cap = cap;
	}
	if ((entry = make(m, n, text)) == NULL)
		return err_set(e, TK_ENOMEM, "no memory for the records of reviews");
	entry->seq = seq;
	entry->ts_ns = ts_ns;
	entry->action = journal_get(entry, "action");
	entry->actor = journal_get(entry, "actor");
	j->p[j->n++] = entry;
	return TK_OK;
}

static int take(void *ctx, int64_t seq, int64_t ts_ns, struct slice body)
{
	struct err e;
	int rc = journal_add(ctx, seq, ts_ns, body, &e);

	return rc == TK_EMALFORMED ? TK_OK : rc; /* of a kind that this program does not fold */
}

int journal_load(struct journal *j, struct ledger *l, struct err *e)
{
	*j = (struct journal){ 0 };
	return ledger_reviews(l, take, j, e);
}

int journal_read(struct journal *j, struct ledger_reader *r, struct err *e)
{
	*j = (struct journal){ 0 };
	return ledger_read_reviews(r, take, j, e);
}

void journal_free(struct journal *j)
{
	for (size_t i = 0; i < j->n; i++)
		free(j->p[i]);
	free(j->p);
	*j = (struct journal){ 0 };
}

struct slice journal_get(const struct journal_entry *e, const char *key)
{
	for (size_t i = 0; i < e->n; i++)
		if (slice_is(e->member[i].key, key))
			return e->member[i].value;
	return slice_of(NULL, 0);
}

int64_t journal_i64(const struct journal_entry *e, const char *key, int64_t otherwise)
{
	int64_t v;

	return json_i64(journal_get(e, key), &v) ? v : otherwise;
}

int64_t journal_time(const struct journal_entry *e, const char *key, int64_t otherwise)
{
	int64_t ns;

	return time_parse_rfc3339(journal_get(e, key), false, &ns) ? ns : otherwise;
}
