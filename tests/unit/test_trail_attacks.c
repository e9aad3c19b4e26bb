/* What a verifier must catch, and where, when files are changed (audit-trail.md 8; the numbers are its). */
#include "tests/lib/attack.h"

/* ---- records: T1 to T6, T10, T12, T28, T32 ---- */

static void test_records(void)
{
	honest();
	sh("sed -i '2s/tanaka/tanakb/' " SEG("0", "21"));
	caught("T1 one byte of a record", FOUND_RECORD_CHAIN, 0, 1);
	honest();
	sh("sed -i '5s/closing/closinh/' " SEG("0", "21"));
	caught("T1 one byte of the last record", FOUND_SEGMENT_LAST, 0, 4);
	honest();
	sh("sed -i '3s/\"seq\"/ \"seq\"/' " SEG("0", "21"));
	caught("T1 a blank within a record", FOUND_RECORD_FORM, 0, 2);
	honest();
	sh("sed -i 2d " SEG("0", "21"));
	caught("T5 a record in the middle deleted", FOUND_RECORD_CHAIN, 0, 0);
	honest();
	sh("sed -i '$d' " SEG("0", "21"));
	caught("T6 the last record deleted", FOUND_SEGMENT_COUNT, 0, -1);
	honest();
	sh("sed -i '2{h;d};3{G}' " SEG("0", "21"));
	caught("T10 two records swapped", FOUND_RECORD_SEQ, 0, 1);
	honest();
	sh("tail -1 " SEG("0", "21") " >> " SEG("0", "21"));
	caught("T12 a record more at the end", FOUND_SEGMENT_COUNT, 0, -1);
	honest();
	sh("truncate -s -1 " SEG("0", "21"));
	caught("T31 no line feed at the end", FOUND_RECORD_FORM, 0, 4);
	honest();
	sh("sed -i 's/$/\\r/' " SEG("1", "22"));
	caught("T31 CRLF", FOUND_RECORD_FORM, 1, 5);
	honest();
	sh("printf '\\n' >> " SEG("1", "22"));
	caught("T31 a blank line", FOUND_RECORD_FORM, 1, 6);
	honest();
	sh(": > " SEG("1", "22"));
	caught("an empty file", FOUND_SEGMENT_COUNT, 1, -1);
	honest();
	sh("head -c 9000000 /dev/zero | tr '\\0' a >> " SEG("1", "22"));
	caught("T32 a line of 9 MB", FOUND_SEGMENT_HASH, 1, -1);
}

/* The file forged anew with all h right: T2, and signed again: T3, T4. */
static void rewritten(const uint8_t *signer)
{
	struct forge g;

	honest();
	g = f;
	forge_open(&f, FORGE_ORIGIN, "site");
	forge_record(&f, "access", "{\"user.name\":\"sato\"}");
	fill(3);
	f.signer = signer;
	forge_seal(&f);
	if (signer == NULL) { /* T2: the file alone */
		char command[400];

		snprintf(command, sizeof command, "cp %s/" SEG("0", "21") " %s/" SEG("0", "21"), f.folder,
			 g.folder);
		sh(command);
	} else { /* T3, T4: with its manifest */
		char command[400];

		snprintf(command, sizeof command,
			 "cp %s/" SEG("0", "21") " %s/" SEG("0",
							    "21") " && cp notes/segment-000000.note %s/notes",
			 f.folder, g.folder, g.folder);
		sh(command);
	}
	forge_close(&f);
	f = g;
}

static void test_rewriting(void)
{
	uint8_t key[32] = { 9 };

	rewritten(NULL);
	caught("T2 a record changed and every h behind it", FOUND_SEGMENT_HASH, 0, -1);
	honest();
	forge_day(&f, 3, key);
	forge_close(&f);
	rewritten(key);
	caught("T3 signed with the current day key", FOUND_MANIFEST_SIGNATURE, 0, -1);
	memset(key, 9, sizeof key);
	rewritten(key);
	caught("T4 signed with a key of the attacker", FOUND_MANIFEST_SIGNATURE, 0, -1);
	begin();
	fill(4);
	forge_day(&f, 1, key); /* the key of the next day, stolen then */
	f.signer = key;
	forge_seal(&f);
	fill(0);
	forge_seal(&f);
	caught("T22 an old segment sealed with a newer key", FOUND_MANIFEST_SIGNATURE, 0, -1);
	begin();
	fill(1);
	f.seq += 3;
	forge_record(&f, "control", CLOSING);
	forge_seal(&f);
	caught("T28 record numbers left out, chain intact", FOUND_RECORD_SEQ, 0, -1);
}

/* ---- JSON tricks by one who can sign: T32 ---- */

