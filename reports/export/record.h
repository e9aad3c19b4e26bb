/* What the formats say of a record, derived one way for all of them (exports.md 1). Slices that a helper
 * returns live in x->text until the next record. Absent stays absent: an empty slice, or false. */
#ifndef TK_REPORTS_EXPORT_RECORD_H
#define TK_REPORTS_EXPORT_RECORD_H

#include "core/base/json.h"
#include "core/base/zone.h"
#include "reports/export/export.h"

#define EXPORT_TEXT_MAX 1024 /* bytes of one value; behind it "…" */

enum outcome export_outcome(const struct access_event *ev);
const char *export_outcome_name(enum outcome o);   /* success, denied, limited, failure, error, unknown */
void export_finding_of(struct export_context *x, const struct finding *f, struct export_finding *out);

/* Valid UTF-8, C0 controls as U+FFFD, cut at `max` bytes with a visible "…". */
struct slice export_clean(struct export_context *x, struct slice text, size_t max);
/* A field of any type as clean text; empty: unknown. */
struct slice export_text(struct export_context *x, const struct access_event *ev, enum field_id f);
/* The rule's title in a language. */
struct slice export_title(struct export_context *x, const struct finding *f, enum lang lang);
#define TECHNIQUES_MAX 8
#define TECHNIQUE_TEXT 16
/* The rule's ATT&CK techniques, as "T1078.004", from its tags as it is now. Returns how many. */
size_t export_techniques(const struct export_context *x, const struct finding *f,
			 char out[TECHNIQUES_MAX][TECHNIQUE_TEXT]);
/* One address of a record's other end: the host asked for, else the server's address; *is_name tells. */
struct slice export_server(struct export_context *x, const struct access_event *ev, bool *is_name);
/* "access.chat", "access.connection". */
struct slice export_operation(struct export_context *x, const struct access_event *ev);
/* Did the call leave the hospital? Not where the provider is one of export.inside_providers. */
bool export_leaves(const struct export_context *x, const struct access_event *ev);

/* UTC, "Z", three digits, cut off; at least TIME_TEXT_MAX bytes. */
struct slice export_time(int64_t ns, char out[TIME_TEXT_MAX]);
int64_t export_ms(int64_t ns); /* since 1970 or of a duration, rounded down */
bool export_micro_usd(const struct access_event *ev, int64_t *micro); /* half up */
/* "chat by tanaka": one line for people. */
struct slice export_message(struct export_context *x, const struct access_event *ev);
/* The record's leaf in base64; empty: not known. */
struct slice export_leaf(struct export_context *x, const struct export_access *a);
/* Decimal text. */
struct slice export_number(struct export_context *x, int64_t v);
bool export_known_true(const struct access_event *ev, enum field_id f);

/* Members of a JSON object, only where there is something. */
void put_text(struct json_out *o, const char *key, struct slice text);
void put_int(struct json_out *o, const char *key, int64_t v);
void put_field(struct export_context *x, struct json_out *o, const char *key, const struct access_event *ev,
	       enum field_id f); /* a number, a truth or text, by the field's type */
void put_constant(struct json_out *o, const char *key, const char *text);
/* Every known field but url.query under its own name. */
void put_event(struct json_out *o, const struct access_event *ev);

/* The label of a registered key; empty: none. */
struct slice export_key_label(const struct export_context *x, struct slice fingerprint);

#endif
