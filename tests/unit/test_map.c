/* The bounded table. */
#include "core/base/map.h"
#include "tests/lib/tap.h"

int main(void)
{
	struct map *m = map_new(1000, 4000);
	int bad = 0;

	ok(map_get(m, SLICE("x")) == NULL, "empty");
	for (int64_t i = 0; i < 900; i++)
		bad += *map_put(m, slice_of(&i, 4), i) != i;
	for (int64_t i = 0; i < 900; i++)
		bad += *map_get(m, slice_of(&i, 4)) != i;
	ok_int(bad, 0, "what was put is found");
	ok_int(*map_put(m, slice_of(&(int){ 5 }, 4), 77), 5, "a second put changes nothing");
	for (int64_t i = 900; i < 1100; i++)
		bad += map_put(m, slice_of(&i, 4), i) == NULL;
	ok_int(bad, 100, "entries are bounded");
	map_clear(m);
	ok_int((int64_t)map_count(m), 0, "cleared");
	ok(map_put(m, SLICE("a"), 1) != NULL && *map_get(m, SLICE("a")) == 1, "used again");
	map_free(m);
	m = map_new(1000, 10);
	ok(map_put(m, SLICE("0123456789"), 1) != NULL && map_put(m, SLICE("a"), 1) == NULL,
	   "bytes are bounded");
	ok(*map_get(m, SLICE("0123456789")) == 1, "and the rest stays");
	map_free(m);
	return tap_done();
}
