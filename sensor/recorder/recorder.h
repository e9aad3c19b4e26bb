/* The recorder role: takes batches, enriches, matches rules, writes the ledger. It has never met a
 * packet or a log line. One thread, one poll loop. */
#ifndef TK_SENSOR_RECORDER_RECORDER_H
#define TK_SENSOR_RECORDER_RECORDER_H

#include <stdbool.h>

#include "core/config/config.h"

struct recorder_options {
	const struct config *cfg;
	const char *config_file; /* re-read at SIGHUP; NULL: never */
	int supervisor_fd; /* run: SEQPACKET socket; each message brings one batch socket (see roles.h). -1:
			      none */
	bool alone; /* a service of its own: its sensor comes through the control socket */
	int batch_fd;	   /* import: the only batch socket; the recorder returns when it closes. -1: none */
	int lock_fd;  /* the ledger's lock, which it takes over; -1: it is to be taken */
	int ready_fd;            /* a byte is written and it is closed once the ledger is open. -1: none */
};

/* What an import did, for its last line. */
struct recorder_result {
	int64_t events, duplicates, rejected, batches;
	char input[256]; /* the name that the content was recognised as */
};

/* Runs until SIGTERM, the supervisor's end, or the end of batch_fd. TK_EBUSY when another process
 * holds the ledger. */
int recorder_run(const struct recorder_options *o, struct recorder_result *result, struct err *e);

#endif
