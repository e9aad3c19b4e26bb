/* Replacing the files of the calendar: whole or not at all, and never without a record. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/calendar.h"
#include "cli/reading.h"
#include "core/base/sys.h"

static bool told(const char *path)
{
	cli_error("%s: %s", path, strerror(errno));
	return false;
}

/* Written beside, synced, renamed; as readable as the old one. */
static bool put_file(const char *path, struct slice text)
{
	struct stat st;
	char fresh[4096 + 32];
	mode_t mode = stat(path, &st) == 0 ? st.st_mode & 0777 : 0640;
	bool good;
	int fd;

	snprintf(fresh, sizeof fresh, "%s.%ld", path, (long)getpid());
	unlink(fresh);
	fd = sys_open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	good = fd >= 0 && sys_write_all(fd, text.p, text.n) == 0 && sys_fsync(fd) == 0 &&
	       rename(fresh, path) == 0;
	if (!good)
		told(path);
	sys_close(fd);
	unlink(fresh);
	return good;
}

static void take_back(struct calendar_file *files, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (files[i].old.p != NULL)
			put_file(files[i].path, files[i].old);
		else
			unlink(files[i].path);
}

static int note(const struct config *cfg, const struct calendar_file *f, calendar_request_fn request,
		void *ctx)
{
	struct buf ask, reply;
	int status;

	buf_init(&ask, 65536);
	buf_init(&reply, 65536);
	request(ctx, f, &ask);
	status = ask.failed ? EXIT_INPUT : cli_request(cfg, buf_slice(&ask), &reply);
	buf_free(&ask);
	buf_free(&reply);
	return status;
}

int calendar_replace(const struct config *cfg, struct calendar_file *files, size_t n,
		     calendar_request_fn request, void *ctx)
{
	int status = EXIT_DONE;
	size_t done = 0;

	for (; done < n && status == EXIT_DONE; done++)
		if (strlen(files[done].path) > 4000 ||
		    !put_file(files[done].path, buf_slice(&files[done].text)))
			status = EXIT_INPUT;
	if (status != EXIT_DONE) {
		take_back(files, done - 1);
		return status;
	}
	for (size_t i = 0; i < n && status == EXIT_DONE; i++)
		status = note(cfg, &files[i], request, ctx);
	if (status != EXIT_DONE) {
		take_back(files, n);
		cli_error("the ledger could not note it, so nothing was changed");
	}
	return status;
}

bool calendar_read_old(struct calendar_file *f, size_t max)
{
	struct err e = { 0 };

	if (access(f->path, F_OK) != 0 && errno == ENOENT)
		return true;
	if (sys_slurp(f->path, max, &f->old, &e) == TK_OK)
		return true;
	cli_error("%s", e.text);
	return false;
}

void calendar_file_free(struct calendar_file *f)
{
	free((void *)(uintptr_t)f->old.p);
	buf_free(&f->text);
}
