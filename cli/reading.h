/* What the commands share that read the ledger. Private to cli. */
#ifndef TK_CLI_READING_H
#define TK_CLI_READING_H

#include "cli/command.h"
#include "core/ledger/reader.h"
#include "core/trail/texts.h"

/* The configuration and its ledger, opened for reading. EXIT_DONE, or what is wrong was told. */
int cli_open_ledger(struct cli *cli, struct config **cfg, struct ledger_reader **r);
/* Records that the log was used (audit-trail.md 2): who looked at what. A ledger that cannot be written
 * does not hinder reading; that is told on standard error. INT64_MIN, INT64_MAX: no range. */
void cli_log_used(const struct config *cfg, const char *what, int64_t from_ns, int64_t to_ns, int64_t count);
/* --from and --to as given (NULL: not) into ns; told and false when wrong. */
bool cli_range(const struct command *c, const char *from, const char *to, int64_t *from_ns, int64_t *to_ns,
	       int *status);
/* The same of a finished export, and a record of it. */
void cli_log_export(const struct config *cfg, const char *format, int64_t from_ns, int64_t to_ns,
		    int64_t count, const char *sha256);
/* Brings the trail up to the ledger and says how far it goes; told where it cannot be. */
struct trail_head {
	int64_t end;  /* the seq behind its last record */
	int64_t size; /* of its newest checkpoint; 0: nothing is sealed yet */
	char checkpoint[65], origin[ORIGIN_MAX + 1];
};
int cli_trail_head(const struct config *cfg, struct trail_head *out);
/* A member of a reply's object, as written; empty: it has none of that name. */
struct slice cli_member(struct slice reply, const char *key);
/* Sends a request through the one door and says what came back: EXIT_DONE, EXIT_NO, EXIT_INPUT. */
int cli_request(const struct config *cfg, struct slice request, struct buf *reply);
/* A recorder answers on the control socket. */
bool cli_recorder_runs(const struct config *cfg);
int cli_recorder_pid(const struct config *cfg); /* 0: none answers */
/* "2026-11-24 09:12", local; "-" for 0. */
void cli_put_minute(struct buf *out, int64_t ns);

#endif
