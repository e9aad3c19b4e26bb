#include "sensor/watch_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/sys.h"
#include "core/base/zone.h"

#define NAMES_MAX 20000                  /* of one folder; a folder of more is not a log folder */
#define FULL_SCAN_NS                                                                                         \
	(5 * NS_PER_SEC) /* a listing whatever the folder's own time says (network file systems) */
#define SETTLED_NS (2 * NS_PER_SEC)      /* a folder's time is coarse: it tells nothing of the last moment */

/* A file that was met. fd -1: the sensor has done with it; kept so that it is not met again. */
struct held {
	uint64_t id, dev, ino, size;
	int64_t mtime;
	uint32_t input;
	int fd;
	char *path, *base;
	bool is_base, compressed, sent, found;
};

struct folder {
	char *path;
	uint32_t input;
	int64_t mtime, listed_at; /* wall ns, monotonic ns */
	int watch;
};

struct watch {
	const struct config *cfg;
	unsigned max_open, n_open;
	uint64_t next_id;
	struct held *held;
	size_t n_held, cap_held;
	struct folder *folders;
	size_t n_folders;
	char **told; /* paths that trouble was told of */
	size_t n_told;
	uint32_t waiting;
	int inotify;
};

struct candidate {
	char *name, *target; /* target: where a link in the same folder points, else NULL */
	struct stat st;
	char *base;          /* name of the log that it belongs to; borrowed from another candidate's name */
	bool matches, is_base, compressed;
};

struct listing {
	struct candidate *list;
	size_t n, cap;
};

static int64_t mtime_of(const struct stat *st)
{
	return (int64_t)st->st_mtim.tv_sec * NS_PER_SEC + st->st_mtim.tv_nsec;
}

static void tell_once(struct watch *w, const char *path, const char *what)
{
	char **list;

	for (size_t i = 0; i < w->n_told; i++)
		if (strcmp(w->told[i], path) == 0)
			return;
	role_say("%s: %s", path, what);
	list = realloc(w->told, (w->n_told + 1) * sizeof *list);
	if (list == NULL)
		return;
	w->told = list;
	list[w->n_told] = strdup(path);
	w->n_told += list[w->n_told] != NULL;
}

struct watch *watch_new(const struct config *cfg, unsigned max_open)
{
	struct watch *w = calloc(1, sizeof *w);

	if (w == NULL)
		return NULL;
	w->cfg = cfg;
	w->max_open = max_open;
	w->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	return w;
}

static void drop(struct watch *w, size_t i)
{
	struct held *h = &w->held[i];

	if (h->fd >= 0) {
		sys_close(h->fd);
		w->n_open--;
	}
	free(h->path);
	free(h->base);
	memmove(h, h + 1, (--w->n_held - i) * sizeof *h);
}

static void forget_folders(struct watch *w)
{
	for (size_t i = 0; i < w->n_folders; i++) {
		if (w->folders[i].watch >= 0)
			inotify_rm_watch(w->inotify, w->folders[i].watch);
		free(w->folders[i].path);
	}
	free(w->folders);
	w->folders = NULL;
	w->n_folders = 0;
}

void watch_free(struct watch *w)
{
	if (w == NULL)
		return;
	while (w->n_held > 0)
		drop(w, w->n_held - 1);
	forget_folders(w);
	for (size_t i = 0; i < w->n_told; i++)
		free(w->told[i]);
	free(w->told);
	free(w->held);
	sys_close(w->inotify);
	free(w);
}

void watch_reconfigure(struct watch *w, const struct config *cfg)
{
	for (size_t i = w->n_held; i-- > 0;) {
		const char *name = w->cfg->tails[w->held[i].input].name;
		size_t k = 0;

		while (k < cfg->n_tails && strcmp(cfg->tails[k].name, name) != 0)
			k++;
		if (k == cfg->n_tails)
			drop(w, i);
		else
			w->held[i].input = (uint32_t)k;
	}
	forget_folders(w);
	w->cfg = cfg;
}

int watch_fd(const struct watch *w)
{
	return w->inotify;
}

uint32_t watch_waiting(const struct watch *w)
{
	return w->waiting;
}

/* ---- what the sensor has ---- */

