/* Plain bytes out of a log file as it lies on the disk: plain, gzip (RFC 1952), zstd (RFC 8878) or xz,
 * told apart by their first bytes. One interface for all, descriptors only. Streaming and bounded:
 * output comes in the caller's chunks, however much the file expands. Not for several threads. */
#ifndef TK_SENSOR_INPUT_CODEC_H
#define TK_SENSOR_INPUT_CODEC_H

#include "core/base/err.h"
#include "core/base/slice.h"

/* One compression: one file that ends in one const struct codec, one line in codecs.def. */
struct codec {
	const char *name;
	struct slice magic;          /* a file or member of it begins so; empty: plain */
	void *(*open)(void);         /* NULL: no memory */
	/* Takes bytes off *in and puts at most `cap` into out, *n of them. TK_OK: call again; TK_AGAIN:
	 * *in is used up, more is needed; TK_EEND: a member is complete; TK_EMALFORMED, TK_ELIMIT with
	 * text. After TK_EEND the next call begins another member. */
	int (*decode)(void *state, struct slice *in, uint8_t *out, size_t cap, size_t *n, struct err *e);
	void (*close)(void *state);
};

/* The codec whose magic this begins with; the plain one where there is none. */
const struct codec *codec_detect(struct slice head);
#define CODEC_MAGIC_MAX 6

struct codec_reader;
/* Reads from the descriptor's byte 0 by pread, from its current place where it cannot seek (a pipe).
 * The descriptor stays the caller's and must outlive the reader. NULL: no memory. */
struct codec_reader *codec_open(int fd);
void codec_close(struct codec_reader *r); /* NULL is legal */
/* TK_OK with *n > 0 bytes. TK_EEND: the end of a sound file. TK_AGAIN: the file ends inside a member:
 * it is cut off, or still being written. TK_EMALFORMED, TK_ELIMIT, TK_EIO with text; what came before
 * the damage is sound (gzip may notice it only at the member's end). After TK_EEND and TK_AGAIN another
 * call sees what was appended since. */
int codec_read(struct codec_reader *r, uint8_t *out, size_t cap, size_t *n, struct err *e);
/* Only a plain file: continue at this byte. TK_EMALFORMED for others, whose bytes must be read again. */
int codec_seek(struct codec_reader *r, uint64_t offset);
/* "plain", "gzip", ...; NULL before the first bytes were read. */
const char *codec_name(const struct codec_reader *r);

#endif
