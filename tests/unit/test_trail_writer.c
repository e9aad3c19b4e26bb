/* The writer: what it seals verifies, goes on after any end, and keeps nothing that could sign the past. */
#include <sys/stat.h>

#include "core/base/sys.h"
#include "core/base/zone.h"
#include "core/trail/evidence.h"
#include "core/trail/files.h"
#include "core/trail/stamp.h"
#include "core/trail/verify.h"
#include "core/trail/writer.h"
#include "tests/lib/tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define BEGIN INT64_C(1795186800)
#define DAY INT64_C(86400)

static char root[64], folder[96], keys[96];
static struct trail_place place = { .site = "\xe4\xb8\xad\xe5\xa4\xae\xe7\x97\x85\xe9\x99\xa2 +1",
				    .zone = "Asia/Tokyo" };
static struct err e;

static void die(void)
{
	printf("Bail out! %s\n", e.text);
	exit(1);
}

static void fresh(void)
{
	snprintf(root, sizeof root, "/tmp/tochoku-trail-XXXXXX");
	if (mkdtemp(root) == NULL)
		die();
	snprintf(folder, sizeof folder, "%s/trail", root);
	snprintf(keys, sizeof keys, "%s/keys", root);
	place.folder = folder;
	place.keys = keys;
}

static int shell(const char *fmt, ...) TK_PRINTF(1, 2);
static int shell(const char *fmt, ...)
{
	char command[1000];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(command, sizeof command, fmt, ap);
	va_end(ap);
	return system(command);
}

static void gone(void)
{
	if (shell("rm -rf %s", root) != 0)
		die();
}

static struct trail *opened(void)
{
	struct trail *t;

	e = (struct err){ 0 };
	if (trail_open(&t, &place, BEGIN * NS_PER_SEC, &e) != TK_OK)
		die();
	return t;
}

static void record(struct trail *t, const char *text)
{
	struct trail_state s;
	char body[200];

	trail_state(t, &s);
	snprintf(body, sizeof body, "{\"note\":\"%s\"}", text);
	if (trail_record(t, (BEGIN + s.segment * DAY + s.records) * NS_PER_SEC, "review", slice_str(body),
			 &e) != TK_OK)
		die();
}

static void access_record(struct trail *t)
{
	struct flat_event fe;

	flat_event_reset(&fe);
	ev_set_int(&fe.ev, F_STATUS, 200);
	ev_set_str(&fe.ev, F_USER, SLICE("tanaka"));
	if (trail_access(t, BEGIN * NS_PER_SEC, &fe.ev, &e) != TK_OK)
		die();
}

static void sealed(struct trail *t)
{
	struct trail_state s;

	trail_state(t, &s);
	if (trail_seal(t, &(struct seal_facts){ s.opened + DAY, { CLOCK_SYNCED, 1 }, 0 }, &e) != TK_OK)
		die();
}

/* ---- verifying ---- */

static char codes[1000];

static void take(void *ctx, const struct trail_finding *f)
{
	(void)ctx;
	if (f->effect >= EFFECT_GAP && strlen(codes) < 900)
		sprintf(codes + strlen(codes), "%s (%s) ", f->code, f->detail == NULL ? "" : f->detail);
}

static struct verify_result verified(const struct anchors *a)
{
	struct verify_options o = { .folder = folder, .anchors = a, .found = take, .now = BEGIN + 100 * DAY };
	struct verify_result r = { 0 };

	codes[0] = '\0';
	if (trail_verify(&o, &r, &e) != TK_OK)
		die();
	return r;
}

static void sound(int64_t segments, int64_t records, int64_t unsealed, const char *name)
{
	struct verify_result r = verified(NULL);

	if (!ok(verify_passed(&r) && r.segments == segments && r.records == records && r.unsealed == unsealed,
		name))
		printf("#   %d %d %d %s\n", (int)r.segments, (int)r.records, (int)r.unsealed, codes);
}