bool watch_next(const struct watch *w, struct role_file *f, int *fd)
{
	const struct held *best = NULL;

	for (size_t i = 0; i < w->n_held; i++) {
		const struct held *h = &w->held[i];

		if (h->fd < 0 || h->sent)
			continue;
		if (best == NULL || h->is_base < best->is_base ||
		    (h->is_base == best->is_base && h->mtime < best->mtime))
			best = h;
	}
	if (best == NULL)
		return false;
	*f = (struct role_file){ .id = best->id, .input = best->input, .dev = best->dev, .ino = best->ino,
				 .size = best->size, .mtime = best->mtime, .is_base = best->is_base,
				 .compressed = best->compressed, .path = slice_str(best->path),
				 .base = slice_str(best->base) };
	*fd = best->fd;
	return true;
}

void watch_sent(struct watch *w, uint64_t id)
{
	for (size_t i = 0; i < w->n_held; i++)
		if (w->held[i].id == id)
			w->held[i].sent = true;
}

void watch_forget_sent(struct watch *w)
{
	struct stat st;

	for (size_t i = 0; i < w->n_held; i++) {
		struct held *h = &w->held[i];

		h->sent = false;
		if (h->fd >= 0 && fstat(h->fd, &st) == 0) {
			h->size = (uint64_t)st.st_size;
			h->mtime = mtime_of(&st);
		}
	}
}

void watch_retired(struct watch *w, const struct role_retired *r)
{
	for (size_t i = 0; i < w->n_held; i++) {
		struct held *h = &w->held[i];

		if (h->id != r->id || h->fd < 0)
			continue;
		sys_close(h->fd);
		h->fd = -1;
		h->size = r->size;
		h->mtime = r->mtime;
		w->n_open--;
	}
}

/* ---- one folder ---- */

static void listing_free(struct listing *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->list[i].name);
		free(l->list[i].target);
	}
	free(l->list);
}

/* A link to a file of the same folder (`access.log -> access-20261123.log`) is followed one step; any
 * other would lead out of what the configuration names. */
static void follow(int dir, struct candidate *c)
{
	char target[NAME_MAX + 1];
	ssize_t n = readlinkat(dir, c->name, target, sizeof target - 1);

	if (n <= 0 || n == (ssize_t)sizeof target - 1 || memchr(target, '/', (size_t)n) != NULL)
		return;
	target[n] = 0;
	if (fstatat(dir, target, &c->st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(c->st.st_mode))
		c->target = strdup(target);
}

static bool list_folder(int dir, struct listing *l)
{
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *entry;

	if (d == NULL) {
		sys_close(copy);
		return false;
	}
	while ((entry = readdir(d)) != NULL && l->n < NAMES_MAX) {
		if (entry->d_type != DT_REG && entry->d_type != DT_LNK && entry->d_type != DT_UNKNOWN)
			continue;
		if (l->n == l->cap) {
			size_t cap = l->cap == 0 ? 64 : 2 * l->cap;
			struct candidate *list = realloc(l->list, cap * sizeof *list);

			if (list == NULL)
				break;
			l->list = list;
			l->cap = cap;
		}
		l->list[l->n] = (struct candidate){ .name = strdup(entry->d_name) };
		l->n += l->list[l->n].name != NULL;
	}
	closedir(d);
	return true;
}

/* Which of the names are logs of the pattern, and which are their siblings? */
static void sort_out(struct listing *l, const char *pattern)
{
	for (size_t i = 0; i < l->n; i++)
		l->list[i].matches = fnmatch(pattern, l->list[i].name, FNM_PERIOD) == 0;
	for (size_t i = 0; i < l->n; i++) {
		struct candidate *c = &l->list[i];

		c->is_base = c->matches;
		if (c->is_base)
			c->base = c->name;
		/* `access.log*` matches the rotated ones too: where the log itself is there they are its. */
		for (size_t k = 0; k < l->n; k++) {
			bool compressed;

			if (k != i && l->list[k].matches &&
			    log_sibling(slice_str(l->list[k].name), slice_str(c->name), &compressed)) {
				c->base = l->list[k].name;
				c->is_base = false;
				c->compressed = compressed;
				break;
			}
		}
	}
}

/* Without a wildcard the log need not exist now for its siblings to be read. */
static void sort_out_one(struct listing *l, char *base)
{
	for (size_t i = 0; i < l->n; i++) {
		struct candidate *c = &l->list[i];

		c->is_base = strcmp(c->name, base) == 0;
		if (c->is_base || log_sibling(slice_str(base), slice_str(c->name), &c->compressed))
			c->base = base;
	}
}

static int older_first(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;
	int64_t m = mtime_of(&x->st), n = mtime_of(&y->st);

	if (x->is_base != y->is_base)
		return x->is_base - y->is_base;
	return m != n ? (m > n) - (m < n) : strcmp(x->name, y->name);
}

/* Leaves what is to be opened, older ones first. */
static void keep_regular(struct watch *w, int dir, const char *folder, struct listing *l)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->n; i++) {
		struct candidate *c = &l->list[i], swap;
		bool good = c->base != NULL && fstatat(dir, c->name, &c->st, AT_SYMLINK_NOFOLLOW) == 0;
		char path[PATH_MAX];

		if (good && S_ISLNK(c->st.st_mode) && c->is_base) {
			follow(dir, c);
			snprintf(path, sizeof path, "%s/%s", folder, c->name);
			if (c->target == NULL)
				tell_once(w, path,
					  "is a link out of its folder, which is not followed; name the file "
					  "itself");
		}
		if (!good || !S_ISREG(c->st.st_mode))
			continue;
		swap = l->list[kept];
		l->list[kept++] = *c;
		*c = swap;
	}
	for (size_t i = kept; i < l->n; i++)
		l->list[i].base = NULL; /* still owned: freed with the listing */
	if (kept > 1)
		qsort(l->list, kept, sizeof *l->list, older_first);
}

