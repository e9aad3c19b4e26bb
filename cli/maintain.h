/* The verbs of tochoku maintain. Private to cli. */
#ifndef TK_CLI_MAINTAIN_H
#define TK_CLI_MAINTAIN_H

#include "cli/reading.h"
#include "core/trail/texts.h"

struct maintaining {
	struct cli *cli;
	const char *folder; /* NULL: none was said */
	bool json;
};
int maintain_backup(const struct maintaining *m);
int maintain_restore_test(const struct maintaining *m);
int maintain_optimise(const struct maintaining *m);
/* With options of their own; argv[0] is the verb. */
int maintain_prune(struct cli *cli, int argc, char **argv);
int maintain_erase(struct cli *cli, int argc, char **argv);
int maintain_hold(struct cli *cli, int argc, char **argv);
extern const struct command command_maintain;

/* What a backup says of itself, in backup.json. */
struct backup_facts {
	int64_t transactions, records, sealed;
	char link[65]; /* of the last transaction, hex */
	char origin[ORIGIN_MAX + 1];
};
#define BACKUP_FACTS "backup.json"

/* Asks the writer to do or to record what was done: `members` is JSON text behind a comma, or "". */
int maintain_ask(const struct config *cfg, const char *what, const char *members, struct buf *reply);
#endif
