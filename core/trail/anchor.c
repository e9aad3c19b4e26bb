#include "core/trail/anchor.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/sys.h"
#include "core/trail/files.h"

#define TABLE_MAX (64u << 20)
#define TABLE_HEAD "segment\tsize\troot\tcheckpoint-sha256\tshort-code"

void anchors_free(struct anchors *a)
{
	free(a->p);
	free(a->heads.p);
	*a = (struct anchors){ 0 };
}

static struct anchor *add(struct anchors *a, const char *source)
{
	if (a->n == a->cap) {
		size_t cap = a->cap == 0 ? 64 : a->cap * 2;
		struct anchor *p = realloc(a->p, cap * sizeof *p);

		if (p == NULL)
			return NULL;
		a->p = p;
		a->cap = cap;
	}
	a->p[a->n] = (struct anchor){ 0 };
	snprintf(a->p[a->n].source, sizeof a->p[a->n].source, "%s", source);
	return &a->p[a->n++];
}

int anchors_add_code(struct anchors *a, const char *code, struct err *e)
{
	char canonical[SHORT_CODE_LEN + 1];
	struct anchor *n;

	if (!short_code_read(slice_str(code), canonical))
		return err_set(e, TK_ECONFIG,
			       "'%s' is no short code: expected 20 letters and digits such as "
			       "FZXA-0JBH-JJ4Y-BPZX-17GN",
			       code);
	if ((n = add(a, "code")) == NULL)
		return err_set(e, TK_ENOMEM, "no memory");
	memcpy(n->code, canonical, sizeof n->code);
	return TK_OK;
}

bool checkpoint_note_read(struct slice bytes, struct note *n, struct checkpoint *c, const char **why)
{
	struct text_error text;

	if (!note_read(bytes, n, why))
		return false;
	*why = "is no checkpoint";
	return checkpoint_read(n->text, c, &text);
}

/* ---- tables ---- */

static bool take_cell(struct slice *row, struct slice *cell)
{
	const uint8_t *tab = row->n == 0 ? NULL : memchr(row->p, '\t', row->n);

	*cell = tab == NULL ? *row : slice_head(*row, (size_t)(tab - row->p));
	*row = tab == NULL ? slice_of(NULL, 0) : slice_from(*row, cell->n + 1);
	return cell->n > 0;
}

static bool read_row(struct slice row, struct anchor *out)
{
	struct slice cell;
	struct hash32 hash;
	int64_t segment;
	char code[SHORT_CODE_LEN + 1];

	if (!take_cell(&row, &cell) || !scalar_number(cell, &segment) || !take_cell(&row, &cell) ||
	    !scalar_number(cell, &out->size) || out->size != segment + 1 || !take_cell(&row, &cell) ||
	    !scalar_base64_32(cell, &out->root) || !take_cell(&row, &cell) || !scalar_hex32(cell, &hash))
		return false;
	short_code(&hash, code);
	return slice_is(row, code);
}

bool anchors_read_table(struct anchors *a, struct slice text, const char *source, int *line)
{
	struct slice row;

	*line = 1;
	if (!take_line(&text, &row) || !slice_is(row, TABLE_HEAD))
		return false;
	while (text.n > 0) {
		struct anchor *n;

		++*line;
		if (!take_line(&text, &row))
			return false;
		if ((n = add(a, source)) == NULL) {
			*line = 0;
			return false;
		}
		if (!read_row(row, n)) {
			a->n--;
			return false;
		}
	}
	return true;
}

/* ---- a collector's lines ---- */

static int by_seq(const void *a, const void *b)
{
	const struct head_anchor *x = a, *y = b;

	return (x->said.seq > y->said.seq) - (x->said.seq < y->said.seq);
}

static bool add_head(struct heads *h, const struct trail_said *said, const char *source)
{
	if (h->n == h->cap) {
		size_t cap = h->cap == 0 ? 64 : h->cap * 2;
		struct head_anchor *p = realloc(h->p, cap * sizeof *p);

		if (p == NULL)
			return false;
		h->p = p;
		h->cap = cap;
	}
	h->p[h->n].said = *said;
	snprintf(h->p[h->n].source, sizeof h->p[h->n].source, "%s", source);
	h->n++;
	return true;
}