static struct held *known(struct watch *w, uint32_t input, const struct stat *st)
{
	for (size_t i = 0; i < w->n_held; i++)
		if (w->held[i].ino == st->st_ino && w->held[i].dev == st->st_dev && w->held[i].input == input)
			return &w->held[i];
	return NULL;
}

static struct held *new_held(struct watch *w)
{
	if (w->n_held == w->cap_held) {
		size_t cap = w->cap_held == 0 ? 64 : 2 * w->cap_held;
		struct held *list = realloc(w->held, cap * sizeof *list);

		if (list == NULL)
			return NULL;
		w->held = list;
		w->cap_held = cap;
	}
	return &w->held[w->n_held];
}

static bool short_of_descriptors(void)
{
	return errno == EMFILE || errno == ENFILE || errno == ENOMEM;
}

static void meet(struct watch *w, uint32_t input, int dir, const char *folder, const struct candidate *c)
{
	char path[PATH_MAX], base[PATH_MAX];
	struct held *h;
	struct stat st;
	int fd;

	if (w->n_open >= w->max_open) {
		w->waiting++;
		return;
	}
	snprintf(path, sizeof path, "%s/%s", folder, c->name);
	snprintf(base, sizeof base, "%s/%s", folder, c->base);
	fd = openat(dir, c->target != NULL ? c->target : c->name,
		    O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0) {
		if (short_of_descriptors())
			w->waiting++;
		else if (errno != ENOENT && errno != ELOOP)
			tell_once(w, path, strerror(errno));
		return;
	}
	/* What was opened counts, not what was listed: a name may change its file in between. */
	h = new_held(w);
	if (h == NULL || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || known(w, input, &st) != NULL) {
		sys_close(fd);
		return;
	}
	*h = (struct held){ .id = ++w->next_id,
			    .dev = st.st_dev,
			    .ino = st.st_ino,
			    .size = (uint64_t)st.st_size,
			    .mtime = mtime_of(&st),
			    .input = input,
			    .fd = fd,
			    .path = strdup(path),
			    .base = strdup(base),
			    .is_base = c->is_base,
			    .compressed = c->compressed,
			    .found = true };
	if (h->path == NULL || h->base == NULL) {
		free(h->path);
		free(h->base);
		sys_close(fd);
		return;
	}
	w->n_held++;
	w->n_open++;
}

static void look_at(struct watch *w, uint32_t input, int dir, const char *folder, const struct candidate *c)
{
	struct held *h = known(w, input, &c->st);

	if (h != NULL) {
		h->found = true;
		h->is_base = c->is_base;
		if (h->fd >= 0 || (h->size == (uint64_t)c->st.st_size && h->mtime == mtime_of(&c->st)))
			return;
		/* Done with once, and written to since; or its number has come back as another file. */
		if (w->n_open >= w->max_open) {
			w->waiting++;
			return;
		}
		drop(w, (size_t)(h - w->held));
	}
	meet(w, input, dir, folder, c);
}

static bool of_folder(const struct held *h, uint32_t input, const char *folder)
{
	size_t n = strlen(folder);

	return h->input == input && strncmp(h->base, folder, n) == 0 && h->base[n] == '/' &&
	       strchr(h->base + n + 1, '/') == NULL;
}

