/* JSON fed in any pieces (RFC 8259): a push scanner that follows a few wanted members and passes over all
 * else, without allocation. Bodies are megabytes of which some numbers are asked for, so what is not wanted
 * is skipped by its quotes and brackets alone, however deep; only what lies on a wanted path is checked.
 * Several values may follow one another. Bears cut-off and hostile text. A value is told when its end was
 * seen: what is cut is not; a string that is wanted in pieces (JSON_PIECES) is handed on as it passes. Pure;
 * one thread. */
#ifndef TK_SENSOR_LLM_JSON_STREAM_H
#define TK_SENSOR_LLM_JSON_STREAM_H

#include "core/base/json.h"

/* One member that is wanted, or that leads to one. A table of them ends in a row without name. JSON_EACH: the
 * elements of an array. */
struct json_want {
	const char *name;
	uint8_t n, id;                  /* bytes of the name; 0: not told itself */
	bool pieces;                    /* a string of any length is handed on, then told as an empty one */
	const struct json_want *below;  /* its own members; NULL: none is wanted */
};

#define JSON_WANT(name, id, below)                                                                           \
	{                                                                                                    \
		name, sizeof(name) - 1, id, false, below                                                     \
	}
#define JSON_EACH(id, below) JSON_WANT("[]", id, below)
/* A string in pieces; or, with `below`, a container. */
#define JSON_PIECES_OR(name, id, below)                                                                      \
	{                                                                                                    \
		name, sizeof(name) - 1, id, true, below                                                      \
	}
#define JSON_PIECES(name, id) JSON_PIECES_OR(name, id, NULL)
#define JSON_WANT_END                                                                                        \
	{                                                                                                    \
		NULL, 0, 0, false, NULL                                                                      \
	}

#define JSON_STREAM_PATH 12   /* containers on a wanted path; what is deeper is passed over */
#define JSON_STREAM_TEXT 256  /* bytes of a string as written; what is longer is told cut */
#define JSON_STREAM_NUMBER 32 /* longer numbers are not told */
#define JSON_REPEAT 384	      /* bytes of a value's beginning that is known again */

/* A wanted value: JSON_OBJECT_BEGIN ... JSON_ARRAY_END without text, JSON_STRING with its escapes undone,
 * JSON_NUMBER as written, JSON_TRUE, JSON_FALSE, JSON_NULL. The text is borrowed for the call. Members that
 * come twice are told twice. A container of which nothing below is wanted is told by its beginning alone. */
typedef void json_told(void *ctx, uint8_t id, enum json_type type, struct slice text);
/* A piece of a string without backslashes. `escaped`: one byte, which stood behind one. Of a container
 * of which nothing below is wanted: what is behind its first bracket, as written. */
typedef void json_piece(void *ctx, uint8_t id, struct slice raw, bool escaped);

/* The events of a stream begin alike: up to the first string that is wanted in pieces, with names, ids and
 * models that the one before had too. Where a value begins with the same bytes as the last one, they are
 * passed over at once. Members of `from` <= id < `to`, told twice in a row, must be as told once; where
 * others come first, or one of them comes later again, nothing is passed over. */
struct json_repeat {
	uint8_t from, to;
	uint16_t n;    /* bytes; 0: nothing is known */
	bool open;     /* the beginning of this value is being read, which came in one piece */
	uint64_t told; /* members of the beginning, a bit each (id mod 64) */
	const struct json_want *open_rows[JSON_STREAM_PATH], *row; /* the state behind it */
	uint16_t objects;
	uint8_t depth, bytes[JSON_REPEAT];
};

struct json_stream {
	json_told *tell;
	json_piece *piece;            /* NULL: nothing is wanted in pieces */
	struct json_repeat *repeat; /* the caller's; NULL: each value is read from its beginning */
	void *ctx;
	const struct json_want *root; /* one row: what a whole value is */
	const struct json_want *open[JSON_STREAM_PATH];
	const struct json_want *row;  /* of the value that comes or is being read; NULL: unwanted */
	uint64_t values;              /* complete ones */
	uint64_t skipped;             /* brackets open in what is passed over */
	uint16_t objects;             /* bit per depth: 1 object, 0 array */
	uint8_t depth, state;
	bool backslash, cut, fresh; /* fresh: reset, and nothing came since */
	uint16_t n;
	uint8_t text[JSON_STREAM_TEXT];
};

void json_repeat_init(struct json_repeat *r, uint8_t from, uint8_t to);
void json_stream_init(struct json_stream *j, const struct json_want *root, json_told *tell, void *ctx);
void json_stream_push(struct json_stream *j, struct slice bytes);
/* Begins a new value wherever the last one stopped; an error is forgotten. */
void json_stream_reset(struct json_stream *j);
/* What was told by another way: a beginning is not passed over any more. */
void json_stream_forget(struct json_stream *j);
/* Malformed: nothing more is told until the reset. */
bool json_stream_failed(const struct json_stream *j);

#endif
