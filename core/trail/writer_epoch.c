/* Epochs: what the site key signs. The first one makes the trail; a rotation takes the signing keys on, a
 * recovery makes new ones where they are lost. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/hash.h"
#include "core/base/sys.h"
#include "core/base/zone.h"
#include "core/trail/writer_state.h"

static int name_key(struct vkey *out, const char *origin, const char *suffix, const uint8_t seed[SEED_LEN],
		    struct err *e)
{
	uint8_t public[PUBLIC_LEN];
	char name[KEY_NAME_MAX + 1];

	snprintf(name, sizeof name, "%s%s", origin, suffix);
	return ed25519_public(seed, public) && vkey_make(out, slice_str(name), KEY_ED25519, public)
		       ? TK_OK
		       : err_set(e, TK_EIO, "trail: no key named %s can be made", name);
}

static int write_site_public(struct trail *t, const uint8_t site[SEED_LEN], struct err *e)
{
	char path[TRAIL_PATH_MAX];
	struct vkey k;
	struct buf b;
	int rc = name_key(&k, t->epoch.origin, "/site", site, e);

	buf_init(&b, 1024);
	if (rc == TK_OK) {
		put_vkey(&b, &k);
		buf_byte(&b, '\n');
		trail_path(t, path, "site-key.vkey");
		rc = file_put(path, buf_slice(&b), 0644, e);
	}
	if (rc == TK_OK) {
		buf_clear(&b);
		put_public_pem(&b, k.key);
		trail_path(t, path, "site-key.pub.pem");
		rc = file_put(path, buf_slice(&b), 0644, e);
	}
	buf_free(&b);
	return rc;
}

static int write_epoch(struct trail *t, const struct epoch *ep, const uint8_t site[SEED_LEN], struct err *e)
{
	char path[TRAIL_PATH_MAX], name[KEY_NAME_MAX + 1];
	struct buf text, note;
	int rc = TK_OK;

	buf_init(&text, NOTE_MAX);
	buf_init(&note, NOTE_MAX);
	put_epoch(&text, ep);
	note_begin(&note, buf_slice(&text));
	snprintf(name, sizeof name, "%s/site", ep->origin);
	trail_path(t, path, "notes/epoch-%04lld.note", (long long)ep->number);
	if (!note_sign(&note, buf_slice(&text), slice_str(name), site))
		rc = err_set(e, TK_EIO, "%s: OpenSSL does not sign", path);
	else
		rc = file_put(path, buf_slice(&note), 0640, e);
	buf_free(&text);
	buf_free(&note);
	return rc;
}

/* tochoku/<site>/<8 hex random>; what a key's name cannot hold becomes a hyphen. */
static int make_origin(const char *site, char out[ORIGIN_MAX + 1], struct err *e)
{
	uint8_t number[4], none[PUBLIC_LEN] = { 0 };
	char hex[9], name[101];
	size_t n = strlen(site);
	struct vkey k;

	if (!random_bytes(number, sizeof number))
		return err_set(e, TK_EIO, "trail: no random numbers");
	hex_encode(slice_of(number, sizeof number), hex);
	n = n < sizeof name ? n : sizeof name - 1;
	while (n > 0 && ((uint8_t)site[n] & 0xc0) == 0x80) /* no half character */
		n--;
	memcpy(name, site, n);
	name[n] = '\0';
	for (char *p = name; *p != '\0'; p++)
		if ((uint8_t)*p <= 0x20 || *p == '+' || *p == 0x7f)
			*p = '-';
	snprintf(out, ORIGIN_MAX + 1, "tochoku/%s/%s", n == 0 ? "site" : name, hex);
	if (!vkey_make(&k, slice_str(out), KEY_ED25519, none)) /* a blank beyond ASCII */
		snprintf(out, ORIGIN_MAX + 1, "tochoku/site/%s", hex);
	return TK_OK;
}

static int read_or_make(const char *path, uint8_t seed[SEED_LEN], struct err *e)
{
	int rc = key_read(path, seed, e);

	return rc == TK_ENOTFOUND ? key_make(path, seed, e) : rc;
}

/* The epoch note is what makes it a trail; keys that a crash left before it are taken. */
int trail_init(struct trail *t, const char *site_name, int64_t now_ns, struct err *e)
{
	struct epoch ep = { .number = 1,
			    .reason = EPOCH_INIT,
			    .prev_epoch = { .none = true },
			    .prev_checkpoint = { .none = true },
			    .created = now_ns / NS_PER_SEC };
	uint8_t site[SEED_LEN];
	char path[TRAIL_PATH_MAX];
	int rc = make_origin(site_name, ep.origin, e);

	if (rc != TK_OK)
		return rc;
	trail_key_path(t, path, "site.key");
	rc = read_or_make(path, site, e);
	trail_key_path(t, path, "log.key");
	if (rc == TK_OK && (rc = read_or_make(path, t->log, e)) == TK_OK)
		rc = name_key(&ep.log_key, ep.origin, "", t->log, e);
	trail_key_path(t, path, "day-000000.key");
	if (rc == TK_OK && (rc = read_or_make(path, t->day, e)) == TK_OK)
		rc = name_key(&ep.first_key, ep.origin, "/day", t->day, e);
	if (rc == TK_OK)
		rc = write_epoch(t, &ep, site, e);
	explicit_bzero(site, sizeof site);
	return rc;
}

