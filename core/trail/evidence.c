/* Checking an evidence file. Making one: evidence_make.c. */
#include "core/trail/evidence.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/hash.h"
#include "core/trail/merkle.h"
#include "core/trail/record.h"

struct reading {
	struct slice rest;
	int line;
	struct sha256 *hash;
	struct buf *room;
	struct err *e;
	struct hash32 path[MERKLE_LEVELS], tree_path[MERKLE_LEVELS];
	size_t n_path, n_tree_path;
	struct hash32 leaf; /* of the record */
	struct hash32 h;    /* SHA-256 of the record line: last-hash of the segment where it is the last */
	int64_t index, records;
	struct manifest m;
	struct hash32 manifest_leaf;
	struct checkpoint c;
	struct hash32 checkpoint;
	struct epoch epoch;
	struct vkey signer; /* of the next link, and at the end of the manifest and checkpoint */
};

static int wrong(struct reading *r, const char *fmt, ...) TK_PRINTF(2, 3);
static int wrong(struct reading *r, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	return err_set(r->e, TK_EMALFORMED, "line %d: %s", r->line, text);
}

/* The next line's value if its key is this one. */
static bool take_key(struct reading *r, const char *key, struct slice *value)
{
	struct slice rest = r->rest, line;
	size_t n = strlen(key);

	if (!take_line(&rest, &line) || !slice_starts(line, slice_str(key)) || line.n <= n ||
	    line.p[n] != ' ')
		return false;
	*value = slice_from(line, n + 1);
	r->rest = rest;
	r->line++;
	return true;
}

static int want(struct reading *r, const char *key, struct slice *value)
{
	if (take_key(r, key, value))
		return TK_OK;
	r->line++;
	return wrong(r, "\"%s\" was expected", key);
}

static int want_number(struct reading *r, const char *key, int64_t *out)
{
	struct slice text = { 0 };
	int rc = want(r, key, &text);

	return rc == TK_OK && !scalar_number(text, out) ? wrong(r, "%s is no number", key) : rc;
}

/* Decoded bytes, in the room, where they stay. */
static int want_bytes(struct reading *r, const char *key, struct slice *out)
{
	struct slice text = { 0 };
	int rc = want(r, key, &text);
	size_t n = text.n;
	uint8_t *p;

	if (rc != TK_OK)
		return rc;
	if ((p = buf_room(r->room, text.n + 1)) == NULL)
		return err_set(r->e, TK_ENOMEM, "no memory");
	if (!base64_read(text, p, &n))
		return wrong(r, "%s is not base64", key);
	r->room->n += n;
	*out = slice_of(p, n);
	return TK_OK;
}

static int want_path(struct reading *r, const char *key, struct hash32 *path, size_t *n)
{
	struct slice text;

	for (*n = 0; take_key(r, key, &text); ++*n)
		if (*n == MERKLE_LEVELS || !scalar_base64_32(text, &path[*n]))
			return wrong(r, "%s is no hash, or one too many", key);
	return TK_OK;
}

static int want_note(struct reading *r, const char *key, struct note *n)
{
	struct slice bytes = { NULL, 0 };
	const char *why;
	int rc = want_bytes(r, key, &bytes);

	return rc == TK_OK && !note_read(bytes, n, &why) ? wrong(r, "the note %s", why) : rc;
}

/* ---- the chain of keys ---- */

static int check_epoch(struct reading *r, const struct note *n, const struct vkey *site_key,
		       const uint8_t *site_public)
{
	char name[KEY_NAME_MAX + 1];
	struct text_error why;
	struct vkey site;

	if (!epoch_read(n->text, &r->epoch, &why))
		return wrong(r, "the epoch note, line %d: %s", why.line, why.why);
	snprintf(name, sizeof name, "%s/site", r->epoch.origin);
	if (site_key != NULL)
		site = *site_key;
	else if (site_public == NULL || !vkey_make(&site, slice_str(name), KEY_ED25519, site_public))
		return TK_OK;
	if (strcmp(site.name, name) != 0)
		return wrong(r, "the epoch is of %s, and the site key is %s", name, site.name);
	if (note_signed_by(n, &site) != NOTE_GOOD)
		return wrong(r, "the epoch is not signed by the site key");
	r->signer = r->epoch.first_key;
	return TK_OK;
}