static bool there(const char *fmt, int n)
{
	char path[200], name[64];

	snprintf(name, sizeof name, fmt, n);
	snprintf(path, sizeof path, "%s/%s", root, name);
	return file_there(path);
}

/* ---- tests ---- */

static void test_life(void)
{
	struct trail_state s;
	struct trail *t;
	struct stat st;
	char path[200];

	fresh();
	t = opened();
	trail_state(t, &s);
	ok(strncmp(s.origin, "tochoku/\xe4\xb8\xad\xe5\xa4\xae\xe7\x97\x85\xe9\x99\xa2--1/", 24) == 0,
	   "the origin");
	ok(there("keys/site.key", 0) && there("trail/site-key.vkey", 0) && there("trail/site-key.pub.pem", 0),
	   "the site key and its public half");
	snprintf(path, sizeof path, "%s/day-000000.key", keys);
	ok(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600, "keys are 0600");
	ok_int(trail_seal(t, &(struct seal_facts){ .closed = BEGIN + DAY }, &e), TK_ECONFIG,
	       "nothing to seal");
	record(t, "one");
	access_record(t);
	ok_int(trail_head(t, &e), TK_OK, "a head");
	sound(0, 0, 2, "two records that are not sealed");
	sealed(t);
	ok(!there("keys/day-%06d.key", 0) && there("keys/day-%06d.key", 1),
	   "the day key is gone, the next is there");
	ok(!there("trail/seal", 0), "and so is the plan");
	sound(1, 2, 0, "a sealed segment");
	record(t, "three");
	sealed(t);
	trail_state(t, &s);
	ok(s.size == 2 && s.next_seq == 3 && strlen(s.code) == SHORT_CODE_LEN, "the state");
	ok_int(trail_seal(t, &(struct seal_facts){ .closed = BEGIN }, &e), TK_ECONFIG, "no way back in time");
	trail_close(t);
	sound(2, 3, 0, "two");
	t = opened();
	ok_int(trail_next_seq(t), 3, "it goes on");
	record(t, "four");
	trail_close(t);
	t = opened();
	ok_int(trail_next_seq(t), 3, "what no head made durable is not there");
	record(t, "four");
	trail_head(t, &e);
	trail_close(t);
	t = opened();
	ok_int(trail_next_seq(t), 4, "and what one did is");
	sealed(t);
	trail_close(t);
	sound(3, 4, 0, "three");
	ok_int(shell("grep -c . %s/anchors.tsv | grep -qx 4", folder), 0, "a row a seal in anchors.tsv");
}

static void test_by_hand(void)
{
	ok_int(shell("tests/lib/verify_by_hand.sh %s > %s/by-hand 2>&1", folder, root), 0,
	       "openssl and sha256sum alone agree");
	ok_int(shell("cp -a %s %s/copy && sed -i '2s/tanaka/tanakb/' %s/copy/segments/*/*/000000-*.jsonl &&"
		     " ! tests/lib/verify_by_hand.sh %s/copy > /dev/null 2>&1",
		     folder, root, root, root),
	       0, "and see a change");
	shell("rm -r %s/copy", root);
}

/* A record rendered again before the seal has the same bytes; a torn line is cut off. */
static void test_again(void)
{
	struct trail *t = opened();

	record(t, "five");
	record(t, "six");
	trail_head(t, &e);
	trail_close(t);
	shell("cp %s/open.jsonl %s/first && truncate -s -20 %s/open.jsonl", folder, root, folder);
	t = opened();
	ok_int(trail_next_seq(t), 5, "the torn line is gone");
	ok_int(shell("tail -n 1 %s/open.jsonl | grep -q five", folder), 0, "from the file too");
	record(t, "six");
	trail_head(t, &e);
	ok_int(shell("cmp -s %s/open.jsonl %s/first", folder, root), 0, "rendered again: the same bytes");
	trail_close(t);
	shell("sed -i 's/five/fivf/' %s/open.jsonl", folder);
	ok_int(trail_open(&t, &place, 0, &e), TK_EMALFORMED, "a changed line is not gone on from");
	shell("cp %s/first %s/open.jsonl", root, folder);
}

