/* The seal. The manifest's text is decided once and kept in the file "seal" until the day key is gone: each
 * step behind it can be done again with the same result, since Ed25519 is deterministic. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/hash.h"
#include "core/base/sys.h"
#include "core/base/zone.h"
#include "core/trail/writer_state.h"

#define ANCHORS_HEAD "segment\tsize\troot\tcheckpoint-sha256\tshort-code\n"
#define ANCHORS_MAX (64u << 20)

/* ---- one step each ---- */

/* Copied, not moved: a confined process may not rename from one folder to another. */
static int copy_segment(struct trail *t, const struct manifest *m, struct err *e)
{
	char from[TRAIL_PATH_MAX], to[TRAIL_PATH_MAX];

	trail_path(t, from, "open.jsonl");
	trail_path(t, to, "segments/%s", m->file);
	if (file_there(to))
		return TK_OK;
	if (sys_make_folders(to, 0750, e) != TK_OK || file_copy(from, to, 0640, e) != TK_OK)
		return e->code;
	/* the year's and month's folders may be new */
	for (int up = 0; up < 3; up++) {
		*strrchr(to, '/') = '\0';
		if (file_sync_folder(to, e) != TK_OK)
			return e->code;
	}
	return TK_OK;
}

static int remove_file(const char *path, struct err *e)
{
	if (unlink(path) != 0 && errno != ENOENT)
		return err_sys(e, "%s: cannot remove", path);
	return file_sync_folder(path, e);
}

/* Name of a key of this origin. */
static struct slice key_name(const struct trail *t, const char *suffix, char out[KEY_NAME_MAX + 1])
{
	snprintf(out, KEY_NAME_MAX + 1, "%s%s", t->epoch.origin, suffix);
	return slice_str(out);
}

static int write_manifest(struct trail *t, struct slice text, const struct manifest *m, struct err *e)
{
	char path[TRAIL_PATH_MAX], name[KEY_NAME_MAX + 1];
	struct buf note;
	int rc = TK_OK;

	trail_path(t, path, "notes/segment-%06lld.note", (long long)m->segment);
	if (t->segments > m->segment) /* it was there when the trail was opened */
		return TK_OK;
	buf_init(&note, NOTE_MAX);
	note_begin(&note, text);
	if (!note_sign(&note, text, key_name(t, "/day", name), t->day))
		rc = err_set(e, TK_EIO, "%s: OpenSSL does not sign", path);
	if (rc == TK_OK)
		rc = file_put(path, buf_slice(&note), 0640, e);
	if (rc == TK_OK)
		trail_take_manifest(t, text, m);
	buf_free(&note);
	return rc;
}

static int write_checkpoint(struct trail *t, struct err *e)
{
	struct checkpoint c = { .size = t->log_tree.n };
	char path[TRAIL_PATH_MAX], name[KEY_NAME_MAX + 1];
	struct buf text, note;
	int rc = TK_OK;

	memcpy(c.origin, t->epoch.origin, sizeof c.origin);
	merkle_root(&t->log_tree, t->hash, &c.root);
	trail_path(t, path, "notes/checkpoint-%06lld.note", (long long)c.size);
	buf_init(&text, NOTE_MAX);
	buf_init(&note, NOTE_MAX);
	put_checkpoint(&text, &c);
	sha256_of(t->hash, buf_slice(&text), t->checkpoint.b);
	note_begin(&note, buf_slice(&text));
	if (file_there(path))
		rc = TK_OK;
	else if (!note_sign(&note, buf_slice(&text), key_name(t, "", name), t->log) ||
		 !note_sign(&note, buf_slice(&text), key_name(t, "/day", name), t->day))
		rc = err_set(e, TK_EIO, "%s: OpenSSL does not sign", path);
	else
		rc = file_put(path, buf_slice(&note), 0640, e);
	buf_free(&text);
	buf_free(&note);
	return rc;
}

static void put_anchor(struct trail *t, int64_t segment, struct buf *out)
{
	char code[SHORT_CODE_LEN + 1];
	struct hash32 root;

	merkle_root(&t->log_tree, t->hash, &root);
	short_code(&t->checkpoint, code);
	buf_i64(out, segment);
	buf_byte(out, '\t');
	buf_i64(out, segment + 1);
	buf_byte(out, '\t');
	put_base64(out, hash_slice(&root));
	buf_byte(out, '\t');
	put_hex(out, hash_slice(&t->checkpoint));
	buf_fmt(out, "\t%s\n", code);
}

static int write_anchor(struct trail *t, int64_t segment, struct err *e)
{
	char path[TRAIL_PATH_MAX];
	struct slice before = { NULL, 0 };
	struct buf all, row;
	int rc = TK_OK;

	trail_path(t, path, "anchors.tsv");
	buf_init(&all, ANCHORS_MAX);
	buf_init(&row, 1024);
	if (file_there(path))
		rc = sys_slurp(path, ANCHORS_MAX, &before, e);
	if (rc == TK_OK) {
		if (before.n == 0)
			buf_str(&all, ANCHORS_HEAD);
		buf_add(&all, before);
		put_anchor(t, segment, &row);
		if (!slice_ends(buf_slice(&all), buf_slice(&row))) {
			buf_add(&all, buf_slice(&row));
			rc = all.failed || row.failed ? err_set(e, TK_ENOMEM, "%s: no memory", path)
						      : file_put(path, buf_slice(&all), 0640, e);
		}
	}
	free((void *)(uintptr_t)before.p);
	buf_free(&all);
	buf_free(&row);
	return rc;
}

