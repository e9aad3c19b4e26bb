/* A trail's record lines as they lie there, sealed ones and those of the open segment, in order, also while
 * the trail is written and sealed. Nothing is checked here but that lines are where they belong (verify.h).
 * One thread. */
#ifndef TK_TRAIL_READER_H
#define TK_TRAIL_READER_H

#include "core/trail/texts.h"

struct trail_line {
	int64_t seq, segment;
	struct slice text; /* without its LF; a stub where it begins with '#'. Until the next call */
};

struct trail_reader;
/* end: the seq behind the last record to be read; those before it are there, or will be in a moment. */
int trail_reader_open(struct trail_reader **out, const char *folder, int64_t end, struct err *e);
void trail_reader_close(struct trail_reader *r); /* NULL is legal */
/* The next record from number `seq` on, ascending from call to call. Segments before it are passed over
 * unread, those that were removed too. TK_EEND: no more; TK_EMALFORMED: what lies there is no trail. */
int trail_reader_next(struct trail_reader *r, int64_t seq, struct trail_line *out, struct err *e);
/* Records that were passed over because their segment's file is not there. */
int64_t trail_reader_gone(const struct trail_reader *r);

/* The seq behind the last record of every sealed segment that was closed before or at `seconds` (UTC): what
 * was recorded later is there or behind it. 0: none was, or its manifest says nothing. */
int64_t trail_seq_at(const char *folder, int64_t seconds);
/* The number of sealed segments, by their manifests; 0: none, or no trail. */
int64_t trail_sealed(const char *folder);

#endif
