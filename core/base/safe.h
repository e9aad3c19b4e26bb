/* Untrusted text for a terminal. Pure; any thread. */
#ifndef TK_BASE_SAFE_H
#define TK_BASE_SAFE_H

#include "core/base/buf.h"
#include "core/base/slice.h"

/* Appends the text with control bytes, ESC, bytes that are not UTF-8 (as \xNN), C1 controls, bidi and
 * zero-width characters (as \uNNNN) made visible: what is printed neither drives a terminal nor
 * reorders a line. */
void safe_text(struct buf *out, struct slice text);
/* Decodes one UTF-8 character (RFC 3629: no overlong forms, surrogates, nor beyond U+10FFFF). Returns its
 * bytes, or 0 when the text begins with none. */
size_t utf8_take(struct slice text, uint32_t *character);

#endif
