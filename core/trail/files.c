#include "core/trail/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/hash.h"
#include "core/base/sys.h"
#include "core/trail/scalar.h"

bool file_path(char *out, size_t n, const char *folder, const char *fmt, ...)
{
	size_t used = (size_t)snprintf(out, n, "%s/", folder);
	va_list ap;
	int more;

	if (used >= n)
		return false;
	va_start(ap, fmt);
	more = vsnprintf(out + used, n - used, fmt, ap);
	va_end(ap);
	return more >= 0 && (size_t)more < n - used;
}

bool file_there(const char *path)
{
	return access(path, F_OK) == 0;
}

int file_sync_folder(const char *file, struct err *e)
{
	char folder[TRAIL_PATH_MAX];
	const char *slash = strrchr(file, '/');
	size_t n = slash == NULL ? 0 : (size_t)(slash - file);
	int fd, rc = TK_OK;

	if (n >= sizeof folder)
		return err_set(e, TK_ECONFIG, "%s: the path is too long", file);
	memcpy(folder, n == 0 ? "." : file, n == 0 ? 1 : n);
	folder[n == 0 ? 1 : n] = '\0';
	fd = sys_open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	if (fd < 0 || sys_fsync(fd) != 0)
		rc = err_sys(e, "%s: cannot sync", folder);
	sys_close(fd);
	return rc;
}

int fresh_begin(struct fresh *f, const char *path, mode_t mode, struct err *e)
{
	f->fd = -1;
	if (snprintf(f->path, sizeof f->path, "%s.tmp", path) >= (int)sizeof f->path)
		return err_set(e, TK_ECONFIG, "%s: the path is too long", path);
	f->fd = sys_create(f->path, O_WRONLY | O_TRUNC, mode);
	return f->fd < 0 ? err_sys(e, "%s: cannot write", f->path) : TK_OK;
}

int fresh_write(struct fresh *f, const void *p, size_t n, struct err *e)
{
	return sys_write_all(f->fd, p, n) == 0 ? TK_OK : err_sys(e, "%s: cannot write", f->path);
}

int fresh_end(struct fresh *f, const char *path, int rc, struct err *e)
{
	if (rc == TK_OK && sys_fsync(f->fd) != 0)
		rc = err_sys(e, "%s: cannot sync", f->path);
	sys_close(f->fd);
	if (rc == TK_OK && rename(f->path, path) != 0)
		rc = err_sys(e, "%s: cannot rename", path);
	return rc == TK_OK ? file_sync_folder(path, e) : rc;
}

int file_put(const char *path, struct slice bytes, mode_t mode, struct err *e)
{
	struct fresh f;
	int rc = fresh_begin(&f, path, mode, e);

	if (rc == TK_OK)
		rc = fresh_write(&f, bytes.p, bytes.n, e);
	return fresh_end(&f, path, rc, e);
}

int file_copy(const char *from, const char *to, mode_t mode, struct err *e)
{
	uint8_t block[65536];
	int fd = sys_open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW, 0), rc;
	ssize_t got = 1;
	struct fresh f;

	if (fd < 0)
		return err_sys(e, "%s: cannot open", from);
	rc = fresh_begin(&f, to, mode, e);
	while (rc == TK_OK && (got = sys_read(fd, block, sizeof block)) > 0)
		rc = fresh_write(&f, block, (size_t)got, e);
	if (rc == TK_OK && got < 0)
		rc = err_sys(e, "%s: cannot read", from);
	sys_close(fd);
	return fresh_end(&f, to, rc, e);
}

/* ---- strangers' folders ---- */

static int opened(const char *path, int fd, struct err *e)
{
	if (fd >= 0)
		return TK_OK;
	if (errno == ENOENT)
		return err_set(e, TK_ENOTFOUND, "%s: is not there", path);
	if (errno == ELOOP || errno == ENOTDIR || errno == ENXIO)
		return err_set(e, TK_EMALFORMED, "%s: is a link, or no regular file", path);
	return err_sys(e, "%s: cannot open", path);
}

