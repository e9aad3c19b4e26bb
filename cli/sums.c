#include "cli/sums.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "core/base/hash.h"
#include "core/base/sys.h"
#include "core/trail/files.h"
#include "core/trail/scalar.h"

#define LIST_MAX (64u << 20)
#define DEPTH_MAX 8

static int hash_file(const char *path, char hex[65], struct err *e)
{
	struct sha256 *h = sha256_new();
	int fd = sys_open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0), rc = TK_OK;
	static const size_t block = 1u << 16;
	uint8_t p[1u << 16], digest[32];
	ssize_t got = 1;

	if (h == NULL || fd < 0) {
		sha256_free(h);
		sys_close(fd);
		return h == NULL ? err_set(e, TK_ENOMEM, "no memory") : err_sys(e, "%s: cannot open", path);
	}
	sha256_begin(h);
	while ((got = sys_read(fd, p, block)) > 0)
		sha256_add(h, slice_of(p, (size_t)got));
	if (got < 0)
		rc = err_sys(e, "%s: cannot read", path);
	sha256_end(h, digest);
	hex_encode(slice_of(digest, 32), hex);
	sha256_free(h);
	sys_close(fd);
	return rc;
}

static int walk(const char *folder, const char *below, int depth, struct buf *out, struct err *e);

static int take_entry(const char *folder, const char *name, int depth, struct buf *out, struct err *e)
{
	char path[TRAIL_PATH_MAX], hex[65];
	struct stat st;
	int rc;

	if (!file_path(path, sizeof path, folder, "%s", name) || lstat(path, &st) != 0)
		return err_sys(e, "%s/%s", folder, name);
	if (S_ISDIR(st.st_mode))
		return depth == DEPTH_MAX ? err_set(e, TK_ELIMIT, "%s: folders nested too deep", path)
					  : walk(folder, name, depth + 1, out, e);
	if (!S_ISREG(st.st_mode) || strpbrk(name, "\n\\") != NULL)
		return err_set(e, TK_EMALFORMED, "%s: is no regular file", path);
	if (strcmp(name, SUMS_NAME) == 0 || strcmp(name, SUMS_NAME ".note") == 0)
		return TK_OK;
	if ((rc = hash_file(path, hex, e)) == TK_OK)
		buf_fmt(out, "%s  %s\n", hex, name);
	return out->failed ? err_set(e, TK_ENOMEM, "no memory") : rc;
}

/* Sorted, so that equal folders have equal sums. */
static int walk(const char *folder, const char *below, int depth, struct buf *out, struct err *e)
{
	char path[TRAIL_PATH_MAX], name[TRAIL_PATH_MAX];
	struct dirent **list;
	int n, rc = TK_OK;

	if (!file_path(path, sizeof path, folder, "%s", below) ||
	    (n = scandir(path, &list, NULL, alphasort)) < 0)
		return err_sys(e, "%s", path);
	for (int i = 0; i < n; i++) {
		const char *entry = list[i]->d_name;

		if (rc == TK_OK && strcmp(entry, ".") != 0 && strcmp(entry, "..") != 0) {
			snprintf(name, sizeof name, "%s%s%s", below, *below == '\0' ? "" : "/", entry);
			rc = take_entry(folder, name, depth, out, e);
		}
		free(list[i]);
	}
	free(list);
	return rc;
}

int sums_write(const char *folder, struct err *e)
{
	char path[TRAIL_PATH_MAX];
	struct buf sums;
	int rc;

	if (!file_path(path, sizeof path, folder, SUMS_NAME))
		return err_set(e, TK_ECONFIG, "%s: the path is too long", folder);
	buf_init(&sums, LIST_MAX);
	if ((rc = walk(folder, "", 0, &sums, e)) == TK_OK)
		rc = file_put(path, buf_slice(&sums), 0640, e);
	buf_free(&sums);
	return rc;
}

/* The first line that only one of the two lists has. */
static int differs(struct slice said, struct slice is, struct err *e)
{
	struct slice a = { NULL, 0 }, b = { NULL, 0 }, name;
	bool more_a, more_b;

	do {
		more_a = take_line(&said, &a);
		more_b = take_line(&is, &b);
	} while (more_a && more_b && slice_eq(a, b));
	if (!more_a && !more_b)
		return said.n == 0 ? TK_OK
				   : err_set(e, TK_EMALFORMED, SUMS_NAME ": its last line is not whole");
	a = more_a ? slice_from(a, 66) : slice_from(b, 66);
	b = more_b ? slice_from(b, 66) : a;
	name = slice_cmp(a, b) < 0 ? a : b; /* both lists are sorted: this one is in one alone, or differs */
	return err_set(e, TK_EMALFORMED, "%.*s: is not as " SUMS_NAME " says", (int)slice_head(name, 300).n,
		       (const char *)name.p);
}

int sums_check(const char *folder, int64_t *n, struct err *e)
{
	char path[TRAIL_PATH_MAX];
	struct slice said, rest, line;
	struct buf is;
	int rc;

	*n = 0;
	if (!file_path(path, sizeof path, folder, SUMS_NAME))
		return err_set(e, TK_ECONFIG, "%s: the path is too long", folder);
	if ((rc = sys_slurp(path, LIST_MAX, &said, e)) != TK_OK)
		return rc;
	buf_init(&is, LIST_MAX);
	if ((rc = walk(folder, "", 0, &is, e)) == TK_OK)
		rc = differs(said, buf_slice(&is), e);
	for (rest = said; take_line(&rest, &line);)
		++*n;
	buf_free(&is);
	free((void *)(uintptr_t)said.p);
	return rc;
}
