#include "sensor/recorder/fingerprint.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/hash.h"
#include "core/base/sys.h"
#include "core/ledger/reader.h"

#define PATH_BYTES 4096

static int key_path(const struct config *cfg, char out[PATH_BYTES], struct err *e)
{
	if (snprintf(out, PATH_BYTES, "%s/fingerprint.key", cfg->ledger.keys) >= PATH_BYTES)
		return err_set(e, TK_ECONFIG, "ledger.keys: the path is too long");
	return TK_OK;
}

/* The folder's entry is durable too: a rename that a power cut undoes would bring the older chain back. */
static int sync_folder(const char *path, struct err *e)
{
	char folder[PATH_BYTES];
	const char *slash = strrchr(path, '/');
	int fd, rc;

	snprintf(folder, sizeof folder, "%.*s", slash == NULL ? 1 : (int)(slash - path),
		 slash == NULL ? "." : path);
	fd = sys_open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	rc = fd < 0 || sys_fsync(fd) != 0 ? err_sys(e, "%s", folder) : TK_OK;
	sys_close(fd);
	return rc;
}

/* Written beside, then linked into place, where whoever comes second finds a whole key, its own or the
 * other's; or renamed over what is there. */
static int write_keys(const char *path, struct slice bytes, bool replace, struct err *e)
{
	char fresh[PATH_BYTES + 32];
	int fd, rc = TK_OK;

	snprintf(fresh, sizeof fresh, "%s.%ld", path, (long)getpid());
	unlink(fresh);
	fd = sys_create(fresh, O_WRONLY | O_EXCL, 0400);
	if (fd < 0 || sys_write_all(fd, bytes.p, bytes.n) != 0 || sys_fsync(fd) != 0 ||
	    (replace					 ? rename(fresh, path)
	     : link(fresh, path) != 0 && errno != EEXIST ? -1
							 : 0) != 0)
		rc = err_sys(e, "%s", path);
	sys_close(fd);
	unlink(fresh);
	return rc == TK_OK ? sync_folder(path, e) : rc;
}

static int write_one(const char *path, struct slice before, bool replace, struct err *e)
{
	struct fingerprint_keys k = { .n = before.n };
	int rc = TK_OK;

	if (before.n > 0)
		memcpy(k.bytes, before.p, before.n);
	if (!random_bytes(k.bytes + k.n, FINGERPRINT_KEY_BYTES))
		rc = err_set(e, TK_EIO, "no random numbers");
	k.n += FINGERPRINT_KEY_BYTES;
	if (rc == TK_OK)
		rc = write_keys(path, fingerprint_chain(&k), replace, e);
	explicit_bzero(&k, sizeof k);
	return rc;
}

static int another_key(const char *folder, struct err *e)
{
	return err_set(
		e, TK_ECONFIG,
		"%s/fingerprint.key is not the key that the ledger's fingerprints were made with (it is of"
		" another site, or from before a rotation, or the ledger's mark of it is damaged): put the"
		" right one back from the backup. If it is lost for ever, move this one away, `tochoku keys"
		" rotate-fingerprint --lost` makes another, and every key must be registered again",
		folder);
}

/* Bytes of the links that the ledger knows; 0: it is another chain. */
static size_t known_links(const struct fingerprint_keys *k, const char *known)
{
	char mark[FINGERPRINT_TEXT + 1];

	for (size_t n = k->n; n > 0; n -= FINGERPRINT_KEY_BYTES)
		if (fingerprint_mark(slice_of(k->bytes, n), mark) && strcmp(mark, known) == 0)
			return n;
	return 0;
}

/* What the ledger has of fingerprints. One that is not there has none, nor one that cannot be read yet:
 * whoever opens it to write looks again (fingerprint_settle). */
static void ask_ledger(const struct config *cfg, bool *fingerprinted, char mark[FINGERPRINT_TEXT + 1])
{
	struct ledger_reader *r;
	struct err e;

	*fingerprinted = false;
	mark[0] = '\0';
	if (ledger_reader_open(&r, cfg->ledger.path, &e) == TK_OK)
		ledger_fingerprinted(r, fingerprinted, mark, &e);
	ledger_reader_close(r);
}

/* A new key beside a ledger with fingerprints would make every key unknown. */
static int make_first(const char *path, bool fingerprinted, struct err *e)
{
	int rc;

	if (fingerprinted)
		return err_set(
			e, TK_ECONFIG,
			"%s is not there, and the ledger's keys are known by it alone: put it back from the"
			" backup. If it is lost for ever, `tochoku keys rotate-fingerprint --lost` makes"
			" another, and every key must be registered again",
			path);
	rc = sys_make_folders(path, 0700, e);
	return rc == TK_OK ? write_one(path, slice_of(NULL, 0), false, e) : rc;
}

