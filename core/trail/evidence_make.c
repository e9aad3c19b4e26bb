/* Making an evidence file: the record, the path to its segment's root, the path from the manifest to the root
 * of a checkpoint of its epoch, and the manifests that lead from the epoch's first key to the one that
 * signed. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/hash.h"
#include "core/base/sys.h"
#include "core/trail/evidence.h"
#include "core/trail/files.h"
#include "core/trail/merkle.h"
#include "core/trail/record.h"

#define SEGMENT_BYTES_MAX (1u << 30)

struct leaves {
	struct hash32 *p;
	size_t n, cap;
};

struct making {
	int folder;
	struct sha256 *hash;
	struct buf bytes, line; /* a file; the record */
	struct leaves tree, records;
	struct epoch epoch;
	struct manifest m;
	int64_t epoch_number, next_start, tree_size;
	struct err *e;
};

static int leaf_add(struct making *k, struct leaves *l, struct slice bytes)
{
	if (l->n == l->cap) {
		size_t cap = l->cap == 0 ? 1024 : l->cap * 2;
		struct hash32 *p = realloc(l->p, cap * sizeof *p);

		if (p == NULL)
			return err_set(k->e, TK_ENOMEM, "no memory");
		l->p = p;
		l->cap = cap;
	}
	merkle_leaf(k->hash, bytes, &l->p[l->n++]);
	return TK_OK;
}

static int read_note(struct making *k, struct note *n, const char *fmt, int64_t number)
{
	char file[64];
	const char *why;
	int rc;

	snprintf(file, sizeof file, fmt, (long long)number);
	rc = file_read_below(k->folder, file, NOTE_MAX, &k->bytes, k->e);
	if (rc == TK_OK && !note_read(buf_slice(&k->bytes), n, &why))
		rc = err_set(k->e, TK_EMALFORMED, "%s: it %s", file, why);
	return rc;
}

/* Every manifest is a leaf; the one that holds the record is kept. */
static int read_manifests(struct making *k, int64_t seq)
{
	struct text_error why;
	bool have = false;
	int rc = TK_OK;

	for (;;) {
		struct manifest m;
		struct note n;

		rc = read_note(k, &n, "notes/segment-%06lld.note", (int64_t)k->tree.n);
		if (rc == TK_ENOTFOUND)
			break;
		if (rc == TK_OK && !manifest_read(n.text, &m, &why))
			rc = err_set(k->e, TK_EMALFORMED, "the manifest of segment %zu: line %d: %s",
				     k->tree.n, why.line, why.why);
		if (rc == TK_OK)
			rc = leaf_add(k, &k->tree, n.text);
		if (rc != TK_OK)
			return rc;
		if (seq >= m.first_seq && seq <= m.last_seq) {
			k->m = m;
			have = true;
		}
	}
	return have ? TK_OK : err_set(k->e, TK_ENOTFOUND, "record %lld is not sealed", (long long)seq);
}

/* The epoch of the segment; the checkpoint must still be its. */
static int read_epochs(struct making *k)
{
	struct text_error why;
	int rc = TK_OK;

	k->next_start = INT64_MAX;
	for (int64_t number = 1; rc == TK_OK; number++) {
		struct epoch e;
		struct note n;

		rc = read_note(k, &n, "notes/epoch-%04lld.note", number);
		if (rc == TK_ENOTFOUND && number > 1)
			break;
		if (rc == TK_OK && !epoch_read(n.text, &e, &why))
			rc = err_set(k->e, TK_EMALFORMED, "epoch %lld: line %d: %s", (long long)number,
				     why.line, why.why);
		if (rc != TK_OK)
			return rc;
		if (e.start_segment > k->m.segment) {
			k->next_start = e.start_segment;
			break;
		}
		k->epoch = e;
		k->epoch_number = number;
	}
	k->tree_size = k->next_start < (int64_t)k->tree.n ? k->next_start : (int64_t)k->tree.n;
	return TK_OK;
}

