/* IBM Log Event Extended Format 2.0 (exports.md 7), tab between the attributes, one event a line. Clean text
 * holds neither tabs nor line feeds; what the format cannot say is a bar in the header. */
#include "core/base/version.h"
#include "reports/export/record.h"

extern const struct export_format export_leef;

static void put_header(struct buf *out, const char *kind, struct slice id)
{
	buf_fmt(out, "LEEF:2.0|tochoku project|tochoku|" TK_VERSION "|%s.", kind);
	for (size_t i = 0; i < id.n; i++)
		buf_byte(out, id.p[i] == '|' ? ' ' : id.p[i]);
	buf_str(out, "|x09|");
}

static void put_key(struct buf *out, const char *key, struct slice value)
{
	if (value.n == 0)
		return;
	buf_fmt(out, "\t%s=", key);
	buf_add(out, value);
}

/* The first attribute, behind the header's last bar. */
static void put_time(struct buf *out, int64_t ns)
{
	char text[TIME_TEXT_MAX];

	buf_str(out, "devTime=");
	buf_add(out, export_time(ns, text));
	put_key(out, "devTimeFormat", SLICE("yyyy-MM-dd'T'HH:mm:ss.SSSX"));
}

struct mapped {
	const char *key;
	enum field_id field;
};
static const struct mapped fields[] = {
	{ "src", F_SOURCE_IP },
	{ "srcPort", F_SOURCE_PORT },
	{ "dst", F_DESTINATION_IP },
	{ "dstPort", F_DESTINATION_PORT },
	{ "usrName", F_USER },
	{ "srcBytes", F_REQUEST_BYTES },
	{ "dstBytes", F_RESPONSE_BYTES },
	{ "method", F_METHOD },
	{ "url", F_PATH },
	{ "host", F_DOMAIN },
	{ "status", F_STATUS },
	{ "key", F_KEY_ID },
	{ "department", F_DEPARTMENT },
	{ "function", F_FUNCTION },
	{ "calendarDay", F_CAL_DAY },
	{ "tokensIn", F_INPUT_TOKENS },
	{ "tokensOut", F_OUTPUT_TOKENS },
};

static void access(struct export_context *x, const struct export_access *a, struct buf *out)
{
	put_header(out, "access", export_operation(x, a->ev));
	put_time(out, ev_int(a->ev, F_TIMESTAMP, 0));
	put_key(out, "cat", SLICE("access"));
	put_key(out, "sev", SLICE("1"));
	for (size_t i = 0; i < COUNT(fields); i++)
		put_key(out, fields[i].key, export_text(x, a->ev, fields[i].field));
	put_key(out, "model",
		export_text(x, a->ev,
			    ev_known(a->ev, F_RESPONSE_MODEL) ? F_RESPONSE_MODEL : F_REQUEST_MODEL));
	put_key(out, "outcome", slice_str(export_outcome_name(a->outcome)));
	put_key(out, "seq", export_number(x, a->seq));
	buf_byte(out, '\n');
}

static void finding(struct export_context *x, const struct export_finding *f, struct buf *out)
{
	static const char *const severity[LEVEL_COUNT] = { "2", "3", "5", "8", "10" };
	struct slice rule = export_clean(x, f->f->rule_id, EXPORT_TEXT_MAX);

	put_header(out, "rule", rule);
	put_time(out, f->f->first_ns);
	put_key(out, "cat", SLICE("finding"));
	put_key(out, "sev", slice_str(severity[f->level]));
	put_key(out, "src", f->ip);
	put_key(out, "usrName", f->user);
	put_key(out, "key", f->key);
	put_key(out, "policy", rule);
	put_key(out, "count", export_number(x, f->f->count));
	put_key(out, "status", f->f->status);
	put_key(out, "reason", export_clean(x, f->f->reason, EXPORT_TEXT_MAX));
	buf_byte(out, '\n');
}

const struct export_format export_leef = {
	.name = "leef",
	.doc = "IBM LEEF 2.0",
	.trailer = TRAILER_HASH,
	.access = access,
	.finding = finding,
};
