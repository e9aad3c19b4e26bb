/* Opening a trail: reading what is there. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/hash.h"
#include "core/base/sys.h"
#include "core/base/zone.h"
#include "core/trail/writer_state.h"

#define READ_BLOCK (1u << 20)

/* Folders were found short enough when the trail was opened. */
static void join(char out[TRAIL_PATH_MAX], const char *folder, const char *fmt, va_list ap)
{
	int n = snprintf(out, TRAIL_PATH_MAX, "%s/", folder);

	vsnprintf(out + n, TRAIL_PATH_MAX - (size_t)n, fmt, ap);
}

void trail_path(const struct trail *t, char out[TRAIL_PATH_MAX], const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	join(out, t->folder, fmt, ap);
	va_end(ap);
}

void trail_key_path(const struct trail *t, char out[TRAIL_PATH_MAX], const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	join(out, t->keys, fmt, ap);
	va_end(ap);
}

/* ---- notes that are there ---- */

/* The text of a note of ours, checked by `verify` and not here. */
static int read_note(const char *path, struct slice *bytes, struct note *n, struct err *e)
{
	const char *why;
	int rc = sys_slurp(path, NOTE_MAX, bytes, e);

	if (rc == TK_OK && !note_read(*bytes, n, &why))
		rc = err_set(e, TK_EMALFORMED, "%s: %s", path, why);
	return rc;
}

static int read_epoch(struct trail *t, int64_t number, struct err *e)
{
	char path[TRAIL_PATH_MAX];
	struct text_error why;
	struct slice bytes;
	struct note n;
	int rc;

	trail_path(t, path, "notes/epoch-%04lld.note", (long long)number);
	if (!file_there(path))
		return TK_ENOTFOUND;
	rc = read_note(path, &bytes, &n, e);
	if (rc == TK_OK && !epoch_read(n.text, &t->epoch, &why))
		rc = err_set(e, TK_EMALFORMED, "%s:%d:1: not as it must be: %s", path, why.line, why.why);
	if (rc == TK_OK)
		sha256_of(t->hash, n.text, t->epoch_hash.b);
	free((void *)(uintptr_t)bytes.p);
	return rc;
}

void trail_take_manifest(struct trail *t, struct slice text, const struct manifest *m)
{
	struct hash32 leaf;

	merkle_leaf(t->hash, text, &leaf);
	merkle_add(&t->log_tree, t->hash, &leaf);
	sha256_of(t->hash, text, t->manifest.b);
	t->segments = m->segment + 1;
	t->expected = m->next_key;
	t->closed = m->closed;
	t->first_seq = m->last_seq + 1;
	t->last = m->last_hash;
}

static int read_manifests(struct trail *t, struct err *e)
{
	char path[TRAIL_PATH_MAX];
	int rc = TK_OK;

	for (;;) {
		struct text_error why;
		struct manifest m;
		struct slice bytes;
		struct note n;

		trail_path(t, path, "notes/segment-%06lld.note", (long long)t->segments);
		if (!file_there(path))
			return TK_OK;
		rc = read_note(path, &bytes, &n, e);
		if (rc == TK_OK && (!manifest_read(n.text, &m, &why) || m.segment != t->segments))
			rc = err_set(e, TK_EMALFORMED, "%s: is no manifest of segment %lld", path,
				     (long long)t->segments);
		if (rc == TK_OK)
			trail_take_manifest(t, n.text, &m);
		free((void *)(uintptr_t)bytes.p);
		if (rc != TK_OK)
			return rc;
	}
}

/* Everything about what is sealed: the first epoch, the manifests, the last epoch. */
int trail_read_notes(struct trail *t, struct err *e)
{
	struct checkpoint c = { 0 };
	struct buf text;
	int64_t number = 1;
	int rc = read_epoch(t, 1, e);

	if (rc != TK_OK)
		return rc;
	t->manifest = t->last = t->epoch_hash;
	t->expected = t->epoch.first_key;
	t->closed = t->epoch.created;
	if ((rc = read_manifests(t, e)) != TK_OK)
		return rc;
	while ((rc = read_epoch(t, ++number, e)) == TK_OK)
		if (t->epoch.start_segment == t->segments)
			t->expected = t->epoch.first_key;
	if (rc != TK_ENOTFOUND)
		return rc;
	c.size = t->log_tree.n;
	memcpy(c.origin, t->epoch.origin, sizeof c.origin);
	merkle_root(&t->log_tree, t->hash, &c.root);
	buf_init(&text, NOTE_MAX);
	put_checkpoint(&text, &c);
	sha256_of(t->hash, buf_slice(&text), t->checkpoint.b);
	buf_free(&text);
	return TK_OK;
}

