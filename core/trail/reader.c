#include "core/trail/reader.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <zlib.h>

#include "core/base/sys.h"
#include "core/trail/files.h"
#include "core/trail/record.h"

#define BLOCK (1u << 20)
#define PATIENCE_US 20000 /* a seal moves the open segment: looked at again after this, */
#define PATIENCE 500	  /* so often */

struct trail_reader {
	int folder;
	int64_t end;
	int64_t segment; /* the one under way, or next */
	int64_t first;	 /* seq of its first record */
	int64_t seq;	 /* of the next line */
	int64_t given;	 /* the seq behind the last record given */
	int64_t gone;
	int waits;
	bool sealed; /* the file under way belongs to a manifest */
	gzFile file; /* plain or compressed; NULL: none is open */
	char name[FILE_LEN + 16];
	struct buf block, note;
	size_t at; /* in the block */
};

int trail_reader_open(struct trail_reader **out, const char *folder, int64_t end, struct err *e)
{
	struct trail_reader *r = *out = calloc(1, sizeof *r);

	if (r == NULL)
		return err_set(e, TK_ENOMEM, "no memory");
	r->end = end;
	buf_init(&r->block, RECORD_MAX + 2 * BLOCK);
	buf_init(&r->note, NOTE_MAX + 8192);
	r->folder = sys_open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	return r->folder < 0 ? err_sys(e, "%s: cannot open the folder", folder) : TK_OK;
}

static void close_file(struct trail_reader *r)
{
	if (r->file != NULL)
		gzclose(r->file);
	r->file = NULL;
	buf_clear(&r->block);
	r->at = 0;
}

void trail_reader_close(struct trail_reader *r)
{
	if (r == NULL)
		return;
	close_file(r);
	buf_free(&r->block);
	buf_free(&r->note);
	sys_close(r->folder);
	free(r);
}

int64_t trail_reader_gone(const struct trail_reader *r)
{
	return r->gone;
}

/* ---- files ---- */

static int open_file(struct trail_reader *r, struct err *e)
{
	int fd, rc = file_open_below(r->folder, r->name, &fd, e);

	if (rc != TK_OK)
		return rc;
	if ((r->file = gzdopen(fd, "rb")) == NULL) {
		sys_close(fd);
		return err_set(e, TK_ENOMEM, "no memory");
	}
	return TK_OK;
}

/* TK_ENOTFOUND: the segment is not sealed. */
static int read_manifest(struct trail_reader *r, struct manifest *m, struct err *e)
{
	struct text_error bad;
	struct note n;
	const char *why;
	char name[64];
	int rc;

	snprintf(name, sizeof name, "notes/segment-%06lld.note", (long long)r->segment);
	rc = file_read_below(r->folder, name, NOTE_MAX, &r->note, e);
	if (rc == TK_OK && (!note_read(buf_slice(&r->note), &n, &why) || !manifest_read(n.text, m, &bad) ||
			    m->segment != r->segment || m->first_seq != r->first))
		rc = err_set(e, TK_EMALFORMED, "%s: is no manifest that continues the trail", name);
	return rc;
}

/* Passes over a sealed segment that is not wanted, or whose file was removed. */
static void pass_segment(struct trail_reader *r, const struct manifest *m)
{
	r->first = r->seq = m->last_seq + 1;
	r->segment++;
}

static int open_sealed(struct trail_reader *r, const struct manifest *m, struct err *e)
{
	int rc;

	snprintf(r->name, sizeof r->name, "segments/%s", m->file);
	if ((rc = open_file(r, e)) == TK_ENOTFOUND) {
		snprintf(r->name, sizeof r->name, "segments/%s.gz", m->file);
		rc = open_file(r, e);
	}
	if (rc == TK_ENOTFOUND) {
		r->gone += m->records;
		pass_segment(r, m);
		return TK_OK;
	}
	r->sealed = true;
	return rc;
}

/* The next file with a line from `seq` on. TK_OK also where none is open yet: then once more. */
static int next_file(struct trail_reader *r, int64_t seq, struct err *e)
{
	struct manifest m;
	int rc = read_manifest(r, &m, e);

	if (rc == TK_OK && m.last_seq < seq)
		pass_segment(r, &m);
	else if (rc == TK_OK)
		rc = open_sealed(r, &m, e);
	if (rc != TK_ENOTFOUND)
		return rc;
	r->sealed = false;
	snprintf(r->name, sizeof r->name, "open.jsonl");
	return open_file(r, e);
}

/* ---- lines ---- */