int fingerprint_read(const struct config *cfg, struct fingerprint_keys *out, struct err *e)
{
	char path[PATH_BYTES];
	struct slice text;
	int rc = key_path(cfg, path, e);

	out->n = 0;
	if (rc != TK_OK || (rc = sys_slurp(path, sizeof out->bytes, &text, e)) != TK_OK)
		return rc;
	if (text.n == 0 || text.n % FINGERPRINT_KEY_BYTES != 0)
		rc = err_set(e, TK_EMALFORMED,
			     "%s: %zu bytes, expected a multiple of %d: it is damaged; put it back from the"
			     " backup",
			     path, text.n, FINGERPRINT_KEY_BYTES);
	else
		memcpy(out->bytes, text.p, out->n = text.n);
	explicit_bzero((void *)(uintptr_t)text.p, text.n);
	free((void *)(uintptr_t)text.p);
	return rc;
}

int fingerprint_keys(const struct config *cfg, bool create, struct fingerprint_keys *out, struct err *e)
{
	char path[PATH_BYTES], mark[FINGERPRINT_TEXT + 1];
	int rc = key_path(cfg, path, e);
	bool fingerprinted;

	out->n = 0;
	ask_ledger(cfg, &fingerprinted, mark);
	if (rc == TK_OK && create && access(path, F_OK) != 0)
		rc = make_first(path, fingerprinted, e);
	if (rc == TK_OK)
		rc = fingerprint_read(cfg, out, e);
	if (rc != TK_OK || mark[0] == '\0' || known_links(out, mark) > 0)
		return rc;
	explicit_bzero(out, sizeof *out);
	return another_key(cfg->ledger.keys, e);
}

bool fingerprint_mark(struct slice chain, char out[FINGERPRINT_TEXT + 1])
{
	uint8_t bytes[FINGERPRINT_BYTES];

	if (!fingerprint_make(chain, SLICE("tochoku fingerprint key"), bytes))
		return false;
	hex_encode(slice_of(bytes, sizeof bytes), out);
	return true;
}

static int next_fingerprint(void *ctx, char fingerprint[FINGERPRINT_TEXT + 1])
{
	const struct slice *later = ctx;

	return fingerprint_next_text(*later, fingerprint) ? TK_OK : TK_EIO;
}

int fingerprint_settle(struct ledger *l, const struct fingerprint_keys *k, const char *folder,
		       int64_t *linked, struct err *e)
{
	char known[FINGERPRINT_TEXT + 1], mark[FINGERPRINT_TEXT + 1];
	int rc = ledger_fingerprint_mark(l, known, e);
	size_t n = rc == TK_OK ? known_links(k, known) : k->n;
	struct slice later = slice_of(k->bytes + n, k->n - n);

	*linked = -1;
	if (rc != TK_OK && rc != TK_ENOTFOUND)
		return rc;
	if (n == 0)
		return another_key(folder, e);
	if (rc == TK_OK && n == k->n)
		return TK_OK;
	rc = ledger_begin(l, e);
	if (rc == TK_OK && later.n > 0)
		rc = ledger_link_fingerprints(l, next_fingerprint, &later, linked, e);
	if (rc == TK_OK && !fingerprint_mark(fingerprint_chain(k), mark))
		rc = err_set(e, TK_EIO, "HMAC-SHA-256 is not there: is OpenSSL whole?");
	return rc == TK_OK ? ledger_set_fingerprint_mark(l, slice_str(mark), e) : rc;
}

int fingerprint_lose(struct ledger *l, const struct fingerprint_keys *k, int64_t *lost, struct err *e)
{
	char mark[FINGERPRINT_TEXT + 1];
	int rc = ledger_lose_fingerprints(l, lost, e);

	if (rc == TK_OK && !fingerprint_mark(fingerprint_chain(k), mark))
		rc = err_set(e, TK_EIO, "HMAC-SHA-256 is not there: is OpenSSL whole?");
	return rc == TK_OK ? ledger_set_fingerprint_mark(l, slice_str(mark), e) : rc;
}

int fingerprint_add_link(const struct config *cfg, struct err *e)
{
	struct fingerprint_keys k;
	char path[PATH_BYTES];
	int rc = key_path(cfg, path, e);

	if (rc == TK_OK)
		rc = fingerprint_keys(cfg, false, &k, e);
	if (rc == TK_OK && k.n == sizeof k.bytes)
		rc = err_set(e, TK_ELIMIT, "%s: %d keys in the chain already", path, FINGERPRINT_KEYS_MAX);
	if (rc == TK_OK)
		rc = write_one(path, fingerprint_chain(&k), true, e);
	explicit_bzero(&k, sizeof k);
	return rc;
}

int fingerprint_begin_anew(const struct config *cfg, struct err *e)
{
	char path[PATH_BYTES];
	int rc = key_path(cfg, path, e);

	if (rc == TK_OK && access(path, F_OK) == 0)
		rc = err_set(e, TK_ECONFIG, "%s is there, so it is not lost; move it away first", path);
	if (rc == TK_OK)
		rc = sys_make_folders(path, 0700, e);
	return rc == TK_OK ? write_one(path, slice_of(NULL, 0), false, e) : rc;
}
