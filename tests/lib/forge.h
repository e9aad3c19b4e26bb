/* A log made by somebody who has every key: the honest one, and whatever an attacker could make of it. Works
 * on the texts of core/trail, not with its writer. */
#ifndef TK_TESTS_FORGE_H
#define TK_TESTS_FORGE_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/hash.h"
#include "core/base/sys.h"
#include "core/base/zone.h"
#include "core/trail/files.h"
#include "core/trail/merkle.h"
#include "core/trail/record.h"
#include "core/trail/verify.h"

#define FORGE_ORIGIN "tochoku/hospital/0badcafe"
#define FORGE_BEGIN INT64_C(1795186800) /* 2026-11-20T15:00:00Z */
#define FORGE_DAY INT64_C(86400)

struct forge {
	char folder[64];
	const char *origin;
	struct sha256 *sha;
	struct renderer *renderer;
	struct buf lines; /* of the open segment */
	int64_t seq, segment, ts_ns;
	int64_t records;
	struct hash32 last, prev; /* h of the next record; prev of the next manifest */
	struct hash32 checkpoint;
	struct merkle leaves, tree;
	uint8_t site[32], log[32], day[32]; /* day: of the open segment */
	int day_number, epoch;
	struct hash32 epoch_hash;
	struct buf anchors;
	/* an insider's changes to the next manifest, before it is signed; NULL: none */
	void (*tweak)(struct manifest *m);
	const uint8_t *signer; /* another key than the day key; NULL */
	struct hash32 root[16], manifest[16];
};

static inline void forge_die(const char *what)
{
	printf("Bail out! %s\n", what);
	exit(1);
}

static inline void forge_seed(struct forge *f, const char *name, uint8_t out[32])
{
	char text[64];

	snprintf(text, sizeof text, "tochoku test seed %s", name);
	sha256_of(f->sha, slice_str(text), out);
}

static inline void forge_day(struct forge *f, int number, uint8_t out[32])
{
	char name[32];

	snprintf(name, sizeof name, "day%d", number);
	forge_seed(f, name, out);
}

static inline void forge_vkey(struct forge *f, const char *suffix, const uint8_t seed[32], struct vkey *out)
{
	uint8_t public[32];
	char name[100];

	snprintf(name, sizeof name, "%s%s", f->origin, suffix);
	ed25519_public(seed, public);
	vkey_make(out, slice_str(name), KEY_ED25519, public);
}

static inline void forge_write(struct forge *f, const char *name, struct slice bytes)
{
	char path[200];
	struct err e;
	int fd;

	snprintf(path, sizeof path, "%s/%s", f->folder, name);
	if (sys_make_folders(path, 0755, &e) != TK_OK ||
	    (fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644)) < 0 ||
	    sys_write_all(fd, bytes.p, bytes.n) != 0)
		forge_die(name);
	close(fd);
}

struct forge_signer {
	const char *suffix;
	const uint8_t *seed;
};

static inline void forge_note(struct forge *f, const char *name, struct slice text,
			      const struct forge_signer *by, size_t n)
{
	struct buf note;

	buf_init(&note, NOTE_MAX);
	note_begin(&note, text);
	for (size_t i = 0; i < n; i++) {
		char key[100];

		snprintf(key, sizeof key, "%s%s", f->origin, by[i].suffix);
		note_sign(&note, text, slice_str(key), by[i].seed);
	}
	forge_write(f, name, buf_slice(&note));
	buf_free(&note);
}

static inline void forge_epoch(struct forge *f, enum epoch_reason reason)
{
	struct epoch e = { .number = ++f->epoch,
			   .reason = reason,
			   .start_segment = f->segment,
			   .prev_epoch = { f->epoch_hash, f->epoch == 1 },
			   .prev_checkpoint = { f->checkpoint, f->tree.n == 0 },
			   .created = FORGE_BEGIN + f->segment * FORGE_DAY };
	struct buf text;
	char name[64];

	snprintf(e.origin, sizeof e.origin, "%s", f->origin);
	if (reason != EPOCH_INIT) {
		snprintf(name, sizeof name, "log%d", f->epoch);
		forge_seed(f, name, f->log);
	}
	if (reason == EPOCH_RECOVER)
		forge_day(f, f->day_number += 100, f->day);
	forge_vkey(f, "/day", f->day, &e.first_key);
	forge_vkey(f, "", f->log, &e.log_key);
	buf_init(&text, NOTE_MAX);
	put_epoch(&text, &e);
	sha256_of(f->sha, buf_slice(&text), f->epoch_hash.b);
	snprintf(name, sizeof name, "notes/epoch-%04d.note", f->epoch);
	forge_note(f, name, buf_slice(&text), &(struct forge_signer){ "/site", f->site }, 1);
	if (reason == EPOCH_INIT)
		f->last = f->prev = f->epoch_hash;
	buf_free(&text);
}

static inline void forge_open(struct forge *f, const char *origin, const char *site)
{
	struct buf b;
	struct vkey k;

	*f = (struct forge){ .folder = "/tmp/tochoku-forge-XXXXXX", .origin = origin };
	if (mkdtemp(f->folder) == NULL)
		forge_die("mkdtemp");
	f->sha = sha256_new();
	f->renderer = renderer_new();
	buf_init(&f->lines, 64 << 20);
	buf_init(&f->anchors, 1 << 20);
	buf_str(&f->anchors, "segment\tsize\troot\tcheckpoint-sha256\tshort-code\n");
	f->ts_ns = FORGE_BEGIN * NS_PER_SEC;
	forge_seed(f, site, f->site);
	forge_seed(f, "log", f->log);
	forge_day(f, 0, f->day);
	forge_epoch(f, EPOCH_INIT);
	buf_init(&b, 1000);
	forge_vkey(f, "/site", f->site, &k);
	put_vkey(&b, &k);
	buf_byte(&b, '\n');
	forge_write(f, "site-key.vkey", buf_slice(&b));
	buf_free(&b);
}

