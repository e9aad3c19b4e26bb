/* Text lines as layouts: values with literal text between them. A format is a table of them; an operator's
 * own (nginx log_format, Apache LogFormat) is compiled into the same. */
#ifndef TK_SENSOR_GATEWAY_LAYOUT_H
#define TK_SENSOR_GATEWAY_LAYOUT_H

#include "core/base/err.h"
#include "sensor/gateway/found.h"

#define PIECES_MAX 64

/* What a value looks like, and so where it ends. */
enum shape {
	SHAPE_TEXT,    /* anything up to the first place from which on all the rest fits */
	SHAPE_CELL,    /* anything up to the first place where what follows begins */
	SHAPE_QUOTED,  /* up to a quotation mark that no backslash escapes */
	SHAPE_WORD,    /* no blank */
	SHAPE_IDENT,   /* a word that is no address */
	SHAPE_ADDRESS, /* an address, "-", "unix:" or a host name */
	SHAPE_NUMBER,  /* "-", or a decimal number with any sign */
	SHAPE_TIME,    /* as log_time takes it, blanks and all */
	SHAPE_LIST,    /* nginx's "a, b : c", one for each upstream tried */
	SHAPE_END      /* nothing: the line ends */
};

#define M_NOTHING M_COUNT /* a value that is passed over */
#define OWN_MAX 4	  /* M_NOTHING + i: a value for the format itself, i from 1 on */

struct piece {
	const char *before; /* the literal in front of the value */
	uint8_t what;	    /* enum member and more */
	uint8_t shape;
	uint8_t rank;	    /* of several that say the same, and are not empty, the highest counts */
	const char *or_end; /* not NULL: the line may end in front of this piece, with this literal */
};

/* How a log writes bytes that it does not write as they are. */
enum escapes {
	ESCAPES_NONE,
	ESCAPES_BACKSLASH, /* \xXX, \", \\ */
	ESCAPES_HASH,	   /* #XX (HAProxy) */
	ESCAPES_PERCENT,   /* %XX on top of what a URL has: undone in what is no URL */
};

struct layout {
	const struct piece *pieces; /* the last is END */
	enum escapes escapes;
	unsigned habits; /* enum habit */
};

/* Rows of a table. */
#define VALUE(before, what, shape) { before, M_##what, SHAPE_##shape, 0, NULL }
#define VALUE_OR_END(before, what, shape, end) { before, M_##what, SHAPE_##shape, 0, end }
#define OWN_VALUE(before, i, shape) { before, M_NOTHING + (i), SHAPE_##shape, 0, NULL }
#define LINE_END(before) { before, M_NOTHING, SHAPE_END, 0, NULL }

/* Fills `f`, and `own` from 1 on (NULL where nobody has own values), if the whole line is of the layout.
 * Escapes are undone into the scratch; without one they stay. */
bool layout_match(const struct layout *l, struct slice line, struct scratch *s, struct found *f,
		  struct slice own[OWN_MAX]);
/* For values that the format takes apart itself. */
struct slice layout_undo(const struct layout *l, unsigned what, struct slice raw, struct scratch *s);
void layout_put(struct found *f, unsigned what, unsigned rank, struct slice text);
/* Its time is one, and its client is an address, as far as the layout has them. */
bool layout_sure(const struct layout *l, const struct found *f);

/* The two functions of a format whose lines are of one of n layouts, tried in turn. */
int layouts_detect(const struct layout *l, size_t n, struct slice line);
int layouts_parse(const struct layout *l, size_t n, struct slice line, const struct parse_context *ctx,
		  struct access_event *ev);

#endif
