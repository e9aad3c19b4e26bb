/* Memory of one report, released as a whole. A zeroed struct is an empty pool. One thread. */
#ifndef TK_REPORTS_POOL_H
#define TK_REPORTS_POOL_H

#include "core/base/slice.h"

struct pool_block;
struct pool {
	struct pool_block *blocks;
	bool failed; /* no memory at some call: sticky, told once at the end */
};

void *pool_get(struct pool *p, size_t n);               /* zeroed, aligned; NULL without memory */
const char *pool_copy(struct pool *p, struct slice text); /* NUL behind; "" without memory */
void pool_free(struct pool *p);

#endif