static inline void forge_close(struct forge *f)
{
	char command[128];

	snprintf(command, sizeof command, "rm -rf %s", f->folder);
	if (system(command) != 0)
		forge_die(command);
	sha256_free(f->sha);
	renderer_free(f->renderer);
	buf_free(&f->lines);
	buf_free(&f->anchors);
}

/* A line as it stands: whatever it is. */
static inline void forge_line(struct forge *f, struct slice line)
{
	struct hash32 leaf, hash;

	if (line.n > 0 && line.p[0] == '#' && stub_read(line, &leaf, &hash)) {
		f->last = hash;
	} else {
		sha256_of(f->sha, line, f->last.b);
		merkle_leaf(f->sha, line, &leaf);
	}
	merkle_add(&f->leaves, f->sha, &leaf);
	buf_add(&f->lines, line);
	buf_byte(&f->lines, '\n');
	f->records++;
	f->seq++;
}

static inline void forge_record(struct forge *f, const char *type, const char *body)
{
	struct record_head h = { .seq = f->seq, .ts_ns = f->ts_ns, .type = type, .h = f->last };
	struct buf line;

	f->ts_ns += NS_PER_SEC;
	buf_init(&line, 1 << 20);
	memset(h.nonce, (int)f->seq, sizeof h.nonce);
	put_record(f->renderer, &line, &h, slice_str(body));
	forge_line(f, buf_slice(&line));
	buf_free(&line);
}

static inline void forge_checkpoint(struct forge *f, const uint8_t day[32])
{
	const struct forge_signer by[] = { { "", f->log }, { "/day", day } };
	struct checkpoint c = { .size = f->tree.n };
	struct buf text;
	char name[64], code[SHORT_CODE_LEN + 1];

	snprintf(c.origin, sizeof c.origin, "%s", f->origin);
	merkle_root(&f->tree, f->sha, &c.root);
	f->root[f->tree.n - 1] = c.root;
	buf_init(&text, 1000);
	put_checkpoint(&text, &c);
	sha256_of(f->sha, buf_slice(&text), f->checkpoint.b);
	snprintf(name, sizeof name, "notes/checkpoint-%06d.note", (int)c.size);
	forge_note(f, name, buf_slice(&text), by, 2);
	short_code(&f->checkpoint, code);
	buf_fmt(&f->anchors, "%d\t%d\t", (int)c.size - 1, (int)c.size);
	put_base64(&f->anchors, hash_slice(&c.root));
	buf_byte(&f->anchors, '\t');
	put_hex(&f->anchors, hash_slice(&f->checkpoint));
	buf_fmt(&f->anchors, "\t%s\n", code);
	forge_write(f, "anchors.tsv", buf_slice(&f->anchors));
	buf_free(&text);
}

static inline void forge_seal(struct forge *f)
{
	struct manifest m = { .segment = f->segment,
			      .prev = f->prev,
			      .records = f->records,
			      .first_seq = f->seq - f->records,
			      .last_seq = f->seq - 1,
			      .last_hash = f->last,
			      .size = (int64_t)f->lines.n,
			      .opened = FORGE_BEGIN + f->segment * FORGE_DAY,
			      .closed = FORGE_BEGIN + (f->segment + 1) * FORGE_DAY,
			      .clock = { CLOCK_SYNCED, 4 },
			      .zone = "Asia/Tokyo" };
	uint8_t next[32], day[32];
	struct hash32 leaf;
	struct buf text;
	char name[100];

	snprintf(m.origin, sizeof m.origin, "%s", f->origin);
	snprintf(m.file, sizeof m.file, "2026/11/%06u-202611%02u.jsonl", (unsigned)(f->segment % 1000000),
		 21 + (unsigned)(f->segment % 9));
	merkle_root(&f->leaves, f->sha, &m.leaf_root);
	sha256_of(f->sha, buf_slice(&f->lines), m.sha256.b);
	forge_day(f, f->day_number + 1, next);
	forge_vkey(f, "/day", next, &m.next_key);
	if (f->tweak != NULL)
		f->tweak(&m);
	memcpy(day, f->signer != NULL ? f->signer : f->day, 32);
	buf_init(&text, NOTE_MAX);
	put_manifest(&text, &m);
	merkle_leaf(f->sha, buf_slice(&text), &leaf);
	sha256_of(f->sha, buf_slice(&text), f->prev.b);
	merkle_add(&f->tree, f->sha, &leaf);
	f->manifest[f->tree.n - 1] = f->prev;
	snprintf(name, sizeof name, "segments/%s", m.file);
	forge_write(f, name, buf_slice(&f->lines));
	snprintf(name, sizeof name, "notes/segment-%06d.note", (int)m.segment);
	forge_note(f, name, buf_slice(&text), &(struct forge_signer){ "/day", day }, 1);
	forge_checkpoint(f, day);
	memcpy(f->day, next, 32);
	f->day_number++;
	f->segment++;
	f->records = 0;
	f->leaves = (struct merkle){ 0 };
	f->ts_ns = (FORGE_BEGIN + f->segment * FORGE_DAY) * NS_PER_SEC;
	f->tweak = NULL;
	f->signer = NULL;
	buf_clear(&f->lines);
	buf_free(&text);
}

/* ---- what an attacker does with files ---- */

static inline void forge_shell(struct forge *f, const char *command)
{
	char line[1200];

	snprintf(line, sizeof line, "cd %s && %s", f->folder, command);
	if (system(line) != 0)
		forge_die(line);
}

#endif
