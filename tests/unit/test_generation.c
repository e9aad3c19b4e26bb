/* File identity: bytes that identify, matching, ownership; names of rotated siblings. */
#include <stdlib.h>
#include <unistd.h>

#include "core/base/sys.h"
#include "sensor/input/generation.h"
#include "sensor/watch_files.h"
#include "tests/lib/tap.h"

static uint8_t text[20000];

static void fill(unsigned seed)
{
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (uint8_t)(i % 97 == 96 ? '\n' : 'a' + (i * 7 + i / 97 * 3 + seed) % 26);
}

static int file_of(struct slice s)
{
	char name[] = "/tmp/test_generation.XXXXXX";
	int fd = mkstemp(name);

	unlink(name);
	sys_write_all(fd, s.p, s.n);
	return fd;
}

/* The same stream in chunks of any size gives the same hashes. */
static struct generation track(struct sha256 *sha, size_t chunk, uint64_t position)
{
	struct generation g = { .token = 1 };
	struct gen_track t;

	gen_track_reset(&t);
	for (size_t at = 0; at < sizeof text; at += chunk) {
		struct slice c = slice_of(text + at, sizeof text - at < chunk ? sizeof text - at : chunk);

		gen_track_begin(&t, c);
		/* Once the position is passed it stays: lines end only there. */
		if (position > at && position <= at + c.n) {
			gen_track_position(&t, c, position);
			gen_track_hash(&t, sha, position, &g);
		}
		gen_track_end(&t, c);
	}
	return g;
}

static void test_track(struct sha256 *sha)
{
	static const uint64_t positions[] = { 1, 97, 1023, 1024, 1025, 5000, sizeof text };
	static const size_t chunks[] = { 1, 7, 1000, 1024, 4096, sizeof text };
	bool same = true, agrees = true;

	for (size_t p = 0; p < COUNT(positions); p++) {
		struct generation want = track(sha, sizeof text, positions[p]);
		int fd = file_of(slice_of(text, sizeof text));

		agrees &= generation_is(&want, fd, sizeof text, sha);
		sys_close(fd);
		for (size_t c = 0; c < COUNT(chunks); c++) {
			struct generation g = track(sha, chunks[c], positions[p]);

			same &= memcmp(&g, &want, sizeof g) == 0;
		}
	}
	ok(same, "hashes do not depend on chunks");
	ok(agrees, "a file agrees with what was tracked of it");
}

static void test_content(struct sha256 *sha)
{
	struct generation g = track(sha, 1000, 5000);
	struct gen_book b = { 0 };
	struct gen_query q = { .base = SLICE("/l/a.log"), .size = sizeof text };
	uint8_t other[sizeof text];
	int whole = file_of(slice_of(text, sizeof text)), shorter = file_of(slice_of(text, 4999)), twin;

	memcpy(other, text, sizeof other);
	other[4500] ^= 1; /* T3: the first 4 KiB are equal */
	twin = file_of(slice_of(other, sizeof other));
	ok(generation_is(&g, whole, sizeof text, sha), "same bytes: is it");
	ok(!generation_is(&g, twin, sizeof text, sha), "equal first 4 KiB only: is not");
	ok(!generation_is(&g, shorter, 4999, sha), "shorter than the position: is not");

	gen_book_add(&b, 0, SLICE("/l/a.log"), &g, 0);
	q.fd = whole;
	ok_int(gen_book_content(&b, &q, sha), 0, "a sibling of these bytes");
	q.is_base = true;
	ok_int(gen_book_content(&b, &q, sha), 0, "the log itself, 4 KiB and more agree");
	gen_book_own(&b, 0, GEN_RETIRED, NULL, 0);
	ok_int(gen_book_content(&b, &q, sha), -1, "the log itself, but the old file is still there");
	b.list[0].gone = true;
	ok_int(gen_book_content(&b, &q, sha), 0, "the log itself, the old file is gone");
	q.base = SLICE("/l/b.log");
	ok_int(gen_book_content(&b, &q, sha), 0, "moved to another path");
	q.input = 1;
	ok_int(gen_book_content(&b, &q, sha), -1, "another input");
	gen_book_own(&b, 0, GEN_LOST, NULL, 0);
	q.input = 0;
	ok_int(gen_book_content(&b, &q, sha), -1, "given up: its gap was told");
	gen_book_free(&b);
	sys_close(whole);
	sys_close(shorter);
	sys_close(twin);
}

