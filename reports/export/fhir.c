/* HL7 FHIR R4 AuditEvent, one resource a line (exports.md 2). No IHE BALP profile is claimed: a passive
 * third party cannot satisfy one; its conventions for agents and entities are followed. */
#include <stdio.h>

#include "reports/export/dicom_codes.h"

extern const struct export_format export_fhir;

#define DCM "http://dicom.nema.org/resources/ontology/DCM"
#define HL7 "http://terminology.hl7.org/CodeSystem/"

static void put_coding(struct json_out *o, const char *system, const char *code, const char *display)
{
	json_open(o, '{');
	put_constant(o, "system", system);
	put_constant(o, "code", code);
	if (display != NULL)
		put_constant(o, "display", display);
	json_close(o, '}');
}

static void put_codeable(struct json_out *o, const char *key, const char *system, const char *code,
			 const char *display)
{
	json_key(o, key);
	json_open(o, '{');
	json_key(o, "coding");
	json_open(o, '[');
	put_coding(o, system, code, display);
	json_close(o, ']');
	json_close(o, '}');
}

/* "who": {"identifier": {system, value}, "display": ...} */
static void put_who(struct json_out *o, const char *key, const char *system, struct slice value,
		    struct slice display)
{
	json_key(o, key);
	json_open(o, '{');
	if (value.n > 0) {
		json_key(o, "identifier");
		json_open(o, '{');
		if (system != NULL)
			put_constant(o, "system", system);
		put_text(o, "value", value);
		json_close(o, '}');
	}
	put_text(o, "display", display);
	json_close(o, '}');
}

static void put_network(struct json_out *o, struct slice address, const char *type)
{
	json_key(o, "network");
	json_open(o, '{');
	put_text(o, "address", address.n > 0 ? address : SLICE("unknown"));
	put_constant(o, "type", address.n > 0 ? type : "1");
	json_close(o, '}');
}

static void put_requestor(struct json_out *o, bool yes)
{
	json_key(o, "requestor");
	json_bool(o, yes);
}

static void put_period(struct json_out *o, int64_t from_ns, int64_t to_ns)
{
	char text[TIME_TEXT_MAX];

	json_key(o, "period");
	json_open(o, '{');
	put_text(o, "start", export_time(from_ns, text));
	put_text(o, "end", export_time(to_ns, text));
	json_close(o, '}');
}

static void put_source(const struct export_context *x, struct json_out *o)
{
	json_key(o, "source");
	json_open(o, '{');
	put_constant(o, "site", x->cfg->site.name);
	json_key(o, "observer");
	json_open(o, '{');
	json_key(o, "identifier");
	json_open(o, '{');
	put_constant(o, "system", "urn:tochoku:sensor");
	put_constant(o, "value", x->cfg->site.sensor);
	json_close(o, '}');
	put_constant(o, "type", "Device");
	json_close(o, '}');
	json_key(o, "type");
	json_open(o, '[');
	put_coding(o, HL7 "security-source-type", "6", "Security Server");
	json_close(o, ']');
	json_close(o, '}');
}

static void put_detail(struct json_out *o, const char *type, struct slice value)
{
	if (value.n == 0)
		return;
	json_open(o, '{');
	put_constant(o, "type", type);
	put_text(o, "valueString", value);
	json_close(o, '}');
}

/* ---- access ---- */

static void put_kind(struct export_context *x, struct json_out *o, const struct export_access *a)
{
	const struct dicom_kind *kind = dicom_kind_of(x, a);

	json_key(o, "type");
	put_coding(o, DCM, kind->event.code, kind->event.display);
	json_key(o, "subtype");
	json_open(o, '[');
	if (kind->lifecycle != NULL)
		put_coding(o, HL7 "iso-21089-lifecycle", kind->lifecycle, kind->lifecycle_display);
	else
		put_coding(o, DCM, kind->type.code, kind->type.display);
	json_open(o, '{');
	put_constant(o, "system", "urn:tochoku:operation");
	put_text(o, "code", export_operation(x, a->ev));
	json_close(o, '}');
	json_close(o, ']');
	put_constant(o, "action", kind->action);
}

static void put_outcome(struct export_context *x, struct json_out *o, const struct export_access *a)
{
	struct slice status = export_text(x, a->ev, F_STATUS);
	char text[32];

	put_constant(o, "outcome", dicom_outcome(a));
	if (status.n == 0)
		return;
	snprintf(text, sizeof text, "HTTP %.*s", (int)status.n, status.p);
	put_constant(o, "outcomeDesc", text);
}

