/* Steps 2 to 4: epoch notes, manifests in order, the log tree and its checkpoints. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "core/base/hash.h"
#include "core/base/sys.h"
#include "core/trail/verify_state.h"

bool verify_read_note(struct verify *v, const char *file, struct note *n, struct place at, bool *missing)
{
	struct err e = { 0 };
	const char *why;
	int rc = file_read_below(v->folder, file, NOTE_MAX, &v->note, &e);

	*missing = rc == TK_ENOTFOUND;
	at.file = file;
	if (rc != TK_OK) {
		if (!*missing && !verify_unable(v, rc, e.text))
			found(v, FOUND_NOTE_KIND, at, "%s", e.text);
		return false;
	}
	if (!note_read(buf_slice(&v->note), n, &why)) {
		found(v, FOUND_NOTE_FORM, at, "it %s", why);
		return false;
	}
	return true;
}

static void bad_text(struct verify *v, struct place at, const struct text_error *why)
{
	found(v, FOUND_NOTE_FORM, at, "line %d: %s", why->line, why->why);
}

/* ---- epochs ---- */

static void check_epoch_link(struct verify *v, const struct epoch_entry *x, struct place at)
{
	const struct epoch_entry *before = v->n_epochs == 0 ? NULL : &v->epoch[v->n_epochs - 1];

	if (before == NULL) {
		if (x->e.reason != EPOCH_INIT || x->e.start_segment != 0 || !x->e.prev_epoch.none ||
		    !x->e.prev_checkpoint.none)
			found(v, FOUND_EPOCH_LINK, at,
			      "the first epoch begins at segment 0 with nothing before it");
		return;
	}
	if (x->e.reason == EPOCH_INIT || x->e.prev_epoch.none ||
	    !hash_eq(&x->e.prev_epoch.hash, &before->hash))
		found(v, FOUND_EPOCH_LINK, at, "prev-epoch is not the hash of epoch %lld",
		      (long long)before->e.number);
	if (x->e.start_segment < before->e.start_segment)
		found(v, FOUND_EPOCH_LINK, at, "it starts before the epoch before it");
}

/* False: there is no epoch of that number. */
static bool read_epoch(struct verify *v, int64_t number)
{
	struct epoch_entry *x = &v->epoch[v->n_epochs];
	char file[64], site[KEY_NAME_MAX + 1];
	struct text_error why;
	struct place at = NOWHERE;
	struct note n;
	bool missing;

	snprintf(file, sizeof file, "notes/epoch-%04lld.note", (long long)number);
	at.file = file;
	if (!verify_read_note(v, file, &n, at, &missing))
		return !missing;
	if (!epoch_read(n.text, &x->e, &why)) {
		bad_text(v, at, &why);
		return true;
	}
	sha256_of(v->hash, n.text, x->hash.b);
	snprintf(site, sizeof site, "%s/site", x->e.origin);
	if (v->site_key.name[0] == '\0') /* the key came without its name */
		vkey_make(&v->site_key, slice_str(site), KEY_ED25519, v->o->site_public);
	if (strcmp(site, v->site_key.name) != 0)
		found(v, FOUND_ORIGIN, at, "origin %s, and the site key is %s", x->e.origin,
		      v->site_key.name);
	if (!verify_signed(v, &n, &v->site_key))
		found(v, FOUND_SITE_KEY, at, NULL);
	if (x->e.number != number)
		found(v, FOUND_NUMBER, at, "epoch %lld", (long long)x->e.number);
	check_epoch_link(v, x, at);
	v->n_epochs++;
	return true;
}

static int read_epochs(struct verify *v)
{
	int64_t number = 1;

	v->epoch = calloc(64, sizeof *v->epoch);
	if (v->epoch == NULL)
		return err_set(v->e, TK_ENOMEM, "no memory");
	for (size_t cap = 64; number <= EPOCHS_MAX && read_epoch(v, number); number++)
		if (!verify_grow(v, (void **)&v->epoch, v->n_epochs, &cap, sizeof *v->epoch))
			return TK_ENOMEM;
	if (v->unable != TK_OK)
		return v->unable;
	if (v->n_epochs == 0 && number == 1)
		return err_set(v->e, TK_ENOTFOUND, "%s: no log there: notes/epoch-0001.note is missing",
			       v->o->folder);
	if (v->n_epochs > 0)
		memcpy(v->r->origin, v->epoch[0].e.origin, sizeof v->r->origin);
	return TK_OK;
}

