/* OCSF 1.8.0 (exports.md 4): API Activity 6003 (or HTTP Activity 4002), Authentication 3002 for a refused
 * credential, Detection Finding 2004. One object a line. */
#include "core/base/hash.h"
#include "core/base/version.h"
#include "reports/export/record.h"

extern const struct export_format export_ocsf;

enum { API_ACTIVITY = 6003, AUTHENTICATION = 3002, HTTP_ACTIVITY = 4002, DETECTION_FINDING = 2004 };

struct method {
	const char *name;
	int api, http; /* activity_id of the two classes */
};
static const struct method methods[] = {
	{ "CONNECT", 99, 1 }, { "DELETE", 4, 2 },   { "GET", 2, 3 },
	{ "HEAD", 2, 4 },     { "OPTIONS", 99, 5 }, { "POST", 1, 6 },
	{ "PUT", 3, 7 },      { "TRACE", 99, 8 },   { "PATCH", 3, 99 },
};

static int activity(const struct access_event *ev, int class)
{
	struct slice method = ev_str(ev, F_METHOD);

	if (class == AUTHENTICATION)
		return 1; /* Logon */
	for (size_t i = 0; i < COUNT(methods); i++)
		if (slice_is(method, methods[i].name))
			return class == HTTP_ACTIVITY ? methods[i].http : methods[i].api;
	return method.n > 0 ? 99 : 0;
}

/* Of API Activity. */
static const char *activity_name(int id)
{
	static const char *const names[] = { "Unknown", "Create", "Read", "Update", "Delete" };

	return id < (int)COUNT(names) ? names[id] : "Other";
}

static void put_class(struct json_out *o, int class, int activity_id, int severity)
{
	put_int(o, "class_uid", class);
	put_int(o, "category_uid", class / 1000);
	put_int(o, "activity_id", activity_id);
	put_int(o, "type_uid", class * 100 + activity_id);
	put_int(o, "severity_id", severity);
}

static void put_metadata(const struct export_context *x, struct json_out *o, struct slice uid, int64_t seq,
			 int64_t recorded_ns, const char *log, bool ai)
{
	json_key(o, "metadata");
	json_open(o, '{');
	put_constant(o, "version", "1.8.0");
	put_text(o, "uid", uid);
	if (seq >= 0)
		put_int(o, "sequence", seq);
	put_constant(o, "log_name", log);
	if (recorded_ns != 0)
		put_int(o, "logged_time", export_ms(recorded_ns));
	put_constant(o, "tenant_uid", x->cfg->site.name);
	json_key(o, "profiles");
	json_open(o, '[');
	if (ai)
		json_str(o, SLICE("ai_operation"));
	json_str(o, SLICE("datetime"));
	json_close(o, ']');
	json_key(o, "product");
	json_open(o, '{');
	put_constant(o, "name", "tochoku");
	put_constant(o, "vendor_name", "tochoku project");
	put_constant(o, "version", TK_VERSION);
	put_constant(o, "uid", x->cfg->site.sensor);
	json_close(o, '}');
	json_close(o, '}');
}

static void put_time(struct json_out *o, int64_t ns)
{
	char text[TIME_TEXT_MAX];

	put_int(o, "time", export_ms(ns));
	put_text(o, "time_dt", export_time(ns, text));
	put_int(o, "timezone_offset", zone_offset(export_ms(ns) / 1000) / 60);
}

static void put_groups(struct export_context *x, struct json_out *o, const struct access_event *ev)
{
	static const enum field_id fields[] = { F_DEPARTMENT, F_ROLES };

	if (!ev_known(ev, F_DEPARTMENT) && !ev_known(ev, F_ROLES))
		return;
	json_key(o, "groups");
	json_open(o, '[');
	for (size_t i = 0; i < COUNT(fields); i++) {
		struct slice name = export_text(x, ev, fields[i]);

		if (name.n == 0)
			continue;
		json_open(o, '{');
		put_text(o, "name", name);
		json_close(o, '}');
	}
	json_close(o, ']');
}

/* The application behind a key is what its register calls it. */
static struct slice app_of(struct export_context *x, const struct access_event *ev)
{
	return export_clean(x, export_key_label(x, export_text(x, ev, F_KEY_ID)), EXPORT_TEXT_MAX);
}

