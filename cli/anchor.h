/* What the verbs of `tochoku anchor` share. Private to cli. */
#ifndef TK_CLI_ANCHOR_H
#define TK_CLI_ANCHOR_H

#include "cli/command.h"

struct anchor_options {
	const char *word;		/* FILE */
	const char *out, *tsa_ca, *key; /* as given, or NULL */
	bool once, json;
};
extern const struct command command_anchor;

/* anchor_receipt.c: what goes out to others, and what comes back from them. */
int anchor_query(const struct config *cfg, const struct anchor_options *o);
int anchor_reply(const struct config *cfg, const struct anchor_options *o);
int anchor_witness(const struct config *cfg, const struct anchor_options *o);
/* anchor_list.c */
int anchor_list(const struct config *cfg, const struct anchor_options *o);

#endif
