/* RFC 5424 messages, one a line (exports.md 8). Without export.enterprise_number our own SD element is left
 * out (RFC 5424 7.2.2 wants a number of one's own); the record stands in MSG as JSON either way. */
#include "reports/export/record.h"

extern const struct export_format export_syslog;

#define FACILITY 10 /* security/authorization */
#define HOST_MAX 255
#define SEQUENCE_MAX 2147483647 /* RFC 5424 7.3.1 */
#define BOM "\xef\xbb\xbf"

/* PRINTUSASCII; anything else as '_'. */
static void put_name(struct buf *out, const char *text, size_t max)
{
	for (size_t i = 0; text[i] != '\0' && i < max; i++)
		buf_byte(out, text[i] > 0x20 && text[i] < 0x7f ? (uint8_t)text[i] : '_');
	if (text[0] == '\0')
		buf_byte(out, '-');
}

static void put_head(const struct export_context *x, struct buf *out, int severity, int64_t ns,
		     const char *msgid)
{
	char text[TIME_TEXT_MAX];

	buf_fmt(out, "<%d>1 ", FACILITY * 8 + severity);
	buf_add(out, export_time(ns, text));
	buf_byte(out, ' ');
	put_name(out, x->cfg->site.sensor, HOST_MAX);
	buf_fmt(out, " tochoku - %s ", msgid);
}

static void begin_element(const struct export_context *x, struct buf *out, const char *name)
{
	buf_fmt(out, "[%s@%lld", name, (long long)x->cfg->export.enterprise_number);
}

static void put_param(struct buf *out, const char *name, struct slice value)
{
	if (value.n == 0)
		return;
	buf_fmt(out, " %s=\"", name);
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] == '"' || value.p[i] == '\\' || value.p[i] == ']')
			buf_byte(out, '\\');
		buf_byte(out, value.p[i]);
	}
	buf_byte(out, '"');
}

static void access(struct export_context *x, const struct export_access *a, struct buf *out)
{
	struct json_out o;

	put_head(x, out, 5, ev_int(a->ev, F_TIMESTAMP, 0), "ACCESS");
	if (x->cfg->export.enterprise_number > 0) {
		begin_element(x, out, "access");
		put_param(out, "seq", export_number(x, a->seq));
		put_param(out, "user", export_text(x, a->ev, F_USER));
		put_param(out, "key", export_text(x, a->ev, F_KEY_ID));
		put_param(out, "src", export_text(x, a->ev, F_SOURCE_IP));
		put_param(out, "op", export_operation(x, a->ev));
		put_param(out, "status", export_text(x, a->ev, F_STATUS));
		put_param(out, "outcome", slice_str(export_outcome_name(a->outcome)));
		buf_byte(out, ']');
	}
	buf_fmt(out, "[meta sequenceId=\"%lld\"] " BOM, (long long)(a->seq % SEQUENCE_MAX + 1));
	o = json_out(out);
	json_open(&o, '{');
	put_int(&o, "seq", a->seq);
	put_event(&o, a->ev);
	json_close(&o, '}');
	buf_byte(out, '\n');
}

static void finding(struct export_context *x, const struct export_finding *f, struct buf *out)
{
	static const int severity[LEVEL_COUNT] = { 6, 5, 4, 3, 2 };
	struct slice rule = export_clean(x, f->f->rule_id, EXPORT_TEXT_MAX);
	char text[TIME_TEXT_MAX];
	struct json_out o;

	put_head(x, out, severity[f->level], f->f->first_ns, "FINDING");
	if (x->cfg->export.enterprise_number > 0) {
		begin_element(x, out, "finding");
		put_param(out, "id", f->id);
		put_param(out, "rule", rule);
		put_param(out, "level", slice_str(level_name(f->level)));
		put_param(out, "user", f->user);
		put_param(out, "key", f->key);
		put_param(out, "src", f->ip);
		buf_byte(out, ']');
	} else {
		buf_byte(out, '-');
	}
	buf_str(out, " " BOM);
	o = json_out(out);
	json_open(&o, '{');
	put_text(&o, "id", f->id);
	put_text(&o, "rule.id", rule);
	put_text(&o, "rule.name", export_title(x, f->f, LANG_EN));
	put_text(&o, "rule.author", export_clean(x, f->f->author, EXPORT_TEXT_MAX));
	put_constant(&o, "level", level_name(f->level));
	put_text(&o, "status", f->f->status);
	put_text(&o, "first", export_time(f->f->first_ns, text));
	put_text(&o, "last", export_time(f->f->last_ns, text));
	put_int(&o, "count", f->f->count);
	put_text(&o, "reason", export_clean(x, f->f->reason, EXPORT_TEXT_MAX));
	put_text(&o, "user.name", f->user);
	put_text(&o, "tochoku.key.id", f->key);
	put_text(&o, "source.ip", f->ip);
	json_close(&o, '}');
	buf_byte(out, '\n');
}

const struct export_format export_syslog = {
	.name = "syslog",
	.doc = "RFC 5424 syslog messages",
	.trailer = TRAILER_HASH,
	.access = access,
	.finding = finding,
};