/* ---- all steps ---- */

static int run_seal(struct trail *t, struct slice text, const char *plan, struct err *e)
{
	struct text_error why;
	struct manifest m;
	char key[TRAIL_PATH_MAX], open[TRAIL_PATH_MAX];
	int rc;

	if (!manifest_read(text, &m, &why) || m.segment > t->segments || m.segment < t->segments - 1)
		return err_set(e, TK_EMALFORMED, "%s: is no manifest of segment %lld", plan,
			       (long long)t->segments);
	rc = copy_segment(t, &m, e);
	if (rc == TK_OK)
		rc = write_manifest(t, text, &m, e);
	if (rc == TK_OK)
		rc = write_checkpoint(t, e);
	if (rc == TK_OK)
		rc = write_anchor(t, m.segment, e);
	if (rc == TK_OK) {
		trail_key_path(t, key, "day-%06lld.key", (long long)m.segment);
		rc = key_destroy(key, e);
	}
	trail_path(t, open, "open.jsonl");
	if (rc == TK_OK)
		rc = remove_file(open, e);
	return rc == TK_OK ? remove_file(plan, e) : rc;
}

int trail_finish_seal(struct trail *t, struct err *e)
{
	char plan[TRAIL_PATH_MAX];
	struct slice text;
	int rc;

	trail_path(t, plan, "seal");
	if (!file_there(plan))
		return TK_OK;
	if ((rc = sys_slurp(plan, NOTE_MAX, &text, e)) == TK_OK)
		rc = run_seal(t, text, plan, e);
	free((void *)(uintptr_t)text.p);
	return rc;
}

/* Made before the manifest that names it; one that a crash left is the one. */
static int next_key(struct trail *t, struct vkey *out, struct err *e)
{
	char path[TRAIL_PATH_MAX], name[KEY_NAME_MAX + 1];
	uint8_t seed[SEED_LEN], public[PUBLIC_LEN];
	int rc;

	trail_key_path(t, path, "day-%06lld.key", (long long)t->segments + 1);
	rc = key_read(path, seed, e);
	if (rc == TK_ENOTFOUND)
		rc = key_make(path, seed, e);
	if (rc == TK_OK && (!ed25519_public(seed, public) ||
			    !vkey_make(out, key_name(t, "/day", name), KEY_ED25519, public)))
		rc = err_set(e, TK_EIO, "%s: OpenSSL refuses the key", path);
	explicit_bzero(seed, sizeof seed);
	return rc;
}

static void describe(struct trail *t, const struct seal_facts *facts, struct manifest *m)
{
	int32_t day = zone_day_of(facts->closed - 1);
	struct date d = date_from_days(day);

	*m = (struct manifest){ .segment = t->segments,
				.prev = t->manifest,
				.records = t->records,
				.first_seq = t->first_seq,
				.last_seq = t->first_seq + t->records - 1,
				.last_hash = t->last,
				.size = t->bytes,
				.opened = t->closed,
				.closed = facts->closed,
				.clock = facts->clock,
				.dropped = facts->dropped };
	memcpy(m->origin, t->epoch.origin, sizeof m->origin);
	memcpy(m->zone, t->zone, sizeof m->zone);
	merkle_root(&t->leaves, t->hash, &m->leaf_root);
	sha256_end(t->file_hash, m->sha256.b);
	snprintf(m->file, sizeof m->file, "%04u/%02u/%06u-%04u%02u%02u.jsonl", (unsigned)d.year % 10000,
		 d.month % 100u, (unsigned)(t->segments % 1000000), (unsigned)d.year % 10000, d.month % 100u,
		 d.day % 100u);
}

int trail_seal(struct trail *t, const struct seal_facts *facts, struct err *e)
{
	char plan[TRAIL_PATH_MAX];
	struct manifest m;
	struct buf text;
	int rc;

	if (t->records == 0)
		return err_set(e, TK_ECONFIG, "trail: a segment without records cannot be sealed");
	if (facts->closed < t->closed || t->segments > SEGMENT_MAX)
		return err_set(e, TK_ECONFIG, "trail: segment %lld cannot close before the one before it",
			       (long long)t->segments);
	if ((rc = trail_head(t, e)) != TK_OK)
		return rc;
	describe(t, facts, &m);
	if ((rc = next_key(t, &m.next_key, e)) != TK_OK)
		return rc;
	buf_init(&text, NOTE_MAX);
	put_manifest(&text, &m);
	trail_path(t, plan, "seal");
	rc = text.failed ? err_set(e, TK_ENOMEM, "trail: no memory")
			 : file_put(plan, buf_slice(&text), 0600, e);
	if (rc == TK_OK)
		rc = run_seal(t, buf_slice(&text), plan, e);
	buf_free(&text);
	if (rc != TK_OK)
		return rc;
	sys_close(t->fd);
	t->fd = -1;
	rc = trail_use_day_key(t, e);
	return rc == TK_OK ? trail_open_segment(t, e) : rc;
}
