#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/sys.h"
#include "core/config/reading.h"

#define NAME_MAX_ 100

static const char *zone_folder(void)
{
	const char *dir = getenv("TZDIR");

	return dir == NULL || dir[0] == 0 ? "/usr/share/zoneinfo" : dir;
}

/* Area/Location and nothing that could lead out of the folder. */
static bool is_zone_name(struct slice s)
{
	size_t i;

	if (s.n == 0 || s.n > NAME_MAX_ || s.p[0] == '/' || s.p[s.n - 1] == '/')
		return false;
	for (i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      c == '_' || c == '-' || c == '+' || (c == '/' && s.p[i + 1] != '/')))
			return false;
	}
	return true;
}

bool zone_known(struct slice name)
{
	char path[PATH_MAX];
	uint8_t magic[4] = { 0 };
	ssize_t got;
	int fd;

	if (!is_zone_name(name) ||
	    snprintf(path, sizeof path, "%s/%.*s", zone_folder(), (int)name.n, (const char *)name.p) >=
		    (int)sizeof path)
		return false;
	fd = sys_open(path, O_RDONLY, 0);
	got = fd < 0 ? -1 : sys_read(fd, magic, sizeof magic);
	sys_close(fd);
	return got == sizeof magic && memcmp(magic, "TZif", sizeof magic) == 0; /* RFC 8536 3.1 */
}

bool zone_data(void)
{
	return access(zone_folder(), F_OK) == 0;
}

struct search {
	struct slice word;
	char *best; /* 128 bytes */
	bool found;
};

/* The better of the best so far and this name; the best comes first, so a tie keeps it. */
static void consider(struct search *s, const char *name)
{
	const char *pair[2] = { s->best, name };
	const char *better = nearest(s->word, s->found ? pair : pair + 1, s->found ? 2 : 1);

	if (better == name && strlen(name) <= NAME_MAX_) {
		memcpy(s->best, name, strlen(name) + 1);
		s->found = true;
	}
}

static void search_folder(struct search *s, const char *below, int depth)
{
	char path[PATH_MAX], name[2 * NAME_MAX + 2];
	struct dirent *d;
	DIR *dir;

	snprintf(path, sizeof path, "%s/%s", zone_folder(), below);
	dir = opendir(path);
	while (dir != NULL && (d = readdir(dir)) != NULL) {
		/* posix/ and right/ hold every zone again; zone names begin with a capital letter */
		if (d->d_name[0] < 'A' || d->d_name[0] > 'Z')
			continue;
		snprintf(name, sizeof name, "%.100s%s%.255s", below, below[0] != 0 ? "/" : "", d->d_name);
		if (d->d_type == DT_DIR && depth < 3)
			search_folder(s, name, depth + 1);
		else
			consider(s, name);
	}
	if (dir != NULL)
		closedir(dir);
}

const char *zone_nearest(struct slice name, char out[128])
{
	struct search s = { name, out, false };
	static const struct { const char *often, *meant; } short_names[] = { { "JST", "Asia/Tokyo" } };
	size_t i;

	for (i = 0; i < COUNT(short_names); i++)
		if (slice_is(name, short_names[i].often))
			return short_names[i].meant;
	search_folder(&s, "", 0);
	return s.found ? out : NULL;
}
