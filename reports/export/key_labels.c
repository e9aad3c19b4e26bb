#include "reports/export/key_labels.h"

#include <stdlib.h>

#include "core/base/map.h"
#include "reports/pool.h"

#define KEYS 100000
#define KEY_BYTES (KEYS * 32)

struct key_labels {
	struct map *place; /* of a fingerprint in `label` */
	struct pool pool;
	const char **label;
	size_t n;
};

static void take(void *ctx, const struct key_row *row)
{
	struct key_labels *k = ctx;
	int64_t *place = k->n < KEYS ? map_put(k->place, row->fingerprint, (int64_t)k->n) : NULL;

	if (place != NULL && (size_t)*place == k->n)
		k->label[k->n++] = pool_copy(&k->pool, row->id);
}

struct key_labels *key_labels_load(struct ledger_reader *r, struct err *e)
{
	struct key_labels *k = calloc(1, sizeof *k);

	if (k != NULL && (k->place = map_new(KEYS, KEY_BYTES)) != NULL &&
	    (k->label = calloc(KEYS, sizeof *k->label)) != NULL) {
		if (ledger_keys(r, false, take, k, e) == TK_OK && !k->pool.failed)
			return k;
	} else {
		err_set(e, TK_ENOMEM, "out of memory");
	}
	key_labels_free(k);
	return NULL;
}

void key_labels_free(struct key_labels *k)
{
	if (k == NULL)
		return;
	map_free(k->place);
	pool_free(&k->pool);
	free(k->label);
	free(k);
}

struct slice key_labels_find(const struct key_labels *k, struct slice fingerprint)
{
	const int64_t *place = k == NULL ? NULL : map_get(k->place, fingerprint);

	return place == NULL ? slice_of(NULL, 0) : slice_str(k->label[*place]);
}
