/* How much text a body holds, counted as it passes; nothing of it is kept. Pure. */
#ifndef TK_SENSOR_LLM_TEXT_COUNT_H
#define TK_SENSOR_LLM_TEXT_COUNT_H

#include "core/base/slice.h"

/* Zeroed: nothing yet. */
struct text_count {
	int64_t narrow, wide; /* characters below U+3000; from there on: Japanese, Chinese, Korean, emoji */
	uint8_t escape;	      /* hex digits of \uXXXX still to come */
	bool low;	      /* it may be the second half of a character */
};

/* A piece of a JSON string as json_stream.h hands it on; UTF-8. */
void text_count_piece(struct text_count *t, struct slice raw, bool escaped);
static inline int64_t text_characters(const struct text_count *t)
{
	return t->narrow + t->wide;
}

#endif
