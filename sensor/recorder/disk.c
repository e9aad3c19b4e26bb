#include "sensor/recorder/disk.h"

#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#define SHARE_LOW 20 /* % of the file system that a limit is at most */
#define SHARE_CRITICAL 10
#define SHARE_FULL 5
#define SHARE_RESERVE 5
#define INODES_LOW 1000 /* at most as many, or the same shares of what there is */
#define INODES_CRITICAL 100

static const struct {
	const char *name, *en, *ja;
	unsigned actions;
} rows[DISK_STATES] = {
#define DISK(id, name, limit, actions, health, en, ja) [DISK_##id] = { name, en, ja, actions },
#include "sensor/recorder/disk.def"
#undef DISK
};

const char *disk_name(enum disk_state s)
{
	return rows[s].name;
}

unsigned disk_actions(enum disk_state s)
{
	return rows[s].actions;
}

const char *disk_text(enum disk_state s, bool ja)
{
	return ja ? rows[s].ja : rows[s].en;
}

enum disk_state disk_by_name(struct slice name)
{
	int s = 0;

	while (s < DISK_STATES && !slice_is(name, rows[s].name))
		s++;
	return (enum disk_state)s;
}

bool disk_measure(const char *path, struct disk_room *out)
{
	const char *slash = strrchr(path, '/');
	char folder[4096];
	struct statvfs fs;

	snprintf(folder, sizeof folder, "%.*s", slash == NULL || slash == path ? 1 : (int)(slash - path),
		 slash == NULL ? "." : path);
	if (statvfs(folder, &fs) != 0)
		return false;
	*out = (struct disk_room){ .free = (int64_t)fs.f_bavail * (int64_t)fs.f_frsize,
				   .size = (int64_t)fs.f_blocks * (int64_t)fs.f_frsize,
				   .inodes_free = (int64_t)fs.f_favail,
				   .inodes = (int64_t)fs.f_files,
				   .read_only = (fs.f_flag & ST_RDONLY) != 0 };
	return true;
}

static int64_t at_most(int64_t want, int64_t of, int share)
{
	return want < of / 100 * share ? want : of / 100 * share;
}

void disk_limits(const struct config *cfg, const struct disk_room *room, struct disk_limits *out)
{
	*out = (struct disk_limits){ .low = at_most(cfg->disk.low, room->size, SHARE_LOW),
				     .critical = at_most(cfg->disk.critical, room->size, SHARE_CRITICAL),
				     .full = at_most(cfg->disk.full, room->size, SHARE_FULL),
				     .reserve = at_most(cfg->disk.reserve, room->size, SHARE_RESERVE) };
}

/* A state that holds begins below its limit and ends at a quarter more: it does not come and go. */
static bool below(int64_t free, int64_t limit, bool holds)
{
	return free < limit + (holds ? limit / 4 : 0);
}

static bool few_inodes(const struct disk_room *room, int64_t most, int share, bool holds)
{
	return below(room->inodes_free, at_most(most, room->inodes, share), holds);
}

static enum disk_state by_room(enum disk_state now, const struct disk_room *room,
			       const struct disk_limits *limits)
{
	static const struct {
		int64_t most;
		int share;
	} inodes[DISK_STATES] = {
		[DISK_LOW] = { INODES_LOW, SHARE_LOW }, [DISK_CRITICAL] = { INODES_CRITICAL, SHARE_CRITICAL }
	};
	const int64_t limit[DISK_STATES] = {
#define DISK(id, name, limit, actions, health, en, ja) [DISK_##id] = limits->limit,
#include "sensor/recorder/disk.def"
#undef DISK
	};

	for (int s = DISK_FULL; s > DISK_OK; s--) {
		bool holds = (int)now >= s && now != DISK_RECOVERED;

		if (below(room->free, limit[s], holds) ||
		    (inodes[s].most > 0 && few_inodes(room, inodes[s].most, inodes[s].share, holds)))
			return (enum disk_state)s;
	}
	return DISK_OK;
}

enum disk_state disk_next(enum disk_state now, int64_t for_ns, const struct disk_room *room,
			  const struct disk_limits *limits)
{
	enum disk_state next;

	if (now == DISK_FULL)
		return now;
	next = room->read_only ? DISK_FULL : by_room(now, room, limits);
	return now == DISK_RECOVERED && next == DISK_OK && for_ns < DISK_RECOVERED_NS ? now : next;
}

bool disk_may_leave_full(const struct disk_room *room, const struct disk_limits *limits)
{
	return !room->read_only && !below(room->free, limits->full + limits->reserve, true);
}
