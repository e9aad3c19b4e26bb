/* The processes of `run` and what passes between them.
 *
 *   supervisor --ROLE_FD (SEQPACKET)--> sensor: options, opened files, captures, key logs;
 *                                               <-- retired files, counts
 *   supervisor --ROLE_FD (SEQPACKET)--> recorder: one batch socket for each start of the sensor
 *   sensor     --batch socket (STREAM)-> recorder: wire.h frames
 *
 * Roles are started as `tochoku --role NAME [-c FILE]` by fork and exec of /proc/self/exe, with the
 * channel on descriptor ROLE_FD. A role whose channel ends exits: no orphan survives its supervisor.
 * A message is one packet of at most ROLE_MESSAGE_MAX bytes; its first byte is an enum role_message. */
#ifndef TK_SENSOR_ROLES_H
#define TK_SENSOR_ROLES_H

#include "core/base/err.h"
#include "core/config/config.h"

#define ROLE_FD 3
#define ROLE_MESSAGE_MAX 65536

enum role_message {
	ROLE_BATCH_SOCKET = 1, /* to sensor and recorder, one descriptor: the batch socket, one end each */
	ROLE_OPTIONS,	  /* to sensor: mode, zone, trusted proxies, fingerprint key (sensor/options.h) */
	ROLE_FILE,	  /* to sensor, one descriptor: an opened log file */
	ROLE_FILES_READY, /* to sensor: every file that exists now was handed in */
	ROLE_RETIRED,	  /* sensor to supervisor: this file is read to its end and may be closed */
	ROLE_SUMMARY, /* sensor to the importing parent: counts; repeated while it works, the last is final */
	ROLE_INPUT,   /* to sensor: name and format of one input, before its files */
	ROLE_SHORTAGE, /* to sensor: so many files wait for a descriptor; give idle ones back */
	ROLE_REJECTED, /* sensor to the importing parent: place and reason of one of the first rejected lines
			*/
	ROLE_CAPTURE_INPUT, /* to sensor: name and interface of one capture, before all others */
	ROLE_CAPTURE,	    /* to sensor, one descriptor: an opened, filtered capture */
	ROLE_CAPTURE_STATE, /* to sensor: packets that the card dropped; the interface has gone */
	ROLE_CAPTURE_LOST,  /* sensor to supervisor: this capture gives nothing any more; open another */
	ROLE_KEYLOG,	    /* to sensor, one descriptor: the file that is a capture's key log now */
	ROLE_SYSLOG_INPUT,  /* to sensor: name, format and transport of one socket for log lines, before all
			       others */
	ROLE_SYSLOG_SOCKET, /* to sensor, with a descriptor but for a listening TCP socket: it is open */
	ROLE_SYSLOG_DONE,   /* sensor to supervisor: this connection is read to its end and may be closed */
	ROLE_MESSAGE_COUNT
};

/* Entry of `--role sensor`: never returns to the caller's work; the exit status. */
int sensor_main(void);
/* Entry of `--role recorder`. */
int recorder_main(const char *config_file);
/* `tochoku run`; with the recorder elsewhere `run --only sensor`, which meets it at its control socket. The
 * file of `cfg` is read again at SIGHUP. TK_OK after SIGTERM or SIGINT. Else TK_ECONFIG, TK_EBUSY or TK_EIO;
 * `e` may be empty when the role that failed has already said why. */
int supervisor_run(const struct config *cfg, bool recorder_elsewhere, struct err *e);
/* `tochoku run --only recorder`. */
int recorder_alone(const struct config *cfg, struct err *e);

#endif
