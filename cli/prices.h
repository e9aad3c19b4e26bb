/* The verbs of `tochoku prices`. Private to cli. */
#ifndef TK_CLI_PRICES_H
#define TK_CLI_PRICES_H

#include "cli/command.h"
#include "sensor/llm/price.h"

#define TABLE_BYTES (32u << 20)

struct prices_options {
	struct cli *cli;
	const char *word; /* FILE or MODEL */
	const char *file, *provider, *date, *from, *to, *month, *usd, *reason, *out;
	bool json, dry_run;
};

extern const struct command command_prices;

int prices_import(struct prices_options *o);
int prices_reprice(struct prices_options *o);
int prices_invoice(struct prices_options *o);

/* `file`, else the table in force. *status: EXIT_INPUT where there is no such file, EXIT_USAGE where it is
 * wrong; told. */
struct price_table *prices_open(const struct prices_options *o, const char *file, int *status);
/* Prints lines of problems. */
void prices_tell(const struct buf *problems);
/* A date in UTC, as rows have it, or an RFC 3339 time. False: told. */
bool prices_date_of(const char *text, int64_t otherwise, int64_t *ns);

#endif