/* Manifests from the epoch's first segment to the one before the record's, each naming the next key. */
static int check_links(struct reading *r)
{
	int64_t segment = r->epoch.start_segment;
	struct hash32 prev = { 0 };
	bool known = false;
	int rc;

	r->signer = r->epoch.first_key;
	for (; segment < r->m.segment; segment++) {
		struct text_error why;
		struct manifest link;
		struct note n;

		if ((rc = want_note(r, "key-link", &n)) != TK_OK)
			return rc;
		if (!manifest_read(n.text, &link, &why) || link.segment != segment)
			return wrong(r, "is no manifest of segment %lld", (long long)segment);
		if (strcmp(link.origin, r->epoch.origin) != 0 ||
		    note_signed_by(&n, &r->signer) != NOTE_GOOD || (known && !hash_eq(&link.prev, &prev)))
			return wrong(r, "the manifest of segment %lld does not continue the one before it",
				     (long long)segment);
		sha256_of(r->hash, n.text, prev.b);
		known = true;
		r->signer = link.next_key;
	}
	if (segment != r->m.segment || (known && !hash_eq(&r->m.prev, &prev)))
		return wrong(r, "the links do not lead to segment %lld", (long long)r->m.segment);
	r->line++;
	return r->rest.n == 0 ? TK_OK : wrong(r, "something follows the last link");
}

/* ---- the whole ---- */

static int read_record_part(struct reading *r, struct evidence_result *out)
{
	struct record_error why;
	struct record rec;
	int rc = want_bytes(r, "record", &out->record);

	if (rc != TK_OK)
		return rc;
	if (!record_read(out->record, &rec, &why))
		return wrong(r, "the record, byte %zu: %s", why.offset + 1, why.why);
	out->seq = rec.seq;
	merkle_leaf(r->hash, out->record, &r->leaf);
	sha256_of(r->hash, out->record, r->h.b);
	if ((rc = want_number(r, "index", &r->index)) == TK_OK)
		rc = want_number(r, "records", &r->records);
	return rc == TK_OK ? want_path(r, "path", r->path, &r->n_path) : rc;
}

static int read_manifest_part(struct reading *r, struct note *n, struct evidence_result *out)
{
	struct text_error why;
	int rc = want_note(r, "manifest", n);

	if (rc != TK_OK)
		return rc;
	if (!manifest_read(n->text, &r->m, &why))
		return wrong(r, "the manifest, line %d: %s", why.line, why.why);
	merkle_leaf(r->hash, n->text, &r->manifest_leaf);
	if (r->records != r->m.records || r->index != out->seq - r->m.first_seq ||
	    !merkle_included(r->hash, &r->leaf, r->index, r->records, r->path, r->n_path, &r->m.leaf_root))
		return wrong(r, "the path does not lead from the record to the manifest's leaf-root");
	if (r->index == r->records - 1 && !hash_eq(&r->h, &r->m.last_hash))
		return wrong(r, "the record is not the last one of the manifest");
	if ((rc = want_number(r, "segment", &out->segment)) == TK_OK)
		rc = want_number(r, "tree", &out->tree);
	if (rc == TK_OK && out->segment != r->m.segment)
		return wrong(r, "segment %lld, and the manifest is of segment %lld", (long long)out->segment,
			     (long long)r->m.segment);
	return rc == TK_OK ? want_path(r, "tree-path", r->tree_path, &r->n_tree_path) : rc;
}