/* The site's public key is written anew as long as nobody has: a crash may have come before it. */
int trail_complete_public(struct trail *t, struct err *e)
{
	uint8_t site[SEED_LEN];
	char path[TRAIL_PATH_MAX];
	int rc;

	trail_path(t, path, "site-key.pub.pem");
	if (file_there(path))
		return TK_OK;
	trail_key_path(t, path, "site.key");
	rc = key_read(path, site, e);
	if (rc == TK_OK)
		rc = write_site_public(t, site, e);
	explicit_bzero(site, sizeof site);
	return rc == TK_ENOTFOUND ? TK_OK : rc;
}

/* ---- a new epoch ---- */

/* The private site key, if it is the one of this trail. */
static int read_site_key(struct trail *t, const char *path, uint8_t site[SEED_LEN], struct err *e)
{
	char ours[TRAIL_PATH_MAX];
	struct slice text;
	struct vkey k, have;
	int rc = key_read(path, site, e);

	if (rc != TK_OK || (rc = name_key(&k, t->epoch.origin, "/site", site, e)) != TK_OK)
		return rc;
	trail_path(t, ours, "site-key.vkey");
	if ((rc = sys_slurp(ours, 1024, &text, e)) != TK_OK)
		return rc;
	if (!vkey_read(slice_head(text, text.n > 0 ? text.n - 1 : 0), &have) || !vkey_eq(&k, &have))
		rc = err_set(e, TK_ECONFIG, "%s: is not the site key of %s", path, ours);
	free((void *)(uintptr_t)text.p);
	return rc;
}

/* The keys that sign are gone, so a seal that was begun cannot be finished: its records are open again. */
static int undo_seal(struct trail *t, struct err *e)
{
	char plan[TRAIL_PATH_MAX], copy[TRAIL_PATH_MAX];
	struct text_error why;
	struct manifest m;
	struct slice text;
	int rc;

	trail_path(t, plan, "seal");
	if (!file_there(plan))
		return TK_OK;
	if ((rc = sys_slurp(plan, NOTE_MAX, &text, e)) != TK_OK)
		return rc;
	if (manifest_read(text, &m, &why) && m.segment == t->segments) {
		trail_path(t, copy, "segments/%s", m.file);
		if (unlink(copy) != 0 && errno != ENOENT)
			rc = err_sys(e, "%s", copy);
	}
	free((void *)(uintptr_t)text.p);
	if (rc == TK_OK && unlink(plan) != 0)
		rc = err_sys(e, "%s", plan);
	return rc == TK_OK ? file_sync_folder(plan, e) : rc;
}

static int new_epoch(struct trail *t, enum epoch_reason reason, const char *site_key, int64_t now_ns,
		     struct err *e)
{
	struct epoch ep = { .number = t->epoch.number + 1,
			    .reason = reason,
			    .start_segment = t->segments,
			    .prev_epoch = { .hash = t->epoch_hash },
			    .prev_checkpoint = { .hash = t->checkpoint, .none = t->log_tree.n == 0 },
			    .first_key = t->expected,
			    .created = now_ns / NS_PER_SEC };
	char fresh[TRAIL_PATH_MAX], path[TRAIL_PATH_MAX];
	uint8_t site[SEED_LEN];
	int rc = read_site_key(t, site_key, site, e);

	memcpy(ep.origin, t->epoch.origin, sizeof ep.origin);
	if (rc == TK_OK && reason == EPOCH_RECOVER && (rc = undo_seal(t, e)) == TK_OK) {
		trail_key_path(t, path, "day-%06lld.key", (long long)t->segments);
		if ((rc = key_make(path, t->day, e)) == TK_OK)
			rc = name_key(&ep.first_key, ep.origin, "/day", t->day, e);
	}
	trail_key_path(t, fresh, "log-new.key");
	trail_key_path(t, path, "log.key");
	if (rc == TK_OK && (rc = key_make(fresh, t->log, e)) == TK_OK)
		rc = name_key(&ep.log_key, ep.origin, "", t->log, e);
	if (rc == TK_OK)
		rc = write_epoch(t, &ep, site, e);
	if (rc == TK_OK && rename(fresh, path) != 0)
		rc = err_sys(e, "%s", fresh);
	explicit_bzero(site, sizeof site);
	return rc == TK_OK ? file_sync_folder(path, e) : rc;
}

int trail_renew(const struct trail_place *place, enum epoch_reason reason, const char *site_key,
		int64_t now_ns, struct err *e)
{
	struct trail *t = NULL;
	int rc = TK_OK;

	if (reason == EPOCH_ROTATE) { /* the keys must be there, and no seal half done */
		rc = trail_open(&t, place, now_ns, e);
		trail_close(t);
		t = NULL;
	}
	if (rc == TK_OK)
		rc = trail_new(&t, place, e);
	if (rc == TK_OK)
		rc = trail_read_notes(t, e);
	if (rc == TK_ENOTFOUND && e->text[0] == '\0')
		err_set(e, rc, "%s: there is no trail", place->folder);
	if (rc == TK_OK)
		rc = new_epoch(t, reason, site_key, now_ns, e);
	trail_close(t);
	return rc;
}
