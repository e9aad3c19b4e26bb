/* What passes while nothing can be recorded: counted by input and quarter of an hour, and kept where a kill
 * does not reach it: in the first bytes of the reserve, the file beside the ledger whose rest is given up to
 * make room. One hole becomes one gap record. */
#ifndef TK_SENSOR_RECORDER_HOLE_H
#define TK_SENSOR_RECORDER_HOLE_H

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/event/loss.h"

#define HOLE_ROWS 512
#define HOLE_CAUSE 200
#define HOLE_BYTES (256 << 10) /* of the reserve, for the hole's own text */

struct hole_row {
	char input[256];
	int64_t minute; /* UTC, since 1970; a multiple of 15 */
	uint8_t reason; /* enum loss_reason */
	int64_t n, bytes;
};
struct hole {
	int64_t since_ns;	/* UTC; 0: there is none */
	int64_t calls;		/* not recorded */
	char cause[HOLE_CAUSE]; /* one line, printable */
	struct hole_row row[HOLE_ROWS];
	size_t n;
};

void hole_begin(struct hole *h, int64_t now_ns, const char *cause);
/* Adds to the row of the input, quarter and reason. Where there is no place for a new one, to the last row
 * that the input has for that reason, or else to anyone's: rows tell less then, sums stay. */
void hole_add(struct hole *h, const char *input, int64_t minute, enum loss_reason reason, int64_t n,
	      int64_t bytes);

/* The text: "tochoku hole 1", then lines "since NS", "calls N", "cause TEXT", "loss MINUTE REASON N BYTES
 * INPUT". */
void hole_put(const struct hole *h, struct buf *out);
/* Reads it from the beginning of a file. A line that is cut off or wrong ends it: what stood before holds.
 * False: there is no hole. Pure. */
bool hole_parse(struct slice text, struct hole *out);

/* ---- the reserve (reserve.c) ---- */
/* Makes it whole: `size` bytes (HOLE_BYTES at least) that are the file's own. TK_EFULL: there is no room for
 * it. */
int reserve_make(const char *path, int64_t size, struct err *e);
/* Writes the hole into it, and gives up the rest. */
int reserve_give_up(const char *path, const struct hole *h, struct err *e);
/* The hole in it; none where there is no file, or nothing in it. */
bool reserve_hole(const char *path, struct hole *out);
/* Its hole was recorded. */
int reserve_clear(const char *path, struct err *e);

#endif
