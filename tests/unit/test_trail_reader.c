/* Reading a trail's lines in order: sealed, open, compressed, removed, sealed meanwhile; copies of it; the
 * note of a pack. */
#include <stdio.h>
#include <stdlib.h>

#include "core/base/sys.h"
#include "core/base/zone.h"
#include "core/trail/copy.h"
#include "core/trail/pack.h"
#include "core/trail/reader.h"
#include "tests/lib/tap.h"

#define BEGIN INT64_C(1795186800)

static char root[64], folder[96], keys[96], copied[96];
static struct err e;
static struct trail *t;
static int64_t closed = BEGIN;

static void must(int rc)
{
	if (rc == TK_OK)
		return;
	printf("Bail out! %s\n", e.text);
	exit(1);
}

static void shell(const char *what)
{
	char command[512];

	snprintf(command, sizeof command, "cd %s && %s", root, what);
	must(system(command) == 0 ? TK_OK : err_set(&e, TK_EIO, "%s", command));
}

static void add(int n)
{
	while (n-- > 0)
		must(trail_record(t, closed * NS_PER_SEC, "control", SLICE("{\"action\":\"x\"}"), &e));
	must(trail_head(t, &e));
}

static void seal(void)
{
	closed += 60;
	must(trail_seal(t, &(struct seal_facts){ .closed = closed, .clock = { CLOCK_SYNCED, 1 } }, &e));
}

/* "0:0 0:1 1:2 ..." of what is read from `seq` on, and how it ended. */
static const char *lines(const char *where, int64_t seq, int64_t end, int *rc)
{
	static char out[1024];
	struct trail_reader *r;
	struct trail_line line;
	size_t n = 0;

	out[0] = '\0';
	must(trail_reader_open(&r, where, end, &e));
	while ((*rc = trail_reader_next(r, seq, &line, &e)) == TK_OK && n < sizeof out - 32)
		n += (size_t)snprintf(out + n, sizeof out - n, "%lld:%lld ", (long long)line.segment,
				      (long long)line.seq);
	snprintf(out + n, sizeof out - n, "-%lld", (long long)trail_reader_gone(r));
	trail_reader_close(r);
	return out;
}

static void test_reading(void)
{
	struct trail_reader *r;
	struct trail_line line;
	int rc;

	add(2), seal(), add(3), seal(), add(2);
	ok_int(trail_sealed(folder), 2, "two are sealed");
	ok_int(trail_sealed(root), 0, "where there is no trail none is");
	ok_int(trail_seq_at(folder, BEGIN), 0, "before the first closing every record may be wanted");
	ok_int(trail_seq_at(folder, BEGIN + 59), 0, "a second before it too");
	ok_int(trail_seq_at(folder, BEGIN + 60), 2, "at a closing those behind it");
	ok_int(trail_seq_at(folder, BEGIN + 119), 2, "within the next segment all of that");
	ok_int(trail_seq_at(folder, BEGIN + 9999), 5, "later the open segment alone");
	ok_int(trail_seq_at(root, BEGIN + 9999), 0, "and no trail has none");
	ok_str(lines(folder, 0, 7, &rc), "0:0 0:1 1:2 1:3 1:4 2:5 2:6 -0", "all lines in order");
	ok_int(rc, TK_EEND, "then the end");
	ok_str(lines(folder, 3, 6, &rc), "1:3 1:4 2:5 -0", "from one on, before another");
	ok_str(lines(folder, 6, 7, &rc), "2:6 -0", "the last one alone");
	ok_str(lines(folder, 7, 7, &rc), "-0", "none");
	shell("gzip trail/segments/*/*/000001-*");
	ok_str(lines(folder, 0, 5, &rc), "0:0 0:1 1:2 1:3 1:4 -0", "a compressed segment");
	shell("mv trail/segments/*/*/000001-*.gz away.gz");
	ok_str(lines(folder, 0, 7, &rc), "0:0 0:1 2:5 2:6 -3", "one that was removed is counted");
	shell("mv away.gz trail/segments/2026/*/ && cd trail/segments/2026/* && "
	      "m=$(sed -n 's/^file .*\\///p' ../../../notes/segment-000001.note) && mv away.gz $m.gz && gunzip $m.gz");
	must(trail_reader_open(&r, folder, 8, &e));
	for (int64_t i = 0; i < 6; i++)
		must(trail_reader_next(r, i, &line, &e));
	add(1), seal();
	must(trail_reader_next(r, 0, &line, &e));
	ok(line.seq == 6, "sealed while it is read: it goes on");
	must(trail_reader_next(r, 0, &line, &e));
	ok(line.seq == 7 && trail_reader_next(r, 0, &line, &e) == TK_EEND, "to the end, each once");
	trail_reader_close(r);
}

