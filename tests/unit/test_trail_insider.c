/* What a verifier must catch when one who can sign lies: manifests, epochs, erasing, time; and what must not
 * alarm it (audit-trail.md 8; the numbers are its). */
#include "tests/lib/attack.h"

/* ---- an insider's manifests: T13, T24, T34 and the ratchet ---- */

static void wrong_prev(struct manifest *m)
{
	m->prev.b[0] ^= 1;
}
static void wrong_seq(struct manifest *m)
{
	m->first_seq++, m->last_seq++;
}
static void wrong_number(struct manifest *m)
{
	m->segment = 7;
}
static void wrong_file(struct manifest *m)
{
	memcpy(m->file + 8, "000009", 6);
}
static void wrong_time(struct manifest *m)
{
	m->closed = m->opened - 1;
}
static void wrong_root(struct manifest *m)
{
	m->leaf_root.b[5] ^= 1;
}
static void wrong_size(struct manifest *m)
{
	m->size++;
}
static void wrong_last(struct manifest *m)
{
	m->last_hash.b[5] ^= 1;
}
static void wrong_origin(struct manifest *m)
{
	m->origin[10] ^= 1;
}
static void huge(struct manifest *m)
{
	m->size = (INT64_C(1) << 53) - 1;
}
static void lost(struct manifest *m)
{
	m->dropped = 2;
}
static void same_key(struct manifest *m)
{
	forge_vkey(&f, "/day", f.day, &m->next_key);
}
static void far_future(struct manifest *m)
{
	m->closed = INT64_C(4102444800);
}

static void insider(const char *name, void (*tweak)(struct manifest *), enum trail_finding_id id)
{
	begin();
	fill(2);
	forge_seal(&f);
	fill(1);
	f.tweak = tweak;
	forge_seal(&f);
	caught(name, id, 1, -1);
}

static void test_insider(void)
{
	insider("prev is not the manifest before", wrong_prev, FOUND_MANIFEST_LINK);
	insider("T13 record numbers skipped", wrong_seq, FOUND_MANIFEST_SEQ);
	insider("T13 another segment's file", wrong_file, FOUND_MANIFEST_FILE);
	insider("closed before opened", wrong_time, FOUND_MANIFEST_TIME);
	insider("another root", wrong_root, FOUND_SEGMENT_ROOT);
	insider("another size", wrong_size, FOUND_SEGMENT_SIZE);
	insider("another last hash", wrong_last, FOUND_SEGMENT_LAST);
	insider("another origin", wrong_origin, FOUND_ORIGIN);
	insider("T34 a size of 2^53 - 1", huge, FOUND_SEGMENT_SIZE);
	insider("the ratchet does not turn", same_key, FOUND_KEY_REUSED);
	begin();
	fill(2);
	f.tweak = wrong_number;
	forge_seal(&f);
	caught("T13 a number skipped by one who signs", FOUND_MANIFEST_MISSING, 0, -1);
	begin();
	fill(2);
	f.tweak = far_future;
	forge_seal(&f);
	fill(2);
	forge_seal(&f);
	caught("closed before the segment before it", FOUND_MANIFEST_TIME, 1, -1);
}

/* ---- epochs: T24, T25 ---- */

static void test_epochs(void)
{
	struct anchors a;
	uint8_t key[32] = { 5 };

	honest();
	forge_epoch(&f, EPOCH_ROTATE);
	fill(1);
	forge_seal(&f);
	quiet("a rotation");
	honest();
	memcpy(f.day, key, 32);
	forge_epoch(&f, EPOCH_ROTATE);
	fill(1);
	forge_seal(&f);
	caught("T24 a rotation with a key that nobody named", FOUND_ROTATION_KEY, 3, -1);
	honest();
	forge_epoch(&f, EPOCH_RECOVER);
	fill(1);
	forge_seal(&f);
	{
		struct seen s = look(NULL);

		ok(s.count[FOUND_RECOVERY] == 1 && verify_passed(&s.r), "a recovery is told of");
	}
	forge_close(&f);
	honest();
	a = anchors_of(&f);
	forge_close(&f);
	begin();
	fill(4);
	forge_seal(&f);
	fill(0);
	forge_seal(&f);
	forge_epoch(&f, EPOCH_RECOVER);
	fill(2);
	forge_seal(&f);
	caught_by_anchor("T25 a recovery below an anchor", &a, FOUND_ANCHOR_REWOUND);
	honest();
	forge_epoch(&f, EPOCH_ROTATE);
	fill(1);
	forge_seal(&f);
	forge_epoch(&f, EPOCH_ROTATE);
	sh("rm notes/epoch-0002.note");
	caught("an epoch removed", FOUND_EPOCH_MISSING, -1, -1);
	honest();
	forge_epoch(&f, EPOCH_ROTATE);
	f.segment = 2;
	forge_epoch(&f, EPOCH_ROTATE);
	caught("an epoch that starts before the one before it", FOUND_EPOCH_LINK, -1, -1);
	honest();
	f.checkpoint.b[0] ^= 1;
	forge_epoch(&f, EPOCH_ROTATE);
	fill(1);
	forge_seal(&f);
	caught("prev-checkpoint is none of ours", FOUND_EPOCH_LINK, 3, -1);
	honest();
	memset(f.site, 7, 32);
	forge_epoch(&f, EPOCH_ROTATE);
	fill(1);
	forge_seal(&f);
	forge_seed(&f, "site", f.site);
	caught("T23 an epoch by an unknown site key", FOUND_SITE_KEY, -1, -1);
}