/* ---- keys ---- */

static bool is_key(const uint8_t seed[SEED_LEN], const struct vkey *k)
{
	uint8_t public[PUBLIC_LEN];

	return ed25519_public(seed, public) && memcmp(public, k->key, PUBLIC_LEN) == 0;
}

int trail_use_day_key(struct trail *t, struct err *e)
{
	char path[TRAIL_PATH_MAX];
	int rc;

	trail_key_path(t, path, "day-%06lld.key", (long long)t->segments);
	if ((rc = key_read(path, t->day, e)) != TK_OK)
		return rc;
	if (!is_key(t->day, &t->expected))
		return err_set(e, TK_ENOTFOUND, "%s: is not the key that the trail expects for segment %lld",
			       path, (long long)t->segments);
	if (!hmac_sha256(slice_of(t->day, SEED_LEN), SLICE("tochoku nonces"), t->nonce_key))
		return err_set(e, TK_EIO, "trail: OpenSSL makes no nonces");
	t->nonces_of = -1;
	return TK_OK;
}

/* A rotation that a crash cut short has written its epoch note and left the new log key beside the old. */
static int use_log_key(struct trail *t, struct err *e)
{
	char path[TRAIL_PATH_MAX], fresh[TRAIL_PATH_MAX];
	int rc;

	trail_key_path(t, path, "log.key");
	trail_key_path(t, fresh, "log-new.key");
	if (file_there(fresh) && key_read(fresh, t->log, e) == TK_OK && is_key(t->log, &t->epoch.log_key))
		return rename(fresh, path) == 0 ? file_sync_folder(path, e) : err_sys(e, "%s", fresh);
	if ((rc = key_read(path, t->log, e)) != TK_OK)
		return rc;
	return is_key(t->log, &t->epoch.log_key)
		       ? TK_OK
		       : err_set(e, TK_ENOTFOUND, "%s: is not the log key of epoch %lld", path,
				 (long long)t->epoch.number);
}

/* ---- the open segment ---- */

static void begin_segment(struct trail *t)
{
	t->records = t->bytes = 0;
	t->leaves = (struct merkle){ 0 };
	sha256_begin(t->file_hash);
	buf_clear(&t->out);
}

static int take_open_line(struct trail *t, struct slice line, const char *path, struct err *e)
{
	struct record_error why = { "it does not continue the line before", 0 };
	struct record r;

	if (!record_read(line, &r, &why) || r.seq != trail_next_seq(t) || !hash_eq(&r.h, &t->last))
		return err_set(e, TK_EMALFORMED, "%s:%lld:%zu: %s", path, (long long)t->records + 1,
			       why.offset + 1,
			       why.why != NULL ? why.why : "it does not continue the line before");
	trail_take_line(t, line);
	return TK_OK;
}

static int read_open_lines(struct trail *t, const char *path, struct err *e)
{
	struct buf b;
	ssize_t got = 1;
	int rc = TK_OK;

	buf_init(&b, RECORD_MAX + 2 * READ_BLOCK);
	while (rc == TK_OK && got > 0) {
		struct slice rest, line;
		uint8_t *p = buf_room(&b, READ_BLOCK);

		if (p == NULL) {
			rc = err_set(e, TK_EMALFORMED, "%s: a line longer than 8 MiB", path);
			break;
		}
		if ((got = sys_read(t->fd, p, READ_BLOCK)) < 0)
			rc = err_sys(e, "%s: cannot read", path);
		b.n += got > 0 ? (size_t)got : 0;
		rest = buf_slice(&b);
		while (rc == TK_OK && take_line(&rest, &line))
			rc = take_open_line(t, line, path, e);
		memmove(b.p, b.p + (b.n - rest.n), rest.n);
		b.n = rest.n;
	}
	buf_free(&b);
	return rc;
}

int trail_open_segment(struct trail *t, struct err *e)
{
	char path[TRAIL_PATH_MAX];
	bool is_new;
	int rc;

	trail_path(t, path, "open.jsonl");
	begin_segment(t);
	is_new = !file_there(path);
	t->fd = sys_create(path, O_RDWR, 0640);
	if (t->fd < 0)
		return err_sys(e, "%s: cannot open", path);
	if ((rc = read_open_lines(t, path, e)) != TK_OK)
		return rc;
	/* a line that a crash tore was not yet told to anybody: it is rendered again */
	if (ftruncate(t->fd, t->bytes) != 0 || lseek(t->fd, t->bytes, SEEK_SET) < 0)
		return err_sys(e, "%s: cannot cut off a torn line", path);
	return is_new ? file_sync_folder(path, e) : TK_OK;
}

