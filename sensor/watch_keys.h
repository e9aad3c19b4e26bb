/* The supervisor's eye on one key log: opens it when it is there, and again when another file has its name.
 * It is opened and handed on, never read here. Trouble is told once on standard error. One thread. */
#ifndef TK_SENSOR_WATCH_KEYS_H
#define TK_SENSOR_WATCH_KEYS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct key_watch {
	const char *capture, *path; /* borrowed; no path: there is no key log */
	int fd;                     /* opened and not handed in yet; -1 */
	dev_t dev;
	ino_t ino;
	bool opened;                /* this is the file that was opened last */
	int64_t look_at;
	int told;                   /* the trouble that was told last: an errno */
};

void key_watch_begin(struct key_watch *k, const char *capture, const char *path);
void key_watch_end(struct key_watch *k);
/* A new sensor knows no secrets: the file is handed in again, and read from its beginning. */
void key_watch_restart(struct key_watch *k);
/* Once a second, however often it is called. */
void key_watch_look(struct key_watch *k, int64_t mono);
/* `fd` was handed in. */
void key_watch_sent(struct key_watch *k);

#endif