/* ---- which manifests there are ---- */

/* "segment-000412.note": its number. */
static bool note_number(const char *name, const char *kind, int64_t *number)
{
	size_t n = strlen(kind);
	int64_t v = 0;

	if (strncmp(name, kind, n) != 0 || strlen(name) != n + 6 + 5 || strcmp(name + n + 6, ".note") != 0)
		return false;
	for (size_t i = n; i < n + 6; i++) {
		if (name[i] < '0' || name[i] > '9')
			return false;
		v = v * 10 + (name[i] - '0');
	}
	*number = v;
	return true;
}

static int by_number(const void *a, const void *b)
{
	int64_t x = ((const struct sealed *)a)->segment, y = ((const struct sealed *)b)->segment;

	return (x > y) - (x < y);
}

/* Lists the manifests; *settled: no seal is under way, as far as names tell. */
static int list_manifests(struct verify *v, bool *settled)
{
	size_t cap = v->n_sealed = 0;
	int64_t number, checkpoints = 0;
	struct dirent *d;
	DIR *folder;
	int fd = openat(v->folder, "notes", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 && errno != ENOENT)
		return err_sys(v->e, "%s/notes: cannot open", v->o->folder);
	if (fd < 0 || (folder = fdopendir(fd)) == NULL) {
		sys_close(fd);
		return err_set(v->e, TK_ENOTFOUND, "%s: no log there: it has no folder notes", v->o->folder);
	}
	free(v->sealed);
	v->sealed = NULL;
	while ((d = readdir(folder)) != NULL) {
		if (note_number(d->d_name, "checkpoint-", &number) && number > checkpoints)
			checkpoints = number;
		if (!note_number(d->d_name, "segment-", &number))
			continue;
		if (!verify_grow(v, (void **)&v->sealed, v->n_sealed, &cap, sizeof *v->sealed)) {
			closedir(folder);
			return TK_ENOMEM;
		}
		v->sealed[v->n_sealed++] = (struct sealed){ .segment = number };
	}
	closedir(folder);
	if (v->n_sealed > 1)
		qsort(v->sealed, v->n_sealed, sizeof *v->sealed, by_number);
	v->end = v->n_sealed == 0 ? 0 : v->sealed[v->n_sealed - 1].segment + 1;
	*settled = checkpoints >= v->end;
	return TK_OK;
}

