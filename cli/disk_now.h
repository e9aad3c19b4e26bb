/* The state of the disk as the recorder has it, or, with none running, as its room tells. Private to cli. */
#ifndef TK_CLI_DISK_NOW_H
#define TK_CLI_DISK_NOW_H

#include "sensor/recorder/disk.h"

struct disk_now {
	enum disk_state state;
	struct disk_room room;
	int64_t not_recorded;	    /* captured calls that are counted alone so far, in `full` */
	char since[64], cause[256]; /* of `full`, else "" */
};
/* False: the folder is not there. */
bool disk_now(const struct config *cfg, struct disk_now *out);

#endif
