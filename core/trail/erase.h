/* Taking records out of sealed segments (audit-trail.md 3.2 and 6): their lines become stubs, which keep what
 * the chain and the tree need, or a whole file goes. Whether that may be is not judged here. Any process that
 * holds the ledger's lock; one thread. */
#ifndef TK_TRAIL_ERASE_H
#define TK_TRAIL_ERASE_H

#include "core/trail/texts.h"

struct trail_run {
	int64_t first, last; /* seq, both included */
};
/* A segment's manifest and the SHA-256 of its text. TK_ENOTFOUND: it is not sealed. */
int trail_segment_manifest(const char *folder, int64_t segment, struct manifest *m, struct hash32 *text,
			   struct err *e);
/* Each line of a sealed segment, stubs too, without its LF; it lives for the call. TK_ENOTFOUND: its file is
 * not there. What `line` returns beside TK_OK ends it. */
typedef int (*segment_line_fn)(void *ctx, int64_t seq, struct slice line);
int trail_segment_lines(const char *folder, const struct manifest *m, segment_line_fn line, void *ctx,
			struct err *e);
/* The SHA-256 that the file has once these ascending runs are stubs. */
int trail_segment_cut_hash(const char *folder, const struct manifest *m, const struct trail_run *run,
			   size_t n, struct hash32 *out, struct err *e);
/* Makes them stubs, durably; a second time changes nothing. A file that was compressed is plain then.
 * TK_EMALFORMED, and nothing is done: the result would not have this SHA-256. */
int trail_segment_cut(const char *folder, const struct manifest *m, const struct trail_run *run, size_t n,
		      const struct hash32 *want, struct err *e);
/* The whole file; none is legal. */
int trail_segment_remove(const char *folder, const struct manifest *m, struct err *e);

#endif