static int read_records(struct making *k, int64_t seq)
{
	char file[FILE_LEN + 16];
	struct slice rest, line;
	struct hash32 hash;
	int64_t at = k->m.first_seq;
	int rc;

	snprintf(file, sizeof file, "segments/%s", k->m.file);
	rc = file_read_below(k->folder, file, SEGMENT_BYTES_MAX, &k->bytes, k->e);
	rest = buf_slice(&k->bytes);
	while (rc == TK_OK && take_line(&rest, &line)) {
		struct hash32 leaf;
		bool stub = stub_read(line, &leaf, &hash);

		if (at == seq) {
			if (stub)
				return err_set(k->e, TK_ENOTFOUND, "record %lld was erased", (long long)seq);
			buf_add(&k->line, line);
		}
		if ((rc = leaf_add(k, &k->records, line)) == TK_OK && stub)
			k->records.p[k->records.n - 1] = leaf;
		at++;
	}
	if (rc == TK_OK && (int64_t)k->records.n != k->m.records)
		rc = err_set(k->e, TK_EMALFORMED, "%s: holds %zu records and not %lld", file, k->records.n,
			     (long long)k->m.records);
	return rc;
}

/* ---- writing ---- */

static void put_bytes(struct buf *out, const char *key, struct slice bytes)
{
	buf_str(out, key);
	buf_byte(out, ' ');
	put_base64(out, bytes);
	buf_byte(out, '\n');
}

static int put_note(struct making *k, struct buf *out, const char *key, const char *fmt, int64_t number)
{
	struct note n;
	int rc = read_note(k, &n, fmt, number);

	if (rc == TK_OK)
		put_bytes(out, key, buf_slice(&k->bytes));
	return rc;
}

static void put_path(struct making *k, struct buf *out, const char *key, const struct leaves *l, int64_t at,
		     int64_t n)
{
	struct hash32 path[MERKLE_LEVELS];
	size_t count = merkle_inclusion(k->hash, l->p, at, n, path);

	for (size_t i = 0; i < count; i++)
		put_bytes(out, key, hash_slice(&path[i]));
}

static int put_all(struct making *k, int64_t seq, struct buf *out)
{
	int64_t index = seq - k->m.first_seq;
	int rc;

	buf_str(out, "tochoku.dev/evidence@v1\n");
	put_bytes(out, "record", buf_slice(&k->line));
	buf_fmt(out, "index %lld\nrecords %lld\n", (long long)index, (long long)k->m.records);
	put_path(k, out, "path", &k->records, index, k->m.records);
	rc = put_note(k, out, "manifest", "notes/segment-%06lld.note", k->m.segment);
	buf_fmt(out, "segment %lld\ntree %lld\n", (long long)k->m.segment, (long long)k->tree_size);
	put_path(k, out, "tree-path", &k->tree, k->m.segment, k->tree_size);
	if (rc == TK_OK)
		rc = put_note(k, out, "checkpoint", "notes/checkpoint-%06lld.note", k->tree_size);
	if (rc == TK_OK)
		rc = put_note(k, out, "epoch", "notes/epoch-%04lld.note", k->epoch_number);
	for (int64_t s = k->epoch.start_segment; rc == TK_OK && s < k->m.segment; s++)
		rc = put_note(k, out, "key-link", "notes/segment-%06lld.note", s);
	return rc == TK_OK && out->failed ? err_set(k->e, TK_ENOMEM, "no memory") : rc;
}

int evidence_make(const char *folder, int64_t seq, struct buf *out, struct err *e)
{
	struct making k = { .e = e };
	int rc = TK_OK;

	k.folder = sys_open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	if (k.folder < 0)
		return err_sys(e, "%s: cannot open the folder", folder);
	buf_init(&k.bytes, SEGMENT_BYTES_MAX + 8192);
	buf_init(&k.line, RECORD_MAX);
	if ((k.hash = sha256_new()) == NULL)
		rc = err_set(e, TK_ENOMEM, "no memory");
	if (rc == TK_OK)
		rc = read_manifests(&k, seq);
	if (rc == TK_OK)
		rc = read_epochs(&k);
	if (rc == TK_OK)
		rc = read_records(&k, seq);
	if (rc == TK_OK)
		rc = put_all(&k, seq, out);
	sys_close(k.folder);
	sha256_free(k.hash);
	buf_free(&k.bytes);
	buf_free(&k.line);
	free(k.tree.p);
	free(k.records.p);
	return rc;
}
