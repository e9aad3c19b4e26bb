/* Test Anything Protocol, small: each ok_* prints one line; a failing one both values.
 * End main with `return tap_done();`. */
#ifndef TK_TESTS_TAP_H
#define TK_TESTS_TAP_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/base/slice.h"

static int tap_run, tap_bad;

static inline bool ok(bool good, const char *name)
{
	tap_run++;
	if (!good)
		tap_bad++;
	printf("%sok %d - %s\n", good ? "" : "not ", tap_run, name);
	return good;
}

static inline bool ok_int(int64_t got, int64_t want, const char *name)
{
	if (!ok(got == want, name))
		printf("#   got %" PRId64 ", want %" PRId64 "\n", got, want);
	return got == want;
}

static inline bool ok_slice(struct slice got, struct slice want, const char *name)
{
	bool good = slice_eq(got, want);

	if (!ok(good, name))
		printf("#   got  \"%.*s\"\n#   want \"%.*s\"\n", (int)got.n, (const char *)got.p, (int)want.n,
		       (const char *)want.p);
	return good;
}

static inline bool ok_str(const char *got, const char *want, const char *name)
{
	return ok_slice(slice_str(got == NULL ? "(null)" : got), slice_str(want), name);
}

static inline void tap_skip(const char *why)
{
	tap_run++;
	printf("ok %d # SKIP %s\n", tap_run, why);
}

static inline int tap_done(void)
{
	printf("1..%d\n", tap_run);
	return tap_bad != 0;
}

#endif