/* A required user who is not known is "unknown". */
static void put_user(struct export_context *x, struct json_out *o, const struct access_event *ev,
		     bool required)
{
	struct slice user = export_text(x, ev, F_USER), key = export_text(x, ev, F_KEY_ID);

	if (user.n == 0 && key.n == 0 && !required)
		return;
	json_key(o, "user");
	json_open(o, '{');
	put_text(o, "uid", user.n > 0 ? user : required ? SLICE("unknown") : user);
	put_text(o, "name", user);
	put_field(x, o, "full_name", ev, F_FULL_NAME);
	if (user.n > 0)
		put_int(o, "type_id", 1); /* User */
	put_text(o, "credential_uid", key);
	put_groups(x, o, ev);
	json_close(o, '}');
}

static void put_source(struct export_context *x, struct json_out *o, const struct access_event *ev)
{
	json_key(o, "src_endpoint");
	json_open(o, '{');
	put_field(x, o, "ip", ev, F_SOURCE_IP);
	put_field(x, o, "port", ev, F_SOURCE_PORT);
	if (!ev_known(ev, F_SOURCE_IP))
		put_constant(o, "name", "unknown"); /* one of its names is required */
	if (ev_known(ev, F_COUNTRY)) {
		json_key(o, "location");
		json_open(o, '{');
		put_field(x, o, "country", ev, F_COUNTRY);
		json_close(o, '}');
	}
	if (ev_known(ev, F_AS_NUMBER)) {
		json_key(o, "autonomous_system");
		json_open(o, '{');
		put_field(x, o, "number", ev, F_AS_NUMBER);
		put_field(x, o, "name", ev, F_AS_ORG);
		json_close(o, '}');
	}
	json_close(o, '}');
}

static void put_destination(struct export_context *x, struct json_out *o, const struct access_event *ev)
{
	bool is_name;
	struct slice host = export_server(x, ev, &is_name);

	if (host.n == 0)
		return;
	json_key(o, "dst_endpoint");
	json_open(o, '{');
	if (is_name)
		put_text(o, "hostname", host);
	put_field(x, o, "ip", ev, F_DESTINATION_IP);
	put_field(x, o, "port", ev, F_DESTINATION_PORT);
	json_close(o, '}');
}

static void put_named(struct json_out *o, const char *key, struct slice name)
{
	json_key(o, key);
	json_open(o, '{');
	put_text(o, "name", name);
	json_close(o, '}');
}

static void put_api(struct export_context *x, struct json_out *o, const struct access_event *ev)
{
	json_key(o, "api");
	json_open(o, '{');
	put_text(o, "operation", export_operation(x, ev));
	if (ev_known(ev, F_REQUEST_ID)) {
		json_key(o, "request");
		json_open(o, '{');
		put_field(x, o, "uid", ev, F_REQUEST_ID);
		json_close(o, '}');
	}
	if (ev_known(ev, F_STATUS)) {
		json_key(o, "response");
		json_open(o, '{');
		put_field(x, o, "code", ev, F_STATUS);
		json_close(o, '}');
	}
	if (ev_known(ev, F_PROVIDER))
		put_named(o, "service", export_text(x, ev, F_PROVIDER));
	json_close(o, '}');
}

static void put_http(struct export_context *x, struct json_out *o, const struct access_event *ev)
{
	if (ev_known(ev, F_METHOD)) {
		json_key(o, "http_request");
		json_open(o, '{');
		put_field(x, o, "http_method", ev, F_METHOD);
		json_key(o, "url");
		json_open(o, '{');
		put_field(x, o, "path", ev, F_PATH);
		put_field(x, o, "hostname", ev, F_DOMAIN);
		json_close(o, '}');
		put_field(x, o, "user_agent", ev, F_USER_AGENT);
		put_field(x, o, "length", ev, F_REQUEST_BYTES);
		json_close(o, '}');
	}
	if (ev_known(ev, F_STATUS)) {
		json_key(o, "http_response");
		json_open(o, '{');
		put_field(x, o, "code", ev, F_STATUS);
		put_field(x, o, "length", ev, F_RESPONSE_BYTES);
		json_close(o, '}');
	}
}

static void put_traffic(struct export_context *x, struct json_out *o, const struct access_event *ev)
{
	if (!ev_known(ev, F_REQUEST_BYTES) && !ev_known(ev, F_RESPONSE_BYTES))
		return;
	json_key(o, "traffic");
	json_open(o, '{');
	put_field(x, o, "bytes_in", ev, F_REQUEST_BYTES);
	put_field(x, o, "bytes_out", ev, F_RESPONSE_BYTES);
	json_close(o, '}');
}

static struct slice model_of(struct export_context *x, const struct access_event *ev)
{
	return export_text(x, ev, ev_known(ev, F_RESPONSE_MODEL) ? F_RESPONSE_MODEL : F_REQUEST_MODEL);
}

