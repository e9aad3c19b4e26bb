/* `tochoku import`: the same sensor and recorder as `run`, once over files. The sensor is a process of
 * its own; the recorder is this process, or a running one that is asked for a batch socket. */
#ifndef TK_SENSOR_IMPORT_H
#define TK_SENSOR_IMPORT_H

#include "core/config/config.h"
#include "core/event/wire.h"

struct import_options {
	const struct config *cfg;
	const char *input;         /* whose stream it is; NULL: told by path or content */
	const char *format;        /* a format's name or "auto" */
	const char *const *files;  /* "-": standard input */
	size_t n_files;
	bool progress;             /* a line on standard error while it works */
};

#define IMPORT_REJECTS_SHOWN 5

struct import_result {
	uint64_t files;
	uint64_t failed;           /* could not be opened, or hold nothing known; told on standard error */
	uint64_t lines, new_events, duplicates, rejected;
	uint64_t bytes;            /* of the files as they are */
	int64_t ns;
	char input[256];           /* where it went; empty when a running recorder did it */
	struct {
		uint64_t file, line;
		uint8_t reason;
	} rejects[IMPORT_REJECTS_SHOWN]; /* file: index into files */
	size_t n_rejects;
};

/* TK_OK also when some files failed. TK_EBUSY, TK_EIO, TK_ELIMIT with text; the counts then tell how far it
 * came: what was acknowledged is in the ledger, and importing again adds the rest. */
int import_run(const struct import_options *o, struct import_result *result, struct err *e);

#endif
