/* Tokens and lists of header values (RFC 9110 5.6). Pure; any thread. */
#ifndef TK_SENSOR_PROTO_HTTP_TOKEN_H
#define TK_SENSOR_PROTO_HTTP_TOKEN_H

#include "core/base/slice.h"

bool token_char(uint8_t c);
/* What lenient recipients take for white space (RFC 9112 3): SP, HT, VT, FF, CR; and LF, NUL. */
static inline bool token_blank(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r') || c == 0;
}

/* Without blanks on both sides. */
struct slice token_trim(struct slice s);
/* The token that the bytes begin with; empty when they begin with none. */
struct slice token_of(struct slice s);
/* Equal without regard to case (ASCII). */
bool token_same(struct slice s, const char *word);
/* The same with a literal: a name of another length is told at once. */
#define token_is(s, literal) ((s).n == sizeof(literal) - 1 && token_same(s, literal))
/* Takes the next element of a comma-separated list, trimmed, off *list; empty ones are left out. False: no
 * more. */
bool token_list(struct slice *list, struct slice *element);

#endif
