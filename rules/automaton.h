/* Many literals searched for in one pass (Aho and Corasick, 1975). Immutable once built; scanning allocates
 * nothing and takes a bounded number of steps for each byte, whatever the literals. */
#ifndef TK_RULES_AUTOMATON_H
#define TK_RULES_AUTOMATON_H

#include "core/base/slice.h"

struct automaton;
/* Literals go by their number in the list; equal ones get the number of the first, given in same[]. Empty
 * ones are never found. NULL: no memory, or more than 2^31 bytes. */
struct automaton *automaton_new(const struct slice *literals, size_t n, uint32_t *same);
void automaton_free(struct automaton *a);
/* Every place where a literal ends: its number, and the place behind its last byte. */
typedef void (*automaton_fn)(void *ctx, uint32_t literal, size_t end);
void automaton_scan(const struct automaton *a, struct slice text, automaton_fn found, void *ctx);
size_t automaton_bytes(const struct automaton *a);

#endif
