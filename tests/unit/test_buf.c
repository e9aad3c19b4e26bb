/* The bounded buffer. */
#include "core/base/buf.h"
#include "tests/lib/tap.h"

static void check_bound(size_t max)
{
	struct buf b;

	buf_init(&b, max);
	for (size_t i = 0; i < max; i++)
		buf_byte(&b, (uint8_t)i);
	ok(!b.failed && b.n == max && b.p[max - 1] == (uint8_t)(max - 1), "as many bytes as may be");
	ok(buf_room(&b, 1) == NULL && b.failed, "not one more");
	buf_clear(&b);
	buf_add(&b, SLICE("ab"));
	ok(!b.failed && b.n == 2, "used again");
	ok(buf_room(&b, max - 1) == NULL && b.failed, "nor at once");
	buf_free(&b);
}

int main(void)
{
	struct buf b;

	check_bound(10);
	check_bound(256);
	check_bound(1000);
	buf_init(&b, 0);
	ok(buf_room(&b, 1) == NULL && b.failed, "nothing in none");
	buf_free(&b);
	return tap_done();
}
