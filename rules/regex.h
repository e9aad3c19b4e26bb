/* Regular expressions of the `re` modifier (PCRE2, with match, depth and heap limits).
 * A compiled one is immutable; a struct regex_run is one thread's working memory. */
#ifndef TK_RULES_REGEX_H
#define TK_RULES_REGEX_H

#include "core/base/slice.h"

enum regex_flag { REGEX_CASELESS = 1, REGEX_MULTILINE = 2, REGEX_DOTALL = 4 };

struct regex;
/* NULL with text and place (bytes into the pattern) of the error. */
struct regex *regex_compile(struct slice pattern, unsigned flags, char error[128], size_t *at);
void regex_free(struct regex *r); /* NULL is legal */

struct regex_run;
struct regex_run *regex_run_new(void);
void regex_run_free(struct regex_run *r);
/* Search. A limit that is reached counts as no match; *limited is then raised by one. */
bool regex_search(const struct regex *r, struct regex_run *run, struct slice text, uint64_t *limited);

#endif
