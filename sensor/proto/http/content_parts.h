/* What the files of the content codings share; private to them. A family of codings is a struct
 * content_coding, one file each (content_zlib.c, content_brotli.c, content_zstd.c). Whatever it does depends
 * on the coded bytes and not on how they were cut. */
#ifndef TK_SENSOR_PROTO_HTTP_CONTENT_PARTS_H
#define TK_SENSOR_PROTO_HTTP_CONTENT_PARTS_H

#include <brotli/decode.h>
#include <libdeflate.h>
#include <zlib.h>
#include <zstd.h>

#include "sensor/proto/http/content.h"

/* What the first bytes say. */
enum content_begins {
	BEGINS_MORE, /* they are too few */
	BEGINS_NOT,  /* this is not coded */
	BEGINS_GZIP,
	BEGINS_ZLIB,
	BEGINS_RAW,
	BEGINS_OTHER,
	BEGINS_SKIPPED /* zstd: a frame without content */
};

enum content_step {
	STEP_INPUT,  /* the input is used up */
	STEP_ROOM,   /* the room is full; there may be more */
	STEP_MEMBER, /* a member is over; another one may follow */
	STEP_OVER,   /* the stream is over */
	STEP_DAMAGED,
	STEP_WINDOW, /* it wants a larger window than is allowed */
	STEP_MEMORY
};

/* What one body at one stage needs; it serves any coding. */
struct content_decoder {
	z_stream z;
	struct content_brotli *brotli;
	ZSTD_DCtx *zstd;
	struct content_frame {       /* of zstd: where in a frame the next byte stands */
		size_t wants;        /* bytes, as zstd said last */
		uint32_t block;      /* bytes to the end of the block under way; 0: there is none */
		uint8_t head[3], head_n; /* of a block */
		bool raw, last;      /* of the block; last: no other follows */
		bool full;           /* the last room was filled: there may be more */
	} frame;
	bool z_ready;
	bool waits;                  /* for more bytes, which the cap of the ratio asks for, to decode any */
	uint8_t how;                 /* enum content_begins, of this member */
	int32_t next;                /* free one */
	uint64_t in, out;            /* of this body, all members together */
	uint64_t held;               /* bytes of memory, as accounted */
};

struct content_room {
	uint8_t *p;
	size_t n;
};

/* What decodes whole bodies, one after another. */
struct content_tools {
	struct libdeflate_decompressor *deflate;
	ZSTD_DCtx *zstd;
};

struct content_coding {
	/* `behind` a member: does another one begin? CONTENT_FIRST_MAX bytes suffice. */
	enum content_begins (*begins)(struct slice first, bool behind);
	/* Ready for a member's first byte. False: no memory. */
	bool (*begin)(struct content_decoder *d, enum content_begins how);
	/* Takes from *in, fills *room; both become what is left. */
	enum content_step (*step)(struct content_decoder *d, struct slice *in, struct content_room *room);
	/* Decodes a body that is whole and sound, one member or frame, into the room, which becomes what it
	 * holds. False: it is not that, or does not fit. Of a sound body steps put out the same; which are
	 * sound is the library's to say, and zstd's says so of some here that it refuses in steps. */
	bool (*whole)(struct content_tools *tools, struct slice coded, struct content_room *room);
	/* Frees what the coding allocated. Legal when it did not. */
	void (*drop)(struct content_decoder *d);
	/* The decoder keeps what was allocated, for the next body. Only where the next one cannot tell. */
	bool kept;
	uint32_t base, window; /* bytes that it needs at once, and at most for what it has put out */
};

/* content_whole.c */
#define CONTENT_WHOLE_MAX (256u << 10)			  /* bytes that are decoded at once: below all caps */
struct content_whole *content_whole_new(uint32_t bodies); /* NULL: no memory */
void content_whole_free(struct content_whole *w);
/* Where no place is free the body does not wait. */
void content_whole_take(struct content_whole *w, struct content_wait *wait);
/* False: the body is too long to wait. */
bool content_whole_add(struct content_whole *w, struct content_wait *wait, struct slice bytes);
/* The body waits no more; its bytes hold until the next one is taken. */
struct slice content_whole_give(struct content_whole *w, struct content_wait *wait);
/* The plain bytes hold until the next body is decoded. */
bool content_whole_decode(struct content_whole *w, const struct content_coding *coding, struct slice coded,
			  struct slice *plain);

extern const struct content_coding content_gzip, content_deflate, content_brotli, content_zstd;

#endif
