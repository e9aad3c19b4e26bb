/* Parts of events that recur, found again by the raw texts that they are made from: who, from where, what and
 * with what a line was asked is then neither parsed nor masked again, and the batch knows the part by its
 * serial number. It changes the speed of parsing, never its result; a parser says what a part depends on. */
#ifndef TK_SENSOR_FIELDS_MEMO_H
#define TK_SENSOR_FIELDS_MEMO_H

#include "core/event/event.h"
#include "sensor/fields/context.h"

#define MEMO_PIECES 12
#define MEMO_ROOM 480
#define MEMO_SETS 1024 /* a power of two */
#define MEMO_WAYS 4

/* All that one part is made from. */
struct memo_key {
	uint32_t n, marks; /* marks: what is no text, such as which texts are there */
	struct slice piece[MEMO_PIECES];
};

struct memo {
	uint32_t marks;
	uint8_t length[MEMO_PIECES];
	struct part part;
	uint8_t room[MEMO_ROOM]; /* the pieces, then the part's texts */
};

/* Hashes stand together and entries closely: few lines of the processor's cache are touched. */
struct memo_set {
	uint64_t hash[MEMO_WAYS];
	uint16_t at[MEMO_WAYS]; /* place of the entry + 1; 0: none */
};

struct memo_table {
	struct memo_set set[MEMO_SETS];
	size_t n;
	struct memo entry[MEMO_SETS * MEMO_WAYS];
};

/* The first of a key's marks: the same texts may mean another thing in another format. */
enum memo_format { MEMO_COMBINED, MEMO_JSON, MEMO_FORMATS = 4 };

static inline void memo_begin(struct memo_key *k, enum memo_format f)
{
	k->n = 0;
	k->marks = f;
}

/* Mark number i, from 0 on. */
static inline void memo_mark(struct memo_key *k, unsigned i)
{
	k->marks |= (uint32_t)MEMO_FORMATS << i;
}

static inline void memo_piece(struct memo_key *k, struct slice s)
{
	k->piece[k->n++] = s;
}

/* The parts that a line's texts make: WHERE, WHO, WHAT and HOW. */
#define MEMO_FIRST P_WHERE
#define MEMO_END (P_HOW + 1)

/* Points the parts of `ev` at remembered ones, which are read only. False: not all of them are known, and
 * nothing was done. */
bool memo_recall(struct parse_cache *c, const struct memo_key key[MEMO_END], struct access_event *ev);
/* Remembers the parts as they are now. Not one with a text that hides a secret, or may do so: only what the
 * event shows as it was written is kept. */
void memo_keep(const struct parse_context *ctx, const struct memo_key key[MEMO_END],
	       const struct access_event *ev);

#endif
