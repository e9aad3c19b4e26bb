#include "core/trail/copy.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/sys.h"
#include "core/trail/anchor.h"
#include "core/trail/files.h"
#include "core/trail/reader.h"

#define TABLE_MAX (64u << 20)

struct copying {
	const char *from, *to;
	const struct trail_part *part;
	struct err *e;
};

static int too_long(struct copying *c)
{
	return err_set(c->e, TK_ECONFIG, "%s: the path is too long", c->to);
}

/* *there: it is, so it was copied. */
static int copy(struct copying *c, const char *name, bool *there)
{
	char from[TRAIL_PATH_MAX], to[TRAIL_PATH_MAX];
	int rc;

	if (!file_path(from, sizeof from, c->from, "%s", name) ||
	    !file_path(to, sizeof to, c->to, "%s", name))
		return too_long(c);
	*there = file_there(from);
	if (!*there)
		return TK_OK;
	rc = sys_make_folders(to, 0750, c->e);
	return rc == TK_OK ? file_copy(from, to, 0640, c->e) : rc;
}

static int copy_needed(struct copying *c, const char *name)
{
	bool there;
	int rc = copy(c, name, &there);

	return rc == TK_OK && !there ? err_set(c->e, TK_ENOTFOUND, "%s/%s: is not there", c->from, name) : rc;
}

static int read_manifest(const char *folder, int64_t segment, struct manifest *m, struct err *e)
{
	char path[TRAIL_PATH_MAX];
	struct text_error bad;
	struct slice bytes;
	const char *why;
	struct note n;
	int rc;

	if (!file_path(path, sizeof path, folder, "notes/segment-%06lld.note", (long long)segment))
		return err_set(e, TK_ECONFIG, "%s: the path is too long", folder);
	if ((rc = sys_slurp(path, NOTE_MAX, &bytes, e)) != TK_OK)
		return rc;
	if (!note_read(bytes, &n, &why) || !manifest_read(n.text, m, &bad))
		rc = err_set(e, TK_EMALFORMED, "%s: is no manifest", path);
	free((void *)(uintptr_t)bytes.p);
	return rc;
}

int trail_segment_end(const char *folder, int64_t segment, int64_t *closed, int64_t *last_seq, struct err *e)
{
	struct manifest m;
	int rc = read_manifest(folder, segment, &m, e);

	*closed = rc == TK_OK ? m.closed : 0;
	*last_seq = rc == TK_OK ? m.last_seq : 0;
	return rc;
}

/* A segment that was erased has its notes and no file. */
static int copy_segment(struct copying *c, int64_t segment)
{
	static const char *const stamps[] = { "tsq", "tsr" };
	char name[128];
	struct manifest m;
	bool there = false;
	int rc;

	snprintf(name, sizeof name, "notes/segment-%06lld.note", (long long)segment);
	if ((rc = copy_needed(c, name)) != TK_OK)
		return rc;
	snprintf(name, sizeof name, "notes/checkpoint-%06lld.note", (long long)segment + 1);
	rc = copy_needed(c, name);
	for (size_t i = 0; i < COUNT(stamps) && rc == TK_OK; i++) {
		snprintf(name, sizeof name, "notes/checkpoint-%06lld.%s", (long long)segment + 1, stamps[i]);
		rc = copy(c, name, &there);
	}
	if (rc != TK_OK || segment < c->part->first ||
	    (rc = read_manifest(c->from, segment, &m, c->e)) != TK_OK)
		return rc;
	snprintf(name, sizeof name, "segments/%s", m.file);
	rc = copy(c, name, &there);
	if (rc == TK_OK && !there) {
		snprintf(name, sizeof name, "segments/%s.gz", m.file);
		rc = copy(c, name, &there);
	}
	return rc;
}

static int copy_epochs(struct copying *c)
{
	bool there = true;
	int rc = TK_OK;

	for (int i = 1; there && rc == TK_OK; i++) {
		char name[64];

		snprintf(name, sizeof name, "notes/epoch-%04d.note", i);
		rc = i == 1 ? copy_needed(c, name) : copy(c, name, &there);
	}
	return rc;
}

/* The rows of the segments that are in the copy. */
static int copy_anchors(struct copying *c)
{
	char path[TRAIL_PATH_MAX];
	struct slice text, rest, line;
	struct buf rows;
	int64_t left = c->part->sealed + 1; /* the head too */
	int rc;

	if (c->part->sealed == 0)
		return TK_OK;
	if (!file_path(path, sizeof path, c->from, "anchors.tsv"))
		return too_long(c);
	if ((rc = sys_slurp(path, TABLE_MAX, &text, c->e)) != TK_OK)
		return rc;
	buf_init(&rows, TABLE_MAX);
	for (rest = text; left > 0 && take_line(&rest, &line); left--) {
		buf_add(&rows, line);
		buf_byte(&rows, '\n');
	}
	if (!file_path(path, sizeof path, c->to, "anchors.tsv"))
		rc = too_long(c);
	else
		rc = rows.failed ? err_set(c->e, TK_ENOMEM, "no memory")
				 : file_put(path, buf_slice(&rows), 0640, c->e);
	buf_free(&rows);
	free((void *)(uintptr_t)text.p);
	return rc;
}

static int copy_open(struct copying *c, int64_t seq)
{
	char path[TRAIL_PATH_MAX];
	struct trail_reader *r = NULL;
	struct trail_line line;
	struct buf all;
	int rc;

	if (seq >= c->part->end)
		return TK_OK;
	if (!file_path(path, sizeof path, c->to, "open.jsonl"))
		return too_long(c);
	buf_init(&all, 256u << 20);
	rc = trail_reader_open(&r, c->from, c->part->end, c->e);
	while (rc == TK_OK && (rc = trail_reader_next(r, seq, &line, c->e)) == TK_OK) {
		buf_add(&all, line.text);
		buf_byte(&all, '\n');
	}
	if (rc == TK_EEND)
		rc = all.failed ? err_set(c->e, TK_ENOMEM, "no memory")
				: file_put(path, buf_slice(&all), 0640, c->e);
	trail_reader_close(r);
	buf_free(&all);
	return rc;
}

int trail_copy(const char *from, const char *to, const struct trail_part *part, struct err *e)
{
	struct copying c = { from, to, part, e };
	int64_t closed, last = -1;
	int rc = copy_epochs(&c);

	if (rc == TK_OK)
		rc = copy_needed(&c, "site-key.vkey");
	if (rc == TK_OK)
		rc = copy_needed(&c, "site-key.pub.pem");
	for (int64_t i = 0; i < part->sealed && rc == TK_OK; i++)
		rc = copy_segment(&c, i);
	if (rc == TK_OK)
		rc = copy_anchors(&c);
	if (rc == TK_OK && part->sealed > 0)
		rc = trail_segment_end(from, part->sealed - 1, &closed, &last, e);
	return rc == TK_OK ? copy_open(&c, last + 1) : rc;
}