static void test_epochs(void)
{
	char site[200];
	struct trail *t;

	snprintf(site, sizeof site, "%s/site.key", root);
	shell("mv %s/site.key %s", keys, site); /* taken offline */
	t = opened();
	ok(t != NULL, "the trail goes on without the site key");
	trail_close(t);
	ok_int(trail_renew(&place, EPOCH_ROTATE, site, (BEGIN + 4 * DAY) * NS_PER_SEC, &e), TK_OK,
	       "a rotation");
	t = opened();
	record(t, "seven");
	sealed(t);
	trail_close(t);
	sound(4, 7, 0, "verifies");
	shell("rm %s/day-*.key %s/log.key", keys, keys);
	ok_int(trail_open(&t, &place, 0, &e), TK_ENOTFOUND, "without its keys it cannot go on");
	shell("cp %s %s/other.key && sed -i '2s/M/N/' %s/other.key", site, root, root);
	ok(trail_renew(&place, EPOCH_RECOVER, "/nowhere", 0, &e) != TK_OK, "nor without the site key");
	ok_int(trail_renew(&place, EPOCH_RECOVER, site, (BEGIN + 5 * DAY) * NS_PER_SEC, &e), TK_OK,
	       "a recovery");
	t = opened();
	record(t, "eight");
	sealed(t);
	trail_close(t);
	sound(5, 8, 0, "verifies");
}

static void test_stranger_site_key(void)
{
	char site[200];
	uint8_t seed[SEED_LEN];

	snprintf(site, sizeof site, "%s/stranger.key", root);
	ok_int(key_make(site, seed, &e), TK_OK, "a stranger's key");
	ok_int(trail_renew(&place, EPOCH_ROTATE, site, 0, &e), TK_ECONFIG, "begins no epoch");
}

/* One place of the text replaced by another. */
static bool still_good(struct slice text, const char *from, size_t n_from, const char *to, size_t n_to)
{
	const uint8_t *at = memmem(text.p, text.n, from, n_from);
	struct evidence_result r = { 0 };
	struct buf b;
	bool good;

	if (at == NULL)
		return true;
	buf_init(&b, EVIDENCE_MAX);
	buf_add(&b, slice_head(text, (size_t)(at - text.p)));
	buf_add(&b, slice_of((const uint8_t *)to, n_to));
	buf_add(&b, slice_from(text, (size_t)(at - text.p) + n_from));
	good = evidence_verify(buf_slice(&b), NULL, NULL, NULL, &r, &e) == TK_OK;
	buf_free(&r.room);
	buf_free(&b);
	return good;
}