bool verify_seal_under_way(struct verify *v)
{
	return faccessat(v->folder, "seal", F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* A seal writes the manifest and then its checkpoint; a look between the two is taken again. */
static int settle(struct verify *v)
{
	bool settled = false;
	int rc = TK_OK;

	for (int i = 0; i < 200 && rc == TK_OK && !settled; i++) {
		if (i > 1 && !verify_seal_under_way(v))
			break;
		if (i > 1)
			nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL);
		rc = list_manifests(v, &settled);
	}
	return rc;
}

/* ---- manifests ---- */

/* What the next manifest must agree with. */
struct walk {
	int64_t segment, next_seq, closed;
	struct hash32 prev;
	struct vkey signer; /* of the next */
	bool known;	    /* prev, next_seq and signer are */
	struct merkle tree;
	size_t epoch; /* how many began */
	struct hash32 checkpoint;
};

/* Epochs that begin at this segment. */
static void enter_epochs(struct verify *v, struct walk *w, int64_t segment)
{
	for (; w->epoch < v->n_epochs && v->epoch[w->epoch].e.start_segment <= segment; w->epoch++) {
		const struct epoch *e = &v->epoch[w->epoch].e;
		struct place at = in_segment(e->start_segment, NULL);

		if (e->reason == EPOCH_INIT) {
			w->prev = v->epoch[w->epoch].hash;
			w->signer = e->first_key;
			w->known = true;
			w->closed = e->created;
			continue;
		}
		if (w->known &&
		    (e->prev_checkpoint.none
			     ? w->tree.n != 0
			     : w->tree.n == 0 || !hash_eq(&e->prev_checkpoint.hash, &w->checkpoint)))
			found(v, FOUND_EPOCH_LINK, at,
			      "epoch %lld: prev-checkpoint is not the checkpoint of size %lld",
			      (long long)e->number, (long long)w->tree.n);
		if (e->reason == EPOCH_RECOVER)
			found(v, FOUND_RECOVERY, at, "epoch %lld", (long long)e->number);
		else if (w->known && !vkey_eq(&w->signer, &e->first_key))
			found(v, FOUND_ROTATION_KEY, at, "epoch %lld", (long long)e->number);
		w->signer = e->first_key;
	}
}

static void check_manifest(struct verify *v, const struct walk *w, const struct manifest *m,
			   const struct note *n, struct place at)
{
	int64_t number;

	if (strcmp(m->origin, v->r->origin) != 0)
		found(v, FOUND_ORIGIN, at, "%s", m->origin);
	if (m->segment != at.segment)
		found(v, FOUND_NUMBER, at, "segment %lld", (long long)m->segment);
	if (!w->known)
		found(v, FOUND_MANIFEST_SIGNATURE, at,
		      "the manifest before it is missing, so nothing proves its key");
	else if (!verify_signed(v, n, &w->signer))
		found(v, FOUND_MANIFEST_SIGNATURE, at, NULL);
	if (w->known && !hash_eq(&m->prev, &w->prev))
		found(v, FOUND_MANIFEST_LINK, at, NULL);
	if (w->known && m->first_seq != w->next_seq)
		found(v, FOUND_MANIFEST_SEQ, at, "first-seq %lld, expected %lld", (long long)m->first_seq,
		      (long long)w->next_seq);
	if (!segment_file_read(slice_str(m->file), &number) || number != at.segment)
		found(v, FOUND_MANIFEST_FILE, at, "%s", m->file);
	if (m->opened > m->closed || (w->known && m->closed < w->closed))
		found(v, FOUND_MANIFEST_TIME, at, NULL);
	if (m->dropped > 0)
		found(v, FOUND_DROPPED, at, "%lld", (long long)m->dropped);
}

static void check_ratchet(struct verify *v, const struct walk *w, const struct manifest *m, size_t i,
			  struct place at)
{
	if (memcmp(m->next_key.key, w->signer.key, PUBLIC_LEN) == 0) {
		found(v, FOUND_KEY_REUSED, at, "next-key is its own key");
		return;
	}
	for (size_t k = 0; k < i; k++)
		if (memcmp(v->sealed[k].next_key, m->next_key.key, PUBLIC_LEN) == 0) {
			found(v, FOUND_KEY_REUSED, at, "segment %lld named it already",
			      (long long)v->sealed[k].segment);
			return;
		}
}

static void keep_manifest(struct verify *v, struct sealed *s, const struct manifest *m)
{
	s->first_seq = m->first_seq;
	s->last_seq = m->last_seq;
	s->size = m->size;
	s->opened = m->opened;
	s->closed = m->closed;
	s->leaf_root = m->leaf_root;
	s->last_hash = m->last_hash;
	s->sha256 = m->sha256;
	memcpy(s->next_key, m->next_key.key, PUBLIC_LEN);
	memcpy(s->file, m->file, sizeof s->file);
	v->r->records += m->records;
	v->r->dropped += m->dropped;
	v->r->last_closed = m->closed;
	if (v->r->segments++ == 0)
		v->r->first_opened = m->opened;
}

/* ---- checkpoints ---- */

static void check_checkpoint(struct verify *v, struct sealed *s, const struct vkey *day_key)
{
	char file[64] = "";
	struct checkpoint c;
	struct text_error why;
	struct place at = in_segment(s->segment, file);
	struct note n;
	bool missing;

	snprintf(file, sizeof file, "notes/checkpoint-%06lld.note", (long long)s->segment + 1);
	if (!verify_read_note(v, file, &n, at, &missing)) {
		if (missing)
			found(v, FOUND_CHECKPOINT_MISSING, at, NULL);
		return;
	}
	if (!checkpoint_read(n.text, &c, &why)) {
		bad_text(v, at, &why);
		return;
	}
	if (strcmp(c.origin, v->r->origin) != 0)
		found(v, FOUND_ORIGIN, at, "%s", c.origin);
	if (c.size != s->segment + 1)
		found(v, FOUND_NUMBER, at, "size %lld", (long long)c.size);
	if (s->log_key == NULL || !verify_signed(v, &n, s->log_key))
		found(v, FOUND_CHECKPOINT_SIGNATURE, at, "the log key's");
	if (day_key == NULL || !verify_signed(v, &n, day_key))
		found(v, FOUND_CHECKPOINT_SIGNATURE, at, "the day key's");
	if (s->in_tree && !hash_eq(&c.root, &s->root))
		found(v, FOUND_CHECKPOINT_ROOT, at, NULL);
}

/* The checkpoint's text as the log tree makes it. */
static void make_checkpoint(struct verify *v, struct walk *w, struct sealed *s)
{
	struct checkpoint c = { .size = w->tree.n };
	struct buf text;

	memcpy(c.origin, v->r->origin, sizeof c.origin);
	merkle_root(&w->tree, v->hash, &s->root);
	c.root = s->root;
	buf_init(&text, 1024);
	put_checkpoint(&text, &c);
	if (text.failed)
		verify_unable(v, TK_ENOMEM, "no memory");
	sha256_of(v->hash, buf_slice(&text), s->checkpoint.b);
	w->checkpoint = s->checkpoint;
	buf_free(&text);
}

/* ---- in order ---- */

static void take_manifest(struct verify *v, struct walk *w, size_t i)
{
	struct sealed *s = &v->sealed[i];
	char file[64] = "";
	struct place at = in_segment(s->segment, file);
	struct text_error why;
	struct manifest m;
	struct hash32 leaf;
	struct vkey signer;
	struct note n;
	bool missing, known = w->known;

	snprintf(file, sizeof file, "notes/segment-%06lld.note", (long long)s->segment);
	w->known = false;
	if (!verify_read_note(v, file, &n, at, &missing)) {
		if (missing)
			found(v, FOUND_MANIFEST_MISSING, at, NULL);
		return;
	}
	if (!manifest_read(n.text, &m, &why)) {
		bad_text(v, at, &why);
		return;
	}
	w->known = known;
	check_manifest(v, w, &m, &n, at);
	check_ratchet(v, w, &m, i, at);
	signer = w->signer;
	keep_manifest(v, s, &m);
	s->follows = known;
	s->in_tree = w->tree.n == s->segment;
	merkle_leaf(v->hash, n.text, &leaf);
	sha256_of(v->hash, n.text, s->manifest.b);
	if (s->in_tree) {
		merkle_add(&w->tree, v->hash, &leaf);
		make_checkpoint(v, w, s);
	}
	w->prev = s->manifest;
	w->next_seq = m.last_seq + 1;
	w->closed = m.closed;
	w->signer = m.next_key;
	w->known = true;
	if (w->epoch > 0)
		s->log_key = &v->epoch[w->epoch - 1].e.log_key;
	check_checkpoint(v, s, known ? &signer : NULL);
}

static void late_epochs(struct verify *v, struct walk *w)
{
	enter_epochs(v, w, v->end);
	for (; w->epoch < v->n_epochs; w->epoch++)
		found(v, FOUND_ROLLBACK, in_segment(v->epoch[w->epoch].e.start_segment, NULL),
		      "epoch %lld starts behind the last segment", (long long)v->epoch[w->epoch].e.number);
}

int verify_notes(struct verify *v)
{
	struct walk w = { 0 };
	int rc = read_epochs(v);
	size_t kept = 0;

	if (rc != TK_OK || (rc = settle(v)) != TK_OK)
		return rc;
	for (size_t i = 0; i < v->n_sealed && v->unable == TK_OK; i++) {
		int64_t segment = v->sealed[i].segment;

		if (segment > w.segment) {
			found(v, FOUND_MANIFEST_MISSING, in_segment(w.segment, NULL), "segments %lld to %lld",
			      (long long)w.segment, (long long)segment - 1);
			w.known = false;
		}
		enter_epochs(v, &w, segment);
		take_manifest(v, &w, i);
		w.segment = segment + 1;
	}
	if (v->unable != TK_OK)
		return v->unable;
	late_epochs(v, &w);
	for (size_t i = 0; i < v->n_sealed; i++) /* what could not be read stands for nothing */
		if (v->sealed[i].size > 0)
			v->sealed[kept++] = v->sealed[i];
	v->n_sealed = kept;
	return TK_OK;
}
