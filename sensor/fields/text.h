/* What gateway log formats share: escapes, quoted fields, times, and setters that cut and mask.
 * Values are attacker-written (llm-usage.md 9): data, bounded, never trusted. Pure functions. */
#ifndef TK_SENSOR_FIELDS_TEXT_H
#define TK_SENSOR_FIELDS_TEXT_H

#include "core/event/event.h"
#include "sensor/fields/context.h"

/* "-" and nothing: how logs write that there is no value. */
static inline bool text_none(struct slice s)
{
	return s.n == 0 || (s.n == 1 && s.p[0] == '-');
}

/* At most max bytes, never ending inside a UTF-8 character. */
struct slice text_cut(struct slice s, size_t max);
/* Without blanks and tabs on both sides. */
struct slice text_trim(struct slice s);
/* Undoes \xXX, \", \\, \n, \t, \r, \b, \f, \v, as nginx and Apache escape, into the scratch. Returns the
 * same slice where there is nothing to undo; an empty one when the scratch is full. */
struct slice text_unescape(struct slice raw, struct scratch *s);
/* Undoes %XX into out (at least in.n bytes); returns the bytes written. A lone % stays. */
size_t text_unpercent(struct slice in, uint8_t *out);

/* Takes the next bytes up to a blank (which is taken too) off *in. */
struct slice text_word(struct slice *in);
/* Takes a field in double quotes off *in, quotes escaped by a backslash inside. False: there is none. */
bool text_quoted(struct slice *in, struct slice *out);
/* Digits only, in range. */
bool text_i64(struct slice s, int64_t *v);

/* "23/Nov/2026:02:24:30 +0000" as UTC ns. False: not of that form, or no such time. */
#define CLF_TIME_LENGTH 26
bool text_clf_time(struct slice s, struct parse_cache *cache, int64_t *ns);

/* The setters. "-" and empty set a text absent; everything else leaves the field unknown where the
 * value cannot be what it should be. */
void set_text(struct access_event *ev, enum field_id f, struct slice s, const struct parse_context *ctx);
/* The same, somewhat faster for texts that many lines share. */
void set_recurring(struct access_event *ev, enum field_id f, struct slice s, const struct parse_context *ctx);
void set_referrer(struct access_event *ev, struct slice s, const struct parse_context *ctx);
void set_method(struct access_event *ev, struct slice s);
void set_version(struct access_event *ev, struct slice s); /* HTTP/1.1, 2.0, ... */
void set_domain(struct access_event *ev, struct slice s, const struct parse_context *ctx);
void set_mime(struct access_event *ev, enum field_id f, struct slice s, const struct parse_context *ctx);
void set_status(struct access_event *ev, struct slice s);
void set_count(struct access_event *ev, enum field_id f, struct slice s);
/* "POST /v1/messages HTTP/1.1". Anything else (a TLS hello on a plain port, garbage) sets nothing: such
 * a line is an event without method and path. */
void set_request_line(struct access_event *ev, struct slice s, const struct parse_context *ctx);
/* Operation, provider and model by host and path, where the log did not say them itself. Call it last. */
void set_route(struct access_event *ev, const struct parse_context *ctx);

#endif