static void trick(const char *name, const char *body)
{
	char line[2000], h[65];

	begin();
	hex_encode(hash_slice(&f.last), h);
	snprintf(line, sizeof line,
		 "{%s\"h\":\"%s\",\"n\":\"AAAAAAAAAAAAAAAAAAAAAA\",\"seq\":0,"
		 "\"ts\":\"2026-11-20T15:00:00.000Z\",\"type\":\"access\",\"v\":1}",
		 body, h);
	forge_line(&f, slice_str(line));
	forge_seal(&f);
	caught(name, FOUND_RECORD_FORM, 0, 0);
}

static void test_json(void)
{
	trick("T32 a key twice", "\"a\":1,\"a\":2,");
	trick("T32 keys out of order", "\"b\":1,\"a\":2,");
	trick("T32 a float", "\"a\":1.5,");
	trick("T32 an escape too many", "\"a\":\"\\u0041\",");
	trick("T32 a lone surrogate", "\"a\":\"\\udc00\",");
	trick("T32 NFC games: a key beyond ASCII", "\"\xc3\xa9\":1,");
	trick("T34 a number beyond 2^53", "\"a\":9007199254740992,");
}

/* ---- segments: T7, T8, T11, T13 to T15, T18, T33 ---- */

static void test_segments(void)
{
	struct anchors a;

	honest();
	a = anchors_of(&f);
	sh("rm " SEG(
		"2",
		"23") " notes/segment-000002.note notes/checkpoint-000003.note && sed -i '$d' anchors.tsv");
	{
		struct seen s = look(NULL);

		ok(verify_passed(&s.r) && s.r.completeness == COMPLETE_UNKNOWN,
		   "T7 a tail removed cleanly is seen by no one");
	}
	caught_by_anchor("T7 but by an anchor", &a, FOUND_ANCHOR_LARGER);
	honest();
	sh("rm " SEG("2", "23") " notes/segment-000002.note notes/checkpoint-000003.note");
	caught("T7 with the log's own table left", FOUND_ROLLBACK, 2, -1);
	honest();
	sh("rm " SEG("2", "23") " notes/segment-000002.note && sed -i '$d' anchors.tsv");
	caught("T17 a checkpoint larger than the log", FOUND_ROLLBACK, 2, -1);
	honest();
	sh("mv " SEG("0", "21") " x && mv " SEG("2", "23") " " SEG("0", "21") " && mv x " SEG("2", "23"));
	caught("T11 two segments swapped", FOUND_SEGMENT_HASH, 0, -1);
	honest();
	sh("mv " SEG("1", "22") " " SEG("1", "25"));
	caught("T11 a file renamed", FOUND_STRAY_SEGMENT, 1, -1);
	honest();
	sh("cp " SEG("1", "22") " " SEG("3", "24"));
	caught("T13 a segment file inserted", FOUND_STRAY_SEGMENT, 3, -1);
	honest();
	sh("cp notes/segment-000001.note notes/segment-000003.note");
	caught("T14 a manifest twice", FOUND_NUMBER, 3, -1);
	honest();
	sh("rm notes/segment-000001.note");
	caught("T13 a number skipped", FOUND_MANIFEST_MISSING, 1, -1);
	honest();
	sh("rm notes/checkpoint-000002.note");
	caught("a checkpoint removed", FOUND_CHECKPOINT_MISSING, 1, -1);
	honest();
	sh("rm " SEG("1", "22"));
	caught("T18 a file without an erase record", FOUND_SEGMENT_MISSING, 1, 5);
	honest();
	sh("mv " SEG("1", "22") " x && ln -s ../../../x " SEG("1", "22"));
	caught("T33 a link for a file", FOUND_SEGMENT_KIND, 1, -1);
	honest();
	sh("rm " SEG("1", "22") " && mkfifo " SEG("1", "22"));
	caught("T33 a pipe for a file", FOUND_SEGMENT_KIND, 1, -1);
	honest();
	sh("mv segments s && ln -s s segments");
	caught("T33 a link for a folder", FOUND_SEGMENT_KIND, 0, -1);
	honest();
	sh("rm notes/segment-000001.note && ln -s /etc/passwd notes/segment-000001.note");
	caught("T33 a link for a note", FOUND_NOTE_KIND, 1, -1);
	honest();
	sh("head -c 70000 /dev/zero | tr '\\0' a > notes/segment-000001.note");
	caught("a note of 70 kB", FOUND_NOTE_KIND, 1, -1);
}

/* A note of another site among ours, or in place of one of ours: T15. */
static void foreign(const char *command)
{
	struct forge other;
	char line[400];

	forge_open(&f, "tochoku/elsewhere/11111111", "site");
	fill(2);
	forge_seal(&f);
	other = f;
	honest();
	snprintf(line, sizeof line, command, other.folder);
	sh(line);
	sh("true");
	{
		struct forge mine = f;

		f = other;
		forge_close(&f);
		f = mine;
	}
}

