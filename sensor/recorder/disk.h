/* The states of the disk that the ledger lies on (disk.def), and what they follow from. Pure but for
 * disk_measure. Read by status, doctor and metrics too. */
#ifndef TK_SENSOR_RECORDER_DISK_H
#define TK_SENSOR_RECORDER_DISK_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/slice.h"
#include "core/config/config.h"

enum disk_state {
#define DISK(id, name, limit, actions, health, en, ja) DISK_##id,
#include "sensor/recorder/disk.def"
#undef DISK
	DISK_STATES
};

enum disk_action {
	DISK_SPARE = 1,	      /* what can be done without takes no room (ledger_spare) */
	DISK_NO_OPTIONAL = 2, /* captures that the configuration calls optional are only counted */
	DISK_COUNT_ONLY = 4   /* everything is only counted: hole.h */
};

/* How long `recovered` is told before it is `ok`. */
#define DISK_RECOVERED_NS (INT64_C(3600) * 1000000000)

const char *disk_name(enum disk_state s); /* "low" */
unsigned disk_actions(enum disk_state s);
const char *disk_text(enum disk_state s, bool ja);
/* DISK_STATES: no such name. */
enum disk_state disk_by_name(struct slice name);

/* Bytes; each limit cut to its share of the file system. */
struct disk_limits {
	int64_t none, low, critical, full, reserve;
};
struct disk_room {
	int64_t free, size;	     /* bytes that this user may have, and of the file system */
	int64_t inodes_free, inodes; /* 0 of 0: the file system does not count them */
	bool read_only;
};
/* Of the folder that holds `path`. False: it cannot be told. */
bool disk_measure(const char *path, struct disk_room *out);
void disk_limits(const struct config *cfg, const struct disk_room *room, struct disk_limits *out);

/* The state that follows `now`, by room alone: DISK_FULL is left and DISK_RECOVERED entered by whoever has
 * written again. for_ns: how long `now` has lasted. */
enum disk_state disk_next(enum disk_state now, int64_t for_ns, const struct disk_room *room,
			  const struct disk_limits *limits);
/* Is there room to leave `full`? The reserve has to be taken back out of it. */
bool disk_may_leave_full(const struct disk_room *room, const struct disk_limits *limits);

#endif