/* ---- erasing: T18 to T21 ---- */

static void put_erase(int segment, int first, int last, const char *more, const char *approved)
{
	char body[600], manifest[65];

	hex_encode(hash_slice(&f.manifest[segment]), manifest);
	snprintf(body, sizeof body,
		 "{\"segment\":%d,\"manifest\":\"%s\",\"first\":%d,\"last\":%d%s,\"reason\":\"retention\","
		 "\"policy\":\"access-1y\",\"approved_by\":%s}",
		 segment, manifest, first, last, more, approved);
	forge_record(&f, "erase", body);
}

/* Puts a stub for line `n` (from 1) of a segment's file; gives the file's new hash. */
static void put_stub_for(const char *file, int n, char hex[65])
{
	char path[200];
	struct slice bytes, rest, line;
	struct hash32 leaf, hash;
	struct err e;
	struct buf out;

	snprintf(path, sizeof path, "%s/%s", f.folder, file);
	if (sys_slurp(path, 1 << 20, &bytes, &e) != TK_OK)
		forge_die(e.text);
	buf_init(&out, 1 << 20);
	rest = bytes;
	for (int i = 1; take_line(&rest, &line); i++) {
		merkle_leaf(f.sha, line, &leaf);
		sha256_of(f.sha, line, hash.b);
		if (i == n)
			put_stub(&out, &leaf, &hash);
		else
			buf_add(&out, line);
		buf_byte(&out, '\n');
	}
	sha256_of(f.sha, buf_slice(&out), hash.b);
	hex_encode(hash_slice(&hash), hex);
	snprintf(path, sizeof path, "%s.stubs", file);
	forge_write(&f, path, buf_slice(&out));
	free((void *)(uintptr_t)bytes.p);
	buf_free(&out);
}

#define TWO "[\"sato\",\"yamada\"]"

static void erased(int segment, int first, int last, const char *more, const char *approved)
{
	honest();
	put_erase(segment, first, last, more, approved);
	fill(0);
	forge_seal(&f);
	sh("rm " SEG("0", "21"));
}