static void test_foreign(void)
{
	struct anchors a = { 0 };

	foreign("cp %s/notes/checkpoint-000001.note notes/checkpoint-000001.note");
	caught("T15 a checkpoint of another site", FOUND_ORIGIN, 0, -1);
	foreign("cp %s/notes/segment-000000.note notes/segment-000000.note");
	caught("T15 a manifest of another site", FOUND_ORIGIN, 0, -1);
	foreign("cp %s/notes/epoch-0001.note notes/epoch-0001.note");
	caught("T15 an epoch of another site", FOUND_ORIGIN, -1, -1);
	foreign("cp %s/notes/checkpoint-000001.note notes/old.note");
	caught("T15 a stray checkpoint of another site", FOUND_ORIGIN, 0, -1);
	/* T9: all of it gone, and a new one with another site key */
	honest();
	a = anchors_of(&f);
	forge_close(&f);
	forge_open(&f, "tochoku/hospital/22222222", "other");
	fill(4);
	forge_seal(&f);
	fill(1);
	forge_seal(&f);
	fill(1);
	forge_seal(&f);
	forge_seed(&f, "site", f.site);
	caught_by_anchor("T9, T23 a new log with another site key", &a, FOUND_SITE_KEY);
}

/* ---- a second history by one who had the keys: T8, T16 ---- */

static void other_end(void)
{
	begin();
	fill(4);
	forge_seal(&f);
	fill(0);
	forge_seal(&f);
	forge_record(&f, "access", "{\"user.name\":\"sato\"}");
	fill(0);
	forge_seal(&f);
}

static void test_forks(void)
{
	struct anchors a;

	honest();
	a = anchors_of(&f);
	forge_close(&f);
	other_end();
	caught_by_anchor("T8, T16 a tail cut off and sealed anew", &a, FOUND_ANCHOR_ROOT);
	honest();
	{
		struct forge mine = f;
		char command[400];

		other_end();
		snprintf(command, sizeof command,
			 "cp notes/checkpoint-000003.note %s/notes/checkpoint-x.note", mine.folder);
		sh(command);
		forge_close(&f);
		f = mine;
	}
	caught("T16 two checkpoints of one size", FOUND_FORK, 2, -1);
	honest();
	sh("sed -i 's/^2\\t3\\t..../2\\t3\\tAAAA/' anchors.tsv");
	caught("T16 the log's own table says otherwise", FOUND_FORK, 2, -1);
}

/* ---- notes: T29 to T31 ---- */

static void test_notes(void)
{
	honest();
	sh("printf '\\342\\200\\224 w.example/w AAAAAAAA\\n' >> notes/checkpoint-000002.note");
	quiet("quiet: T29 an unknown witness's line");
	honest();
	sh("sed -i '1s/$/\\r/' notes/segment-000001.note");
	caught("T31 CRLF in a note", FOUND_NOTE_FORM, 1, -1);
	honest();
	sh("printf '\\357\\273\\277' | cat - notes/segment-000001.note > x && mv x "
	   "notes/segment-000001.note");
	caught("T31 a BOM in a note", FOUND_NOTE_FORM, 1, -1);
	honest();
	sh("truncate -s -1 notes/checkpoint-000002.note");
	caught("T31 no line feed at the end of a note", FOUND_NOTE_FORM, 1, -1);
	honest();
	sh("sed -i 's/^dropped 0/dropped 00/' notes/segment-000001.note");
	caught("T31 a leading zero", FOUND_NOTE_FORM, 1, -1);
	honest();
	sh("sed -i 's/^dropped 0/dropped 1/' notes/segment-000001.note");
	caught("a number changed", FOUND_MANIFEST_SIGNATURE, 1, -1);
	honest();
	sh("sed -i '$d' notes/checkpoint-000002.note");
	caught("the day key's signature taken off a checkpoint", FOUND_CHECKPOINT_SIGNATURE, 1, -1);
	honest();
	sh("sed -i 5d notes/checkpoint-000002.note");
	caught("the log key's signature taken off a checkpoint", FOUND_CHECKPOINT_SIGNATURE, 1, -1);
	honest();
	sh("cp notes/checkpoint-000001.note notes/checkpoint-000002.note");
	caught("an old checkpoint under a new name", FOUND_NUMBER, 1, -1);
	honest();
	sh("cp notes/segment-000001.note notes/extra.note");
	caught("a note that belongs to nothing", FOUND_STRAY_NOTE, -1, -1);
}

int main(void)
{
	setenv("TZ", "Asia/Tokyo", 1);
	test_records();
	test_rewriting();
	test_json();
	test_segments();
	test_foreign();
	test_forks();
	test_notes();
	return tap_done();
}
