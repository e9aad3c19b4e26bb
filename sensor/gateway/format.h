/* A gateway log format: one file that ends in one const struct log_format, one line in formats.def.
 * Parsing is a pure function of the line, the options and nothing else. */
#ifndef TK_SENSOR_GATEWAY_FORMAT_H
#define TK_SENSOR_GATEWAY_FORMAT_H

#include "core/base/err.h"
#include "core/base/hash.h"
#include "core/event/wire.h"
#include "sensor/fields/context.h"

struct json_log;
struct layout;

struct log_format {
	const char *name;
	const char *doc; /* one line for the manual */
	/* Sure that this line is of the format: 0 no ... 100 yes. NULL where `fields` or a layout tell. */
	int (*detect)(struct slice line);
	/* Where a line may hold several events: the path of the array that they stand in, members joined by
	 * dots. NULL: a line is one. */
	const char *several;
	/* One line (of several events: the bytes of one) without its LF or CRLF into a reset event. Strings
	 * borrow the line or the scratch. 0, or an enum reject_reason. */
	int (*parse)(struct slice line, const struct parse_context *ctx, struct access_event *ev);
	/* Is it a line that tells of the lines behind it and is no event? *next is then the format that those
	 * are of, for log_format_close, or NULL: as before. NULL: there are no such lines. */
	bool (*header)(struct slice line, const struct log_format **next);
	/* What was made of a configuration or a header, for parse as the context's; or NULL. */
	const struct json_log *fields;
	const struct layout *layout;
};

/* formats.c: the roof of the folder. */
/* Parses a line of that format, or what a frame (framing.h) around it holds. Resets the event and
 * ctx->scratch; 0, or an enum reject_reason. */
int log_format_parse(const struct log_format *f, struct slice line, struct parse_context *ctx,
		     struct flat_event *fe);
const struct log_format *log_format_by_name(struct slice name); /* NULL: none */
/* By a name, or by the pattern of an operator's own (layout_compile.h). NULL, with TK_ECONFIG or TK_ENOMEM.
 * Give it back with log_format_close, which NULL is legal for. */
const struct log_format *log_format_open(struct slice name_or_pattern, struct err *e);
void log_format_close(const struct log_format *f);
/* Is one of the sample's first lines of this format, in a frame or not? */
bool log_format_fits_sample(const struct log_format *f, struct slice sample);
const struct log_format *log_format_detect(struct slice line);  /* in a frame or not; NULL: none */
const struct log_format *log_format_at(size_t i);               /* NULL behind the last */
/* Detects over the first lines of a sample and names the format most of them are of. */
const struct log_format *log_format_detect_sample(struct slice sample);
/* Calls `fn` with what one event is made from: the line, or one after another those that it holds, until fn
 * returns other than 0; returns that. A line that is not whole is one, for parse to refuse, and so is all
 * that is behind LINE_EVENTS_MAX. */
#define LINE_EVENTS_MAX 8192
typedef int (*line_event_fn)(void *arg, struct slice text);
int log_line_events(const struct log_format *f, struct slice line, line_event_fn fn, void *arg);
/* A line before its parsing: true for a header, which is no event. A format that it tells of takes the place
 * of *format, and of *own, which is closed; the last one is the caller's to close. */
bool log_format_header(struct slice line, const struct log_format **format, const struct log_format **own);
/* The same for the lines at the beginning of a log that is read from a later place on. *format NULL: not
 * known yet. */
void log_format_head(struct slice head, const struct log_format **format, const struct log_format **own);
/* Digest of a line, as identity and imports need it: SHA-256 of the bytes without LF/CRLF, first half.
 * `s` is any context of sha256_new, reused from line to line. */
void log_line_digest(struct sha256 *s, struct slice line, uint8_t out[16]);

#endif
