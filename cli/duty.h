/* What the verbs of `tochoku duty` share. Private to cli. */
#ifndef TK_CLI_DUTY_H
#define TK_CLI_DUTY_H

#include "cli/reading.h"
#include "reports/duty.h"

extern const struct command command_duty;

struct duty_options {
	const char *date, *sheet, *as, *stands_for, *text, *correct, *coverage, *same_person, *inquiries_new,
		*inquiries_open, *block, *low, *high, *source, *function, *from, *title, *owner, *due, *state,
		*csv, *asked;
	bool json, accept;
	char **words;
	int n_words;
};
struct duty_desk {
	struct config *cfg;
	struct ledger_reader *r;
	struct calendar *cal;
	struct duty *duty;
	enum duty_sheet sheet;
	enum lang lang;
	int64_t now;
};

/* The sheet of --sheet, or of the item where one is given. EXIT_DONE, or told; duty_desk_close in any case.
 */
int duty_desk_open(struct duty_desk *d, struct cli *cli, const struct duty_options *o, const char *item);
void duty_desk_close(struct duty_desk *d);

int duty_list(struct cli *cli, struct duty_options *o);
int duty_verdict(struct cli *cli, struct duty_options *o);
int duty_enter(struct cli *cli, struct duty_options *o);
int duty_inquiry(struct cli *cli, struct duty_options *o);
int duty_sign(struct cli *cli, struct duty_options *o);
int duty_handover(struct cli *cli, struct duty_options *o);
/* duty_answer.c: enters a value at an item, with a remark or NULL. */
int duty_enter_value(struct duty_desk *d, const struct duty_options *o, const char *item, const char *value,
		     const char *text);
/* duty_facts.c */
int duty_assume(struct cli *cli, struct duty_options *o);
int duty_register(struct cli *cli, struct duty_options *o);
int duty_facts(struct cli *cli, struct duty_options *o);
/* duty_files.c */
int duty_survey(struct cli *cli, struct duty_options *o);
/* What the file says of the sheet's day; EXIT_DONE, or told. */
int duty_inquiries_file(const struct duty_desk *d, const char *path, int64_t *fresh, int64_t *open);

#endif
