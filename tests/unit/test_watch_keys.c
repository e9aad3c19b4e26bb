/* The supervisor's eye on a key log: not there, there, another one, not to be read. What is told goes to
 * standard error. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/zone.h"
#include "sensor/watch_keys.h"
#include "tests/lib/tap.h"

struct place {
	char folder[64], file[80], other[80];
	struct key_watch watch;
	int64_t mono;
};

static void write_file(const char *name, const char *text)
{
	FILE *f = fopen(name, "a");

	if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0)
		abort();
}

/* A second later: is there something to be handed in? What its first byte is; 0: nothing. */
static char news(struct place *p)
{
	char c = 0;

	p->mono += NS_PER_SEC;
	key_watch_look(&p->watch, p->mono);
	if (p->watch.fd < 0)
		return 0;
	if (read(p->watch.fd, &c, 1) != 1)
		c = '-';
	if (write(p->watch.fd, "x", 1) == 1)
		c = '!';
	key_watch_sent(&p->watch);
	return c;
}

static void test_files(struct place *p)
{
	ok_int(news(p), 0, "a file that is not there");
	ok_int(p->watch.told, ENOENT, "is told");
	write_file(p->file, "a");
	key_watch_look(&p->watch, p->mono);
	ok(p->watch.fd < 0, "it is looked for once a second");
	ok_int(news(p), 'a', "when it is there it is opened, to be read only");
	write_file(p->file, "more");
	ok_int(news(p), 0, "once");
	rename(p->file, p->other);
	p->watch.told = 0;
	ok_int(news(p), 0, "it went away");
	ok_int(p->watch.told, 0, "which is no trouble");
	rename(p->other, p->file);
	ok_int(news(p), 0, "and came back");
	rename(p->file, p->other);
	write_file(p->file, "b");
	ok_int(news(p), 'b', "another file with its name is opened");
	ok_int(news(p), 0, "once");
	key_watch_restart(&p->watch);
	ok_int(news(p), 'b', "for a new sensor it is opened again");
	unlink(p->file);
	unlink(p->other);
}

static void test_no_files(struct place *p)
{
	key_watch_restart(&p->watch);
	mkdir(p->file, 0700);
	ok_int(news(p), 0, "a folder is no key log");
	ok(p->watch.told != 0, "which is told");
	rmdir(p->file);
	mkfifo(p->file, 0600);
	ok_int(news(p), 0, "nor is a pipe, which nobody waits at");
	unlink(p->file);
	if (symlink(p->file, p->file) != 0)
		abort();
	ok_int(news(p), 0, "nor what leads nowhere");
	unlink(p->file);
	write_file(p->file, "c");
	ok_int(news(p), 'c', "then it is one");
	ok_int(p->watch.told, 0, "and nothing is wrong");
	unlink(p->file);
}

static void test_forbidden(struct place *p)
{
	key_watch_restart(&p->watch);
	write_file(p->file, "d");
	chmod(p->file, 0);
	if (geteuid() == 0 && seteuid(65534) != 0)
		abort();
	ok_int(news(p), 0, "what may not be read");
	ok_int(p->watch.told, EACCES, "is told");
	if (getuid() == 0 && seteuid(0) != 0)
		abort();
	chmod(p->file, 0400);
	ok_int(news(p), 'd', "until it may");
	unlink(p->file);
}

int main(void)
{
	struct place p = { .folder = "/tmp/tochoku-keys-XXXXXX" };

	if (mkdtemp(p.folder) == NULL)
		abort();
	snprintf(p.file, sizeof p.file, "%s/keys.log", p.folder);
	snprintf(p.other, sizeof p.other, "%s/keys.log.1", p.folder);
	key_watch_begin(&p.watch, "tap", NULL);
	ok_int(news(&p), 0, "no key log, no news");
	key_watch_begin(&p.watch, "tap", p.file);
	test_files(&p);
	test_no_files(&p);
	test_forbidden(&p);
	key_watch_end(&p.watch);
	rmdir(p.folder);
	return tap_done();
}