static bool has_model(const struct access_event *ev)
{
	return ev_known(ev, F_PROVIDER) && (ev_known(ev, F_RESPONSE_MODEL) || ev_known(ev, F_REQUEST_MODEL));
}

static void put_model(struct export_context *x, struct json_out *o, const struct access_event *ev)
{
	struct slice app;
	int64_t in = ev_int(ev, F_INPUT_TOKENS, 0), out = ev_int(ev, F_OUTPUT_TOKENS, 0);

	json_key(o, "ai_model");
	json_open(o, '{');
	put_field(x, o, "ai_provider", ev, F_PROVIDER);
	put_text(o, "name", model_of(x, ev));
	json_close(o, '}');
	json_key(o, "message_context");
	json_open(o, '{');
	put_int(o, "ai_role_id", 1);
	put_field(x, o, "prompt_tokens", ev, F_INPUT_TOKENS);
	put_field(x, o, "completion_tokens", ev, F_OUTPUT_TOKENS);
	if (ev_known(ev, F_INPUT_TOKENS) && ev_known(ev, F_OUTPUT_TOKENS) && in <= INT64_MAX - out)
		put_int(o, "total_tokens", in + out);
	app = app_of(x, ev);
	if (app.n == 0)
		app = ev_known(ev, F_FUNCTION) ? export_text(x, ev, F_FUNCTION) : SLICE("unknown");
	put_named(o, "application", app);
	json_close(o, '}');
}

static void put_unmapped(struct export_context *x, struct json_out *o, const struct export_access *a)
{
	const struct access_event *ev = a->ev;
	int64_t micro;

	json_key(o, "unmapped");
	json_open(o, '{');
	if (export_micro_usd(ev, &micro))
		put_int(o, "cost_micro_usd", micro);
	put_field(x, o, "calendar_day", ev, F_CAL_DAY);
	put_field(x, o, "off_hours", ev, F_OFF_HOURS);
	put_field(x, o, "after_holiday", ev, F_AFTER_HOLIDAY);
	put_field(x, o, "covered", ev, F_COVERED);
	put_field(x, o, "function", ev, F_FUNCTION);
	put_field(x, o, "complete", ev, F_COMPLETE);
	put_text(o, "leaf_hash", export_leaf(x, a));
	put_field(x, o, "twin", ev, F_TWIN);
	json_close(o, '}');
}

static void put_service(struct export_context *x, struct json_out *o, const struct access_event *ev)
{
	bool is_name;
	struct slice host = export_server(x, ev, &is_name);

	put_named(o, "service", host.n > 0 ? host : SLICE("unknown")); /* this or dst_endpoint is required */
	put_int(o, "auth_protocol_id", 99);
	put_constant(o, "auth_protocol", "API key");
}

static int class_of(const struct export_context *x, const struct export_access *a)
{
	return x->choice.http_activity	  ? HTTP_ACTIVITY
	       : a->outcome == OUT_DENIED ? AUTHENTICATION
					  : API_ACTIVITY;
}

static void access(struct export_context *x, const struct export_access *a, struct buf *out)
{
	const struct access_event *ev = a->ev;
	struct json_out o = json_out(out);
	int class = class_of(x, a);
	bool ai = class == API_ACTIVITY && has_model(ev);

	json_open(&o, '{');
	put_class(&o, class, activity(ev, class), class == AUTHENTICATION ? 2 : 1);
	put_time(&o, ev_int(ev, F_TIMESTAMP, 0));
	if (ev_known(ev, F_DURATION))
		put_int(&o, "duration", export_ms(ev_int(ev, F_DURATION, 0)));
	put_int(&o, "status_id", a->outcome == OUT_SUCCESSFUL ? 1 : a->outcome == OUT_OTHER ? 0 : 2);
	put_text(&o, "status_code", export_text(x, ev, F_STATUS));
	if (class == API_ACTIVITY) {
		put_constant(&o, "activity_name", activity_name(activity(ev, class)));
		put_text(&o, "message", export_message(x, ev));
	}
	put_metadata(x, &o, export_text(x, ev, F_EVENT_ID), a->seq, a->recorded_ns, "access", ai);
	if (class == AUTHENTICATION) {
		put_user(x, &o, ev, true);
		put_service(x, &o, ev);
	} else if (class == API_ACTIVITY) {
		json_key(&o, "actor");
		json_open(&o, '{');
		put_user(x, &o, ev, true);
		put_text(&o, "app_name", app_of(x, ev));
		json_close(&o, '}');
		put_api(x, &o, ev);
	}
	put_source(x, &o, ev);
	put_destination(x, &o, ev);
	if (class != AUTHENTICATION)
		put_http(x, &o, ev);
	if (class == HTTP_ACTIVITY)
		put_traffic(x, &o, ev);
	if (ai)
		put_model(x, &o, ev);
	put_unmapped(x, &o, a);
	json_close(&o, '}');
	buf_byte(out, '\n');
}

