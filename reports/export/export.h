/* An export format: one file that ends in one const struct export_format, one line in exports.def. */
#ifndef TK_REPORTS_EXPORT_EXPORT_H
#define TK_REPORTS_EXPORT_EXPORT_H

#include "core/ledger/reader.h"

/* Takes the bytes of an export as they are made. Non-zero from `put` stops it and is returned. */
struct export_sink {
	int (*put)(void *ctx, struct slice bytes, struct err *e);
	void *ctx;
};

struct export_format {
	const char *name, *doc;
	/* Records chosen by @timestamp in [from, to) ns, in order of seq, then the trailer. */
	int (*run)(struct ledger_reader *r, int64_t from_ns, int64_t to_ns, const struct export_sink *sink,
		   int64_t *count, struct err *e);
};

/* exports.c: the roof of the folder. */
const struct export_format *export_by_name(struct slice name); /* NULL: none */

#endif
