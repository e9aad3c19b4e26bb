/* What a test wants of an event, in one line: "name=value" parts joined by '|'; "name?" is unknown, "name!"
 * absent. */
#ifndef TK_TESTS_WANTS_H
#define TK_TESTS_WANTS_H

#include <stdio.h>

#include "core/event/event.h"
#include "tests/lib/tap.h"

/* One expectation. `got` is the value. */
static bool want_holds(const struct access_event *ev, struct slice want, struct buf *got)
{
	const uint8_t *eq = memchr(want.p, '=', want.n);
	enum field_id f = field_by_name(slice_head(want, eq != NULL ? (size_t)(eq - want.p) : want.n - 1));

	buf_clear(got);
	if (f == F_COUNT)
		return false;
	if (ev_known(ev, f))
		value_to_text(f, ev_value(ev, f), got);
	if (eq == NULL)
		return want.p[want.n - 1] == '!' ? ev_absent(ev, f) : !ev_known(ev, f) && !ev_absent(ev, f);
	return ev_known(ev, f) && slice_eq(buf_slice(got), slice_from(want, (size_t)(eq - want.p) + 1));
}

/* A line of TAP for each part. */
static void check_wants(const struct access_event *ev, const char *text)
{
	struct slice want = slice_str(text);
	struct buf got;
	char name[256];

	buf_init(&got, 1 << 16);
	while (want.n > 0) {
		const uint8_t *bar = memchr(want.p, '|', want.n);
		struct slice one = slice_head(want, bar == NULL ? want.n : (size_t)(bar - want.p));

		snprintf(name, sizeof name, "  %.*s", (int)one.n, (const char *)one.p);
		if (!ok(want_holds(ev, one, &got), name))
			printf("#   got \"%s\"\n", got.n == 0 ? "" : buf_cstr(&got));
		want = slice_from(want, one.n + 1);
	}
	buf_free(&got);
}

#endif
