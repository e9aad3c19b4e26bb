/* JSON in and out (RFC 8259). In: a bounded pull scanner that allocates nothing and bears
 * cut-off and hostile text. Out: appends to a buf. Pure functions; any thread. */
#ifndef TK_BASE_JSON_H
#define TK_BASE_JSON_H

#include "core/base/buf.h"

enum json_type {
	JSON_ERROR,  /* malformed, cut off, or deeper than JSON_DEPTH: sticky */
	JSON_END,    /* the value is complete and nothing but white space followed */
	JSON_OBJECT_BEGIN, JSON_OBJECT_END, JSON_ARRAY_BEGIN, JSON_ARRAY_END,
	JSON_KEY,    /* text = raw bytes between the quotes */
	JSON_STRING, /* text = raw bytes between the quotes; `escaped` when it holds a backslash */
	JSON_NUMBER, /* text = the number as written */
	JSON_TRUE, JSON_FALSE, JSON_NULL,
};

#define JSON_DEPTH 64

struct json {
	struct slice in;
	size_t pos;
	uint64_t in_object; /* bit per depth: 1 object, 0 array */
	uint8_t depth, state;
	bool escaped;       /* of the last KEY or STRING */
	struct slice text;  /* of the last KEY, STRING, NUMBER; borrows `in` */
};

void json_init(struct json *j, struct slice in);
enum json_type json_next(struct json *j);
/* After a KEY or before an array element: passes over one whole value. False on error. */
bool json_skip(struct json *j);
/* Where the string ends whose body begins at `at`, behind its opening quote: the position of the closing
 * one, or SIZE_MAX where json_next would say JSON_ERROR. */
size_t json_string_end(struct slice in, size_t at, bool *escaped);
/* Undoes escapes of a KEY or STRING text into out (at least text.n bytes; UTF-8; lone surrogates
 * become U+FFFD). Returns the bytes written, or SIZE_MAX on a bad escape. */
size_t json_unescape(struct slice text, uint8_t *out);
/* A NUMBER's text as an integer: true only if it is whole (1e3 and 5.0 are) and fits. */
bool json_i64(struct slice text, int64_t *v);
/* A NUMBER's text (or "2.345") times 10^digits as an integer, half up; exact decimal arithmetic.
 * False when it is no number or does not fit. */
bool json_decimal(struct slice text, int digits, int64_t *v);

/* A member of an object by its name, as written (of a string the bytes between its quotes); empty: there is
 * none. */
struct slice json_member(struct slice object, const char *key);

/* Quoted, escaped; bytes that are not UTF-8 become U+FFFD, so the output is always valid. */
void json_put_string(struct buf *b, struct slice s);

/* Writer of one flat or nested value; puts commas by itself. */
struct json_out {
	struct buf *b;
	bool comma;
};
static inline struct json_out json_out(struct buf *b) { return (struct json_out){ b, false }; }
void json_open(struct json_out *o, char brace);  /* '{' or '[' */
void json_close(struct json_out *o, char brace); /* '}' or ']' */
void json_key(struct json_out *o, const char *key);
void json_str(struct json_out *o, struct slice s);
void json_int(struct json_out *o, int64_t v);
void json_bool(struct json_out *o, bool v);
void json_null(struct json_out *o);
void json_micro(struct json_out *o, int64_t micro); /* a decimal in units of 10^-6, without trailing zeros */
void json_raw(struct json_out *o, const char *text); /* already JSON */

#endif
