/* Signatures that are not what they seem (T29, T30), and more of what must not alarm (audit-trail.md 8). */
#include "tests/lib/attack.h"

/* ---- signatures: T29, T30 ---- */

static void plus_order(uint8_t *bytes) /* S + L: the same signature in a second spelling */
{
	static const uint8_t order[32] = { 0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,	 0xd6,
					   0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10 };
	unsigned carry = 0;

	for (int i = 0; i < 32; i++) {
		carry += bytes[4 + 32 + i] + order[i];
		bytes[4 + 32 + i] = (uint8_t)carry;
		carry >>= 8;
	}
}

static void wrong_id(uint8_t *bytes)
{
	bytes[0] ^= 1;
}

static void one_bit(uint8_t *bytes)
{
	bytes[10] ^= 1;
}

static void zeros(uint8_t *bytes) /* R and S of a key of small order would pass a careless verifier */
{
	memset(bytes + 4, 0, 64);
	bytes[4] = 1;
}

/* Writes a note of the log again, its last signature changed; `more` behind it. */
static void resign(const char *file, void (*change)(uint8_t *bytes), const char *more)
{
	char path[200];
	struct slice bytes;
	struct note n;
	struct buf out;
	const char *why;
	struct err e;

	snprintf(path, sizeof path, "%s/%s", f.folder, file);
	if (sys_slurp(path, NOTE_MAX, &bytes, &e) != TK_OK || !note_read(bytes, &n, &why))
		forge_die(file);
	buf_init(&out, NOTE_MAX);
	note_begin(&out, n.text);
	for (size_t i = 0; i < n.n_signatures; i++) {
		if (i + 1 == n.n_signatures)
			change(n.signature[i].bytes);
		buf_fmt(&out, "\xe2\x80\x94 %.*s ", (int)n.signature[i].name.n,
			(const char *)n.signature[i].name.p);
		put_base64(&out, slice_of(n.signature[i].bytes, n.signature[i].n));
		buf_byte(&out, '\n');
	}
	buf_str(&out, more);
	forge_write(&f, file, buf_slice(&out));
	buf_free(&out);
	free((void *)(uintptr_t)bytes.p);
}

static void no_change(uint8_t *bytes)
{
	(void)bytes;
}

#define STRANGER "\xe2\x80\x94 stranger.example/k AAAAAAAA\n"

static void test_signatures(void)
{
	static const struct {
		const char *name;
		void (*change)(uint8_t *bytes);
		const char *more;
	} rows[] = {
		{ "T30 a signature with S + L", plus_order, "" },
		{ "T30 a signature under a wrong key id", wrong_id, "" },
		{ "T30 a signature of a small order's shape", zeros, "" },
		{ "T29 a known key's bad signature beside a stranger's", one_bit, STRANGER },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char name[100];

		honest();
		resign("notes/segment-000001.note", rows[i].change, rows[i].more);
		snprintf(name, sizeof name, "%s, of a manifest", rows[i].name);
		caught(name, FOUND_MANIFEST_SIGNATURE, 1, -1);
		honest();
		resign("notes/checkpoint-000002.note", rows[i].change, rows[i].more);
		snprintf(name, sizeof name, "%s, of a checkpoint", rows[i].name);
		caught(name, FOUND_CHECKPOINT_SIGNATURE, 1, -1);
		honest();
		resign("notes/epoch-0001.note", rows[i].change, rows[i].more);
		snprintf(name, sizeof name, "%s, of an epoch", rows[i].name);
		caught(name, FOUND_SITE_KEY, -1, -1);
	}
	honest();
	resign("notes/segment-000001.note", no_change, STRANGER STRANGER STRANGER);
	quiet("T29 strangers' lines on a manifest");
}

static void small_order(struct manifest *m)
{
	memset(m->next_key.key, 0, sizeof m->next_key.key);
	m->next_key.key[0] = 1; /* the identity: it would verify any message */
}

static void test_small_order(void)
{
	begin();
	fill(2);
	f.tweak = small_order;
	forge_seal(&f);
	caught("T30 a next key of small order", FOUND_NOTE_FORM, 0, -1);
}

/* ---- what must not alarm ---- */

static void twice_a_day(struct manifest *m)
{
	m->closed = m->opened + 3600;
	f.tweak = NULL;
}

static void after_it(struct manifest *m)
{
	m->opened = FORGE_BEGIN + 3600;
}

static void long_day(struct manifest *m) /* 25 hours, to the end of summer time */
{
	m->opened = INT64_C(1825560000); /* 2027-11-07T04:00:00Z, midnight there */
	m->closed = INT64_C(1825650000);
	memcpy(m->zone, "America/New_York", sizeof "America/New_York");
	memcpy(m->file, "2027/11/000000-20271107.jsonl", sizeof m->file);
}

static void short_day(struct manifest *m) /* 23 hours, to its beginning */
{
	m->opened = INT64_C(1805000400); /* 2027-03-14T05:00:00Z */
	m->closed = INT64_C(1805083200);
	memcpy(m->zone, "America/New_York", sizeof "America/New_York");
	memcpy(m->file, "2027/03/000000-20270314.jsonl", sizeof m->file);
}

static void behind_2038(struct manifest *m)
{
	m->closed = (INT64_C(1) << 31) + 86400;
}

static void tweaked(const char *name, void (*tweak)(struct manifest *))
{
	begin();
	f.tweak = tweak;
	fill(2);
	forge_seal(&f);
	quiet(name);
}

static void test_quiet(void)
{
	struct anchors a;
	char old[64];

	begin();
	f.tweak = twice_a_day;
	fill(2);
	forge_seal(&f);
	f.tweak = after_it;
	fill(1);
	forge_seal(&f);
	quiet("quiet: segments sealed early");
	tweaked("quiet: a day of 25 hours", long_day);
	tweaked("quiet: a day of 23 hours", short_day);
	tweaked("quiet: behind the year 2038", behind_2038);
	honest();
	a = anchors_of(&f);
	memcpy(old, f.folder, sizeof old);
	snprintf(f.folder, sizeof f.folder, "%.50s.moved", old);
	if (rename(old, f.folder) != 0)
		forge_die("rename");
	quiet_with("quiet: the log moved to another directory", &a, COMPLETE_OK);
	anchors_free(&a);
}

int main(void)
{
	setenv("TZ", "Asia/Tokyo", 1);
	test_signatures();
	test_small_order();
	test_quiet();
	return tap_done();
}
