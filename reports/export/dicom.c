/* DICOM PS3.15 A.5 audit messages, one AuditMessage a line, without a declaration: the lines may be read one
 * by one or put into one document (exports.md 3). Element order as in the grammar. */
#include <openssl/evp.h>
#include <stdio.h>

#include "reports/export/dicom_codes.h"

extern const struct export_format export_dicom;

/* Text is clean already (record.h): what XML cannot hold is gone. */
static void put_escaped(struct buf *out, struct slice text)
{
	for (size_t i = 0; i < text.n; i++) {
		switch (text.p[i]) {
		case '&':
			buf_str(out, "&amp;");
			break;
		case '<':
			buf_str(out, "&lt;");
			break;
		case '>':
			buf_str(out, "&gt;");
			break;
		case '"':
			buf_str(out, "&quot;");
			break;
		default:
			buf_byte(out, text.p[i]);
		}
	}
}

static void put_attribute(struct buf *out, const char *name, struct slice value)
{
	if (value.n == 0)
		return;
	buf_fmt(out, " %s=\"", name);
	put_escaped(out, value);
	buf_byte(out, '"');
}

static void put_fixed(struct buf *out, const char *name, const char *value)
{
	put_attribute(out, name, slice_str(value));
}

static void put_code(struct buf *out, const char *element, struct slice code, const char *system,
		     struct slice text)
{
	buf_fmt(out, "<%s", element);
	put_attribute(out, "csd-code", code);
	put_fixed(out, "codeSystemName", system);
	put_attribute(out, "originalText", text);
	buf_str(out, "/>");
}

static void put_dcm(struct buf *out, const char *element, const char *code, const char *text)
{
	put_code(out, element, slice_str(code), "DCM", slice_str(text));
}

static void put_detail(struct buf *out, const char *type, struct slice value)
{
	uint8_t *room;

	if (value.n == 0)
		return;
	buf_fmt(out, "<ParticipantObjectDetail type=\"%s\" value=\"", type);
	if ((room = buf_room(out, 4 * (value.n / 3 + 1) + 1)) == NULL)
		return;
	out->n += (size_t)EVP_EncodeBlock(room, value.p, (int)value.n);
	buf_str(out, "\"/>");
}

static void begin_event(struct buf *out, const char *action, int64_t ns, const char *outcome)
{
	char text[TIME_TEXT_MAX];

	buf_str(out, "<AuditMessage><EventIdentification");
	put_fixed(out, "EventActionCode", action);
	put_attribute(out, "EventDateTime", export_time(ns, text));
	put_fixed(out, "EventOutcomeIndicator", outcome);
	buf_byte(out, '>');
}

static void put_participant(struct buf *out, struct slice id, struct slice alternative, struct slice name,
			    bool requestor, struct slice address, const char *address_type)
{
	buf_str(out, "<ActiveParticipant");
	put_attribute(out, "UserID", id.n > 0 ? id : SLICE("unknown"));
	put_attribute(out, "AlternativeUserID", alternative);
	put_attribute(out, "UserName", name);
	put_fixed(out, "UserIsRequestor", requestor ? "true" : "false");
	put_attribute(out, "NetworkAccessPointID", address);
	if (address.n > 0)
		put_fixed(out, "NetworkAccessPointTypeCode", address_type);
	buf_byte(out, '>');
}

static void end_participant(struct buf *out)
{
	buf_str(out, "</ActiveParticipant>");
}

static void put_source(const struct export_context *x, struct buf *out)
{
	buf_str(out, "<AuditSourceIdentification");
	put_fixed(out, "AuditEnterpriseSiteID", x->cfg->site.name);
	put_fixed(out, "AuditSourceID", x->cfg->site.sensor);
	buf_str(out, "><AuditSourceTypeCode csd-code=\"6\"/></AuditSourceIdentification>");
}

static void begin_object(struct buf *out, struct slice id, const char *role, const char *lifecycle,
			 struct slice name)
{
	buf_str(out, "<ParticipantObjectIdentification");
	put_attribute(out, "ParticipantObjectID", id);
	put_fixed(out, "ParticipantObjectTypeCode", "2");
	put_fixed(out, "ParticipantObjectTypeCodeRole", role);
	if (lifecycle != NULL)
		put_fixed(out, "ParticipantObjectDataLifeCycle", lifecycle);
	buf_byte(out, '>');
	put_code(out, "ParticipantObjectIDTypeCode", SLICE("12"), "RFC-3881", SLICE("URI"));
	buf_str(out, "<ParticipantObjectName>");
	put_escaped(out, name);
	buf_str(out, "</ParticipantObjectName>");
}

static void end_message(struct buf *out)
{
	buf_str(out, "</ParticipantObjectIdentification></AuditMessage>\n");
}

/* ---- access ---- */

