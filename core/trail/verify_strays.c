/* Files that belong to no segment: notes of a removed tail, of another log or of a second history, and
 * segment files that no manifest names. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/base/sys.h"
#include "core/trail/verify_state.h"

#define DEPTH 4 /* of folders below segments/, at most */

static bool in_log(struct verify *v, const char *fmt, int64_t number)
{
	char file[64];
	struct err e = { 0 };
	int fd, rc;

	snprintf(file, sizeof file, fmt, (long long)number);
	rc = file_open_below(v->folder, file, &fd, &e);
	sys_close(fd);
	return rc == TK_OK || verify_unable(v, rc, e.text);
}

bool verify_sealed_meanwhile(struct verify *v, int64_t segment)
{
	for (int i = 0; segment >= v->end && i < 200; i++) {
		bool under_way = verify_seal_under_way(v);

		if (in_log(v, "notes/segment-%06lld.note", segment))
			return true;
		if (!under_way)
			break;
		nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL);
	}
	return false;
}

static bool digits(struct slice s, size_t n, int64_t *out)
{
	*out = 0;
	for (size_t i = 0; i < n; i++) {
		if (i >= s.n || s.p[i] < '0' || s.p[i] > '9')
			return false;
		*out = *out * 10 + (s.p[i] - '0');
	}
	return true;
}

/* ---- notes ---- */

static bool at_its_place(struct verify *v, struct slice name)
{
	static const struct {
		const char *kind;
		size_t digits;
	} kinds[] = { { "epoch-", 4 }, { "segment-", 6 }, { "checkpoint-", 6 } };
	int64_t number;

	for (size_t i = 0; i < COUNT(kinds); i++) {
		struct slice rest;

		if (!slice_starts(name, slice_str(kinds[i].kind)))
			continue;
		rest = slice_from(name, strlen(kinds[i].kind));
		if (!digits(rest, kinds[i].digits, &number))
			return false;
		rest = slice_from(rest, kinds[i].digits);
		if (i == 2 && (slice_is(rest, ".tsq") || slice_is(rest, ".tsr")))
			return number > 0 && number <= v->end;
		if (!slice_is(rest, ".note"))
			return false;
		if (i == 0)
			return number > 0 && number <= (int64_t)v->n_epochs;
		return number < v->end + (int64_t)i - 1 && number >= (int64_t)i - 1;
	}
	return false;
}

static void judge_checkpoint(struct verify *v, const struct checkpoint *c, const char *file)
{
	struct sealed *s = sealed_at(v, c->size - 1);
	struct place at = in_segment(c->size - 1, file);

	if (strcmp(c->origin, v->r->origin) != 0)
		found(v, FOUND_ORIGIN, at, "%s", c->origin);
	else if (c->size > v->end && !verify_sealed_meanwhile(v, c->size - 1))
		found(v, FOUND_ROLLBACK, at, "size %lld, and there are %lld segments", (long long)c->size,
		      (long long)v->end);
	else if (s != NULL && s->in_tree && !hash_eq(&s->root, &c->root))
		found(v, FOUND_FORK, at, "size %lld", (long long)c->size);
	else if (c->size <= v->end)
		found(v, FOUND_STRAY_FILE, at, "a copy of a checkpoint");
}

static void judge_note(struct verify *v, const char *name)
{
	char file[300];
	struct place at = NOWHERE;
	struct text_error why;
	struct checkpoint c;
	struct manifest m;
	struct note n;
	bool missing;

	snprintf(file, sizeof file, "notes/%s", name);
	at.file = file;
	if (slice_ends(slice_str(name), SLICE(".tmp")))
		return; /* a crash, or a seal under way, left it: it counts for nothing */
	if (!slice_ends(slice_str(name), SLICE(".note"))) {
		found(v, FOUND_STRAY_FILE, at, NULL);
		return;
	}
	if (!verify_read_note(v, file, &n, at, &missing))
		return;
	if (checkpoint_read(n.text, &c, &why))
		judge_checkpoint(v, &c, file);
	else if (!manifest_read(n.text, &m, &why) || !verify_sealed_meanwhile(v, m.segment))
		found(v, FOUND_STRAY_NOTE, at, NULL);
}

static int stray_notes(struct verify *v)
{
	struct dirent *d;
	int64_t number;
	DIR *folder;
	int fd = openat(v->folder, "notes", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 || (folder = fdopendir(fd)) == NULL) {
		sys_close(fd);
		return err_sys(v->e, "%s/notes: cannot open", v->o->folder);
	}
	while ((d = readdir(folder)) != NULL) {
		struct slice name = slice_str(d->d_name);

		if (slice_is(name, ".") || slice_is(name, "..") || at_its_place(v, name))
			continue;
		if (slice_starts(name, SLICE("epoch-")) && digits(slice_from(name, 6), 4, &number) &&
		    number > (int64_t)v->n_epochs + 1)
			found(v, FOUND_EPOCH_MISSING, NOWHERE, "epoch %zu, and there is one of number %lld",
			      v->n_epochs + 1, (long long)number);
		judge_note(v, d->d_name);
	}
	closedir(folder);
	return TK_OK;
}

/* ---- segment files ---- */

static void judge_segment(struct verify *v, const char *path)
{
	struct slice name = slice_str(path);
	int64_t number;
	struct sealed *s;

	if (slice_ends(name, SLICE(".tmp")))
		return;
	if (slice_ends(name, SLICE(".gz")))
		name.n -= 3;
	if (segment_file_read(name, &number)) {
		s = sealed_at(v, number);
		if ((s != NULL && slice_is(name, s->file)) || verify_sealed_meanwhile(v, number))
			return;
	} else {
		number = -1;
	}
	found(v, FOUND_STRAY_SEGMENT, in_segment(number, path), NULL);
}

static void walk(struct verify *v, int in, const char *path, int depth)
{
	int fd = openat(in,
			depth == 0		     ? "segments"
			: strrchr(path, '/') == NULL ? path
						     : strrchr(path, '/') + 1,
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	bool readable = fd >= 0 || errno == ENOENT || errno == ENOTDIR || errno == ELOOP;
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *d;

	if (folder == NULL && (fd >= 0 || !readable)) {
		verify_unable(v, TK_EIO, "a folder of segments cannot be read");
		sys_close(fd);
		return;
	}
	if (folder == NULL) {
		sys_close(fd);
		if (depth > 0)
			judge_segment(v, path);
		return;
	}
	while ((d = readdir(folder)) != NULL) {
		char below[512];

		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
			continue;
		if (snprintf(below, sizeof below, "%s%s%s", path, depth == 0 ? "" : "/", d->d_name) >=
			    (int)sizeof below ||
		    depth == DEPTH)
			found(v, FOUND_STRAY_SEGMENT, in_segment(-1, path), "nested too deep");
		else
			walk(v, dirfd(folder), below, depth + 1);
	}
	closedir(folder);
}

int verify_strays(struct verify *v)
{
	int rc;

	walk(v, v->folder, "", 0);
	rc = stray_notes(v);
	return rc == TK_OK ? v->unable : rc;
}