static void put_client(struct export_context *x, struct json_out *o, const struct access_event *ev)
{
	struct slice key = export_text(x, ev, F_KEY_ID), ip = export_text(x, ev, F_SOURCE_IP);
	struct slice label = export_clean(x, export_key_label(x, key), EXPORT_TEXT_MAX);

	json_open(o, '{');
	put_codeable(o, "type", DCM, "110153", "Source Role ID");
	if (key.n + ip.n > 0)
		put_who(o, "who", "urn:tochoku:key", key, key.n > 0 ? label : ip);
	put_requestor(o, !ev_known(ev, F_USER));
	put_network(o, ip, "2");
	json_close(o, '}');
}

static void put_server(struct export_context *x, struct json_out *o, const struct access_event *ev)
{
	bool is_name;
	struct slice host = export_server(x, ev, &is_name), provider = export_text(x, ev, F_PROVIDER);

	json_open(o, '{');
	put_codeable(o, "type", DCM, "110152", "Destination Role ID");
	if (provider.n + host.n > 0)
		put_who(o, "who", NULL, slice_of(NULL, 0), provider.n > 0 ? provider : host);
	put_requestor(o, false);
	put_network(o, host, is_name ? "1" : "2");
	json_close(o, '}');
}

static void put_user(struct export_context *x, struct json_out *o, const struct access_event *ev)
{
	static const enum field_id roles[] = { F_ROLES, F_DEPARTMENT };

	if (!ev_known(ev, F_USER))
		return;
	json_open(o, '{');
	put_codeable(o, "type", HL7 "v3-ParticipationType", "IRCP", "information recipient");
	if (ev_known(ev, F_ROLES) || ev_known(ev, F_DEPARTMENT)) {
		json_key(o, "role");
		json_open(o, '[');
		for (size_t i = 0; i < COUNT(roles); i++) {
			struct slice role = export_text(x, ev, roles[i]);

			if (role.n == 0)
				continue;
			json_open(o, '{');
			put_text(o, "text", role);
			json_close(o, '}');
		}
		json_close(o, ']');
	}
	put_who(o, "who", "urn:tochoku:user", export_text(x, ev, F_USER), slice_of(NULL, 0));
	put_field(x, o, "name", ev, F_FULL_NAME);
	put_requestor(o, true);
	json_close(o, '}');
}

static void put_request(struct export_context *x, struct json_out *o, const struct access_event *ev)
{
	if (!ev_known(ev, F_REQUEST_ID))
		return;
	json_open(o, '{');
	put_who(o, "what", NULL, export_text(x, ev, F_REQUEST_ID), slice_of(NULL, 0));
	json_key(o, "type");
	put_coding(o, "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType", "XrequestId",
		   NULL);
	json_close(o, '}');
}

static void put_details(struct export_context *x, struct json_out *o, const struct export_access *a)
{
	static const struct {
		const char *type;
		enum field_id field;
	} rows[] = {
		{ "function", F_FUNCTION },	   { "tokens-in", F_INPUT_TOKENS },
		{ "tokens-out", F_OUTPUT_TOKENS }, { "usage-quality", F_QUALITY },
		{ "calendar-day", F_CAL_DAY },	   { "off-hours", F_OFF_HOURS },
	};
	const struct access_event *ev = a->ev;
	int64_t micro;

	json_key(o, "detail");
	json_open(o, '[');
	put_detail(o, "model",
		   export_text(x, ev, ev_known(ev, F_RESPONSE_MODEL) ? F_RESPONSE_MODEL : F_REQUEST_MODEL));
	for (size_t i = 0; i < COUNT(rows); i++)
		put_detail(o, rows[i].type, export_text(x, ev, rows[i].field));
	if (export_micro_usd(ev, &micro))
		put_detail(o, "cost", export_number(x, micro));
	put_detail(o, "input", export_text(x, ev, F_INPUT)); /* never empty: FHIR has no empty arrays */
	put_detail(o, "leaf-hash", export_leaf(x, a));
	json_close(o, ']');
}

static void put_record(struct export_context *x, struct json_out *o, const struct export_access *a)
{
	const struct dicom_kind *kind = dicom_kind_of(x, a);
	struct slice path = export_text(x, a->ev, F_PATH);

	json_open(o, '{');
	put_who(o, "what", "urn:tochoku:record", export_number(x, a->seq), slice_of(NULL, 0));
	json_key(o, "type");
	put_coding(o, HL7 "audit-entity-type", "2", "System Object");
	json_key(o, "role");
	put_coding(o, HL7 "object-role", "4", "Domain Resource");
	json_key(o, "lifecycle");
	put_coding(o, HL7 "dicom-audit-lifecycle", kind->object_lifecycle, kind->object_lifecycle_display);
	put_text(o, "name", path.n > 0 ? path : export_text(x, a->ev, F_SERVER_NAME));
	put_details(x, o, a);
	json_close(o, '}');
}