static int add_heads(struct anchors *a, struct slice text, const char *path, struct err *e)
{
	struct trail_said said;
	size_t before = a->heads.n;
	bool more = true;

	while (more) {
		const uint8_t *end = text.n == 0 ? NULL : memchr(text.p, '\n', text.n);
		struct slice line = end == NULL ? text : slice_head(text, (size_t)(end - text.p));

		more = end != NULL;
		text = more ? slice_from(text, line.n + 1) : text;
		if (head_in_line(line, &said) && said.seq >= 0 && !add_head(&a->heads, &said, path))
			return err_set(e, TK_ENOMEM, "no memory");
	}
	if (a->heads.n == before)
		return err_set(e, TK_EMALFORMED, "%s: no HEAD message in it is whole", path);
	qsort(a->heads.p, a->heads.n, sizeof *a->heads.p, by_seq);
	return TK_OK;
}

/* ---- files ---- */

static int add_bytes(struct anchors *a, struct slice bytes, const char *path, struct err *e)
{
	struct checkpoint c;
	struct anchor *n;
	struct note note;
	const char *why;
	int line;

	if (slice_starts(bytes, SLICE("segment\t")))
		return anchors_read_table(a, bytes, path, &line)
			       ? TK_OK
			       : err_set(e, TK_EMALFORMED, "%s:%d:1: is no row of an anchors.tsv", path,
					 line);
	if (holds_heads(bytes))
		return add_heads(a, bytes, path, e);
	if (!checkpoint_note_read(bytes, &note, &c, &why))
		return err_set(e, TK_EMALFORMED,
			       "%s: %s; expected an anchors.tsv, a checkpoint note or a collector's lines with "
			       "HEAD messages", path, why);
	if ((n = add(a, path)) == NULL)
		return err_set(e, TK_ENOMEM, "no memory");
	memcpy(n->origin, c.origin, sizeof n->origin);
	n->size = c.size;
	n->root = c.root;
	return TK_OK;
}

int anchors_add_file(struct anchors *a, const char *path, struct err *e)
{
	struct slice bytes;
	int rc = sys_slurp(path, TABLE_MAX, &bytes, e);

	if (rc == TK_OK)
		rc = add_bytes(a, bytes, path, e);
	free((void *)(uintptr_t)bytes.p);
	return rc;
}

int anchors_add_copy(struct anchors *a, const char *path, struct err *e)
{
	char name[TRAIL_PATH_MAX];
	size_t before = a->n;
	struct dirent *d;
	DIR *folder;
	int rc = TK_OK;

	snprintf(name, sizeof name, "%s/notes", path);
	if ((folder = opendir(name)) == NULL)
		return anchors_add_file(a, path, e);
	while (rc == TK_OK && (d = readdir(folder)) != NULL) {
		struct slice file = slice_str(d->d_name);

		if (!slice_starts(file, SLICE("checkpoint-")) || !slice_ends(file, SLICE(".note")))
			continue;
		if (file_path(name, sizeof name, path, "notes/%s", d->d_name))
			rc = anchors_add_file(a, name, e);
	}
	closedir(folder);
	return rc == TK_OK && a->n == before ? err_set(e, TK_ENOTFOUND, "%s: holds no checkpoint", path) : rc;
}

int anchors_add_witness(struct anchors *a, const char *key, struct err *e)
{
	struct slice text = { NULL, 0 }, line;
	struct err lost;
	struct vkey *k = &a->witness[a->n_witnesses];
	bool good;

	if (a->n_witnesses == COUNT(a->witness))
		return err_set(e, TK_ELIMIT, "more than %zu witnesses", COUNT(a->witness));
	good = vkey_read(slice_str(key), k);
	if (!good && sys_slurp(key, 4096, &text, &lost) == TK_OK) {
		struct slice rest = text;

		good = take_line(&rest, &line) && vkey_read(line, k);
		free((void *)(uintptr_t)text.p);
	}
	if (!good)
		return err_set(e, TK_ECONFIG,
			       "%s: is neither a verifier key (name+hex+base64) nor a file with "
			       "one",
			       key);
	a->n_witnesses++;
	return TK_OK;
}