static void test_best(struct sha256 *sha)
{
	struct generation small = track(sha, 1000, 97), large = track(sha, 1000, 9700);
	struct gen_book b = { 0 };
	struct gen_query q = { .base = SLICE("/l/a.log"),
			       .size = sizeof text,
			       .fd = file_of(slice_of(text, sizeof text)) };

	gen_book_add(&b, 0, SLICE("/l/a.log"), &small, 0);
	gen_book_add(&b, 0, SLICE("/l/a.log"), &large, 0);
	gen_book_add(&b, 0, SLICE("/l/a.log"), &large, 0);
	gen_book_own(&b, 1, GEN_HELD, &b, 0);
	ok_int(gen_book_content(&b, &q, sha), 2, "the longest agreement, rather a free one");
	b.list[2].g.dev = 5;
	b.list[2].g.ino = 6;
	q.dev = 5;
	q.ino = 6;
	ok_int(gen_book_exact(&b, &q, sha), 2, "device, inode and bytes");
	b.list[2].g.tail_hash[0] ^= 1;
	ok_int(gen_book_exact(&b, &q, sha), -1, "an inode number that came back with other bytes");
	memset(&b.list[0].seen.prefix_len, 0, sizeof b.list[0].seen.prefix_len);
	b.list[1].owner = b.list[2].owner = GEN_LOST;
	ok_int(gen_book_content(&b, &q, sha), -1, "nothing to compare is no agreement");
	gen_book_free(&b);
	sys_close(q.fd);
}

static void test_siblings(void)
{
	static const struct {
		const char *base, *name;
		int want;
	} rows[] = {
		/* 0 no, 1 plain, 2 compressed */
		{ "access.log", "access.log.1", 1 },
		{ "access.log", "access.log.2.gz", 2 },
		{ "access.log", "access.log.10.zst", 2 },
		{ "access.log", "access.log.1.xz", 2 },
		{ "access.log", "access.log-20261123", 1 },
		{ "access.log", "access.log-20261123.gz", 2 },
		{ "access.log", "access.log.2026-11-23", 1 },
		{ "access.log", "access-20261123.log", 1 },
		{ "access.log", "access-20261123.log.gz", 2 },
		{ "access.log", "access.1.log", 1 },
		{ "access.log", "access-2026-11-23T10-20-30.000.log.gz", 2 },
		{ "access.log", "access.log-20261123-1732300000", 1 },
		{ "access.log", "access.log-1732300000", 1 },
		{ "access.log", "access.log.20261123", 1 },
		{ "access.log", "access.log", 0 },
		{ "access.log", "access.log.gz", 0 },
		{ "access.log", "access.log.old", 0 },
		{ "access.log", "access.log.bak.1", 0 },
		{ "access.log", "access.log.1234", 0 },
		{ "access.log", "access.log-1", 0 },
		{ "access.log", "access.log-20261332", 0 },
		{ "access.log", "access.log-20261123x", 0 },
		{ "access.log", "other_access.log.1", 0 },
		{ "access.log", "access.log2.1", 0 },
		{ "access.log", "access-admin.log", 0 },
		{ "access.log", "access-admin.log.1", 0 },
		{ "access.log", "access.log.1.swp", 0 },
		{ "access.log", "error.log.1", 0 },
		{ "", ".1", 0 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		bool compressed = false, is;
		char name[128];

		is = log_sibling(slice_str(rows[i].base), slice_str(rows[i].name), &compressed);
		snprintf(name, sizeof name, "%s is %sa sibling of %s", rows[i].name,
			 rows[i].want ? "" : "not ", rows[i].base);
		ok_int(is ? 1 + compressed : 0, rows[i].want, name);
	}
}

int main(void)
{
	struct sha256 *sha = sha256_new();

	fill(1);
	test_track(sha);
	test_content(sha);
	test_best(sha);
	test_siblings();
	sha256_free(sha);
	return tap_done();
}
