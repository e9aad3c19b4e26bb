/* Which request is a further try: by a number that its client says, by an idempotency key that comes again.
 */
#include "core/base/zone.h"
#include "sensor/proto/tries.h"
#include "tests/lib/tap.h"

#define MINUTE (60 * NS_PER_SEC)

int main(void)
{
	static const struct {
		const char *name, *count, *key, *target;
		int64_t at, want;
	} rows[] = {
		{ "nothing said", "", "", "/v1/x", 0, 0 },
		{ "nothing said again", "", "", "/v1/x", 1, 0 },
		{ "the first try", "0", "", "/v1/x", 2, 0 },
		{ "the third", "2", "", "/v1/x", 3, 2 },
		{ "no number", "2x", "", "/v1/x", 3, 0 },
		{ "a negative one", "-1", "", "/v1/x", 3, 0 },
		{ "too large a number", "1000", "", "/v1/x", 3, 0 },
		{ "a key", "", "k1", "/v1/x", 4, 0 },
		{ "the key again", "", "k1", "/v1/x", 5, 1 },
		{ "and again", "", "k1", "/v1/x", 6, 2 },
		{ "another key", "", "k2", "/v1/x", 6, 0 },
		{ "the key at another place", "", "k1", "/v1/y", 6, 0 },
		{ "both: what is more", "1", "k1", "/v1/x", 7, 3 },
		{ "what the client says is more", "9", "k1", "/v1/x", 8, 9 },
		{ "out of order", "", "k1", "/v1/x", 3, 5 },
		{ "ten minutes later it is new", "", "k1", "/v1/x", 8 + 10 * MINUTE + 1, 0 },
	};
	struct tries *t = tries_new();

	for (size_t i = 0; i < COUNT(rows); i++)
		ok_int(tries_before(t, slice_str(rows[i].count), slice_str(rows[i].key),
				    slice_str(rows[i].target), 1000 * NS_PER_SEC + rows[i].at),
		       rows[i].want, rows[i].name);
	ok_int(tries_before(NULL, SLICE("1"), SLICE("k"), SLICE("/"), 0), 1,
	       "without memory the number counts");
	tries_free(t);
	return tap_done();
}
