/* Credentials never leave the process that parsed them: fingerprints and masks (llm-usage.md 7). */
#ifndef TK_SENSOR_FIELDS_SECRET_H
#define TK_SENSOR_FIELDS_SECRET_H

#include "core/base/fingerprint.h"
#include "core/event/event.h"
#include "sensor/fields/context.h"

#define SECRET_MASK "***"
/* Prompts in a URL are no keys: rules tell the two apart by the mask. */
#define PROMPT_MASK "..."

/* The secret part of a credential header's value: scheme word stripped, access key id for a signature,
 * subject for a JWT, Basic or Digest. Empty: there is none. Borrows the value or the scratch. */
struct slice secret_part(struct slice header_value, struct scratch *s);
/* Whom a credential itself names: the subject of a JWT, which nobody here verifies, the user of Basic and of
 * Digest. Empty: nobody, or the name is itself a key. Borrows the value or the scratch. */
struct slice secret_claim(struct slice header_value, struct scratch *s);
/* Sets F_KEY_ID to the 16 hex digits of the secret part's fingerprint, and F_USER to whom the credential
 * names where that is not known. A value that is empty or "-" sets F_KEY_ID absent; one that the gateway
 * blanked out ("REDACTED", "***"), or that is good for one connection alone (Negotiate, NTLM), leaves it
 * unknown. Without a fingerprint key no F_KEY_ID is set. */
void secret_set_key(struct access_event *ev, struct slice header_value, const struct parse_context *ctx);
/* Splits a request target into F_PATH and F_QUERY, query values of secret-bearing names masked as
 * "***"; a key in the URL also sets F_KEY_ID if it is not known. Absolute form sets F_DOMAIN. */
void secret_set_target(struct access_event *ev, struct slice target, const struct parse_context *ctx);
/* Text with everything that looks like a credential (sk-..., AIza..., eyJ... JWT, Bearer ...) masked.
 * Returns the same slice when there is nothing to mask; an empty one when the scratch is full. */
struct slice secret_mask_text(struct slice text, struct scratch *s);
/* The same for a URL: masks query values of secret-bearing names and the user part too. */
struct slice secret_mask_url(struct slice url, struct scratch *s);
bool secret_bearing_name(struct slice parameter);

/* ---- between the files of this folder ---- */

/* RFC 4648 4 and 5 alike, into the scratch; empty: no base64, longer than max, or no room. */
struct slice secret_base64(struct slice in, size_t max, struct scratch *s);

enum parameter {
	PARAMETER_PLAIN,
	PARAMETER_KEY,    /* its value is a credential that names the caller */
	PARAMETER_SECRET, /* its value is secret: a signature, a password */
	PARAMETER_PROMPT, /* on a path of an LLM API its value is what a person wrote */
};
enum parameter secret_parameter(struct slice name);
/* The first credential in s at or behind i: bytes [*from, *to). */
bool secret_find(struct slice s, size_t i, size_t *from, size_t *to);
/* Takes one parameter off a query. The name comes with its '='. False at the end. */
bool secret_next_parameter(struct slice *query, struct slice *name, struct slice *value,
			   struct slice *separator);
/* Same slice when there is nothing to mask; an empty one when the scratch is full. */
struct slice secret_mask_query(struct slice query, bool prompts, struct scratch *s);

#endif
