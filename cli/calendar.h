/* The verbs of `tochoku calendar`. Private to cli. */
#ifndef TK_CLI_CALENDAR_H
#define TK_CLI_CALENDAR_H

#include "cli/command.h"
#include "rules/calendar/calendar.h"

struct calendar_options {
	const char *from, *to, *file, *out, *kind, *reason, *approver;
	bool json, edit, dry_run, end;
};

extern const struct command command_calendar;

/* One line a day. */
int calendar_show(struct calendar *c, int32_t from, int32_t to, bool json);
/* The closed, opened and public holidays of the range as iCalendar. */
int calendar_export(struct calendar *c, int32_t from, int32_t to, const char *file);
int calendar_import(const struct config *cfg, const struct calendar_options *o, int32_t from, int32_t to);
int calendar_emergency(const struct config *cfg, const struct calendar_options *o);

/* A file of the calendar that is to be replaced. */
struct calendar_file {
	const char *path, *what; /* what: holidays, days, roster */
	struct slice old;	 /* what is there; NULL: nothing */
	struct buf text;	 /* what will be there */
	size_t added, removed;
};
/* Replaces the files, each as a whole, and has the recorder note it in the ledger; what cannot be noted is
 * taken back. `request` puts the members of one file's request behind "do". */
typedef void (*calendar_request_fn)(void *ctx, const struct calendar_file *f, struct buf *request);
int calendar_replace(const struct config *cfg, struct calendar_file *files, size_t n,
		     calendar_request_fn request, void *ctx);
/* Reads what is there into f->old. False: told. */
bool calendar_read_old(struct calendar_file *f, size_t max);
void calendar_file_free(struct calendar_file *f);

#endif