static void test_erasing(void)
{
	struct anchors a;
	char hex[65], more[200];

	erased(0, 0, 4, "", TWO);
	a = anchors_of(&f);
	quiet_with("a segment erased as declared", &a, COMPLETE_GAPS);
	anchors_free(&a);
	erased(0, 0, 4, ",\"scope\":\"whole\"", TWO);
	a = anchors_of(&f);
	quiet_with("with its scope", &a, COMPLETE_GAPS);
	anchors_free(&a);
	erased(0, 0, 4, "", "[\"sato\"]");
	caught("T19 young records with one approval", FOUND_ERASE_INVALID, 3, 10);
	erased(0, 0, 4, "", "[\"sato\",\"sato\"]");
	caught("T19 the same person twice", FOUND_ERASE_INVALID, 3, 10);
	erased(0, 0, 4, "", "[]");
	caught("T19 no approval", FOUND_ERASE_INVALID, 3, 10);
	erased(1, 5, 5, "", TWO);
	caught("T18 the erase record is of another segment", FOUND_SEGMENT_MISSING, 0, 0);
	erased(0, 0, 3, "", TWO);
	caught("T19 not all of its records", FOUND_ERASE_INVALID, 3, 10);
	erased(0, 0, 4, ",\"scope\":\"some\"", TWO);
	caught("T19 an unknown scope", FOUND_ERASE_INVALID, 3, 10);
	honest();
	f.manifest[0].b[0] ^= 1;
	put_erase(0, 0, 4, "", TWO);
	fill(0);
	forge_seal(&f);
	sh("rm " SEG("0", "21"));
	caught("T19 for the wrong manifest", FOUND_SEGMENT_MISSING, 0, 0);
	honest();
	f.ts_ns += 400 * FORGE_DAY * NS_PER_SEC;
	put_erase(0, 0, 4, "", "[\"sato\"]");
	fill(0);
	forge_seal(&f);
	sh("rm " SEG("0", "21"));
	a = anchors_of(&f);
	quiet_with("old records with one approval", &a, COMPLETE_GAPS);
	anchors_free(&a);
	honest();
	put_erase(0, 0, 4, "", TWO);
	forge_write(&f, "open.jsonl", buf_slice(&f.lines));
	sh("rm " SEG("0", "21"));
	caught("T19 the erase record is not sealed", FOUND_SEGMENT_MISSING, 0, 0);

	honest();
	put_stub_for(SEG("0", "21"), 2, hex);
	snprintf(more, sizeof more, ",\"scope\":\"records\",\"new_sha256\":\"%s\"", hex);
	put_erase(0, 1, 1, more, TWO);
	fill(0);
	forge_seal(&f);
	sh("mv " SEG("0", "21") ".stubs " SEG("0", "21"));
	a = anchors_of(&f);
	quiet_with("one record erased as declared", &a, COMPLETE_GAPS);
	anchors_free(&a);
	honest();
	put_stub_for(SEG("0", "21"), 2, hex);
	sh("mv " SEG("0", "21") ".stubs " SEG("0", "21"));
	caught("T20 a stub without an erase record", FOUND_STUB_UNDECLARED, 0, 1);
	honest();
	put_stub_for(SEG("0", "21"), 3, hex);
	put_erase(0, 1, 1, more, TWO);
	fill(0);
	forge_seal(&f);
	sh("mv " SEG("0", "21") ".stubs " SEG("0", "21"));
	caught("T20 a stub of another record", FOUND_STUB_UNDECLARED, 0, 2);
	honest();
	put_stub_for(SEG("0", "21"), 2, hex);
	sh("sed 's/^# ..../# AAAA/' " SEG("0", "21") ".stubs > " SEG("0", "21") " && rm " SEG("0",
											      "21") ".stubs");
	caught("T20 a stub with a wrong leaf", FOUND_SEGMENT_ROOT, 0, -1);
	honest();
	put_stub_for(SEG("0", "21"), 2, hex);
	sh("sed 's/^# /#  /' " SEG("0", "21") ".stubs > " SEG("0", "21") " && rm " SEG("0", "21") ".stubs");
	caught("a stub line that is none", FOUND_STUB_FORM, 0, 1);
	erased(0, 0, 4, "", TWO);
	put_stub_for(SEG("3", "24"), 1, hex);
	sh("mv " SEG("3", "24") ".stubs " SEG("3", "24"));
	caught("T21 the erase record itself stubbed", FOUND_SEGMENT_MISSING, 0, 0);
}

/* ---- time: T27, T39 ---- */

static void heartbeats(int64_t gap)
{
	begin();
	forge_record(&f, "control", "{\"action\":\"recording-started\"}");
	for (int i = 0; i < 3; i++) {
		forge_record(&f, "control", "{\"action\":\"heartbeat\"}");
		f.ts_ns += gap * NS_PER_SEC;
	}
}

static void test_time(void)
{
	begin();
	fill(1);
	f.ts_ns -= 3600 * NS_PER_SEC;
	fill(1);
	forge_seal(&f);
	caught("T27 the clock set back", FOUND_CLOCK_BACK, 0, 2);
	begin();
	fill(1);
	f.ts_ns -= 3600 * NS_PER_SEC;
	forge_record(&f, "clock", "{\"action\":\"set\"}");
	fill(1);
	forge_seal(&f);
	quiet("quiet: a clock record says so");
	begin();
	fill(1);
	f.ts_ns -= 4 * 60 * NS_PER_SEC;
	fill(1);
	forge_seal(&f);
	quiet("four minutes back");
	heartbeats(300);
	forge_seal(&f);
	quiet("heartbeats every five minutes");
	heartbeats(900);
	forge_seal(&f);
	caught("T39 heartbeats missing", FOUND_HEARTBEAT, 0, 2);
	heartbeats(0);
	f.ts_ns += 7200 * NS_PER_SEC;
	forge_record(&f, "control", "{\"action\":\"recording-started\"}");
	forge_record(&f, "control", "{\"action\":\"heartbeat\"}");
	forge_seal(&f);
	quiet("a stop and a start explain it");
}

/* ---- what must not alarm ---- */