static void access(struct export_context *x, const struct export_access *a, struct buf *out)
{
	const struct access_event *ev = a->ev;
	struct json_out o = json_out(out);
	char text[TIME_TEXT_MAX];

	json_open(&o, '{');
	put_constant(&o, "resourceType", "AuditEvent");
	put_text(&o, "id", export_text(x, ev, F_EVENT_ID));
	put_kind(x, &o, a);
	put_period(&o, ev_int(ev, F_TIMESTAMP, 0), ev_completion(ev));
	put_text(&o, "recorded", export_time(a->recorded_ns, text));
	put_outcome(x, &o, a);
	json_key(&o, "agent");
	json_open(&o, '[');
	put_client(x, &o, ev);
	put_server(x, &o, ev);
	put_user(x, &o, ev);
	json_close(&o, ']');
	put_source(x, &o);
	json_key(&o, "entity");
	json_open(&o, '[');
	put_request(x, &o, ev);
	put_record(x, &o, a);
	json_close(&o, ']');
	json_close(&o, '}');
	buf_byte(out, '\n');
}

/* ---- findings ---- */

static void put_subject(struct json_out *o, const struct export_finding *f)
{
	json_open(o, '{');
	if (f->user.n > 0)
		put_who(o, "who", "urn:tochoku:user", f->user, slice_of(NULL, 0));
	else
		put_who(o, "who", NULL, slice_of(NULL, 0), SLICE("unknown"));
	put_text(o, "altId", f->key);
	put_requestor(o, false);
	if (f->ip.n > 0)
		put_network(o, f->ip, "2");
	json_close(o, '}');
}

static void put_evidence(struct export_context *x, struct json_out *o, const struct export_finding *f)
{
	json_open(o, '{');
	put_who(o, "what", f->key.n > 0 ? "urn:tochoku:key" : "urn:tochoku:finding",
		f->key.n > 0 ? f->key : f->id, slice_of(NULL, 0));
	json_key(o, "type");
	put_coding(o, HL7 "audit-entity-type", "2", "System Object");
	json_key(o, "role");
	put_coding(o, HL7 "object-role", "13", "Security Resource");
	put_text(o, "description", export_clean(x, f->f->reason, EXPORT_TEXT_MAX));
	json_key(o, "detail");
	json_open(o, '[');
	put_detail(o, "Alert Description", export_title(x, f->f, x->choice.lang));
	put_detail(o, "count", export_number(x, f->f->count));
	put_detail(o, "status", f->f->status);
	put_detail(o, "rule-author", export_clean(x, f->f->author, EXPORT_TEXT_MAX));
	json_close(o, ']');
	json_close(o, '}');
}

static void finding(struct export_context *x, const struct export_finding *f, struct buf *out)
{
	const struct dicom_code *alert = dicom_alert_type(f->f->rule_id);
	struct json_out o = json_out(out);
	char text[TIME_TEXT_MAX];

	json_open(&o, '{');
	put_constant(&o, "resourceType", "AuditEvent");
	snprintf(text, sizeof text, "finding-%.*s", (int)f->id.n, f->id.p);
	put_constant(&o, "id", text);
	json_key(&o, "type");
	put_coding(&o, DCM, "110113", "Security Alert");
	json_key(&o, "subtype");
	json_open(&o, '[');
	json_open(&o, '{');
	put_constant(&o, "system", "urn:tochoku:rule");
	put_text(&o, "code", export_clean(x, f->f->rule_id, EXPORT_TEXT_MAX));
	put_text(&o, "display", export_title(x, f->f, LANG_EN));
	json_close(&o, '}');
	put_coding(&o, DCM, alert->code, alert->display);
	json_close(&o, ']');
	put_constant(&o, "action", "E");
	put_period(&o, f->f->first_ns, f->f->last_ns);
	put_text(&o, "recorded", export_time(f->f->last_ns, text));
	put_constant(&o, "outcome", dicom_finding_outcome(f));
	put_constant(&o, "outcomeDesc", level_name(f->level));
	json_key(&o, "agent");
	json_open(&o, '[');
	json_open(&o, '{');
	put_codeable(&o, "type", DCM, "110150", "Application");
	put_who(&o, "who", "urn:tochoku:sensor", slice_str(x->cfg->site.sensor), slice_of(NULL, 0));
	put_requestor(&o, true);
	json_close(&o, '}');
	put_subject(&o, f);
	json_close(&o, ']');
	put_source(x, &o);
	json_key(&o, "entity");
	json_open(&o, '[');
	put_evidence(x, &o, f);
	json_close(&o, ']');
	json_close(&o, '}');
	buf_byte(out, '\n');
}

const struct export_format export_fhir = {
	.name = "fhir",
	.doc = "HL7 FHIR R4 AuditEvent, NDJSON",
	.trailer = TRAILER_JSON,
	.leaf = true,
	.access = access,
	.finding = finding,
};