/* ---- findings ---- */

struct state {
	const char *status;
	int id;
};
static const struct state states[] = {
	{ "new", 1 },	     { "reopened", 1 }, { "acknowledged", 2 }, { "escalated", 2 },
	{ "suppressed", 3 }, { "accepted", 3 }, { "closed", 4 },
};

static int status_of(struct slice status)
{
	for (size_t i = 0; i < COUNT(states); i++)
		if (slice_is(status, states[i].status))
			return states[i].id;
	return 0;
}

static void put_evidence(struct json_out *o, const struct export_finding *f)
{
	if (f->user.n + f->key.n + f->ip.n == 0)
		return;
	json_key(o, "evidences");
	json_open(o, '[');
	json_open(o, '{');
	if (f->user.n + f->key.n > 0) {
		json_key(o, "actor");
		json_open(o, '{');
		json_key(o, "user");
		json_open(o, '{');
		put_text(o, "uid", f->user.n > 0 ? f->user : SLICE("unknown"));
		put_text(o, "credential_uid", f->key);
		json_close(o, '}');
		json_close(o, '}');
	}
	if (f->ip.n > 0) {
		json_key(o, "src_endpoint");
		json_open(o, '{');
		put_text(o, "ip", f->ip);
		json_close(o, '}');
	}
	json_close(o, '}');
	json_close(o, ']');
}

static void put_related(struct json_out *o, const struct finding *f)
{
	if (f->n_events == 0)
		return;
	json_key(o, "related_events");
	json_open(o, '[');
	for (size_t i = 0; i < f->n_events; i++) {
		char hex[33];

		hex_encode(slice_of(f->events[i], 16), hex);
		json_open(o, '{');
		put_text(o, "uid", slice_of(hex, 32));
		json_close(o, '}');
	}
	json_close(o, ']');
}

/* OCSF's attack object: technique.uid alone, for a name that is not from MITRE's list would be ours. */
static void put_attacks(struct export_context *x, struct json_out *o, const struct finding *f)
{
	char ids[TECHNIQUES_MAX][TECHNIQUE_TEXT];
	size_t n = export_techniques(x, f, ids);

	if (n == 0)
		return;
	json_key(o, "attacks");
	json_open(o, '[');
	for (size_t i = 0; i < n; i++) {
		json_open(o, '{');
		json_key(o, "technique");
		json_open(o, '{');
		put_constant(o, "uid", ids[i]);
		json_close(o, '}');
		json_close(o, '}');
	}
	json_close(o, ']');
}

static void finding(struct export_context *x, const struct export_finding *f, struct buf *out)
{
	int state = status_of(f->f->status);
	struct json_out o = json_out(out);

	json_open(&o, '{');
	put_class(&o, DETECTION_FINDING, state == 4 ? 3 : state == 1 ? 1 : 2, f->level + 1);
	put_time(&o, f->f->last_ns);
	put_int(&o, "start_time", export_ms(f->f->first_ns));
	put_int(&o, "end_time", export_ms(f->f->last_ns));
	put_int(&o, "count", f->f->count);
	put_int(&o, "status_id", state);
	put_text(&o, "message", export_title(x, f->f, LANG_EN));
	put_metadata(x, &o, f->id, -1, 0, "finding", false);
	json_key(&o, "finding_info");
	json_open(&o, '{');
	put_text(&o, "uid", f->id);
	put_text(&o, "title", export_title(x, f->f, LANG_EN));
	put_text(&o, "desc", export_clean(x, f->f->reason, EXPORT_TEXT_MAX));
	put_int(&o, "first_seen_time", export_ms(f->f->first_ns));
	put_int(&o, "last_seen_time", export_ms(f->f->last_ns));
	json_key(&o, "analytic");
	json_open(&o, '{');
	put_int(&o, "type_id", 1);
	put_text(&o, "uid", export_clean(x, f->f->rule_id, EXPORT_TEXT_MAX));
	json_close(&o, '}');
	put_attacks(x, &o, f->f);
	put_related(&o, f->f);
	json_close(&o, '}');
	put_evidence(&o, f);
	json_close(&o, '}');
	buf_byte(out, '\n');
}

const struct export_format export_ocsf = {
	.name = "ocsf",
	.doc = "OCSF 1.8.0, JSON lines",
	.trailer = TRAILER_JSON,
	.leaf = true,
	.access = access,
	.finding = finding,
};
