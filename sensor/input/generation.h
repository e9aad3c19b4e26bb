/* File identity: which generation of a log a file is (wire.h struct generation), by device, inode and
 * the bytes themselves. A rotation renames, copies or compresses; the bytes stay.
 * Hashes are over plain bytes. Not for several threads. */
#ifndef TK_SENSOR_INPUT_GENERATION_H
#define TK_SENSOR_INPUT_GENERATION_H

#include "core/base/hash.h"
#include "core/event/wire.h"

/* A file at the watched path itself (no rotation made it) is taken for a copy of an older one only when
 * this many bytes agree: two young logs may well begin alike. */
#define GENERATION_SURE 4096

/* The bytes that identify a stream while it is read in chunks: its first ones, the last ones seen, and
 * those before the position (the end of the last whole line, which lags behind what was seen). */
struct gen_track {
	uint64_t seen_end;          /* bytes of the stream before the current chunk */
	uint32_t prefix_n, seen_n, tail_n;
	uint8_t prefix[GENERATION_PREFIX], seen[GENERATION_TAIL], tail[GENERATION_TAIL];
};

void gen_track_reset(struct gen_track *t);
/* Begins at a position in the middle: the first bytes and the bytes before it. */
void gen_track_resume(struct gen_track *t, uint64_t position, struct slice prefix, struct slice before);
/* For each chunk: begin, any number of positions inside or before it, ascending, then end. */
void gen_track_begin(struct gen_track *t, struct slice chunk);
void gen_track_position(struct gen_track *t, struct slice chunk, uint64_t position);
void gen_track_end(struct gen_track *t, struct slice chunk);
/* Fills position and the hashes of g for the position last told. */
void gen_track_hash(const struct gen_track *t, struct sha256 *sha, uint64_t position, struct generation *g);

/* Do the first bytes of the stream agree with g? `head` has min(size, GENERATION_PREFIX) bytes; a head
 * shorter than g's prefix does not agree. */
bool generation_prefix_is(const struct generation *g, struct slice head, struct sha256 *sha);
/* Do the bytes before g's position? `before` ends there. */
bool generation_tail_is(const struct generation *g, struct slice before, struct sha256 *sha);
/* Both, of a plain file of at least g->position bytes. */
bool generation_is(const struct generation *g, int fd, uint64_t size, struct sha256 *sha);

enum gen_owner {
	GEN_FREE,     /* known from the ledger, or parked: no file claimed it yet */
	GEN_HELD,     /* a file is being read as this */
	GEN_RELEASED, /* its file was truncated: a copy may turn up */
	GEN_RETIRED,  /* read to its end and given back; a copy of it adds nothing */
	GEN_LOST      /* given up: a gap says so */
};

struct gen_entry {
	struct generation g;  /* as committed: the last acknowledged state */
	struct generation seen; /* as read, what is on its way included: copies are told by it */
	uint32_t input;
	char *base;           /* the configured path that it belongs to; owned by the book */
	enum gen_owner owner;
	bool gone;            /* its file has no name any more */
	bool grew;            /* it was being written shortly before it was released */
	bool parked;          /* given back for want of descriptors: it is not missing */
	int64_t since;        /* monotonic ns: when owner last changed */
	uint64_t known_size;  /* bytes known to exist, 0: no more than position */
	unsigned in_flight;   /* batches not acknowledged yet */
	const void *holder;   /* whose it is while GEN_HELD */
};

/* All generations that this sensor knows of. Entries are never removed; an entry's number is stable. */
struct gen_book {
	struct gen_entry *list;
	size_t n, cap;
	uint64_t version;     /* raised when an owner changes: deferred decisions look again */
};

void gen_book_free(struct gen_book *b);
/* The entry's number, or -1 without memory. The base is copied. */
int64_t gen_book_add(struct gen_book *b, uint32_t input, struct slice base, const struct generation *g,
		     int64_t now);
void gen_book_own(struct gen_book *b, size_t i, enum gen_owner owner, const void *holder, int64_t now);

/* Who asks which generation it is. */
struct gen_query {
	uint32_t input;
	struct slice base;
	bool is_base;         /* the file is at the watched path itself */
	uint64_t dev, ino, size;
	int fd;               /* plain files */
};

/* May a file like this be entry e at all, by everything but its bytes? */
bool gen_may_be(const struct gen_entry *e, const struct gen_query *q);
/* The same device and inode with bytes that agree: the entry's number or -1. Plain files. */
int64_t gen_book_exact(const struct gen_book *b, const struct gen_query *q, struct sha256 *sha);
/* The generation that the bytes of a plain file say: the one of the largest position, and among equal
 * ones rather a free one than one whose file is still held. -1: none. */
int64_t gen_book_content(const struct gen_book *b, const struct gen_query *q, struct sha256 *sha);
/* Is entry a a better answer than entry b (-1: none yet), both agreeing? */
bool gen_better(const struct gen_book *book, size_t a, int64_t b);

#endif