int file_open_below(int folder, const char *path, int *fd, struct err *e)
{
	char part[256];
	const char *at = path, *slash;
	struct stat st;
	int in = folder, next, rc = TK_OK;

	*fd = -1;
	while (rc == TK_OK && (slash = strchr(at, '/')) != NULL) {
		if (slash - at >= (ptrdiff_t)sizeof part)
			return err_set(e, TK_EMALFORMED, "%s: the path is too long", path);
		memcpy(part, at, (size_t)(slash - at));
		part[slash - at] = '\0';
		next = openat(in, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		rc = opened(path, next, e);
		if (in != folder)
			sys_close(in);
		in = next;
		at = slash + 1;
	}
	if (rc == TK_OK) {
		*fd = openat(in, at, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
		rc = opened(path, *fd, e);
	}
	if (in != folder)
		sys_close(in);
	if (rc == TK_OK && (fstat(*fd, &st) != 0 || !S_ISREG(st.st_mode))) {
		rc = err_set(e, TK_EMALFORMED, "%s: is no regular file", path);
		sys_close(*fd);
		*fd = -1;
	}
	return rc;
}

int file_read_below(int folder, const char *path, size_t max, struct buf *out, struct err *e)
{
	int fd, rc = file_open_below(folder, path, &fd, e);
	ssize_t got = 1;

	buf_clear(out);
	while (rc == TK_OK && got > 0) {
		uint8_t *p = buf_room(out, 4096);

		if (p == NULL) {
			rc = err_set(e, TK_ENOMEM, "%s: no memory", path);
			break;
		}
		if ((got = sys_read(fd, p, 4096)) < 0)
			rc = err_sys(e, "%s: cannot read", path);
		out->n += got > 0 ? (size_t)got : 0;
		if (out->n > max)
			rc = err_set(e, TK_ELIMIT, "%s: larger than %zu bytes", path, max);
	}
	sys_close(fd);
	return rc;
}

/* ---- keys ---- */

static const uint8_t pkcs8[] = { 0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06,
				 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20 };
static const uint8_t spki[] = { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00 };

static void put_pem(struct buf *out, const char *what, struct slice head, const uint8_t key[32])
{
	uint8_t der[64];

	memcpy(der, head.p, head.n);
	memcpy(der + head.n, key, 32);
	buf_fmt(out, "-----BEGIN %s KEY-----\n", what);
	put_base64(out, slice_of(der, head.n + 32)); /* one line of PEM at most */
	buf_fmt(out, "\n-----END %s KEY-----\n", what);
	explicit_bzero(der, sizeof der);
}

static bool read_pem(struct slice text, const char *what, struct slice head, uint8_t key[32])
{
	char first[64];
	struct slice line;
	uint8_t der[64];
	size_t n = sizeof der;
	bool good;

	snprintf(first, sizeof first, "-----BEGIN %s KEY-----", what);
	good = take_line(&text, &line) && slice_is(line, first) && take_line(&text, &line) &&
	       base64_read(line, der, &n) && n == head.n + 32 && slice_starts(slice_of(der, n), head);
	if (good)
		memcpy(key, der + head.n, 32);
	explicit_bzero(der, sizeof der);
	return good;
}

void put_public_pem(struct buf *out, const uint8_t key[PUBLIC_LEN])
{
	put_pem(out, "PUBLIC", slice_of(spki, sizeof spki), key);
}

bool public_pem_read(struct slice text, uint8_t key[PUBLIC_LEN])
{
	return read_pem(text, "PUBLIC", slice_of(spki, sizeof spki), key);
}

int key_read(const char *path, uint8_t seed[SEED_LEN], struct err *e)
{
	struct slice text;
	int rc;

	if (!file_there(path))
		return err_set(e, TK_ENOTFOUND, "%s: the key is not there", path);
	if ((rc = sys_slurp(path, 4096, &text, e)) != TK_OK)
		return rc;
	if (!read_pem(text, "PRIVATE", slice_of(pkcs8, sizeof pkcs8), seed))
		rc = err_set(e, TK_EMALFORMED, "%s: no Ed25519 private key in PEM (PKCS #8)", path);
	explicit_bzero((void *)(uintptr_t)text.p, text.n);
	free((void *)(uintptr_t)text.p);
	return rc;
}

int key_write(const char *path, const uint8_t seed[SEED_LEN], struct err *e)
{
	struct buf b;
	int rc;

	buf_init(&b, 512);
	put_pem(&b, "PRIVATE", slice_of(pkcs8, sizeof pkcs8), seed);
	rc = b.failed ? err_set(e, TK_ENOMEM, "no memory") : file_put(path, buf_slice(&b), 0600, e);
	if (b.p != NULL)
		explicit_bzero(b.p, b.n);
	buf_free(&b);
	return rc;
}

int key_make(const char *path, uint8_t seed[SEED_LEN], struct err *e)
{
	if (!random_bytes(seed, SEED_LEN))
		return err_set(e, TK_EIO, "no random numbers for a new key");
	return key_write(path, seed, e);
}

int key_destroy(const char *path, struct err *e)
{
	static const uint8_t zeros[512];
	struct stat st;
	int fd = sys_open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0), rc = TK_OK;

	if (fd < 0)
		return errno == ENOENT ? TK_OK : err_sys(e, "%s: cannot open", path);
	if (fstat(fd, &st) != 0 || st.st_size > (off_t)sizeof zeros ||
	    sys_write_all(fd, zeros, (size_t)st.st_size) != 0 || sys_fsync(fd) != 0)
		rc = err_sys(e, "%s: cannot overwrite", path);
	sys_close(fd);
	if (rc == TK_OK && unlink(path) != 0)
		rc = err_sys(e, "%s: cannot remove", path);
	return rc == TK_OK ? file_sync_folder(path, e) : rc;
}
