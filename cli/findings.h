/* What the verbs of `tochoku findings` share. Private to cli. */
#ifndef TK_CLI_FINDINGS_H
#define TK_CLI_FINDINGS_H

#include "cli/reading.h"
#include "core/review/decision.h"
#include "reports/titles.h"
#include "rules/rules.h"

#define FINDINGS_MAX (256u << 20)

extern const struct command command_findings;

struct findings_options {
	const char *from, *to, *rule, *status, *owner, *reason, *text, *until, *incident, *title, *severity,
		*count;
	bool json, check, all, open, group, preview;
	enum level level; /* at least */
	char **words;	  /* ids */
	int n_words;
};

/* The ledger, opened, with what was decided and the times asked for. */
struct findings_desk {
	struct config *cfg;
	struct ledger_reader *r;
	struct journal journal;
	struct decisions *decisions;
	struct titles *rules; /* where a planned window has accounts: which rules ask who is on duty */
	const struct journal_entry *signed_off; /* the last daily sheet's; NULL: none */
	int64_t from, to, now;
	bool since_sign_off; /* no range was asked for: from there, and what is undecided before it */
	enum lang lang;
};

/* EXIT_DONE, or what is wrong was told; findings_desk_close in any case. */
int findings_desk_open(struct findings_desk *d, struct cli *cli, const struct findings_options *o);
void findings_desk_close(struct findings_desk *d);
/* The finding's own decision; its status is replaced by the state that follows. */
void findings_state(const struct findings_desk *d, struct finding *f, struct decision *out);
/* By the options --rule, --level, --status, --open and the ids. */
bool findings_wanted(const struct findings_desk *d, const struct findings_options *o, const struct finding *f,
		     const struct decision *now);

void findings_put_json(struct buf *out, const struct finding *f, const struct decision *now);
void findings_put_line(struct buf *out, const struct findings_desk *d, struct titles *titles,
		       const struct finding *f, const struct decision *now, bool colour);
const char *findings_level(enum lang lang, enum level level);
/* The escape sequence of a level; "" without colour. */
const char *findings_colour(enum level level, bool colour);

int findings_decide(struct cli *cli, const char *verb, const struct findings_options *o);

#endif
