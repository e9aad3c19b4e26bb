/* The supervisor's eye on the log folders: finds the watched files and their rotated siblings, opens
 * them for the sensor, and holds them until they are read to their end: while a descriptor is open its
 * inode number cannot come back as another file. One thread. */
#ifndef TK_SENSOR_WATCH_FILES_H
#define TK_SENSOR_WATCH_FILES_H

#include "core/config/config.h"
#include "sensor/options.h"

#define WATCH_SCAN_MS 200      /* how often the folders are looked at; inotify only makes it sooner */
#define WATCH_OPEN_MAX 256     /* files open at a time; further ones wait */

struct watch;
/* At most max_open files are open at a time. The configuration is borrowed until the next
 * watch_reconfigure. NULL: no memory. */
struct watch *watch_new(const struct config *cfg, unsigned max_open);
void watch_free(struct watch *w);
/* A new configuration: files of inputs that it still names stay open. TK_ENOMEM. */
void watch_reconfigure(struct watch *w, const struct config *cfg);

/* Looks at all folders, opens what is new. Trouble is told once per file on standard error. */
void watch_scan(struct watch *w);
/* Readable when a folder has changed; -1: there is none. Drained by watch_scan. */
int watch_fd(const struct watch *w);
/* Files that wait for a descriptor, as of the last scan. */
uint32_t watch_waiting(const struct watch *w);

/* The next file that the sensor does not have: older ones first. False: it has all. Strings and
 * descriptor stay the watch's. */
bool watch_next(const struct watch *w, struct role_file *f, int *fd);
void watch_sent(struct watch *w, uint64_t id);
/* A new sensor has none of them. */
void watch_forget_sent(struct watch *w);
void watch_retired(struct watch *w, const struct role_retired *r);

/* Is `name` a rotated sibling of the log `base` (both without folder)? `.1`, `.2.gz`, `-20261123`,
 * `.2026-11-23`, `-20261123.gz`, `.zst`, `.xz`, and `name-20261123.log` for `name.log`. Pure. */
bool log_sibling(struct slice base, struct slice name, bool *compressed);

#endif