static void put_participants(struct export_context *x, const struct access_event *ev, struct buf *out)
{
	struct slice none = { NULL, 0 }, key = export_text(x, ev, F_KEY_ID),
		     ip = export_text(x, ev, F_SOURCE_IP);
	struct slice user = export_text(x, ev, F_USER), provider = export_text(x, ev, F_PROVIDER);
	struct slice label = export_clean(x, export_key_label(x, key), EXPORT_TEXT_MAX);
	bool is_name;
	struct slice host = export_server(x, ev, &is_name);

	put_participant(out, key.n > 0 ? key : ip, label, none, user.n == 0, ip, "2");
	put_dcm(out, "RoleIDCode", "110153", "Source Role ID");
	end_participant(out);
	put_participant(out, provider.n > 0 ? provider : host, none, none, false, host, is_name ? "1" : "2");
	put_dcm(out, "RoleIDCode", "110152", "Destination Role ID");
	end_participant(out);
	if (user.n > 0) {
		put_participant(out, user, none, export_text(x, ev, F_FULL_NAME), true, none, NULL);
		end_participant(out);
	}
}

static void access(struct export_context *x, const struct export_access *a, struct buf *out)
{
	const struct access_event *ev = a->ev;
	const struct dicom_kind *kind = dicom_kind_of(x, a);
	struct slice operation = export_operation(x, ev), path = export_text(x, ev, F_PATH);
	struct slice status = export_text(x, ev, F_STATUS);
	int64_t micro;

	begin_event(out, kind->action, ev_int(ev, F_TIMESTAMP, 0), dicom_outcome(a));
	put_dcm(out, "EventID", kind->event.code, kind->event.display);
	if (kind->lifecycle == NULL)
		put_dcm(out, "EventTypeCode", kind->type.code, kind->type.display);
	put_code(out, "EventTypeCode", operation, "99TOCHOKU", operation);
	if (status.n > 0)
		buf_fmt(out, "<EventOutcomeDescription>HTTP %.*s</EventOutcomeDescription>", (int)status.n,
			status.p);
	buf_str(out, "</EventIdentification>");
	put_participants(x, ev, out);
	put_source(x, out);
	if (path.n == 0)
		path = export_text(x, ev, F_SERVER_NAME);
	begin_object(out, path.n > 0 ? path : SLICE("unknown"), "4", kind->object_lifecycle, operation);
	put_detail(out, "model",
		   export_text(x, ev, ev_known(ev, F_RESPONSE_MODEL) ? F_RESPONSE_MODEL : F_REQUEST_MODEL));
	put_detail(out, "request-id", export_text(x, ev, F_REQUEST_ID));
	put_detail(out, "tokens-in", export_text(x, ev, F_INPUT_TOKENS));
	put_detail(out, "tokens-out", export_text(x, ev, F_OUTPUT_TOKENS));
	if (export_micro_usd(ev, &micro))
		put_detail(out, "cost", export_number(x, micro));
	put_detail(out, "sequence", export_number(x, a->seq));
	put_detail(out, "leaf-hash", export_leaf(x, a));
	end_message(out);
}

/* ---- findings ---- */

static void finding(struct export_context *x, const struct export_finding *f, struct buf *out)
{
	const struct dicom_code *alert = dicom_alert_type(f->f->rule_id);
	struct slice none = { NULL, 0 }, rule = export_clean(x, f->f->rule_id, EXPORT_TEXT_MAX);
	struct slice title = export_title(x, f->f, LANG_EN), subject = f->key.n > 0 ? f->key : f->id;
	char id[EXPORT_TEXT_MAX + 64];

	begin_event(out, "E", f->f->first_ns, dicom_finding_outcome(f));
	put_dcm(out, "EventID", "110113", "Security Alert");
	put_dcm(out, "EventTypeCode", alert->code, alert->display);
	put_code(out, "EventTypeCode", rule, "99TOCHOKU", title.n > 0 ? title : rule);
	buf_str(out, "</EventIdentification>");
	put_participant(out, slice_str(x->cfg->site.sensor), none, none, true, none, NULL);
	put_dcm(out, "RoleIDCode", "110150", "Application");
	end_participant(out);
	if (f->user.n + f->key.n + f->ip.n > 0) { /* the performer; A.5.3.11 wants UserIsRequestor false */
		put_participant(out, f->user, f->key, none, false, f->ip, "2");
		end_participant(out);
	}
	put_source(x, out);
	snprintf(id, sizeof id, "urn:tochoku:%s:%.*s", f->key.n > 0 ? "key" : "finding", (int)subject.n,
		 subject.p);
	begin_object(out, slice_str(id), "13", NULL, subject);
	put_detail(out, "Alert Description", export_clean(x, f->f->reason, EXPORT_TEXT_MAX));
	put_detail(out, "count", export_number(x, f->f->count));
	put_detail(out, "rule-author", export_clean(x, f->f->author, EXPORT_TEXT_MAX));
	end_message(out);
}

const struct export_format export_dicom = {
	.name = "dicom",
	.doc = "DICOM PS3.15 audit messages, one a line",
	.trailer = TRAILER_XML,
	.leaf = true,
	.access = access,
	.finding = finding,
};