static void test_copy(void)
{
	struct trail_part part = { .sealed = 3, .end = 9 };
	int64_t at, last;
	int rc;

	add(1);
	must(trail_copy(folder, copied, &part, &e));
	ok_str(lines(copied, 0, 9, &rc), "0:0 0:1 1:2 1:3 1:4 2:5 2:6 2:7 3:8 -0", "a copy has every line");
	ok_int(trail_sealed(copied), 3, "and every note");
	shell("test $(wc -l < copy/anchors.tsv) = 4 && ! grep -rq PRIVATE copy");
	shell("rm -r copy");
	part = (struct trail_part){ .first = 2, .sealed = 2, .end = 5 };
	must(trail_copy(folder, copied, &part, &e));
	ok_str(lines(copied, 0, 5, &rc), "-5", "of segments before the first there are only notes");
	shell("test $(wc -l < copy/anchors.tsv) = 3");
	must(trail_segment_end(folder, 1, &at, &last, &e));
	ok(at == BEGIN + 120 && last == 4, "the end of a segment");
	ok_int(trail_segment_end(folder, 7, &at, &last, &e) != TK_OK, 1, "there is no such segment");
}

static void test_pack(void)
{
	struct hash32 sums = { { 1, 2, 3 } }, other = { { 1 } };
	struct pack_seal p;
	struct buf note;

	buf_init(&note, NOTE_MAX);
	must(trail_sign_pack(t, &sums, &note, &e));
	ok_int(pack_verify(folder, buf_slice(&note), &sums, &e), TK_OK, "a pack's note verifies");
	ok_int(pack_verify(folder, buf_slice(&note), &other, &e), TK_EMALFORMED, "not of other sums");
	seal();
	ok_int(pack_verify(folder, buf_slice(&note), &sums, &e), TK_EMALFORMED, "nor beside a longer log");
	buf_clear(&note);
	must(trail_sign_pack(t, &sums, &note, &e));
	note.p[note.n - 10] ^= 1;
	ok_int(pack_verify(folder, buf_slice(&note), &sums, &e), TK_EMALFORMED, "nor with another signature");
	buf_free(&note);
	ok(!pack_seal_read(SLICE("tochoku.dev/segment@v1\norigin x\n"), &p), "a manifest is no pack's note");
	ok(!pack_seal_read(SLICE("tochoku.dev/pack@v1\norigin x\nsegments 01\nsha256 00\n"), &p),
	   "one spelling only");
}

static void test_nonce(void)
{
	uint8_t n[16];

	ok(base64url_16_read(SLICE("__79_Pv6-fj39vX08_Lx8A"), n) && n[0] == 0xff && n[1] == 0xfe &&
		   n[15] == 0xf0,
	   "16 bytes of base64url");
	ok(!base64url_16_read(SLICE("//79/Pv6+fj39vX08/Lx8A"), n), "not of plain base64");
	ok(!base64url_16_read(SLICE("__79_Pv6-fj39vX08_Lx8B"), n), "nor with pad bits");
}

int main(void)
{
	struct trail_place place = { .folder = folder, .keys = keys, .site = "s", .zone = "Asia/Tokyo" };

	snprintf(root, sizeof root, "/tmp/tochoku-reader-XXXXXX");
	must(mkdtemp(root) != NULL ? TK_OK : err_set(&e, TK_EIO, "mkdtemp"));
	snprintf(folder, sizeof folder, "%s/trail", root);
	snprintf(keys, sizeof keys, "%s/keys", root);
	snprintf(copied, sizeof copied, "%s/copy", root);
	must(zone_use("Asia/Tokyo", &e));
	must(trail_open(&t, &place, BEGIN * NS_PER_SEC, &e));
	test_reading();
	test_copy();
	test_pack();
	test_nonce();
	trail_close(t);
	shell("rm -rf ../$(basename $PWD)");
	return tap_done();
}