/* ---- opening ---- */

static int make_place(struct trail *t, const struct trail_place *place, struct err *e)
{
	char path[TRAIL_PATH_MAX];
	int rc;

	if (strlen(place->folder) > TRAIL_PATH_MAX - 128 || strlen(place->keys) > TRAIL_PATH_MAX - 128 ||
	    strlen(place->zone) > ZONE_MAX)
		return err_set(e, TK_ECONFIG, "ledger.trail or ledger.keys: the path is too long");
	memcpy(t->folder, place->folder, strlen(place->folder) + 1);
	memcpy(t->keys, place->keys, strlen(place->keys) + 1);
	memcpy(t->zone, place->zone, strlen(place->zone) + 1);
	trail_path(t, path, "notes/x");
	if ((rc = sys_make_folders(path, 0750, e)) != TK_OK)
		return rc;
	trail_path(t, path, "segments/x");
	if ((rc = sys_make_folders(path, 0750, e)) != TK_OK)
		return rc;
	trail_key_path(t, path, "x");
	return sys_make_folders(path, 0700, e);
}

int trail_new(struct trail **out, const struct trail_place *place, struct err *e)
{
	struct trail *t = calloc(1, sizeof *t);

	*out = NULL;
	if (t == NULL)
		return err_set(e, TK_ENOMEM, "trail: no memory");
	t->fd = -1;
	t->hash = sha256_new();
	t->file_hash = sha256_new();
	t->renderer = renderer_new();
	buf_init(&t->line, RECORD_MAX + 65536);
	buf_init(&t->out, 4 * RECORD_MAX);
	if (t->hash == NULL || t->file_hash == NULL || t->renderer == NULL) {
		trail_close(t);
		return err_set(e, TK_ENOMEM, "trail: no memory");
	}
	*out = t;
	return make_place(t, place, e);
}

void trail_close(struct trail *t)
{
	if (t == NULL)
		return;
	sys_close(t->fd);
	sha256_free(t->hash);
	sha256_free(t->file_hash);
	renderer_free(t->renderer);
	buf_free(&t->line);
	buf_free(&t->out);
	explicit_bzero(t, sizeof *t);
	free(t);
}

static int open_trail(struct trail *t, const struct trail_place *place, int64_t now_ns, struct err *e)
{
	char path[TRAIL_PATH_MAX];
	int rc = trail_read_notes(t, e);

	if (rc == TK_ENOTFOUND) {
		trail_path(t, path, "notes/segment-000000.note");
		if (file_there(path))
			return err_set(e, TK_EMALFORMED, "%s: there are manifests and no epoch note",
				       t->folder);
		if ((rc = trail_init(t, place->site, now_ns, e)) == TK_OK)
			rc = trail_read_notes(t, e);
	}
	if (rc == TK_OK)
		rc = trail_complete_public(t, e);
	if (rc == TK_OK)
		rc = use_log_key(t, e);
	return rc;
}

int trail_open(struct trail **out, const struct trail_place *place, int64_t now_ns, struct err *e)
{
	char plan[TRAIL_PATH_MAX], old[TRAIL_PATH_MAX];
	int64_t begun;
	int rc = trail_new(out, place, e);
	struct trail *t = *out;

	if (t == NULL)
		return rc;
	if (rc == TK_OK)
		rc = open_trail(t, place, now_ns, e);
	if (rc == TK_OK) {
		/* a seal that was cut short behind its manifest still needs the key of that segment */
		trail_path(t, plan, "seal");
		begun = t->segments;
		trail_key_path(t, old, "day-%06lld.key", (long long)begun - 1);
		if (!file_there(plan) || begun == 0 || key_read(old, t->day, e) != TK_OK)
			rc = trail_use_day_key(t, e);
	}
	if (rc == TK_OK)
		rc = trail_finish_seal(t, e);
	if (rc == TK_OK)
		rc = trail_use_day_key(t, e);
	if (rc == TK_OK)
		rc = trail_open_segment(t, e);
	if (rc == TK_OK)
		return TK_OK;
	trail_close(t);
	*out = NULL;
	return rc;
}
