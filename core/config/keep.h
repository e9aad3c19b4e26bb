/* Memory that is released, and wiped, as a whole: what a configuration or a YAML tree hangs from.
 * Not for several threads. */
#ifndef TK_CONFIG_KEEP_H
#define TK_CONFIG_KEEP_H

#include "core/base/slice.h"

struct keep_block;
struct keep {
	struct keep_block *blocks; /* a zeroed struct is an empty one */
	bool failed;                /* no memory at some call: sticky */
};

/* Zeroed, aligned for any type; NULL without memory (then k->failed). n may be 0. */
void *keep_get(struct keep *k, size_t n);
/* n zeroed elements; an overflow of the product is "no memory". */
void *keep_array(struct keep *k, size_t n, size_t size);
/* A copy with NUL behind. */
char *keep_copy(struct keep *k, struct slice s);
/* Wipes first: configurations hold API keys. */
void keep_free(struct keep *k);

#endif