static void scan_all(struct watch *w, uint32_t input, int dir, const char *folder, char *pattern, bool wild)
{
	struct listing l = { 0 };

	if (!list_folder(dir, &l))
		return;
	if (wild)
		sort_out(&l, pattern);
	else
		sort_out_one(&l, pattern);
	keep_regular(w, dir, folder, &l);
	for (size_t i = 0; i < w->n_held; i++)
		if (of_folder(&w->held[i], input, folder))
			w->held[i].found = w->held[i].is_base = false;
	for (size_t i = 0; i < l.n; i++)
		if (l.list[i].base != NULL && l.list[i].st.st_ino != 0)
			look_at(w, input, dir, folder, &l.list[i]);
	for (size_t i = w->n_held; i-- > 0;)
		if (!w->held[i].found && w->held[i].fd < 0 && of_folder(&w->held[i], input, folder))
			drop(w, i);
	listing_free(&l);
}

/* The folder is as it was: only files that were given back may have been written to. */
static bool any_changed(const struct watch *w, uint32_t input, const char *folder)
{
	struct stat st;

	for (size_t i = 0; i < w->n_held; i++) {
		const struct held *h = &w->held[i];

		if (h->fd < 0 && of_folder(h, input, folder) && lstat(h->path, &st) == 0 &&
		    (h->size != (uint64_t)st.st_size || h->mtime != mtime_of(&st)))
			return true;
	}
	return false;
}

static struct folder *folder_of(struct watch *w, uint32_t input, const char *path)
{
	struct folder *list;

	for (size_t i = 0; i < w->n_folders; i++)
		if (w->folders[i].input == input && strcmp(w->folders[i].path, path) == 0)
			return &w->folders[i];
	list = realloc(w->folders, (w->n_folders + 1) * sizeof *list);
	if (list == NULL)
		return NULL;
	w->folders = list;
	list[w->n_folders] = (struct folder){ .path = strdup(path), .input = input, .watch = -1 };
	if (list[w->n_folders].path == NULL)
		return NULL;
	if (w->inotify >= 0)
		list[w->n_folders].watch = inotify_add_watch(
			w->inotify, path, IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR);
	return &list[w->n_folders++];
}

static void scan_folder(struct watch *w, uint32_t input, const char *path, char *pattern, bool wild)
{
	int dir = sys_open(path, O_RDONLY | O_DIRECTORY, 0);
	struct folder *f = folder_of(w, input, path);
	uint32_t waiting = w->waiting;
	struct stat st;

	if (dir < 0 || f == NULL || fstat(dir, &st) != 0) {
		if (dir < 0 && short_of_descriptors())
			w->waiting++;
		else if (dir < 0 && errno != ENOENT)
			tell_once(w, path, strerror(errno));
		sys_close(dir);
		return;
	}
	if (f->listed_at == 0 || f->mtime != mtime_of(&st) || sys_now_ns() - f->mtime < SETTLED_NS ||
	    sys_mono_ns() - f->listed_at > FULL_SCAN_NS || any_changed(w, input, path)) {
		scan_all(w, input, dir, path, pattern, wild);
		f->mtime = mtime_of(&st);
		f->listed_at = w->waiting > waiting ? 0 : sys_mono_ns();
	}
	sys_close(dir);
}

static bool is_wild(const char *s)
{
	return strpbrk(s, "*?[") != NULL;
}

static void scan_tail(struct watch *w, uint32_t input)
{
	const char *path = w->cfg->tails[input].path, *slash = strrchr(path, '/');
	char pattern[NAME_MAX + 1], folder[PATH_MAX];
	glob_t g;

	snprintf(pattern, sizeof pattern, "%s", slash == NULL ? path : slash + 1);
	snprintf(folder, sizeof folder, "%.*s", slash == NULL ? 1 : slash == path ? 1 : (int)(slash - path),
		 slash == NULL ? "." : path);
	if (!is_wild(folder)) {
		scan_folder(w, input, folder, pattern, is_wild(pattern));
		return;
	}
	if (glob(folder, GLOB_ONLYDIR | GLOB_NOSORT, NULL, &g) != 0)
		return;
	for (size_t i = 0; i < g.gl_pathc; i++)
		scan_folder(w, input, g.gl_pathv[i], pattern, is_wild(pattern));
	globfree(&g);
}

void watch_scan(struct watch *w)
{
	uint8_t events[4096];

	/* What they say does not matter: the listing is the truth. */
	while (w->inotify >= 0 && sys_read(w->inotify, events, sizeof events) > 0)
		;
	w->waiting = 0;
	for (uint32_t i = 0; i < w->cfg->n_tails; i++)
		scan_tail(w, i);
}
