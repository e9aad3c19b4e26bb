/* The alternatives that one value of a rule stands for, and the modifiers that change them
 * (sigma-digest.md 7). Private to rules/. */
#ifndef TK_RULES_ALTERNATIVES_H
#define TK_RULES_ALTERNATIVES_H

#include "rules/lists.h"
#include "rules/pattern.h"

#define ALTERNATIVES_MAX 100000

struct alternative {
	struct alternative *next;
	struct tokens tokens;
};

struct alternatives {
	struct arena *arena;
	struct alternative *first, **tail;
	size_t n;
	char error[256]; /* set when a step refuses */
};

enum encode { ENCODE_BASE64, ENCODE_BASE64_OFFSET, ENCODE_UTF16LE, ENCODE_UTF16BE, ENCODE_UTF16 };

void alternatives_init(struct alternatives *a, struct arena *arena);
void alternatives_add(struct alternatives *a, struct tokens t);
/* Each replaces the alternatives; false: refused, see error. */
bool alternatives_open(struct alternatives *a, bool front, bool behind);
bool alternatives_encode(struct alternatives *a, enum encode how);
bool alternatives_windash(struct alternatives *a);
bool alternatives_expand(struct alternatives *a, struct rule_lists *lists);
/* The text names a list of lists.def alone. */
bool alternatives_shipped(struct slice text, struct rule_lists *lists);

#endif
