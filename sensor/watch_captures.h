/* The supervisor's eye on captured interfaces and their key logs: opens each interface when it is there and
 * up, tells the sensor when it goes and what its card dropped, and opens it again when it is back. Trouble is
 * told once on standard error. One thread. */
#ifndef TK_SENSOR_WATCH_CAPTURES_H
#define TK_SENSOR_WATCH_CAPTURES_H

#include "core/config/config.h"
#include "sensor/options.h"

struct capture_watch;
/* The configuration is borrowed until the next reconfigure. NULL: no memory. */
struct capture_watch *capture_watch_new(const struct config *cfg);
void capture_watch_free(struct capture_watch *w);
/* A new configuration: everything is opened anew. */
void capture_watch_reconfigure(struct capture_watch *w, const struct config *cfg);
/* A new sensor: a ring in the middle of which another one stopped reading would be read twice, so all are
 * new. */
void capture_watch_restart(struct capture_watch *w);

/* Looks at the interfaces and key logs, and opens what can be opened. */
void capture_watch_look(struct capture_watch *w, int64_t mono);
/* The sensor says that this one gives nothing any more. */
void capture_watch_lost(struct capture_watch *w, uint64_t id);

enum capture_news { CAPTURE_NO_NEWS, CAPTURE_STATE_NEWS, CAPTURE_KEYLOG, CAPTURE_NEW };
/* What the sensor is to be told next: a state; or a key log (of capture->input) or a capture, with the
 * descriptor, which stays the watch's; else *fd is -1. */
enum capture_news capture_watch_next(struct capture_watch *w, struct role_capture_state *state,
				     struct role_capture *capture, int *fd);
/* What `next` gave has been sent. */
void capture_watch_sent(struct capture_watch *w);

#endif
