/* ArcSight Common Event Format 0 (exports.md 6), one event a line. */
#include <stdio.h>

#include "core/base/version.h"
#include "reports/export/record.h"

extern const struct export_format export_cef;

#define MSG_MAX 1023 /* octets */

/* Text is clean already: it holds no line feed. */
static void put_escaped(struct buf *out, struct slice text, const char *special)
{
	for (size_t i = 0; i < text.n; i++) {
		if (strchr(special, text.p[i]) != NULL)
			buf_byte(out, '\\');
		buf_byte(out, text.p[i]);
	}
}

/* Up to the first key, rt: a value may end in a bar, so that only here none needs a blank before it. */
static void put_header(struct buf *out, const char *kind, struct slice id, struct slice name, int severity,
		       int64_t rt)
{
	buf_fmt(out, "CEF:0|tochoku project|tochoku|" TK_VERSION "|%s.", kind);
	put_escaped(out, id, "\\|");
	buf_byte(out, '|');
	put_escaped(out, name, "\\|");
	buf_fmt(out, "|%d|rt=%lld", severity, (long long)rt);
}

static void put_key(struct buf *out, const char *key, struct slice value)
{
	if (value.n == 0)
		return;
	buf_fmt(out, " %s=", key);
	put_escaped(out, value, "\\=");
}

static void put_number(struct export_context *x, struct buf *out, const char *key, int64_t v)
{
	put_key(out, key, export_number(x, v));
}

static void put_labelled(struct buf *out, const char *key, const char *label, struct slice value)
{
	char name[16];

	if (value.n == 0)
		return;
	snprintf(name, sizeof name, "%sLabel", key);
	put_key(out, name, slice_str(label));
	put_key(out, key, value);
}

/* One table of what is a field as it stands. */
struct mapped {
	const char *key, *label; /* NULL: a key of CEF's own */
	enum field_id field;
};
static const struct mapped fields[] = {
	{ "src", NULL, F_SOURCE_IP },
	{ "spt", NULL, F_SOURCE_PORT },
	{ "dst", NULL, F_DESTINATION_IP },
	{ "dhost", NULL, F_DOMAIN },
	{ "dpt", NULL, F_DESTINATION_PORT },
	{ "suser", NULL, F_USER },
	{ "requestMethod", NULL, F_METHOD },
	{ "request", NULL, F_PATH },
	{ "in", NULL, F_REQUEST_BYTES },
	{ "out", NULL, F_RESPONSE_BYTES },
	{ "requestClientApplication", NULL, F_USER_AGENT },
	{ "cs1", "keyFingerprint", F_KEY_ID },
	{ "cs3", "department", F_DEPARTMENT },
	{ "cs4", "calendarDay", F_CAL_DAY },
	{ "cs6", "function", F_FUNCTION },
	{ "cn1", "httpStatus", F_STATUS },
	{ "cn2", "tokensIn", F_INPUT_TOKENS },
	{ "cn3", "tokensOut", F_OUTPUT_TOKENS },
};

static void access(struct export_context *x, const struct export_access *a, struct buf *out)
{
	const struct access_event *ev = a->ev;
	struct slice operation = export_operation(x, ev);
	int64_t start = export_ms(ev_int(ev, F_TIMESTAMP, 0));
	char name[EXPORT_TEXT_MAX + 32];

	snprintf(name, sizeof name, "AI API call: %.*s", (int)operation.n, operation.p);
	put_header(out, "access", operation, slice_str(name), 1, start);
	put_number(x, out, "start", start);
	if (ev_known(ev, F_DURATION))
		put_number(x, out, "end", export_ms(ev_completion(ev)));
	put_number(x, out, "externalId", a->seq);
	put_key(out, "outcome", slice_str(export_outcome_name(a->outcome)));
	if (ev_known(ev, F_TLS_VERSION))
		put_key(out, "app", SLICE("HTTPS"));
	for (size_t i = 0; i < COUNT(fields); i++) {
		struct slice value = export_text(x, ev, fields[i].field);

		if (fields[i].label == NULL)
			put_key(out, fields[i].key, value);
		else
			put_labelled(out, fields[i].key, fields[i].label, value);
	}
	put_labelled(out, "cs2", "model",
		     export_text(x, ev, ev_known(ev, F_RESPONSE_MODEL) ? F_RESPONSE_MODEL : F_REQUEST_MODEL));
	put_key(out, "dvchost", slice_str(x->cfg->site.sensor));
	buf_byte(out, '\n');
}

static void finding(struct export_context *x, const struct export_finding *f, struct buf *out)
{
	static const int severity[LEVEL_COUNT] = { 2, 3, 5, 8, 10 };

	put_header(out, "rule", export_clean(x, f->f->rule_id, EXPORT_TEXT_MAX),
		   export_title(x, f->f, LANG_EN), severity[f->level], export_ms(f->f->last_ns));
	put_number(x, out, "start", export_ms(f->f->first_ns));
	put_number(x, out, "end", export_ms(f->f->last_ns));
	put_number(x, out, "cnt", f->f->count);
	put_key(out, "externalId", f->id);
	put_key(out, "src", f->ip);
	put_key(out, "suser", f->user);
	put_labelled(out, "cs1", "keyFingerprint", f->key);
	put_key(out, "reason", export_clean(x, f->f->status, EXPORT_TEXT_MAX));
	put_key(out, "msg", export_clean(x, f->f->reason, MSG_MAX - 3));
	put_key(out, "dvchost", slice_str(x->cfg->site.sensor));
	buf_byte(out, '\n');
}

const struct export_format export_cef = {
	.name = "cef",
	.doc = "ArcSight Common Event Format 0",
	.trailer = TRAILER_HASH,
	.access = access,
	.finding = finding,
};
