/* What `setup` asks. Private to cli. */
#ifndef TK_CLI_SETUP_H
#define TK_CLI_SETUP_H

#include <stdbool.h>

#include "core/base/buf.h"

enum answer {
#define ANSWER(id, option, preset, question) ANSWER_##id,
#include "cli/setup.def"
#undef ANSWER
	ANSWER_COUNT
};

struct answers {
	const char *of[ANSWER_COUNT]; /* never NULL; empty: left out */
	bool users;		      /* the package's users are there, and root asks */
};

/* The configuration that they make, with comments. */
void setup_write(const struct answers *a, struct buf *out);

#endif
