#include "core/trail/erase.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <zlib.h>

#include "core/base/hash.h"
#include "core/base/sys.h"
#include "core/trail/files.h"
#include "core/trail/merkle.h"
#include "core/trail/record.h"

#define BLOCK (1u << 20)

int trail_segment_manifest(const char *folder, int64_t segment, struct manifest *m, struct hash32 *text,
			   struct err *e)
{
	struct sha256 *hash = sha256_new();
	char path[TRAIL_PATH_MAX];
	struct slice bytes = { NULL, 0 };
	struct text_error bad;
	const char *why;
	struct note n;
	int rc = TK_OK;

	if (hash == NULL)
		return err_set(e, TK_ENOMEM, "no memory");
	if (!file_path(path, sizeof path, folder, "notes/segment-%06lld.note", (long long)segment))
		rc = err_set(e, TK_ECONFIG, "%s: the path is too long", folder);
	else if (!file_there(path))
		rc = TK_ENOTFOUND;
	else
		rc = sys_slurp(path, NOTE_MAX, &bytes, e);
	if (rc == TK_OK &&
	    (!note_read(bytes, &n, &why) || !manifest_read(n.text, m, &bad) || m->segment != segment))
		rc = err_set(e, TK_EMALFORMED, "%s: is no manifest of segment %lld", path,
			     (long long)segment);
	if (rc == TK_OK)
		sha256_of(hash, n.text, text->b);
	free((void *)(uintptr_t)bytes.p);
	sha256_free(hash);
	return rc;
}

/* ---- lines ---- */

static int open_segment(const char *folder, const struct manifest *m, gzFile *out, struct err *e)
{
	int in = sys_open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0), fd = -1, rc;
	char name[FILE_LEN + 16];

	if (in < 0)
		return err_sys(e, "%s: cannot open the folder", folder);
	snprintf(name, sizeof name, "segments/%s", m->file);
	if ((rc = file_open_below(in, name, &fd, e)) == TK_ENOTFOUND) {
		snprintf(name, sizeof name, "segments/%s.gz", m->file);
		rc = file_open_below(in, name, &fd, e);
	}
	sys_close(in);
	if (rc == TK_OK && (*out = gzdopen(fd, "rb")) == NULL) {
		sys_close(fd);
		rc = err_set(e, TK_ENOMEM, "no memory");
	}
	return rc;
}

/* Whole lines of the block are given on; what is left moves to its front. */
static int give_lines(struct buf *b, int64_t *seq, segment_line_fn line, void *ctx)
{
	struct slice rest = buf_slice(b), text;
	int rc = TK_OK;

	while (rc == TK_OK && take_line(&rest, &text))
		rc = line(ctx, (*seq)++, text);
	if (rest.n > 0)
		memmove(b->p, b->p + (b->n - rest.n), rest.n);
	b->n = rest.n;
	return rc;
}

int trail_segment_lines(const char *folder, const struct manifest *m, segment_line_fn line, void *ctx,
			struct err *e)
{
	int64_t seq = m->first_seq;
	struct buf b;
	gzFile file;
	int got = 1, rc = open_segment(folder, m, &file, e);

	if (rc != TK_OK)
		return rc;
	buf_init(&b, RECORD_MAX + 2 * BLOCK);
	while (rc == TK_OK && got > 0) {
		uint8_t *p = buf_room(&b, BLOCK);

		if (p == NULL)
			rc = err_set(e, TK_EMALFORMED, "segments/%s: a line longer than 8 MiB", m->file);
		else if ((got = gzread(file, p, BLOCK)) < 0)
			rc = err_set(e, TK_EIO, "segments/%s: cannot be read", m->file);
		if (rc != TK_OK || got <= 0)
			break;
		b.n += (size_t)got;
		rc = give_lines(&b, &seq, line, ctx);
	}
	if (rc == TK_OK && (b.n > 0 || seq != m->last_seq + 1))
		rc = err_set(e, TK_EMALFORMED,
			     "segments/%s: holds %lld records and not %lld: `tochoku verify` says more",
			     m->file, (long long)(seq - m->first_seq), (long long)m->records);
	gzclose(file);
	buf_free(&b);
	return rc;
}

/* ---- stubs ---- */