static void test_quiet(void)
{
	struct anchors a;

	honest();
	a = anchors_of(&f);
	quiet_with("quiet: an honest log with a quiet day, and its anchors", &a, COMPLETE_OK);
	anchors_free(&a);
	honest();
	quiet("without one, completeness is unknown");
	begin();
	f.tweak = lost;
	fill(1);
	forge_seal(&f);
	a = anchors_of(&f);
	quiet_with("quiet: declared gaps: events known to be lost", &a, COMPLETE_GAPS);
	anchors_free(&a);
	honest();
	sh("gzip segments/2026/11/*.jsonl");
	quiet("quiet: files named .gz");
	honest();
	sh("gzip " SEG("0", "21") " && printf x | dd of=" SEG(
		"0", "21") ".gz bs=1 seek=40 conv=notrunc 2>/dev/null");
	{
		struct seen s = look(NULL);

		ok(!verify_passed(&s.r), "but not when they are damaged");
	}
	forge_close(&f);
	honest();
	sh("echo hello > notes/README && echo x > readme.txt && echo half > notes/segment-000003.note.tmp");
	quiet("other people's files");
	honest();
	forge_record(&f, "access", ACCESS);
	buf_str(&f.lines, "{\"half a line");
	forge_write(&f, "open.jsonl", buf_slice(&f.lines));
	{
		struct seen s = look(NULL);

		ok(verify_passed(&s.r) && s.r.unsealed == 1, "an open segment with a line under way");
	}
	buf_clear(&f.lines);
	f.seq = 11;
	forge_record(&f, "access", ACCESS);
	forge_write(&f, "more", buf_slice(&f.lines));
	sh("sed -i '$d;1s/tanaka/tanakb/' open.jsonl && cat more >> open.jsonl");
	caught("but not when its chain is broken", FOUND_RECORD_CHAIN, 3, 11);
	begin();
	f.tweak = far_future;
	fill(1);
	forge_seal(&f);
	quiet("quiet: the year 2100");
	begin();
	{
		struct seen s = look(NULL);

		ok(s.rc == TK_OK && verify_passed(&s.r) && s.r.segments == 0, "a log that is not sealed yet");
	}
	forge_close(&f);
}

static void test_options(void)
{
	struct anchors a = { 0 };
	struct seen s;
	struct err e;

	honest();
	anchors_add_code(&a, "FZXA-0JBH-JJ4Y-BPZX-17GN", &e);
	s = look(&a);
	ok(s.count[FOUND_CODE_UNKNOWN] == 1 && !verify_passed(&s.r), "a code of no checkpoint");
	anchors_free(&a);
	{
		char code[SHORT_CODE_LEN + 1];

		short_code(&f.checkpoint, code);
		for (char *p = code; *p != '\0'; p++)
			*p = *p == '0'		      ? 'o'
			     : *p == '1'	      ? 'l'
			     : *p >= 'A' && *p <= 'Z' ? (char)(*p + 32)
						      : *p;
		ok_int(anchors_add_code(&a, code, &e), TK_OK, "a code as typed");
	}
	s = look(&a);
	ok(s.r.completeness == COMPLETE_OK && s.r.anchored == 3, "it is an anchor");
	anchors_free(&a);
	ok_int(anchors_add_copy(&a, f.folder, &e), TK_OK, "an older copy");
	ok_int((int64_t)a.n, 3, "has its checkpoints");
	s = look(&a);
	ok(s.r.completeness == COMPLETE_OK, "and agrees");
	anchors_free(&a);
	{
		struct verify_options o = { .folder = f.folder,
					    .found = take,
					    .ctx = &s,
					    .max_age = 3600,
					    .now = FORGE_BEGIN + 4 * FORGE_DAY,
					    .require_anchor = true };
		struct verify_result r;

		trail_verify(&o, &r, &e);
		ok(r.self_attested && r.stale && r.no_anchor && !verify_passed(&r),
		   "self-attested, stale, no anchor");
		o.max_age = 25 * 3600;
		o.require_anchor = false;
		trail_verify(&o, &r, &e);
		ok(verify_passed(&r), "neither stale nor in need of one");
		o.folder = "/nowhere";
		ok_int(trail_verify(&o, &r, &e), TK_EIO, "no folder");
		o.folder = "/tmp";
		ok(trail_verify(&o, &r, &e) != TK_OK, "no log");
	}
	forge_close(&f);
}

int main(void)
{
	setenv("TZ", "Asia/Tokyo", 1);
	test_insider();
	test_epochs();
	test_erasing();
	test_time();
	test_quiet();
	test_options();
	return tap_done();
}
