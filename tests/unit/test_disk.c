/* States of the disk by its room, and the hole that a full one leaves. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/sys.h"
#include "sensor/recorder/disk.h"
#include "sensor/recorder/hole.h"
#include "tests/lib/tap.h"

#define MIB (INT64_C(1) << 20)
#define GIB (INT64_C(1) << 30)

static const struct disk_limits limits = { 0, 1000 * MIB, 200 * MIB, 40 * MIB, 20 * MIB };

static enum disk_state after(enum disk_state now, int64_t free_mib)
{
	const struct disk_room room = { .free = free_mib * MIB, .size = 100 * GIB };

	return disk_next(now, 0, &room, &limits);
}

static void by_room(void)
{
	static const struct {
		enum disk_state now;
		int64_t free;
		enum disk_state want;
		const char *name;
	} rows[] = {
		{ DISK_OK, 1000, DISK_OK, "at the limit" },
		{ DISK_OK, 999, DISK_LOW, "below it" },
		{ DISK_LOW, 1000, DISK_LOW, "it does not end where it began" },
		{ DISK_LOW, 1249, DISK_LOW, "nor before a quarter more" },
		{ DISK_LOW, 1250, DISK_OK, "but there" },
		{ DISK_OK, 199, DISK_CRITICAL, "from ok to critical at once" },
		{ DISK_CRITICAL, 249, DISK_CRITICAL, "critical holds" },
		{ DISK_CRITICAL, 250, DISK_LOW, "and ends as low" },
		{ DISK_CRITICAL, 1249, DISK_LOW, "which holds too" },
		{ DISK_CRITICAL, 1250, DISK_OK, "or as ok" },
		{ DISK_LOW, 39, DISK_FULL, "full" },
		{ DISK_FULL, 99999, DISK_FULL, "left by who has written alone" },
		{ DISK_RECOVERED, 99999, DISK_RECOVERED, "recovered is told for a while" },
		{ DISK_RECOVERED, 999, DISK_LOW, "unless there is worse to tell" },
		{ DISK_RECOVERED, 1000, DISK_RECOVERED, "which begins at the limit" },
		{ DISK_RECOVERED, 30, DISK_FULL, "or full again" },
	};
	const struct disk_room wide = { .free = GIB * 50, .size = GIB * 100 };
	struct disk_room room = wide;

	for (size_t i = 0; i < COUNT(rows); i++)
		ok_int(after(rows[i].now, rows[i].free), rows[i].want, rows[i].name);
	ok_int(disk_next(DISK_RECOVERED, DISK_RECOVERED_NS - 1, &wide, &limits), DISK_RECOVERED,
	       "an hour, not quite");
	ok_int(disk_next(DISK_RECOVERED, DISK_RECOVERED_NS, &wide, &limits), DISK_OK, "an hour");
	room.read_only = true;
	ok_int(disk_next(DISK_OK, 0, &room, &limits), DISK_FULL, "read-only is full");
	ok(!disk_may_leave_full(&room, &limits), "and stays so");
	room = wide;
	room.inodes = 1000000;
	room.inodes_free = 1000;
	ok_int(disk_next(DISK_OK, 0, &room, &limits), DISK_OK, "inodes enough");
	room.inodes_free = 999;
	ok_int(disk_next(DISK_OK, 0, &room, &limits), DISK_LOW, "few inodes");
	room.inodes_free = 0;
	ok_int(disk_next(DISK_OK, 0, &room, &limits), DISK_CRITICAL, "none");
	room.inodes = 0;
	ok_int(disk_next(DISK_OK, 0, &room, &limits), DISK_OK, "a file system that does not count them");
	room.free = 74 * MIB;
	ok(!disk_may_leave_full(&room, &limits), "the reserve has to fit in too");
	room.free = 75 * MIB;
	ok(disk_may_leave_full(&room, &limits), "with a quarter more");
}

static void table(void)
{
	struct config *cfg = config_defaults();
	struct disk_room room = { .size = 100 * GIB };
	struct disk_limits l;

	for (int s = 0; s < DISK_STATES; s++)
		ok(disk_by_name(slice_str(disk_name((enum disk_state)s))) == (enum disk_state)s &&
			   disk_text((enum disk_state)s, false)[0] != 0 &&
			   disk_text((enum disk_state)s, true)[0] != 0,
		   disk_name((enum disk_state)s));
	ok_int(disk_by_name(SLICE("fuller")), DISK_STATES, "no such state");
	ok((disk_actions(DISK_CRITICAL) & disk_actions(DISK_LOW)) == disk_actions(DISK_LOW) &&
		   (disk_actions(DISK_FULL) & disk_actions(DISK_CRITICAL)) == disk_actions(DISK_CRITICAL),
	   "a worse state does what a better one does");
	disk_limits(cfg, &room, &l);
	ok(l.low == GIB && l.critical == 256 * MIB && l.full == 32 * MIB && l.reserve == 16 * MIB,
	   "limits as configured");
	room.size = 100 * MIB;
	disk_limits(cfg, &room, &l);
	ok(l.low == MIB * 20 && l.critical == MIB * 10 && l.full == MIB * 5 && l.reserve == MIB * 5,
	   "or their shares");
	config_free(cfg);
	ok(disk_measure("/", &room) && room.size > 0 && room.free >= 0, "a real one");
	ok(!disk_measure("/no/such/folder/file", &room), "none");
}

static int64_t total(const struct hole *h, const char *input, enum loss_reason reason)
{
	int64_t n = 0;

	for (size_t i = 0; i < h->n; i++)
		if (h->row[i].reason == reason && strcmp(h->row[i].input, input) == 0)
			n += h->row[i].n;
	return n;
}

static struct hole a, b;

static void counted(void)
{
	struct buf text;

	hole_begin(&a, 1795656773549909460, "no\nroom");
	hole_add(&a, "tap", 1000, LOSS_NOT_RECORDED, 5, 0);
	hole_add(&a, "tap", 1004, LOSS_NOT_RECORDED, 2, 0);
	hole_add(&a, "tap", 1005, LOSS_NOT_RECORDED, 1, 0);
	hole_add(&a, "tap", 1004, LOSS_KERNEL_DROP, 3, 70);
	hole_add(&a, "東 館", 1004, LOSS_NOT_RECORDED, 4, 0);
	hole_add(&a, "tap", 1004, LOSS_GAP, 0, 0);
	ok(a.n == 4 && a.row[0].minute == 990 && a.row[0].n == 7 && a.row[1].minute == 1005,
	   "rows by quarter, input, reason");
	ok_int(a.calls, 12, "calls are those not recorded");
	buf_init(&text, HOLE_BYTES);
	hole_put(&a, &text);
	ok(hole_parse(buf_slice(&text), &b) && memcmp(&a, &b, sizeof a) == 0, "written and read");
	ok(strcmp(b.cause, "no room") == 0, "a cause is one line");
	for (size_t n = 0; n < text.n; n++) {
		bool there = hole_parse(slice_of(text.p, n), &b);

		if (there != (n >= sizeof "tochoku hole 1\nsince 1795656773549909460") || b.n > 4 ||
		    (!there && b.n > 0))
			ok(false, "cut off anywhere, what stood before holds");
	}
	buf_str(&text, "loss 5 no_such 1 1 x\nloss 5 gap 1 1 x\n");
	ok(hole_parse(buf_slice(&text), &b) && b.n == 4, "a wrong line ends it");
	buf_clear(&text);
	buf_str(&text, "tochoku hole 1\nsince 99999999999999999999\n");
	ok(!hole_parse(buf_slice(&text), &b), "a number that is too large");
	buf_free(&text);
}

static void crowded(void)
{
	hole_begin(&a, 1, "x");
	for (int i = 0; i < 2 * HOLE_ROWS; i++) {
		hole_add(&a, i % 2 ? "one" : "two", i * 15, LOSS_NOT_RECORDED, 1, 0);
		hole_add(&a, "three", i * 15, LOSS_NOT_RECORDED, 1, 0);
	}
	ok(a.n == HOLE_ROWS && a.calls == 4 * HOLE_ROWS, "bounded, and no call forgotten");
	ok(total(&a, "one", LOSS_NOT_RECORDED) == HOLE_ROWS &&
		   total(&a, "two", LOSS_NOT_RECORDED) == HOLE_ROWS &&
		   total(&a, "three", LOSS_NOT_RECORDED) == 2 * HOLE_ROWS,
	   "sums by input stay");
	hole_add(&a, "tap", 15, LOSS_NOT_RECORDED, INT64_MAX, 0);
	ok_int(a.calls, INT64_MAX, "no overflow");
}

static void in_reserve(void)
{
	char folder[] = "/tmp/tochoku-reserve-XXXXXX", path[64], target[64];
	struct err e = { 0 };
	struct slice bytes;

	ok(mkdtemp(folder) != NULL, "a folder");
	snprintf(path, sizeof path, "%s/reserve", folder);
	ok(!reserve_hole(path, &b), "nothing there");
	ok(reserve_make(path, MIB, &e) == TK_OK && !reserve_hole(path, &b), "made, without a hole");
	counted();
	ok(reserve_give_up(path, &a, &e) == TK_OK && sys_slurp(path, 2 * MIB, &bytes, &e) == TK_OK &&
		   bytes.n == HOLE_BYTES,
	   "given up but for the hole");
	free((void *)(uintptr_t)bytes.p);
	ok(reserve_hole(path, &b) && memcmp(&a, &b, sizeof a) == 0, "which is there");
	a.n = 0; /* its text ends where a row of the one before begins */
	ok(reserve_give_up(path, &a, &e) == TK_OK && reserve_hole(path, &b) && b.n == 0 && b.calls == a.calls,
	   "a shorter one leaves nothing of the longer");
	ok(reserve_make(path, MIB, &e) == TK_OK && reserve_hole(path, &b) && b.since_ns == a.since_ns,
	   "taken back, the hole stays");
	ok(reserve_clear(path, &e) == TK_OK && !reserve_hole(path, &b), "until it is recorded");
	unlink(path);
	snprintf(target, sizeof target, "%s/target", folder);
	sys_close(sys_create(target, O_RDWR, 0600));
	ok(symlink(target, path) == 0 && reserve_make(path, MIB, &e) != TK_OK, "a link is not followed");
	unlink(target);
	unlink(path);
	rmdir(folder);
	ok(reserve_make("/no/such/folder/x", MIB, &e) != TK_OK && strstr(e.text, "/no/such/folder/x") != NULL,
	   "told");
}

int main(void)
{
	by_room();
	table();
	crowded();
	in_reserve();
	return tap_done();
}
