/* The text of a rule's value: first tokens, which modifiers add to and change, then a pattern that
 * is matched (sigma-digest.md 5). Building allocates in an arena; matching is pure. */
#ifndef TK_RULES_PATTERN_H
#define TK_RULES_PATTERN_H

#include "rules/arena.h"

/* A token is a byte (0..255) or one of these. */
enum token {
	TOKEN_ONE = 256, /* exactly one code point */
	TOKEN_ANY,       /* any run, also none */
	TOKEN_DASH,      /* one of - / U+2013 U+2014 U+2015 */
	TOKEN_PERCENT    /* a percent sign that may open a placeholder; only while a line is compiled */
};

struct tokens {
	uint16_t *t;
	size_t n;
};

/* Reads Sigma's escapes. `percent`: \% is a percent sign and % may open a placeholder. */
struct tokens tokens_parse(struct arena *a, struct slice text, bool percent);
struct tokens tokens_join(struct arena *a, struct tokens x, struct tokens y);
static inline struct tokens tokens_part(struct tokens x, size_t from, size_t to)
{
	return (struct tokens){ x.t + from, to - from };
}
/* Adds ANY in front / behind unless one is there. */
struct tokens tokens_open(struct arena *a, struct tokens x, bool front, bool behind);
/* The bytes, when there are no wildcards; else false. */
bool tokens_literal(struct arena *a, struct tokens x, struct slice *out);
struct tokens tokens_bytes(struct arena *a, struct slice bytes);

enum pattern_kind { PATTERN_ALL, PATTERN_EQUAL, PATTERN_START, PATTERN_END, PATTERN_INSIDE, PATTERN_PIECES };

struct piece { /* a run of tokens between two ANY */
	struct slice literal; /* .p NULL when it holds ONE or DASH */
	struct tokens tokens;
	size_t shortest, longest; /* bytes it may cover */
};

struct pattern {
	uint8_t kind;
	bool cased;
	bool open_front, open_behind;
	bool quick; /* caseless EQUAL or START with an ASCII literal: pattern_quick applies */
	struct slice literal; /* EQUAL, START, END, INSIDE: folded unless cased */
	struct piece *pieces;
	size_t n_pieces;
};

/* Fills `out`. False: no memory. Folds literals unless `cased`. */
bool pattern_build(struct arena *a, struct tokens x, bool cased, struct pattern *out);
/* `text` must be folded by the caller unless the pattern is cased. */
bool pattern_match(const struct pattern *p, struct slice text);
/* The pattern of a plain text that is folded already, unless `cased`. */
struct pattern pattern_equal(struct slice literal, bool cased);
/* Only where p->quick: takes text as it is. 1 it matches, 0 it does not, -1 only the folded text can tell. */
int pattern_quick(const struct pattern *p, struct slice text);

#endif