/* A path that is too long or too short, an index that the segment or the tree does not have. */
static void test_evidence_paths(struct slice text)
{
	static const char *const words[] = { "\npath ", "\ntree-path " };
	static const char zero[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
	const uint8_t *line;

	for (size_t i = 0; i < COUNT(words); i++) {
		char longer[128], name[80];
		size_t n = strlen(words[i]);

		line = memmem(text.p, text.n, words[i], n);
		if (line == NULL)
			die();
		snprintf(name, sizeof name, "T42 the %.*s too short", (int)n - 2, words[i] + 1);
		ok(!still_good(text, (const char *)line, n + 44, "", 0), name);
		snprintf(longer, sizeof longer, "%s%s%s", words[i], zero, words[i]);
		snprintf(name, sizeof name, "T42 the %.*s too long", (int)n - 2, words[i] + 1);
		ok(!still_good(text, words[i], n, longer, strlen(longer)), name);
	}
	ok(!still_good(text, "\nindex ", 7, "\nindex 9", 8), "T42 an index behind the records");
	ok(!still_good(text, "\nrecords ", 9, "\nrecords 1", 10), "T42 another number of records");
	ok(!still_good(text, "\nsegment ", 9, "\nsegment 9", 10), "T42 a segment behind the tree");
}

static void test_evidence(void)
{
	struct evidence_result r;
	struct anchors a = { 0 };
	struct buf b;
	char path[200];
	const uint8_t *checkpoint;
	bool all = true, wrong = false;
	uint8_t stranger[PUBLIC_LEN];

	ed25519_public((uint8_t[SEED_LEN]){ 1 }, stranger);

	buf_init(&b, EVIDENCE_MAX);
	for (int64_t seq = 0; seq < 8; seq++) {
		buf_clear(&b);
		all &= evidence_make(folder, seq, &b, &e) == TK_OK;
		all &= evidence_verify(buf_slice(&b), NULL, NULL, NULL, &r, &e) == TK_OK && r.seq == seq;
		if (!all)
			printf("#   %d: %s\n", (int)seq, e.text);
		buf_free(&r.room);
	}
	ok(all, "evidence of every record, over a rotation and a recovery");
	snprintf(path, sizeof path, "%s/anchors.tsv", folder);
	anchors_add_file(&a, path, &e);
	evidence_verify(buf_slice(&b), NULL, NULL, &a, &r, &e);
	ok(r.anchored, "an anchor knows its checkpoint");
	buf_free(&r.room);
	ok_int(evidence_verify(buf_slice(&b), NULL, stranger, NULL, &r, &e), TK_EMALFORMED,
	       "another site key did not sign it");
	buf_free(&r.room);
	anchors_free(&a);
	checkpoint = (const uint8_t *)memmem(b.p, b.n, "\ncheckpoint ", 12);
	for (size_t i = 0; b.p + i < checkpoint; i += 3) { /* no byte before the checkpoint may be another */
		b.p[i] ^= 2;
		wrong |= evidence_verify(buf_slice(&b), NULL, NULL, NULL, &r, &e) == TK_OK;
		buf_free(&r.room);
		b.p[i] ^= 2;
	}
	ok(!wrong, "T42 a changed byte is seen");
	buf_clear(&b);
	ok(evidence_make(folder, 1, &b, &e) == TK_OK, "evidence of a record among others");
	test_evidence_paths(buf_slice(&b));
	ok_int(evidence_make(folder, 99, &b, &e), TK_ENOTFOUND, "no such record");
	buf_free(&b);
}

/* A log of one's own authority: T26. */
static void test_stamps(void)
{
	static const char make[] =
		"cd %s && exec 2>/dev/null && openssl req -x509 -newkey ed25519 -nodes -keyout ca.key -out "
		"ca.pem -subj /CN=CA"
		" -days 3650 && openssl req -newkey rsa:2048 -nodes -keyout tsa.key -out tsa.csr -subj "
		"/CN=TSA &&"
		" printf 'extendedKeyUsage=critical,timeStamping\\n' > good.ext && printf "
		"'extendedKeyUsage=critical,serverAuth\\n' > bad.ext &&"
		" openssl x509 -req -in tsa.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 3650 -extfile "
		"good.ext -out "
		"tsa.pem && openssl x509 -req -in tsa.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days "
		"3650 -extfile bad.ext"
		" -out bad.pem && printf '[tsa]\\nserial=serial\\ncerts=ca.pem\\ndefault_policy=1.2.3.4\\n"
		"digests=sha256\\nsigner_digest=sha256\\naccuracy=secs:1\\n' > tsa.cnf && echo 01 > serial";
	struct slice note, reply;
	char path[300], ca[200];
	struct buf query;
	int64_t at = 0, now = time(NULL) + 60; /* the certificates come in a moment */

	if (shell("command -v openssl > /dev/null") != 0 || shell(make, root) != 0) {
		tap_skip("no openssl command");
		return;
	}
	snprintf(path, sizeof path, "%s/notes/checkpoint-000002.note", folder);
	snprintf(ca, sizeof ca, "%s/ca.pem", root);
	if (sys_slurp(path, NOTE_MAX, &note, &e) != TK_OK)
		die();
	buf_init(&query, 4096);
	ok_int(stamp_query(note, &query, &e), TK_OK, "a query");
	snprintf(path, sizeof path, "%s/q.tsq", root);
	if (file_put(path, buf_slice(&query), 0644, &e) != TK_OK)
		die();
	ok_int(shell("cd %s && openssl ts -reply -config tsa.cnf -section tsa -queryfile q.tsq -signer "
		     "tsa.pem -inkey "
		     "tsa.key -out r.tsr 2>/dev/null",
		     root),
	       0, "that openssl answers");
	snprintf(path, sizeof path, "%s/r.tsr", root);
	if (sys_slurp(path, 65536, &reply, &e) != TK_OK)
		die();
	ok_int(stamp_verify(reply, note, NULL, now, &at, &e), STAMP_UNCHECKED,
	       "without a CA: the imprint alone");
	if (!ok_int(stamp_verify(reply, note, ca, now, &at, &e), STAMP_GOOD, "it verifies"))
		printf("#   %s\n", e.text);
	ok(at <= now && at >= now - 3600, "its time");
	ok_int(stamp_verify(reply, slice_from(note, 1), ca, now, &at, &e), STAMP_OTHER_DATA,
	       "T26 of other data");
	ok_int(stamp_verify(reply, note, ca, now + 4000 * DAY, &at, &e), STAMP_INVALID, "T26 expired");
	ok_int(stamp_verify(slice_head(reply, reply.n - 1), note, ca, now, &at, &e), STAMP_INVALID,
	       "cut short");
	((uint8_t *)(uintptr_t)reply.p)[reply.n - 3] ^= 1;
	ok_int(stamp_verify(reply, note, ca, now, &at, &e), STAMP_INVALID, "T26 its signature changed");
	ok(shell("cd %s && openssl ts -reply -config tsa.cnf -section tsa -queryfile q.tsq -signer bad.pem "
		 "-inkey tsa.key"
		 " -out bad.tsr 2>/dev/null",
		 root) != 0,
	   "openssl stamps with no other purpose");
	free((void *)(uintptr_t)note.p);
	free((void *)(uintptr_t)reply.p);
	buf_free(&query);
}

/* In the folder of a log: a token of another checkpoint, and one older than the segment's closing. */
static void test_stamps_of_a_log(void)
{
	struct verify_options o = { .folder = folder, .found = take, .now = time(NULL) + 60 };
	struct verify_result r;
	char ca[200];

	snprintf(ca, sizeof ca, "%s/ca.pem", root);
	if (!file_there(ca))
		return;
	o.tsa_ca = ca;
	shell("cp %s/r.tsr %s/notes/checkpoint-000002.tsr", root, folder);
	codes[0] = '\0';
	trail_verify(&o, &r, &e);
	/* the segments of this test close in days to come */
	ok(time(NULL) > BEGIN + 2 * DAY ? verify_passed(&r) : strstr(codes, "stamp-early") != NULL,
	   "T26 a token older than the closing");
	shell("mv %s/notes/checkpoint-000002.tsr %s/notes/checkpoint-000003.tsr", folder, folder);
	codes[0] = '\0';
	trail_verify(&o, &r, &e);
	ok(strstr(codes, "stamp-data") != NULL, "T26 a token of another checkpoint");
	shell("rm %s/notes/checkpoint-000003.tsr", folder);
}

int main(void)
{
	if (zone_use("Asia/Tokyo", &e) != TK_OK)
		die();
	test_life();
	test_by_hand();
	test_again();
	test_epochs();
	test_stranger_site_key();
	test_evidence();
	test_stamps();
	test_stamps_of_a_log();
	gone();
	return tap_done();
}