/* TK_EEND: the file has no further whole line. */
static int next_line(struct trail_reader *r, struct slice *line, struct err *e)
{
	for (;;) {
		struct slice rest = slice_from(buf_slice(&r->block), r->at);
		uint8_t *p;
		int got;

		if (take_line(&rest, line)) {
			r->at = r->block.n - rest.n;
			return TK_OK;
		}
		if (rest.n > 0)
			memmove(r->block.p, rest.p, rest.n);
		r->block.n = rest.n;
		r->at = 0;
		if ((p = buf_room(&r->block, BLOCK)) == NULL)
			return err_set(e, TK_EMALFORMED, "%s: a line longer than 8 MiB", r->name);
		if ((got = gzread(r->file, p, BLOCK)) < 0)
			return err_set(e, TK_EIO, "%s: cannot be read", r->name);
		if (got == 0)
			return TK_EEND;
		r->block.n += (size_t)got;
	}
}

/* The first line of open.jsonl says whether it is still the segment that follows. */
static bool continues(const struct trail_reader *r, struct slice line)
{
	int64_t seq;

	return r->sealed || r->seq != r->first || (record_number(line, "seq", &seq) && seq == r->first);
}

static int wait_for_writer(struct trail_reader *r, struct err *e)
{
	if (++r->waits > PATIENCE)
		return err_set(e, TK_EMALFORMED, "record %lld is not in the trail: tochoku verify says more",
			       (long long)r->seq);
	usleep(PATIENCE_US);
	return TK_AGAIN;
}

/* A sealed file is over: the next segment. The open one is not: it is being moved, or a record is not yet
 * whole; then it is read anew. */
static int end_of_file(struct trail_reader *r, struct err *e)
{
	close_file(r);
	if (!r->sealed) {
		r->seq = r->first;
		return wait_for_writer(r, e);
	}
	r->first = r->seq;
	r->segment++;
	return TK_OK;
}

static int step(struct trail_reader *r, int64_t seq, struct slice *line, struct err *e)
{
	int rc;

	if (r->file == NULL) {
		rc = next_file(r, seq, e);
		return rc == TK_OK ? TK_AGAIN : rc == TK_ENOTFOUND ? wait_for_writer(r, e) : rc;
	}
	rc = next_line(r, line, e);
	if (rc == TK_EEND || (rc == TK_OK && !continues(r, *line)))
		rc = end_of_file(r, e);
	else if (rc == TK_OK && r->seq++ >= seq)
		return TK_OK;
	return rc == TK_OK ? TK_AGAIN : rc;
}

int trail_reader_next(struct trail_reader *r, int64_t seq, struct trail_line *out, struct err *e)
{
	struct slice line;
	int rc = TK_AGAIN;

	if (seq < r->given)
		seq = r->given;
	while (rc == TK_AGAIN) {
		if (seq >= r->end || r->first >= r->end)
			return TK_EEND;
		rc = step(r, seq, &line, e);
	}
	if (rc != TK_OK)
		return rc;
	if (r->seq > r->end)
		return TK_EEND;
	r->given = r->seq;
	*out = (struct trail_line){ .seq = r->seq - 1, .segment = r->segment, .text = line };
	return TK_OK;
}

/* ---- how much is sealed ---- */

static bool is_sealed(const char *folder, int64_t segment)
{
	char path[TRAIL_PATH_MAX];

	return file_path(path, sizeof path, folder, "notes/segment-%06lld.note", (long long)segment) &&
	       file_there(path);
}

int64_t trail_sealed(const char *folder)
{
	int64_t low = 0, step = 1;

	/* manifests stay for ever, so that the first one missing is behind the last */
	while (is_sealed(folder, low + step - 1)) {
		low += step;
		step *= 2;
	}
	for (; step > 0; step /= 2)
		if (is_sealed(folder, low + step - 1))
			low += step;
	return low;
}

/* ---- where a time begins ---- */

static bool manifest_at(struct trail_reader *r, int64_t segment, struct manifest *m)
{
	struct text_error bad;
	struct err lost;
	const char *why;
	struct note n;
	char name[64];

	snprintf(name, sizeof name, "notes/segment-%06lld.note", (long long)segment);
	return file_read_below(r->folder, name, NOTE_MAX, &r->note, &lost) == TK_OK &&
	       note_read(buf_slice(&r->note), &n, &why) && manifest_read(n.text, m, &bad) &&
	       m->segment == segment;
}

/* Closings do not go back (the verifier sees to it), so the place can be halved for. */
int64_t trail_seq_at(const char *folder, int64_t seconds)
{
	int64_t low = 0, high = trail_sealed(folder), seq = 0;
	struct trail_reader *r;
	struct err lost;

	if (trail_reader_open(&r, folder, 0, &lost) != TK_OK)
		low = high;
	while (low < high) {
		int64_t mid = low + (high - low) / 2;
		struct manifest m;

		if (!manifest_at(r, mid, &m)) {
			seq = 0;
			break;
		}
		if (m.closed <= seconds) {
			low = mid + 1;
			seq = m.last_seq + 1;
		} else {
			high = mid;
		}
	}
	trail_reader_close(r);
	return seq;
}