static int read_checkpoint_part(struct reading *r, struct note *n, struct evidence_result *out)
{
	struct text_error why;
	int rc = want_note(r, "checkpoint", n);

	if (rc != TK_OK)
		return rc;
	if (!checkpoint_read(n->text, &r->c, &why))
		return wrong(r, "the checkpoint, line %d: %s", why.line, why.why);
	sha256_of(r->hash, n->text, r->checkpoint.b);
	short_code(&r->checkpoint, out->code);
	if (r->c.size != out->tree || !merkle_included(r->hash, &r->manifest_leaf, out->segment, out->tree,
						       r->tree_path, r->n_tree_path, &r->c.root))
		return wrong(r, "the tree-path does not lead from the manifest to the checkpoint's root");
	return TK_OK;
}

static bool anchored(const struct anchors *a, const struct reading *r, const char *code)
{
	for (size_t i = 0; a != NULL && i < a->n; i++)
		if (a->p[i].code[0] != '\0' ? strcmp(a->p[i].code, code) == 0
					    : a->p[i].size == r->c.size && hash_eq(&a->p[i].root, &r->c.root))
			return true;
	return false;
}

static int read_all(struct reading *r, const struct vkey *site_key, const uint8_t *site_public,
		    struct evidence_result *out)
{
	struct note *notes = calloc(3, sizeof *notes);
	struct slice head;
	int rc;

	if (notes == NULL)
		return err_set(r->e, TK_ENOMEM, "no memory");
	r->line = 1;
	rc = take_line(&r->rest, &head) && slice_is(head, "tochoku.dev/evidence@v1")
		     ? TK_OK
		     : wrong(r, "is no evidence file: \"tochoku.dev/evidence@v1\" was expected");
	if (rc == TK_OK)
		rc = read_record_part(r, out);
	if (rc == TK_OK)
		rc = read_manifest_part(r, &notes[0], out);
	if (rc == TK_OK)
		rc = read_checkpoint_part(r, &notes[1], out);
	if (rc == TK_OK)
		rc = want_note(r, "epoch", &notes[2]);
	if (rc == TK_OK)
		rc = check_epoch(r, &notes[2], site_key, site_public);
	if (rc == TK_OK)
		rc = check_links(r);
	if (rc == TK_OK &&
	    (strcmp(r->m.origin, r->epoch.origin) != 0 || strcmp(r->c.origin, r->epoch.origin) != 0))
		rc = wrong(r, "manifest, checkpoint and epoch are not of one log");
	if (rc == TK_OK && note_signed_by(&notes[0], &r->signer) != NOTE_GOOD)
		rc = wrong(r, "the manifest is not signed by the key that the links lead to");
	if (rc == TK_OK && note_signed_by(&notes[1], &r->epoch.log_key) != NOTE_GOOD)
		rc = wrong(r, "the checkpoint is not signed by the epoch's log key");
	free(notes);
	return rc;
}

int evidence_verify(struct slice bytes, const struct vkey *site_key, const uint8_t *site_public,
		    const struct anchors *anchors, struct evidence_result *out, struct err *e)
{
	struct reading *r = calloc(1, sizeof *r);
	int rc;

	*out = (struct evidence_result){ .self_attested = site_key == NULL && site_public == NULL };
	buf_init(&out->room, bytes.n + 16);
	buf_room(&out->room, bytes.n + 16); /* once, so that slices into it stay */
	if (r == NULL || bytes.n > EVIDENCE_MAX || (r->hash = sha256_new()) == NULL) {
		free(r);
		return err_set(e, bytes.n > EVIDENCE_MAX ? TK_ELIMIT : TK_ENOMEM,
			       bytes.n > EVIDENCE_MAX ? "larger than 64 MiB" : "no memory");
	}
	r->rest = bytes;
	r->room = &out->room;
	r->e = e;
	rc = read_all(r, site_key, site_public, out);
	if (rc == TK_OK)
		out->anchored = anchored(anchors, r, out->code);
	sha256_free(r->hash);
	free(r);
	return rc;
}