struct cutting {
	const struct trail_run *run;
	size_t n, at;
	struct sha256 *file, *hash;
	struct fresh *fresh; /* NULL: the hash alone */
	struct buf out;
	struct err *e;
};

static int put_out(struct cutting *c, size_t least)
{
	int rc = TK_OK;

	if (c->out.failed)
		return err_set(c->e, TK_ENOMEM, "no memory");
	if (c->out.n < least)
		return TK_OK;
	sha256_add(c->file, buf_slice(&c->out));
	if (c->fresh != NULL)
		rc = fresh_write(c->fresh, c->out.p, c->out.n, c->e);
	buf_clear(&c->out);
	return rc;
}

static int cut_line(void *ctx, int64_t seq, struct slice line)
{
	struct cutting *c = ctx;
	struct hash32 leaf, hash;

	while (c->at < c->n && c->run[c->at].last < seq)
		c->at++;
	if (c->at < c->n && c->run[c->at].first <= seq && !stub_read(line, &leaf, &hash)) {
		merkle_leaf(c->hash, line, &leaf);
		sha256_of(c->hash, line, hash.b);
		put_stub(&c->out, &leaf, &hash);
	} else {
		buf_add(&c->out, line);
	}
	buf_byte(&c->out, '\n');
	return put_out(c, BLOCK);
}

static int cut(const char *folder, const struct manifest *m, struct cutting *c, struct hash32 *out)
{
	int rc;

	c->file = sha256_new();
	c->hash = sha256_new();
	buf_init(&c->out, RECORD_MAX + 2 * BLOCK);
	if (c->file == NULL || c->hash == NULL) {
		rc = err_set(c->e, TK_ENOMEM, "no memory");
	} else {
		sha256_begin(c->file);
		rc = trail_segment_lines(folder, m, cut_line, c, c->e);
	}
	if (rc == TK_OK)
		rc = put_out(c, 1);
	if (rc == TK_OK)
		sha256_end(c->file, out->b);
	sha256_free(c->file);
	sha256_free(c->hash);
	buf_free(&c->out);
	return rc;
}

int trail_segment_cut_hash(const char *folder, const struct manifest *m, const struct trail_run *run,
			   size_t n, struct hash32 *out, struct err *e)
{
	struct cutting c = { .run = run, .n = n, .e = e };

	return cut(folder, m, &c, out);
}

static int unlink_segment(const char *folder, const struct manifest *m, const char *suffix, struct err *e)
{
	char path[TRAIL_PATH_MAX];

	if (!file_path(path, sizeof path, folder, "segments/%s%s", m->file, suffix))
		return err_set(e, TK_ECONFIG, "%s: the path is too long", folder);
	if (!file_there(path))
		return TK_OK;
	if (unlink(path) != 0 && errno != ENOENT)
		return err_sys(e, "%s: cannot remove", path);
	return file_sync_folder(path, e);
}

int trail_segment_cut(const char *folder, const struct manifest *m, const struct trail_run *run, size_t n,
		      const struct hash32 *want, struct err *e)
{
	struct fresh fresh;
	struct cutting c = { .run = run, .n = n, .fresh = &fresh, .e = e };
	char path[TRAIL_PATH_MAX];
	struct hash32 got;
	int rc;

	if (!file_path(path, sizeof path, folder, "segments/%s", m->file))
		return err_set(e, TK_ECONFIG, "%s: the path is too long", folder);
	rc = fresh_begin(&fresh, path, 0640, e);
	if (rc == TK_OK)
		rc = cut(folder, m, &c, &got);
	if (rc == TK_OK && !hash_eq(&got, want))
		rc = err_set(e, TK_EMALFORMED,
			     "segments/%s: is not as it was when its erasure was sealed: `tochoku verify` "
			     "says more",
			     m->file);
	if ((rc = fresh_end(&fresh, path, rc, e)) != TK_OK) {
		unlink(fresh.path);
		return rc;
	}
	return unlink_segment(folder, m, ".gz", e);
}

int trail_segment_remove(const char *folder, const struct manifest *m, struct err *e)
{
	int rc = unlink_segment(folder, m, "", e);

	return rc == TK_OK ? unlink_segment(folder, m, ".gz", e) : rc;
}
